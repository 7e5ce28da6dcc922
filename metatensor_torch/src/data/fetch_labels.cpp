// SPDX-License-Identifier: BSD-3-Clause
#include "data/fetch_labels.hpp"

#include <algorithm>
#include <unordered_set>

#include "data/labels_data.hpp"
#include "data/outside_of_modes.hpp"

namespace metatensor_torch::details {

namespace {

bool is_elsewhere(const Labels& labels) { return !labels->data()->on_host() && has_data(labels->values()); }

void append_samples(const BlockData& block, std::vector<Labels>& samples) {
    samples.push_back(block.samples);
    for (const auto& [parameter, gradient] : block.gradients) {
        append_samples(*gradient, samples);
    }
}

template <typename Blocks>
bool are_on_host(const Blocks& blocks) {
    return blocks.empty() || blocks[0]->values.is_cpu();
}

template <typename Blocks>
void fetch_samples_of(const Blocks& blocks, int64_t most_rows) {
    if (are_on_host(blocks)) {
        return;
    }
    std::vector<Labels> samples;
    for (const auto& block : blocks) {
        append_samples(*block, samples);
    }
    int64_t n_rows = 0;
    for (const auto& labels : samples) {
        n_rows += is_elsewhere(labels) ? labels->count() : 0;
    }
    if (n_rows <= most_rows) {
        fetch_labels(samples);
    }
}

/// Both, if only their values can tell whether they are the same
void append_compared(const Labels& first, const Labels& other, std::vector<Labels>& compared) {
    const auto& values = first->values();
    if (first->data() != other->data() && first->names() == other->names() &&
        values.sizes().equals(other->values().sizes()) && !values.is_same(other->values())) {
        compared.push_back(first);
        compared.push_back(other);
    }
}

void append_compared(const BlockData& first, const BlockData& other, std::vector<Labels>& compared) {
    append_compared(first.samples, other.samples, compared);
    append_compared(first.properties, other.properties, compared);
    for (size_t i = 0; i < std::min(first.components.size(), other.components.size()); ++i) {
        append_compared(first.components[i], other.components[i], compared);
    }
    for (const auto& [parameter, gradient] : first.gradients) {
        if (const auto same = find_gradient(other, parameter)) {
            append_compared(*gradient, *same, compared);
        }
    }
}

} // namespace

void fetch_labels(const std::vector<Labels>& labels) {
    std::vector<LabelsData*> fetched;
    std::vector<torch::Tensor> rows;
    std::unordered_set<const LabelsData*> seen;
    for (const auto& one : labels) {
        if (is_elsewhere(one) && seen.insert(one->data().get()).second &&
            (rows.empty() || rows[0].device() == one->values().device())) {
            fetched.push_back(one->data().get());
            rows.push_back(one->values());
        }
    }
    if (fetched.size() < 2) {
        return; // read when needed
    }
    const OutsideOfModes guard;
    std::vector<torch::Tensor> flat;
    flat.reserve(rows.size());
    for (const auto& values : rows) {
        flat.push_back(values.reshape(-1));
    }
    const auto all = torch::cat(flat).to(torch::kCPU);
    int64_t start = 0;
    for (size_t i = 0; i < fetched.size(); ++i) {
        fetched[i]->set_host(all.narrow(0, start, rows[i].numel()).view(rows[i].sizes()));
        start += rows[i].numel();
    }
}

void fetch_samples(const std::vector<const BlockData*>& blocks, int64_t most_rows) {
    fetch_samples_of(blocks, most_rows);
}

void fetch_samples(const std::vector<std::shared_ptr<BlockData>>& blocks, int64_t most_rows) {
    fetch_samples_of(blocks, most_rows);
}

void fetch_to_compare(const std::vector<std::shared_ptr<BlockData>>& blocks,
                      const std::vector<std::shared_ptr<BlockData>>& others,
                      const std::vector<int64_t>& places) {
    if (are_on_host(blocks)) {
        return;
    }
    std::vector<Labels> compared;
    for (size_t i = 0; i < blocks.size(); ++i) {
        append_compared(*blocks[i], *others[places[i]], compared);
    }
    fetch_labels(compared);
}

} // namespace metatensor_torch::details
