# SPDX-License-Identifier: BSD-3-Clause
"""A linear model on atomic densities, written with operations on maps and saved for C++.

    python linear_model.py --output linear_model.pt

``examples/cpp/linear_model.cpp`` runs it without Python.
"""

import argparse
from typing import Dict, List

import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


class LinearModel(torch.nn.Module):
    """Energies of systems from the density of each type of neighbor around each atom.

    The features of an atom are these densities and their squares; the energy of an atom is ``scale`` times the product
    of its features and the weights of its type, plus ``offset``.

    :param weights: keys ``(center_type)``; one sample ``(energy)``, properties ``(power, neighbor_type, radial)``, the
        same in all blocks
    :param scale: factor of the energy of each atom
    :param offset: added to the energy of each atom
    """

    def __init__(self, weights: TensorMap, scale: float, offset: float):
        super().__init__()
        self.weights = weights
        self.scale = scale
        self.offset = offset
        neighbor_types = torch.unique(weights.block(0).properties.column("neighbor_type"))
        self.neighbor_types = Labels(["neighbor_type"], neighbor_types.reshape(-1, 1))

    def features(self, density: TensorMap) -> TensorMap:
        """Densities and their squares: keys (center_type), properties (power, neighbor_type, radial)"""
        density = mts.rename_dimension(mts.drop_empty_blocks(density), axis="properties", old="n", new="radial")
        density = density.keys_to_properties(self.neighbor_types)
        powers = mts.join([density, mts.pow(density, 2)], axis="properties", add_dimension="power")
        return mts.permute_dimensions(powers, axis="properties", dimensions_indexes=[2, 0, 1])

    def forward(self, density: TensorMap) -> Dict[str, TensorMap]:
        """
        :param density: keys ``(center_type, neighbor_type)``, samples ``(system, atom)``, no components, properties
            ``(n)``; pairs of types that do not occur may be missing
        :return: ``energy`` with a sample for each ``system``; ``mean`` and ``std`` of the energies of the atoms of each
            type, with keys ``(center_type)``
        """
        features = self.features(density)
        weights = mts.filter_blocks(self.weights, features.keys)
        per_atom = mts.add(mts.multiply(mts.dot(features, weights), self.scale), self.offset)
        all_types = per_atom.keys_to_samples("center_type")
        energy = mts.sum_over_samples(all_types, sample_names=["atom", "center_type"])
        return {
            "energy": mts.sort(energy, axes="samples"),
            "mean": mts.mean_over_samples(per_atom, sample_names=["system", "atom"]),
            "std": mts.std_over_samples(per_atom, sample_names=["system", "atom"]),
        }


def example_weights() -> TensorMap:
    """Of hydrogen (1) and oxygen (8), with one radial function"""
    properties = Labels(["power", "neighbor_type", "radial"], torch.tensor([[0, 1, 0], [0, 8, 0], [1, 1, 0], [1, 8, 0]]))
    values = {1: [1.0, 2.0, 0.0, 0.5], 8: [1.5, 0.0, -0.25, 0.0]}
    blocks: List[TensorBlock] = []
    for row in values.values():
        samples = Labels(["energy"], torch.tensor([[0]]))
        blocks.append(TensorBlock(torch.tensor([row], dtype=torch.float64), samples, [], properties))
    return TensorMap(Labels(["center_type"], torch.tensor([[key] for key in values])), blocks)


def main() -> None:
    parser = argparse.ArgumentParser(description="Saves a linear model on atomic densities.")
    parser.add_argument("--output", default="linear_model.pt", help="file to write (default: %(default)s)")
    model = LinearModel(example_weights(), scale=2.0, offset=0.5)
    torch.jit.script(model).save(parser.parse_args().output)


if __name__ == "__main__":
    main()
