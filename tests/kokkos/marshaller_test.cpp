// SPDX-License-Identifier: BSD-3-Clause
#include "engine.hpp"
#include "kokkos_environment.hpp"

#include "kokkos/marshaller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

using namespace metatensor_kokkos;
using engine::Rank;
using engine::Vector;

namespace {

const auto* const kokkos = testing::AddGlobalTestEnvironment(new KokkosEnvironment);

const ModelTypes both_types = {{-1, 18, 36}, {0, 1, 1}};

/// first tag, second tag, cell shift
using Pair = std::tuple<int, int, int, int, int>;

struct WrittenPairs {
    std::vector<double> vectors;
    std::vector<std::int32_t> samples;
    std::int64_t count = 0;

    Array vector_array() {
        return borrow_matrix(vectors.data(), static_cast<std::int64_t>(vectors.size() / 3), 3);
    }
    Array sample_array() {
        return borrow_matrix(samples.data(), static_cast<std::int64_t>(samples.size() / 5), 5);
    }
};

WrittenPairs write_pairs(Marshaller& marshaller, const Rank& rank, std::size_t request = 0) {
    WrittenPairs result;
    result.vectors.resize(3 * marshaller.max_pairs(request));
    result.samples.resize(5 * marshaller.max_pairs(request));
    result.count =
        marshaller.write_pairs(rank.atoms().positions, request, result.vector_array(), result.sample_array());
    return result;
}

std::vector<std::int32_t> tags_of_rows(const Marshaller& marshaller, const Rank& rank) {
    const auto rows = marshaller.atom_of_row();
    const auto* atoms = static_cast<const std::int32_t*>(rows.data);
    std::vector<std::int32_t> tags;
    for (std::int64_t row = 0; row < rows.extents[0]; ++row)
        tags.push_back(rank.tags[atoms[row]]);
    return tags;
}

std::vector<Pair> named_pairs(const Marshaller& marshaller, const Rank& rank, const WrittenPairs& pairs) {
    const auto tags = tags_of_rows(marshaller, rank);
    std::vector<Pair> result;
    for (std::int64_t k = 0; k < pairs.count; ++k) {
        const auto* s = &pairs.samples[5 * k];
        result.emplace_back(tags[s[0]], tags[s[1]], s[2], s[3], s[4]);
    }
    return result;
}

/// All pairs within the cutoff, straight from the definition.
std::vector<Pair> brute_force(const std::vector<Vector>& atoms, const Box& box, double cutoff) {
    std::vector<Pair> result;
    constexpr int most = 4;
    for (std::size_t i = 0; i < atoms.size(); ++i) {
        for (std::size_t j = 0; j < atoms.size(); ++j) {
            for (int a = -most; a <= most; ++a) {
                for (int b = -most; b <= most; ++b) {
                    for (int c = -most; c <= most; ++c) {
                        if ((a != 0 && !box.periodic[0]) || (b != 0 && !box.periodic[1]) ||
                            (c != 0 && !box.periodic[2])) {
                            continue;
                        }
                        if (i == j && a == 0 && b == 0 && c == 0) continue;
                        if (engine::distance(atoms[i], engine::shifted(atoms[j], box, {a, b, c})) > cutoff)
                            continue;
                        result.emplace_back(static_cast<int>(i) + 1, static_cast<int>(j) + 1, a, b, c);
                    }
                }
            }
        }
    }
    return result;
}

struct Structure {
    const char* name;
    Box box;
    int n_atoms;
};

std::ostream& operator<<(std::ostream& stream, const Structure& structure) {
    return stream << structure.name;
}

Box make_box(const Box::Matrix& vectors, const std::array<bool, 3>& periodic) {
    Box box;
    box.vectors = vectors;
    box.origin = {-1.5, 0.25, 3.0};
    box.periodic = periodic;
    return box;
}

const Structure structures[] = {
    {"orthogonal", make_box({{{7, 0, 0}, {0, 8, 0}, {0, 0, 9}}}, {true, true, true}), 30},
    {"triclinic", make_box({{{7, 0, 0}, {2.5, 8, 0}, {-1.5, 3, 9}}}, {true, true, true}), 30},
    {"slab", make_box({{{7, 0, 0}, {2.5, 8, 0}, {0, 0, 9}}}, {true, true, false}), 30},
    {"wire", make_box({{{7, 0, 0}, {0, 8, 0}, {0, 0, 2}}}, {false, false, true}), 12},
    {"cluster", make_box({{{7, 0, 0}, {0, 8, 0}, {0, 0, 9}}}, {false, false, false}), 40},
    {"smaller_than_cutoff", make_box({{{1.7, 0, 0}, {0.3, 8, 0}, {0.2, 0.1, 2.1}}}, {true, true, true}), 6},
};

class MarshallerPairs : public testing::TestWithParam<Structure> {
  protected:
    static constexpr double cutoff = 2.6;
    static constexpr double skin = 0.4;

    Box box = GetParam().box;
    std::vector<Vector> atoms = engine::random_atoms(box, GetParam().n_atoms, 0.7);
};

std::vector<Pair> sorted(std::vector<Pair> pairs) {
    std::sort(pairs.begin(), pairs.end());
    return pairs;
}

TEST_P(MarshallerPairs, FoldsImagesOfOneRankOntoItsAtoms) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_serial_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);

    EXPECT_EQ(marshaller->n_rows(), static_cast<std::int64_t>(atoms.size()));
    EXPECT_EQ(marshaller->n_owned_rows(), marshaller->n_rows());
    const auto pairs = write_pairs(*marshaller, rank);
    EXPECT_EQ(sorted(named_pairs(*marshaller, rank, pairs)), sorted(brute_force(atoms, box, cutoff)));
}

TEST_P(MarshallerPairs, VectorsFollowFromPositionsAndShifts) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_serial_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);
    std::vector<double> positions(3 * marshaller->n_rows());
    marshaller->write_positions(rank.atoms().positions,
                                borrow_matrix(positions.data(), marshaller->n_rows(), 3));

    const auto pairs = write_pairs(*marshaller, rank);
    ASSERT_GT(pairs.count, 0);
    const auto cell = box.cell();
    for (std::int64_t k = 0; k < pairs.count; ++k) {
        const auto* s = &pairs.samples[5 * k];
        for (int axis = 0; axis < 3; ++axis) {
            double expected = positions[3 * s[1] + axis] - positions[3 * s[0] + axis];
            for (int row = 0; row < 3; ++row)
                expected += s[2 + row] * cell[row][axis];
            EXPECT_NEAR(pairs.vectors[3 * k + axis], expected, 1e-12);
        }
    }
}

TEST_P(MarshallerPairs, HalfListHasEachPairOnce) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_serial_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, false}}, skin);

    auto both_ways = named_pairs(*marshaller, rank, write_pairs(*marshaller, rank));
    const auto n_half = both_ways.size();
    for (std::size_t k = 0; k < n_half; ++k) {
        const auto [i, j, a, b, c] = both_ways[k];
        both_ways.emplace_back(j, i, -a, -b, -c);
    }
    EXPECT_EQ(sorted(both_ways), sorted(brute_force(atoms, box, cutoff)));
}

TEST_P(MarshallerPairs, SeveralRequestsFromOneList) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_serial_marshaller();
    const std::vector<PairRequest> requests = {{1.5, true}, {cutoff, true}};
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, requests, skin);

    for (std::size_t request = 0; request < requests.size(); ++request) {
        const auto pairs = write_pairs(*marshaller, rank, request);
        EXPECT_EQ(sorted(named_pairs(*marshaller, rank, pairs)),
                  sorted(brute_force(atoms, box, requests[request].cutoff)));
    }
}

TEST_P(MarshallerPairs, FollowsMovingAtomsWithoutRebuild) {
    Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_serial_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);

    const auto displacement = [](int tag, int axis) { return 0.1 * std::sin(1.7 * tag + axis); };
    for (std::int64_t k = 0; k < rank.n_all(); ++k) {
        for (int axis = 0; axis < 3; ++axis)
            rank.x[k][axis] += displacement(rank.tags[k], axis);
    }
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        for (int axis = 0; axis < 3; ++axis)
            atoms[k][axis] += displacement(static_cast<int>(k) + 1, axis);
    }
    const auto pairs = write_pairs(*marshaller, rank);
    EXPECT_EQ(sorted(named_pairs(*marshaller, rank, pairs)), sorted(brute_force(atoms, box, cutoff)));
}

TEST_P(MarshallerPairs, TwoRanksHaveAllPairsOfTheirAtoms) {
    std::vector<Pair> found;
    std::int64_t n_owned = 0;
    for (int part = 0; part < 2; ++part) {
        Box half = box;
        half.lower[0] = 0.5 * part;
        half.upper[0] = 0.5 * (part + 1);
        const Rank rank(atoms, half, cutoff + skin, cutoff + skin);
        const auto marshaller = make_serial_marshaller();
        marshaller->rebuild(rank.atoms(), half, rank.neighbors(), both_types, {{cutoff, true}}, skin);
        n_owned += marshaller->n_owned_rows();
        const auto pairs = write_pairs(*marshaller, rank);
        for (const auto& pair : named_pairs(*marshaller, rank, pairs))
            found.push_back(pair);
        // no atom has two rows
        auto tags = tags_of_rows(*marshaller, rank);
        std::sort(tags.begin(), tags.end());
        EXPECT_EQ(std::adjacent_find(tags.begin(), tags.end()), tags.end());
    }
    EXPECT_EQ(n_owned, static_cast<std::int64_t>(atoms.size()));
    // shifts are relative to a rank's representatives: compare atoms and, through them, multiplicities
    const auto without_shifts = [](std::vector<Pair> pairs) {
        std::vector<std::pair<int, int>> result;
        for (const auto& [i, j, a, b, c] : pairs)
            result.emplace_back(i, j);
        std::sort(result.begin(), result.end());
        return result;
    };
    EXPECT_EQ(without_shifts(found), without_shifts(brute_force(atoms, box, cutoff)));
}

TEST_P(MarshallerPairs, GhostCentersHaveCompleteNeighborhoods) {
    Box half = box;
    half.upper[0] = 0.5;
    const double range = 2 * cutoff;
    const Rank rank(atoms, half, range + skin, cutoff + skin, true);
    const auto marshaller = make_serial_marshaller();
    const double depth = range - cutoff + skin;
    marshaller->rebuild(rank.atoms(), half, rank.neighbors(), both_types,
                        {{cutoff, true, depth}, {cutoff, false, depth}}, skin);

    const auto count_by_first = [](const std::vector<Pair>& pairs) {
        std::map<int, int> counts;
        for (const auto& pair : pairs)
            ++counts[std::get<0>(pair)];
        return counts;
    };
    const auto pairs = named_pairs(*marshaller, rank, write_pairs(*marshaller, rank));
    auto expected = count_by_first(brute_force(atoms, box, cutoff));
    std::size_t n_ghost_centers = 0;
    for (const auto& [tag, count] : count_by_first(pairs)) {
        EXPECT_EQ(count, expected[tag]) << "atom " << tag;
        const auto owned_end = rank.tags.begin() + rank.n_owned;
        if (std::find(rank.tags.begin(), owned_end, tag) == owned_end) ++n_ghost_centers;
    }
    EXPECT_GT(n_ghost_centers, 0U);

    // the half list has one of the two directions of a pair, both of which end in centers, or the only one
    const auto half_list = named_pairs(*marshaller, rank, write_pairs(*marshaller, rank, 1));
    std::set<Pair> both_ways(half_list.begin(), half_list.end());
    EXPECT_EQ(both_ways.size(), half_list.size());
    for (const auto& [i, j, a, b, c] : half_list) {
        const auto reversed = both_ways.emplace(j, i, -a, -b, -c);
        EXPECT_TRUE(reversed.second);
    }
    for (const auto& pair : pairs)
        EXPECT_EQ(both_ways.count(pair), 1U);
}

/// E = sum over pairs of |r|^2 (3 - |r|)^2 / 2: its derivative with respect to r.
std::array<double, 3> pair_gradient(const double* r) {
    const double length = std::sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
    const double factor = (3 - length) * (3 - 2 * length);
    return {factor * r[0], factor * r[1], factor * r[2]};
}

TEST_P(MarshallerPairs, ForcesAndStrainAreThoseOfTheDefinition) {
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

INSTANTIATE_TEST_SUITE_P(Structures, MarshallerPairs, testing::ValuesIn(structures),
                         [](const auto& info) { return info.param.name; });

class MarshallerRows : public testing::Test {
  protected:
    Box box = structures[0].box;
    std::vector<Vector> atoms = engine::random_atoms(box, 20, 0.7);
    Rank rank = Rank(atoms, box, 3, 3);
    std::unique_ptr<Marshaller> marshaller = make_serial_marshaller();
};

TEST_F(MarshallerRows, TypesAreThoseOfTheModel) {
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
    std::vector<std::int32_t> types(20);
    marshaller->write_types(borrow_vector(types.data(), 20));
    for (int row = 0; row < 20; ++row)
        EXPECT_EQ(types[row], row % 2 == 0 ? 18 : 36);
}

TEST_F(MarshallerRows, ExcludedTypesHaveNoRowsAndNoPairs) {
    const ModelTypes first_only = {{-1, 18, -1}, {0, 1, 0}};
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), first_only, {{2.6, true}}, 0.4);
    EXPECT_EQ(marshaller->n_rows(), 10);
    auto expected = brute_force(atoms, box, 2.6);
    std::erase_if(expected,
                  [](const Pair& pair) { return std::get<0>(pair) % 2 == 0 || std::get<1>(pair) % 2 == 0; });
    EXPECT_EQ(sorted(named_pairs(*marshaller, rank, write_pairs(*marshaller, rank))), sorted(expected));
}

TEST_F(MarshallerRows, PositionGradientsBecomeForcesAndStrain) {
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

TEST_F(MarshallerRows, NoAtoms) {
    Rank empty({}, box, 3, 3);
    Atoms none;
    none.positions = borrow_matrix(static_cast<double*>(nullptr), 0, 3);
    none.types = borrow_vector(empty.types.data(), 0);
    none.tags = borrow_vector(empty.tags.data(), 0);
    marshaller->rebuild(none, box, empty.neighbors(), both_types, {{2.6, true}}, 0.4);
    EXPECT_EQ(marshaller->n_rows(), 0);
    EXPECT_EQ(marshaller->max_pairs(0), 0);
}

TEST_F(MarshallerRows, RefusesArraysOfAnotherType) {
    auto wrong = rank.atoms();
    wrong.positions.element = Element::float32;
    EXPECT_THAT(
        [&] {
            marshaller->rebuild(wrong, box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
        },
        testing::ThrowsMessage<std::invalid_argument>(
            testing::HasSubstr("positions has another element type")));
}

TEST_F(MarshallerRows, RefusesPositionsWithGaps) {
    auto wrong = rank.atoms();
    wrong.positions.strides[0] = 4;
    EXPECT_THAT(
        [&] {
            marshaller->rebuild(wrong, box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
        },
        testing::ThrowsMessage<std::invalid_argument>(
            testing::HasSubstr("positions must be contiguous rows of 3 numbers")));
}

TEST(Box, WithoutVolumeIsRefused) {
    const auto flat = make_box({{{1, 0, 0}, {0, 1, 0}, {0, 0, 0}}}, {true, true, true});
    EXPECT_THAT([&] { flat.inverse(); }, testing::ThrowsMessage<std::invalid_argument>(
                                             testing::HasSubstr("the simulation box has no volume")));
}

} // namespace
