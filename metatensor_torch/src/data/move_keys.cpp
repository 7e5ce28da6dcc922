// SPDX-License-Identifier: BSD-3-Clause
// keys_to_properties and keys_to_samples: blocks whose keys differ only in the moved dimensions become one
#include <algorithm>

#include "check.hpp"
#include "data/assemble.hpp"
#include "data/block_data.hpp"
#include "data/empty_on_host.hpp"
#include "data/fetch_labels.hpp"
#include "data/host_sets.hpp"
#include "data/labels_data.hpp"
#include "data/merge_rows.hpp"
#include "data/merge_samples.hpp"
#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch {

using details::BlockData;
using details::MergedSamples;
using details::PartOfWhole;

namespace {

using Blocks = std::vector<std::shared_ptr<BlockData>>;

/// How blocks are merged
struct MergeOptions {
    torch::Scalar fill_value;
    bool sort_samples;
};

/// Dimensions to move, and the values that they shall have, if these are given
struct KeysToMove {
    std::vector<std::string> names;
    Labels entries;
};

/// One block of a group with the values of the moved dimensions in its key
struct Member {
    const int32_t* moved;
    const BlockData* block;
};

using Group = std::vector<Member>;

/// Groups of blocks that have the same values in the dimensions that stay, and these values
struct Groups {
    Labels keys;
    std::vector<Group> groups;
    /// values of the moved dimensions in the keys, which the members point to
    std::vector<int32_t> moved;
};

KeysToMove parse_keys_to_move(const torch::IValue& keys_to_move) {
    if (const auto labels = as_custom_class<LabelsHolder>(keys_to_move)) {
        return {labels->names(), labels->count() > 0 ? labels : Labels()};
    }
    return {details::normalize_names(keys_to_move, "keys to move"), Labels()};
}

/// Values of some columns, side by side
std::vector<int32_t> columns_of(details::RowSpan rows, const std::vector<int64_t>& columns) {
    std::vector<int32_t> values;
    values.reserve(rows.count * columns.size());
    for (int64_t i = 0; i < rows.count; ++i) {
        for (const auto column : columns) {
            values.push_back(rows[i][column]);
        }
    }
    return values;
}

Groups group_blocks(const LabelsHolder& keys, const Blocks& blocks,
                    const std::vector<std::string>& names_to_move) {
    TORCH_CHECK(!blocks.empty(), "there are no keys to move in an empty TensorMap");
    std::vector<int64_t> moved;
    for (const auto& name : names_to_move) {
        const auto found = std::find(keys.names().begin(), keys.names().end(), name);
        TORCH_CHECK(found != keys.names().end(), "can not move '", name, "', the keys only have [",
                    comma_list(keys.names()), "]");
        const auto column = found - keys.names().begin();
        TORCH_CHECK(std::find(moved.begin(), moved.end(), column) == moved.end(), "can not move '", name,
                    "' twice");
        moved.push_back(column);
    }
    std::vector<std::string> names;
    std::vector<int64_t> kept;
    for (int64_t j = 0; j < keys.size(); ++j) {
        if (std::find(moved.begin(), moved.end(), j) == moved.end()) {
            names.push_back(keys.names()[j]);
            kept.push_back(j);
        }
    }

    const auto rows = keys.data()->host();
    const auto n_kept = static_cast<int64_t>(kept.size());
    const auto kept_values = columns_of(rows, kept);
    const auto merged = details::merge_rows({kept_values.data(), rows.count, n_kept}, /*sort=*/false);
    Groups result;
    result.moved = columns_of(rows, moved);
    result.groups.resize(merged.count);
    for (int64_t i = 0; i < rows.count; ++i) {
        result.groups[merged.places[i]].push_back({result.moved.data() + i * moved.size(), blocks[i].get()});
    }
    if (kept.empty()) {
        result.keys = LabelsHolder::single();
    } else {
        auto values =
            torch::tensor(at::ArrayRef<int32_t>(merged.values), torch::kInt).reshape({merged.count, n_kept});
        result.keys =
            torch::make_intrusive<LabelsHolder>(std::move(names), values, metatensor::assume_unique{});
    }
    result.keys = result.keys->to(keys.device());
    return result;
}

/// RuntimeError unless the blocks of a group can be merged along samples or properties.
void check_group(const Group& group) {
    const auto check_components = [](const BlockData& first, const BlockData& other) {
        bool same = first.components.size() == other.components.size();
        for (size_t i = 0; same && i < first.components.size(); ++i) {
            same = *first.components[i] == *other.components[i];
        }
        TORCH_CHECK(same, "keys can only be moved between blocks with the same components: call "
                          "components_to_properties first");
    };
    const auto& first = *group[0].block;
    for (const auto& member : group) {
        check_components(first, *member.block);
        for (const auto& [parameter, gradient] : first.gradients) {
            const auto& other = *details::find_gradient(*member.block, parameter);
            check_components(*gradient, other);
            TORCH_CHECK(other.gradients.empty(), "can not move keys of blocks with gradients of gradients");
        }
    }
}

std::vector<const BlockData*> blocks_of(const Group& group) {
    std::vector<const BlockData*> blocks;
    for (const auto& member : group) {
        blocks.push_back(member.block);
    }
    return blocks;
}

std::vector<const BlockData*> gradients_of(const Group& group, const std::string& parameter) {
    std::vector<const BlockData*> gradients;
    for (const auto& member : group) {
        gradients.push_back(details::find_gradient(*member.block, parameter).get());
    }
    return gradients;
}

/// Block with `values` of `members` at `parts`
std::shared_ptr<BlockData> assemble_block(const std::vector<const BlockData*>& members,
                                          const std::vector<torch::Tensor>& values,
                                          std::vector<PartOfWhole> parts, Labels samples, Labels properties,
                                          const torch::Scalar& fill_value) {
    auto shape = members[0]->values.sizes().vec();
    shape.front() = samples->count();
    shape.back() = properties->count();
    auto whole = values.empty() ? torch::full(shape, fill_value, members[0]->values.options())
                                : details::assemble(values, std::move(parts), std::move(shape), fill_value);
    return std::make_shared<BlockData>(
        BlockData{std::move(whole), std::move(samples), members[0]->components, std::move(properties), {}});
}

/// One part of merged properties: the moved values and the member that has them, -1 if none does
struct PropertyPart {
    const int32_t* moved;
    int64_t member;
};

std::vector<PropertyPart> property_parts(const Group& group, const Labels& entries) {
    std::vector<PropertyPart> parts;
    if (!entries) {
        for (size_t member = 0; member < group.size(); ++member) {
            parts.push_back({group[member].moved, static_cast<int64_t>(member)});
        }
        return parts;
    }
    for (const auto& member : group) {
        TORCH_CHECK(
            *member.block->properties == *group[0].block->properties,
            "keys can only be moved to properties with given values if the properties are the same in all "
            "blocks");
    }
    const auto rows = entries->data()->host();
    for (int64_t i = 0; i < rows.count; ++i) {
        const auto found = std::find_if(group.begin(), group.end(), [&](const Member& member) {
            return details::same_row(member.moved, rows[i], rows.size);
        });
        parts.push_back({rows[i], found == group.end() ? -1 : found - group.begin()});
    }
    return parts;
}

Labels merged_properties(const Group& group, const std::vector<PropertyPart>& parts,
                         const std::vector<std::string>& moved_names) {
    const auto properties_of = [&](const PropertyPart& part) -> const Labels& {
        return group[std::max<int64_t>(part.member, 0)].block->properties;
    };
    int64_t count = 0;
    for (const auto& part : parts) {
        count += properties_of(part)->count();
    }
    const auto& first = *group[0].block;
    auto names = moved_names;
    names.insert(names.end(), first.properties->names().begin(), first.properties->names().end());
    auto values = details::empty_on_host({count, static_cast<int64_t>(names.size())}, torch::kInt);
    auto* row = values.data_ptr<int32_t>();
    for (const auto& part : parts) {
        const auto properties = properties_of(part)->data()->host();
        for (int64_t i = 0; i < properties.count; ++i) {
            row = std::copy_n(part.moved, moved_names.size(), row);
            row = std::copy_n(properties[i], properties.size, row);
        }
    }
    return LabelsHolder(std::move(names), std::move(values), metatensor::assume_unique{})
        .to(first.values.device());
}

std::shared_ptr<BlockData> merge_along_properties(const std::vector<const BlockData*>& members,
                                                  const std::vector<PropertyPart>& parts,
                                                  const MergedSamples& merged, Labels properties,
                                                  const torch::Scalar& fill_value) {
    std::vector<torch::Tensor> values;
    std::vector<PartOfWhole> places;
    PartOfWhole place;
    place.rows = merged.places_on(members[0]->values.device());
    for (const auto& part : parts) {
        const auto& source = members[std::max<int64_t>(part.member, 0)]->values;
        if (part.member >= 0) {
            place.rows_begin = merged.start_of(part.member);
            values.push_back(source);
            places.push_back(place);
        }
        place.first_column += source.size(-1);
    }
    return assemble_block(members, values, std::move(places), merged.samples, std::move(properties),
                          fill_value);
}

std::shared_ptr<BlockData> group_to_properties(const Group& group, const KeysToMove& to_move,
                                               const MergeOptions& options) {
    check_group(group);
    const auto parts = property_parts(group, to_move.entries);
    const auto properties = merged_properties(group, parts, to_move.names);
    const auto blocks = blocks_of(group);
    const auto samples = details::merge_samples(blocks, options.sort_samples);
    auto block = merge_along_properties(blocks, parts, samples, properties, options.fill_value);
    for (const auto& [parameter, gradient] : group[0].block->gradients) {
        const auto gradients = gradients_of(group, parameter);
        const auto gradient_samples = details::merge_gradient_samples(gradients, samples);
        block->gradients.emplace_back(parameter, merge_along_properties(gradients, parts, gradient_samples,
                                                                        properties, options.fill_value));
    }
    return block;
}

/// Properties of all members as one set, in the order of their first appearance, and for each member the
/// places of its properties there; undefined if all have the same ones
struct MergedProperties {
    Labels properties;
    std::vector<torch::Tensor> places;
};

MergedProperties unite_properties(const Group& group) {
    MergedProperties result{group[0].block->properties, {}};
    bool all_the_same = true;
    for (const auto& member : group) {
        if (*member.block->properties != *result.properties) {
            result.properties = result.properties->set_union(member.block->properties);
            all_the_same = false;
        }
    }
    result.places.resize(group.size());
    for (size_t k = 0; k < group.size() && !all_the_same; ++k) {
        result.places[k] =
            details::find_host_rows(*result.properties->data(), *group[k].block->properties->data());
        // they are there, unless somebody changed the tensor that labels were made of
        const auto* places = result.places[k].const_data_ptr<int64_t>();
        TORCH_CHECK_INDEX(
            std::all_of(places, places + result.places[k].numel(), [](int64_t place) { return place >= 0; }),
            "properties must not be changed after they were made, got other values");
    }
    return result;
}

std::shared_ptr<BlockData> merge_along_samples(const std::vector<const BlockData*>& members,
                                               const MergedSamples& merged,
                                               const MergedProperties& properties,
                                               const torch::Scalar& fill_value) {
    std::vector<torch::Tensor> values;
    std::vector<PartOfWhole> places;
    const auto rows = merged.places_on(members[0]->values.device());
    for (size_t member = 0; member < members.size(); ++member) {
        values.push_back(members[member]->values);
        PartOfWhole place;
        place.rows = rows;
        place.rows_begin = merged.start_of(member);
        place.columns = properties.places[member];
        places.push_back(std::move(place));
    }
    return assemble_block(members, values, std::move(places), merged.samples, properties.properties,
                          fill_value);
}

std::shared_ptr<BlockData> group_to_samples(const Group& group, const KeysToMove& to_move,
                                            const MergeOptions& options) {
    check_group(group);
    const auto properties = unite_properties(group);
    const auto blocks = blocks_of(group);
    std::vector<const int32_t*> moved;
    for (const auto& member : group) {
        moved.push_back(member.moved);
    }
    const auto samples = details::merge_samples_with(blocks, to_move.names, moved, options.sort_samples);
    auto block = merge_along_samples(blocks, samples, properties, options.fill_value);
    for (const auto& [parameter, gradient] : group[0].block->gradients) {
        const auto gradients = gradients_of(group, parameter);
        block->gradients.emplace_back(
            parameter, merge_along_samples(gradients, details::merge_gradient_samples(gradients, samples),
                                           properties, options.fill_value));
    }
    return block;
}

} // namespace

TensorMap TensorMapHolder::keys_to_properties(const torch::IValue& keys_to_move,
                                              const torch::Scalar& fill_value, bool sort_samples) const {
    const auto to_move = parse_keys_to_move(keys_to_move);
    const auto groups = group_blocks(*keys_, blocks_, to_move.names);
    details::fetch_samples(blocks_, details::MOST_ROWS_TO_MERGE_ON_HOST);
    Blocks blocks;
    for (const auto& group : groups.groups) {
        blocks.push_back(group_to_properties(group, to_move, {fill_value, sort_samples}));
    }
    return torch::make_intrusive<TensorMapHolder>(groups.keys, std::move(blocks), info_);
}

TensorMap TensorMapHolder::keys_to_samples(const torch::IValue& keys_to_move, const torch::Scalar& fill_value,
                                           bool sort_samples) const {
    const auto to_move = parse_keys_to_move(keys_to_move);
    TORCH_CHECK(!to_move.entries,
                "keys can not be moved to samples with given values: the Labels in `keys_to_move` "
                "must have no entries, got ",
                to_move.entries ? to_move.entries->count() : 0);
    const auto groups = group_blocks(*keys_, blocks_, to_move.names);
    details::fetch_samples(blocks_, details::MOST_ROWS_TO_MERGE_ON_HOST);
    Blocks blocks;
    for (const auto& group : groups.groups) {
        blocks.push_back(group_to_samples(group, to_move, {fill_value, sort_samples}));
    }
    return torch::make_intrusive<TensorMapHolder>(groups.keys, std::move(blocks), info_);
}

} // namespace metatensor_torch
