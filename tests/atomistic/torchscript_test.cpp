// SPDX-License-Identifier: BSD-3-Clause
// The classes and operators as TorchScript sees them.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "atomistic/support.hpp"
#include "support/class_resolver.hpp"

namespace metatomic_torch {
namespace {

/// What a TorchScript function returns.
torch::IValue run(const std::string& source, std::vector<torch::IValue> arguments = {}) {
    torch::jit::Module module("Module");
    module.define("def forward(self" + source + "\n", std::make_shared<test::ClassResolver>());
    return module.forward(std::move(arguments));
}

/// The same object after it was in an archive as attribute of a module.
template <typename Holder>
torch::intrusive_ptr<Holder> saved_and_loaded(const torch::intrusive_ptr<Holder>& object) {
    torch::jit::Module module("Module");
    module.register_attribute("object", c10::getCustomClassType<torch::intrusive_ptr<Holder>>(), object);
    std::stringstream archive;
    module.save(archive);
    return torch::jit::load(archive).attr("object").toCustomClass<Holder>();
}

TEST(TorchScript, HasTheClasses) {
    const auto* source = R"(, types: Tensor, positions: Tensor, float64: int) -> str:
    system = System(types, positions, torch.zeros([3, 3]), torch.zeros([3]) > 0)
    system.positions = positions + 1
    moved = system.to(float64).to("cpu")
    assert moved.positions.dtype == float64
    options = NeighborListOptions(2.0, full_list=True, strict=True)
    options.length_unit = "nm"
    return str(len(system)) + " " + str(options.engine_cutoff("A"))
)";
    EXPECT_EQ(run(source, {torch::tensor({1}), torch::zeros({1, 3}), torch::kFloat64}).toStringRef(),
              "1 20.");
}

TEST(TorchScript, DefaultDictionariesAreNotShared) {
    const auto* source = R"() -> int:
    first = ModelEvaluationOptions()
    first.outputs["energy"] = ModelOutput(unit="eV")
    second = ModelEvaluationOptions()
    return 10 * len(first.outputs) + len(second.outputs)
)";
    EXPECT_EQ(run(source).toInt(), 10);
}

TEST(TorchScript, OutputTakesItsSampleKindInManyWays) {
    const auto kind = [](const std::string& arguments) {
        return run(") -> str:\n    return ModelOutput(" + arguments + ").sample_kind").toStringRef();
    };
    EXPECT_EQ(kind(""), "system");
    EXPECT_EQ(kind("'energy', 'eV', True"), "atom");
    EXPECT_EQ(kind("'energy', 'eV', 'atom_pair'"), "atom_pair");
    EXPECT_EQ(kind("per_atom=True"), "atom");
    EXPECT_EQ(kind("sample_kind='atom'"), "atom");
    const auto fails = [&](const std::string& arguments, const std::string& message) {
        EXPECT_THAT([&] { kind(arguments); },
                    testing::ThrowsMessage<std::exception>(testing::HasSubstr(message)));
    };
    fails("per_atom=True, sample_kind='atom'", "only one of `per_atom` and `sample_kind`");
    fails("'energy', 'eV', True, per_atom=True", "`per_atom` is given both by position and by name");
    fails("'energy', 'eV', 'atom', sample_kind='atom'", "`sample_kind` is given both");
    fails("'energy', 'eV', 3", "must be `sample_kind` (a string) or `per_atom` (a boolean), got int");
}

TEST(TorchScript, ConvertsUnitsInTwoForms) {
    const auto factor = [](const std::string& arguments) {
        return run(") -> float:\n    return metatomic.unit_conversion_factor(" + arguments + ")").toDouble();
    };
    for (const auto* arguments :
         {"'nm', 'm'", "from_unit='nm', to_unit='m'", "'nm', to_unit='m'", "'length', 'nm', 'm'",
          "quantity='length', from_unit='nm', to_unit='m'", "'length', 'nm', to_unit='m'"}) {
        EXPECT_EQ(factor(arguments), 1e-9) << arguments;
    }
    for (const auto* arguments : {"", "'nm'", "quantity='length', from_unit='nm'"}) {
        EXPECT_THAT([&] { factor(arguments); },
                    testing::ThrowsMessage<std::exception>(testing::HasSubstr("needs two arguments")));
    }
}

TEST(TorchScript, RegistersNeighbors) {
    const auto system = two_atoms();
    system->positions().requires_grad_();
    const auto block = two_pairs();
    run(", system: System, block: "
        "TensorBlock):\n"
        "    metatomic.register_autograd_neighbors(system, block, check_consistency=True)",
        {system, block});
    EXPECT_TRUE(block->values().requires_grad());
}

TEST(TorchScript, PicksDevices) {
    const auto pick = [](const std::string& arguments) {
        return run(") -> str:\n    return metatomic.pick_device(" + arguments + ")").toStringRef();
    };
    EXPECT_EQ(pick("['CPU']"), "cpu");
    EXPECT_EQ(pick("['cpu'], 'cpu:0'"), "cpu:0");
    EXPECT_THAT([&] { pick("['cpu'], 'foo'"); }, testing::ThrowsMessage<std::exception>(testing::HasSubstr(
                                                     "pick_device failed: 'foo' is not a device")));
}

TEST(Pickling, KeepsOptionsAndDescriptions) {
    const auto options = list_options(0.1);
    options->set_length_unit("nm");
    EXPECT_EQ(saved_and_loaded(options)->to_json(), options->to_json());
    EXPECT_EQ(saved_and_loaded(output("eV", "atom"))->to_json(), output("eV", "atom")->to_json());
    const auto capabilities = torch::make_intrusive<ModelCapabilitiesHolder>();
    capabilities->interaction_range = 0.1;
    EXPECT_EQ(saved_and_loaded(capabilities)->interaction_range, 0.1);
    const auto metadata = torch::make_intrusive<ModelMetadataHolder>();
    metadata->name = "Best";
    EXPECT_EQ(saved_and_loaded(metadata)->name, "Best");
    const auto evaluation = torch::make_intrusive<ModelEvaluationOptionsHolder>();
    evaluation->set_length_unit("A");
    EXPECT_EQ(saved_and_loaded(evaluation)->length_unit(), "A");
}

class SystemFiles : public testing::TestWithParam<torch::Dtype> {};

System with_lists_and_data(torch::Dtype dtype) {
    const auto system = two_atoms(dtype);
    system->add_neighbor_list(list_options(3.0), two_pairs(dtype));
    system->add_neighbor_list(list_options(0.1), two_pairs(dtype));
    system->add_data("charge/variant", scalars(labels({"system", "atom"}, {{0, 0}, {0, 1}}),
                                               torch::ones({2, 1}, dtype), "charge"));
    return system;
}

void expect_same(const System& a, const System& b) {
    EXPECT_TRUE(torch::equal(a->types(), b->types()));
    EXPECT_EQ(a->scalar_type(), b->scalar_type());
    EXPECT_TRUE(torch::equal(a->positions(), b->positions()));
    EXPECT_TRUE(torch::equal(a->cell(), b->cell()));
    EXPECT_TRUE(torch::equal(a->pbc(), b->pbc()));
    ASSERT_EQ(a->neighbor_lists().size(), b->neighbor_lists().size());
    for (const auto& [options, block] : a->neighbor_lists()) {
        const auto other = b->neighbor_lists().at(&options == &a->neighbor_lists()[0].first ? 0 : 1);
        EXPECT_EQ(options.to_json(), other.first.to_json());
        EXPECT_TRUE(torch::equal(block->values(), other.second->values()));
        EXPECT_TRUE(*block->samples() == *other.second->samples());
    }
    EXPECT_EQ(a->known_data(), b->known_data());
}

TEST_P(SystemFiles, KeepEverything) {
    const auto system = with_lists_and_data(GetParam());
    expect_same(load_system_buffer(save_buffer(system)), system);
    expect_same(saved_and_loaded(system), system);
    expect_same(load_system_buffer(save_buffer(two_atoms(GetParam()))), two_atoms(GetParam()));

    const auto path = testing::TempDir() + "system_" + std::to_string(getpid()) + ".mta";
    save(path, system);
    expect_same(load_system(path), system);
    std::filesystem::remove(path);
}

INSTANTIATE_TEST_SUITE_P(Dtypes, SystemFiles, testing::Values(torch::kFloat32, torch::kFloat64),
                         [](const auto& info) {
                             return info.param == torch::kFloat32 ? "cpu_float32" : "cpu_float64";
                         });

TEST(SystemFiles, RefuseOtherNamesAndContent) {
    const auto is_error = [](const std::string& text) {
        return testing::ThrowsMessage<c10::Error>(testing::HasSubstr(text));
    };
    EXPECT_THAT([] { save("system.mts", two_atoms()); }, is_error("must end with '.mta', got 'system.mts'"));
    EXPECT_THAT([] { load_system("mta"); }, is_error("must end with '.mta', got 'mta'"));
    EXPECT_THROW(load_system("/nothing/here.mta"), c10::Error);
    EXPECT_THROW(load_system_buffer(std::vector<uint8_t>(100, 0)), c10::Error);
    EXPECT_THROW(load_system_buffer(torch::zeros({3})), c10::Error);
}

} // namespace
} // namespace metatomic_torch
