// SPDX-License-Identifier: BSD-3-Clause
#include "energies.hpp"

#include <numeric>

#include "check.hpp"
#include "data/labels_data.hpp"

namespace metatomic_torch::detail {

using metatensor_torch::Labels;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorMap;
using metatensor_torch::TensorMapHolder;

namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& reason) {
    C10_THROW_ERROR(ValueError, "the model's output '" + name + "' " + reason);
}

/// The only block of the output, after a check of everything that does not depend on values.
TensorBlock check_layout(const TensorMap& output, const std::string& name,
                         const std::vector<std::string>& samples, int64_t n_samples) {
    if (output->keys()->count() != 1) {
        refuse(name, "must have one block, got " + std::to_string(output->keys()->count()));
    }
    const auto block = TensorMapHolder::block_by_id(output, 0);
    if (block->samples()->names() != samples) {
        refuse(name, "must have the samples [" + metatensor_torch::comma_list(samples) + "], got [" +
                         metatensor_torch::comma_list(block->samples()->names()) + "]");
    }
    const auto& values = block->values();
    if (values.dim() != 2 || values.size(0) != n_samples || values.size(1) != 1) {
        refuse(name, "must have the shape [" + std::to_string(n_samples) + ", 1], got " +
                         metatensor_torch::shape_text(values.sizes()));
    }
    return block;
}

/// By atom, its place in the results; -1 if there is none.
std::vector<int64_t> places_of_atoms(int64_t n_atoms, const std::optional<Labels>& selected_atoms) {
    std::vector<int64_t> places(static_cast<size_t>(n_atoms), -1);
    if (!selected_atoms.has_value()) {
        std::iota(places.begin(), places.end(), 0);
        return places;
    }
    const auto rows = (*selected_atoms)->data()->host();
    for (int64_t row = 0; row < (*selected_atoms)->count(); ++row) {
        const auto system = rows[row][0];
        const auto atom = rows[row][1];
        TORCH_CHECK_VALUE(system == 0 && atom >= 0 && atom < n_atoms,
                          "selected_atoms must be atoms of system 0, which has ", n_atoms,
                          ", got system=", system, ", atom=", atom);
        places[static_cast<size_t>(atom)] = row;
    }
    return places;
}

} // namespace

torch::Tensor read_total_energy(const TensorMap& output, const std::string& name) {
    const auto block = check_layout(output, name, {"system"}, 1);
    const auto& samples = block->samples();
    if (samples->data()->on_host() && samples->data()->host()[0][0] != 0) {
        refuse(name,
               "must have the sample system=0, got system=" + std::to_string(samples->data()->host()[0][0]));
    }
    return block->values().reshape({1});
}

torch::Tensor read_atom_energies(const TensorMap& output, const std::string& name, int64_t n_atoms,
                                 const std::optional<Labels>& selected_atoms) {
    const auto n_results = selected_atoms.has_value() ? (*selected_atoms)->count() : n_atoms;
    const auto block = check_layout(output, name, {"system", "atom"}, n_results);
    const auto place_of_atom = places_of_atoms(n_atoms, selected_atoms);
    const auto samples = block->samples()->data()->host();

    const auto row_of_place = torch::full({n_results}, -1, torch::kInt64);
    auto* rows = row_of_place.mutable_data_ptr<int64_t>();
    bool in_order = true;
    for (int64_t row = 0; row < n_results; ++row) {
        const auto system = samples[row][0];
        const auto atom = samples[row][1];
        const auto is_atom = system == 0 && atom >= 0 && atom < n_atoms;
        const auto place = is_atom ? place_of_atom[static_cast<size_t>(atom)] : -1;
        if (place == -1 || rows[place] != -1) {
            refuse(name,
                   "must have each of the " + std::to_string(n_results) +
                       " requested atoms of system 0 once as a sample, got system=" + std::to_string(system) +
                       ", atom=" + std::to_string(atom) + " in row " + std::to_string(row));
        }
        rows[place] = row;
        in_order = in_order && place == row;
    }
    const auto values = block->values().reshape({n_results});
    return in_order ? values : values.index_select(0, row_of_place.to(values.device()));
}

} // namespace metatomic_torch::detail
