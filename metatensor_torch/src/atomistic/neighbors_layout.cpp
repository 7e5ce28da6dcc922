// SPDX-License-Identifier: BSD-3-Clause
#include "neighbors_layout.hpp"

#include "check.hpp"
#include "data/labels_data.hpp"

namespace metatomic_torch {

using metatensor_torch::Labels;
using metatensor_torch::TensorBlock;

namespace {

/// Values on a GPU are looked at only where the labels know them on the host too, so that nothing waits.
bool may_be_range(const Labels& labels, const char* name, int64_t n) {
    if (labels->data()->on_host()) return detail::is_range(labels, name, n);
    return labels->size() == 1 && labels->count() == n && labels->names()[0] == name;
}

std::vector<std::string> texts_of(const std::vector<Labels>& components) {
    std::vector<std::string> texts;
    for (const auto& component : components)
        texts.push_back(component->str());
    return texts;
}

} // namespace

bool detail::is_range(const Labels& labels, std::string_view name, int64_t n) {
    if (labels->size() != 1 || labels->count() != n || labels->names()[0] != name) return false;
    const auto rows = labels->data()->host();
    for (int64_t i = 0; i < n; ++i) {
        if (rows[i][0] != i) return false;
    }
    return true;
}

void detail::check_neighbors_layout(const TensorBlock& neighbors) {
    static const std::vector<std::string> SAMPLES = {"first_atom", "second_atom", "cell_shift_a",
                                                     "cell_shift_b", "cell_shift_c"};
    const auto& samples = neighbors->samples()->names();
    TORCH_CHECK_VALUE(samples == SAMPLES, "the samples of `neighbors` must have the names [",
                      metatensor_torch::comma_list(SAMPLES), "], got [",
                      metatensor_torch::comma_list(samples), "]");
    const auto& components = neighbors->components();
    TORCH_CHECK_VALUE(components.size() == 1 && may_be_range(components[0], "xyz", 3),
                      "`neighbors` must have a single component 'xyz' with entries [0, 1, 2], got [",
                      metatensor_torch::comma_list(texts_of(components)), "]");
    TORCH_CHECK_VALUE(may_be_range(neighbors->properties(), "distance", 1),
                      "`neighbors` must have a single property 'distance' with the entry 0, got ",
                      neighbors->properties()->str());
    const auto gradients = neighbors->gradients_list();
    TORCH_CHECK_VALUE(gradients.empty(), "`neighbors` must not have gradients, got those with respect to [",
                      metatensor_torch::comma_list(gradients), "]");
}

} // namespace metatomic_torch
