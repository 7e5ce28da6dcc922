# SPDX-License-Identifier: BSD-3-Clause
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorMap
from metatensor.torch.learn import nn


class Predict(nn.Module):
    """Energies [n_systems, 1] in eV, relative to the mean, from features of atoms."""

    def __init__(self, weights: TensorMap):
        super().__init__()
        self.register_buffer("weights", weights)
        self.register_buffer("dropped", Labels(["center_type", "neighbor_type"], torch.tensor([[8, 1]])))

    def forward(self, features: TensorMap) -> TensorMap:
        features = mts.drop_blocks(features, self.dropped)
        features = mts.sum_over_samples(features, ["atom"])
        features = features.keys_to_properties(["center_type", "neighbor_type"])
        return mts.dot(mts.sort(features, "samples"), self.weights)


torch.jit.script(Predict(mts.load("weights.mts"))).save("predict.pt")

predict = torch.jit.load("predict.pt")
features = mts.requires_grad(mts.load("features.mts"))
energies = predict(features).block().values
energies.sum().backward()
print("dE/d(first feature of the first hydrogen atom):", features.block(0).values.grad[0, 0].item())
