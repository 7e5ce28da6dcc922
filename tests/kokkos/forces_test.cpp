// SPDX-License-Identifier: BSD-3-Clause
#include "marshalling.hpp"

#include <array>
#include <cmath>

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

TEST_P(PairForces, ForcesAndStrainAreThoseOfTheDefinition) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_serial_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);
    auto pairs = write_pairs(*marshaller, rank);
    std::vector<double> gradients(3 * pairs.count);
    for (std::int64_t k = 0; k < pairs.count; ++k) {
        const auto gradient = pair_gradient(&pairs.vectors[3 * k]);
        std::copy(gradient.begin(), gradient.end(), gradients.begin() + 3 * k);
    }
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
    std::vector<double> found(3 * atoms.size(), 0.0);
    for (std::int64_t atom = 0; atom < rank.n_all(); ++atom) {
        for (int axis = 0; axis < 3; ++axis)
            found[3 * (rank.tags[atom] - 1) + axis] += forces[3 * atom + axis] - 1;
    }
    for (std::size_t k = 0; k < expected.size(); ++k)
        EXPECT_NEAR(found[k], expected[k], 1e-10);
    const auto strain_gradient = marshaller->strain_gradient(rank.atoms().positions);
    for (int k = 0; k < 9; ++k)
        EXPECT_NEAR(strain_gradient[k], strain[k], 1e-9);
}

TEST(Forces, AreMinusTheDerivativesWithRespectToPositions) {
    const Box box = structures[0].box;
    const auto atoms = engine::random_atoms(box, 20, 0.7);
    const Rank rank(atoms, box, 3, 3);
    const auto marshaller = make_serial_marshaller();
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
    const auto strain_gradient = marshaller->strain_gradient(rank.atoms().positions);
    for (int axis = 0; axis < 3; ++axis) {
        EXPECT_DOUBLE_EQ(strain_gradient[3 * axis + 1], 2.5 * atoms[5][axis]);
    }
}

INSTANTIATE_TEST_SUITE_P(Structures, PairForces, testing::ValuesIn(structures), name_of);

} // namespace
