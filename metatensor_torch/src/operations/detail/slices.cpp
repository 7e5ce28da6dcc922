// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/slices.hpp"

#include <algorithm>
#include <numeric>

#include "check.hpp"
#include "data/empty_on_host.hpp"
#include "data/fetch_labels.hpp"
#include "data/labels_data.hpp"
#include "operations/detail/change_labels.hpp"
#include "operations/detail/loops.hpp"
#include "operations/detail/memory.hpp"
#include "operations/detail/selected_rows.hpp"

namespace metatensor_torch::details {

namespace {

bool are_all(const std::vector<int64_t>& places, int64_t count) {
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

/// Sizes and index of slices of which the places are known, along an axis with `count` entries
void finish(Slices& slices, int64_t count, torch::Device device) {
    std::vector<int64_t> all;
    for (const auto& places : slices.places) {
        slices.sizes.push_back(static_cast<int64_t>(places.size()));
        all.insert(all.end(), places.begin(), places.end());
    }
    if (!are_all(all, count)) {
        slices.index = int64_tensor(all, device);
    }
}

/// A gather for each part
std::vector<torch::Tensor> gather_each(const torch::Tensor& values, int64_t dim, const Slices& slices) {
    std::vector<torch::Tensor> parts;
    parts.reserve(slices.places.size());
    for (const auto& places : slices.places) {
        parts.push_back(gather_on_host(values, dim, places));
    }
    return parts;
}

/// One gather for all parts, which share its result: its derivative is one gather too, however many they are.
std::vector<torch::Tensor> cut_values(const torch::Tensor& values, int64_t dim, const Slices& slices) {
    if (slices.sizes.size() == 1 && !slices.index.defined()) {
        return {values};
    }
    if (is_plain_memory(values)) {
        return gather_each(values, dim, slices);
    }
    const auto ordered = slices.index.defined() ? values.index_select(dim, slices.index) : values;
    if (slices.sizes.size() == 1) {
        return {ordered};
    }
    auto parts = ordered.split_with_sizes(slices.sizes, dim);
    for (auto& part : parts) {
        part = part.contiguous();
    }
    return parts;
}

/// Number of parts from `first` on that have no sample in common; `part_of_sample` and `new_place` say where
/// each sample is in these parts, -1 for those in none.
size_t disjoint_parts(const Slices& slices, size_t first, std::vector<int64_t>& part_of_sample,
                      std::vector<int64_t>& new_place) {
    std::fill(part_of_sample.begin(), part_of_sample.end(), -1);
    size_t part = first;
    for (; part < slices.places.size(); ++part) {
        const auto& places = slices.places[part];
        if (part > first && std::any_of(places.begin(), places.end(),
                                        [&](int64_t place) { return part_of_sample[place] >= 0; })) {
            break;
        }
        for (size_t i = 0; i < places.size(); ++i) {
            part_of_sample[places[i]] = static_cast<int64_t>(part);
            new_place[places[i]] = static_cast<int64_t>(i);
        }
    }
    return part - first;
}

} // namespace

Slicer::Slicer(const char* operation, const std::string& axis, const std::vector<torch::IValue>& selections)
    : operation_(operation), axis_(axis_in(operation, axis, {Axis::samples, Axis::properties})) {
    for (const auto& selection : selections) {
        selections_.push_back(parse(selection));
    }
}

Slicer::Selection Slicer::parse(const torch::IValue& selection) const {
    if (auto labels = as_custom_class<LabelsHolder>(selection)) {
        return {std::move(labels), {}, {}};
    }
    if (selection.isIntList()) {
        return {{}, selection.toIntVector(), {}};
    }
    if (selection.isList() && selection.toListRef().empty()) {
        return {};
    }
    TORCH_CHECK_TYPE(selection.isTensor(), "a selection of '", operation_,
                     "' must be Labels, a tensor or a list of integers, got ", selection.type()->repr_str());
    auto tensor = selection.toTensor().to(torch::kCPU);
    TORCH_CHECK_VALUE(tensor.dim() == 1, "a selection of '", operation_, "' must be a 1D tensor, got shape ",
                      shape_text(tensor.sizes()));
    Selection result;
    if (tensor.scalar_type() == torch::kBool) {
        result.mask_size = tensor.size(0);
        tensor = tensor.nonzero().squeeze(1);
    }
    TORCH_CHECK_TYPE(c10::isIntegralType(tensor.scalar_type(), /*includeBool=*/false), "a selection of '",
                     operation_, "' must be a tensor of integers or booleans, got ",
                     dtype_text(tensor.scalar_type()));
    tensor = tensor.to(torch::kLong).contiguous();
    result.places.assign(tensor.const_data_ptr<int64_t>(), tensor.const_data_ptr<int64_t>() + tensor.numel());
    return result;
}

std::vector<int64_t> Slicer::checked_places(const Selection& selection, int64_t count) const {
    const auto* entries = axis_ == Axis::samples ? " samples" : " properties";
    TORCH_CHECK_INDEX(!selection.mask_size || *selection.mask_size == count, "a selection of '", operation_,
                      "' by booleans must have one for each of the ", count, entries, ", got ",
                      selection.mask_size.value_or(0));
    auto places = selection.places;
    std::vector<bool> taken(count);
    for (auto& place : places) {
        TORCH_CHECK_INDEX(place >= -count && place < count, "'", operation_, "' got index ", place,
                          ", which is out of range for a block with ", count, entries);
        place = place < 0 ? place + count : place;
        TORCH_CHECK_VALUE(axis_ == Axis::properties || !taken[place], "'", operation_, "' got index ", place,
                          " twice, but the samples of a block are unique");
        taken[place] = true;
    }
    if (axis_ == Axis::properties) {
        std::sort(places.begin(), places.end());
        places.erase(std::unique(places.begin(), places.end()), places.end());
    }
    return places;
}

std::vector<std::vector<int64_t>> Slicer::places_in(const Labels& labels) const {
    const auto* axis = axis_ == Axis::samples ? "samples" : "properties";
    std::vector<std::vector<int64_t>> places(selections_.size());
    std::vector<Labels> by_labels;
    for (size_t part = 0; part < selections_.size(); ++part) {
        const auto& selected = selections_[part].labels;
        if (!selected) {
            places[part] = checked_places(selections_[part], labels->count());
            continue;
        }
        for (const auto& name : selected->names()) {
            TORCH_CHECK_VALUE(
                std::find(labels->names().begin(), labels->names().end(), name) != labels->names().end(),
                "the selection of '", operation_, "' contains '", name, "', which is no dimension of the ",
                axis, ", only [", comma_list(labels->names()), "]");
        }
        by_labels.push_back(selected);
    }
    auto found = selected_rows(labels, by_labels);
    auto next = found.begin();
    for (size_t part = 0; part < selections_.size(); ++part) {
        if (selections_[part].labels) {
            places[part] = std::move(*next++);
            if (axis_ == Axis::properties) {
                std::sort(places[part].begin(), places[part].end());
            }
        }
    }
    return places;
}

const Slices& Slicer::slices_of(const Labels& labels) {
    auto [known, is_new] = known_.try_emplace(labels->data().get());
    auto& slices = known->second;
    if (is_new) {
        slices.places = places_in(labels);
        const auto rows = labels->data()->host();
        for (const auto& places : slices.places) {
            slices.labels.push_back(are_all(places, rows.count) ? labels : take_rows(rows, places, labels));
        }
        finish(slices, rows.count, labels->device());
    }
    return slices;
}

const Slices& Slicer::gradient_slices_of(const Labels& samples, const Slices& of_block, int64_t n_samples) {
    auto [known, is_new] = known_gradients_.try_emplace({samples->data().get(), &of_block});
    auto& slices = known->second;
    if (!is_new) {
        return slices;
    }
    const auto rows = samples->data()->host();
    const auto n_parts = of_block.places.size();
    slices.places.resize(n_parts);
    std::vector<std::vector<int32_t>> values(n_parts);
    std::vector<int64_t> part_of_sample(n_samples);
    std::vector<int64_t> new_place(n_samples);
    for (size_t first = 0; first < n_parts;) {
        const auto n_disjoint = disjoint_parts(of_block, first, part_of_sample, new_place);
        for (int64_t i = 0; i < rows.count; ++i) {
            const auto part = part_of_sample[rows[i][0]];
            if (part >= 0) {
                slices.places[part].push_back(i);
                values[part].push_back(static_cast<int32_t>(new_place[rows[i][0]]));
                values[part].insert(values[part].end(), rows[i] + 1, rows[i] + rows.size);
            }
        }
        first += n_disjoint;
    }
    for (size_t part = 0; part < n_parts; ++part) {
        auto part_rows =
            empty_on_host({static_cast<int64_t>(slices.places[part].size()), rows.size}, torch::kInt);
        std::copy(values[part].begin(), values[part].end(), part_rows.data_ptr<int32_t>());
        slices.labels.push_back(labels_of(samples->names(), std::move(part_rows), samples->device()));
    }
    finish(slices, rows.count, samples->device());
    return slices;
}

Blocks Slicer::cut_samples(const BlockData& block, const Slices& slices) {
    auto values = cut_values(block.values, 0, slices);
    Blocks parts;
    for (size_t part = 0; part < values.size(); ++part) {
        parts.push_back(std::make_shared<BlockData>(BlockData{std::move(values[part]),
                                                              named_like(slices.labels[part], block.samples),
                                                              block.components,
                                                              block.properties,
                                                              {}}));
    }
    for (const auto& [parameter, gradient] : block.gradients) {
        const auto gradients =
            cut_samples(*gradient, gradient_slices_of(gradient->samples, slices, block.samples->count()));
        for (size_t part = 0; part < parts.size(); ++part) {
            parts[part]->gradients.emplace_back(parameter, gradients[part]);
        }
    }
    return parts;
}

Blocks Slicer::cut_properties(const BlockData& block, const Slices& slices) const {
    auto values = cut_values(block.values, -1, slices);
    Blocks parts;
    for (size_t part = 0; part < values.size(); ++part) {
        parts.push_back(std::make_shared<BlockData>(
            BlockData{std::move(values[part]), block.samples, block.components, slices.labels[part], {}}));
    }
    for (const auto& [parameter, gradient] : block.gradients) {
        const auto gradients = cut_properties(*gradient, slices);
        for (size_t part = 0; part < parts.size(); ++part) {
            parts[part]->gradients.emplace_back(parameter, gradients[part]);
        }
    }
    return parts;
}

void Slicer::prepare(const Blocks& blocks) const {
    const bool by_labels =
        std::any_of(selections_.begin(), selections_.end(),
                    [](const Selection& selection) { return selection.labels != nullptr; });
    if (axis_ == Axis::samples && by_labels) {
        fetch_samples(blocks);
    }
}

Blocks Slicer::cut(const BlockData& block) {
    if (selections_.empty()) {
        return {};
    }
    return axis_ == Axis::samples ? cut_samples(block, slices_of(block.samples))
                                  : cut_properties(block, slices_of(block.properties));
}

} // namespace metatensor_torch::details
