// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <torch/script.h>

/// Checks of arguments, with one wording of their messages
namespace metatensor_torch {

/// Text of the form `[4, 3]`; -1 stands for any size and is written as "n".
inline std::string shape_text(c10::IntArrayRef shape) {
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i) {
        text += (i == 0 ? "" : ", ") + (shape[i] == -1 ? "n" : std::to_string(shape[i]));
    }
    return text + "]";
}

/// Name of a dtype as users of torch know it, `float64`
inline std::string dtype_text(torch::ScalarType dtype) {
    return std::string(c10::getDtypeNames(dtype).first);
}

/// `names` joined by ", "
inline std::string comma_list(const std::vector<std::string>& names) {
    std::string text;
    for (size_t i = 0; i < names.size(); ++i) {
        text += (i == 0 ? "" : ", ") + names[i];
    }
    return text;
}

/// ValueError unless `tensor` has the shape `expected`, where -1 stands for any size.
inline void check_shape(const char* what, const torch::Tensor& tensor, c10::IntArrayRef expected) {
    const auto shape = tensor.sizes();
    bool same = shape.size() == expected.size();
    for (size_t i = 0; same && i < shape.size(); ++i) {
        same = expected[i] == -1 || expected[i] == shape[i];
    }
    TORCH_CHECK_VALUE(same, what, " must have shape ", shape_text(expected), ", got ", shape_text(shape));
}

/// ValueError unless `tensor` is on `expected`.
inline void check_device(const char* what, const torch::Tensor& tensor, torch::Device expected) {
    TORCH_CHECK_VALUE(tensor.device() == expected, what, " must be on device ", expected, ", got ",
                      tensor.device());
}

/// ValueError unless `tensor` has the type `expected`.
inline void check_dtype(const char* what, const torch::Tensor& tensor, torch::ScalarType expected) {
    TORCH_CHECK_VALUE(tensor.scalar_type() == expected, what, " must have dtype ", dtype_text(expected),
                      ", got ", dtype_text(tensor.scalar_type()));
}

/// `value` as an object of the registered class `T`, null if it is anything else
template <typename T>
torch::intrusive_ptr<T> as_custom_class(const torch::IValue& value) {
    if (!value.isCustomClass() || *value.type() != *c10::getCustomClassType<torch::intrusive_ptr<T>>()) {
        return {};
    }
    return value.toCustomClass<T>();
}

} // namespace metatensor_torch
