# SPDX-License-Identifier: BSD-3-Clause
"""Heat fluxes from energies of atoms: as rates of change, under changes of the cell, and as metatomic-torch gives them."""

import itertools
import os
import sys
from typing import Dict, List, Optional

import pytest
import torch
from atoms import energies, forces, structure
from example_models import DIAMOND, FCC, argon, perturbed, silicon
from moving import SMALL_SILICON, motion, moving_system

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    load_atomistic_model,
    unit_conversion_factor,
)
from metatomic.torch.heat_flux import HeatFlux


# u (A/fs)^2 in eV
KINETIC = unit_conversion_factor("u*(A/fs)^2", "eV")


def heat_flux(model, atoms, velocities, masses, selected=None, unit="eV*A/fs", name="heat_flux"):
    if selected is not None:
        selected = Labels(["system", "atom"], torch.tensor([[0, i] for i in selected], dtype=torch.int32))
    options = ModelEvaluationOptions("A", {name: ModelOutput(unit=unit, sample_kind="system")}, selected)
    system = moving_system(model, atoms, velocities, masses)
    return model([system], options, True)[name].block().values[0, :, 0]


def eight_cells():
    """The small crystal, twice in each direction."""
    shifts = torch.tensor(list(itertools.product([0.0, 1.0], repeat=3)), dtype=torch.float64) @ SMALL_SILICON.cell
    positions = (SMALL_SILICON.positions[None] + shifts[:, None]).reshape(-1, 3)
    return structure([14] * 64, positions, 2 * SMALL_SILICON.cell)


def wrapped(model, is_saved, folder):
    model = HeatFlux.wrap(model)
    if is_saved:
        model.save(folder / "heat-flux.pt")
        model = load_atomistic_model(folder / "heat-flux.pt")
    return model


@pytest.mark.parametrize("is_saved", [False, True])
def test_rate_of_change_of_the_energy_weighted_positions(is_saved, tmp_path):
    """Of a cluster, J = d/dt sum_i r_i (U_i + m_i v_i^2 / 2) along Newton's equations."""
    bare = silicon()
    atoms = structure([14] * 8, SMALL_SILICON.positions)
    velocities, masses = motion(8)
    accelerations = forces(bare, atoms) / (masses[:, None] * KINETIC)

    def weighted(time):
        positions = atoms.positions + velocities * time + accelerations * time**2 / 2
        v = velocities + accelerations * time
        energy = energies(bare, atoms._replace(positions=positions), "atom") + KINETIC * masses * v.square().sum(1) / 2
        return energy @ positions

    expected = (weighted(1e-3) - weighted(-1e-3)) / 2e-3
    result = heat_flux(wrapped(bare, is_saved, tmp_path), atoms, velocities, masses)
    torch.testing.assert_close(result, expected, rtol=1e-6, atol=1e-8)


def test_atoms_that_move_alone():
    """Two atoms out of each other's reach carry only what they have: no force, no work."""
    atoms = structure([18, 18], [[0.0, 0.0, 0.0], [20.0, 0.0, 0.0]])
    velocities = torch.tensor([[0.01, 0.0, 0.0], [0.0, 0.02, 0.0]], dtype=torch.float64)
    result = heat_flux(HeatFlux.wrap(argon()), atoms, velocities, torch.tensor([40.0, 40.0], dtype=torch.float64))
    expected = 20 * KINETIC * torch.tensor([0.01**3, 0.02**3, 0.0], dtype=torch.float64)
    torch.testing.assert_close(result, expected, rtol=1e-12, atol=0)


def test_of_the_cell_and_of_eight_cells():
    """A cell much smaller than the cutoff, and a larger one of the same crystal."""
    model = HeatFlux.wrap(silicon())
    velocities, masses = motion(8)
    once = heat_flux(model, SMALL_SILICON, velocities, masses)
    eight = heat_flux(model, eight_cells(), velocities.repeat(8, 1), masses.repeat(8))
    torch.testing.assert_close(eight, 8 * once, rtol=1e-11, atol=1e-13)


def test_does_not_depend_on_which_image_an_atom_is():
    model = HeatFlux.wrap(silicon())
    velocities, masses = motion(8)
    moved = SMALL_SILICON.positions.clone()
    moved[3] += SMALL_SILICON.cell[0] - SMALL_SILICON.cell[2]
    torch.testing.assert_close(
        heat_flux(model, SMALL_SILICON._replace(positions=moved), velocities, masses),
        heat_flux(model, SMALL_SILICON, velocities, masses),
        rtol=1e-12,
        atol=1e-13,
    )


def test_of_parts_add_up():
    model = HeatFlux.wrap(silicon())
    velocities, masses = motion(8)
    parts = [heat_flux(model, SMALL_SILICON, velocities, masses, selected) for selected in [[0, 5], [1, 2, 3, 4, 6, 7]]]
    torch.testing.assert_close(sum(parts), heat_flux(model, SMALL_SILICON, velocities, masses), rtol=1e-12, atol=1e-14)


class TwoLayers(torch.nn.Module):
    """Energies that depend on atoms two cutoffs away: U_i = sum_j w(r_ij) q_j^2 where q_j = sum_k w(r_jk)."""

    def __init__(self, cutoff: float, interaction_range: float):
        super().__init__()
        self.request = NeighborListOptions(cutoff, True, True)
        self.interaction_range = interaction_range

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        energies: List[torch.Tensor] = []
        rows: List[torch.Tensor] = []
        for i, system in enumerate(systems):
            pairs = system.get_neighbor_list(self.request)
            first, second = pairs.samples.column("first_atom").long(), pairs.samples.column("second_atom").long()
            weights = (self.request.cutoff**2 - pairs.values.squeeze(2).square().sum(1)) ** 2
            none = torch.zeros_like(system.positions[:, 0])
            charges = none.index_add(0, first, weights)
            energies.append(none.index_add(0, first, weights * charges[second] ** 2))
            atoms = torch.arange(len(system))
            rows.append(torch.stack([torch.full_like(atoms, i), atoms], dim=1))
        samples = Labels(["system", "atom"], torch.cat(rows))
        values = torch.cat(energies)
        if selected_atoms is not None:
            kept = samples.select(selected_atoms)
            samples = Labels(["system", "atom"], samples.values[kept])
            values = values[kept]
        block = TensorBlock(1e-6 * values[:, None], samples, [], Labels("energy", torch.tensor([[0]])))
        return {name: TensorMap(Labels("_", torch.tensor([[0]])), [block]) for name in outputs}

    def model(self, **changes) -> AtomisticModel:
        capabilities = dict(
            outputs={"energy": ModelOutput(unit="eV", sample_kind="atom")},
            atomic_types=[14],
            interaction_range=self.interaction_range,
            length_unit="A",
            supported_devices=["cpu"],
            dtype="float64",
        )
        return AtomisticModel(self.eval(), ModelMetadata(), ModelCapabilities(**{**capabilities, **changes}))


def test_messages_between_atoms(tmp_path):
    """Images of images matter here: in a cell of four cutoffs, there are other ones to look for."""
    model = wrapped(TwoLayers(2.8, 5.6).model(), True, tmp_path)
    velocities, masses = motion(8)
    once = heat_flux(model, SMALL_SILICON, velocities, masses)
    eight = heat_flux(model, eight_cells(), velocities.repeat(8, 1), masses.repeat(8))
    torch.testing.assert_close(eight, 8 * once, rtol=1e-11, atol=1e-13)


class WithVelocities(TwoLayers):
    """Asks for velocities, in another unit."""

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return {"velocity": ModelOutput(unit="nm/ps", sample_kind="atom")}


def test_velocities_in_the_unit_of_the_model():
    model = HeatFlux.wrap(WithVelocities(2.8, 5.6).model())
    assert model.requested_inputs(use_new_names=True)["velocity"].unit == "nm/ps"
    expected = heat_flux(HeatFlux.wrap(TwoLayers(2.8, 5.6).model()), SMALL_SILICON, *motion(8))
    torch.testing.assert_close(heat_flux(model, SMALL_SILICON, *motion(8)), expected, rtol=1e-12, atol=0)


def test_with_ase():
    """The calculator takes masses and velocities out of the atoms."""
    sys.path.append(os.environ.get("METATENSOR_ASE_PACKAGES", ""))
    ase = pytest.importorskip("ase")
    from metatomic.torch.ase_calculator import MetatomicCalculator

    velocities, masses = motion(8)
    in_ase = velocities * unit_conversion_factor("A/fs", "(eV/u)^(1/2)")
    atoms = ase.Atoms("Si8", positions=SMALL_SILICON.positions.numpy(), cell=SMALL_SILICON.cell.numpy(), pbc=True)
    atoms.set_masses(masses.numpy())
    atoms.set_velocities(in_ase.numpy())
    model = HeatFlux.wrap(silicon())
    request = {"heat_flux": ModelOutput(unit="eV*A/fs", sample_kind="system")}
    found = MetatomicCalculator(model).run_model(atoms, request)["heat_flux"].block().values[0, :, 0]
    torch.testing.assert_close(found, heat_flux(model, SMALL_SILICON, velocities, masses), rtol=1e-9, atol=1e-12)


# What metatomic-torch 0.1.19 with vesin-torch 0.6.2 gives for the same systems; its cells must be larger than the cutoff.
WHEELS = {
    "silicon": [-0.05119410299610823, 0.07624703253318638, 0.07181199297787541],
    "argon": [0.047191240610136576, 0.046690692590189146, 0.02588694613201365],
}


@pytest.mark.parametrize("full_list", [False, True])
@pytest.mark.parametrize("name", ["silicon", "argon"])
def test_as_metatomic_torch(name, full_list):
    if name == "silicon":
        model, atoms = silicon(), perturbed(7.7, DIAMOND, [14] * 8, 0.2)
    else:
        sites = [[(x + i) / 3, (y + j) / 3, (z + k) / 3] for i, j, k in itertools.product(range(3), repeat=3) for x, y, z in FCC]
        model, atoms = argon(full_list=full_list), perturbed(18.0, sites, [18] * 108, 0.2)
    result = heat_flux(HeatFlux.wrap(model), atoms, *motion(len(atoms.types)))
    torch.testing.assert_close(result, torch.tensor(WHEELS[name], dtype=torch.float64), rtol=1e-12, atol=0)


def test_what_the_wrapped_model_says():
    model = TwoLayers(2.8, 5.6).model(
        outputs={
            "energy": ModelOutput(unit="eV", sample_kind="atom"),
            "energy/pbe": ModelOutput(unit="kJ/mol", sample_kind="atom"),
            "energy/total": ModelOutput(unit="eV", sample_kind="system"),
            "feature": ModelOutput(sample_kind="atom"),
        }
    )
    heat = HeatFlux.wrap(model)
    outputs = heat.capabilities().outputs
    added = {name: output.unit for name, output in outputs.items() if name.startswith("heat_flux")}
    assert added == {"heat_flux": "eV*A/fs", "heat_flux/pbe": "kJ/mol*A/fs"}
    assert all(outputs[name].sample_kind == "system" for name in added)
    inputs = heat.requested_inputs(use_new_names=True)
    assert {name: (request.unit, request.sample_kind) for name, request in inputs.items()} == {
        "mass": ("u", "atom"),
        "velocity": ("A/fs", "atom"),
    }
    assert heat.requested_neighbor_lists() == model.requested_neighbor_lists()
    assert heat.capabilities().interaction_range == 5.6

    # the numbers of both energies are the same here, so that those of the fluxes are, but for the kinetic energy
    still = torch.zeros(8, dtype=torch.float64)
    velocities = motion(8)[0]
    in_ev = heat_flux(heat, SMALL_SILICON, velocities, still, unit="")
    torch.testing.assert_close(heat_flux(heat, SMALL_SILICON, velocities, still, unit="", name="heat_flux/pbe"), in_ev)
    torch.testing.assert_close(heat_flux(heat, SMALL_SILICON, velocities, still, unit="meV*nm/ps"), in_ev * 1e5)


def test_other_outputs_and_no_grad():
    model = HeatFlux.wrap(silicon())
    system = moving_system(model, SMALL_SILICON, *motion(8))
    outputs = {"energy": ModelOutput(unit="eV", sample_kind="system"), "heat_flux": ModelOutput(sample_kind="system")}
    with torch.no_grad():
        both = model([system, system], ModelEvaluationOptions("A", outputs, None), True)
        assert not torch.is_grad_enabled()
        first, second = both["heat_flux"].block().values
        torch.testing.assert_close(first, second, rtol=1e-13, atol=0)
        torch.testing.assert_close(first[:, 0], heat_flux(model, SMALL_SILICON, *motion(8)), rtol=1e-12, atol=0)
        del outputs["heat_flux"]
        alone = model([system], ModelEvaluationOptions("A", outputs, None), True)
        torch.testing.assert_close(alone["energy"].block().values[0], both["energy"].block().values[1])
    with torch.inference_mode(), pytest.raises(RuntimeError, match="torch.inference_mode"):
        heat_flux(model, SMALL_SILICON, *motion(8))


class Failing(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.request = NeighborListOptions(2.8, True, True)

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        raise ValueError(f"no energies, with gradients {torch.is_grad_enabled()}")


@pytest.mark.parametrize("grad_mode", [False, True])
@pytest.mark.parametrize("is_saved", [False, True])
def test_grad_mode_after_errors(is_saved, grad_mode, tmp_path):
    capabilities = ModelCapabilities({"energy": ModelOutput("", "eV", "atom")}, [14], 2.8, "A", ["cpu"], "float64")
    model = wrapped(AtomisticModel(Failing().eval(), ModelMetadata(), capabilities), is_saved, tmp_path)
    with torch.set_grad_enabled(grad_mode):
        for _ in range(3):  # TorchScript changes its code after two calls
            with pytest.raises((ValueError, torch.jit.Error), match="no energies, with gradients True"):
                heat_flux(model, SMALL_SILICON, *motion(8))
            assert torch.is_grad_enabled() == grad_mode


def test_errors():
    with pytest.raises(TypeError, match="must be an AtomisticModel, got Linear"):
        HeatFlux.wrap(torch.nn.Linear(1, 1))
    with pytest.raises(ValueError, match="the model already has an output 'heat_flux'"):
        HeatFlux.wrap(HeatFlux.wrap(argon()))
    with pytest.raises(ValueError, match=r"a model with an output 'energy' of atoms, it has \['feature'\]"):
        HeatFlux.wrap(TwoLayers(2.8, 5.6).model(outputs={"feature": ModelOutput(sample_kind="atom")}))
    with pytest.raises(ValueError, match="finite interaction range"):
        HeatFlux.wrap(TwoLayers(2.8, float("inf")).model())
