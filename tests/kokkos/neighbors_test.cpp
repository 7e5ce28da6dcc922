// SPDX-License-Identifier: BSD-3-Clause
#include "marshalling.hpp"

#include <map>
#include <set>

using namespace metatensor_kokkos;

namespace {

const auto* const kokkos = testing::AddGlobalTestEnvironment(new KokkosEnvironment);

using Neighbors = OnStructures;

TEST_P(Neighbors, FoldsImagesOfOneRankOntoItsAtoms) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);

    EXPECT_EQ(marshaller->n_rows(), static_cast<std::int64_t>(atoms.size()));
    EXPECT_EQ(marshaller->n_owned_rows(), marshaller->n_rows());
    const auto pairs = write_pairs(*marshaller, rank);
    EXPECT_EQ(sorted(named_pairs(*marshaller, rank, pairs)), sorted(brute_force(atoms, box, cutoff)));
}

/// The order of the rows in which the engine lists them, or by position.
TEST_P(Neighbors, SortedRowsHaveTheSamePairs) {
    Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    rank.shuffle_rows(3);
    const auto marshaller = make_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);
    const auto pairs = write_pairs(*marshaller, rank);
    EXPECT_EQ(sorted(named_pairs(*marshaller, rank, pairs)), sorted(brute_force(atoms, box, cutoff)));
    for (std::int64_t k = 1; k < pairs.count; ++k) {
        if (pairs.samples[5 * k] != pairs.samples[5 * (k - 1)]) continue; // another row
        const auto* vectors = pairs.vectors.data();
        EXPECT_TRUE(std::lexicographical_compare(vectors + 3 * (k - 1), vectors + 3 * k, vectors + 3 * k,
                                                 vectors + 3 * (k + 1)));
    }
}

TEST_P(Neighbors, ArraysNeedRoomForThePairsOnly) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, true}}, skin);
    const auto room = marshaller->room_for_pairs(rank.atoms().positions)[0];
    const auto n_pairs = static_cast<std::int64_t>(brute_force(atoms, box, cutoff).size());
    if (std::get<Execution>(GetParam()) == Execution::calling_thread) {
        EXPECT_GE(room, n_pairs);
        EXPECT_LE(room, static_cast<std::int64_t>(brute_force(atoms, box, cutoff + skin).size()));
    } else {
        EXPECT_EQ(room, n_pairs);
    }
}

TEST_P(Neighbors, VectorsFollowFromPositionsAndShifts) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_marshaller();
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

TEST_P(Neighbors, HalfListHasEachPairOnce) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_marshaller();
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{cutoff, false}}, skin);

    auto both_ways = named_pairs(*marshaller, rank, write_pairs(*marshaller, rank));
    const auto n_half = both_ways.size();
    for (std::size_t k = 0; k < n_half; ++k) {
        const auto [i, j, a, b, c] = both_ways[k];
        both_ways.emplace_back(j, i, -a, -b, -c);
    }
    EXPECT_EQ(sorted(both_ways), sorted(brute_force(atoms, box, cutoff)));
}

TEST_P(Neighbors, SeveralRequestsFromOneList) {
    const Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_marshaller();
    const std::vector<PairRequest> requests = {{1.5, true}, {cutoff, true}};
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, requests, skin);

    for (std::size_t request = 0; request < requests.size(); ++request) {
        const auto pairs = write_pairs(*marshaller, rank, request);
        EXPECT_EQ(sorted(named_pairs(*marshaller, rank, pairs)),
                  sorted(brute_force(atoms, box, requests[request].cutoff)));
    }
}

TEST_P(Neighbors, FollowsMovingAtomsWithoutRebuild) {
    Rank rank(atoms, box, cutoff + skin, cutoff + skin);
    const auto marshaller = make_marshaller();
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

TEST_P(Neighbors, TwoRanksHaveAllPairsOfTheirAtoms) {
    std::vector<Pair> found;
    std::int64_t n_owned = 0;
    for (int part = 0; part < 2; ++part) {
        Box half = box;
        half.lower[0] = 0.5 * part;
        half.upper[0] = 0.5 * (part + 1);
        const Rank rank(atoms, half, cutoff + skin, cutoff + skin);
        const auto marshaller = make_marshaller();
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

TEST_P(Neighbors, GhostCentersHaveCompleteNeighborhoods) {
    Box half = box;
    half.upper[0] = 0.5;
    const double range = 2 * cutoff;
    const Rank rank(atoms, half, range + skin, cutoff + skin, true);
    const auto marshaller = make_marshaller();
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

INSTANTIATE_TEST_SUITE_P(Structures, Neighbors, all_structures, name_of_case);

} // namespace
