// SPDX-License-Identifier: BSD-3-Clause
#include "atomistic/energies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace metatomic_torch::detail;
using namespace metatensor_torch;

namespace {

auto is_refused(const std::string& text) {
    return testing::ThrowsMessage<c10::ValueError>(
        testing::StartsWith("the model's output 'energy' " + text));
}

TensorBlock block(const std::vector<std::string>& names, const torch::Tensor& samples,
                  const torch::Tensor& values) {
    return torch::make_intrusive<TensorBlockHolder>(
        values, torch::make_intrusive<LabelsHolder>(names, samples.to(torch::kInt32)), std::vector<Labels>{},
        LabelsHolder::range("energy", values.size(1)));
}

TensorMap map(const std::vector<TensorBlock>& blocks) {
    return torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::range("_", static_cast<std::int64_t>(blocks.size())), blocks);
}

/// The energy of a system, as a model returns it.
TensorMap total(int system, double energy) {
    return map({block({"system"}, torch::tensor({{system}}), torch::tensor({{energy}}, torch::kFloat64))});
}

/// Energies of atoms, in the order of `samples` `[n, 2]`: system, atom.
TensorMap by_atom(const torch::Tensor& samples, const std::vector<double>& energies) {
    return map(
        {block({"system", "atom"}, samples, torch::tensor(energies, torch::kFloat64).reshape({-1, 1}))});
}

TEST(TotalEnergy, IsRead) { EXPECT_EQ(read_total_energy(total(0, -3.5), "energy").item<double>(), -3.5); }

TEST(TotalEnergy, SaysWhatWasExpected) {
    const auto read = [](const TensorMap& output) {
        return [output] { read_total_energy(output, "energy"); };
    };
    EXPECT_THAT(read(map({})), is_refused("must have one block, got 0"));
    EXPECT_THAT(read(total(3, 0)), is_refused("must have the sample system=0, got system=3"));
    EXPECT_THAT(read(by_atom(torch::tensor({{0, 0}}), {1})),
                is_refused("must have the samples [system], got [system, atom]"));
    const auto samples = torch::tensor({{0}});
    EXPECT_THAT(read(map({block({"system"}, samples, torch::zeros({1, 2}))})),
                is_refused("must have the shape [1, 1], got [1, 2]"));
    EXPECT_THAT(read(map({block({"system"}, samples.slice(0, 0, 0), torch::zeros({0, 1}))})),
                is_refused("must have the shape [1, 1], got [0, 1]"));
}

TEST(EnergiesOfAtoms, AreReadInTheOrderOfTheAtoms) {
    const auto expected = torch::tensor({1.0, 2.0, 3.0}, torch::kFloat64);
    const auto in_order = by_atom(torch::tensor({{0, 0}, {0, 1}, {0, 2}}), {1, 2, 3});
    EXPECT_TRUE(read_atom_energies(in_order, "energy", 3, std::nullopt).equal(expected));
    const auto out_of_order = by_atom(torch::tensor({{0, 2}, {0, 0}, {0, 1}}), {3, 1, 2});
    EXPECT_TRUE(read_atom_energies(out_of_order, "energy", 3, std::nullopt).equal(expected));
    const auto none = by_atom(torch::zeros({0, 2}), {});
    EXPECT_EQ(read_atom_energies(none, "energy", 0, std::nullopt).numel(), 0);
}

TEST(EnergiesOfAtoms, AreReadInTheOrderOfTheSelection) {
    const auto select = [](const torch::Tensor& rows) {
        return torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"system", "atom"},
                                                   rows.to(torch::kInt32));
    };
    const auto output = by_atom(torch::tensor({{0, 0}, {0, 3}}), {1, 4});
    const auto selection = select(torch::tensor({{0, 3}, {0, 0}}));
    EXPECT_TRUE(
        read_atom_energies(output, "energy", 5, selection).equal(torch::tensor({4.0, 1.0}, torch::kFloat64)));

    EXPECT_THAT(
        [&] {
            read_atom_energies(output, "energy", 5, select(torch::tensor({{0, 3}, {0, 1}})));
        },
        is_refused("must have each of the 2 requested atoms of system 0 once as a sample, got system=0, "
                   "atom=0 in row 0"));
    for (const auto& outside : {torch::tensor({{0, 3}, {0, 5}}), torch::tensor({{0, 3}, {1, 0}})}) {
        EXPECT_THAT([&] { read_atom_energies(output, "energy", 5, select(outside)); },
                    testing::ThrowsMessage<c10::ValueError>(
                        testing::StartsWith("selected_atoms must be atoms of system 0, which has 5, got ")));
    }
}

TEST(EnergiesOfAtoms, KeepTheirGraphInAnyOrder) {
    const auto values = torch::tensor({{3.0}, {1.0}}, torch::requires_grad());
    const auto output = map({block({"system", "atom"}, torch::tensor({{0, 1}, {0, 0}}), values)});
    const auto energies = read_atom_energies(output, "energy", 2, std::nullopt);
    energies[0].backward(); // of atom 0, which is the second sample
    EXPECT_TRUE(values.grad().equal(torch::tensor({{0.0}, {1.0}})));
}

TEST(EnergiesOfAtoms, SayWhatWasExpected) {
    const auto read = [](const torch::Tensor& samples) {
        return [samples] { read_atom_energies(by_atom(samples, {1, 2}), "energy", 2, std::nullopt); };
    };
    const std::string each = "must have each of the 2 requested atoms of system 0 once as a sample, got ";
    EXPECT_THAT(read(torch::tensor({{0, 0}, {0, 2}})), is_refused(each + "system=0, atom=2 in row 1"));
    EXPECT_THAT(read(torch::tensor({{0, -1}, {0, 0}})), is_refused(each + "system=0, atom=-1 in row 0"));
    EXPECT_THAT(read(torch::tensor({{0, 0}, {1, 1}})), is_refused(each + "system=1, atom=1 in row 1"));
    EXPECT_THAT(
        [] {
            read_atom_energies(by_atom(torch::tensor({{0, 0}}), {1}), "energy", 2, std::nullopt);
        },
        is_refused("must have the shape [2, 1], got [1, 1]"));
    EXPECT_THAT([] { read_atom_energies(total(0, 1), "energy", 1, std::nullopt); },
                is_refused("must have the samples [system, atom], got [system]"));
}

} // namespace
