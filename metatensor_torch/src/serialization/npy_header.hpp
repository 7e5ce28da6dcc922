// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serialization/source.hpp"

namespace metatensor_torch::serialization {

/// What stands before the data of a `.npy` file
struct NpyHeader {
    /// Type of the elements, as `<f8`; of records: empty
    std::string format;
    bool is_record = false;
    /// Names and types of the columns of records
    std::vector<std::pair<std::string, std::string>> columns;
    std::vector<int64_t> shape;
};

/// First bytes of the format
inline constexpr std::string_view NPY_MAGIC = "\x93NUMPY";

/// Bytes of the header, whose number is a multiple of 64
std::string write_npy_header(const NpyHeader& header);
/// Reads the header and leaves `stream` at the first byte of the data; RuntimeError if it is damaged or says
/// that the data are in Fortran order.
NpyHeader read_npy_header(Stream& stream);

} // namespace metatensor_torch::serialization
