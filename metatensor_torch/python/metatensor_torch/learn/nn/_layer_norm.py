# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Optional, Union

import torch

from ..._classes import Labels
from ._arguments import are_invariant, check_keys, sizes_of_blocks
from ._module import Module
from ._module_map import MappedModule, ModuleMap


class LayerNorm(MappedModule):
    """``(x - mean(x)) / sqrt(var(x) + eps) * weight + bias`` for each sample of each block.

    Mean and variance (the biased one) are those over the components and properties of a sample; ``weight`` and ``bias`` have one
    value for each property.

    :param in_keys: keys of the maps that are taken
    :param in_features: number of properties of each block, or of all of them
    :param out_properties: properties of each block of the result, as for :py:class:`ModuleMap`
    :param eps: what is added to the variance
    :param elementwise_affine: whether there are ``weight`` and ``bias``
    :param bias: whether there is a ``bias``
    :param mean: whether the mean is subtracted from the values; the variance is that around the mean in any case
    :param device: where the parameters lie
    :param dtype: of the parameters
    :raises ValueError: if a list has not one element for each key
    :raises TypeError: if an argument is of another type
    """

    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_properties: Optional[List[Labels]] = None,
        *,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        mean: bool = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        modules: List[torch.nn.Module] = [
            _LayerNorm(size, eps, elementwise_affine, bias, mean, device, dtype)
            for size in sizes_of_blocks("in_features", in_features, len(in_keys))
        ]
        self.module_map = ModuleMap(in_keys, modules, out_properties)


class InvariantLayerNorm(MappedModule):
    """The same as :py:class:`LayerNorm` for the invariant blocks; the others stay as they are.

    :param in_keys: keys of the maps that are taken
    :param in_features: number of properties of each invariant block, or of all of them
    :param out_properties: properties of each block of the result, as for :py:class:`ModuleMap`
    :param invariant_keys: which keys are invariant, some of the dimensions of ``in_keys`` are enough; by default those with
        ``o3_lambda = 0`` and ``o3_sigma = 1``
    :param eps: what is added to the variance
    :param elementwise_affine: whether there are ``weight`` and ``bias``
    :param bias: whether there is a ``bias``
    :param mean: whether the mean is subtracted from the values; the variance is that around the mean in any case
    :param device: where the parameters lie
    :param dtype: of the parameters
    :raises ValueError: if ``in_features`` has not one number for each invariant key
    :raises TypeError: if an argument is of another type
    :raises RuntimeError: if ``in_keys`` lacks a dimension of ``invariant_keys``
    """

    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        mean: bool = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        super().__init__()
        invariant = are_invariant(in_keys, invariant_keys)
        sizes = iter(sizes_of_blocks("in_features", in_features, sum(invariant), "invariant keys"))
        modules: List[torch.nn.Module] = [
            _LayerNorm(next(sizes), eps, elementwise_affine, bias, mean, device, dtype) if used else torch.nn.Identity()
            for used in invariant
        ]
        self.module_map = ModuleMap(in_keys, modules, out_properties)


class _LayerNorm(Module):
    """Of values ``[n_samples, ..., in_features]``, over all axes but the first."""

    weight: Optional[torch.Tensor]
    bias: Optional[torch.Tensor]

    def __init__(
        self,
        in_features: int,
        eps: float,
        elementwise_affine: bool,
        bias: bool,
        mean: bool,
        device: Optional[torch.device],
        dtype: Optional[torch.dtype],
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.mean = mean
        weight = torch.nn.Parameter(torch.ones(in_features, device=device, dtype=dtype))
        self.register_parameter("weight", weight if elementwise_affine else None)
        zeros = torch.nn.Parameter(torch.zeros(in_features, device=device, dtype=dtype))
        self.register_parameter("bias", zeros if elementwise_affine and bias else None)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        # Under autocast, some of these steps come back in the dtype of the weights, and other blocks would differ.
        return self.normalized(values).to(values.dtype)

    def normalized(self, values: torch.Tensor) -> torch.Tensor:
        sizes = values.shape[1:]
        weight = self.weight
        bias = self.bias
        if self.mean and len(sizes) == 1:
            return torch.nn.functional.layer_norm(values, sizes, weight, bias, self.eps)
        if self.mean:
            normalized = torch.nn.functional.layer_norm(values, sizes, None, None, self.eps)
        else:
            axes = list(range(1, values.dim()))
            variance = (values - values.mean(dim=axes, keepdim=True)).square().mean(dim=axes, keepdim=True)
            normalized = values * torch.rsqrt(variance + self.eps)
        if weight is None:
            return normalized
        return normalized * weight if bias is None else torch.addcmul(bias, normalized, weight)

    def extra_repr(self) -> str:
        return f"{self.in_features}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, mean={self.mean}"
