// SPDX-License-Identifier: BSD-3-Clause
#include "expected_samples.hpp"

#include <map>
#include <numeric>

#include "check.hpp"
#include "data/labels_data.hpp"
#include "neighbors_layout.hpp"

namespace metatomic_torch::detail {

using metatensor_torch::comma_list;
using metatensor_torch::Labels;
using metatensor_torch::LabelsHolder;

namespace {

const std::map<std::string, std::vector<std::string>> SAMPLE_NAMES = {
    {"system", {"system"}},
    {"atom", {"system", "atom"}},
    {"atom_pair", {"system", "first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"}},
};

/// `(system=0, atom=3)`
std::string row_text(const Labels& labels, int64_t row) {
    const auto values = labels->values()[row].to(torch::kCPU).contiguous();
    std::string text = "(";
    for (int64_t i = 0; i < labels->size(); ++i) {
        text += (i == 0 ? "" : ", ") + labels->names()[i] + "=" + std::to_string(values[i].item<int32_t>());
    }
    return text + ")";
}

/// Throws for the first row that is marked, with one synchronisation if there is none.
void refuse_marked(const torch::Tensor& marked, const Labels& labels, const std::string& name,
                   const char* why) {
    if (!marked.any().item<bool>()) return;
    const auto row = marked.to(torch::kInt32).argmax().item<int64_t>();
    C10_THROW_ERROR(ValueError, "invalid samples for '" + name + "': " + row_text(labels, row) + " " + why);
}

/// Rows (system, atom) of all atoms, [n_atoms, 2] int32.
torch::Tensor all_atoms(const std::vector<int64_t>& sizes, torch::Device device) {
    int64_t n_atoms = 0;
    for (const auto size : sizes)
        n_atoms += size;
    auto rows = torch::empty({n_atoms, 2}, torch::kInt32);
    auto* row = rows.mutable_data_ptr<int32_t>();
    for (size_t system = 0; system < sizes.size(); ++system) {
        for (int64_t atom = 0; atom < sizes[system]; ++atom, row += 2) {
            row[0] = static_cast<int32_t>(system);
            row[1] = static_cast<int32_t>(atom);
        }
    }
    return rows.to(device);
}

} // namespace

ExpectedSamples::ExpectedSamples(const std::vector<System>& systems, std::optional<Labels> selected_atoms)
    : selected_atoms_(std::move(selected_atoms)) {
    sizes_.reserve(systems.size());
    for (const auto& system : systems)
        sizes_.push_back(system->size());
}

void ExpectedSamples::check(const std::string& name, const std::string& sample_kind,
                            const Labels& samples) const {
    const auto& expected = SAMPLE_NAMES.at(sample_kind);
    TORCH_CHECK_VALUE(samples->names() == expected, "invalid samples for '", name, "': expected the names [",
                      comma_list(expected), "], got [", comma_list(samples->names()), "]");
    if (sample_kind == "system") {
        check_systems(name, samples);
    } else if (sample_kind == "atom") {
        check_atoms(name, samples);
    } else {
        check_pairs(name, samples);
    }
}

void ExpectedSamples::check_systems(const std::string& name, const Labels& samples) const {
    const auto n_systems = static_cast<int64_t>(sizes_.size());
    if (is_range(samples, "system", n_systems)) return;
    const auto values = samples->values().select(1, 0);
    refuse_marked(values.lt(0).logical_or(values.ge(n_systems)), samples, name, "is not one of the systems");
    if (samples->count() == n_systems) return; // entries are unique

    auto is_there = torch::zeros({n_systems}, values.options().dtype(torch::kBool));
    is_there.index_fill_(0, values.to(torch::kInt64), true);
    torch::Tensor needed;
    if (selected_atoms_.has_value()) {
        const auto systems = (*selected_atoms_)->values().select(1, 0).to(values.device(), torch::kInt64);
        needed = torch::zeros_like(is_there);
        needed.index_fill_(0, systems.masked_select(systems.ge(0).logical_and(systems.lt(n_systems))), true);
    } else {
        needed = torch::tensor(sizes_, torch::kInt64).gt(0).to(values.device());
    }
    const auto all = LabelsHolder::range("system", n_systems)->to(values.device());
    refuse_marked(needed.logical_and(is_there.logical_not()), all, name, "is missing");
}

/// Are these the atoms of all systems in their order? Values that only a device knows are copied from there.
bool ExpectedSamples::is_all_atoms(const Labels& samples) const {
    if (samples->count() != std::accumulate(sizes_.begin(), sizes_.end(), int64_t(0))) return false;
    const auto rows = samples->data()->host();
    int64_t row = 0;
    for (size_t system = 0; system < sizes_.size(); ++system) {
        for (int64_t atom = 0; atom < sizes_[system]; ++atom, ++row) {
            if (rows[row][0] != static_cast<int64_t>(system) || rows[row][1] != atom) return false;
        }
    }
    return true;
}

void ExpectedSamples::check_atoms(const std::string& name, const Labels& samples) const {
    if (!selected_atoms_.has_value() && is_all_atoms(samples)) return;
    const auto device = samples->device();
    const auto rows = all_atoms(sizes_, device);

    auto expected = torch::make_intrusive<LabelsHolder>(samples->names(), rows, metatensor::assume_unique{});
    if (selected_atoms_.has_value()) {
        const auto selected = (*selected_atoms_)->to(device);
        if (*selected == *samples) return;
        expected = selected->set_intersection(expected);
    }
    const auto unexpected = samples->set_difference(expected);
    TORCH_CHECK_VALUE(unexpected->count() == 0, "invalid samples for '", name, "': ", row_text(unexpected, 0),
                      selected_atoms_.has_value() ? " is not one of the selected atoms"
                                                  : " is not one of the atoms");
    const auto missing = expected->set_difference(samples);
    TORCH_CHECK_VALUE(missing->count() == 0, "invalid samples for '", name, "': ", row_text(missing, 0),
                      " is missing");
}

/// Which rows have no such system, or one of their atoms [n_rows, n_atoms_per_row] is not in it: bool
/// [n_rows].
torch::Tensor ExpectedSamples::out_of_bounds(const torch::Tensor& systems, const torch::Tensor& atoms) const {
    const auto n_systems = static_cast<int64_t>(sizes_.size());
    const auto unknown = systems.lt(0).logical_or(systems.ge(n_systems));
    if (n_systems == 0) return unknown;
    const auto sizes = torch::tensor(sizes_, torch::kInt64)
                           .to(systems.device())
                           .index_select(0, systems.clamp(0, n_systems - 1).to(torch::kInt64));
    return atoms.lt(0).logical_or(atoms.ge(sizes.unsqueeze(1))).any(1).logical_or(unknown);
}

void ExpectedSamples::check_pairs(const std::string& name, const Labels& samples) const {
    const auto& values = samples->values();
    refuse_marked(out_of_bounds(values.select(1, 0), values.slice(1, 1, 3)), samples, name,
                  "is out of the bounds of the systems");
}

void ExpectedSamples::check_selection(const Labels& selection) const {
    const auto& values = selection->values();
    refuse_marked(out_of_bounds(values.select(1, 0), values.slice(1, 1, 2)), selection, "selected_atoms",
                  "is not one of the atoms");
}

void ExpectedSamples::check_position_gradients(const std::string& name, const Labels& samples,
                                               const Labels& values_samples) const {
    if (samples->count() == 0) return;
    const auto& values = samples->values();
    const auto systems = values.select(1, 1);
    refuse_marked(out_of_bounds(systems, values.slice(1, 2, 3)), samples, name,
                  "is out of the bounds of the systems");
    // blocks check that `sample` is one of the samples of the values
    const auto of_values = values_samples->values().select(1, 0);
    const auto expected = of_values.index_select(0, values.select(1, 0).to(torch::kInt64));
    refuse_marked(expected.ne(systems), samples, name, "has another system than its sample of the values");
}

} // namespace metatomic_torch::detail
