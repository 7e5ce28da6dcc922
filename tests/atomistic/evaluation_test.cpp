// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "atomistic/support.hpp"

namespace metatomic_torch {
namespace {

using metatensor_torch::TensorMap;
using metatensor_torch::TensorMapHolder;

const std::vector<std::vector<int32_t>> BOTH_ATOMS = {{0, 0}, {0, 1}};

/// Charges of `two_atoms`: 1 and 2 in the given unit, which may be empty.
TensorMap charges(const std::string& unit, torch::Dtype dtype = torch::kFloat64) {
    const auto tensor =
        scalars(labels({"system", "atom"}, BOTH_ATOMS), torch::tensor({{1.0}, {2.0}}, dtype), "charge");
    if (!unit.empty()) tensor->set_info("unit", unit);
    return tensor;
}

/// Request for charges in elementary charges.
c10::Dict<std::string, ModelOutput> charge_request() {
    c10::Dict<std::string, ModelOutput> requested;
    requested.insert("charge", output("e", "atom"));
    return requested;
}

torch::Tensor values(const TensorMap& tensor) { return TensorMapHolder::block_by_id(tensor, 0)->values(); }

TEST(CheckAtomicTypes, NamesTheFirstUnknownType) {
    EXPECT_NO_THROW(check_atomic_types({two_atoms()}, {1, 8}));
    EXPECT_THAT(
        [] {
            check_atomic_types({two_atoms()}, {1, 6});
        },
        IsValueError(
            "this model does not support the atomic type '8' which is present in the input systems"));
    const auto system = two_atoms();
    system->set_types(torch::tensor({-3, 1000}, torch::kInt32));
    EXPECT_NO_THROW(check_atomic_types({system}, {1000, -3}));
    EXPECT_THAT([&] { check_atomic_types({system}, {1000}); }, IsValueError("the atomic type '-3'"));
    EXPECT_NO_THROW(check_atomic_types({}, {}));
}

TEST(CheckAtomicTypes, SeesChangesOfTypesThatWereChecked) {
    const auto system = two_atoms();
    EXPECT_NO_THROW(check_atomic_types({system}, {1, 8}));
    EXPECT_NO_THROW(check_atomic_types({system}, {1, 8}));
    EXPECT_THAT([&] { check_atomic_types({system}, {1}); }, IsValueError("'8'")); // another set
    auto types = system->types();
    types[0] = 6;
    EXPECT_THAT([&] { check_atomic_types({system}, {1, 8}); }, IsValueError("'6'"));
    types.data_ptr<int32_t>()[0] = 5; // as engines do
    EXPECT_THAT([&] { check_atomic_types({system}, {1, 8}); }, IsValueError("'5'"));
    system->set_types(torch::tensor({8, 7}, torch::kInt32));
    EXPECT_THAT([&] { check_atomic_types({system}, {1, 8}); }, IsValueError("'7'"));
}

TEST(ConvertSystems, ReturnsTheSameSystemsWhereNothingChanges) {
    const auto system = two_atoms();
    system->add_data("charge", charges("e"));
    system->add_data("charges", system->get_data("charge"), false, DeprecatedNames::accept);
    for (const auto* unit : {"A", "Angstrom", ""}) {
        const auto converted = convert_systems_units({system}, charge_request(), "A", unit);
        ASSERT_EQ(converted.size(), 1U);
        EXPECT_EQ(converted[0], system);
    }
}

TEST(ConvertSystems, ScalesLengths) {
    const auto system = two_atoms();
    system->add_neighbor_list(list_options(3.0), two_pairs());
    system->add_data("charge", charges("e"));
    const auto converted = convert_systems_units({system}, charge_request(), "A", "nm")[0];
    EXPECT_TRUE(torch::allclose(converted->positions(), 10.0 * system->positions()));
    EXPECT_TRUE(torch::allclose(converted->cell(), 10.0 * system->cell()));
    EXPECT_TRUE(converted->types().is_same(system->types()));
    const auto neighbors = converted->get_neighbor_list(list_options(3.0));
    EXPECT_TRUE(torch::allclose(neighbors->values(), 10.0 * two_pairs()->values()));
    EXPECT_EQ(neighbors->samples(), system->get_neighbor_list(list_options(3.0))->samples());
    EXPECT_EQ(converted->get_data("charge"), system->get_data("charge"));
    EXPECT_EQ(system->positions()[1][2].item<double>(), 3.0);
}

TEST(ConvertSystems, ScalesRequestedData) {
    const auto system = two_atoms();
    system->add_data("charge", charges("C"));
    system->add_data("mine::charge", charges("C"));
    const auto converted = convert_systems_units({system}, charge_request(), "A", "A")[0];
    EXPECT_NEAR(values(converted->get_data("charge"))[1][0].item<double>(), 2.0 / 1.602176634e-19, 1e5);
    EXPECT_EQ(converted->get_data("charge")->get_info("unit"), "e");
    EXPECT_EQ(converted->get_data("mine::charge"), system->get_data("mine::charge"));
    EXPECT_EQ(system->get_data("charge")->get_info("unit"), "C");
    EXPECT_TRUE(converted->positions().is_same(system->positions()));

    const auto without_unit = two_atoms();
    without_unit->add_data("charge", charges(""));
    const auto with_unit =
        convert_systems_units({without_unit}, charge_request(), "A", "A")[0]->get_data("charge");
    EXPECT_EQ(with_unit->get_info("unit"), "e");
    EXPECT_TRUE(values(with_unit).is_same(values(without_unit->get_data("charge"))));
    const auto wrong = two_atoms();
    wrong->add_data("charge", charges("eV"));
    EXPECT_THAT([&] { convert_systems_units({wrong}, charge_request(), "A", "A"); },
                IsValueError("can not convert from 'eV' to 'e'"));
}

TEST(ConvertSystems, GivesDataUnderBothNames) {
    for (const auto* name : {"charge", "charges"}) {
        const auto system = two_atoms();
        system->add_data(name, charges("C"), false, DeprecatedNames::accept);
        const auto converted = convert_systems_units({system}, charge_request(), "A", "A")[0];
        EXPECT_EQ(converted->get_data("charge")->get_info("unit"), "e");
        EXPECT_EQ(converted->get_data("charges"), converted->get_data("charge"));
        EXPECT_EQ(system->known_data().size(), 1U);
    }
}

TEST(ConvertSystems, KeepsGradients) {
    const auto system = two_atoms();
    system->positions().requires_grad_();
    const auto block = two_pairs();
    register_autograd_neighbors(system, block);
    system->add_neighbor_list(list_options(3.0), block);
    const auto converted =
        convert_systems_units({system}, torch::Dict<std::string, ModelOutput>(), "A", "nm")[0];
    const auto total = converted->get_neighbor_list(list_options(3.0))->values()[0].sum();
    const auto gradient = torch::autograd::grad({total}, {system->positions()})[0];
    EXPECT_TRUE(torch::allclose(gradient[1], torch::full({3}, 10.0, torch::kFloat64)));
    EXPECT_TRUE(torch::allclose(gradient[0], torch::full({3}, -10.0, torch::kFloat64)));
}

/// An energy of 2 with a gradient of 3 with respect to the positions of one atom.
TensorMap energy_with_gradient() {
    const auto properties = metatensor_torch::LabelsHolder::range("energy", 1);
    const auto block = torch::make_intrusive<metatensor_torch::TensorBlockHolder>(
        torch::full({1, 1}, 2.0, torch::kFloat64), labels({"system"}, {{0}}),
        std::vector<metatensor_torch::Labels>{}, properties);
    block->add_gradient(
        "positions",
        torch::make_intrusive<metatensor_torch::TensorBlockHolder>(
            torch::full({1, 3, 1}, 3.0, torch::kFloat64), labels({"sample", "system", "atom"}, {{0, 0, 1}}),
            std::vector<metatensor_torch::Labels>{metatensor_torch::LabelsHolder::range("xyz", 3)},
            properties));
    const auto tensor = torch::make_intrusive<TensorMapHolder>(
        metatensor_torch::LabelsHolder::single(), std::vector<metatensor_torch::TensorBlock>{block});
    tensor->set_info("key", "text");
    return tensor;
}

TEST(ConvertOutputs, ScalesValuesAndGradients) {
    c10::Dict<std::string, TensorMap> outputs;
    outputs.insert("energy", energy_with_gradient());
    c10::Dict<std::string, ModelOutput> declared;
    declared.insert("energy", output("eV"));
    c10::Dict<std::string, ModelOutput> requested;
    requested.insert("energy", output("meV"));

    const auto converted = convert_outputs_units(outputs, declared, requested).at("energy");
    const auto block = TensorMapHolder::block_by_id(converted, 0);
    EXPECT_NEAR(block->values().item<double>(), 2000.0, 1e-9);
    const auto gradient = metatensor_torch::TensorBlockHolder::gradient(block, "positions");
    EXPECT_TRUE(torch::allclose(gradient->values(), torch::full({1, 3, 1}, 3000.0, torch::kFloat64)));
    EXPECT_EQ(converted->get_info("key"), "text");
    EXPECT_EQ(values(outputs.at("energy")).item<double>(), 2.0);
}

TEST(ConvertOutputs, LeavesTheOthersAlone) {
    c10::Dict<std::string, TensorMap> outputs;
    outputs.insert("energy", energy_with_gradient());
    c10::Dict<std::string, ModelOutput> declared;
    declared.insert("energy", output("eV"));
    for (const auto* unit : {"eV", ""}) {
        c10::Dict<std::string, ModelOutput> requested;
        requested.insert("energy", output(unit));
        EXPECT_EQ(convert_outputs_units(outputs, declared, requested).at("energy"), outputs.at("energy"));
    }
    const c10::Dict<std::string, ModelOutput> nothing;
    EXPECT_EQ(convert_outputs_units(outputs, declared, nothing).at("energy"), outputs.at("energy"));
    EXPECT_THAT([&] { convert_outputs_units(outputs, nothing, nothing); },
                IsValueError("the output 'energy', which is not among its capabilities"));
}

/// What a model is called with, valid until a test changes a part of it.
struct Call {
    std::vector<System> systems = {two_atoms()};
    ModelCapabilities capabilities = torch::make_intrusive<ModelCapabilitiesHolder>();
    std::vector<NeighborListOptions> lists = {list_options(3.0)};
    c10::Dict<std::string, ModelOutput> inputs = charge_request();
    ModelEvaluationOptions options = torch::make_intrusive<ModelEvaluationOptionsHolder>();

    Call() {
        systems[0]->add_neighbor_list(lists[0], two_pairs());
        systems[0]->add_data("charge", charges("e"));
        capabilities->set_dtype("float64");
        c10::Dict<std::string, ModelOutput> outputs;
        outputs.insert("energy", output("eV"));
        outputs.insert("charge", output("e", "atom"));
        capabilities->set_outputs(outputs);
        options->outputs.insert("energy", output("eV"));
    }

    auto checked() {
        return [this] { check_inputs(systems, capabilities, lists, inputs, options); };
    }
};

TEST(CheckInputs, AcceptsWhatIsValid) {
    Call call;
    EXPECT_NO_THROW(call.checked()());
    call.options->outputs.insert("charge", output("e", "system")); // the sum over atoms
    call.options->set_selected_atoms(labels({"system", "atom"}, {{0, 1}}));
    EXPECT_NO_THROW(call.checked()());
}

TEST(CheckInputs, ComparesSystems) {
    Call call;
    call.systems.push_back(two_atoms(torch::kFloat32));
    EXPECT_THAT(call.checked(),
                IsValueError("all systems must have the same dtype, got float64 and float32"));
    call.systems.erase(call.systems.begin());
    EXPECT_THAT(call.checked(),
                IsValueError("wrong dtype of the systems: the model works in float64, got float32"));
    call.systems = {two_atoms()};
    EXPECT_THAT(call.checked(),
                IsValueError("the model requests the neighbor list NeighborListOptions(cutoff=3.000000, "
                             "full_list=True, strict=True), which is missing in the system"));
    call.lists.clear();
    EXPECT_THAT(call.checked(), IsValueError("the input 'charge', which the model requests, is missing"));
    call.systems[0]->add_data("charge", scalars(labels({"system", "atom"}, {{0, 0}, {0, 5}}),
                                                torch::zeros({2, 1}, torch::kFloat64), "charge"));
    EXPECT_THAT(call.checked(), IsValueError("invalid samples for 'charge': (system=0, atom=5)"));
}

TEST(CheckInputs, ComparesOutputsWithCapabilities) {
    Call call;
    call.options->outputs.insert("mass", output(""));
    EXPECT_THAT(call.checked(),
                IsValueError("this model can not compute 'mass', its outputs are ['energy', 'charge']"));
    Call per_atom;
    per_atom.options->outputs.insert_or_assign("energy", output("eV", "atom"));
    EXPECT_THAT(per_atom.checked(),
                IsValueError("can not compute 'energy' with the sample_kind 'atom', only with 'system'"));
    Call gradients;
    gradients.options->outputs.at("energy")->explicit_gradients = {"positions"};
    EXPECT_THAT(gradients.checked(),
                IsValueError("can not compute explicit gradients of 'energy' with respect to 'positions'"));
}

TEST(CheckInputs, ComparesSelectedAtomsWithTheSystems) {
    for (const auto& row : std::vector<std::vector<int32_t>>{{0, 2}, {1, 0}, {0, -1}, {-1, 0}}) {
        Call call;
        call.options->set_selected_atoms(labels({"system", "atom"}, {row}));
        EXPECT_THAT(call.checked(), IsValueError("invalid samples for 'selected_atoms'"));
    }
}

} // namespace
} // namespace metatomic_torch
