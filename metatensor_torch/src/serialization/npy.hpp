// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include <torch/script.h>

#include "serialization/chunks.hpp"
#include "serialization/source.hpp"

/// NumPy's `.npy` format, versions 1.0 to 3.0, C order. Types: floating point of 2, 4 and 8 bytes, complex of
/// 8 and 16, signed and unsigned integers of 1 to 8, bool; and bfloat16, which NumPy has no letter for and
/// which is written as NumPy does it for `ml_dtypes.bfloat16`, as raw `V2`.
namespace metatensor_torch::serialization {

/// Table of int32 with a name for each column
struct NpyRecords {
    std::vector<std::string> names;
    /// [n_records, n_names], int32
    torch::Tensor values;
};

/// `tensor`, of any shape and device, in the format; TypeError for types that it does not have and for sparse
/// tensors.
METATENSOR_TORCH_EXPORT Chunks tensor_to_npy(const torch::Tensor& tensor);
/// Records in the format; `values` may be on any device.
METATENSOR_TORCH_EXPORT Chunks records_to_npy(const NpyRecords& records);

/// Array of the type and shape that the header says, on the CPU; it shares the memory of the stream's source
/// where that is possible. Little and big endian are read. RuntimeError for damaged data, other types,
/// Fortran order, more than 64 dimensions, and if the data are shorter or longer than the shape says.
METATENSOR_TORCH_EXPORT torch::Tensor tensor_from_npy(Stream& stream);
/// Records of 32-bit integers; errors as above. Without names there is at most one record.
METATENSOR_TORCH_EXPORT NpyRecords records_from_npy(Stream& stream);

/// Whether `source` starts as the format does
METATENSOR_TORCH_EXPORT bool looks_like_npy(const Source& source);

} // namespace metatensor_torch::serialization
