// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/loops.hpp"

#include <algorithm>

#include "data/derivatives.hpp"
#include "data/labels_data.hpp"

namespace metatensor_torch::details {

namespace {

/// Nothing but what every thread has: no tracing, mode or transform
bool thread_is_plain() {
    constexpr auto usual =
        c10::DispatchKeySet({c10::DispatchKey::BackendSelect, c10::DispatchKey::ADInplaceOrView});
    const auto included = c10::impl::tls_local_dispatch_key_set().included_;
    return (included.raw_repr() & ~usual.raw_repr()) == 0;
}

bool has_usual_keys(const torch::Tensor& tensor) {
    constexpr auto usual =
        c10::DispatchKeySet({c10::DispatchKey::CPU, c10::DispatchKey::AutogradCPU,
                             c10::DispatchKey::ADInplaceOrView, c10::DispatchKey::AutocastCPU});
    return (tensor.key_set().raw_repr() & ~usual.raw_repr()) == 0;
}

bool is_memory_in_plain_thread(const torch::Tensor& tensor) {
    return has_usual_keys(tensor) && tensor.is_contiguous() && !is_differentiated(tensor);
}

bool is_plain_in_plain_thread(const torch::Tensor& tensor) {
    const auto dtype = tensor.scalar_type();
    return (dtype == torch::kFloat64 || dtype == torch::kFloat32) && is_memory_in_plain_thread(tensor);
}

} // namespace

bool is_plain(const torch::Tensor& tensor) { return thread_is_plain() && is_plain_in_plain_thread(tensor); }

bool is_plain_memory(const torch::Tensor& tensor) {
    return thread_is_plain() && is_memory_in_plain_thread(tensor);
}

bool are_plain(const std::vector<torch::Tensor>& tensors) {
    return !tensors.empty() && thread_is_plain() &&
           std::all_of(tensors.begin(), tensors.end(), [&](const torch::Tensor& tensor) {
               return tensor.scalar_type() == tensors[0].scalar_type() && is_plain_in_plain_thread(tensor);
           });
}

bool are_plain(const std::vector<torch::Tensor>& first, const std::vector<torch::Tensor>& other) {
    return are_plain(first) && are_plain(other) && first[0].scalar_type() == other[0].scalar_type() &&
           std::equal(
               first.begin(), first.end(), other.begin(), other.end(),
               [](const torch::Tensor& a, const torch::Tensor& b) { return a.sizes().equals(b.sizes()); });
}

std::optional<PlainRows> plain_rows(const BlockData& gradient, const torch::Tensor& values) {
    auto& labels = *gradient.samples->data();
    const auto dtype = values.scalar_type();
    if (!labels.on_host() || gradient.values.scalar_type() != dtype || !is_plain(gradient.values) ||
        !is_plain(values)) {
        return std::nullopt;
    }
    const auto shape = gradient.values.sizes();
    const auto n_own = shape.size() - static_cast<size_t>(values.dim() - 1);
    const auto rows = labels.host();
    return PlainRows{rows.count,
                     c10::multiply_integers(shape.slice(1, n_own - 1)),
                     c10::multiply_integers(shape.slice(n_own)),
                     values.size(0),
                     rows.data,
                     rows.size};
}

std::optional<PlainRows> plain_rows(const BlockData& gradient, const torch::Tensor& other_gradient,
                                    const torch::Tensor& values, const torch::Tensor& other_values) {
    const auto dtype = values.scalar_type();
    const bool alike = is_plain(other_gradient) && is_plain(other_values) &&
                       other_gradient.scalar_type() == dtype && other_values.scalar_type() == dtype &&
                       other_gradient.sizes().equals(gradient.values.sizes()) &&
                       other_values.sizes().equals(values.sizes());
    return alike ? plain_rows(gradient, values) : std::nullopt;
}

} // namespace metatensor_torch::details
