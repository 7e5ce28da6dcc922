# SPDX-License-Identifier: BSD-3-Clause
"""Models with one more output: a fixed weighted sum of outputs that another model has."""

import math
from typing import Dict, List, Optional

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from ._classes import ModelOutput, System
from ._wrapping import ModelAround, capabilities_with, own_outputs
from .model import AtomisticModel


__all__ = ["WeightedSum"]


class WeightedSum(ModelAround):
    """A model and, as one more output, a weighted sum of its outputs, such as energies of several methods.

    All outputs come from one call of the model, and the sum is differentiable as they are. Explicit gradients are summed
    like values.
    """

    def __init__(self, model: torch.nn.Module, output_name: str, weights: Dict[str, float]):
        """
        :param model: an :py:class:`metatomic.torch.AtomisticModel`, or a module as it wraps
        :param output_name: what to call the sum, for example ``energy/mix``
        :param weights: of outputs of ``model``, by name
        :raises TypeError: if ``weights`` is no dict
        :raises ValueError: if there are no weights, or some are not finite
        """
        super().__init__(model)
        _check_weights(weights)
        self._output_name = output_name
        self._weights: Dict[str, float] = {name: float(weight) for name, weight in weights.items()}

    @staticmethod
    def wrap(
        model: AtomisticModel,
        output_name: str,
        weights: Dict[str, float],
        normalize_coefficients: bool = False,
    ) -> AtomisticModel:
        """A model that has all outputs of another one and the weighted sum.

        :param model: an atomistic model, made here or loaded
        :param output_name: what to call the sum, for example ``energy/mix``
        :param weights: of outputs of ``model``, by name. They must have the same unit and be of the same kind of samples
        :param normalize_coefficients: divide the weights by their sum?
        :returns: a model with the metadata of ``model``
        :raises ValueError: if ``model`` lacks one of the outputs or has one called ``output_name``, units or kinds of
            samples differ, there are no weights or some are not finite, or weights that add up to 0 are to be normalized
        :raises TypeError: if ``model`` is no atomistic model, or ``weights`` no dict
        """
        outputs = own_outputs(model)
        _check_weights(weights)
        if output_name in model.capabilities().outputs:
            raise ValueError(f"the model already has an output '{output_name}'")
        for name in weights:
            if name not in outputs:
                raise ValueError(f"the model has no output '{name}', it has {sorted(outputs)}")
        for attribute in ["unit", "sample_kind"]:
            values = {getattr(outputs[name], attribute) for name in weights}
            if len(values) > 1:
                raise ValueError(f"all outputs of a weighted sum must have the same {attribute}, got {sorted(values)}")
        if normalize_coefficients:
            weights = _normalized(weights)

        module = WeightedSum(model, output_name, weights)
        first = outputs[next(iter(weights))]
        gradients = [set(outputs[name].explicit_gradients) for name in weights]
        outputs[output_name] = ModelOutput(
            unit=first.unit,
            sample_kind=first.sample_kind,
            explicit_gradients=sorted(set.intersection(*gradients)),
            description="Sum of " + ", ".join(f"{weight:g} times '{name}'" for name, weight in weights.items()),
        )
        return AtomisticModel(module.eval(), model.metadata(), capabilities_with(model, outputs))

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        """All that is asked for, see :py:meth:`metatomic.torch.ModelInterface.forward`."""
        if self._output_name not in outputs:
            return self.module(systems, outputs, selected_atoms)
        requested: Dict[str, ModelOutput] = {}
        for name, output in outputs.items():
            if name != self._output_name:
                requested[name] = output
        for name in self._weights.keys():
            if name not in requested:
                requested[name] = outputs[self._output_name]

        computed = self.module(systems, requested, selected_atoms)
        results: Dict[str, TensorMap] = {}
        for name in outputs.keys():
            if name == self._output_name:
                results[name] = self._sum(computed, outputs[name].explicit_gradients)
            elif name in computed:
                results[name] = computed[name]
        return results

    def _sum(self, computed: Dict[str, TensorMap], parameters: List[str]) -> TensorMap:
        terms: List[TensorMap] = []
        weights: List[float] = []
        for name, weight in self._weights.items():
            terms.append(computed[name])
            weights.append(weight)
        blocks: List[TensorBlock] = []
        for key in range(len(terms[0].keys)):
            first = terms[0].block_by_id(key)
            values = weights[0] * first.values
            for i in range(1, len(terms)):
                values = values + weights[i] * _like(first, terms[i].block_by_id(key)).values
            block = TensorBlock(values, first.samples, first.components, first.properties)
            for parameter in parameters:
                gradient = first.gradient(parameter)
                values = weights[0] * gradient.values
                for i in range(1, len(terms)):
                    other = terms[i].block_by_id(key).gradient(parameter)
                    values = values + weights[i] * _like(gradient, other).values
                block.add_gradient(
                    parameter, TensorBlock(values, gradient.samples, gradient.components, gradient.properties)
                )
            blocks.append(block)
        return TensorMap(terms[0].keys, blocks)


def _like(first: TensorBlock, other: TensorBlock) -> TensorBlock:
    """``other``, which must have the samples of ``first``."""
    if other.samples != first.samples:
        raise ValueError("the outputs of a weighted sum must have the same samples, in the same order")
    return other


def _check_weights(weights: Dict[str, float]) -> None:
    if not isinstance(weights, dict):
        raise TypeError(f"`weights` must be a dict of numbers by names of outputs, got {type(weights).__name__}")
    if len(weights) == 0:
        raise ValueError("`weights` must have at least one output")
    for name, weight in weights.items():
        if not math.isfinite(float(weight)):
            raise ValueError(f"the weight of '{name}' must be finite, got {weight}")


def _normalized(weights: Dict[str, float]) -> Dict[str, float]:
    total = math.fsum(weights.values())
    if not math.isfinite(total) or abs(total) < 1e-12 * max(map(abs, weights.values())):
        raise ValueError(f"weights that add up to {total} can not be normalized")
    return {name: weight / total for name, weight in weights.items()}
