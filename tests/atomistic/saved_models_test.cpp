// SPDX-License-Identifier: BSD-3-Clause
// Models that other packages saved, of both generations, run in C++ and give the results that those packages
// got.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include "support.hpp"

namespace {

using namespace metatomic_torch;
using metatensor_torch::LabelsHolder;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorBlockHolder;
using metatensor_torch::TensorMap;

const std::string LEGACY = "metatensor-torch-0.7.6";
const std::string CURRENT = "metatomic-torch-0.1.19";

std::string path_of(const std::string& folder, const std::string& file) {
    return std::string(SAVED_MODELS_DIRECTORY) + "/" + folder + "/" + file;
}

class SavedModel : public testing::TestWithParam<std::tuple<std::string, std::string>> {
  protected:
    void SetUp() override {
        const auto& [folder, name] = GetParam();
        model_ = load_atomistic_model(path_of(folder, name + ".pt"));
        std::ifstream file(path_of(folder, name + ".results.pt"), std::ios::binary);
        const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
        for (const auto& entry : torch::jit::pickle_load(bytes).toGenericDict())
            saved_.emplace(entry.key().toStringRef(), entry.value().toTensor());
    }

    System make_system(int index) {
        const auto prefix = std::to_string(index) + ".";
        auto system = torch::make_intrusive<SystemHolder>(
            saved_.at(prefix + "types"), saved_.at(prefix + "positions").clone().requires_grad_(true),
            saved_.at(prefix + "cell"), saved_.at(prefix + "pbc"));
        int n = 0;
        const auto requests = model_.run_method("requested_neighbor_lists");
        for (const torch::IValue& request : requests.toListRef()) {
            const auto list = prefix + std::to_string(n++) + ".";
            const auto pairs = torch::make_intrusive<TensorBlockHolder>(
                saved_.at(list + "vectors").clone(),
                torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"first_atom", "second_atom",
                                                                             "cell_shift_a", "cell_shift_b",
                                                                             "cell_shift_c"},
                                                    saved_.at(list + "samples")),
                std::vector{LabelsHolder::range("xyz", 3)}, LabelsHolder::range("distance", 1));
            register_autograd_neighbors(system, pairs, /*check_consistency=*/true);
            system->add_neighbor_list(request.toCustomClass<NeighborListOptionsHolder>(), pairs);
        }
        const auto inputs = model_.run_method("requested_inputs", true).toGenericDict();
        for (const auto& input : inputs) {
            const auto& name = input.key().toStringRef();
            system->add_data(name, make_data(name, saved_.at(prefix + "data." + name), system->size()));
        }
        return system;
    }

    /// Data of the engine: of the whole system if there is one row, else of its atoms.
    static TensorMap make_data(const std::string& name, const torch::Tensor& values, int64_t n_atoms) {
        static const std::map<std::string, std::string> UNITS = {
            {"charge", "e"}, {"mass", "electron_mass"}, {"mine::field", "kcal/mol"}};
        auto samples = LabelsHolder::range("system", 1);
        if (values.size(0) == n_atoms) {
            const auto atoms = torch::arange(n_atoms, torch::kInt32);
            samples = torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"system", "atom"},
                                                          torch::stack({torch::zeros_like(atoms), atoms}, 1));
        }
        const auto property = name == "mine::field" ? "field" : name;
        const auto block = torch::make_intrusive<TensorBlockHolder>(
            values, samples, std::vector<metatensor_torch::Labels>{}, LabelsHolder::range(property, 1));
        auto data = torch::make_intrusive<metatensor_torch::TensorMapHolder>(LabelsHolder::range("_", 1),
                                                                             std::vector{block});
        data->set_info("unit", UNITS.at(name));
        return data;
    }

    metatensor_torch::Module model_{torch::jit::Module("placeholder")};
    std::map<std::string, torch::Tensor> saved_;
};

/// What the energies were asked for in, see make_models.py.
std::string unit_of_energy(const std::string& name) {
    return name == "springs" || name == "atomic-units" ? "eV" : "meV";
}

/// Relative deviations from what was saved: processors and versions of torch round in other ways.
double tolerance_for(const std::string& folder, const std::string& name) {
    if (folder != CURRENT && unit_of_energy(name) == "eV")
        return 1e-8; // what 1 kcal/mol and 1 hartree are: the old one had 8 digits
    return name.find("float32") == std::string::npos ? 1e-13 : 1e-6;
}

TEST_P(SavedModel, GivesEnergyAndForcesOfWhatSavedIt) {
    const auto& [folder, name] = GetParam();
    const auto options = torch::make_intrusive<ModelEvaluationOptionsHolder>();
    options->set_length_unit("nm");
    const auto energy_request = torch::make_intrusive<ModelOutputHolder>();
    energy_request->set_unit(unit_of_energy(name));
    options->outputs.insert("energy", energy_request);

    const std::vector<System> systems = {make_system(0), make_system(1)};
    for (const auto check_consistency : {true, false}) {
        const auto outputs = model_.forward({systems, options, check_consistency}).toGenericDict();
        ASSERT_EQ(outputs.size(), 1U);
        const auto energy =
            TensorMap(outputs.at("energy").toCustomClass<metatensor_torch::TensorMapHolder>());
        const auto values = metatensor_torch::TensorMapHolder::block_by_id(energy, 0)->values();
        const auto& expected = saved_.at("energy.values");
        EXPECT_TRUE(torch::allclose(values, expected, tolerance_for(folder, name), 0.0))
            << values << expected;
        const auto gradients = torch::autograd::grad({values.sum()}, {systems[0]->positions()}, {}, true);
        const auto& forces = saved_.at("0.forces");
        EXPECT_TRUE(torch::allclose(-gradients[0], forces, 0.0,
                                    tolerance_for(folder, name) * forces.abs().max().item<double>()));
    }
}

TEST_P(SavedModel, SaysWhatItIsInClassesOfToday) {
    const auto capabilities = model_.run_method("capabilities").toCustomClass<ModelCapabilitiesHolder>();
    const auto* length_unit = std::get<1>(GetParam()) == "atomic-units" ? "bohr" : "angstrom";
    EXPECT_EQ(capabilities->length_unit(), length_unit);
    EXPECT_EQ(capabilities->atomic_types, (std::vector<int64_t>{1, 8}));
    EXPECT_TRUE(capabilities->outputs().contains("energy"));
    const auto metadata = model_.run_method("metadata").toCustomClass<ModelMetadataHolder>();
    EXPECT_EQ(metadata->name, std::get<1>(GetParam()));
    EXPECT_TRUE(read_model_metadata(path_of(std::get<0>(GetParam()), metadata->name + ".pt"))->name ==
                metadata->name);
}

/// All models of a folder, as pairs of folder and name.
std::vector<std::tuple<std::string, std::string>> models_of(const std::string& folder) {
    const std::string suffix = ".results.pt";
    std::vector<std::tuple<std::string, std::string>> models;
    for (const auto& entry : std::filesystem::directory_iterator(path_of(folder, ""))) {
        const auto file = entry.path().filename().string();
        if (file.size() > suffix.size() && file.ends_with(suffix))
            models.emplace_back(folder, file.substr(0, file.size() - suffix.size()));
    }
    std::sort(models.begin(), models.end());
    return models;
}

INSTANTIATE_TEST_SUITE_P(BeforeMay2025, SavedModel, testing::ValuesIn(models_of(LEGACY)));
INSTANTIATE_TEST_SUITE_P(Today, SavedModel, testing::ValuesIn(models_of(CURRENT)));

TEST(SavedLegacyModel, HasOutputsUnderNamesOfTodayToo) {
    auto model = load_atomistic_model(path_of(LEGACY, "many-outputs.pt"));
    const auto capabilities = model.run_method("capabilities").toCustomClass<ModelCapabilitiesHolder>();
    for (const auto* name : {"features", "feature", "non_conservative_forces", "non_conservative_force"}) {
        EXPECT_TRUE(capabilities->outputs().contains(name)) << name;
    }

    const auto options = torch::make_intrusive<ModelEvaluationOptionsHolder>();
    options->outputs.insert("non_conservative_force", torch::make_intrusive<ModelOutputHolder>());
    options->outputs.at("non_conservative_force")->set_sample_kind("atom");
    options->outputs.at("non_conservative_force")->set_unit("eV/nm");
    const auto positions = torch::tensor({{0.0, 0.0, 0.0}, {1.0, 2.0, 3.0}}, torch::kFloat64);
    const auto system = torch::make_intrusive<SystemHolder>(torch::tensor({1, 8}), positions,
                                                            torch::zeros({3, 3}, torch::kFloat64),
                                                            torch::zeros(3, torch::kBool));
    const auto requests = model.run_method("requested_neighbor_lists");
    for (const torch::IValue& request : requests.toListRef()) {
        const auto no_pairs = torch::make_intrusive<TensorBlockHolder>(
            torch::zeros({0, 3, 1}, torch::kFloat64),
            torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"first_atom", "second_atom",
                                                                         "cell_shift_a", "cell_shift_b",
                                                                         "cell_shift_c"},
                                                torch::zeros({0, 5}, torch::kInt32)),
            std::vector{LabelsHolder::range("xyz", 3)}, LabelsHolder::range("distance", 1));
        system->add_neighbor_list(request.toCustomClass<NeighborListOptionsHolder>(), no_pairs);
    }
    const auto outputs = model.forward({std::vector{system}, options, true}).toGenericDict();
    const auto forces =
        TensorMap(outputs.at("non_conservative_force").toCustomClass<metatensor_torch::TensorMapHolder>());
    // what the model computes, 0.5 x, -y, 0.25 z in eV/angstrom
    const auto expected = torch::tensor({{0.0, 0.0, 0.0}, {5.0, -20.0, 7.5}}, torch::kFloat64).unsqueeze(-1);
    EXPECT_TRUE(
        torch::allclose(metatensor_torch::TensorMapHolder::block_by_id(forces, 0)->values(), expected));

    options->outputs.insert("mine::unknown", torch::make_intrusive<ModelOutputHolder>());
    EXPECT_THROW(model.forward({std::vector{system}, options, false}), std::exception);
}

} // namespace
