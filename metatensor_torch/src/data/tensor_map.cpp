// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <functional>

#include "check.hpp"
#include "data/block_data.hpp"
#include "data/text_table.hpp"
#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch {

using details::BlockData;

namespace {

void check_same_names(const char* what, const std::vector<std::string>& first,
                      const std::vector<std::string>& other) {
    TORCH_CHECK(first == other, "the ", what, " names of all blocks in a TensorMap must be the same, got [",
                comma_list(first), "] and [", comma_list(other), "]");
}

void check_same_metadata(const BlockData& first, const BlockData& other) {
    check_same_names("sample", first.samples->names(), other.samples->names());
    check_same_names("component", details::component_names(first), details::component_names(other));
    check_same_names("property", first.properties->names(), other.properties->names());
    bool same_gradients = first.gradients.size() == other.gradients.size();
    for (const auto& [parameter, gradient] : first.gradients) {
        same_gradients = same_gradients && details::find_gradient(other, parameter);
    }
    TORCH_CHECK(same_gradients,
                "all blocks in a TensorMap must have gradients with respect to the same parameters");
    for (const auto& [parameter, gradient] : first.gradients) {
        check_same_metadata(*gradient, *details::find_gradient(other, parameter));
    }
}

void check_different(const std::vector<std::shared_ptr<BlockData>>& blocks) {
    std::vector<const BlockData*> addresses;
    addresses.reserve(blocks.size());
    for (const auto& block : blocks) {
        addresses.push_back(block.get());
    }
    std::sort(addresses.begin(), addresses.end(), std::less<>());
    TORCH_CHECK(
        std::adjacent_find(addresses.begin(), addresses.end()) == addresses.end(),
        "the same TensorBlock is given twice to a TensorMap, which takes its content: make a copy of it");
}

void check_blocks(const Labels& keys, const std::vector<std::shared_ptr<BlockData>>& blocks) {
    TORCH_CHECK(static_cast<int64_t>(blocks.size()) == keys->count(), "a TensorMap with ", keys->count(),
                " keys must have as many blocks, got ", blocks.size());
    for (const auto& block : blocks) {
        TORCH_CHECK(block->values.device() == keys->device(),
                    "the blocks of a TensorMap must be on the device of the keys, ", keys->device(), ", got ",
                    block->values.device());
        TORCH_CHECK(block->values.scalar_type() == blocks[0]->values.scalar_type(),
                    "all blocks in a TensorMap must have the same dtype, got ",
                    dtype_text(blocks[0]->values.scalar_type()), " and ",
                    dtype_text(block->values.scalar_type()));
        check_same_metadata(*blocks[0], *block);
    }
}

} // namespace

TensorMapHolder::TensorMapHolder(Labels keys, const std::vector<TensorBlock>& blocks)
    : keys_(std::move(keys)) {
    // all is checked before the first block is taken, so that after an error they can still be used
    std::vector<std::shared_ptr<BlockData>> contents;
    contents.reserve(blocks.size());
    for (const auto& block : blocks) {
        contents.push_back(block->shared());
    }
    check_different(contents);
    check_blocks(keys_, contents);
    blocks_.reserve(blocks.size());
    for (const auto& block : blocks) {
        blocks_.push_back(block->take());
    }
}

TensorMapHolder::TensorMapHolder(Labels keys, std::vector<std::shared_ptr<BlockData>> blocks,
                                 std::vector<std::pair<std::string, std::string>> info)
    : keys_(std::move(keys)), blocks_(std::move(blocks)), info_(std::move(info)) {}

TensorMap TensorMapHolder::copy(bool deep) const {
    std::vector<std::shared_ptr<BlockData>> blocks;
    for (const auto& block : blocks_) {
        blocks.push_back(details::copied(*block, deep));
    }
    return torch::make_intrusive<TensorMapHolder>(keys_, std::move(blocks), info_);
}

std::vector<std::string> TensorMapHolder::sample_names() const {
    return blocks_.empty() ? std::vector<std::string>() : blocks_[0]->samples->names();
}

std::vector<std::string> TensorMapHolder::component_names() const {
    return blocks_.empty() ? std::vector<std::string>() : details::component_names(*blocks_[0]);
}

std::vector<std::string> TensorMapHolder::property_names() const {
    return blocks_.empty() ? std::vector<std::string>() : blocks_[0]->properties->names();
}

torch::ScalarType TensorMapHolder::scalar_type() const {
    return blocks_.empty() ? c10::get_default_dtype_as_scalartype() : blocks_[0]->values.scalar_type();
}

void TensorMapHolder::set_info(const std::string& key, const std::string& value) {
    for (auto& [known, text] : info_) {
        if (known == key) {
            text = value;
            return;
        }
    }
    info_.emplace_back(key, value);
}

std::optional<std::string> TensorMapHolder::get_info(const std::string& key) const {
    for (const auto& [known, text] : info_) {
        if (known == key) {
            return text;
        }
    }
    return std::nullopt;
}

c10::Dict<std::string, std::string> TensorMapHolder::info() const {
    c10::Dict<std::string, std::string> result;
    for (const auto& [key, value] : info_) {
        result.insert(key, value);
    }
    return result;
}

TensorMap TensorMapHolder::to(std::optional<torch::ScalarType> dtype, std::optional<torch::Device> device,
                              const std::optional<std::string>& arrays, bool non_blocking) const {
    return to_positional(torch::IValue(), torch::IValue(), dtype, device, arrays, non_blocking);
}

TensorMap TensorMapHolder::to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                                         std::optional<torch::ScalarType> dtype,
                                         std::optional<torch::Device> device,
                                         const std::optional<std::string>& arrays, bool non_blocking) const {
    const auto target =
        details::parse_target("TensorMap", positional_1, positional_2, dtype, device, arrays, non_blocking);
    std::vector<std::shared_ptr<BlockData>> blocks;
    for (const auto& block : blocks_) {
        blocks.push_back(details::moved(*block, target));
    }
    auto keys = keys_->to(target.device.value_or(this->device()), non_blocking);
    return torch::make_intrusive<TensorMapHolder>(std::move(keys), std::move(blocks), info_);
}

std::string TensorMapHolder::print(int64_t max_keys) const {
    auto text = "TensorMap with " + std::to_string(blocks_.size()) +
                (blocks_.size() == 1 ? " block" : " blocks") + "\n    keys: [" + comma_list(keys_->names()) +
                "]\n    blocks:";
    const auto count = static_cast<int64_t>(blocks_.size());
    const auto shown = max_keys < 0 ? count : std::min(count, max_keys);
    std::vector<std::vector<std::string>> lines;
    for (int64_t i = 0; i < shown; ++i) {
        const LabelsEntryHolder key(keys_, i);
        lines.push_back(details::row_texts(key.host_values(), key.size()));
    }
    const auto widths = details::column_widths(lines, keys_->names().size());
    size_t total_width = 0;
    for (const auto width : widths) {
        total_width += width;
    }
    for (int64_t i = 0; i < shown; ++i) {
        text += "\n      ";
        for (size_t j = 0; j < widths.size(); ++j) {
            text += details::centred(lines[i][j], widths[j], /*pad_right=*/true);
        }
        text += "  => TensorBlock with shape " + details::shape_tuple(blocks_[i]->values);
    }
    if (shown < count) {
        text += "\n" + std::string(7 + total_width, ' ') + "...";
    }
    return text;
}

} // namespace metatensor_torch
