// SPDX-License-Identifier: BSD-3-Clause
// keys_to_properties and keys_to_samples: blocks whose keys differ only in the moved dimensions become one
#include <algorithm>
#include <numeric>

#include "check.hpp"
#include "data/block_data.hpp"
#include "data/labels_data.hpp"
#include "data/merge_rows.hpp"
#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch {

using details::BlockData;
using details::MergedRows;
using details::RowSpan;

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
    std::vector<int32_t> moved;
    std::shared_ptr<BlockData> block;
};

using Group = std::vector<Member>;

/// Groups of blocks that have the same values in the dimensions that stay, and these values
struct Groups {
    Labels keys;
    std::vector<Group> groups;
};

KeysToMove parse_keys_to_move(const torch::IValue& keys_to_move) {
    if (const auto labels = as_custom_class<LabelsHolder>(keys_to_move)) {
        return {labels->names(), labels->count() > 0 ? labels : Labels()};
    }
    return {details::normalize_names(keys_to_move, "keys to move"), Labels()};
}

Groups group_blocks(const LabelsHolder& keys, const Blocks& blocks,
                    const std::vector<std::string>& names_to_move) {
    TORCH_CHECK(!blocks.empty(), "there are no keys to move in an empty TensorMap");
    std::vector<int64_t> moved;
    for (const auto& name : names_to_move) {
        const auto found = std::find(keys.names().begin(), keys.names().end(), name);
        TORCH_CHECK(found != keys.names().end(), "can not move '", name, "', the keys only have [",
                    join(keys.names()), "]");
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
    std::vector<int32_t> kept_values;
    for (int64_t i = 0; i < rows.count; ++i) {
        std::transform(kept.begin(), kept.end(), std::back_inserter(kept_values),
                       [&](int64_t j) { return rows[i][j]; });
    }
    const auto n_kept = static_cast<int64_t>(kept.size());
    const auto merged = details::merge_rows({kept_values.data(), rows.count, n_kept}, /*sort=*/false);
    Groups result;
    result.groups.resize(merged.count);
    for (int64_t i = 0; i < rows.count; ++i) {
        Member member{{}, blocks[i]};
        std::transform(moved.begin(), moved.end(), std::back_inserter(member.moved),
                       [&](int64_t j) { return rows[i][j]; });
        result.groups[merged.places[i]].push_back(std::move(member));
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

bool is_identity(const std::vector<int64_t>& places, int64_t count) {
    if (static_cast<int64_t>(places.size()) != count) {
        return false;
    }
    for (int64_t i = 0; i < count; ++i) {
        if (places[i] != i) {
            return false;
        }
    }
    return true;
}

/// Values with the slices along `dim` at `places` of an axis with `count` entries, and the fill value
/// elsewhere
torch::Tensor spread(const torch::Tensor& values, int64_t dim, const std::vector<int64_t>& places,
                     int64_t count, const torch::Scalar& fill_value) {
    if (is_identity(places, count)) {
        return values;
    }
    auto shape = values.sizes().vec();
    const auto axis = dim < 0 ? dim + values.dim() : dim;
    shape[axis] = count;
    return torch::full(shape, fill_value, values.options())
        .index_copy(axis, details::int64_tensor(places, values.device()), values);
}

Labels labels_of(std::vector<std::string> names, const std::vector<int32_t>& values, int64_t count,
                 torch::Device device) {
    auto rows = torch::empty({count, static_cast<int64_t>(names.size())}, torch::kInt);
    std::copy(values.begin(), values.end(), rows.data_ptr<int32_t>());
    return LabelsHolder(std::move(names), std::move(rows), metatensor::assume_unique{}).to(device);
}

std::vector<std::string> concatenate(std::vector<std::string> first, const std::vector<std::string>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// Samples of all members of a group as one set, and for each member the places of its samples there
struct MergedSamples {
    Labels samples;
    std::vector<std::vector<int64_t>> places;
};

/// Merges rows that are made from the samples of the members: `make_row(member, sample, rows)` appends one.
template <typename MakeRow>
MergedSamples merge_samples(const std::vector<const BlockData*>& members,
                            const std::vector<std::string>& names, bool sort, const MakeRow& make_row) {
    std::vector<int32_t> rows;
    int64_t count = 0;
    for (size_t member = 0; member < members.size(); ++member) {
        const auto samples = members[member]->samples->data()->host();
        for (int64_t i = 0; i < samples.count; ++i) {
            make_row(member, samples[i], rows);
        }
        count += samples.count;
    }
    const auto merged = details::merge_rows({rows.data(), count, static_cast<int64_t>(names.size())}, sort);

    MergedSamples result;
    result.samples = labels_of(names, merged.values, merged.count, members[0]->values.device());
    auto place = merged.places.begin();
    for (const auto* member : members) {
        const auto end = place + member->samples->count();
        result.places.emplace_back(place, end);
        place = end;
    }
    return result;
}

/// Merges the samples of gradients, after their blocks were merged so that sample i of block b is at
/// places[b][i].
MergedSamples merge_gradient_samples(const std::vector<const BlockData*>& gradients,
                                     const std::vector<std::vector<int64_t>>& places) {
    return merge_samples(gradients, gradients[0]->samples->names(), /*sort=*/true,
                         [&](size_t member, const int32_t* sample, std::vector<int32_t>& rows) {
                             rows.push_back(static_cast<int32_t>(places[member][sample[0]]));
                             rows.insert(rows.end(), sample + 1, sample + gradients[member]->samples->size());
                         });
}

std::vector<const BlockData*> blocks_of(const Group& group) {
    std::vector<const BlockData*> blocks;
    for (const auto& member : group) {
        blocks.push_back(member.block.get());
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

/// One part of merged properties: the moved values and the member that has them, -1 if none does
struct PropertyPart {
    const int32_t* moved;
    int64_t member;
};

std::vector<PropertyPart> property_parts(const Group& group, const Labels& entries) {
    std::vector<PropertyPart> parts;
    if (!entries) {
        for (size_t member = 0; member < group.size(); ++member) {
            parts.push_back({group[member].moved.data(), static_cast<int64_t>(member)});
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
            return details::same_row(member.moved.data(), rows[i], rows.size);
        });
        parts.push_back({rows[i], found == group.end() ? -1 : found - group.begin()});
    }
    return parts;
}

Labels merged_properties(const Group& group, const std::vector<PropertyPart>& parts,
                         const std::vector<std::string>& moved_names) {
    std::vector<int32_t> rows;
    int64_t count = 0;
    for (const auto& part : parts) {
        const auto properties = group[std::max<int64_t>(part.member, 0)].block->properties->data()->host();
        for (int64_t i = 0; i < properties.count; ++i) {
            rows.insert(rows.end(), part.moved, part.moved + moved_names.size());
            rows.insert(rows.end(), properties[i], properties[i] + properties.size);
        }
        count += properties.count;
    }
    const auto& first = *group[0].block;
    return labels_of(concatenate(moved_names, first.properties->names()), rows, count, first.values.device());
}

std::shared_ptr<BlockData> merge_along_properties(const std::vector<const BlockData*>& members,
                                                  const std::vector<PropertyPart>& parts,
                                                  const MergedSamples& merged, Labels properties,
                                                  const torch::Scalar& fill_value) {
    std::vector<torch::Tensor> values;
    for (const auto& part : parts) {
        const auto& source = members[std::max<int64_t>(part.member, 0)]->values;
        if (part.member >= 0) {
            values.push_back(
                spread(source, 0, merged.places[part.member], merged.samples->count(), fill_value));
            continue;
        }
        auto shape = source.sizes().vec();
        shape[0] = merged.samples->count();
        values.push_back(torch::full(shape, fill_value, source.options()));
    }
    return std::make_shared<BlockData>(
        BlockData{torch::cat(values, -1), merged.samples, members[0]->components, std::move(properties), {}});
}

std::shared_ptr<BlockData> group_to_properties(const Group& group, const KeysToMove& to_move,
                                               const MergeOptions& options) {
    check_group(group);
    const auto parts = property_parts(group, to_move.entries);
    const auto properties = merged_properties(group, parts, to_move.names);
    const auto& first = *group[0].block;
    const auto samples = merge_samples(blocks_of(group), first.samples->names(), options.sort_samples,
                                       [&](size_t, const int32_t* sample, std::vector<int32_t>& rows) {
                                           rows.insert(rows.end(), sample, sample + first.samples->size());
                                       });
    auto block = merge_along_properties(blocks_of(group), parts, samples, properties, options.fill_value);
    for (const auto& [parameter, gradient] : first.gradients) {
        const auto gradients = gradients_of(group, parameter);
        const auto gradient_samples = merge_gradient_samples(gradients, samples.places);
        block->gradients.emplace_back(parameter, merge_along_properties(gradients, parts, gradient_samples,
                                                                        properties, options.fill_value));
    }
    return block;
}

/// Properties of all members as one set, in the order of their first appearance, and for each member the
/// places of its properties there
struct MergedProperties {
    Labels properties;
    std::vector<std::vector<int64_t>> places;
};

MergedProperties unite_properties(const Group& group) {
    MergedProperties result{group[0].block->properties, {}};
    for (const auto& member : group) {
        if (*member.block->properties != *result.properties) {
            result.properties = result.properties->set_union(member.block->properties);
        }
    }
    const auto& index = result.properties->data()->index();
    const auto rows = result.properties->data()->host();
    for (const auto& member : group) {
        const auto wanted = member.block->properties->data()->host();
        result.places.push_back(index.find_all(rows, wanted, /*wanted_sorted=*/false));
    }
    return result;
}

std::shared_ptr<BlockData> merge_along_samples(const std::vector<const BlockData*>& members,
                                               const MergedSamples& merged,
                                               const MergedProperties& properties,
                                               const torch::Scalar& fill_value) {
    std::vector<torch::Tensor> values;
    std::vector<int64_t> order(merged.samples->count());
    int64_t row = 0;
    for (size_t member = 0; member < members.size(); ++member) {
        values.push_back(spread(members[member]->values, -1, properties.places[member],
                                properties.properties->count(), fill_value));
        for (const auto place : merged.places[member]) {
            order[place] = row++;
        }
    }
    auto all_values = torch::cat(values, 0);
    if (!is_identity(order, row)) {
        all_values = all_values.index_select(0, details::int64_tensor(order, all_values.device()));
    }
    return std::make_shared<BlockData>(
        BlockData{all_values, merged.samples, members[0]->components, properties.properties, {}});
}

std::shared_ptr<BlockData> group_to_samples(const Group& group, const KeysToMove& to_move,
                                            const MergeOptions& options) {
    check_group(group);
    const auto properties = unite_properties(group);
    const auto& first = *group[0].block;
    const auto samples = merge_samples(
        blocks_of(group), concatenate(first.samples->names(), to_move.names), options.sort_samples,
        [&](size_t member, const int32_t* sample, std::vector<int32_t>& rows) {
            rows.insert(rows.end(), sample, sample + first.samples->size());
            rows.insert(rows.end(), group[member].moved.begin(), group[member].moved.end());
        });
    auto block = merge_along_samples(blocks_of(group), samples, properties, options.fill_value);
    for (const auto& [parameter, gradient] : first.gradients) {
        const auto gradients = gradients_of(group, parameter);
        block->gradients.emplace_back(
            parameter, merge_along_samples(gradients, merge_gradient_samples(gradients, samples.places),
                                           properties, options.fill_value));
    }
    return block;
}

} // namespace

TensorMap TensorMapHolder::keys_to_properties(const torch::IValue& keys_to_move,
                                              const torch::Scalar& fill_value, bool sort_samples) const {
    const auto to_move = parse_keys_to_move(keys_to_move);
    const auto groups = group_blocks(*keys_, blocks_, to_move.names);
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
    Blocks blocks;
    for (const auto& group : groups.groups) {
        blocks.push_back(group_to_samples(group, to_move, {fill_value, sort_samples}));
    }
    return torch::make_intrusive<TensorMapHolder>(groups.keys, std::move(blocks), info_);
}

} // namespace metatensor_torch
