// SPDX-License-Identifier: BSD-3-Clause
// Models that other packages saved, of both generations, run in C++ and give the results that those packages
// got: run_models.py says what is in the files.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

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

/// What was saved for a model: tensors, and lists of names.
torch::Dict<torch::IValue, torch::IValue> read_results(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    return torch::jit::pickle_load(bytes).toGenericDict();
}

/// Where scripts/saved_models.sh has just put what the packages got on this machine, or nothing.
const char* fresh_results() { return std::getenv("METATENSOR_SAVED_RESULTS"); }

TensorMap map_of(const torch::IValue& value) {
    return value.toCustomClass<metatensor_torch::TensorMapHolder>();
}

/// What an engine asks outputs of a unit in, see run_models.py.
const std::map<std::string, std::string> ENGINE_UNITS = {
    {"kcal/mol", "eV"},
    {"eV", "meV"},
    {"Hartree", "eV"},
    {"eV/Angstrom", "eV/Angstrom"},
    {"eV/Angstrom^3", "eV/Angstrom^3"},
    {"angstrom", "nm"},
    {"", ""},
};

class SavedModel : public testing::TestWithParam<std::tuple<std::string, std::string>> {
  protected:
    void SetUp() override {
        const auto& [folder, name] = GetParam();
        model_ = load_atomistic_model(path_of(folder, name + ".pt"));
        const auto results = "/" + name + ".results.pt";
        const std::string root = fresh_results() ? fresh_results() : SAVED_MODELS_DIRECTORY;
        const auto saved = read_results(root + "/" + folder + results);
        for (const auto& entry : saved) {
            if (entry.value().isTensor()) {
                saved_.emplace(entry.key().toStringRef(), entry.value().toTensor());
            } else {
                std::vector<std::string> names;
                for (const torch::IValue& dimension : entry.value().toListRef())
                    names.push_back(dimension.toStringRef());
                names_.emplace(entry.key().toStringRef(), names);
            }
        }
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

    /// Names of the outputs that were asked for in the same way: all under one of "", "atom:" and
    /// "selected:".
    std::vector<std::string> outputs_saved_under(const std::string& prefix) const {
        const std::string end = ".keys";
        std::vector<std::string> outputs;
        for (const auto& [key, _] : saved_) {
            const auto is_other =
                prefix.empty() && (key.starts_with("atom:") || key.starts_with("selected:"));
            if (!is_other && key.starts_with(prefix) && key.ends_with(end))
                outputs.push_back(key.substr(prefix.size(), key.size() - prefix.size() - end.size()));
        }
        return outputs;
    }

    /// Asks for outputs as run_models.py does.
    ModelEvaluationOptions make_options(const std::string& prefix, const std::vector<std::string>& names) {
        const auto declared =
            model_.run_method("capabilities").toCustomClass<ModelCapabilitiesHolder>()->outputs();
        const auto options = torch::make_intrusive<ModelEvaluationOptionsHolder>();
        options->set_length_unit("nm");
        for (const auto& name : names) {
            const auto output = declared.at(name);
            const auto is_of_atoms = prefix == "atom:" || name == "non_conservative_forces";
            const auto kind = output->sample_kind() == "atom_pair" ? "atom_pair"
                              : is_of_atoms                        ? "atom"
                                                                   : "system";
            options->outputs.insert(name, torch::make_intrusive<ModelOutputHolder>(
                                              "", ENGINE_UNITS.at(output->unit()), std::string(kind),
                                              output->explicit_gradients, ""));
        }
        if (prefix == "selected:")
            options->set_selected_atoms(labels({"system", "atom"}, {{0, 1}, {0, 4}, {1, 2}}));
        return options;
    }

    void expect_values(const std::string& key, const torch::Tensor& values, double tolerance) const {
        const auto& expected = saved_.at(key);
        ASSERT_EQ(values.sizes(), expected.sizes()) << key;
        ASSERT_EQ(values.scalar_type(), expected.scalar_type()) << key;
        if (tolerance == 0.0) {
            EXPECT_TRUE(torch::equal(values, expected)) << key << values << expected;
        } else if (values.numel() != 0) {
            const auto largest = expected.abs().max().item<double>();
            EXPECT_TRUE(torch::allclose(values, expected, 0.0, tolerance * largest))
                << key << values << expected;
        }
    }

    void expect_labels(const std::string& key, const LabelsHolder& labels) const {
        EXPECT_EQ(labels.names(), names_.at(key + ".names")) << key;
        EXPECT_TRUE(torch::equal(labels.values(), saved_.at(key))) << key << labels.values();
    }

    void expect_block(const std::string& key, const TensorBlock& block, double tolerance) const {
        expect_values(key + ".values", block->values(), tolerance);
        expect_labels(key + ".samples", *block->samples());
        expect_labels(key + ".properties", *block->properties());
        const auto components = block->components();
        for (size_t c = 0; c != components.size(); ++c)
            expect_labels(key + ".components." + std::to_string(c), *components[c]);
        EXPECT_FALSE(saved_.contains(key + ".components." + std::to_string(components.size()))) << key;
    }

    /// Compares a map with all that was saved under a name.
    void expect_map(const std::string& name, const TensorMap& tensor, double tolerance) const {
        expect_labels(name + ".keys", *tensor->keys());
        const auto block = metatensor_torch::TensorMapHolder::block_by_id(tensor, 0);
        expect_block(name, block, tolerance);
        std::set<std::string> parameters;
        for (const auto& [key, _] : saved_) {
            if (key.starts_with(name + ".") && key.ends_with(".values") && key != name + ".values")
                parameters.insert(key.substr(name.size() + 1, key.rfind('.') - name.size() - 1));
        }
        const auto gradients = block->gradients_list();
        EXPECT_EQ(std::set<std::string>(gradients.begin(), gradients.end()), parameters) << name;
        for (const auto& parameter : gradients)
            expect_block(name + "." + parameter, TensorBlockHolder::gradient(block, parameter), tolerance);
    }

    /// Forces are sums over the pairs of an atom, which each implementation takes in its own order.
    void expect_forces(const std::vector<System>& systems, const TensorMap& energy, double tolerance) const {
        const auto values = metatensor_torch::TensorMapHolder::block_by_id(energy, 0)->values();
        const auto rounding = values.scalar_type() == torch::kFloat64 ? 1e-13 : 5e-6;
        const auto gradients = torch::autograd::grad(
            {values.sum()}, {systems[0]->positions(), systems[1]->positions()}, {}, true);
        for (size_t s = 0; s != systems.size(); ++s)
            expect_values(std::to_string(s) + ".forces", -gradients[s], std::max(tolerance, rounding));
    }

    metatensor_torch::Module model_{torch::jit::Module("placeholder")};
    std::map<std::string, torch::Tensor> saved_;
    std::map<std::string, std::vector<std::string>> names_;
};

/// Relative deviations of outputs: processors and versions of torch round in other ways.
double tolerance_for(const std::string& folder, const std::string& name) {
    if (folder == LEGACY && (name == "springs" || name == "atomic-units"))
        return 1e-8;     // what 1 kcal/mol and 1 hartree are: the old one had 8 digits
    if (fresh_results()) // with torch 2.3.1, whose standard deviations are not rounded as today's
        return folder == LEGACY && name == "committee" ? 1e-15 : 0.0;
    return name.find("float32") == std::string::npos ? 1e-13 : 5e-6;
}

TEST_P(SavedModel, GivesEveryOutputOfWhatSavedIt) {
    const auto& [folder, name] = GetParam();
    const auto tolerance = tolerance_for(folder, name);
    for (const auto check_consistency : {true, false}) {
        const std::vector<System> systems = {make_system(0), make_system(1)};
        for (const std::string prefix : {"", "atom:", "selected:"}) {
            const auto names = outputs_saved_under(prefix);
            if (names.empty()) {
                ASSERT_NE(prefix, "");
                continue;
            }
            const auto outputs =
                model_.forward({systems, make_options(prefix, names), check_consistency}).toGenericDict();
            ASSERT_EQ(outputs.size(), names.size());
            for (const auto& output : names)
                expect_map(prefix + output, map_of(outputs.at(output)), tolerance);
            if (prefix.empty()) expect_forces(systems, map_of(outputs.at("energy")), tolerance);
        }
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
