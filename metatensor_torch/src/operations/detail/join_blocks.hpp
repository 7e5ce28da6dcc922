// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "operations/detail/arguments.hpp"
#include "operations/detail/blocks.hpp"

/// Blocks joined along samples or properties
namespace metatensor_torch::details {

/// One of the blocks to join
struct JoinPart {
    /// its place among all that is joined, for new dimensions of the labels
    int64_t index;
    const BlockData* block;
};

/// How blocks are joined
struct JoinOptions {
    const char* operation;
    /// samples or properties
    Axis axis;
    /// name of one more dimension with the index of the part
    std::optional<std::string> add_dimension;
    /// whether properties with different names are replaced by the index of the part and the place there
    bool number_properties = false;
};

/// Block with the values of all parts, one after the other; NotEqualError if their other labels differ.
BlockPtr join_parts(const std::vector<JoinPart>& parts, const JoinOptions& options);

} // namespace metatensor_torch::details
