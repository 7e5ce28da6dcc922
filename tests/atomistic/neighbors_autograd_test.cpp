// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>

#include "atomistic/pair_sums.hpp"
#include "atomistic/support.hpp"

namespace metatomic_torch {
namespace {

using torch::autograd::grad;

/// Three atoms in a skewed cell, whose pairs include shifts and an atom with its own image.
struct Example {
    torch::Tensor positions =
        torch::tensor({{0.1, 0.2, 0.3}, {1.0, 1.5, 0.4}, {2.0, 0.3, 1.1}}, torch::kFloat64).requires_grad_();
    torch::Tensor cell =
        torch::tensor({{4.0, 0.0, 0.0}, {0.5, 5.0, 0.0}, {0.2, 0.3, 6.0}}, torch::kFloat64).requires_grad_();
    metatensor_torch::Labels samples =
        labels({"first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"},
               {{0, 1, 0, 0, 0}, {1, 0, 0, 0, 0}, {0, 2, -1, 0, 0}, {2, 1, 0, 1, -1}, {1, 1, 1, 0, 0}});

    System system() const {
        return torch::make_intrusive<SystemHolder>(torch::ones({3}, torch::kInt32), positions, cell,
                                                   torch::ones({3}, torch::kBool));
    }

    /// The vectors by plain torch operations: the reference.
    torch::Tensor vectors_by_torch() const {
        const auto index = samples->values().to(torch::kInt64);
        return positions.index_select(0, index.select(1, 1)) - positions.index_select(0, index.select(1, 0)) +
               index.slice(1, 2, 5).to(torch::kFloat64).matmul(cell);
    }

    /// The same through `register_autograd_neighbors`.
    torch::Tensor registered_vectors() const {
        const auto block = neighbors();
        register_autograd_neighbors(system(), block, /*check_consistency=*/true);
        return block->values().squeeze(-1);
    }

    metatensor_torch::TensorBlock neighbors() const {
        return torch::make_intrusive<metatensor_torch::TensorBlockHolder>(
            vectors_by_torch().detach().unsqueeze(-1), samples,
            std::vector<metatensor_torch::Labels>{metatensor_torch::LabelsHolder::range("xyz", 3)},
            metatensor_torch::LabelsHolder::range("distance", 1));
    }
};

/// A function of the vectors with non-trivial second derivatives.
torch::Tensor energy(const torch::Tensor& vectors) {
    return (vectors.pow(2).sum(1) + 1.0).log().pow(2).sum();
}

TEST(RegisterAutogradNeighbors, AttachesToTheTensorThatIsThere) {
    const Example example;
    const auto block = example.neighbors();
    const auto before = block->values();
    const auto* data = before.const_data_ptr();
    register_autograd_neighbors(example.system(), block);
    EXPECT_TRUE(block->values().is_same(before));
    EXPECT_EQ(before.const_data_ptr(), data);
    EXPECT_TRUE(before.requires_grad());
    EXPECT_FALSE(before.is_leaf());
}

TEST(RegisterAutogradNeighbors, GivesTheGradientsOfTheFormula) {
    const Example example;
    const auto expected = grad({energy(example.vectors_by_torch())}, {example.positions, example.cell});
    const auto found = grad({energy(example.registered_vectors())}, {example.positions, example.cell});
    EXPECT_TRUE(torch::allclose(found[0], expected[0], 1e-13, 1e-13));
    EXPECT_TRUE(torch::allclose(found[1], expected[1], 1e-13, 1e-13));
}

TEST(RegisterAutogradNeighbors, ServesSeveralBackwards) {
    // a system is evaluated several times, and each evaluation frees its own graph
    const Example example;
    const auto vectors = example.registered_vectors();
    const auto first = grad({energy(vectors)}, {example.positions, example.cell});
    const auto second = grad({energy(vectors)}, {example.positions, example.cell});
    EXPECT_TRUE(second[0].equal(first[0]));
    EXPECT_TRUE(second[1].equal(first[1]));
}

TEST(RegisterAutogradNeighbors, GivesGradientsWorkedOutByHand) {
    // sum of the x of both pairs of `two_atoms`: x = x1 - x0 and x = x0 - x1 + H[0][0]
    const auto system = two_atoms();
    system->positions().requires_grad_();
    system->cell().requires_grad_();
    const auto block = two_pairs();
    register_autograd_neighbors(system, block, /*check_consistency=*/true);
    const auto weights = torch::tensor({2.0, 3.0}, torch::kFloat64);
    const auto value = (block->values().select(1, 0).squeeze(-1) * weights).sum();
    const auto gradients = grad({value}, {system->positions(), system->cell()});
    EXPECT_TRUE(
        torch::equal(gradients[0], torch::tensor({{1.0, 0.0, 0.0}, {-1.0, 0.0, 0.0}}, torch::kFloat64)));
    auto cell_gradient = torch::zeros({3, 3}, torch::kFloat64);
    cell_gradient[0][0] = 3.0;
    EXPECT_TRUE(torch::equal(gradients[1], cell_gradient));
}

TEST(RegisterAutogradNeighbors, HasSecondDerivatives) {
    const Example example;
    const std::vector<torch::Tensor> inputs = {example.positions, example.cell};
    const auto second = [&](const torch::Tensor& vectors) {
        const auto first = grad({energy(vectors)}, inputs, {}, true, /*create_graph=*/true);
        return grad({first[0].pow(3).sum() + first[1].pow(2).sum()}, inputs);
    };
    const auto expected = second(example.vectors_by_torch());
    const auto found = second(example.registered_vectors());
    EXPECT_GT(found[0].abs().max().item<double>(), 1e-3);
    EXPECT_TRUE(torch::allclose(found[0], expected[0], 1e-11, 1e-11));
    EXPECT_TRUE(torch::allclose(found[1], expected[1], 1e-11, 1e-11));
}

TEST(RegisterAutogradNeighbors, AgreesWithFiniteDifferencesOfForces) {
    Example example;
    const auto force = [&] {
        return grad({energy(example.registered_vectors())}, {example.positions}, {}, true,
                    /*create_graph=*/true)[0];
    };
    const auto second = grad({force()[1][0]}, {example.positions})[0]; // d F_1x / d r
    const auto step = 1e-5;
    const auto moved = [&](int64_t atom, int64_t xyz, double by) {
        Example other;
        auto positions = other.positions.detach().clone();
        positions[atom][xyz] += by;
        other.positions = positions.requires_grad_();
        return grad({energy(other.registered_vectors())}, {other.positions})[0][1][0].item<double>();
    };
    for (int64_t atom = 0; atom < 3; ++atom) {
        for (int64_t xyz = 0; xyz < 3; ++xyz) {
            const auto slope = (moved(atom, xyz, step) - moved(atom, xyz, -step)) / (2 * step);
            EXPECT_NEAR(second[atom][xyz].item<double>(), slope, 1e-7) << atom << " " << xyz;
        }
    }
}

TEST(RegisterAutogradNeighbors, DoesNothingWithoutGradients) {
    const auto block = two_pairs();
    register_autograd_neighbors(two_atoms(), block);
    EXPECT_FALSE(block->values().requires_grad());
}

TEST(RegisterAutogradNeighbors, WorksForTheCellAlone) {
    const auto system = two_atoms();
    system->cell().requires_grad_();
    const auto block = two_pairs();
    register_autograd_neighbors(system, block);
    EXPECT_EQ(grad({block->values().sum()}, {system->cell()})[0][0][0].item<double>(), 1.0);
}

TEST(RegisterAutogradNeighbors, WorksWithoutPairs) {
    const auto system = two_atoms();
    system->positions().requires_grad_();
    const auto block = neighbors_block({}, torch::zeros({0, 3}, torch::kFloat64));
    register_autograd_neighbors(system, block, /*check_consistency=*/true);
    EXPECT_TRUE(torch::equal(grad({block->values().sum()}, {system->positions()})[0],
                             torch::zeros({2, 3}, torch::kFloat64)));
}

TEST(RegisterAutogradNeighbors, RefusesWhatDoesNotFit) {
    const auto system = two_atoms();
    const auto in_graph = two_pairs();
    in_graph->values().requires_grad_();
    EXPECT_THAT([&] { register_autograd_neighbors(system, in_graph); },
                IsValueError("a part of a computational graph already"));
    EXPECT_THAT([&] { register_autograd_neighbors(system, two_pairs(torch::kFloat32)); },
                IsValueError("must have dtype float64, got float32"));
    const auto swapped = torch::make_intrusive<metatensor_torch::TensorBlockHolder>(
        two_pairs()->values(),
        two_pairs()->samples()->rename("first_atom", "atom")->rename("second_atom", "first_atom"),
        two_pairs()->components(), two_pairs()->properties());
    EXPECT_THAT([&] { register_autograd_neighbors(system, swapped); },
                IsValueError("the samples of `neighbors` must have the names [first_atom, second_atom"));
}

TEST(RegisterAutogradNeighbors, ChecksConsistency) {
    const auto system = two_atoms();
    EXPECT_NO_THROW(register_autograd_neighbors(system, two_pairs(), true));
    const auto wrong = neighbors_block({{0, 1, 0, 0, 0}, {1, 0, 1, 0, 0}},
                                       torch::tensor({{1.0, 2.0, 3.0}, {9.0, -2.0, -4.0}}, torch::kFloat64));
    EXPECT_THAT(
        [&] { register_autograd_neighbors(system, wrong, true); },
        IsValueError("the vector between atoms 1 and 0 with cell shift [1, 0, 0] should be [9, -2, -3], got "
                     "[9, -2, -4] (norm of the difference: 1)"));
    EXPECT_NO_THROW(register_autograd_neighbors(system, wrong, false));
    const auto unknown = neighbors_block({{0, 7, 0, 0, 0}}, torch::zeros({1, 3}, torch::kFloat64));
    EXPECT_THAT(
        [&] { register_autograd_neighbors(system, unknown, true); },
        IsValueError(
            "pair 0 of the neighbor list, between atoms 0 and 7, is out of bounds: this system has 2"));
}

class PairSums : public testing::TestWithParam<torch::Dtype> {};

TEST_P(PairSums, KernelAgreesWithAten) {
    const auto n_pairs = 500;
    const auto n_atoms = 40;
    const auto pairs = torch::randn({n_pairs, 3}, GetParam());
    const auto samples = torch::randint(0, n_atoms, {n_pairs, 5}, torch::kInt32);
    EXPECT_TRUE(torch::allclose(detail::sum_pairs_on_atoms(pairs, samples, n_atoms),
                                detail::sum_pairs_on_atoms_aten(pairs, samples, n_atoms), 1e-4, 1e-4));
}

TEST_P(PairSums, TakesTensorsWithStrides) {
    const auto pairs = torch::randn({3, 20}, GetParam()).transpose(0, 1);
    const auto samples = torch::randint(0, 4, {5, 20}, torch::kInt32).transpose(0, 1);
    EXPECT_TRUE(torch::allclose(detail::sum_pairs_on_atoms(pairs, samples, 4),
                                detail::sum_pairs_on_atoms_aten(pairs, samples, 4), 1e-4, 1e-4));
}

INSTANTIATE_TEST_SUITE_P(Cpu, PairSums, testing::Values(torch::kFloat32, torch::kFloat64),
                         [](const auto& info) {
                             return info.param == torch::kFloat32 ? "cpu_float32" : "cpu_float64";
                         });

TEST(PairSums, RefusesAtomsThatAreNotThere) {
    const auto samples = torch::tensor({{0, 7}}, torch::kInt32);
    EXPECT_THAT(
        [&] {
            detail::sum_pairs_on_atoms(torch::ones({1, 3}), samples, 2);
        },
        testing::ThrowsMessage<c10::IndexError>(
            testing::HasSubstr("between atoms 0 and 7, is out of bounds")));
}

} // namespace
} // namespace metatomic_torch
