# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Union

from .._classes import TensorBlock, TensorMap
from ._operation import operation, operators


@operation
def sum_over_samples(tensor: TensorMap, sample_names: Union[List[str], str]) -> TensorMap:
    return operators.sum_over_samples(tensor, sample_names)


@operation
def sum_over_samples_block(block: TensorBlock, sample_names: Union[List[str], str]) -> TensorBlock:
    return operators.sum_over_samples_block(block, sample_names)


@operation
def sum_over_properties(tensor: TensorMap, property_names: Union[List[str], str]) -> TensorMap:
    return operators.sum_over_properties(tensor, property_names)


@operation
def sum_over_properties_block(block: TensorBlock, property_names: Union[List[str], str]) -> TensorBlock:
    return operators.sum_over_properties_block(block, property_names)


@operation
def mean_over_samples(tensor: TensorMap, sample_names: Union[List[str], str]) -> TensorMap:
    return operators.mean_over_samples(tensor, sample_names)


@operation
def mean_over_samples_block(block: TensorBlock, sample_names: Union[List[str], str]) -> TensorBlock:
    return operators.mean_over_samples_block(block, sample_names)


@operation
def mean_over_properties(tensor: TensorMap, property_names: Union[List[str], str]) -> TensorMap:
    return operators.mean_over_properties(tensor, property_names)


@operation
def mean_over_properties_block(block: TensorBlock, property_names: Union[List[str], str]) -> TensorBlock:
    return operators.mean_over_properties_block(block, property_names)


@operation
def var_over_samples(tensor: TensorMap, sample_names: Union[List[str], str]) -> TensorMap:
    return operators.var_over_samples(tensor, sample_names)


@operation
def var_over_samples_block(block: TensorBlock, sample_names: Union[List[str], str]) -> TensorBlock:
    return operators.var_over_samples_block(block, sample_names)


@operation
def var_over_properties(tensor: TensorMap, property_names: Union[List[str], str]) -> TensorMap:
    return operators.var_over_properties(tensor, property_names)


@operation
def var_over_properties_block(block: TensorBlock, property_names: Union[List[str], str]) -> TensorBlock:
    return operators.var_over_properties_block(block, property_names)


@operation
def std_over_samples(tensor: TensorMap, sample_names: Union[List[str], str]) -> TensorMap:
    return operators.std_over_samples(tensor, sample_names)


@operation
def std_over_samples_block(block: TensorBlock, sample_names: Union[List[str], str]) -> TensorBlock:
    return operators.std_over_samples_block(block, sample_names)


@operation
def std_over_properties(tensor: TensorMap, property_names: Union[List[str], str]) -> TensorMap:
    return operators.std_over_properties(tensor, property_names)


@operation
def std_over_properties_block(block: TensorBlock, property_names: Union[List[str], str]) -> TensorBlock:
    return operators.std_over_properties_block(block, property_names)
