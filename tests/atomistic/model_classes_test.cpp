// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <limits>

#include "atomistic/support.hpp"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // quantity and per_atom are tested too

namespace metatomic_torch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(NeighborListOptions, PrintAllMembers) {
    NeighborListOptionsHolder options(3.5, true, false, "me");
    options.set_length_unit("A");
    options.add_requestor("you");
    options.add_requestor("me");
    options.add_requestor("");
    EXPECT_THAT(options.requestors(), ElementsAre("me", "you"));
    EXPECT_EQ(options.repr(),
              "NeighborListOptions\n    cutoff: 3.500000 A\n    full_list: True\n    strict: False\n"
              "    requested by:\n        - me\n        - you\n");
    EXPECT_EQ(options.str(), "NeighborListOptions(cutoff=3.500000, full_list=True, strict=False)");
}

TEST(NeighborListOptions, ConvertTheCutoff) {
    NeighborListOptionsHolder options(3.0, true, true);
    EXPECT_EQ(options.engine_cutoff("nm"), 3.0); // without a unit
    options.set_length_unit("A");
    EXPECT_NEAR(options.engine_cutoff("nm"), 0.3, 1e-15);
    EXPECT_THAT([&] { options.engine_cutoff("eV"); }, IsValueError("can not convert from 'A' to 'eV'"));
    EXPECT_THAT([&] { options.set_length_unit("eV"); }, IsValueError("unit 'eV' is not a unit of length"));
}

TEST(NeighborListOptions, AreTheSameWhateverAsksForThem) {
    const auto a = torch::make_intrusive<NeighborListOptionsHolder>(3.0, true, true, "a");
    EXPECT_TRUE(a == torch::make_intrusive<NeighborListOptionsHolder>(3.0, true, true, "b"));
    EXPECT_TRUE(a != torch::make_intrusive<NeighborListOptionsHolder>(3.1, true, true));
    EXPECT_TRUE(a != torch::make_intrusive<NeighborListOptionsHolder>(3.0, false, true));
    EXPECT_TRUE(a != torch::make_intrusive<NeighborListOptionsHolder>(3.0, true, false));
}

TEST(NeighborListOptions, RefuseCutoffsThatMakeNoSense) {
    EXPECT_THAT([] { NeighborListOptionsHolder(-1.0, true, true); }, IsValueError("not negative, got -1"));
    EXPECT_THAT([] { NeighborListOptionsHolder(std::nan(""), true, true); }, IsValueError("got nan"));
}

TEST(NeighborListOptions, AreWrittenAsTheBitsOfTheirCutoff) {
    NeighborListOptionsHolder options(3.5, true, false, "me");
    options.set_length_unit("A");
    const auto* json = R"({
    "class": "NeighborListOptions",
    "cutoff": 4615063718147915776,
    "full_list": true,
    "length_unit": "A",
    "requestors": [
        "me"
    ],
    "strict": false
})";
    EXPECT_EQ(options.to_json(), json);
    EXPECT_EQ(NeighborListOptionsHolder::from_json(json)->to_json(), json);
    EXPECT_THAT([] { NeighborListOptionsHolder::from_json("[1]"); },
                IsValueError("invalid JSON for NeighborListOptions: expected an object, got array"));
    EXPECT_THAT([] { NeighborListOptionsHolder::from_json("{"); }, IsValueError("invalid JSON"));
    EXPECT_THAT([] { NeighborListOptionsHolder::from_json(R"({"class": "System"})"); },
                IsValueError("its 'class' is 'System'"));
    EXPECT_THAT([] { NeighborListOptionsHolder::from_json(R"({"class": "NeighborListOptions"})"); },
                IsValueError("not found"));
}

TEST(ModelOutput, HasASampleKind) {
    ModelOutputHolder output;
    EXPECT_EQ(output.sample_kind(), "system");
    output.per_atom = true; // as engines write it
    EXPECT_EQ(output.sample_kind(), "atom");
    output.per_atom = false;
    EXPECT_EQ(output.sample_kind(), "system");
    output.set_sample_kind("atom");
    EXPECT_TRUE(output.per_atom);
    output.set_sample_kind("atom_pair");
    EXPECT_FALSE(output.per_atom);
    EXPECT_EQ(output.sample_kind(), "atom_pair");
    EXPECT_THAT([&] { output.get_per_atom(); }, IsValueError("no meaning for the sample_kind 'atom_pair'"));
    EXPECT_THAT(
        [&] { output.set_sample_kind("molecule"); },
        IsValueError("invalid sample_kind 'molecule': it must be one of 'atom', 'atom_pair', 'system'"));
    EXPECT_EQ(ModelOutputHolder("energy", "eV", true, {}).sample_kind(), "atom");
}

TEST(ModelOutput, ComparesUnitAndQuantity) {
    ModelOutputHolder output;
    output.set_quantity("energy");
    output.set_unit("meV");
    CaughtWarnings warnings;
    output.set_unit("A"); // saved models have such
    EXPECT_THAT(warnings.texts(), ElementsAre(HasSubstr("unit 'A' is not a unit of energy")));
    EXPECT_EQ(output.unit(), "A");
    output.set_quantity("length");
    output.set_quantity("something else");
    EXPECT_EQ(warnings.texts().size(), 1U);
    EXPECT_THAT([&] { output.set_unit("foo"); }, IsValueError("unknown unit 'foo'"));
}

TEST(ModelOutput, IsWrittenAsJson) {
    const ModelOutputHolder output("energy", "eV", "atom", {"positions"}, "caf\u00e9");
    const auto* json = R"({
    "class": "ModelOutput",
    "description": "caf\u00e9",
    "explicit_gradients": [
        "positions"
    ],
    "sample_kind": "atom",
    "unit": "eV"
})";
    EXPECT_EQ(output.to_json(), json);
    EXPECT_EQ(ModelOutputHolder::from_json(json)->to_json(), json);
    const auto old =
        ModelOutputHolder::from_json(R"({"class": "ModelOutput", "quantity": "energy", "per_atom": true})");
    EXPECT_EQ(old->sample_kind(), "atom");
    EXPECT_EQ(old->quantity(), "energy");
}

TEST(ModelCapabilities, AreWrittenAsJson) {
    torch::Dict<std::string, ModelOutput> outputs;
    outputs.insert("energy", output("eV"));
    const ModelCapabilitiesHolder capabilities(outputs, {3, 1}, 4.3, "A", {"cuda", "cpu"}, "float32");
    const auto json = capabilities.to_json();
    EXPECT_THAT(json, HasSubstr("\"interaction_range\": 4616527388026811187"));
    for (const auto* wrong : {R"({"class": "ModelCapabilities", "outputs": 3})",
                              R"({"class": "ModelCapabilities", "outputs": {"energy": 1}})"}) {
        EXPECT_THAT([&] { ModelCapabilitiesHolder::from_json(wrong); }, IsValueError("object, got number"));
    }
    EXPECT_FALSE(ModelEvaluationOptionsHolder::from_json(R"({"class": "ModelEvaluationOptions"})")
                     ->get_selected_atoms()
                     .has_value());
    EXPECT_THAT([] { ModelMetadataHolder::from_json(R"({"class": "ModelMetadata", "extra": "x"})"); },
                IsValueError("'extra' must be an object, got string"));
    const auto copy = ModelCapabilitiesHolder::from_json(json);
    EXPECT_EQ(copy->to_json(), json);
    EXPECT_THAT(copy->atomic_types, ElementsAre(3, 1));
    EXPECT_EQ(copy->interaction_range, 4.3);
    EXPECT_THAT(copy->supported_devices, ElementsAre("cuda", "cpu"));
    EXPECT_EQ(copy->outputs().at("energy")->unit(), "eV");
}

TEST(ModelCapabilities, ConvertTheInteractionRange) {
    ModelCapabilitiesHolder capabilities(torch::Dict<std::string, ModelOutput>(), {}, 3.0, "A", {}, "");
    EXPECT_NEAR(capabilities.engine_interaction_range("nm"), 0.3, 1e-15);
    capabilities.interaction_range = std::numeric_limits<double>::infinity();
    EXPECT_EQ(ModelCapabilitiesHolder::from_json(capabilities.to_json())->engine_interaction_range("nm"),
              std::numeric_limits<double>::infinity());
}

TEST(ModelCapabilities, RefuseWhatIsNotValid) {
    const auto with_output = [](const char* name, const char* unit) {
        torch::Dict<std::string, ModelOutput> outputs;
        outputs.insert(name, output(unit));
        return [=] { ModelCapabilitiesHolder().set_outputs(outputs); };
    };
    EXPECT_THAT(with_output("foo", ""),
                IsValueError("invalid model output name 'foo': this is not a known quantity"));
    EXPECT_THAT(with_output("energy/", ""), IsValueError("neither part can be empty"));
    EXPECT_THAT(with_output("mine::", ""), IsValueError("neither part can be empty"));
    EXPECT_THAT(with_output("::thing", ""), IsValueError("neither part can be empty"));
    EXPECT_THAT(with_output("energy", "A"), IsValueError("unit 'A' is not a unit of energy"));
    EXPECT_THAT(with_output("velocity/mine", "A"), IsValueError("unit 'A' is not a unit of velocity"));
    EXPECT_NO_THROW(with_output("mine::thing/variant", "A")());
    EXPECT_NO_THROW(with_output("energy/pbe0", "eV")());

    ModelCapabilitiesHolder capabilities;
    EXPECT_THAT([&] { capabilities.set_dtype("float16"); },
                IsValueError("the dtype of a model must be 'float32' or 'float64', got 'float16'"));
    EXPECT_THAT([&] { capabilities.set_length_unit("eV"); },
                IsValueError("unit 'eV' is not a unit of length"));
}

TEST(ModelEvaluationOptions, AreWrittenAsJson) {
    ModelEvaluationOptionsHolder options;
    options.set_length_unit("A");
    options.outputs.insert("energy", output("eV", "atom"));
    EXPECT_THAT(options.to_json(), HasSubstr("\"selected_atoms\": null"));
    options.set_selected_atoms(labels({"system", "atom"}, {{0, 1}, {0, 2}}));
    const auto copy = ModelEvaluationOptionsHolder::from_json(options.to_json());
    EXPECT_EQ(copy->to_json(), options.to_json());
    EXPECT_TRUE(**copy->get_selected_atoms() == **options.get_selected_atoms());
    EXPECT_THAT(
        [&] {
            options.set_selected_atoms(labels({"a", "b"}, {}));
        },
        IsValueError("invalid `selected_atoms`: their names must be ['system', 'atom'], got ['a', 'b']"));
}

using References = torch::Dict<std::string, std::vector<std::string>>;

ModelMetadataHolder metadata() {
    References references;
    references.insert("implementation", std::vector<std::string>{"https://example.org",
                                                                 "a " + std::string(70, 'b') + " ccc ddd"});
    references.insert("model", std::vector<std::string>{"A paper"});
    torch::Dict<std::string, std::string> extra;
    extra.insert("key", "value");
    return {"Best", "One\n two  " + std::string(73, 'x') + " three", {"A B <a@b.c>"}, references, extra};
}

TEST(ModelMetadata, IsPrintedIn80Columns) {
    EXPECT_EQ(metadata().print(),
              "This is the Best model\n======================\n\nOne two\n" + std::string(73, 'x') +
                  " three\n"
                  "\nModel authors\n-------------\n\n- A B <a@b.c>\n"
                  "\nModel references\n----------------\n\n"
                  "Please cite the following references when using this model:\n"
                  "- about this specific model:\n  * A paper\n"
                  "- about the implementation of this model:\n  * https://example.org\n  * a " +
                  std::string(70, 'b') + " ccc\n    ddd\n");
    EXPECT_EQ(ModelMetadataHolder().print(), "This is an unnamed model\n========================\n");
}

TEST(ModelMetadata, IsWrittenAsJson) {
    const auto json = metadata().to_json();
    const auto copy = ModelMetadataHolder::from_json(json);
    EXPECT_EQ(copy->to_json(), json);
    EXPECT_EQ(copy->print(), metadata().print());
    EXPECT_EQ(copy->extra.at("key"), "value");
}

TEST(ModelMetadata, RefusesEmptyEntries) {
    References unknown;
    unknown.insert("website", std::vector<std::string>{"a"});
    References empty;
    empty.insert("model", std::vector<std::string>{""});
    ModelMetadataHolder metadata;
    EXPECT_THAT([&] { metadata.set_authors({""}); },
                IsValueError("an author in ModelMetadata can not be an empty"));
    EXPECT_THAT([&] { metadata.set_references(unknown); }, IsValueError("unknown section 'website'"));
    EXPECT_THAT([&] { metadata.set_references(empty); },
                IsValueError("can not be an empty text (section 'model')"));
}

} // namespace
} // namespace metatomic_torch
