// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <torch/script.h>

#include "data/label_rows.hpp"

namespace metatensor_torch::details {

/// Rows of labels where they were made, with what was derived from them: copies on the host and on other
/// devices and the look-up index, each made when first needed and then kept. All members may be called from
/// several threads.
class LabelsData {
  public:
    /// `rows` is an int32 tensor [n_entries, n_dimensions], on any device and with any strides.
    explicit LabelsData(torch::Tensor rows);

    /// Rows on `device`
    torch::Tensor rows_on(torch::Device device);
    /// Whether the rows can be read on the host without a synchronisation
    bool on_host() const { return host_ready_.load(std::memory_order_acquire); }
    /// Rows on the host, contiguous
    const torch::Tensor& host_tensor();
    /// The same, borrowed
    RowSpan host();
    /// Whether each row is greater than the one before
    bool sorted();
    /// Takes a copy of the rows on the host, contiguous, that was made by others
    void set_host(torch::Tensor rows);
    /// Index of the rows on the host
    const RowIndex& index();

  private:
    torch::Tensor home_;
    torch::Tensor host_;
    std::atomic<bool> host_ready_ = false;
    std::vector<torch::Tensor> copies_;
    std::unique_ptr<const RowIndex> index_;
    std::atomic<bool> index_ready_ = false;
    std::mutex mutex_;
    enum class Order : uint8_t { UNKNOWN, SORTED, UNSORTED };
    std::atomic<Order> order_ = Order::UNKNOWN;
};

/// Whether the elements of `tensor` can be read: not so for meta and traced tensors
bool has_data(const torch::Tensor& tensor);

/// The values as an int64 tensor [n] on `device`
torch::Tensor int64_tensor(const std::vector<int64_t>& values, torch::Device device);

} // namespace metatensor_torch::details
