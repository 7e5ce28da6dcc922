// SPDX-License-Identifier: BSD-3-Clause
#include "check.hpp"
#include "data/empty_on_host.hpp"
#include "metatensor/torch/operations/creation.hpp"

namespace metatensor_torch {

namespace {

using Names = std::vector<std::string>;

/// Labels on `device` with one entry for each combination of indices below `sizes`
Labels index_labels(Names names, c10::IntArrayRef sizes, torch::Device device) {
    if (names.size() == 1) {
        return LabelsHolder::range(std::move(names[0]), sizes[0])->to(device);
    }
    const auto count = c10::multiply_integers(sizes);
    const auto n_columns = static_cast<int64_t>(sizes.size());
    auto rows = details::empty_on_host({count, n_columns}, torch::kInt);
    auto* row = rows.data_ptr<int32_t>();
    int64_t step = count; // rows between two changes of a column
    for (int64_t column = 0; column < n_columns && count > 0; ++column) {
        step /= sizes[column];
        for (int64_t i = 0; i < count; ++i) {
            row[i * n_columns + column] = static_cast<int32_t>(i / step % sizes[column]);
        }
    }
    return LabelsHolder(std::move(names), rows, metatensor::assume_unique{}).to(device);
}

/// The names that are given, or else "component_1", ... for what `n_axes` leaves for components
Names component_names_or_default(const std::optional<Names>& names, int64_t n_axes) {
    if (names) {
        return *names;
    }
    Names defaults;
    for (int64_t i = 1; i <= n_axes; ++i) {
        defaults.push_back("component_" + std::to_string(i));
    }
    return defaults;
}

} // namespace

TensorBlock block_from_array(const torch::Tensor& array, const std::optional<Names>& sample_names,
                             const std::optional<Names>& component_names,
                             const std::optional<Names>& property_names) {
    const auto shape = array.sizes();
    TORCH_CHECK_VALUE(array.dim() >= 2,
                      "`array` of 'block_from_array' must have at least two axes, got shape ",
                      shape_text(shape));
    const auto samples = sample_names.value_or(Names{"sample"});
    const auto properties = property_names.value_or(Names{"property"});
    const auto n_samples = static_cast<int64_t>(samples.size());
    const auto n_properties = static_cast<int64_t>(properties.size());
    const auto components =
        component_names_or_default(component_names, array.dim() - n_samples - n_properties);
    const auto n_components = static_cast<int64_t>(components.size());
    TORCH_CHECK_VALUE(n_samples > 0 && n_properties > 0,
                      "`sample_names` and `property_names` of 'block_from_array' must not be empty");
    TORCH_CHECK_VALUE(n_samples + n_components + n_properties == array.dim(),
                      "the names given to 'block_from_array' must be as many as the axes of `array`, got ",
                      n_samples, " for samples, ", n_components, " for components and ", n_properties,
                      " for properties, and shape ", shape_text(shape));

    const auto device = array.device();
    const auto sample_sizes = shape.slice(0, n_samples);
    const auto property_sizes = shape.slice(n_samples + n_components);
    std::vector<int64_t> block_shape = {c10::multiply_integers(sample_sizes)};
    std::vector<Labels> component_labels;
    for (int64_t i = 0; i < n_components; ++i) {
        block_shape.push_back(shape[n_samples + i]);
        component_labels.push_back(LabelsHolder::range(components[i], shape[n_samples + i])->to(device));
    }
    block_shape.push_back(c10::multiply_integers(property_sizes));
    return torch::make_intrusive<TensorBlockHolder>(
        array.reshape(block_shape), index_labels(samples, sample_sizes, device), std::move(component_labels),
        index_labels(properties, property_sizes, device));
}

} // namespace metatensor_torch
