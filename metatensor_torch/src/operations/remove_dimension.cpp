// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "check.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/operations/dimensions.hpp"
#include "operations/detail/change_labels.hpp"

namespace metatensor_torch {

using details::Axis;

TensorMap remove_dimension(const TensorMap& tensor, const std::string& axis, const std::string& name) {
    const auto where =
        details::axis_in("remove_dimension", axis, {Axis::keys, Axis::samples, Axis::properties});
    return details::change_labels(tensor, where, [&](const Labels& labels) {
        auto names = labels->names();
        const auto found = std::find(names.begin(), names.end(), name);
        TORCH_CHECK_VALUE(found != names.end(), "there is no dimension '", name, "' in the ", axis,
                          " given to 'remove_dimension', only [", comma_list(names), "]");
        TORCH_CHECK_VALUE(names.size() > 1, "'remove_dimension' can not remove '", name,
                          "', the only dimension of the ", axis);
        if (!labels->data()->on_host()) {
            return labels->remove(name);
        }
        auto columns = details::host_columns(*labels);
        columns.erase(columns.begin() + (found - names.begin()));
        names.erase(found);
        const auto remaining =
            torch::make_intrusive<LabelsHolder>(std::move(names), details::rows_of(columns, labels->count()));
        return remaining->to(labels->device());
    });
}

} // namespace metatensor_torch
