// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/joining.hpp"

#include <algorithm>

#include "check.hpp"
#include "data/fetch_labels.hpp"
#include "data/labels_data.hpp"
#include "operations/detail/join_blocks.hpp"

namespace metatensor_torch {

namespace {

using details::Axis;
using details::BlockData;
using details::JoinOptions;
using details::JoinPart;

/// Keys of the joined map, and for each map the places of its blocks with these keys, -1 where it has none
struct JoinedKeys {
    Labels keys;
    std::vector<std::vector<int64_t>> places;
};

std::vector<int64_t> find_keys(const Labels& in, const Labels& keys) {
    return in->data()->index().find_all(in->data()->host(), keys->data()->host(), /*wanted_sorted=*/false);
}

JoinedKeys join_keys(const std::vector<TensorMap>& tensors, const std::string& different_keys) {
    JoinedKeys joined{tensors[0]->keys(), {}};
    if (different_keys == "error") {
        for (const auto& tensor : tensors) {
            joined.places.push_back(details::match_keys("join", joined.keys, tensor->keys()));
        }
        return joined;
    }
    for (size_t i = 1; i < tensors.size(); ++i) {
        const auto& keys = tensors[i]->keys();
        if (!(*joined.keys == *keys)) {
            joined.keys = different_keys == "union" ? joined.keys->set_union(keys)
                                                    : joined.keys->set_intersection(keys);
        }
    }
    for (const auto& tensor : tensors) {
        joined.places.push_back(find_keys(tensor->keys(), joined.keys));
    }
    return joined;
}

/// Errors unless blocks of the two maps may be blocks of one map, where the keys do not say that they are
/// joined; properties may differ if they are numbered.
void check_names(const BlockData& first, const BlockData& other, const JoinOptions& options,
                 const std::string& of = "blocks") {
    if (first.samples->names() != other.samples->names()) {
        const auto message = "the samples of the " + of + " given to 'join' must have the same names, got [" +
                             comma_list(first.samples->names()) + "] and [" +
                             comma_list(other.samples->names()) + "]";
        if (options.axis == Axis::properties) {
            throw NotEqualError(message);
        }
        TORCH_CHECK_VALUE(false, message);
    }
    const bool same = details::component_names(first) == details::component_names(other) &&
                      (options.number_properties || first.properties->names() == other.properties->names()) &&
                      first.gradients.size() == other.gradients.size();
    if (!same) {
        throw NotEqualError("the " + of +
                            " given to 'join' must have components and properties with the same names and "
                            "gradients with respect to the same parameters");
    }
    for (const auto& [parameter, gradient] : first.gradients) {
        const auto other_gradient = details::find_gradient(other, parameter);
        if (!other_gradient) {
            throw NotEqualError("only some of the " + of +
                                " given to 'join' have gradients with respect to '" + parameter + "'");
        }
        check_names(*gradient, *other_gradient, options, "gradients with respect to '" + parameter + "'");
    }
}

/// First block of each map that has one
std::vector<const BlockData*> first_blocks(const std::vector<TensorMap>& tensors) {
    std::vector<const BlockData*> blocks;
    for (const auto& tensor : tensors) {
        if (!tensor->data().empty()) {
            blocks.push_back(tensor->data()[0].get());
        }
    }
    return blocks;
}

bool have_different_properties(const std::vector<const BlockData*>& blocks) {
    return std::any_of(blocks.begin(), blocks.end(), [&](const auto* block) {
        return block->properties->names() != blocks[0]->properties->names();
    });
}

void convert(BlockData& block, torch::ScalarType dtype) {
    block.values = block.values.to(dtype);
    for (auto& [parameter, gradient] : block.gradients) {
        convert(*gradient, dtype);
    }
}

JoinOptions join_options(const char* operation, const std::string& axis,
                         const std::optional<std::string>& add_dimension,
                         const std::vector<const BlockData*>& blocks) {
    JoinOptions options{operation, details::axis_in(operation, axis, {Axis::samples, Axis::properties}),
                        add_dimension};
    options.number_properties = options.axis == Axis::properties && have_different_properties(blocks);
    return options;
}

details::Info info_of_all(const std::vector<TensorMap>& tensors) {
    auto info = tensors[0]->info_entries();
    for (size_t i = 1; i < tensors.size() && !info.empty(); ++i) {
        info = details::common_info(info, tensors[i]->info_entries());
    }
    return info;
}

} // namespace

TensorMap join(const std::vector<TensorMap>& tensors, const std::string& axis,
               const std::string& different_keys, const std::optional<std::string>& add_dimension) {
    TORCH_CHECK_VALUE(!tensors.empty(), "'join' needs at least one TensorMap");
    TORCH_CHECK_VALUE(
        different_keys == "error" || different_keys == "intersection" || different_keys == "union",
        "`different_keys` of 'join' must be 'error', 'intersection' or 'union', got '", different_keys, "'");
    const auto firsts = first_blocks(tensors);
    const auto options = join_options("join", axis, add_dimension, firsts);
    if (tensors.size() == 1) {
        return tensors[0];
    }
    const auto joined = join_keys(tensors, different_keys);
    auto dtype = firsts.empty() ? torch::kFloat64 : firsts[0]->values.scalar_type();
    for (const auto* block : firsts) {
        if (different_keys == "union") {
            check_names(*firsts[0], *block, options);
        }
        dtype = c10::promoteTypes(dtype, block->values.scalar_type());
    }

    std::vector<const BlockData*> contents;
    for (const auto& tensor : tensors) {
        for (const auto& block : tensor->data()) {
            contents.push_back(block.get());
        }
    }
    details::fetch_samples(contents, details::MOST_ROWS_TO_MERGE_ON_HOST);
    details::Blocks blocks;
    std::vector<JoinPart> parts;
    for (int64_t key = 0; key < joined.keys->count(); ++key) {
        parts.clear();
        for (size_t i = 0; i < tensors.size(); ++i) {
            if (joined.places[i][key] >= 0) {
                parts.push_back({static_cast<int64_t>(i), tensors[i]->data()[joined.places[i][key]].get()});
            }
        }
        blocks.push_back(details::join_parts(parts, options));
        if (blocks.back()->values.scalar_type() != dtype) {
            convert(*blocks.back(), dtype);
        }
    }
    return details::make_map(joined.keys, std::move(blocks), info_of_all(tensors));
}

TensorBlock join_blocks(const std::vector<TensorBlock>& blocks, const std::string& axis,
                        const std::optional<std::string>& add_dimension) {
    TORCH_CHECK_VALUE(!blocks.empty(), "'join_blocks' needs at least one TensorBlock");
    std::vector<const BlockData*> contents;
    std::vector<JoinPart> parts;
    for (const auto& block : blocks) {
        contents.push_back(&block->data());
        parts.push_back({static_cast<int64_t>(parts.size()), contents.back()});
    }
    const auto options = join_options("join_blocks", axis, add_dimension, contents);
    if (blocks.size() == 1) {
        return blocks[0];
    }
    return TensorBlockHolder::own(details::join_parts(parts, options));
}

} // namespace metatensor_torch
