// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <metatensor/torch.hpp>

namespace metatensor_torch {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const auto samples = LabelsHolder::create({"s", "e"}, {{0, 0}, {1, 0}});
const auto components = std::vector<Labels>{LabelsHolder::range("c", 1)};
const auto properties = LabelsHolder::range("p", 3);

TensorBlock block(const torch::TensorOptions& options = torch::kDouble) {
    return torch::make_intrusive<TensorBlockHolder>(torch::arange(6, options).reshape({2, 1, 3}), samples,
                                                    components, properties);
}

/// Gradients of `block()` with one component more; samples are (sample, atom).
TensorBlock position_gradient() {
    const auto values = torch::ones({1, 3, 1, 3}, torch::kDouble);
    return torch::make_intrusive<TensorBlockHolder>(
        values, LabelsHolder::create({"sample", "atom"}, {{1, 4}}),
        std::vector<Labels>{LabelsHolder::range("xyz", 3), components[0]}, properties);
}

TensorBlock with_gradient() {
    auto result = block();
    result->add_gradient("positions", position_gradient());
    return result;
}

TEST(TensorBlock, HasValuesAndLabels) {
    const auto b = block();
    EXPECT_TRUE(torch::equal(b->values(), torch::arange(6, torch::kDouble).reshape({2, 1, 3})));
    EXPECT_EQ(b->samples(), samples);
    EXPECT_EQ(b->components(), components);
    EXPECT_EQ(b->properties(), properties);
    EXPECT_EQ(b->labels(0), samples);
    EXPECT_EQ(b->labels(1), components[0]);
    EXPECT_EQ(b->labels(-1), properties);
    EXPECT_THAT(b->shape(), ElementsAre(2, 1, 3));
    EXPECT_EQ(b->len(), 2);
    EXPECT_EQ(b->scalar_type(), torch::kDouble);
    EXPECT_EQ(b->device(), torch::kCPU);
    EXPECT_FALSE(b->is_view());
    EXPECT_THAT([&] { b->labels(3); }, ThrowsMessage<c10::IndexError>(HasSubstr("axis 3 is out of range")));
}

TEST(TensorBlock, MayBeEmpty) {
    const TensorBlockHolder empty(torch::zeros({0, 0}), LabelsHolder::empty("s"), {},
                                  LabelsHolder::empty("p"));
    EXPECT_THAT(empty.shape(), ElementsAre(0, 0));
}

struct BadBlock {
    torch::Tensor values;
    std::vector<Labels> components;
    std::string message;
};

TEST(TensorBlock, RefusesLabelsThatDoNotFit) {
    const auto c2 = LabelsHolder::range("c", 2);
    const BadBlock cases[] = {
        {torch::zeros({2, 3}), components,
         "must have 3 dimensions (samples, 1 components, properties), got shape [2, 3]"},
        {torch::zeros({3, 1, 3}), components,
         "the samples must have one entry for each of the 3 values along axis 0, got 2"},
        {torch::zeros({2, 2, 3}), components,
         "the components must have one entry for each of the 2 values along axis 1, got 1"},
        {torch::zeros({2, 1, 4}), components,
         "the properties must have one entry for each of the 4 values along axis 2, got 3"},
        {torch::zeros({2, 2, 3}), {samples}, "the labels of a component must have one dimension, got [s, e]"},
        {torch::zeros({2, 0, 3}), {LabelsHolder::empty("c")}, "component 'c' must have at least one entry"},
        {torch::zeros({2, 2, 2, 3}),
         {c2, c2},
         "the components of a block must have different names, got 'c' twice"},
        {torch::zeros({2, 1, 3}, torch::kMeta), components,
         "must be on the device of the values, meta, got cpu"},
    };
    for (const auto& bad : cases) {
        EXPECT_THAT([&] { TensorBlockHolder(bad.values, samples, bad.components, properties); },
                    ThrowsMessage<c10::Error>(HasSubstr(bad.message)));
    }
}

TEST(TensorBlock, HoldsGradients) {
    const auto b = with_gradient();
    EXPECT_THAT(b->gradients_list(), ElementsAre("positions"));
    EXPECT_TRUE(b->has_gradient("positions"));
    EXPECT_FALSE(b->has_gradient("cell"));
    const auto gradient = TensorBlockHolder::gradient(b, "positions");
    EXPECT_TRUE(gradient->is_view());
    EXPECT_THAT(gradient->shape(), ElementsAre(1, 3, 1, 3));
    const auto all = TensorBlockHolder::gradients(b);
    ASSERT_EQ(all.size(), 1);
    EXPECT_EQ(std::get<0>(all[0]), "positions");
    EXPECT_EQ(std::get<1>(all[0])->values().data_ptr(), gradient->values().data_ptr());
}

TEST(TensorBlock, GradientsOutliveTheirBlock) {
    auto b = with_gradient();
    const auto gradient = TensorBlockHolder::gradient(b, "positions");
    b.reset();
    EXPECT_EQ(gradient->values().sum().item<double>(), 9.0);
}

TEST(TensorBlock, GradientsMayHaveGradients) {
    auto outer = position_gradient();
    const auto inner = torch::make_intrusive<TensorBlockHolder>(
        torch::ones({1, 2, 3, 1, 3}, torch::kDouble), LabelsHolder::create({"sample"}, {{0}}),
        std::vector<Labels>{LabelsHolder::range("k", 2), outer->components()[0], components[0]}, properties);
    outer->add_gradient("field", inner);
    auto b = block();
    b->add_gradient("positions", outer);
    const auto view = TensorBlockHolder::gradient(TensorBlockHolder::gradient(b, "positions"), "field");
    EXPECT_EQ(view->repr(), "TensorBlock gradient for 'positions/field', with shape (1, 2, 3, 1, 3)\n"
                            "    samples: [sample]\n    components: [k, xyz, c]\n    properties: [p]");
}

TensorBlock gradient_of(const torch::Tensor& values, Labels gradient_samples,
                        std::vector<Labels> gradient_components, Labels gradient_properties) {
    return torch::make_intrusive<TensorBlockHolder>(
        values, std::move(gradient_samples), std::move(gradient_components), std::move(gradient_properties));
}

TEST(TensorBlock, RefusesGradientsThatDoNotFit) {
    const auto values = torch::ones({1, 1, 3}, torch::kDouble);
    const auto sample = LabelsHolder::create({"sample"}, {{1}});
    const std::pair<TensorBlock, std::string> cases[] = {
        {gradient_of(values, LabelsHolder::create({"s"}, {{1}}), components, properties),
         "must be 'sample', got [s]"},
        {gradient_of(values, LabelsHolder::create({"sample"}, {{2}}), components, properties),
         "one of the 2 samples of the block, got 2"},
        {gradient_of(values, LabelsHolder::create({"sample"}, {{-1}}), components, properties),
         "one of the 2 samples of the block, got -1"},
        {gradient_of(values.to(torch::kFloat), sample, components, properties),
         "must have the dtype of the values, float64, got float32"},
        {gradient_of(values.select(1, 0), sample, {}, properties),
         "at least the 1 components of the values, got 0"},
        {gradient_of(values, sample, {LabelsHolder::range("d", 1)}, properties), "got other labels for 'c'"},
        {gradient_of(values, sample, components, LabelsHolder::range("q", 3)),
         "the properties of the gradient must be the same"},
    };
    for (const auto& [gradient, message] : cases) {
        EXPECT_THAT([&] { block()->add_gradient("g", gradient); },
                    ThrowsMessage<c10::Error>(HasSubstr(message)));
    }
    const auto b = with_gradient();
    EXPECT_THAT([&] { b->add_gradient("positions", position_gradient()); },
                ThrowsMessage<c10::Error>(HasSubstr("already has gradients with respect to 'positions'")));
    EXPECT_THAT([&] { TensorBlockHolder::gradient(b, "z"); },
                ThrowsMessage<c10::Error>(HasSubstr("no gradients with respect to 'z', only [positions]")));
    EXPECT_THAT(
        [&] { TensorBlockHolder::gradient(b, "positions")->add_gradient("z", position_gradient()); },
        ThrowsMessage<c10::Error>(HasSubstr("can not add gradients to a TensorBlock that is part of")));
}

TEST(TensorBlock, CopiesDeepOrShallow) {
    const auto b = with_gradient();
    const auto deep = b->copy();
    const auto shallow = b->copy(/*deep=*/false);
    b->values().zero_();
    EXPECT_EQ(deep->values().sum().item<double>(), 15.0);
    EXPECT_EQ(shallow->values().sum().item<double>(), 0.0);
    EXPECT_NE(TensorBlockHolder::gradient(deep, "positions")->values().data_ptr(),
              TensorBlockHolder::gradient(b, "positions")->values().data_ptr());
    EXPECT_FALSE(TensorBlockHolder::gradient(b, "positions")->copy()->is_view());
}

TEST(TensorBlock, MovesValuesLabelsAndGradients) {
    const auto meta = with_gradient()->to(torch::kFloat, torch::Device(torch::kMeta));
    EXPECT_EQ(meta->scalar_type(), torch::kFloat);
    EXPECT_EQ(meta->samples()->device(), torch::kMeta);
    EXPECT_EQ(meta->components()[0]->device(), torch::kMeta);
    EXPECT_EQ(meta->properties()->device(), torch::kMeta);
    EXPECT_EQ(TensorBlockHolder::gradient(meta, "positions")->device(), torch::kMeta);
    EXPECT_EQ(TensorBlockHolder::gradient(meta, "positions")->scalar_type(), torch::kFloat);
}

TEST(TensorBlock, TakesTypeAndDeviceInAnyOrder) {
    const auto b = block();
    const auto single = torch::IValue(static_cast<int64_t>(torch::kFloat));
    EXPECT_EQ(b->to_positional("cpu", single, {}, {}, {})->scalar_type(), torch::kFloat);
    EXPECT_EQ(b->to_positional(single, torch::Device("meta"), {}, {}, "torch")->device(), torch::kMeta);
    EXPECT_EQ(b->to()->values().data_ptr(), b->values().data_ptr());
    EXPECT_THAT([&] { b->to_positional(single, single, {}, {}, {}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("the dtype is given twice")));
    EXPECT_THAT([&] { b->to_positional("cpu", {}, {}, torch::Device("cpu"), {}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("the device is given twice")));
    EXPECT_THAT([&] { b->to_positional(1.0, {}, {}, {}, {}); },
                ThrowsMessage<c10::TypeError>(HasSubstr("must be a dtype or a device, got float")));
    EXPECT_THAT([&] { b->to({}, {}, "numpy"); },
                ThrowsMessage<c10::ValueError>(HasSubstr("must be 'torch' or None, got 'numpy'")));
}

TEST(TensorBlock, KeepsTheAutogradGraph) {
    const auto x = torch::ones({2, 1, 3}, torch::dtype(torch::kDouble).requires_grad(true));
    const TensorBlockHolder b(x * 2, samples, components, properties);
    const auto total = b.copy()->to(torch::kFloat)->values().sum();
    EXPECT_EQ(torch::autograd::grad({total}, {x})[0].sum().item<double>(), 12.0);
}

TEST(TensorBlock, Prints) {
    EXPECT_EQ(with_gradient()->repr(),
              "TensorBlock with shape (2, 1, 3)\n    samples: [s, e]\n    components: [c]\n"
              "    properties: [p]\n\n    gradients:\n"
              "        positions => TensorBlock with shape (1, 3, 1, 3)");
}

} // namespace

} // namespace metatensor_torch
