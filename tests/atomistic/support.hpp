// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <torch/script.h>

#include <metatensor/torch.hpp>
#include <metatomic/torch.hpp>

// What the tests of the atomistic interface share.
namespace metatomic_torch {

/// Matches a function that throws a ValueError whose message contains `text`.
inline auto IsValueError(const std::string& text) {
    return testing::ThrowsMessage<c10::ValueError>(testing::HasSubstr(text));
}

/// Catches warnings while it lives.
class CaughtWarnings : public c10::WarningHandler {
  public:
    CaughtWarnings() : guard_(this) {}
    void process(const c10::Warning& warning) override { texts_.push_back(warning.msg()); }
    const std::vector<std::string>& texts() const { return texts_; }

  private:
    std::vector<std::string> texts_;
    c10::WarningUtils::WarningHandlerGuard guard_;
};

/// Labels over rows of integers, on CPU.
inline metatensor_torch::Labels labels(const std::vector<std::string>& names,
                                       const std::vector<std::vector<int32_t>>& rows) {
    auto values =
        torch::empty({static_cast<int64_t>(rows.size()), static_cast<int64_t>(names.size())}, torch::kInt32);
    auto* next = values.mutable_data_ptr<int32_t>();
    for (const auto& row : rows)
        next = std::copy(row.begin(), row.end(), next);
    return torch::make_intrusive<metatensor_torch::LabelsHolder>(names, values);
}

/// Two atoms of types 1 and 8 at (0, 0, 0) and (1, 2, 3) in a periodic cube of edge 10.
inline System two_atoms(torch::Dtype dtype = torch::kFloat64) {
    return torch::make_intrusive<SystemHolder>(torch::tensor({1, 8}, torch::kInt32),
                                               torch::tensor({{0.0, 0.0, 0.0}, {1.0, 2.0, 3.0}}, dtype),
                                               10.0 * torch::eye(3, dtype), torch::ones({3}, torch::kBool));
}

/// A neighbor list with the given pairs (first, second, three shifts) and vectors [n_pairs, 3].
inline metatensor_torch::TensorBlock neighbors_block(const std::vector<std::vector<int32_t>>& pairs,
                                                     const torch::Tensor& vectors) {
    return torch::make_intrusive<metatensor_torch::TensorBlockHolder>(
        vectors.reshape({-1, 3, 1}),
        labels({"first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"}, pairs),
        std::vector<metatensor_torch::Labels>{metatensor_torch::LabelsHolder::range("xyz", 3)},
        metatensor_torch::LabelsHolder::range("distance", 1));
}

/// The pairs 0-1 and 1-0 of `two_atoms`, the second one across the cell along x: (9, -2, -3).
inline metatensor_torch::TensorBlock two_pairs(torch::Dtype dtype = torch::kFloat64) {
    return neighbors_block({{0, 1, 0, 0, 0}, {1, 0, 1, 0, 0}},
                           torch::tensor({{1.0, 2.0, 3.0}, {9.0, -2.0, -3.0}}, dtype));
}

/// Options of a full, strict list.
inline NeighborListOptions list_options(double cutoff) {
    return torch::make_intrusive<NeighborListOptionsHolder>(cutoff, /*full_list=*/true, /*strict=*/true);
}

/// A map with a single block without components, and the properties `property` = 0, 1, ...
inline metatensor_torch::TensorMap scalars(const metatensor_torch::Labels& samples,
                                           const torch::Tensor& values, const std::string& property) {
    auto block = torch::make_intrusive<metatensor_torch::TensorBlockHolder>(
        values, samples, std::vector<metatensor_torch::Labels>{},
        metatensor_torch::LabelsHolder::range(property, values.size(1)));
    return torch::make_intrusive<metatensor_torch::TensorMapHolder>(
        metatensor_torch::LabelsHolder::single(), std::vector<metatensor_torch::TensorBlock>{block});
}

/// An output with this unit and kind of samples.
inline ModelOutput output(const std::string& unit, const std::string& sample_kind = "system") {
    return torch::make_intrusive<ModelOutputHolder>("", unit, sample_kind, std::vector<std::string>{}, "");
}

} // namespace metatomic_torch
