// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch/exports.h>

/// Where serialized bytes go to
namespace metatensor_torch::serialization {

/// Bytes to be written: a text, or all elements of a contiguous CPU tensor (no copy of them is made)
using Chunk = std::variant<std::string, torch::Tensor>;
/// Bytes to be written one after the other
using Chunks = std::vector<Chunk>;

/// The bytes of `chunk`, which must outlive the result
METATENSOR_TORCH_EXPORT std::span<const std::byte> bytes_of(const Chunk& chunk);
/// Number of bytes of `chunks`
METATENSOR_TORCH_EXPORT uint64_t total_size(const Chunks& chunks);
/// CRC-32 of all `chunks` together
METATENSOR_TORCH_EXPORT uint32_t checksum(const Chunks& chunks);
/// All `chunks` in one buffer, uint8 [total size]
METATENSOR_TORCH_EXPORT torch::Tensor to_buffer(const Chunks& chunks);
/// Writes all `chunks` to the file at `path`; RuntimeError if that fails. An existing file is replaced at
/// once when all is written: it keeps its permissions, an error leaves it as it was, and who has mapped it
/// keeps the old content. Only where its folder can not be written to, the file itself is overwritten.
METATENSOR_TORCH_EXPORT void to_file(const std::string& path, const Chunks& chunks);

} // namespace metatensor_torch::serialization
