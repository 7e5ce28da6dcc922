// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Slice : public OperationTest {
  protected:
    TensorBlock example() const {
        auto result = block({"system", "atom"}, {{5, 0}, {2, 0}, {5, 1}},
                            {{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}, GetParam());
        result->add_gradient("x", block({"sample", "i"}, {{2, 0}, {1, 0}, {0, 1}},
                                        {{-1.0, -2.0}, {-3.0, -4.0}, {-5.0, -6.0}}, GetParam()));
        return result;
    }
};

INSTANTIATE_TEST_SUITE_P(Settings, Slice, floating_point_settings(), setting_name);

TEST_P(Slice, SamplesByLabels) {
    auto expected = block({"system", "atom"}, {{5, 0}, {5, 1}}, {{1.0, 2.0}, {5.0, 6.0}}, GetParam());
    expected->add_gradient(
        "x", block({"sample", "i"}, {{1, 0}, {0, 1}}, {{-1.0, -2.0}, {-5.0, -6.0}}, GetParam()));
    const auto selection = labels({"system"}, {{9}, {5}}, GetParam());
    expect_maps_close(slice(tensor_map({example()}), "samples", selection), tensor_map({expected}));
}

TEST_P(Slice, SamplesByPlaces) {
    auto expected = block({"system", "atom"}, {{5, 1}, {5, 0}}, {{5.0, 6.0}, {1.0, 2.0}}, GetParam());
    expected->add_gradient(
        "x", block({"sample", "i"}, {{0, 0}, {1, 1}}, {{-1.0, -2.0}, {-5.0, -6.0}}, GetParam()));
    expect_blocks_close(slice_block(example(), "samples", torch::tensor({-1, 0})), expected);
    expect_blocks_close(slice_block(example(), "samples", std::vector<int64_t>{2, 0}), expected);
    EXPECT_THROW(slice_block(example(), "samples", std::vector<int64_t>{2, -1}), c10::ValueError);
    EXPECT_THROW(slice_block(example(), "samples", std::vector<int64_t>{3}), c10::IndexError);
}

TEST_P(Slice, PropertiesKeepTheirOrder) {
    const auto part = slice_block(example(), "properties", std::vector<int64_t>{1, 0, 1});
    expect_blocks_close(part, example());
    const auto last = slice_block(example(), "properties", labels({"p"}, {{1}}, GetParam()));
    EXPECT_TRUE(torch::equal(last->values(), example()->values().narrow(1, 1, 1)));
    EXPECT_EQ(TensorBlockHolder::gradient(last, "x")->shape(), (std::vector<int64_t>{3, 1}));
}

} // namespace

} // namespace metatensor_torch::testing
