// SPDX-License-Identifier: BSD-3-Clause
#include "operations/dimensions_support.hpp"

namespace metatensor_torch::testing {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class RemoveDimension : public DimensionsTest {};

INSTANTIATE_TEST_SUITE_P(Settings, RemoveDimension, floating_point_settings(), setting_name);

TEST_P(RemoveDimension, RemovesOne) {
    const auto tensor = map();
    EXPECT_TRUE(*remove_dimension(tensor, "keys", "k")->keys() == *labels({"l"}, {{3}, {2}}, GetParam()));
    const auto properties = block_of(remove_dimension(tensor, "properties", "p"), 0);
    EXPECT_TRUE(*properties->properties() == *labels({"q"}, {{1}}, GetParam()));
    EXPECT_TRUE(*gradient_of(properties)->properties() == *properties->properties());
    const auto samples =
        remove_dimension(drop_blocks(tensor, labels({"k"}, {{0}}, GetParam())), "samples", "a");
    EXPECT_TRUE(*block_of(samples, 0)->samples() == *labels({"s"}, {{2}, {1}}, GetParam()));
    EXPECT_TRUE(*gradient_of(block_of(samples, 0))->samples() == *gradient_samples());
}

TEST_P(RemoveDimension, RefusesWhatWouldBeLost) {
    EXPECT_THAT([&] { remove_dimension(map(), "samples", "a"); },
                ThrowsMessage<c10::Error>(HasSubstr("must be unique, got [0] at least twice")));
    EXPECT_THAT([&] { remove_dimension(map(), "samples", "b"); },
                ThrowsMessage<c10::ValueError>(HasSubstr("there is no dimension 'b' in the samples")));
    EXPECT_THAT([&] { remove_dimension(remove_dimension(map(), "keys", "k"), "keys", "l"); },
                ThrowsMessage<c10::ValueError>(HasSubstr("'l', the only dimension of the keys")));
}

} // namespace

} // namespace metatensor_torch::testing
