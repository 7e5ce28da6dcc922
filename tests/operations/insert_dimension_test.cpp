// SPDX-License-Identifier: BSD-3-Clause
#include "operations/dimensions_support.hpp"

namespace metatensor_torch::testing {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class InsertDimension : public DimensionsTest {};

INSTANTIATE_TEST_SUITE_P(Settings, InsertDimension, floating_point_settings(), setting_name);

TEST_P(InsertDimension, AddsOneValueOrATensor) {
    const auto tensor = map();
    const auto inserted = insert_dimension(tensor, "keys", 1, "new", 7);
    EXPECT_TRUE(*inserted->keys() == *labels({"k", "new", "l"}, {{0, 7, 3}, {1, 7, 2}}, GetParam()));
    const auto values = torch::tensor({5, -5}, torch::dtype(torch::kLong).device(GetParam().device));
    const auto samples = block_of(insert_dimension(tensor, "samples", 0, "new", values), 1);
    EXPECT_TRUE(*samples->samples() == *labels({"new", "s", "a"}, {{5, 2, 0}, {-5, 1, 0}}, GetParam()));
    EXPECT_TRUE(*gradient_of(samples)->samples() == *gradient_samples());
    EXPECT_TRUE(samples->values().is_same(block_of(tensor, 1)->values()));
    const auto properties = block_of(append_dimension(tensor, "properties", "new", 4), 0);
    EXPECT_TRUE(*properties->properties() == *labels({"p", "q", "new"}, {{0, 1, 4}}, GetParam()));
    EXPECT_TRUE(*gradient_of(properties)->properties() == *properties->properties());
}

TEST_P(InsertDimension, LabelsThatAreSharedStaySo) {
    const auto inserted = insert_dimension(map(), "properties", 0, "new", 1);
    EXPECT_EQ(block_of(inserted, 0)->properties(), block_of(inserted, 1)->properties());
    EXPECT_EQ(block_of(inserted, 0)->properties(), gradient_of(block_of(inserted, 0))->properties());
}

TEST_P(InsertDimension, RefusesWhatDoesNotFit) {
    const auto tensor = map();
    const auto int32 = torch::dtype(torch::kInt).device(GetParam().device);
    EXPECT_THAT([&] { insert_dimension(tensor, "samples", 3, "new", 1); },
                ThrowsMessage<c10::IndexError>(HasSubstr("must be in [0, 2], got 3")));
    EXPECT_THAT([&] { insert_dimension(tensor, "samples", 0, "new", torch::zeros({3}, int32)); },
                ThrowsMessage<c10::ValueError>(HasSubstr("each of the 2 entries, got 3")));
    EXPECT_THAT(
        [&] {
            insert_dimension(tensor, "samples", 0, "new", torch::zeros({2, 1}, int32));
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("1D tensor, got shape [2, 1]")));
    EXPECT_THAT([&] { insert_dimension(tensor, "samples", 0, "a", 1); },
                ThrowsMessage<c10::Error>(HasSubstr("got 'a' twice")));
    EXPECT_THAT([&] { insert_dimension(tensor, "samples", 0, "new", int64_t{1} << 40); },
                ThrowsMessage<c10::ValueError>(HasSubstr("32-bit integers, got 1099511627776")));
    EXPECT_THAT([&] { insert_dimension(tensor, "components", 0, "new", 1); },
                ThrowsMessage<c10::ValueError>(HasSubstr("one of 'keys', 'samples', 'properties'")));
    EXPECT_THAT([&] { append_dimension(tensor, "keys", "new", "1"); },
                ThrowsMessage<c10::TypeError>(HasSubstr("got str")));
}

} // namespace

} // namespace metatensor_torch::testing
