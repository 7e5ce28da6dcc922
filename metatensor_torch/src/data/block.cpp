// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "check.hpp"
#include "data/block_data.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/block.hpp"

namespace metatensor_torch {

using details::BlockData;

namespace {

void check_axis(const BlockData& block, int64_t axis, const Labels& labels, const char* kind) {
    TORCH_CHECK(block.values.size(axis) == labels->count(), "the ", kind,
                " must have one entry for each of the ", block.values.size(axis), " values along axis ", axis,
                ", got ", labels->count());
    TORCH_CHECK(block.values.device() == labels->device(), "the ", kind,
                " must be on the device of the values, ", block.values.device(), ", got ", labels->device());
}

void check_components(const std::vector<Labels>& components) {
    for (size_t i = 0; i < components.size(); ++i) {
        const auto& names = components[i]->names();
        TORCH_CHECK(names.size() == 1, "the labels of a component must have one dimension, got [",
                    comma_list(names), "]");
        TORCH_CHECK(components[i]->count() > 0, "component '", names[0], "' must have at least one entry");
        for (size_t j = 0; j < i; ++j) {
            TORCH_CHECK(components[j]->names()[0] != names[0],
                        "the components of a block must have different names, got '", names[0], "' twice");
        }
    }
}

void check_block(const BlockData& block) {
    const auto n_components = static_cast<int64_t>(block.components.size());
    TORCH_CHECK(block.values.dim() == n_components + 2, "the values must have ", n_components + 2,
                " dimensions (samples, ", n_components, " components, properties), got shape ",
                shape_text(block.values.sizes()));
    check_components(block.components);
    check_axis(block, 0, block.samples, "samples");
    for (int64_t i = 0; i < n_components; ++i) {
        check_axis(block, i + 1, block.components[i], "components");
    }
    check_axis(block, n_components + 1, block.properties, "properties");
}

/// RuntimeError unless the first column of the samples of a gradient is in [0, n_samples).
void check_gradient_samples(const LabelsHolder& samples, int64_t n_samples) {
    TORCH_CHECK(samples.size() > 0 && samples.names()[0] == "sample",
                "the first dimension of gradient samples must be 'sample', got [",
                comma_list(samples.names()), "]");
    if (samples.count() == 0 || !details::has_data(samples.values())) {
        return;
    }
    if (!samples.data()->on_host() && !samples.device().is_cpu()) {
        // asynchronous: an error stops the device as any index out of bounds does
        const auto places = samples.values().select(1, 0);
        at::_assert_async(
            ((places >= 0) & (places < n_samples)).all(),
            "the 'sample' dimension of gradient samples must be a place in the samples of the block");
        return;
    }
    const auto rows = samples.data()->host();
    const auto is_place = [&](int32_t sample) { return sample >= 0 && sample < n_samples; };
    // the sign bit is set by values below 0 and by those above the last place: no branch, to be vectorized
    const auto last = static_cast<uint32_t>(n_samples) - 1;
    uint32_t signs = n_samples == 0 ? ~0U : 0U;
    details::with_row_size(rows.size, [&](auto size) {
        for (int64_t i = 0; i < rows.count; ++i) {
            const auto sample = static_cast<uint32_t>(rows.data[i * size]);
            signs |= sample | (last - sample);
        }
    });
    const bool all_places = (signs >> 31U) == 0;
    for (int64_t i = 0; !all_places; ++i) {
        TORCH_CHECK(is_place(rows[i][0]),
                    "the 'sample' dimension of gradient samples must be the place of one of the ", n_samples,
                    " samples of the block, got ", rows[i][0]);
    }
}

void check_gradient(const BlockData& block, const BlockData& gradient) {
    TORCH_CHECK(gradient.values.scalar_type() == block.values.scalar_type(),
                "the gradient must have the dtype of the values, ", dtype_text(block.values.scalar_type()),
                ", got ", dtype_text(gradient.values.scalar_type()));
    TORCH_CHECK(gradient.values.device() == block.values.device(),
                "the gradient must be on the device of the values, ", block.values.device(), ", got ",
                gradient.values.device());
    check_gradient_samples(*gradient.samples, block.values.size(0));

    TORCH_CHECK(gradient.components.size() >= block.components.size(), "the gradient must have at least the ",
                block.components.size(), " components of the values, got ", gradient.components.size());
    const auto first = gradient.components.size() - block.components.size();
    for (size_t i = 0; i < block.components.size(); ++i) {
        TORCH_CHECK(
            *gradient.components[first + i] == *block.components[i],
            "the components of the gradient must end with those of the values, got other labels for '",
            block.components[i]->names()[0], "'");
    }
    TORCH_CHECK(*gradient.properties == *block.properties,
                "the properties of the gradient must be the same as those of the values");
}

} // namespace

namespace details {

Target parse_target(const std::string& class_name, const torch::IValue& positional_1,
                    const torch::IValue& positional_2, std::optional<torch::ScalarType> dtype,
                    std::optional<torch::Device> device, const std::optional<std::string>& arrays,
                    bool non_blocking) {
    for (const auto* argument : {&positional_1, &positional_2}) {
        if (argument->isNone()) {
            continue;
        }
        if (argument->isInt()) {
            TORCH_CHECK_VALUE(!dtype, "the dtype is given twice in `", class_name, ".to`");
            dtype = argument->toScalarType();
            continue;
        }
        TORCH_CHECK_TYPE(argument->isDevice() || argument->isString(), "arguments of `", class_name,
                         ".to` must be a dtype or a device, got ", argument->type()->repr_str());
        TORCH_CHECK_VALUE(!device, "the device is given twice in `", class_name, ".to`");
        device = argument->isDevice() ? argument->toDevice() : torch::Device(argument->toStringRef());
    }
    TORCH_CHECK_VALUE(!arrays || *arrays == "torch", "`arrays` must be 'torch' or None, got '", *arrays, "'");
    return {dtype, device, non_blocking};
}

std::shared_ptr<BlockData> moved(const BlockData& block, const Target& target) {
    const auto device = target.device.value_or(block.values.device());
    auto result = std::make_shared<BlockData>();
    result->values =
        block.values.to(device, target.dtype.value_or(block.values.scalar_type()), target.non_blocking);
    result->samples = block.samples->to(device, target.non_blocking);
    for (const auto& component : block.components) {
        result->components.push_back(component->to(device, target.non_blocking));
    }
    result->properties = block.properties->to(device, target.non_blocking);
    for (const auto& [parameter, gradient] : block.gradients) {
        result->gradients.emplace_back(parameter, moved(*gradient, target));
    }
    return result;
}

std::shared_ptr<BlockData> copied(const BlockData& block, bool deep) {
    auto result = std::make_shared<BlockData>(block);
    if (deep) {
        result->values = block.values.clone();
    }
    for (auto& [parameter, gradient] : result->gradients) {
        gradient = copied(*gradient, deep);
    }
    return result;
}

std::shared_ptr<BlockData> find_gradient(const BlockData& block, const std::string& parameter) {
    for (const auto& [name, gradient] : block.gradients) {
        if (name == parameter) {
            return gradient;
        }
    }
    return nullptr;
}

std::vector<std::string> component_names(const BlockData& block) {
    std::vector<std::string> names;
    for (const auto& component : block.components) {
        names.push_back(component->names()[0]);
    }
    return names;
}

std::string shape_tuple(const torch::Tensor& values) {
    const auto text = shape_text(values.sizes());
    return "(" + text.substr(1, text.size() - 2) + ")";
}

} // namespace details

TensorBlockHolder::TensorBlockHolder(torch::Tensor values, Labels samples, std::vector<Labels> components,
                                     Labels properties)
    : data_(std::make_shared<BlockData>()) {
    *data_ = {std::move(values), std::move(samples), std::move(components), std::move(properties), {}};
    check_block(*data_);
}

TensorBlockHolder::TensorBlockHolder(std::shared_ptr<BlockData> data, std::string gradient_name)
    : data_(std::move(data)), gradient_name_(std::move(gradient_name)), is_view_(true) {}

TensorBlock TensorBlockHolder::own(std::shared_ptr<BlockData> data) {
    auto block = torch::make_intrusive<TensorBlockHolder>(std::move(data), "");
    block->is_view_ = false;
    return block;
}

BlockData& TensorBlockHolder::data() const {
    TORCH_CHECK(data_, "this TensorBlock can not be used any more: its content was moved into a TensorMap "
                       "(make a copy before)");
    return *data_;
}

std::shared_ptr<BlockData> TensorBlockHolder::shared() const {
    TORCH_CHECK(!is_view_, "a TensorBlock that is part of a TensorMap or of another TensorBlock can not be "
                           "moved: make a copy of it");
    data();
    return data_;
}

std::shared_ptr<BlockData> TensorBlockHolder::take() {
    auto content = shared();
    data_.reset();
    return content;
}

TensorBlock TensorBlockHolder::copy(bool deep) const { return own(details::copied(data(), deep)); }

const torch::Tensor& TensorBlockHolder::values() const { return data().values; }

Labels TensorBlockHolder::labels(int64_t axis) const {
    const auto n_axes = values().dim();
    TORCH_CHECK_INDEX(axis >= -n_axes && axis < n_axes, "axis ", axis, " is out of range for a block with ",
                      n_axes, " axes");
    const auto wrapped = axis < 0 ? axis + n_axes : axis;
    if (wrapped == 0) {
        return samples();
    }
    return wrapped == n_axes - 1 ? properties() : components()[wrapped - 1];
}

const Labels& TensorBlockHolder::samples() const { return data().samples; }

const std::vector<Labels>& TensorBlockHolder::components() const { return data().components; }

const Labels& TensorBlockHolder::properties() const { return data().properties; }

int64_t TensorBlockHolder::len() const { return values().size(0); }

std::vector<int64_t> TensorBlockHolder::shape() const { return values().sizes().vec(); }

torch::Device TensorBlockHolder::device() const { return values().device(); }

torch::ScalarType TensorBlockHolder::scalar_type() const { return values().scalar_type(); }

bool TensorBlockHolder::is_view() const { return is_view_; }

void TensorBlockHolder::add_gradient(const std::string& parameter, const TensorBlock& gradient) {
    TORCH_CHECK(
        !is_view_,
        "can not add gradients to a TensorBlock that is part of a TensorMap or of another TensorBlock");
    TORCH_CHECK(!has_gradient(parameter), "this TensorBlock already has gradients with respect to '",
                parameter, "'");
    check_gradient(data(), gradient->data());
    data().gradients.emplace_back(parameter, details::copied(gradient->data(), /*deep=*/false));
}

std::vector<std::string> TensorBlockHolder::gradients_list() const {
    std::vector<std::string> parameters;
    for (const auto& [parameter, gradient] : data().gradients) {
        parameters.push_back(parameter);
    }
    return parameters;
}

bool TensorBlockHolder::has_gradient(const std::string& parameter) const {
    return details::find_gradient(data(), parameter) != nullptr;
}

TensorBlock TensorBlockHolder::gradient(const TensorBlock& self, const std::string& parameter) {
    auto gradient = details::find_gradient(self->data(), parameter);
    TORCH_CHECK(gradient, "this TensorBlock has no gradients with respect to '", parameter, "', only [",
                comma_list(self->gradients_list()), "]");
    const auto prefix = self->gradient_name_.empty() ? "" : self->gradient_name_ + "/";
    return torch::make_intrusive<TensorBlockHolder>(std::move(gradient), prefix + parameter);
}

std::vector<std::tuple<std::string, TensorBlock>> TensorBlockHolder::gradients(const TensorBlock& self) {
    std::vector<std::tuple<std::string, TensorBlock>> result;
    for (const auto& parameter : self->gradients_list()) {
        result.emplace_back(parameter, gradient(self, parameter));
    }
    return result;
}

TensorBlock TensorBlockHolder::to(std::optional<torch::ScalarType> dtype, std::optional<torch::Device> device,
                                  const std::optional<std::string>& arrays, bool non_blocking) const {
    return to_positional(torch::IValue(), torch::IValue(), dtype, device, arrays, non_blocking);
}

TensorBlock
TensorBlockHolder::to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                                 std::optional<torch::ScalarType> dtype, std::optional<torch::Device> device,
                                 const std::optional<std::string>& arrays, bool non_blocking) const {
    return own(details::moved(data(), details::parse_target("TensorBlock", positional_1, positional_2, dtype,
                                                            device, arrays, non_blocking)));
}

std::string TensorBlockHolder::repr() const {
    const auto& block = data();
    auto text = gradient_name_.empty() ? std::string("TensorBlock with shape ")
                                       : "TensorBlock gradient for '" + gradient_name_ + "', with shape ";
    text += details::shape_tuple(block.values);
    text += "\n    samples: [" + comma_list(block.samples->names()) + "]";
    if (!block.components.empty()) {
        text += "\n    components: [" + comma_list(details::component_names(block)) + "]";
    }
    text += "\n    properties: [" + comma_list(block.properties->names()) + "]";
    if (!block.gradients.empty()) {
        text += "\n\n    gradients:";
        size_t width = 0;
        for (const auto& [parameter, gradient] : block.gradients) {
            width = std::max(width, parameter.size());
        }
        for (const auto& [parameter, gradient] : block.gradients) {
            text += "\n        " + parameter + std::string(width - parameter.size(), ' ') +
                    " => TensorBlock with shape " + details::shape_tuple(gradient->values);
        }
    }
    return text;
}

} // namespace metatensor_torch
