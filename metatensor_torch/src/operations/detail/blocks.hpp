// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <torch/script.h>

#include "data/block_data.hpp"
#include "metatensor/torch/operations/errors.hpp"
#include "metatensor/torch/tensor.hpp"

/// What operations share: how blocks of two maps are matched and compared, and how maps are made of them.
namespace metatensor_torch::details {

using BlockPtr = std::shared_ptr<BlockData>;
using Blocks = std::vector<BlockPtr>;
/// Entries of the dictionary of a map
using Info = std::vector<std::pair<std::string, std::string>>;

/// Block with the labels of `block`, the values `values` and no gradients
BlockPtr with_values(const BlockData& block, torch::Tensor values);

/// Map with these keys, the content of these blocks, which must fit together, and the texts `info`
TensorMap make_map(const Labels& keys, Blocks blocks, Info info = {});

/// Map with the keys and `info` of `tensor` and the blocks that `make_block(block)` gives for its blocks
template <typename MakeBlock>
TensorMap map_blocks(const TensorMap& tensor, const MakeBlock& make_block) {
    Blocks blocks;
    blocks.reserve(tensor->data().size());
    for (const auto& block : tensor->data()) {
        blocks.push_back(make_block(*block));
    }
    return make_map(tensor->keys(), std::move(blocks), tensor->info_entries());
}

/// `labels` with the names of `like`, sharing the entries
Labels named_like(const Labels& labels, const Labels& like);

/// Texts that are the same in both
Info common_info(const Info& first, const Info& other);

/// NotImplementedError if a gradient of `block` has gradients: `operation` can not carry those.
void refuse_nested_gradients(const char* operation, const BlockData& block);

/// How the keys of two maps go together
struct MatchedKeys {
    /// For each key of the first map its place in the other one
    std::vector<int64_t> places;
    /// Why they do not, if so
    std::optional<std::string> difference;
};

MatchedKeys compare_keys(const Labels& first, const Labels& other);

/// For each key of `first` its place in `other`; NotEqualError, which names `operation`, if they do not have
/// the same keys.
std::vector<int64_t> match_keys(const char* operation, const Labels& first, const Labels& other);

/// Which labels of two blocks are compared
struct ComparedLabels {
    bool samples = true;
    bool components = true;
    bool properties = true;
};

/// Which labels of two blocks are not the same in the same order: "samples", "components", "properties", null
/// for none
const char* different_labels(const BlockData& first, const BlockData& other, ComparedLabels compared = {});

/// Whether two blocks have gradients with respect to the same parameters
bool same_parameters(const BlockData& first, const BlockData& other);

/// NotEqualError, which names `operation`, unless the labels of both blocks are the same in the same order.
void check_same_labels(const char* operation, const BlockData& first, const BlockData& other,
                       ComparedLabels compared = {});

/// NotEqualError, which names `operation`, unless both blocks have gradients with respect to the same
/// parameters, with the same labels except for the properties.
void check_same_gradients(const char* operation, const BlockData& first, const BlockData& other,
                          ComparedLabels compared = {});

/// NotEqualError, which names `operation`, unless both maps have the same keys and blocks with the same
/// labels and gradients. For each key of `first` its place in `other`.
std::vector<int64_t> check_same_maps(const char* operation, const TensorMapHolder& first,
                                     const TensorMapHolder& other);

} // namespace metatensor_torch::details
