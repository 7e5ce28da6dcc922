// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/slices.hpp"

#include <algorithm>
#include <numeric>

#include "check.hpp"
#include "data/derivatives.hpp"
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

/// Sizes of slices of which the places are known, along an axis with `count` entries
void finish(Slices& slices, int64_t count) {
    int64_t next = 0;
    bool in_order = true;
    for (const auto& places : slices.places) {
        slices.sizes.push_back(static_cast<int64_t>(places.size()));
        for (size_t i = 0; in_order && i < places.size(); ++i) {
            in_order = places[i] == next++;
        }
    }
    slices.cover_in_order = in_order && next == count;
}

/// Places of all parts, on `device`
const torch::Tensor& index_of(Slices& slices, torch::Device device) {
    if (!slices.index.defined()) {
        std::vector<int64_t> all;
        for (const auto& places : slices.places) {
            all.insert(all.end(), places.begin(), places.end());
        }
        slices.index = int64_tensor(all, device);
    }
    return slices.index;
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
std::vector<torch::Tensor> cut_values(const torch::Tensor& values, int64_t dim, Slices& slices) {
    if (is_plain_memory(values)) {
        return gather_each(values, dim, slices);
    }
    // a copy in any case: whoever changes a part does not change the block
    const auto ordered = slices.cover_in_order ? values.clone(torch::MemoryFormat::Contiguous)
                                               : values.index_select(dim, index_of(slices, values.device()));
    if (slices.sizes.size() == 1) {
        return {ordered};
    }
    // No views for autograd, which would refuse changes of one of several. "unsafe" is to change `ordered`,
    // which nobody can; transforms of torch have no such function.
    const bool can_share = has_data(ordered) && !has_tangent(ordered);
    auto parts = can_share ? at::unsafe_split_with_sizes(ordered, slices.sizes, dim)
                           : ordered.split_with_sizes(slices.sizes, dim);
    for (auto& part : parts) {
        part = can_share ? part.contiguous() : part.clone(torch::MemoryFormat::Contiguous);
    }
    return parts;
}

/// Where the samples of a block go that are in one of several parts, which have no sample in common
struct PlacesOfSamples {
    /// for each sample the number of its part among these, -1 if it is in none
    std::vector<int64_t> part;
    /// and its place there
    std::vector<int64_t> place;
};

/// Number of parts from `first` on that have no sample in common; where samples are in them goes to
/// `samples`.
size_t disjoint_parts(const Slices& slices, size_t first, PlacesOfSamples& samples) {
    std::fill(samples.part.begin(), samples.part.end(), -1);
    size_t part = first;
    for (; part < slices.places.size(); ++part) {
        const auto& places = slices.places[part];
        if (part > first && std::any_of(places.begin(), places.end(),
                                        [&](int64_t place) { return samples.part[place] >= 0; })) {
            break;
        }
        for (size_t i = 0; i < places.size(); ++i) {
            samples.part[places[i]] = static_cast<int64_t>(part - first);
            samples.place[places[i]] = static_cast<int64_t>(i);
        }
    }
    return part - first;
}

/// The rows of a gradient in one part, as they are written
struct PartOfGradient {
    int64_t count = 0;
    torch::Tensor rows;
    int32_t* next_row = nullptr;
    std::vector<int64_t> places;
};

/// Parts of the samples `rows` of a gradient, the first column of which is a sample of the block: which rows
/// each has, and these, with the sample's place in the part.
std::vector<PartOfGradient> cut_rows(RowSpan rows, const PlacesOfSamples& samples, size_t n_parts) {
    std::vector<PartOfGradient> parts(n_parts);
    const auto n_samples = static_cast<int64_t>(samples.part.size());
    for (int64_t i = 0; i < rows.count; ++i) {
        const auto part = samples.part[checked_sample(rows[i][0], n_samples)];
        if (part >= 0) {
            ++parts[part].count;
        }
    }
    for (auto& part : parts) {
        part.rows = empty_on_host({part.count, rows.size}, torch::kInt);
        part.next_row = part.rows.data_ptr<int32_t>();
        part.places.reserve(part.count);
    }
    for (int64_t i = 0; i < rows.count; ++i) {
        const auto sample = rows[i][0];
        if (samples.part[sample] >= 0) {
            auto& part = parts[samples.part[sample]];
            part.places.push_back(i);
            *part.next_row++ = static_cast<int32_t>(samples.place[sample]);
            part.next_row = std::copy(rows[i] + 1, rows[i] + rows.size, part.next_row);
        }
    }
    return parts;
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

Slices& Slicer::slices_of(const Labels& labels) {
    auto [known, is_new] = known_.try_emplace(labels->data().get());
    auto& slices = known->second;
    if (is_new) {
        slices.places = places_in(labels);
        const auto rows = labels->data()->host();
        for (const auto& places : slices.places) {
            slices.labels.push_back(are_all(places, rows.count) ? labels : take_rows(rows, places, labels));
        }
        finish(slices, rows.count);
    }
    return slices;
}

Slices& Slicer::gradient_slices_of(const Labels& samples, const Slices& of_block, int64_t n_samples) {
    auto [known, is_new] = known_gradients_.try_emplace({samples->data().get(), &of_block});
    auto& slices = known->second;
    if (!is_new) {
        return slices;
    }
    const auto rows = samples->data()->host();
    PlacesOfSamples of_samples{std::vector<int64_t>(n_samples), std::vector<int64_t>(n_samples)};
    for (size_t first = 0; first < of_block.places.size();) {
        const auto n_parts = disjoint_parts(of_block, first, of_samples);
        for (auto& part : cut_rows(rows, of_samples, n_parts)) {
            slices.places.push_back(std::move(part.places));
            slices.labels.push_back(labels_of(samples->names(), std::move(part.rows), samples->device()));
        }
        first += n_parts;
    }
    finish(slices, rows.count);
    return slices;
}

Blocks Slicer::cut_samples(const BlockData& block, Slices& slices) {
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

Blocks Slicer::cut_properties(const BlockData& block, Slices& slices) const {
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
