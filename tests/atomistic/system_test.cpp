// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "atomistic/support.hpp"

namespace metatomic_torch {
namespace {

using metatensor_torch::LabelsHolder;
using metatensor_torch::TensorBlockHolder;
using testing::ElementsAre;

const auto TYPES = torch::tensor({1, 8}, torch::kInt32);
const auto POSITIONS = torch::zeros({2, 3}, torch::kFloat64);
const auto CELL = torch::eye(3, torch::kFloat64);
const auto PBC = torch::ones({3}, torch::kBool);

TEST(System, KeepsWhatItIsGiven) {
    const SystemHolder system(TYPES, POSITIONS, CELL, PBC);
    EXPECT_TRUE(system.types().is_same(TYPES));
    EXPECT_TRUE(system.positions().is_same(POSITIONS));
    EXPECT_TRUE(system.cell().is_same(CELL));
    EXPECT_TRUE(system.pbc().is_same(PBC));
    EXPECT_EQ(system.size(), 2);
    EXPECT_EQ(system.device(), torch::kCPU);
    EXPECT_EQ(system.scalar_type(), torch::kFloat64);
}

TEST(System, CanBeEmpty) {
    const SystemHolder system(torch::empty({0}, torch::kInt32), torch::empty({0, 3}), torch::zeros({3, 3}),
                              torch::zeros({3}, torch::kBool));
    EXPECT_EQ(system.size(), 0);
    EXPECT_EQ(system.str(), "System with 0 atoms, non periodic");
}

TEST(System, ConvertsTypesToInt32) {
    const auto long_types = torch::tensor({3, 70000}, torch::kInt64);
    EXPECT_TRUE(torch::equal(SystemHolder(long_types, POSITIONS, CELL, PBC).types(),
                             torch::tensor({3, 70000}, torch::kInt32)));
    const auto too_big = torch::tensor({3L, 1L << 40}, torch::kInt64);
    EXPECT_THAT([&] { SystemHolder(too_big, POSITIONS, CELL, PBC); },
                IsValueError("types must fit in 32 bits, got 1099511627776"));
    EXPECT_THAT([&] { SystemHolder(torch::zeros({2}), POSITIONS, CELL, PBC); },
                IsValueError("types must be a tensor of integers, got float32"));
}

TEST(System, RefusesOtherShapesTypesAndDevices) {
    const auto make = [](torch::Tensor types, torch::Tensor positions, torch::Tensor cell,
                         torch::Tensor pbc) { return [=] { SystemHolder(types, positions, cell, pbc); }; };
    EXPECT_THAT(make(TYPES.reshape({2, 1}), POSITIONS, CELL, PBC),
                IsValueError("types must have shape [n], got [2, 1]"));
    EXPECT_THAT(make(TYPES, torch::zeros({3, 3}), CELL, PBC),
                IsValueError("positions must have shape [2, 3], got [3, 3]"));
    EXPECT_THAT(
        make(TYPES, torch::zeros({2, 3}, torch::kInt64), CELL, PBC),
        IsValueError(
            "positions must be a tensor of real numbers (float16, bfloat16, float32 or float64), got int64"));
    EXPECT_THAT(make(TYPES, torch::zeros({2, 3}, torch::kComplexFloat), CELL, PBC),
                IsValueError("float64), got complex64"));
    EXPECT_THAT(make(TYPES, POSITIONS, torch::zeros({3}), PBC),
                IsValueError("cell must have shape [3, 3], got [3]"));
    EXPECT_THAT(make(TYPES, POSITIONS, torch::eye(3, torch::kFloat32), PBC),
                IsValueError("cell must have dtype float64, got float32"));
    EXPECT_THAT(make(TYPES, POSITIONS, CELL, torch::ones({1}, torch::kBool)),
                IsValueError("pbc must have shape [3], got [1]"));
    EXPECT_THAT(make(TYPES, POSITIONS, CELL, torch::ones({3}, torch::kInt32)),
                IsValueError("pbc must have dtype bool, got int32"));
    EXPECT_THAT(make(TYPES, POSITIONS.to(torch::kMeta), CELL, PBC),
                IsValueError("positions must be on device cpu, got meta"));
}

TEST(System, HasNoCellVectorWhereItIsNotPeriodic) {
    const auto pbc = torch::tensor({true, false, true});
    EXPECT_THAT([&] { SystemHolder(TYPES, POSITIONS, 2.0 * CELL, pbc); },
                IsValueError("the cell vector 1 must be zero, since pbc[1] is False: got [0, 2, 0]"));
    const auto slab = torch::diag(torch::tensor({1.0, 0.0, 1.0}, torch::kFloat64));
    SystemHolder system(TYPES, POSITIONS, slab, pbc);
    EXPECT_THAT([&] { system.set_pbc(torch::zeros({3}, torch::kBool)); },
                IsValueError("the cell vector 0 must be zero"));
    EXPECT_NO_THROW(system.set_pbc(torch::ones({3}, torch::kBool)));
    EXPECT_NO_THROW(system.check_cell());
    system.set_pbc(pbc);
    system.set_cell(CELL); // together they are checked by check_cell only
    EXPECT_THAT([&] { system.check_cell(); }, IsValueError("the cell vector 1 must be zero"));
}

TEST(System, SettersWantTheSameShapeTypeAndDevice) {
    const auto system = two_atoms();
    system->set_types(torch::tensor({6, 7}, torch::kInt64));
    EXPECT_EQ(system->types()[1].item<int>(), 7);
    EXPECT_EQ(system->types().scalar_type(), torch::kInt32);
    EXPECT_THAT([&] { system->set_types(torch::tensor({1})); },
                IsValueError("new types must have shape [2], got [1]"));
    EXPECT_THAT(
        [&] {
            system->set_positions(torch::zeros({3, 3}, torch::kFloat64));
        },
        IsValueError("new positions must have shape [2, 3], got [3, 3]"));
    EXPECT_THAT(
        [&] {
            system->set_positions(torch::zeros({2, 3}, torch::kFloat32));
        },
        IsValueError("new positions must have dtype float64, got float32"));
    EXPECT_THAT([&] { system->set_cell(CELL.to(torch::kMeta)); },
                IsValueError("new cell must be on device cpu, got meta"));
    EXPECT_THAT([&] { system->set_pbc(torch::ones({3})); },
                IsValueError("new pbc must have dtype bool, got float32"));
}

TEST(System, PrintsItsCell) {
    EXPECT_EQ(two_atoms()->str(), "System with 2 atoms, periodic cell: [10, 0, 0, 0, 10, 0, 0, 0, 10]");
}

TEST(System, MovesEverythingToAnotherType) {
    const auto system = two_atoms();
    system->add_neighbor_list(list_options(3.0), two_pairs());
    system->add_data("mass", scalars(labels({"system", "atom"}, {{0, 0}, {0, 1}}),
                                     torch::ones({2, 1}, torch::kFloat64), "mass"));
    const auto moved = system->to(torch::kFloat32);
    EXPECT_EQ(moved->scalar_type(), torch::kFloat32);
    EXPECT_EQ(moved->cell().scalar_type(), torch::kFloat32);
    EXPECT_TRUE(moved->types().is_same(system->types()));
    EXPECT_EQ(moved->get_neighbor_list(list_options(3.0))->scalar_type(), torch::kFloat32);
    EXPECT_EQ(moved->get_data("mass")->scalar_type(), torch::kFloat32);
    EXPECT_EQ(system->scalar_type(), torch::kFloat64);

    EXPECT_EQ(moved->to_positional("cpu", torch::kFloat64, {}, {}, false)->scalar_type(), torch::kFloat64);
    EXPECT_THAT(
        [&] { system->to(torch::kInt32); },
        IsValueError("must be one of real numbers (float16, bfloat16, float32 or float64), got int32"));
    EXPECT_THAT([&] { system->to_positional(torch::kFloat32, {}, torch::kFloat32, {}, false); },
                IsValueError("the dtype is given twice in `System.to`"));
}

TEST(NeighborLists, AreFoundByTheirOptions) {
    const auto system = two_atoms();
    const auto block = two_pairs();
    system->add_neighbor_list(list_options(3.0), block);
    EXPECT_EQ(system->get_neighbor_list(list_options(3.0)), block);
    const auto half = torch::make_intrusive<NeighborListOptionsHolder>(3.0, false, true, "somebody");
    EXPECT_THAT(
        [&] { system->get_neighbor_list(half); },
        IsValueError("there is no neighbor list for NeighborListOptions(cutoff=3.000000, full_list=False"));
    EXPECT_THAT([&] { system->add_neighbor_list(list_options(3.0), block); }, IsValueError("already exists"));

    system->add_neighbor_list(half, two_pairs());
    system->add_neighbor_list(torch::make_intrusive<NeighborListOptionsHolder>(3.0, true, false),
                              two_pairs());
    system->add_neighbor_list(list_options(2.0), two_pairs());
    std::vector<std::string> order;
    for (const auto& options : system->known_neighbor_lists()) {
        order.push_back(c10::str(options->cutoff(), options->strict() ? " strict" : "",
                                 options->full_list() ? " full" : ""));
    }
    EXPECT_THAT(order, ElementsAre("2 strict full", "3 full", "3 strict", "3 strict full"));
}

TEST(NeighborLists, MustHaveTheStandardLayout) {
    const auto system = two_atoms();
    const auto add = [&](metatensor_torch::Labels samples, std::vector<metatensor_torch::Labels> components,
                         metatensor_torch::Labels properties) {
        std::vector<int64_t> shape = {samples->count()};
        for (const auto& component : components)
            shape.push_back(component->count());
        shape.push_back(properties->count());
        const auto values = torch::zeros(shape, torch::kFloat64);
        return [=] {
            system->add_neighbor_list(list_options(3.0), torch::make_intrusive<TensorBlockHolder>(
                                                             values, samples, components, properties));
        };
    };
    const auto samples = two_pairs()->samples();
    const auto xyz = LabelsHolder::range("xyz", 3);
    const auto distance = LabelsHolder::range("distance", 1);
    const auto wrong_component = IsValueError("a single component 'xyz' with entries [0, 1, 2]");
    const auto wrong_property = IsValueError("a single property 'distance' with the entry 0");

    EXPECT_THAT(add(samples->rename("first_atom", "first"), {xyz}, distance),
                IsValueError("must have the names [first_atom, second_atom, cell_shift_a, cell_shift_b, "
                             "cell_shift_c], got [first, "));
    EXPECT_THAT(add(samples, {}, distance), wrong_component);
    EXPECT_THAT(add(samples, {LabelsHolder::range("abc", 3)}, distance), wrong_component);
    EXPECT_THAT(add(samples, {labels({"xyz"}, {{0}, {2}, {1}})}, distance), wrong_component);
    EXPECT_THAT(add(samples, {xyz}, LabelsHolder::range("distances", 1)), wrong_property);
    EXPECT_THAT(add(samples, {xyz}, LabelsHolder::range("distance", 2)), wrong_property);
    EXPECT_THAT(add(samples, {xyz}, labels({"distance"}, {{1}})), wrong_property);
    EXPECT_THAT([&] { system->add_neighbor_list(list_options(3.0), two_pairs(torch::kFloat32)); },
                IsValueError("the values of `neighbors` must have dtype float64, got float32"));
    EXPECT_NO_THROW(add(samples, {xyz}, distance)());
}

TEST(SystemData, HasNamesOfQuantities) {
    const auto system = two_atoms();
    const auto atoms = labels({"system", "atom"}, {{0, 0}, {0, 1}});
    const auto charges = scalars(atoms, torch::ones({2, 1}, torch::kFloat64), "charge");
    system->add_data("charge", charges);
    system->add_data("mine::thing", charges);
    EXPECT_EQ(system->get_data("charge"), charges);
    EXPECT_THAT(system->known_data(), ElementsAre("charge", "mine::thing"));

    for (const auto* name : {"types", "Positions", "position", "CELL", "neighbors", "neighbor"}) {
        EXPECT_THAT([&] { system->add_data(name, charges); },
                    IsValueError(std::string("custom data can not be named '") + name + "'"));
    }
    EXPECT_THAT([&] { system->add_data("foo", charges); },
                IsValueError("invalid model input name 'foo': this is not a known quantity"));
    EXPECT_THAT([&] { system->add_data("charge", charges); },
                IsValueError("custom data 'charge' are already present in this system"));
    EXPECT_THAT([&] { system->add_data("mass", charges->to(torch::kFloat32)); },
                IsValueError("custom data 'mass' must have the dtype of this system, float64, got float32"));
    EXPECT_THAT([&] { system->get_data("mass"); }, IsValueError("no data for 'mass' found in this system"));

    const auto others = scalars(atoms, torch::zeros({2, 1}, torch::kFloat64), "charge");
    system->add_data("charge", others, /*override=*/true);
    EXPECT_EQ(system->get_data("charge"), others);
}

} // namespace
} // namespace metatomic_torch
