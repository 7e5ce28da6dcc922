// SPDX-License-Identifier: BSD-3-Clause
#include "atomistic/pair_vectors.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "atomistic/support.hpp"

namespace metatomic_torch {
namespace {

/// Six atoms in a skewed cell, and all their pairs with shifts of -1, 0 and 1.
struct ManyPairs {
    System system;
    torch::Tensor samples;
};

ManyPairs many_pairs(torch::ScalarType dtype) {
    torch::manual_seed(3);
    const auto cell = torch::tensor({{4.0, 0.0, 0.0}, {0.5, 5.0, 0.0}, {0.2, 0.3, 6.0}}, torch::kFloat64);
    const auto atoms = torch::arange(6, torch::kInt32);
    const auto shifts = torch::arange(-1, 2, torch::kInt32);
    return {torch::make_intrusive<SystemHolder>(torch::ones(6, torch::kInt32), torch::rand({6, 3}, dtype),
                                                cell.to(dtype), torch::ones(3, torch::kBool)),
            torch::cartesian_prod({atoms, atoms, shifts, shifts, shifts})};
}

TEST(PairVectors, AreThoseOfTheFormula) {
    // r_j - r_i + S @ H: (1, 2, 3) and, with a shift along the first edge of 10, (-1, -2, -3) + (10, 0, 0)
    const auto samples = torch::tensor({{0, 1, 0, 0, 0}, {1, 0, 1, 0, 0}}, torch::kInt32);
    const auto expected = torch::tensor({{1.0, 2.0, 3.0}, {9.0, -2.0, -3.0}}, torch::kFloat64);
    EXPECT_TRUE(detail::pair_vectors(*two_atoms(), samples).equal(expected));
    EXPECT_EQ(detail::pair_vectors(*two_atoms(), samples.slice(0, 0, 0)).size(0), 0);
}

class CheckOfPairVectors : public testing::TestWithParam<torch::ScalarType> {};

TEST_P(CheckOfPairVectors, IsTheSameAsThatOfAten) {
    const auto [system, samples] = many_pairs(GetParam());
    auto vectors = detail::pair_vectors(*system, samples);
    EXPECT_LT(detail::largest_deviation(*system, vectors, samples).distance, 1e-5);

    vectors[17][1] += 0.25;
    vectors[18][2] -= 0.125;
    for (const auto& find : {detail::largest_deviation, detail::largest_deviation_aten}) {
        const auto [pair, distance] = find(*system, vectors, samples);
        EXPECT_EQ(pair, 17);
        EXPECT_NEAR(distance, 0.25, 1e-6);
    }
}

TEST_P(CheckOfPairVectors, FindsWhatIsNoNumber) {
    const auto pairs = many_pairs(GetParam());
    auto vectors = detail::pair_vectors(*pairs.system, pairs.samples);
    vectors[5][0] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THAT([&] { detail::check_pair_vectors(*pairs.system, vectors, pairs.samples); },
                IsValueError("between atoms 0 and 0 with cell shift [-1, 0, 1]"));
}

TEST_P(CheckOfPairVectors, AllowsForTheRoundingOfFarAwayAtoms) {
    // near 1e5 a float32 is known to 0.008 only
    const auto positions = torch::tensor({{1e5, 0.0, 0.0}, {1e5 + 1.003, 0.0, 0.0}}, torch::kFloat64);
    const auto system =
        torch::make_intrusive<SystemHolder>(torch::ones(2, torch::kInt32), positions.to(GetParam()),
                                            torch::zeros({3, 3}, GetParam()), torch::zeros(3, torch::kBool));
    const auto samples = torch::tensor({{0, 1, 0, 0, 0}}, torch::kInt32);
    const auto vectors = torch::tensor({{1.003, 0.0, 0.0}}, GetParam());
    EXPECT_NO_THROW(detail::check_pair_vectors(*system, vectors, samples));
    EXPECT_THAT([&] { detail::check_pair_vectors(*system, vectors + 0.1, samples); },
                IsValueError("should be [1"));
}

INSTANTIATE_TEST_SUITE_P(Precisions, CheckOfPairVectors, testing::Values(torch::kFloat32, torch::kFloat64),
                         [](const auto& info) {
                             return info.param == torch::kFloat32 ? "float32" : "float64";
                         });

TEST(PairVectors, RefuseAtomsThatAreNotThere) {
    const auto system = two_atoms();
    const auto vectors = torch::zeros({1, 3}, torch::kFloat64);
    for (const auto& find : {detail::largest_deviation, detail::largest_deviation_aten}) {
        for (const auto& row : {torch::tensor({{0, 2, 0, 0, 0}}), torch::tensor({{-1, 0, 0, 0, 0}})}) {
            EXPECT_THAT([&] { find(*system, vectors, row.to(torch::kInt32)); },
                        IsValueError("is out of bounds: this system has 2 atoms"));
        }
    }
}

} // namespace
} // namespace metatomic_torch
