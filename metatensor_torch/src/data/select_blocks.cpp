// SPDX-License-Identifier: BSD-3-Clause
// Access to the blocks of a TensorMap by index or by key
#include <algorithm>

#include "check.hpp"
#include "data/block_data.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch {

namespace {

/// Values that some dimensions of a key must have
struct KeySelection {
    std::vector<std::string> names;
    std::vector<int64_t> values;
};

KeySelection selection_of(const std::map<std::string, int32_t>& selection) {
    KeySelection result;
    for (const auto& [name, value] : selection) {
        result.names.push_back(name);
        result.values.push_back(value);
    }
    return result;
}

KeySelection selection_of(const LabelsEntryHolder& entry) {
    return {entry.names(), {entry.host_values(), entry.host_values() + entry.size()}};
}

KeySelection selection_of(const Labels& selection) {
    TORCH_CHECK_VALUE(selection->count() == 1, "labels that select blocks must have one entry, got ",
                      selection->count());
    return selection_of(LabelsEntryHolder(selection, 0));
}

KeySelection selection_of(const c10::Dict<torch::IValue, torch::IValue>& selection) {
    KeySelection result;
    for (const auto& item : selection) {
        TORCH_CHECK_TYPE(item.key().isString() && item.value().isInt(),
                         "a dictionary that selects blocks must be a Dict[str, int], got Dict[",
                         item.key().type()->repr_str(), ", ", item.value().type()->repr_str(), "]");
        result.names.push_back(item.key().toStringRef());
        result.values.push_back(item.value().toInt());
    }
    return result;
}

/// Selection in a Dict, Labels or a LabelsEntry; none if `value` is something else.
std::optional<KeySelection> selection_in(const torch::IValue& value) {
    if (value.isGenericDict()) {
        return selection_of(value.toGenericDict());
    }
    if (const auto labels = as_custom_class<LabelsHolder>(value)) {
        return selection_of(labels);
    }
    if (const auto entry = as_custom_class<LabelsEntryHolder>(value)) {
        return selection_of(*entry);
    }
    return std::nullopt;
}

std::string selection_text(const KeySelection& selection) {
    std::string text = "(";
    for (size_t i = 0; i < selection.names.size(); ++i) {
        text += (i == 0 ? "" : ", ") + selection.names[i] + "=" + std::to_string(selection.values[i]);
    }
    return text + ")";
}

/// Places of the keys that agree with the selection, ascending
std::vector<int64_t> matching_keys(const LabelsHolder& keys, const KeySelection& selection) {
    std::vector<int64_t> columns;
    for (const auto& name : selection.names) {
        const auto found = std::find(keys.names().begin(), keys.names().end(), name);
        TORCH_CHECK(found != keys.names().end(), "the selection contains '", name,
                    "', but the keys only have [", comma_list(keys.names()), "]");
        columns.push_back(found - keys.names().begin());
    }
    const auto rows = keys.data()->host();
    const auto agrees = [&](int64_t i) {
        for (size_t j = 0; j < columns.size(); ++j) {
            if (rows[i][columns[j]] != selection.values[j]) {
                return false;
            }
        }
        return true;
    };
    if (static_cast<int64_t>(columns.size()) == rows.size) {
        std::vector<int32_t> row(rows.size);
        for (size_t j = 0; j < columns.size(); ++j) {
            row[columns[j]] = static_cast<int32_t>(selection.values[j]);
        }
        const auto place = keys.data()->index().find(rows, row.data());
        return place >= 0 && agrees(place) ? std::vector<int64_t>{place} : std::vector<int64_t>{};
    }
    std::vector<int64_t> places;
    for (int64_t i = 0; i < rows.count; ++i) {
        if (agrees(i)) {
            places.push_back(i);
        }
    }
    return places;
}

TensorBlock the_block(const TensorMap& self, const KeySelection& selection) {
    const auto matching = matching_keys(*self->keys(), selection);
    TORCH_CHECK_VALUE(!matching.empty(), "no block matches the selection ", selection_text(selection));
    TORCH_CHECK_VALUE(matching.size() == 1, matching.size(), " blocks match the selection ",
                      selection_text(selection), ", `blocks` gives all of them");
    return TensorMapHolder::block_by_id(self, matching[0]);
}

std::vector<TensorBlock> all_blocks(const TensorMap& self, const KeySelection& selection) {
    return TensorMapHolder::blocks_by_id(self, matching_keys(*self->keys(), selection));
}

} // namespace

TensorBlock TensorMapHolder::block_by_id(const TensorMap& self, int64_t index) {
    const auto count = static_cast<int64_t>(self->blocks_.size());
    TORCH_CHECK_INDEX(index >= -count && index < count, "block index ", index,
                      " is out of range for a TensorMap with ", count, " blocks");
    return torch::make_intrusive<TensorBlockHolder>(self->blocks_[index < 0 ? index + count : index], "");
}

TensorBlock TensorMapHolder::block(const TensorMap& self, const std::map<std::string, int32_t>& selection) {
    return the_block(self, selection_of(selection));
}

TensorBlock TensorMapHolder::block(const TensorMap& self, const Labels& selection) {
    return the_block(self, selection_of(selection));
}

TensorBlock TensorMapHolder::block(const TensorMap& self, const LabelsEntry& selection) {
    return the_block(self, selection_of(*selection));
}

TensorBlock TensorMapHolder::block_torch(const TensorMap& self, const torch::IValue& selection) {
    if (selection.isNone()) {
        TORCH_CHECK_VALUE(!self->blocks_.empty(), "this TensorMap has no block");
        TORCH_CHECK_VALUE(self->blocks_.size() == 1, "this TensorMap has ", self->blocks_.size(),
                          " blocks: say which one with a selection");
        return block_by_id(self, 0);
    }
    if (selection.isInt()) {
        return block_by_id(self, selection.toInt());
    }
    const auto keys = selection_in(selection);
    TORCH_CHECK_TYPE(keys, "a block is selected by None, an int, Dict[str, int], Labels or LabelsEntry, got ",
                     selection.type()->repr_str());
    return the_block(self, *keys);
}

std::vector<TensorBlock> TensorMapHolder::blocks_by_id(const TensorMap& self,
                                                       const std::vector<int64_t>& indices) {
    std::vector<TensorBlock> blocks;
    blocks.reserve(indices.size());
    for (const auto index : indices) {
        blocks.push_back(block_by_id(self, index));
    }
    return blocks;
}

std::vector<TensorBlock> TensorMapHolder::blocks(const TensorMap& self) {
    return all_blocks(self, KeySelection());
}

std::vector<TensorBlock> TensorMapHolder::blocks(const TensorMap& self,
                                                 const std::map<std::string, int32_t>& selection) {
    return all_blocks(self, selection_of(selection));
}

std::vector<TensorBlock> TensorMapHolder::blocks(const TensorMap& self, const Labels& selection) {
    return all_blocks(self, selection_of(selection));
}

std::vector<TensorBlock> TensorMapHolder::blocks(const TensorMap& self, const LabelsEntry& selection) {
    return all_blocks(self, selection_of(*selection));
}

std::vector<TensorBlock> TensorMapHolder::blocks_torch(const TensorMap& self,
                                                       const torch::IValue& selection) {
    if (selection.isNone()) {
        return blocks(self);
    }
    if (selection.isInt()) {
        return {block_by_id(self, selection.toInt())};
    }
    if (selection.isIntList()) {
        return blocks_by_id(self, selection.toIntVector());
    }
    const auto keys = selection_in(selection);
    TORCH_CHECK_VALUE(
        keys, "blocks are selected by None, an int, List[int], Dict[str, int], Labels or LabelsEntry, got ",
        selection.type()->repr_str());
    return all_blocks(self, *keys);
}

std::vector<std::tuple<LabelsEntry, TensorBlock>> TensorMapHolder::items(const TensorMap& self) {
    std::vector<std::tuple<LabelsEntry, TensorBlock>> result;
    const auto count = static_cast<int64_t>(self->blocks_.size());
    result.reserve(count);
    for (int64_t i = 0; i < count; ++i) {
        result.emplace_back(torch::make_intrusive<LabelsEntryHolder>(self->keys_, i), block_by_id(self, i));
    }
    return result;
}

} // namespace metatensor_torch
