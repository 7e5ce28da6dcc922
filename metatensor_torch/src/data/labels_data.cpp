// SPDX-License-Identifier: BSD-3-Clause
#include "data/labels_data.hpp"

#include <algorithm>
#include <optional>

#include <c10/core/impl/VirtualGuardImpl.h>

#include "data/empty_on_host.hpp"
#include "data/outside_of_modes.hpp"

namespace metatensor_torch::details {

bool has_data(const torch::Tensor& tensor) {
    return !tensor.is_meta() && tensor.has_storage() && !tensor.key_set().has(c10::DispatchKey::Python);
}

torch::Tensor int64_tensor(const std::vector<int64_t>& values, torch::Device device) {
    auto tensor = empty_on_host({static_cast<int64_t>(values.size())}, torch::kLong);
    std::copy(values.begin(), values.end(), tensor.data_ptr<int64_t>());
    return device.is_cpu() ? tensor : tensor.to(device, /*non_blocking=*/true);
}

namespace {

/// Whether what is made now may be of no use later: modes of Python, such as FakeTensorMode, make tensors of
/// their own.
bool in_python_mode() { return c10::impl::tls_is_dispatch_key_included(c10::DispatchKey::Python); }

} // namespace

LabelsData::LabelsData(torch::Tensor rows) : home_(std::move(rows)) {
    if (home_.is_cpu() && home_.is_contiguous()) {
        host_ = home_;
        host_ready_.store(true, std::memory_order_release);
    }
}

torch::Tensor LabelsData::rows_on(torch::Device device) {
    if (device.is_cpu()) {
        return home_.is_cpu() ? home_ : host_tensor();
    }
    if (!device.has_index() && !device.is_meta()) {
        device = c10::impl::VirtualGuardImpl(device.type()).getDevice();
    }
    if (home_.device() == device) {
        return home_;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& copy : copies_) {
        if (copy.device() == device) {
            return copy;
        }
    }
    // never blocks: torch reads pageable memory before it returns, and the rows are not changed afterwards
    const auto& source = on_host() ? host_ : home_;
    if (!has_data(source) || in_python_mode()) {
        return source.to(device, /*non_blocking=*/true);
    }
    const OutsideOfModes guard;
    copies_.push_back(source.to(device, /*non_blocking=*/true));
    return copies_.back();
}

const torch::Tensor& LabelsData::host_tensor() {
    if (!on_host()) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!on_host()) {
            std::optional<OutsideOfModes> guard;
            if (has_data(home_)) {
                guard.emplace();
            }
            host_ = home_.to(torch::kCPU).contiguous();
            host_ready_.store(true, std::memory_order_release);
        }
    }
    return host_;
}

void LabelsData::set_host(torch::Tensor rows) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!on_host()) {
        host_ = std::move(rows);
        host_ready_.store(true, std::memory_order_release);
    }
}

RowSpan LabelsData::host() {
    const auto& rows = host_tensor();
    return {rows.const_data_ptr<int32_t>(), rows.size(0), rows.size(1)};
}

bool LabelsData::sorted() {
    auto order = order_.load(std::memory_order_relaxed);
    if (order == Order::UNKNOWN) {
        order = is_sorted(host()) ? Order::SORTED : Order::UNSORTED;
        order_.store(order, std::memory_order_relaxed);
    }
    return order == Order::SORTED;
}

const RowIndex& LabelsData::index() {
    if (!index_ready_.load(std::memory_order_acquire)) {
        const auto rows = host();
        const bool rows_are_sorted = sorted();
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!index_ready_.load(std::memory_order_acquire)) {
            index_ = std::make_unique<const RowIndex>(rows, rows_are_sorted);
            index_ready_.store(true, std::memory_order_release);
        }
    }
    return *index_;
}

} // namespace metatensor_torch::details
