# SPDX-License-Identifier: BSD-3-Clause
"""SevenNet, an equivariant message-passing network for 89 elements, as an atomistic model.

The weights come with the package: ``pip install sevenn``. What SevenNet calls edges are the pairs of a full neighbor list;
of its modules, those that make energies of atoms out of edges are kept, scripted by e3nn, and the engine differentiates.
Write SevenNet-0 with

    python sevennet.py --output sevennet-0.pt

References: https://doi.org/10.1021/acs.jctc.4c00190 (the model), https://doi.org/10.1038/s42256-023-00716-3 (its data).
"""

import argparse
from typing import Dict, List, Optional

import e3nn.util.jit
import sevenn.util
import torch

from energy_output import atoms_of_system, energy_output
from metatensor.torch import Labels, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


class SevenNet(torch.nn.Module):
    """Energies of atoms from vectors between neighbors; single precision, as SevenNet has it."""

    def __init__(self, checkpoint: str):
        """
        :param checkpoint: name of a model of the package, such as ``7net-0``, or a file that SevenNet wrote
        """
        super().__init__()
        loaded = sevenn.util.load_checkpoint(checkpoint)
        config = loaded.config
        network = loaded.build_model(enable_cueq=False, enable_flash=False, enable_oeq=False)
        if network.modal_map:
            raise ValueError(f"'{checkpoint}' is for several data sets ({', '.join(network.modal_map)}), not one")
        # sums and derivatives are made outside; indices of elements are looked up here
        network.delete_module_by_key("reduce_total_enegy")
        network.delete_module_by_key("force_output")
        network.eval_type_map = False
        network.set_is_batch_data(False)
        self.network = e3nn.util.jit.script(network.eval())

        self.request = NeighborListOptions(float(config["cutoff"]), True, True, "SevenNet")
        self.n_convolutions: int = config["num_convolution_layer"]
        self.atomic_types = sorted(config["_type_map"])
        element_index = torch.full([max(self.atomic_types) + 1], -1)
        for atomic_type, index in config["_type_map"].items():
            element_index[atomic_type] = index
        self.register_buffer("element_index", element_index)

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        if "energy" not in outputs:
            return {}

        per_atom = outputs["energy"].sample_kind == "atom"
        energies: List[torch.Tensor] = []
        for index, system in enumerate(systems):
            of_atoms = self.energies(system)
            selected = atoms_of_system(selected_atoms, index, len(systems))
            if selected is not None:
                of_atoms = of_atoms.index_select(0, selected)
            energies.append(of_atoms if per_atom else of_atoms.sum().reshape(1))
        return {"energy": energy_output(energies, systems, per_atom, selected_atoms)}

    def energies(self, system: System) -> torch.Tensor:
        """Energies [n_atoms]."""
        pairs = system.get_neighbor_list(self.request)
        edges = torch.stack([pairs.samples.column("first_atom"), pairs.samples.column("second_atom")])
        graph = {
            "x": self.element_index.index_select(0, system.types),
            "edge_index": edges.to(torch.int64),
            "edge_vec": pairs.values.squeeze(-1),
            "num_atoms": torch.tensor(len(system), device=system.device),
        }
        return self.network(graph)["atomic_energy"].reshape(-1)


def sevennet_model(checkpoint: str = "7net-0") -> AtomisticModel:
    """The model ready to be run or saved.

    :param checkpoint: name of a model of the package, or a file that SevenNet wrote
    """
    model = SevenNet(checkpoint)
    description = f"SevenNet ({checkpoint})"
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="atom", description=description)},
        atomic_types=model.atomic_types,
        interaction_range=model.n_convolutions * model.request.cutoff,
        length_unit="angstrom",
        supported_devices=["cuda", "cpu"],
        dtype="float32",
    )
    metadata = ModelMetadata(
        name=description,
        references={
            "architecture": ["https://doi.org/10.1021/acs.jctc.4c00190"],
            "model": ["https://doi.org/10.1038/s42256-023-00716-3"],
        },
    )
    return AtomisticModel(model.eval(), metadata, capabilities)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a SevenNet model.")
    parser.add_argument("--output", default="sevennet-0.pt", help="file to write")
    parser.add_argument("--checkpoint", default="7net-0", help="name of a model of the package, or a file")
    arguments = parser.parse_args()
    sevennet_model(arguments.checkpoint).save(arguments.output)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
