// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "check.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/operations/metadata.hpp"

namespace metatensor_torch {

namespace {

/// Whether the values can be read on the host without waiting for a device
bool can_be_read(const LabelsHolder& labels) {
    return labels.data()->on_host() || (labels.device().is_cpu() && details::has_data(labels.values()));
}

/// For each entry of column `column` of `labels` its place in `dimension`
std::vector<int64_t> places_in(const LabelsHolder& labels, int64_t column, const LabelsHolder& dimension) {
    const auto rows = labels.data()->host();
    const auto values = dimension.data()->host();
    const auto& index = dimension.data()->index();
    std::vector<int64_t> places(rows.count);
    for (int64_t i = 0; i < rows.count; ++i) {
        places[i] = index.find(values, rows[i] + column);
        TORCH_CHECK_VALUE(places[i] >= 0, "all values of '", dimension.names()[0],
                          "' in `labels` of 'one_hot' must be in `dimension`, got ", rows[i][column],
                          " in entry ", i);
    }
    return places;
}

torch::Tensor encode_on_host(const std::vector<int64_t>& places, int64_t size) {
    auto encoded = torch::zeros({static_cast<int64_t>(places.size()), size}, torch::kInt);
    auto* row = encoded.data_ptr<int32_t>();
    for (const auto place : places) {
        row[place] = 1;
        row += size;
    }
    return encoded;
}

torch::Tensor encode_on_device(const LabelsHolder& labels, int64_t column, const LabelsHolder& dimension) {
    const auto same = labels.values().narrow(1, column, 1) == dimension.values().transpose(0, 1);
    if (details::has_data(same)) {
        // asynchronous: an error stops the device as any index out of bounds does
        at::_assert_async(same.any(1).all(), "all values in `labels` of 'one_hot' must be in `dimension`");
    }
    return same.to(torch::kInt);
}

} // namespace

torch::Tensor one_hot(const Labels& labels, const Labels& dimension) {
    TORCH_CHECK_VALUE(dimension->size() == 1, "`dimension` of 'one_hot' must have one dimension, got [",
                      comma_list(dimension->names()), "]");
    const auto& names = labels->names();
    const auto found = std::find(names.begin(), names.end(), dimension->names()[0]);
    TORCH_CHECK_VALUE(found != names.end(), "`labels` of 'one_hot' must have the dimension '",
                      dimension->names()[0], "', got [", comma_list(names), "]");
    const auto column = found - names.begin();
    if (!can_be_read(*labels) || !can_be_read(*dimension)) {
        return encode_on_device(*labels, column, *dimension);
    }
    const auto places = places_in(*labels, column, *dimension);
    const auto device = labels->device();
    if (device.is_cpu()) {
        return encode_on_host(places, dimension->count());
    }
    const auto size = dimension->count();
    return torch::zeros({labels->count(), size}, torch::dtype(torch::kInt).device(device))
        .scatter_(1, details::int64_tensor(places, device).unsqueeze(1), 1);
}

} // namespace metatensor_torch
