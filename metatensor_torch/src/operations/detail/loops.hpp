// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include <ATen/Parallel.h>

#include "data/empty_on_host.hpp"
#include "data/label_rows.hpp"
#include "operations/detail/blocks.hpp"

/// Loops over memory that stand for calls of torch where these cost more than the work itself: for values on
/// the CPU that are contiguous and that autograd does not record. Their results are the same, bit by bit,
/// unless something else is said; what is no case for them is left to torch.
namespace metatensor_torch::details {

/// Whether a loop may stand for a call of torch with this tensor: float32 or float64 on the CPU, contiguous,
/// and neither autograd nor anything else that torch calls on the way (tracing, modes, transforms) sees it.
bool is_plain(const torch::Tensor& tensor);

/// The same for loops that only move elements, of any type
bool is_plain_memory(const torch::Tensor& tensor);

/// Whether a loop may stand for calls of torch for all of them: plain, and of one type.
bool are_plain(const std::vector<torch::Tensor>& tensors);

/// The same for two lists of tensors with the same shapes
bool are_plain(const std::vector<torch::Tensor>& first, const std::vector<torch::Tensor>& other);

/// Where the rows of a gradient are, and those of the values that they belong to
struct PlainRows {
    int64_t n_rows;
    /// Elements of a row: a number of times those of a sample
    int64_t n_repeats;
    int64_t n_inner;
    int64_t n_samples;
    /// Samples of the rows: the first column of the gradient's samples
    const int32_t* samples;
    int64_t samples_stride;
};

/// Rows for a loop over gradients like those of `gradient` and values [samples, ...] like `values`; none if
/// they are not plain, or if the samples are not on the host.
std::optional<PlainRows> plain_rows(const BlockData& gradient, const torch::Tensor& values);

/// The same for two of both, which must have the same shapes
std::optional<PlainRows> plain_rows(const BlockData& gradient, const torch::Tensor& other_gradient,
                                    const torch::Tensor& values, const torch::Tensor& other_values);

/// Calls `function` with a null pointer to the type of the elements of a plain tensor.
template <typename Function>
auto with_element_type(torch::ScalarType dtype, const Function& function) {
    return dtype == torch::kFloat64 ? function(static_cast<double*>(nullptr))
                                    : function(static_cast<float*>(nullptr));
}

/// `function(a, ...)` for each element of plain tensors of the same shape and type
template <typename Function, typename... Tensors>
torch::Tensor loop(const Function& function, const torch::Tensor& first, const Tensors&... others) {
    auto result = empty_on_host(first.sizes(), first.scalar_type());
    with_element_type(first.scalar_type(), [&]<typename T>(T*) {
        T* const all = result.mutable_data_ptr<T>();
        const auto part = [=](int64_t begin, int64_t end, const auto*... sources) {
            T* __restrict to = all;
            for (int64_t i = begin; i < end; ++i) {
                to[i] = function(sources[i]...);
            }
        };
        at::parallel_for(0, first.numel(), at::internal::GRAIN_SIZE, [&](int64_t begin, int64_t end) {
            part(begin, end, first.const_data_ptr<T>(), others.template const_data_ptr<T>()...);
        });
    });
    return result;
}

/// Calls `function(sample, row)` with the places of the first elements of a sample and of a part of a row
/// that belongs to it, for all parts of all rows.
template <typename Function>
void for_each_part(const PlainRows& rows, const Function& function) {
    const auto row_size = std::max<int64_t>(rows.n_repeats * rows.n_inner, 1);
    const auto grain = std::max<int64_t>(at::internal::GRAIN_SIZE / row_size, 1);
    at::parallel_for(0, rows.n_rows, grain, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const auto sample =
                checked_sample(rows.samples[row * rows.samples_stride], rows.n_samples) * rows.n_inner;
            for (int64_t repeat = 0; repeat < rows.n_repeats; ++repeat) {
                function(sample, (row * rows.n_repeats + repeat) * rows.n_inner);
            }
        }
    });
}

/// `function(value, gradient)` for each element of a gradient and the value that it belongs to
template <typename Function>
torch::Tensor loop(const PlainRows& rows, const torch::Tensor& values, const torch::Tensor& gradient,
                   const Function& function) {
    auto result = empty_on_host(gradient.sizes(), gradient.scalar_type());
    with_element_type(gradient.scalar_type(), [&]<typename T>(T*) {
        const auto* a = values.const_data_ptr<T>();
        const auto* da = gradient.const_data_ptr<T>();
        auto* to = result.mutable_data_ptr<T>();
        for_each_part(rows, [&](int64_t sample, int64_t part) {
            T* __restrict target = to + part;
            for (int64_t i = 0; i < rows.n_inner; ++i) {
                target[i] = function(a[sample + i], da[part + i]);
            }
        });
    });
    return result;
}

/// `function(a, b, da, db)` for each element of two gradients and the values that it belongs to
template <typename Function>
torch::Tensor loop(const PlainRows& rows, const torch::Tensor& first, const torch::Tensor& other,
                   const torch::Tensor& first_gradient, const torch::Tensor& other_gradient,
                   const Function& function) {
    auto result = empty_on_host(first_gradient.sizes(), first_gradient.scalar_type());
    with_element_type(first_gradient.scalar_type(), [&]<typename T>(T*) {
        const auto* a = first.const_data_ptr<T>();
        const auto* b = other.const_data_ptr<T>();
        const auto* da = first_gradient.const_data_ptr<T>();
        const auto* db = other_gradient.const_data_ptr<T>();
        auto* to = result.mutable_data_ptr<T>();
        for_each_part(rows, [&](int64_t sample, int64_t part) {
            T* __restrict target = to + part;
            for (int64_t i = 0; i < rows.n_inner; ++i) {
                target[i] = function(a[sample + i], b[sample + i], da[part + i], db[part + i]);
            }
        });
    });
    return result;
}

} // namespace metatensor_torch::details
