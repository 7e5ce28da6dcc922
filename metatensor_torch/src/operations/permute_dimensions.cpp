// SPDX-License-Identifier: BSD-3-Clause
#include "data/labels_data.hpp"
#include "metatensor/torch/operations/dimensions.hpp"
#include "operations/detail/change_labels.hpp"

namespace metatensor_torch {

using details::Axis;

TensorMap permute_dimensions(const TensorMap& tensor, const std::string& axis,
                             const std::vector<int64_t>& dimensions_indexes) {
    const auto where =
        details::axis_in("permute_dimensions", axis, {Axis::keys, Axis::samples, Axis::properties});
    // the labels of all blocks have the same names: the first are permuted with all checks
    std::vector<std::string> names;
    return details::change_labels(tensor, where, [&](const Labels& labels) {
        if (names.empty() || !labels->data()->on_host()) {
            auto permuted = labels->permute(dimensions_indexes);
            names = permuted->names();
            return permuted;
        }
        const auto columns = details::host_columns(*labels);
        std::vector<details::Column> permuted;
        for (const auto index : dimensions_indexes) {
            permuted.push_back(columns[index < 0 ? index + labels->size() : index]);
        }
        return details::labels_of(names, details::rows_of(permuted, labels->count()), labels->device());
    });
}

} // namespace metatensor_torch
