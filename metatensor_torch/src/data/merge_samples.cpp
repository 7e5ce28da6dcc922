// SPDX-License-Identifier: BSD-3-Clause
#include "data/merge_samples.hpp"

#include <algorithm>
#include <numeric>

#include "data/device_rows.hpp"
#include "data/empty_on_host.hpp"
#include "data/labels_data.hpp"
#include "data/merge_rows.hpp"

namespace metatensor_torch::details {

namespace {

using torch::Tensor;

using Blocks = std::vector<const BlockData*>;

/// Whether samples of all blocks can be read on the host without waiting for a device
bool all_on_host(const Blocks& blocks) {
    return blocks[0]->values.is_cpu() ||
           std::all_of(blocks.begin(), blocks.end(),
                       [](const BlockData* block) { return block->samples->data()->on_host(); });
}

std::vector<int64_t> starts_of(const Blocks& blocks) {
    std::vector<int64_t> starts = {0};
    for (const auto* block : blocks) {
        starts.push_back(starts.back() + block->samples->count());
    }
    return starts;
}

Labels make_samples(std::vector<std::string> names, Tensor rows, torch::Device device) {
    auto samples =
        torch::make_intrusive<LabelsHolder>(std::move(names), std::move(rows), metatensor::assume_unique{});
    return device.is_cpu() ? samples : samples->to(device);
}

/// Rows of `size` values that `make_row(block, sample, target)` makes of each sample, on the host
template <typename MakeRow>
Tensor rows_on_host(const Blocks& blocks, int64_t size, const MakeRow& make_row) {
    auto rows = empty_on_host({starts_of(blocks).back(), size}, torch::kInt);
    auto* row = rows.data_ptr<int32_t>();
    for (size_t block = 0; block < blocks.size(); ++block) {
        const auto samples = blocks[block]->samples->data()->host();
        for (int64_t i = 0; i < samples.count; ++i, row += size) {
            make_row(block, samples[i], row);
        }
    }
    return rows;
}

/// Merges, on the host, rows that `make_row(block, sample, target)` makes of each sample.
template <typename MakeRow>
MergedSamples merge_on_host(const Blocks& blocks, std::vector<std::string> names, bool sort,
                            const MakeRow& make_row) {
    MergedSamples result;
    result.starts = starts_of(blocks);
    const auto size = static_cast<int64_t>(names.size());
    const Tensor rows = rows_on_host(blocks, size, make_row);
    const auto merged = merge_rows({rows.const_data_ptr<int32_t>(), rows.size(0), size}, sort);
    auto values = empty_on_host({merged.count, size}, torch::kInt);
    std::copy(merged.values.begin(), merged.values.end(), values.data_ptr<int32_t>());
    result.samples = make_samples(std::move(names), std::move(values), blocks[0]->values.device());
    result.places = int64_tensor(merged.places, torch::kCPU);
    return result;
}

/// The same on the device, where `make_rows(block, samples)` makes the rows of all samples of a block.
template <typename MakeRows>
MergedSamples merge_on_device(const Blocks& blocks, std::vector<std::string> names, bool sort,
                              const MakeRows& make_rows) {
    const auto device = blocks[0]->values.device();
    MergedSamples result;
    result.starts = starts_of(blocks);
    std::vector<Tensor> rows;
    for (size_t block = 0; block < blocks.size(); ++block) {
        rows.push_back(make_rows(block, blocks[block]->samples->data()->rows_on(device)));
    }
    auto [merged, places] = unique_rows(torch::cat(rows), sort);
    result.samples = make_samples(std::move(names), std::move(merged), device);
    result.places = std::move(places);
    return result;
}

/// Whether all blocks have the samples of the first, in the order that is asked for
bool have_same_samples(const Blocks& blocks, bool sort) {
    const auto& first = blocks[0]->samples;
    for (const auto* block : blocks) {
        const bool known = block->samples->data() == first->data() || all_on_host({blocks[0], block});
        if (!known || *block->samples != *first) {
            return false;
        }
    }
    return !sort || (all_on_host({blocks[0]}) && is_sorted(first->data()->host()));
}

} // namespace

Tensor MergedSamples::places_on(torch::Device device) const {
    return all_the_same ? Tensor() : places.to(device, /*non_blocking=*/true);
}

MergedSamples merge_samples(const Blocks& blocks, bool sort) {
    if (have_same_samples(blocks, sort)) {
        MergedSamples same;
        same.samples = blocks[0]->samples;
        same.all_the_same = true;
        return same;
    }
    const auto& names = blocks[0]->samples->names();
    if (!all_on_host(blocks)) {
        return merge_on_device(blocks, names, sort, [](size_t, const Tensor& samples) { return samples; });
    }
    return merge_on_host(blocks, names, sort, [&](size_t, const int32_t* sample, int32_t* row) {
        std::copy_n(sample, names.size(), row);
    });
}

MergedSamples merge_samples_with(const Blocks& blocks, const std::vector<std::string>& names,
                                 const std::vector<const int32_t*>& values, bool sort) {
    auto all_names = blocks[0]->samples->names();
    const auto size = all_names.size();
    all_names.insert(all_names.end(), names.begin(), names.end());
    if (all_on_host(blocks)) {
        const auto make_row = [&](size_t block, const int32_t* sample, int32_t* row) {
            std::copy_n(values[block], names.size(), std::copy_n(sample, size, row));
        };
        if (sort) {
            return merge_on_host(blocks, std::move(all_names), sort, make_row);
        }
        // the values of two blocks differ, so no row is there twice
        MergedSamples result;
        result.starts = starts_of(blocks);
        Tensor rows = rows_on_host(blocks, static_cast<int64_t>(all_names.size()), make_row);
        result.places = torch::arange(rows.size(0), torch::kLong);
        result.samples = make_samples(std::move(all_names), std::move(rows), blocks[0]->values.device());
        return result;
    }
    const auto n_new = static_cast<int64_t>(names.size());
    auto on_host = empty_on_host({static_cast<int64_t>(blocks.size()), n_new}, torch::kInt);
    for (size_t block = 0; block < blocks.size(); ++block) {
        std::copy_n(values[block], n_new, on_host.data_ptr<int32_t>() + block * n_new);
    }
    const auto new_values = on_host.to(blocks[0]->values.device(), /*non_blocking=*/true);
    return merge_on_device(blocks, std::move(all_names), sort, [&](size_t block, const Tensor& samples) {
        const auto row = new_values[static_cast<int64_t>(block)].unsqueeze(0);
        return torch::cat({samples, row.expand({samples.size(0), n_new})}, 1);
    });
}

MergedSamples merge_gradient_samples(const Blocks& gradients, const MergedSamples& merged) {
    if (merged.all_the_same) {
        return merge_samples(gradients, /*sort=*/true);
    }
    const auto& names = gradients[0]->samples->names();
    if (all_on_host(gradients) && merged.places.is_cpu()) {
        const auto* places = merged.places.const_data_ptr<int64_t>();
        return merge_on_host(gradients, names, /*sort=*/true,
                             [&](size_t block, const int32_t* sample, int32_t* row) {
                                 const auto start = merged.starts[block];
                                 const auto n_samples = merged.starts[block + 1] - start;
                                 const auto place = places[start + checked_sample(sample[0], n_samples)];
                                 row[0] = static_cast<int32_t>(place);
                                 std::copy_n(sample + 1, names.size() - 1, row + 1);
                             });
    }
    const auto places = merged.places.to(gradients[0]->values.device(), torch::kInt, /*non_blocking=*/true);
    return merge_on_device(gradients, names, /*sort=*/true, [&](size_t block, const Tensor& samples) {
        const auto sample = places.index_select(0, samples.select(1, 0) + merged.starts[block]);
        return torch::cat({sample.unsqueeze(1), samples.narrow(1, 1, samples.size(1) - 1)}, 1);
    });
}

} // namespace metatensor_torch::details
