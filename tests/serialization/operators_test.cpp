// SPDX-License-Identifier: BSD-3-Clause
// The `metatensor` operators and pickling, as TorchScript calls them
#include <filesystem>
#include <map>
#include <sstream>

#include <ATen/core/dispatch/Dispatcher.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serialization/example_data.hpp"

namespace metatensor_torch {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <typename... Arguments>
torch::jit::Stack call(const char* name, const char* overload, Arguments... arguments) {
    torch::jit::Stack stack{torch::IValue(arguments)...};
    c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).callBoxed(stack);
    return stack;
}

TEST(Operators, HaveTheSchemasThatSavedModelsCall) {
    const std::string classes = "__torch__.torch.classes.metatensor.";
    const std::map<std::pair<const char*, const char*>, std::string> expected = {
        {{"metatensor::version", ""}, "metatensor::version() -> str"},
        {{"metatensor::dtype_name", ""}, "metatensor::dtype_name(ScalarType dtype) -> str"},
        {{"metatensor::load", ""}, "metatensor::load(str file) -> " + classes + "TensorMap"},
        {{"metatensor::load_buffer", ""},
         "metatensor::load_buffer(Tensor buffer) -> " + classes + "TensorMap"},
        {{"metatensor::load_block", ""}, "metatensor::load_block(str file) -> " + classes + "TensorBlock"},
        {{"metatensor::load_block_buffer", ""},
         "metatensor::load_block_buffer(Tensor buffer) -> " + classes + "TensorBlock"},
        {{"metatensor::load_labels", ""}, "metatensor::load_labels(str file) -> " + classes + "Labels"},
        {{"metatensor::load_labels_buffer", ""},
         "metatensor::load_labels_buffer(Tensor buffer) -> " + classes + "Labels"},
        {{"metatensor::save", "save"}, "metatensor::save.save(str file, Any data) -> ()"},
        {{"metatensor::save_buffer", ""}, "metatensor::save_buffer(Any data) -> Tensor"},
    };
    for (const auto& [name, text] : expected) {
        const auto op = c10::Dispatcher::singleton().findSchemaOrThrow(name.first, name.second);
        EXPECT_EQ(c10::str(op.schema()), text);
        EXPECT_EQ(op.schema().aliasAnalysis(), c10::AliasAnalysisKind::CONSERVATIVE) << text;
    }
}

TEST(Operators, TellTheVersionOfTheInterface) {
    EXPECT_EQ(call("metatensor::version", "")[0].toStringRef(), METATENSOR_TORCH_VERSION);
    EXPECT_THAT(version(), testing::StartsWith("0.10."));
}

TEST(Operators, NameTypesAsPythonDoes) {
    EXPECT_EQ(call("metatensor::dtype_name", "", torch::kFloat32)[0].toStringRef(), "torch.float32");
    EXPECT_EQ(dtype_name(torch::kUInt8), "torch.uint8");
    EXPECT_EQ(dtype_name(torch::kInt8), "torch.int8");
    EXPECT_EQ(dtype_name(torch::kUInt16), "torch.uint16");
    EXPECT_EQ(dtype_name(torch::kBFloat16), "torch.bfloat16");
    EXPECT_EQ(dtype_name(torch::kBool), "torch.bool");
    EXPECT_EQ(dtype_name(torch::kComplexDouble), "torch.complex128");
    EXPECT_EQ(dtype_name(torch::kFloat8_e5m2), "torch.float8_e5m2");
}

TEST(Operators, SaveAndLoadBuffers) {
    const auto map = call("metatensor::save_buffer", "", example::tensor_map())[0];
    EXPECT_TRUE(example::same(call("metatensor::load_buffer", "", map)[0].toCustomClass<TensorMapHolder>(),
                              example::tensor_map()));
    const auto block = call("metatensor::save_buffer", "", example::block())[0];
    EXPECT_TRUE(
        example::same(call("metatensor::load_block_buffer", "", block)[0].toCustomClass<TensorBlockHolder>(),
                      example::block()));
    const auto labels = call("metatensor::save_buffer", "", example::block()->samples())[0];
    EXPECT_TRUE(*call("metatensor::load_labels_buffer", "", labels)[0].toCustomClass<LabelsHolder>() ==
                *example::block()->samples());
}

TEST(Operators, SaveAndLoadFiles) {
    const auto path =
        (std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "-operators.mts")).string();
    EXPECT_TRUE(call("metatensor::save", "save", path, example::tensor_map()).empty());
    EXPECT_TRUE(example::same(call("metatensor::load", "", path)[0].toCustomClass<TensorMapHolder>(),
                              example::tensor_map()));
    call("metatensor::save", "save", path, example::block());
    EXPECT_TRUE(example::same(call("metatensor::load_block", "", path)[0].toCustomClass<TensorBlockHolder>(),
                              example::block()));
    call("metatensor::save", "save", path, example::block()->samples());
    EXPECT_TRUE(*call("metatensor::load_labels", "", path)[0].toCustomClass<LabelsHolder>() ==
                *example::block()->samples());
    std::filesystem::remove(path);
}

TEST(Operators, RefuseToSaveOtherTypes) {
    EXPECT_THAT([] { call("metatensor::save_buffer", "", torch::zeros({1})); },
                ThrowsMessage<c10::TypeError>(HasSubstr("in `save_buffer`, not Tensor")));
    EXPECT_THAT([] { call("metatensor::save", "save", "file.mts", 3); },
                ThrowsMessage<c10::TypeError>(
                    HasSubstr("'Labels', 'TensorBlock' or 'TensorMap' in `save`, not int")));
}

TEST(Pickling, KeepsAttributesOfModules) {
    torch::jit::Module module("module");
    const auto entry = [](const auto& object) {
        return std::make_pair(c10::getCustomClassType<std::decay_t<decltype(object)>>(),
                              torch::IValue(object));
    };
    const auto [map_type, map] = entry(example::tensor_map());
    const auto [block_type, block] = entry(example::block());
    const auto [labels_type, labels] = entry(example::block()->samples());
    module.register_attribute("tensor", map_type, map);
    module.register_attribute("block", block_type, block);
    module.register_attribute("labels", labels_type, labels);

    std::stringstream stream;
    module.save(stream);
    const auto loaded = torch::jit::load(stream);
    EXPECT_TRUE(example::same(loaded.attr("tensor").toCustomClass<TensorMapHolder>(), example::tensor_map()));
    EXPECT_TRUE(example::same(loaded.attr("block").toCustomClass<TensorBlockHolder>(), example::block()));
    EXPECT_TRUE(*loaded.attr("labels").toCustomClass<LabelsHolder>() == *example::block()->samples());
}

} // namespace

} // namespace metatensor_torch
