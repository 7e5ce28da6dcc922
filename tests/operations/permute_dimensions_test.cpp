// SPDX-License-Identifier: BSD-3-Clause
#include "operations/dimensions_support.hpp"

namespace metatensor_torch::testing {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class PermuteDimensions : public DimensionsTest {};

INSTANTIATE_TEST_SUITE_P(Settings, PermuteDimensions, floating_point_settings(), setting_name);

TEST_P(PermuteDimensions, ChangesTheOrder) {
    const auto tensor = map();
    EXPECT_TRUE(*permute_dimensions(tensor, "keys", {1, 0})->keys() ==
                *labels({"l", "k"}, {{3, 0}, {2, 1}}, GetParam()));
    const auto samples = permute_dimensions(tensor, "samples", {-1, 0});
    EXPECT_TRUE(*block_of(samples, 0)->samples() == *labels({"a", "s"}, {{0, 0}, {1, 0}}, GetParam()));
    EXPECT_TRUE(*block_of(samples, 1)->samples() == *labels({"a", "s"}, {{0, 2}, {0, 1}}, GetParam()));
    EXPECT_TRUE(*gradient_of(block_of(samples, 1))->samples() == *gradient_samples());
    const auto properties = block_of(permute_dimensions(tensor, "properties", {1, 0}), 1);
    EXPECT_TRUE(*properties->properties() == *labels({"q", "p"}, {{1, 0}}, GetParam()));
    EXPECT_TRUE(*gradient_of(properties)->properties() == *properties->properties());
}

TEST_P(PermuteDimensions, RefusesOtherIndices) {
    EXPECT_THAT(
        [&] {
            permute_dimensions(map(), "samples", {0, 2});
        },
        ThrowsMessage<c10::IndexError>(HasSubstr("index 2 is out of range")));
    EXPECT_THAT([&] { permute_dimensions(map(), "samples", {0}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("each of the 2 dimensions")));
    EXPECT_THAT(
        [&] {
            permute_dimensions(map(), "samples", {0, 0});
        },
        ThrowsMessage<c10::Error>(HasSubstr("got 's' twice")));
    EXPECT_THAT([&] { permute_dimensions(map(), "components", {0}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("got 'components'")));
}

} // namespace

} // namespace metatensor_torch::testing
