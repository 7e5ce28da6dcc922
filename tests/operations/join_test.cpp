// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Join : public OperationTest {
  protected:
    TensorMap map(const Rows& keys, const std::vector<TensorBlock>& blocks) const {
        return torch::make_intrusive<TensorMapHolder>(labels({"k"}, keys, GetParam()), blocks);
    }

    /// Adds gradients with respect to "x" of a block without components
    TensorBlock with_gradient(TensorBlock block, const Rows& samples,
                              const std::vector<std::vector<double>>& values) const {
        block->add_gradient("x", torch::make_intrusive<TensorBlockHolder>(
                                     samples.empty()
                                         ? torch::zeros({0, block->values().size(1)}, GetParam().options())
                                         : matrix(values, GetParam()),
                                     labels({"sample", "i"}, samples, GetParam()), std::vector<Labels>(),
                                     block->properties()));
        return block;
    }

    /// Block with samples `s`, properties `p` with these numbers
    TensorBlock with_properties(const Rows& samples, std::vector<std::string> names, const Rows& properties,
                                const std::vector<std::vector<double>>& values) const {
        return torch::make_intrusive<TensorBlockHolder>(
            matrix(values, GetParam()), labels({"s"}, samples, GetParam()), std::vector<Labels>(),
            labels(std::move(names), properties, GetParam()));
    }
};

INSTANTIATE_TEST_SUITE_P(Settings, Join, floating_point_settings(), setting_name);

TEST_P(Join, SamplesOfBlocksWithTheSameKey) {
    const auto a = map({{0}, {1}}, {block({"s"}, {{0}}, {{1.0, 2.0}}, GetParam()),
                                    block({"s"}, {{5}}, {{3.0, 4.0}}, GetParam())});
    const auto b = map({{1}, {0}}, {block({"s"}, {{4}, {3}}, {{5.0, 6.0}, {7.0, 8.0}}, GetParam()),
                                    block({"s"}, {{1}}, {{9.0, 0.0}}, GetParam())});
    const auto expected =
        map({{0}, {1}}, {block({"s"}, {{0}, {1}}, {{1.0, 2.0}, {9.0, 0.0}}, GetParam()),
                         block({"s"}, {{5}, {4}, {3}}, {{3.0, 4.0}, {5.0, 6.0}, {7.0, 8.0}}, GetParam())});
    expect_maps_close(join({a, b}, "samples"), expected);
}

TEST_P(Join, GradientsMoveOnWithTheirSamples) {
    const auto a = with_gradient(block({"s"}, {{0}, {1}}, {{1.0}, {2.0}}, GetParam()), {{1, 7}}, {{10.0}});
    const auto b =
        with_gradient(block({"s"}, {{2}}, {{3.0}}, GetParam()), {{0, 7}, {0, 8}}, {{20.0}, {30.0}});
    const auto expected = with_gradient(block({"s"}, {{0}, {1}, {2}}, {{1.0}, {2.0}, {3.0}}, GetParam()),
                                        {{1, 7}, {2, 7}, {2, 8}}, {{10.0}, {20.0}, {30.0}});
    expect_blocks_close(join_blocks({a, b}, "samples"), expected);
}

TEST_P(Join, GradientsOfGradientsToo) {
    const auto make = [&](const Rows& samples, const Rows& first, const Rows& second) {
        const auto value = [&](const Rows& rows) {
            return torch::full({static_cast<int64_t>(rows.size()), 1}, static_cast<double>(samples.size()),
                               GetParam().options());
        };
        const auto p = labels({"p"}, {{0}}, GetParam());
        auto gradient = torch::make_intrusive<TensorBlockHolder>(
            value(first), labels({"sample", "i"}, first, GetParam()), std::vector<Labels>(), p);
        gradient->add_gradient(
            "y", torch::make_intrusive<TensorBlockHolder>(
                     value(second), labels({"sample", "j"}, second, GetParam()), std::vector<Labels>(), p));
        auto block = torch::make_intrusive<TensorBlockHolder>(
            value(samples), labels({"s"}, samples, GetParam()), std::vector<Labels>(), p);
        block->add_gradient("x", gradient);
        return block;
    };
    const auto second_of = [](const TensorBlock& block) {
        return TensorBlockHolder::gradient(TensorBlockHolder::gradient(block, "x"), "y");
    };
    const auto a = make({{0}, {1}}, {{0, 5}, {1, 5}, {1, 6}}, {{2, 9}});
    const auto b = make({{2}}, {{0, 5}}, {{0, 8}, {0, 9}});
    const auto along_samples = second_of(join_blocks({a, b}, "samples"));
    EXPECT_TRUE(*along_samples->samples() == *labels({"sample", "j"}, {{2, 9}, {3, 8}, {3, 9}}, GetParam()));

    // rows (0, 5), (1, 5), (1, 6) and (1, 6), (0, 5): the second ones point to rows 2 and 0 of the union
    const auto c = make({{0}, {1}}, {{1, 6}, {0, 5}}, {{0, 9}, {1, 9}});
    const auto along_properties = second_of(join_blocks({a, c}, "properties", "map"));
    EXPECT_TRUE(*along_properties->samples() == *labels({"sample", "j"}, {{2, 9}, {0, 9}}, GetParam()));
    const auto expected = matrix({{2.0, 2.0}, {0.0, 2.0}}, GetParam());
    EXPECT_TRUE(along_properties->values().equal(expected));
}

TEST_P(Join, PropertiesWithGradientsOnTheUnionOfTheirSamples) {
    const auto a =
        with_gradient(with_properties({{0}, {1}}, {"p"}, {{3}}, {{1.0}, {2.0}}), {{1, 7}}, {{10.0}});
    const auto b = with_gradient(with_properties({{0}, {1}}, {"p"}, {{0}, {1}}, {{3.0, 4.0}, {5.0, 6.0}}),
                                 {{0, 7}, {1, 7}}, {{20.0, 21.0}, {30.0, 31.0}});
    const auto expected =
        with_gradient(with_properties({{0}, {1}}, {"p"}, {{3}, {0}, {1}}, {{1.0, 3.0, 4.0}, {2.0, 5.0, 6.0}}),
                      {{1, 7}, {0, 7}}, {{10.0, 30.0, 31.0}, {0.0, 20.0, 21.0}});
    expect_blocks_close(join_blocks({a, b}, "properties"), expected);
}

TEST_P(Join, PropertiesWithOtherNamesAreNumbered) {
    const auto a = with_properties({{0}}, {"p"}, {{3}, {4}}, {{1.0, 2.0}});
    const auto b = with_properties({{0}}, {"q", "r"}, {{3, 3}}, {{3.0}});
    const auto expected =
        with_properties({{0}}, {"joined_index", "property"}, {{0, 0}, {0, 1}, {1, 0}}, {{1.0, 2.0, 3.0}});
    expect_blocks_close(join_blocks({a, b}, "properties"), expected);
    EXPECT_THAT(
        [&] {
            join_blocks({a, b}, "properties", "map");
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("can not add a dimension to properties")));
}

TEST_P(Join, NewDimensionMakesLabelsUnique) {
    const auto a = block({"s"}, {{0}}, {{1.0}}, GetParam());
    EXPECT_THAT(
        [&] {
            join_blocks({a, a}, "samples");
        },
        ThrowsMessage<c10::Error>(HasSubstr("must be unique, got [0] at least twice")));
    const auto expected = block({"s", "map"}, {{0, 0}, {0, 1}}, {{1.0}, {1.0}}, GetParam());
    expect_blocks_close(join_blocks({a, a}, "samples", "map"), expected);
}

TEST_P(Join, DifferentKeys) {
    const auto a =
        map({{0}, {1}}, {block({"s"}, {{0}}, {{1.0}}, GetParam()), block({"s"}, {{0}}, {{2.0}}, GetParam())});
    const auto b =
        map({{2}, {1}}, {block({"s"}, {{0}}, {{3.0}}, GetParam()), block({"s"}, {{0}}, {{4.0}}, GetParam())});
    const auto both = block({"s", "map"}, {{0, 0}, {0, 1}}, {{2.0}, {4.0}}, GetParam());
    EXPECT_THAT([&] { join({a, b}, "samples"); }, ThrowsMessage<NotEqualError>(HasSubstr("the same keys")));
    expect_maps_close(join({a, b}, "samples", "intersection", "map"), map({{1}}, {both->copy()}));
    expect_maps_close(join({a, b}, "samples", "union", "map"),
                      map({{0}, {1}, {2}}, {block({"s", "map"}, {{0, 0}}, {{1.0}}, GetParam()), both->copy(),
                                            block({"s", "map"}, {{0, 1}}, {{3.0}}, GetParam())}));
    const auto nothing = filter_blocks(a, labels({"k"}, {}, GetParam()));
    EXPECT_EQ(join({nothing, a}, "samples", "union")->keys()->count(), 2);
    EXPECT_EQ(join({nothing, a}, "properties", "intersection")->keys()->count(), 0);
    EXPECT_EQ(join({nothing, nothing}, "samples")->keys()->count(), 0);
}

TEST_P(Join, KeepsTheInfoThatAllHave) {
    auto a = tensor_map({"s"}, {{0}}, {{1.0}}, GetParam());
    auto b = tensor_map({"s"}, {{1}}, {{1.0}}, GetParam());
    a->set_info("unit", "eV");
    b->set_info("unit", "eV");
    a->set_info("source", "a");
    b->set_info("source", "b");
    const auto joined = join({a, b}, "samples");
    EXPECT_EQ(joined->get_info("unit"), "eV");
    EXPECT_EQ(joined->get_info("source"), std::nullopt);
    EXPECT_EQ(join({a}, "samples"), a);
}

TEST_P(Join, RefusesWhatDoesNotFit) {
    const auto a = block({"s"}, {{0}}, {{1.0}}, GetParam());
    EXPECT_THAT(
        [&] {
            join_blocks({a, block({"s"}, {{1}}, {{1.0, 2.0}}, GetParam())}, "samples");
        },
        ThrowsMessage<NotEqualError>(HasSubstr("the properties of the blocks given to 'join_blocks'")));
    EXPECT_THAT(
        [&] {
            join_blocks({a, block({"t"}, {{1}}, {{1.0}}, GetParam())}, "samples");
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("got [s] and [t]")));
    EXPECT_THAT(
        [&] {
            join_blocks({a, with_gradient(a->copy(), {}, {})}, "samples", "map");
        },
        ThrowsMessage<NotEqualError>(HasSubstr("gradients with respect to the same parameters")));
    EXPECT_THAT([&] { join_blocks({}, "samples"); },
                ThrowsMessage<c10::ValueError>(HasSubstr("at least one")));
    EXPECT_THAT(
        [&] {
            join_blocks({a, a}, "components");
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("got 'components'")));
    EXPECT_THAT([&] { join({tensor_map({a->copy()})}, "samples", "all"); },
                ThrowsMessage<c10::ValueError>(HasSubstr("got 'all'")));
}

TEST_P(Join, MapsWithDifferentKeysMustBeAlike) {
    const auto a = map({{0}}, {block({"s"}, {{0}}, {{1.0}}, GetParam())});
    EXPECT_THAT(
        [&] {
            join({a, map({{1}}, {block({"t"}, {{0}}, {{1.0}}, GetParam())})}, "samples", "union");
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("got [s] and [t]")));
    const auto b = map({{1}}, {with_gradient(block({"s"}, {{0}}, {{1.0}}, GetParam()), {}, {})});
    EXPECT_THAT(
        [&] {
            join({a, b}, "samples", "union");
        },
        ThrowsMessage<NotEqualError>(HasSubstr("gradients with respect to the same parameters")));
}

} // namespace

} // namespace metatensor_torch::testing
