// SPDX-License-Identifier: BSD-3-Clause
// The names that simulation engines use, called as they call them.
#include <metatensor/torch.hpp>
#include <metatomic/torch.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <type_traits>

#include "support/class_resolver.hpp"

namespace {

using metatensor_torch::LabelsHolder;
using metatensor_torch::TensorBlockHolder;
using metatensor_torch::TensorMapHolder;

metatensor_torch::Labels integers(const std::string& name, int64_t size) {
    return torch::make_intrusive<LabelsHolder>(name, torch::arange(size, torch::kInt32).reshape({-1, 1}));
}

/// A system with one pair, made as an engine does.
metatomic_torch::System engine_system(const metatomic_torch::NeighborListOptions& options) {
    const auto float64 = torch::TensorOptions().dtype(torch::kFloat64);
    auto system = torch::make_intrusive<metatomic_torch::SystemHolder>(
        torch::ones(2, torch::kInt32), torch::zeros({2, 3}, float64), 10 * torch::eye(3, float64),
        torch::ones(3, torch::kBool));
    const auto sample_names =
        std::vector<std::string>{"first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"};
    const auto samples = torch::make_intrusive<LabelsHolder>(
        sample_names, torch::tensor({0, 1, 0, 0, 0}, torch::kInt32).reshape({1, 5}),
        metatensor::assume_unique{});
    const auto properties = LabelsHolder::create({"distance"}, {{0}});
    auto neighbors = torch::make_intrusive<TensorBlockHolder>(torch::zeros({1, 3, 1}, float64), samples,
                                                              std::vector{integers("xyz", 3)}, properties);
    metatomic_torch::register_autograd_neighbors(system, neighbors, false);
    system->add_neighbor_list(options, neighbors);
    return system;
}

/// A model as engines know it, whose energy is the number of atoms.
metatensor_torch::Module model() {
    torch::jit::Module module("Model");
    module.define(R"(
        def capabilities(self):
            outputs = {"energy": ModelOutput(unit="eV")}
            return ModelCapabilities(
                outputs=outputs, atomic_types=[1], interaction_range=2.0, length_unit="angstrom",
                supported_devices=["cpu"], dtype="float64")
        def metadata(self):
            return ModelMetadata(name="count")
        def requested_neighbor_lists(self):
            return [NeighborListOptions(3.5, True, True)]
        def requested_inputs(self):
            result: Dict[str, ModelOutput] = {}
            return result
        def forward(self, systems: List[System],
                    options: ModelEvaluationOptions, check_consistency: bool):
            energies: List[float] = []
            for system in systems:
                energies.append(float(len(system)))
            rows = torch.arange(len(systems)).reshape(-1, 1)
            samples = Labels("system", rows)
            single = Labels("_", torch.arange(1).reshape(1, 1))
            values = torch.tensor(energies).reshape(-1, 1)
            block = TensorBlock(values, samples, [], single)
            return {"energy": TensorMap(single, [block])}
    )",
                  std::make_shared<test::ClassResolver>());
    return module;
}

TEST(Engine, ReadsWhatAModelIs) {
    auto loaded = model();
    EXPECT_EQ(metatomic_torch::version().find("0.1."), 0);
    EXPECT_EQ(metatensor_torch::version().find("0.10."), 0);

    const auto capabilities =
        loaded.run_method("capabilities").toCustomClass<metatomic_torch::ModelCapabilitiesHolder>();
    EXPECT_EQ(capabilities->dtype(), "float64");
    EXPECT_EQ(capabilities->length_unit(), "angstrom");
    EXPECT_THAT(capabilities->atomic_types, testing::ElementsAre(1));
    EXPECT_DOUBLE_EQ(capabilities->engine_interaction_range("nm"), 0.2);
    const auto device = metatomic_torch::pick_device(capabilities->supported_devices, "cpu");
    EXPECT_EQ(device, torch::kCPU);
    EXPECT_EQ(metatomic_torch::pick_output("energy", capabilities->outputs(), std::nullopt), "energy");
    EXPECT_TRUE(capabilities->outputs().contains("energy"));

    const auto metadata = loaded.run_method("metadata").toCustomClass<metatomic_torch::ModelMetadataHolder>();
    EXPECT_THAT(metadata->print(), testing::HasSubstr("count"));

    const auto requests = loaded.run_method("requested_neighbor_lists").toList();
    const auto request = requests.get(0).toCustomClass<metatomic_torch::NeighborListOptionsHolder>();
    EXPECT_DOUBLE_EQ(request->cutoff(), 3.5);
    EXPECT_DOUBLE_EQ(request->engine_cutoff("angstrom"), 3.5);
    EXPECT_TRUE(request->full_list() && request->strict());
    EXPECT_EQ(loaded.run_method("requested_inputs").toGenericDict().size(), 0);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // engines still call some of these

TEST(Engine, RunsAModel) {
    torch::jit::Module plain = model(); // some engines keep the module as this
    metatensor_torch::Module loaded = plain;
    loaded.to(torch::kCPU);
    loaded.to(torch::kFloat64);
    loaded.to(torch::kCPU, torch::kFloat64);

    auto output = torch::make_intrusive<metatomic_torch::ModelOutputHolder>();
    output->set_quantity("energy");
    output->set_unit("kcal/mol");
    output->per_atom = false;
    output->set_sample_kind("system");
    output->explicit_gradients = {};
    const auto other_form = torch::make_intrusive<metatomic_torch::ModelOutputHolder>(
        "energy", "eV", /*per_atom=*/true, std::vector<std::string>{}, "");
    EXPECT_EQ(other_form->sample_kind(), "atom");

    auto options = torch::make_intrusive<metatomic_torch::ModelEvaluationOptionsHolder>();
    options->set_length_unit("angstrom");
    options->outputs.insert("energy", output);
    const auto selected = torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"system", "atom"},
                                                              torch::zeros({1, 2}, torch::kInt32));
    options->set_selected_atoms(selected->to(torch::kCPU));
    EXPECT_EQ(options->get_selected_atoms().value()->count(), 1);

    const auto request = torch::make_intrusive<metatomic_torch::NeighborListOptionsHolder>(3.5, true, true);
    const auto system = engine_system(request);
    EXPECT_EQ(system->known_neighbor_lists().size(), 1);
    const auto extra = torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::single()->to(torch::kCPU),
        std::vector{torch::make_intrusive<TensorBlockHolder>(
            torch::zeros({1, 1}, torch::kFloat64), integers("a", 1), std::vector<metatensor_torch::Labels>{},
            integers("b", 1))});
    system->add_data("engine::extra", extra);

    const auto result =
        loaded.forward({std::vector{system}, options, /*check_consistency=*/true}).toGenericDict();
    const auto map = result.at("energy").toCustomClass<TensorMapHolder>();
    const auto block = TensorMapHolder::block_by_id(map, 0);
    EXPECT_DOUBLE_EQ(block->values().item<double>(), 2.0);
    EXPECT_EQ(block->samples()->values().size(0), 1);
    EXPECT_THAT(block->gradients_list(), testing::IsEmpty());
    EXPECT_FALSE(block->has_gradient("positions"));
    EXPECT_ANY_THROW(TensorBlockHolder::gradient(block, "positions"));
}

TEST(Engine, ConvertsUnits) {
    EXPECT_DOUBLE_EQ(metatomic_torch::unit_conversion_factor("nm", "angstrom"), 10.0);
    EXPECT_DOUBLE_EQ(metatomic_torch::unit_conversion_factor("length", "nm", "angstrom"), 10.0);
    EXPECT_EQ(metatomic_torch::unit_dimension_for_quantity("energy"), "energy");
    EXPECT_TRUE(metatomic_torch::details::valid_dimension("length"));
    EXPECT_NO_THROW(metatomic_torch::details::validate_unit("length", "angstrom"));
}

#pragma GCC diagnostic pop

// Never called: these need files, and that they compile is the test.
[[maybe_unused]] void files() {
    metatomic_torch::check_atomistic_model("model.pt");
    metatomic_torch::load_model_extensions("model.pt", std::nullopt);
    metatensor_torch::Module with_default = metatomic_torch::load_atomistic_model("model.pt");
    metatensor_torch::Module with_extensions =
        metatomic_torch::load_atomistic_model("model.pt", "extensions/");
    torch::jit::Module plain = metatomic_torch::load_atomistic_model("model.pt");
    metatomic_torch::ModelMetadata metadata = metatomic_torch::read_model_metadata("model.pt");
    metatomic_torch::System system = metatomic_torch::load_system("system.mta");
    metatomic_torch::save("system.mta", system);
    system = metatomic_torch::load_system_buffer(metatomic_torch::save_buffer(system));
    system = metatomic_torch::load_system_buffer(std::vector<uint8_t>{});
    metatensor_torch::TensorMap map = metatensor_torch::load("map.mts");
    metatensor_torch::TensorBlock block = metatensor_torch::load_block("block.mts");
    metatensor_torch::Labels labels = metatensor_torch::load_labels("labels.npy");
    metatensor_torch::save("map.mts", map);
    metatensor_torch::save("block.mts", block);
    metatensor_torch::save("labels.npy", labels);
    map = metatensor_torch::load_buffer(metatensor_torch::save_buffer(map));
}

} // namespace

static_assert(METATENSOR_TORCH_VERSION_MAJOR == 0 && METATENSOR_TORCH_VERSION_MINOR == 10);
static_assert(METATENSOR_TORCH_VERSION_PATCH >= 0 && sizeof(METATENSOR_TORCH_VERSION) > 1);
static_assert(METATOMIC_TORCH_VERSION_MAJOR == 0 && METATOMIC_TORCH_VERSION_MINOR == 1);
static_assert(std::is_convertible_v<torch::jit::Module, metatensor_torch::Module>);
static_assert(std::is_base_of_v<torch::jit::Module, metatensor_torch::Module>);
static_assert(std::is_base_of_v<torch::autograd::Function<metatomic_torch::NeighborsAutograd>,
                                metatomic_torch::NeighborsAutograd>);
