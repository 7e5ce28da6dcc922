// SPDX-License-Identifier: BSD-3-Clause
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <metatensor/torch.hpp>

namespace metatensor_torch {

namespace {

using c10::getCustomClassType;
using torch::IValue;

TensorMap tensor_map() {
    const auto labels = LabelsHolder::single();
    const auto block =
        torch::make_intrusive<TensorBlockHolder>(torch::ones({1, 1}), labels, std::vector<Labels>{}, labels);
    return torch::make_intrusive<TensorMapHolder>(labels, std::vector<TensorBlock>{block});
}

void set_tensor(torch::jit::Module& module, const std::string& name, const TensorMap& tensor) {
    module.register_attribute(name, getCustomClassType<TensorMap>(), tensor);
}

TensorMap tensor_in(const torch::jit::Module& module, const std::string& name) {
    return module.attr(name).toCustomClass<TensorMapHolder>();
}

TEST(Module, MovesAllTypesOfAttributes) {
    torch::jit::Module scripted("m");
    set_tensor(scripted, "tensor", tensor_map());
    const auto block = TensorMapHolder::block_by_id(tensor_map(), 0)->copy();
    scripted.register_attribute("block", getCustomClassType<TensorBlock>(), block);
    scripted.register_attribute("labels", getCustomClassType<Labels>(), LabelsHolder::single());

    Module module = scripted;
    module.to(torch::kMeta, torch::kFloat64);
    EXPECT_EQ(tensor_in(module, "tensor")->device(), torch::kMeta);
    EXPECT_EQ(tensor_in(module, "tensor")->scalar_type(), torch::kFloat64);
    EXPECT_EQ(module.attr("block").toCustomClass<TensorBlockHolder>()->device(), torch::kMeta);
    EXPECT_EQ(module.attr("labels").toCustomClass<LabelsHolder>()->device(), torch::kMeta);
}

TEST(Module, MovesParametersAsTorchDoes) {
    torch::jit::Module scripted("m");
    scripted.register_parameter("weight", torch::ones({1}), /*is_buffer=*/false);
    Module module = scripted;
    module.to(torch::kCPU, torch::kFloat64);
    EXPECT_EQ(module.attr("weight").toTensor().scalar_type(), torch::kFloat64);
}

TEST(Module, ChangesOnlyTheTypeOrOnlyTheDevice) {
    torch::jit::Module scripted("m");
    set_tensor(scripted, "tensor", tensor_map());
    Module module = scripted;
    module.to(torch::kFloat64);
    EXPECT_EQ(tensor_in(module, "tensor")->device(), torch::kCPU);
    EXPECT_EQ(tensor_in(module, "tensor")->scalar_type(), torch::kFloat64);
    module.to(torch::kMeta);
    EXPECT_EQ(tensor_in(module, "tensor")->device(), torch::kMeta);
    EXPECT_EQ(tensor_in(module, "tensor")->scalar_type(), torch::kFloat64);
}

TEST(Module, LeavesAloneWhatFitsAlready) {
    torch::jit::Module scripted("m");
    set_tensor(scripted, "tensor", tensor_map());
    const auto labels_type = getCustomClassType<Labels>();
    c10::impl::GenericList list(labels_type);
    list.push_back(LabelsHolder::single());
    scripted.register_attribute("list", c10::ListType::create(labels_type), list);
    const auto tensor = scripted.attr("tensor");
    const auto before = scripted.attr("list");

    Module module = scripted;
    module.to(torch::kCPU, torch::kFloat32);
    EXPECT_TRUE(module.attr("tensor").is(tensor));
    EXPECT_TRUE(module.attr("list").is(before));
}

TEST(Module, TakesNotANumberForTheSame) {
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    torch::jit::Module scripted("m");
    const IValue numbers(c10::List<double>({nan}));
    scripted.register_attribute("number", c10::FloatType::get(), nan);
    scripted.register_attribute("list", c10::ListType::ofFloats(), numbers);
    Module module = scripted;
    module.to(torch::kMeta, torch::kFloat64);
    EXPECT_TRUE(module.attr("list").is(numbers));
}

TEST(Module, MovesWhatIsInContainers) {
    const auto type = getCustomClassType<TensorMap>();
    c10::impl::GenericList list(type);
    list.push_back(tensor_map());
    c10::impl::GenericDict dict(c10::StringType::get(), c10::ListType::create(type));
    dict.insert("a", list);
    const IValue tuple = c10::ivalue::Tuple::create({IValue(3), IValue(tensor_map())});
    c10::impl::GenericList numbers(c10::IntType::get());
    numbers.push_back(1);

    torch::jit::Module scripted("m");
    scripted.register_attribute(
        "dict", c10::DictType::create(c10::StringType::get(), c10::ListType::create(type)), dict);
    scripted.register_attribute("tuple", tuple.type(), tuple);
    scripted.register_attribute("optional", c10::OptionalType::create(type), IValue(tensor_map()));
    scripted.register_attribute("none", c10::OptionalType::create(type), IValue());
    scripted.register_attribute("numbers", c10::ListType::ofInts(), numbers);
    scripted.register_attribute("empty", c10::ListType::create(type), c10::impl::GenericList(type));

    Module module = scripted;
    module.to(torch::kFloat64);
    const auto dtype = [](const IValue& value) {
        return value.toCustomClass<TensorMapHolder>()->scalar_type();
    };
    EXPECT_EQ(dtype(module.attr("dict").toGenericDict().at("a").toList().get(0)), torch::kFloat64);
    EXPECT_EQ(dtype(module.attr("tuple").toTupleRef().elements()[1]), torch::kFloat64);
    EXPECT_EQ(module.attr("tuple").toTupleRef().elements()[0].toInt(), 3);
    EXPECT_EQ(dtype(module.attr("optional")), torch::kFloat64);
    EXPECT_TRUE(module.attr("none").isNone());
    EXPECT_EQ(module.attr("numbers").toIntVector(), std::vector<int64_t>{1});
    EXPECT_EQ(dtype(list.get(0)), torch::kFloat32) << "containers that others may hold are not changed";
}

TEST(Module, KeepsWhatIsShared) {
    torch::jit::Module child("child");
    torch::jit::Module scripted("m");
    const auto tensor = tensor_map();
    set_tensor(child, "tensor", tensor);
    set_tensor(scripted, "a", tensor);
    set_tensor(scripted, "b", tensor);
    scripted.register_module("child", child);

    Module module = scripted;
    module.to(torch::kFloat64);
    EXPECT_EQ(tensor_in(module, "a")->scalar_type(), torch::kFloat64);
    EXPECT_EQ(tensor_in(module, "a"), tensor_in(module, "b"));
    EXPECT_EQ(tensor_in(module, "a"), tensor_in(module.attr("child").toModule(), "tensor"));
}

TEST(Module, MovesOnlyNamedAttributesIfThereAreNames) {
    torch::jit::Module with_names("child");
    set_tensor(with_names, "buffer", tensor_map());
    set_tensor(with_names, "other", tensor_map());
    c10::impl::GenericList names(c10::StringType::get());
    names.push_back("buffer");
    names.push_back("removed");
    with_names.register_attribute("_mts_buffer_names", c10::ListType::ofStrings(), names);
    torch::jit::Module scripted("m");
    set_tensor(scripted, "tensor", tensor_map());
    scripted.register_module("child", with_names);

    Module module = scripted;
    module.to(torch::kFloat64);
    EXPECT_EQ(tensor_in(module, "tensor")->scalar_type(), torch::kFloat64);
    EXPECT_EQ(tensor_in(module.attr("child").toModule(), "buffer")->scalar_type(), torch::kFloat64);
    EXPECT_EQ(tensor_in(module.attr("child").toModule(), "other")->scalar_type(), torch::kFloat32);
}

TEST(Module, IsTheModuleItWasMadeFrom) {
    torch::jit::Module scripted("m");
    set_tensor(scripted, "tensor", tensor_map());
    Module(scripted).to(torch::kFloat64);
    EXPECT_EQ(tensor_in(scripted, "tensor")->scalar_type(), torch::kFloat64);
}

} // namespace

} // namespace metatensor_torch
