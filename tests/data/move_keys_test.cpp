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

torch::Tensor table(std::initializer_list<std::initializer_list<double>> rows) {
    std::vector<torch::Tensor> tensors;
    for (const auto& row : rows) {
        tensors.push_back(torch::tensor(std::vector<double>(row), torch::kDouble));
    }
    return torch::stack(tensors);
}

/// Block with samples (s), properties (p), and gradients with samples (sample, a) and the same values, times
/// ten
TensorBlock block(const torch::Tensor& values, Labels samples, Labels properties, Labels gradient_samples) {
    auto result = torch::make_intrusive<TensorBlockHolder>(values, std::move(samples), std::vector<Labels>{},
                                                           properties);
    std::vector<torch::Tensor> rows;
    for (int64_t i = 0; i < gradient_samples->count(); ++i) {
        rows.push_back(values[LabelsEntryHolder(gradient_samples, i)[0]] * 10);
    }
    result->add_gradient("x", torch::make_intrusive<TensorBlockHolder>(torch::stack(rows), gradient_samples,
                                                                       std::vector<Labels>{}, properties));
    return result;
}

Labels gradient_samples(const std::vector<std::initializer_list<int32_t>>& entries) {
    return LabelsHolder::create({"sample", "a"}, entries);
}

/// Keys (k, l): (3, 0), (1, 0) and (3, 9); the first two have other samples.
TensorMap map(const torch::TensorOptions& options = torch::kDouble) {
    const auto property = LabelsHolder::create({"p"}, {{4}});
    auto result = torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::create({"k", "l"}, {{3, 0}, {1, 0}, {3, 9}}),
        std::vector{
            block(table({{1}, {2}}).to(options), LabelsHolder::create({"s"}, {{5}, {2}}), property,
                  gradient_samples({{0, 7}, {1, 7}})),
            block(table({{3}, {4}}).to(options), LabelsHolder::create({"s"}, {{2}, {3}}), property,
                  gradient_samples({{1, 6}})),
            block(table({{6}}).to(options), LabelsHolder::create({"s"}, {{2}}), property,
                  gradient_samples({{0, 0}})),
        });
    result->set_info("unit", "eV");
    return result;
}

void expect_block(const TensorBlock& block, const Labels& samples, const Labels& properties,
                  const torch::Tensor& values) {
    EXPECT_EQ(*block->samples(), *samples) << block->samples()->repr();
    EXPECT_EQ(*block->properties(), *properties) << block->properties()->repr();
    EXPECT_TRUE(torch::equal(block->values(), values)) << block->values();
}

TEST(KeysToProperties, MergesBlocksWithTheSameOtherKeys) {
    const auto moved = map()->keys_to_properties("k");
    EXPECT_EQ(*moved->keys(), *LabelsHolder::create({"l"}, {{0}, {9}}));
    EXPECT_EQ(moved->get_info("unit"), "eV");
    const auto properties = LabelsHolder::create({"k", "p"}, {{3, 4}, {1, 4}});
    const auto first = TensorMapHolder::block_by_id(moved, 0);
    expect_block(first, LabelsHolder::create({"s"}, {{2}, {3}, {5}}), properties,
                 table({{2, 3}, {0, 4}, {1, 0}}));
    expect_block(TensorBlockHolder::gradient(first, "x"), gradient_samples({{0, 7}, {1, 6}, {2, 7}}),
                 properties, table({{20, 0}, {0, 40}, {10, 0}}));
    expect_block(TensorMapHolder::block_by_id(moved, 1), LabelsHolder::create({"s"}, {{2}}),
                 LabelsHolder::create({"k", "p"}, {{3, 4}}), table({{6}}));
}

TEST(KeysToProperties, KeepsTheOrderOfSamplesIfAsked) {
    const auto moved = map()->keys_to_properties("k", -1, /*sort_samples=*/false);
    expect_block(TensorMapHolder::block_by_id(moved, 0), LabelsHolder::create({"s"}, {{5}, {2}, {3}}),
                 LabelsHolder::create({"k", "p"}, {{3, 4}, {1, 4}}), table({{1, -1}, {2, 3}, {-1, 4}}));
}

TEST(KeysToProperties, MovesAllKeys) {
    const auto moved = map()->keys_to_properties(torch::IValue(c10::List<std::string>({"l", "k"})));
    EXPECT_EQ(*moved->keys(), *LabelsHolder::single());
    expect_block(TensorMapHolder::block_by_id(moved, 0), LabelsHolder::create({"s"}, {{2}, {3}, {5}}),
                 LabelsHolder::create({"l", "k", "p"}, {{0, 3, 4}, {0, 1, 4}, {9, 3, 4}}),
                 table({{2, 3, 6}, {0, 4, 0}, {1, 0, 0}}));
}

TEST(KeysToProperties, TakesGivenValuesOfTheMovedKeys) {
    const auto moved = map()->keys_to_properties(torch::IValue(LabelsHolder::create({"k"}, {{1}, {2}})));
    const auto properties = LabelsHolder::create({"k", "p"}, {{1, 4}, {2, 4}});
    expect_block(TensorMapHolder::block_by_id(moved, 0), LabelsHolder::create({"s"}, {{2}, {3}, {5}}),
                 properties, table({{3, 0}, {4, 0}, {0, 0}}));
    expect_block(TensorMapHolder::block_by_id(moved, 1), LabelsHolder::create({"s"}, {{2}}), properties,
                 table({{0, 0}}));
    const auto all = map()->keys_to_properties(torch::IValue(LabelsHolder::empty("k")));
    EXPECT_EQ(TensorMapHolder::block_by_id(all, 0)->properties()->count(), 2);
}

TEST(KeysToSamples, AppendsTheKeysToTheSamples) {
    const auto moved = map()->keys_to_samples("k");
    EXPECT_EQ(*moved->keys(), *LabelsHolder::create({"l"}, {{0}, {9}}));
    EXPECT_EQ(moved->get_info("unit"), "eV");
    const auto properties = LabelsHolder::create({"p"}, {{4}});
    const auto first = TensorMapHolder::block_by_id(moved, 0);
    expect_block(first, LabelsHolder::create({"s", "k"}, {{2, 1}, {2, 3}, {3, 1}, {5, 3}}), properties,
                 table({{3}, {2}, {4}, {1}}));
    expect_block(TensorBlockHolder::gradient(first, "x"), gradient_samples({{1, 7}, {2, 6}, {3, 7}}),
                 properties, table({{20}, {40}, {10}}));
}

TEST(KeysToSamples, KeepsTheOrderOfSamplesIfAsked) {
    const auto moved = map()->keys_to_samples("k", 0, /*sort_samples=*/false);
    const auto first = TensorMapHolder::block_by_id(moved, 0);
    expect_block(first, LabelsHolder::create({"s", "k"}, {{5, 3}, {2, 3}, {2, 1}, {3, 1}}),
                 LabelsHolder::create({"p"}, {{4}}), table({{1}, {2}, {3}, {4}}));
    EXPECT_EQ(*TensorBlockHolder::gradient(first, "x")->samples(),
              *gradient_samples({{0, 7}, {1, 7}, {3, 6}}));
}

TEST(KeysToSamples, UnitesProperties) {
    const auto samples = LabelsHolder::range("s", 1);
    const auto m = torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::range("k", 2),
        std::vector{block(table({{1, 2}}), samples, LabelsHolder::create({"p"}, {{1}, {0}}),
                          gradient_samples({{0, 0}})),
                    block(table({{3, 4}}), samples, LabelsHolder::create({"p"}, {{0}, {5}}),
                          gradient_samples({{0, 0}}))});
    const auto moved = TensorMapHolder::block_by_id(m->keys_to_samples("k", -1), 0);
    const auto properties = LabelsHolder::create({"p"}, {{1}, {0}, {5}});
    expect_block(moved, LabelsHolder::create({"s", "k"}, {{0, 0}, {0, 1}}), properties,
                 table({{1, 2, -1}, {-1, 3, 4}}));
    expect_block(TensorBlockHolder::gradient(moved, "x"), gradient_samples({{0, 0}, {1, 0}}), properties,
                 table({{10, 20, -1}, {-1, 30, 40}}));
}

TEST(MoveKeys, LetsGradientsFlow) {
    for (const bool to_samples : {false, true}) {
        const auto x = torch::ones({2, 1}, torch::dtype(torch::kDouble).requires_grad(true));
        const auto y = torch::ones({2, 1}, torch::dtype(torch::kDouble).requires_grad(true));
        const auto property = LabelsHolder::range("p", 1);
        const auto m = torch::make_intrusive<TensorMapHolder>(
            LabelsHolder::range("k", 2),
            std::vector{
                torch::make_intrusive<TensorBlockHolder>(x * 2, LabelsHolder::create({"s"}, {{5}, {2}}),
                                                         std::vector<Labels>{}, property),
                torch::make_intrusive<TensorBlockHolder>(y * 3, LabelsHolder::create({"s"}, {{2}, {3}}),
                                                         std::vector<Labels>{}, property)});
        const auto moved = to_samples ? m->keys_to_samples("k") : m->keys_to_properties("k");
        const auto grads =
            torch::autograd::grad({TensorMapHolder::block_by_id(moved, 0)->values().sum()}, {x, y});
        EXPECT_TRUE(torch::equal(grads[0], torch::full({2, 1}, 2.0, torch::kDouble)));
        EXPECT_TRUE(torch::equal(grads[1], torch::full({2, 1}, 3.0, torch::kDouble)));
    }
}

TEST(MoveKeys, RefusesWhatCanNotBeMoved) {
    EXPECT_THAT([] { map()->keys_to_properties("z"); },
                ThrowsMessage<c10::Error>(HasSubstr("can not move 'z', the keys only have [k, l]")));
    EXPECT_THAT(
        [] {
            map()->keys_to_samples(torch::IValue(c10::List<std::string>({"k", "k"})));
        },
        ThrowsMessage<c10::Error>(HasSubstr("can not move 'k' twice")));
    EXPECT_THAT([] { map()->keys_to_samples(3); },
                ThrowsMessage<c10::TypeError>(HasSubstr("keys to move must be a string")));
    EXPECT_THAT([] { map()->keys_to_samples(torch::IValue(LabelsHolder::range("k", 2))); },
                ThrowsMessage<c10::Error>(HasSubstr("must have no entries, got 2")));
    const auto empty =
        torch::make_intrusive<TensorMapHolder>(LabelsHolder::empty("k"), std::vector<TensorBlock>{});
    EXPECT_THAT([&] { empty->keys_to_samples("k"); },
                ThrowsMessage<c10::Error>(HasSubstr("no keys to move in an empty TensorMap")));

    const auto with_component = [](int64_t size) {
        return torch::make_intrusive<TensorBlockHolder>(
            torch::zeros({1, size, 1}), LabelsHolder::range("s", 1),
            std::vector<Labels>{LabelsHolder::range("c", size)}, LabelsHolder::range("p", 1));
    };
    const auto different = torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::range("k", 2), std::vector{with_component(1), with_component(2)});
    EXPECT_THAT(
        [&] { different->keys_to_samples("k"); },
        ThrowsMessage<c10::Error>(HasSubstr("only be moved between blocks with the same components")));
}

TEST(ComponentsToProperties, KeepsTheOrderOfTheOtherComponents) {
    const auto values = torch::arange(24, torch::kDouble).reshape({1, 2, 3, 2, 2});
    const auto names = {"a", "b", "c"};
    std::vector<Labels> components;
    for (const char* name : names) {
        components.push_back(
            LabelsHolder::range(name, values.size(1 + static_cast<int64_t>(components.size()))));
    }
    const auto m = torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::single(),
        std::vector{torch::make_intrusive<TensorBlockHolder>(values, LabelsHolder::range("s", 1), components,
                                                             LabelsHolder::range("p", 2))});
    const auto moved = TensorMapHolder::block_by_id(m->components_to_properties("a"), 0);
    EXPECT_THAT(moved->shape(), ElementsAre(1, 3, 2, 4));
    EXPECT_EQ(*moved->properties(), *LabelsHolder::create({"a", "p"}, {{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
    for (int64_t a = 0; a < 2; ++a) {
        EXPECT_TRUE(torch::equal(moved->values().narrow(-1, 2 * a, 2), values.select(1, a)));
    }
    const auto both = m->components_to_properties(torch::IValue(c10::List<std::string>({"a", "b"})));
    EXPECT_THAT(both->property_names(), ElementsAre("b", "a", "p"));
    EXPECT_THAT(both->component_names(), ElementsAre("c"));
    EXPECT_THAT([&] { m->components_to_properties("z"); },
                ThrowsMessage<c10::Error>(HasSubstr("no component 'z' to move, only [a, b, c]")));
}

TEST(ComponentsToProperties, MovesAnyComponentOfValuesOfAnySize) {
    for (const auto dtype : {torch::kFloat64, torch::kFloat16, torch::kComplexDouble}) {
        for (const int64_t n_properties : {1, 3, 4, 8, 0}) {
            const auto values =
                torch::arange(3 * 2 * 4 * 5 * n_properties).reshape({3, 2, 4, 5, n_properties});
            for (const auto& given :
                 {values.to(dtype), values.transpose(0, 1).contiguous().transpose(0, 1).to(dtype)}) {
                const auto m = torch::make_intrusive<TensorMapHolder>(
                    LabelsHolder::single(),
                    std::vector{torch::make_intrusive<TensorBlockHolder>(
                        given, LabelsHolder::range("s", 3),
                        std::vector{LabelsHolder::range("a", 2), LabelsHolder::range("b", 4),
                                    LabelsHolder::range("c", 5)},
                        LabelsHolder::range("p", n_properties))});
                const auto moved = [&](const char* name) {
                    return TensorMapHolder::block_by_id(m->components_to_properties(name), 0)->values();
                };
                EXPECT_TRUE(
                    torch::equal(moved("a"), given.movedim(1, 3).reshape({3, 4, 5, 2 * n_properties})));
                EXPECT_TRUE(
                    torch::equal(moved("b"), given.movedim(2, 3).reshape({3, 2, 5, 4 * n_properties})));
                EXPECT_TRUE(torch::equal(moved("c"), given.reshape({3, 2, 4, 5 * n_properties})));
            }
        }
    }
}

TEST(ComponentsToProperties, MovesThemInGradientsToo) {
    const auto component = LabelsHolder::range("c", 2);
    const auto property = LabelsHolder::range("p", 1);
    auto b = torch::make_intrusive<TensorBlockHolder>(table({{1, 2}}).reshape({1, 2, 1}),
                                                      LabelsHolder::range("s", 1),
                                                      std::vector<Labels>{component}, property);
    b->add_gradient("x",
                    torch::make_intrusive<TensorBlockHolder>(
                        table({{1, 2, 3, 4}}).reshape({1, 2, 2, 1}), LabelsHolder::create({"sample"}, {{0}}),
                        std::vector<Labels>{LabelsHolder::range("xyz", 2), component}, property));
    const auto m = torch::make_intrusive<TensorMapHolder>(LabelsHolder::single(), std::vector{b});
    const auto gradient =
        TensorBlockHolder::gradient(TensorMapHolder::block_by_id(m->components_to_properties("c"), 0), "x");
    EXPECT_TRUE(torch::equal(gradient->values()[0], table({{1, 2}, {3, 4}})));
    EXPECT_EQ(*gradient->properties(), *LabelsHolder::create({"c", "p"}, {{0, 0}, {1, 0}}));
}

} // namespace

} // namespace metatensor_torch
