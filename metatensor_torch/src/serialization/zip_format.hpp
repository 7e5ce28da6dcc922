// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

/// Numbers of the zip format: APPNOTE.TXT 6.3.10 of PKWARE, whose sections the comments name
namespace metatensor_torch::serialization {

// Signatures
inline constexpr uint32_t LOCAL_HEADER = 0x04034b50;         // 4.3.7
inline constexpr uint32_t CENTRAL_HEADER = 0x02014b50;       // 4.3.12
inline constexpr uint32_t ZIP64_END_OF_ARCHIVE = 0x06064b50; // 4.3.14
inline constexpr uint32_t ZIP64_LOCATOR = 0x07064b50;        // 4.3.15
inline constexpr uint32_t END_OF_ARCHIVE = 0x06054b50;       // 4.3.16

// Sizes without names, extra fields and comments
inline constexpr uint64_t LOCAL_HEADER_SIZE = 30;
inline constexpr uint64_t CENTRAL_HEADER_SIZE = 46;
inline constexpr uint64_t ZIP64_END_OF_ARCHIVE_SIZE = 56;
inline constexpr uint64_t ZIP64_LOCATOR_SIZE = 20;
inline constexpr uint64_t END_OF_ARCHIVE_SIZE = 22;

// Extra fields
inline constexpr uint16_t ZIP64_EXTRA = 0x0001;     // 4.5.3
inline constexpr uint16_t ALIGNMENT_EXTRA = 0xa11e; // "data stream alignment": u16 alignment, then padding
inline constexpr uint64_t EXTRA_HEADER_SIZE = 4;

inline constexpr uint16_t VERSION_NEEDED = 45;                 // 4.4.3: has zip64
inline constexpr uint16_t VERSION_MADE_BY = 3 << 8 | 45;       // 4.4.2: on UNIX
inline constexpr uint32_t FILE_MODE = uint32_t{0100644} << 16; // 4.4.15: regular file, rw-r--r--
inline constexpr uint16_t TIME = 0;                            // 4.4.6: midnight
inline constexpr uint16_t DATE =
    20 << 9 | 1 << 5 | 1;                      // 4.4.6: 2000-01-01, so that files do not depend on the day
inline constexpr uint16_t STORED = 0;          // 4.4.5
inline constexpr uint16_t ENCRYPTED_FLAG = 1;  // 4.4.4
inline constexpr uint16_t UTF8_FLAG = 1 << 11; // 4.4.4
inline constexpr uint16_t MAX_16 = 0xffff;
inline constexpr uint32_t MAX_32 = 0xffffffff;

} // namespace metatensor_torch::serialization
