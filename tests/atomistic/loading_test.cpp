// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "atomistic/support.hpp"

namespace metatomic_torch {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

/// A directory that is removed at the end of a test.
class Loading : public testing::Test {
  protected:
    Loading()
        : directory_(std::filesystem::path(testing::TempDir()) / ("loading_" + std::to_string(getpid()))) {
        std::filesystem::create_directories(directory_);
    }
    ~Loading() override { std::filesystem::remove_all(directory_); }

    std::string path(const std::string& name) const { return (directory_ / name).string(); }

    /// A TorchScript module with these entries in `extra/`.
    std::string saved_module(const torch::jit::ExtraFilesMap& extra) const {
        torch::jit::Module module("Module");
        module.define("def forward(self, x: int) -> int:\n    return x + 1\n");
        module.save(path("model.pt"), extra);
        return path("model.pt");
    }

  private:
    std::filesystem::path directory_;
};

TEST_F(Loading, SaysWhatIsWrongWithAFile) {
    const auto check = [](const std::string& path, const std::string& message) {
        EXPECT_THAT([&] { load_atomistic_model(path); }, IsValueError(message));
        EXPECT_THAT([&] { check_atomistic_model(path); }, IsValueError(message));
        EXPECT_THAT([&] { load_model_extensions(path, {}); }, IsValueError(message));
        EXPECT_THAT([&] { read_model_metadata(path); }, IsValueError(message));
    };
    check(path("nothing.pt"), "there is no model file at '" + path("nothing.pt") + "'");
    std::filesystem::create_directory(path("directory"));
    check(path("directory"), "' is a directory");
    std::ofstream(path("text.pt")) << "this is no archive";
    check(path("text.pt"), "text.pt' is not a TorchScript file");
    std::ofstream(path("empty.pt")).flush();
    check(path("empty.pt"), "empty.pt' is not a TorchScript file");
    check(saved_module({}), "model.pt' does not contain an atomistic model");
}

TEST_F(Loading, GivesTheModule) {
    const auto file = saved_module({{"metatomic-version", version()}});
    const CaughtWarnings warnings;
    auto module = load_atomistic_model(file);
    EXPECT_EQ(module.run_method("forward", 2).toInt(), 3);
    EXPECT_EQ(c10::Join("\n", warnings.texts()), "");
}

TEST_F(Loading, WarnsAboutOtherVersionsAndMissingExtensions) {
    const auto file = saved_module({
        {"metatomic-version", "0.2.0"},
        {"extensions", R"([{"name": "metatomic_torch", "path": "libmetatomic_torch.so", "sha256": ""},
                           {"name": "not_there", "path": "lib/libnot_there.so", "sha256": ""}])"},
        {"extensions-deps", "[]"},
    });
    const CaughtWarnings warnings;
    load_atomistic_model(file, path("extensions"));
    EXPECT_THAT(c10::Join("\n", warnings.texts()),
                HasSubstr("could not load the extension 'not_there' of the model"));
    EXPECT_THAT(c10::Join("\n", warnings.texts()), HasSubstr(path("extensions") + "/lib/libnot_there.so"));
    EXPECT_THAT(c10::Join("\n", warnings.texts()), HasSubstr("was exported with metatomic-torch 0.2.0"));
    EXPECT_THAT(c10::Join("\n", warnings.texts()), EndsWith("extensions that are not loaded: not_there"));
}

TEST_F(Loading, ReadsMetadata) {
    ModelMetadataHolder metadata;
    metadata.name = "Best";
    const auto file =
        saved_module({{"metatomic-version", version()}, {"model-metadata", metadata.to_json()}});
    EXPECT_EQ(read_model_metadata(file)->name, "Best");
    EXPECT_THAT(
        [&] {
            read_model_metadata(saved_module({{"metatomic-version", version()}}));
        },
        IsValueError("has no metadata"));
}

TEST_F(Loading, RefusesListsOfExtensionsThatAreNone) {
    for (const auto* list :
         {"[", "3", "[3]", R"([{"name": "a"}])", R"([{"name": 1, "path": "p"}])", R"({"name": "a"})"}) {
        for (const auto* entry : {"extensions", "extensions-deps"}) {
            const auto file = saved_module({{"metatomic-version", version()}, {entry, list}});
            EXPECT_THAT([&] { load_atomistic_model(file); },
                        IsValueError("the list of extensions in '" + file + "' is invalid"))
                << list;
        }
    }
}

TEST_F(Loading, NeedsNoExportMetadata) {
    for (const auto* text : {"", "{", "[]", R"({"extensions_directory": 3})"}) {
        const auto file = saved_module({{"metatomic-version", version()}, {"export-metadata", text}});
        EXPECT_EQ(load_atomistic_model(file).run_method("forward", 2).toInt(), 3) << text;
    }
}

TEST_F(Loading, RefusesMetadataThatAreNone) {
    const auto read = [&](const std::string& text) {
        const auto file = saved_module({{"metatomic-version", version()}, {"model-metadata", text}});
        return [file] { read_model_metadata(file); };
    };
    EXPECT_THAT(read("{"), IsValueError("invalid JSON for ModelMetadata"));
    EXPECT_THAT(read("[]"), IsValueError("invalid JSON for ModelMetadata: expected an object, got array"));
    EXPECT_THAT(read(R"({"class": "ModelOutput"})"), IsValueError("its 'class' is 'ModelOutput'"));
    EXPECT_THAT(read(R"({"class": "ModelMetadata", "authors": [1]})"),
                IsValueError("type must be string, but is number"));
}

TEST_F(Loading, WarnsAboutVersionsThatAreNone) {
    for (const auto* text : {"", "new", "0.x"}) {
        const auto file = saved_module({{"metatomic-version", text}});
        const CaughtWarnings warnings;
        load_atomistic_model(file);
        EXPECT_THAT(c10::Join("\n", warnings.texts()),
                    HasSubstr("which may not work with the present version"))
            << text;
    }
}

TEST_F(Loading, RefusesArchivesThatWereCutOff) {
    const auto file = saved_module({{"metatomic-version", version()}});
    for (const auto size : {std::filesystem::file_size(file) / 2, std::filesystem::file_size(file) - 30}) {
        std::filesystem::copy_file(file, path("short.pt"), std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(path("short.pt"), size);
        EXPECT_THAT([&] { load_atomistic_model(path("short.pt")); },
                    IsValueError("the file at '" + path("short.pt") + "' is not a TorchScript file"));
    }
}

TEST(Version, IsThatOfTheInterface) { EXPECT_EQ(version().find("0.1."), 0U); }

TEST(PickDevice, TakesTheFirstThatIsThere) {
    EXPECT_EQ(pick_device({"CPU"}), torch::kCPU);
    EXPECT_EQ(pick_device({"meta", "nonsense", "cpu"}), torch::kCPU);
    EXPECT_EQ(pick_device({"meta", "cpu"}, "cpu"), torch::kCPU);
    const auto is_error = [](const std::string& text) {
        return testing::ThrowsMessage<c10::Error>(HasSubstr(text));
    };
    EXPECT_THAT([] { pick_device({}); }, is_error("none of the devices of the model is available"));
    EXPECT_THAT([] { pick_device({"meta"}); }, is_error("the model supports [meta]"));
    EXPECT_THAT([] { pick_device({"cpu"}, "meta"); }, is_error("the device 'meta' is not available"));
    EXPECT_THAT([] { pick_device({"cpu"}, "foo"); }, is_error("'foo' is not a device that torch knows"));
}

TEST(PickOutput, FindsVariants) {
    torch::Dict<std::string, ModelOutput> outputs;
    outputs.insert("energy/a", torch::make_intrusive<ModelOutputHolder>(
                                   "", "", "atom", std::vector<std::string>{}, "first one"));
    outputs.insert("energy/b", output(""));
    EXPECT_EQ(pick_output("energy", outputs, "b"), "energy/b");
    EXPECT_EQ(pick_output("energy/b", outputs), "energy/b");
    EXPECT_THAT([&] { pick_output("energy", outputs, "c"); },
                IsValueError("no variant 'c' of the output 'energy'"));
    EXPECT_THAT(
        [&] { pick_output("energy", outputs); },
        IsValueError("has only variants, one of which must be asked for:\n - 'energy/a': first one\n - "));
    EXPECT_THAT([&] { pick_output("charge", outputs); }, IsValueError("there is no output 'charge'"));
    outputs.insert("energy", output(""));
    EXPECT_EQ(pick_output("energy", outputs), "energy");
}

} // namespace
} // namespace metatomic_torch
