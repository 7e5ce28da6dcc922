// SPDX-License-Identifier: BSD-3-Clause
#include "marshalling.hpp"

#include <array>
#include <cmath>
#include <map>

using namespace metatensor_kokkos;

namespace {

const auto* const kokkos = testing::AddGlobalTestEnvironment(new KokkosEnvironment);

using PairForces = OnStructures;

/// E = sum over pairs of |r|^2 (3 - |r|)^2 / 2: its derivative with respect to r.
std::array<double, 3> pair_gradient(const double* r) {
    const double length = std::sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
    const double factor = (3 - length) * (3 - 2 * length);
    return {factor * r[0], factor * r[1], factor * r[2]};
}

std::array<double, 9> strain_gradient_of(const Marshaller& marshaller, const Rank& rank) {
    std::array<double, 9> result{};
    marshaller.write_strain_gradient(rank.atoms().positions, borrow_vector(result.data(), 9));
    return result;
}

/// dE/dr of the pairs.
std::vector<double> gradients_of(const WrittenPairs& pairs) {
    std::vector<double> gradients(3 * pairs.count);
    for (std::int64_t k = 0; k < pairs.count; ++k) {
        const auto gradient = pair_gradient(&pairs.vectors[3 * k]);
        std::copy(gradient.begin(), gradient.end(), gradients.begin() + 3 * k);
    }
    return gradients;
}

/// Sums of rows over atoms with the same tag.
std::vector<double> sum_by_tag(const std::vector<double>& values, const Rank& rank, std::size_t n_atoms,
                               std::size_t n_columns) {
    std::vector<double> sums(n_columns * n_atoms, 0.0);
    for (std::int64_t atom = 0; atom < rank.n_all(); ++atom) {
        for (std::size_t k = 0; k < n_columns; ++k)
            sums[n_columns * (rank.tags[atom] - 1) + k] += values[n_columns * atom + k];
    }
    return sums;
}

TEST_P(PairForces, ForcesAndStrainAreThoseOfTheDefinition) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);
    auto pairs = write_pairs(*marshaller, rank);
    auto gradients = gradients_of(pairs);
    marshaller->clear_forces();
    marshaller->add_pair_gradients(0, borrow_matrix(gradients.data(), pairs.count, 3));
    std::vector<double> forces(3 * rank.n_all(), 1.0); // added to what is there
    marshaller->add_forces_to(borrow_matrix(forces.data(), rank.n_all(), 3));

    std::vector<double> expected(3 * atoms.size(), 0.0);
    std::array<double, 9> strain{};
    for (const auto& [i, j, a, b, c] : brute_force(atoms, box, cutoff)) {
        const auto end = engine::shifted(atoms[j - 1], box, {a, b, c});
        const double r[3] = {end[0] - atoms[i - 1][0], end[1] - atoms[i - 1][1], end[2] - atoms[i - 1][2]};
        const auto gradient = pair_gradient(r);
        for (int axis = 0; axis < 3; ++axis) {
            expected[3 * (i - 1) + axis] += gradient[axis];
            expected[3 * (j - 1) + axis] -= gradient[axis];
            for (int other = 0; other < 3; ++other)
                strain[3 * axis + other] += r[axis] * gradient[other];
        }
    }
    // images keep their share, which belongs to the atom with their tag
    for (auto& force : forces)
        force -= 1;
    const auto found = sum_by_tag(forces, rank, atoms.size(), 3);
    for (std::size_t k = 0; k < expected.size(); ++k)
        EXPECT_NEAR(found[k], expected[k], 1e-10);
    const auto strain_gradient = strain_gradient_of(*marshaller, rank);
    for (int k = 0; k < 9; ++k)
        EXPECT_NEAR(strain_gradient[k], strain[k], 1e-9);
}

using Forces = OnExecutions;

TEST_P(Forces, AreMinusTheDerivativesWithRespectToPositions) {
    const Box box = structures[0].box;
    const auto atoms = engine::random_atoms(box, 20, 0.7);
    const Rank rank(atoms, box, 3, 3);
    const auto marshaller = make_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {}, 0.4);
    std::vector<double> positions(60);
    marshaller->write_positions(rank.atoms().positions, borrow_matrix(positions.data(), 20, 3));
    std::vector<double> gradients(60, 0.0);
    gradients[3 * 5 + 1] = 2.5; // dE/dy of atom 5
    marshaller->clear_forces();
    marshaller->add_position_gradients(borrow_matrix(gradients.data(), 20, 3));
    std::vector<double> forces(3 * rank.n_all(), 0.0);
    marshaller->add_forces_to(borrow_matrix(forces.data(), rank.n_all(), 3));
    EXPECT_DOUBLE_EQ(forces[3 * 5 + 1], -2.5);
    const auto strain_gradient = strain_gradient_of(*marshaller, rank);
    for (int axis = 0; axis < 3; ++axis) {
        EXPECT_DOUBLE_EQ(strain_gradient[3 * axis + 1], 2.5 * atoms[5][axis]);
    }
}

TEST_P(PairForces, VirialsOfAtomsAreThoseOfTheDefinition) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);
    auto gradients = gradients_of(write_pairs(*marshaller, rank));
    const auto n_pairs = static_cast<std::int64_t>(gradients.size() / 3);

    // each pair: half to both atoms, made symmetric; or all to the second
    std::vector<double> half(6 * atoms.size(), 0.0);
    std::vector<double> second(9 * atoms.size(), 0.0);
    constexpr int row[9] = {0, 1, 2, 0, 0, 1, 1, 2, 2};
    constexpr int column[9] = {0, 1, 2, 1, 2, 2, 0, 0, 1};
    for (const auto& [i, j, a, b, c] : brute_force(atoms, box, cutoff)) {
        const auto end = engine::shifted(atoms[j - 1], box, {a, b, c});
        const double r[3] = {end[0] - atoms[i - 1][0], end[1] - atoms[i - 1][1], end[2] - atoms[i - 1][2]};
        const auto g = pair_gradient(r);
        for (int k = 0; k < 9; ++k) {
            second[9 * (j - 1) + k] -= r[row[k]] * g[column[k]];
            if (k >= 6) continue;
            const double symmetric = -0.5 * (r[row[k]] * g[column[k]] + r[column[k]] * g[row[k]]);
            half[6 * (i - 1) + k] += 0.5 * symmetric;
            half[6 * (j - 1) + k] += 0.5 * symmetric;
        }
    }
    for (const std::int64_t n_columns : {6, 9}) {
        std::vector<double> virials(n_columns * rank.n_all(), 0.0);
        marshaller->add_atom_virials_to(borrow_matrix(virials.data(), rank.n_all(), n_columns),
                                        rank.atoms().positions, 0,
                                        borrow_matrix(gradients.data(), n_pairs, 3));
        const auto found = sum_by_tag(virials, rank, atoms.size(), n_columns);
        const auto& expected = n_columns == 6 ? half : second;
        for (std::size_t k = 0; k < expected.size(); ++k)
            EXPECT_NEAR(found[k], expected[k], 1e-10);
    }
}

/// Forces on all atoms, then the strain gradient.
std::vector<double> forces_and_strain(Marshaller& marshaller, const Rank& rank, const Box& box) {
    marshaller.rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
    auto gradients = gradients_of(write_pairs(marshaller, rank));
    const auto n_pairs = static_cast<std::int64_t>(gradients.size() / 3);
    marshaller.clear_forces();
    marshaller.add_pair_gradients(0, borrow_matrix(gradients.data(), n_pairs, 3));
    std::vector<double> result(3 * rank.n_all(), 0.0);
    marshaller.add_forces_to(borrow_matrix(result.data(), rank.n_all(), 3));
    const auto strain = strain_gradient_of(marshaller, rank);
    result.insert(result.end(), strain.begin(), strain.end());
    return result;
}

/// Bit by bit, with more pairs than threads have at once.
class RepeatedForces : public OnExecutions {
  protected:
    Box box = make_box({{{20, 0, 0}, {0, 21, 0}, {0, 0, 19}}}, {true, true, true});
    Rank rank = Rank(engine::random_atoms(box, 1500, 0.7), box, 3, 3);
};

TEST_P(RepeatedForces, AreTheSameInEachRun) {
    const auto first = forces_and_strain(*make_marshaller(), rank, box);
    for (int run = 0; run < 4; ++run)
        EXPECT_EQ(forces_and_strain(*make_marshaller(), rank, box), first);
}

TEST_P(RepeatedForces, DoNotDependOnTheOrderOfTheEnginesLists) {
    rank.shuffle_rows(1);
    const auto first = forces_and_strain(*make_marshaller(), rank, box);
    rank.shuffle_rows(2);
    EXPECT_EQ(forces_and_strain(*make_marshaller(), rank, box), first);
}

TEST_P(RepeatedForces, OfEachAtomDoNotDependOnTheOrderOfAtoms) {
    if (GetParam() != Execution::device) GTEST_SKIP() << "threads of the host add in the order of the atoms";
    const auto by_position = [this](const Rank& of) {
        const auto forces = forces_and_strain(*make_marshaller(), of, box);
        std::map<Vector, Vector> result;
        for (std::int64_t k = 0; k < of.n_all(); ++k)
            result[of.x[k]] = {forces[3 * k], forces[3 * k + 1], forces[3 * k + 2]};
        return result;
    };
    EXPECT_EQ(by_position(rank.renumbered(1)), by_position(rank.renumbered(2)));
}

TEST_P(Forces, EnergiesAreAddedToTheAtomsOfTheRows) {
    const Box box = structures[0].box;
    const Rank rank(engine::random_atoms(box, 20, 0.7), box, 3, 3);
    const auto marshaller = make_marshaller();
    const ModelTypes second_only = {{-1, -1, 36}, {0, 0, 1}};
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), second_only, {}, 0.4);
    ASSERT_EQ(marshaller->n_owned_rows(), 10);
    std::vector<float> energies(10);
    for (int row = 0; row < 10; ++row)
        energies[row] = 0.5F * static_cast<float>(row);
    std::vector<double> found(20, 1.0);
    marshaller->add_atom_energies_to(borrow_vector(found.data(), 20), borrow_vector(energies.data(), 10));
    for (int atom = 0; atom < 20; ++atom)
        EXPECT_EQ(found[atom], atom % 2 == 0 ? 1.0 : 1.0 + 0.5 * (atom / 2));
}

INSTANTIATE_TEST_SUITE_P(All, Forces, testing::ValuesIn(executions()), name_of_execution);
INSTANTIATE_TEST_SUITE_P(All, RepeatedForces, testing::ValuesIn(executions()), name_of_execution);
INSTANTIATE_TEST_SUITE_P(Structures, PairForces, all_structures, name_of_case);

} // namespace
