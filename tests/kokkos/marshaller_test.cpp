// SPDX-License-Identifier: BSD-3-Clause
#include "marshalling.hpp"

using namespace metatensor_kokkos;

namespace {

const auto* const kokkos = testing::AddGlobalTestEnvironment(new KokkosEnvironment);

class MarshallerRows : public OnExecutions {
  protected:
    Box box = structures[0].box;
    std::vector<Vector> atoms = engine::random_atoms(box, 20, 0.7);
    Rank rank = Rank(atoms, box, 3, 3);
    std::unique_ptr<Marshaller> marshaller = make_marshaller();
};

TEST_P(MarshallerRows, TypesAreThoseOfTheModel) {
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
    std::vector<std::int32_t> types(20);
    marshaller->write_types(borrow_vector(types.data(), 20));
    for (int row = 0; row < 20; ++row)
        EXPECT_EQ(types[row], row % 2 == 0 ? 18 : 36);
}

TEST_P(MarshallerRows, ExcludedTypesHaveNoRowsAndNoPairs) {
    const ModelTypes first_only = {{-1, 18, -1}, {0, 1, 0}};
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), first_only, {{2.6, true}}, 0.4);
    EXPECT_EQ(marshaller->n_rows(), 10);
    auto expected = brute_force(atoms, box, 2.6);
    std::erase_if(expected,
                  [](const Pair& pair) { return std::get<0>(pair) % 2 == 0 || std::get<1>(pair) % 2 == 0; });
    EXPECT_EQ(sorted(named_pairs(*marshaller, rank, write_pairs(*marshaller, rank))), sorted(expected));
}

TEST_P(MarshallerRows, AtomsOfLeftOutGroupsHaveNoRowsAndNoPairs) {
    // tags 1, 4, 7, ... are in the second of three groups, and 2, 5, 8, ... in the third
    std::vector<int> groups;
    for (const auto tag : rank.tags)
        groups.push_back(1 | (tag % 3 == 1 ? 2 : 0) | (tag % 3 == 2 ? 4 : 0));
    auto with_groups = rank.atoms();
    with_groups.groups = borrow_vector(groups.data(), rank.n_all());
    auto types = both_types;
    types.left_out_groups = 2;
    marshaller->rebuild(with_groups, box, rank.neighbors(), types, {{2.6, true}}, 0.4);
    EXPECT_EQ(marshaller->n_rows(), 13);
    auto expected = brute_force(atoms, box, 2.6);
    std::erase_if(expected,
                  [](const Pair& pair) { return std::get<0>(pair) % 3 == 1 || std::get<1>(pair) % 3 == 1; });
    EXPECT_EQ(sorted(named_pairs(*marshaller, rank, write_pairs(*marshaller, rank))), sorted(expected));
}

TEST_P(MarshallerRows, FarGhostsAreLeftOut) {
    Box slice = box; // of thickness 1.4: the others are up to 2.8 away
    slice.upper[0] = 0.2;
    const Rank part(atoms, slice, 3, 3);
    auto types = both_types;
    marshaller->rebuild(part.atoms(), slice, part.neighbors(), types, {{1.5, true}}, 0.1);
    const auto pairs_of_all = named_pairs(*marshaller, part, write_pairs(*marshaller, part));
    const auto n_all = marshaller->n_rows();
    types.depth = 1.7;
    marshaller->rebuild(part.atoms(), slice, part.neighbors(), types, {{1.5, true}}, 0.1);
    EXPECT_LT(marshaller->n_rows(), n_all);
    EXPECT_GT(marshaller->n_rows(), marshaller->n_owned_rows());
    EXPECT_EQ(named_pairs(*marshaller, part, write_pairs(*marshaller, part)), pairs_of_all);
    types.depth = 0;
    marshaller->rebuild(part.atoms(), slice, part.neighbors(), types, {{1.5, true}}, 0.1);
    EXPECT_EQ(marshaller->n_rows(), marshaller->n_owned_rows());
}

TEST_P(MarshallerRows, ToldWhenTypesChange) {
    const auto same_types = [&] {
        marshaller->compare_types(rank.atoms().types);
        marshaller->room_for_pairs(rank.atoms().positions);
        return marshaller->has_same_types();
    };
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
    EXPECT_TRUE(same_types());
    rank.types.back() = 3 - rank.types.back(); // of a ghost
    EXPECT_FALSE(same_types());
    EXPECT_FALSE(same_types());
    marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
    EXPECT_TRUE(same_types());
    rank.types.front() = 3 - rank.types.front();
    EXPECT_FALSE(same_types());
    rank.types.front() = 3 - rank.types.front(); // and back
    EXPECT_TRUE(same_types());
}

TEST_P(MarshallerRows, NoAtoms) {
    Rank empty({}, box, 3, 3);
    Atoms none;
    none.positions = borrow_matrix(static_cast<double*>(nullptr), 0, 3);
    none.types = borrow_vector(empty.types.data(), 0);
    none.tags = borrow_vector(empty.tags.data(), 0);
    marshaller->rebuild(none, box, empty.neighbors(), both_types, {{2.6, true}}, 0.4);
    EXPECT_EQ(marshaller->n_rows(), 0);
    marshaller->compare_types(none.types);
    EXPECT_EQ(marshaller->room_for_pairs(none.positions), std::vector<std::int64_t>{0});
    EXPECT_TRUE(marshaller->has_same_types());
}

TEST_P(MarshallerRows, RefusesArraysOfAnotherType) {
    auto wrong = rank.atoms();
    wrong.positions.element = Element::float32;
    EXPECT_THAT(
        [&] {
            marshaller->rebuild(wrong, box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
        },
        testing::ThrowsMessage<std::invalid_argument>(
            testing::HasSubstr("positions has another element type")));
}

TEST_P(MarshallerRows, RefusesPositionsWithGaps) {
    if (metatensor_kokkos::make_marshaller(GetParam())->place() != Place())
        GTEST_SKIP() << "copies on the device have no gaps";
    auto wrong = rank.atoms();
    wrong.positions.strides[0] = 4;
    EXPECT_THAT(
        [&] {
            marshaller->rebuild(wrong, box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
        },
        testing::ThrowsMessage<std::invalid_argument>(
            testing::HasSubstr("positions must be contiguous rows of 3 numbers")));
}

/// As LAMMPS's KOKKOS package stores it.
TEST(CallingThread, ReadsMatricesToo) {
    const Box box = structures[0].box;
    const auto atoms = engine::random_atoms(box, 20, 0.7);
    const Rank rank(atoms, box, 3, 3);
    AnyPlace marshaller(Execution::calling_thread);
    marshaller.rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
    EXPECT_EQ(sorted(named_pairs(marshaller, rank, write_pairs(marshaller, rank))),
              sorted(brute_force(atoms, box, 2.6)));
}

TEST(HostThreads, CanNotReadPages) {
    const Box box = structures[0].box;
    const Rank rank(engine::random_atoms(box, 20, 0.7), box, 3, 3);
    const auto marshaller = make_marshaller(Execution::host);
    EXPECT_THAT(
        [&] {
            marshaller->rebuild(rank.atoms(), box, rank.neighbors(), both_types, {{2.6, true}}, 0.4);
        },
        testing::ThrowsMessage<std::invalid_argument>(
            testing::HasSubstr("pages can be read by one thread only")));
}

INSTANTIATE_TEST_SUITE_P(All, MarshallerRows, testing::ValuesIn(executions()), name_of_execution);

} // namespace
