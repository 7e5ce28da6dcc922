// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/bytes.hpp"

#include <libdeflate.h>

namespace metatensor_torch::serialization {

uint32_t crc32(uint32_t checksum, std::span<const std::byte> bytes) {
    if (bytes.empty())
        return checksum; // the library starts anew for a null pointer, which empty tensors have
    return libdeflate_crc32(checksum, bytes.data(), bytes.size());
}

} // namespace metatensor_torch::serialization
