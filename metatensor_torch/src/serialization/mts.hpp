// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/exports.h>
#include <metatensor/torch/labels.hpp>
#include <metatensor/torch/tensor.hpp>

#include "serialization/chunks.hpp"
#include "serialization/source.hpp"

/// The `.mts` format. A map is a zip archive with `keys.npy`, the blocks in `blocks/0/`, `blocks/1/`, ...
/// and, if there are any, its texts in `info.json`; other entries are not looked at. A block is `values.npy`,
/// `samples.npy`, `components/0.npy`, ..., `properties.npy`, and its gradients in `gradients/PARAMETER/`,
/// without properties. Labels are records of 32-bit integers, alone in a file without archive.
namespace metatensor_torch::serialization {

/// What is written for a map; no copy is made of values on the CPU, which must not change meanwhile.
METATENSOR_TORCH_EXPORT Chunks to_mts(const TensorMapHolder& tensor);
/// What is written for a block
METATENSOR_TORCH_EXPORT Chunks to_mts(const TensorBlockHolder& block);
/// What is written for labels
METATENSOR_TORCH_EXPORT Chunks to_mts(const LabelsHolder& labels);

/// Map in `source`. RuntimeError if there is none; the error tells `name`, a name of the source.
METATENSOR_TORCH_EXPORT TensorMap tensor_from_mts(const Source& source, const std::string& name);
/// Block in `source`
METATENSOR_TORCH_EXPORT TensorBlock block_from_mts(const Source& source, const std::string& name);
/// Labels in `source`
METATENSOR_TORCH_EXPORT Labels labels_from_mts(const Source& source, const std::string& name);

} // namespace metatensor_torch::serialization
