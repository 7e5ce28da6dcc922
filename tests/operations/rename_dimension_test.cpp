// SPDX-License-Identifier: BSD-3-Clause
#include "operations/dimensions_support.hpp"

namespace metatensor_torch::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class RenameDimension : public DimensionsTest {};

INSTANTIATE_TEST_SUITE_P(Settings, RenameDimension, floating_point_settings(), setting_name);

TEST_P(RenameDimension, OfKeysAndProperties) {
    EXPECT_TRUE(*rename_dimension(map(), "keys", "k", "new")->keys() ==
                *labels({"new", "l"}, {{0, 3}, {1, 2}}, GetParam()));
    const auto block = block_of(rename_dimension(map(), "properties", "q", "new"), 1);
    EXPECT_TRUE(*block->properties() == *labels({"p", "new"}, {{0, 1}}, GetParam()));
    EXPECT_TRUE(*gradient_of(block)->properties() == *block->properties());
}

TEST_P(RenameDimension, OfSamplesIncludesThoseOfGradients) {
    const auto block = block_of(rename_dimension(map(), "samples", "a", "atom"), 1);
    EXPECT_TRUE(*block->samples() == *labels({"s", "atom"}, {{2, 0}, {1, 0}}, GetParam()));
    EXPECT_TRUE(*gradient_of(block)->samples() == *labels({"sample", "atom"}, {{1, 8}}, GetParam()));
}

TEST_P(RenameDimension, SampleIsWhatMakesGradients) {
    const auto tensor = rename_dimension(map(), "samples", "s", "sample");
    const auto block = block_of(rename_dimension(tensor, "samples", "sample", "system"), 0);
    EXPECT_THAT(block->samples()->names(), ElementsAre("system", "a"));
    EXPECT_THAT(gradient_of(block)->samples()->names(), ElementsAre("sample", "a"));
}

TEST_P(RenameDimension, OfComponentsIncludesThoseOfGradients) {
    const auto c = block_of(rename_dimension(map(), "components", "c", "new"), 0);
    EXPECT_THAT(c->components()[0]->names(), ElementsAre("new"));
    EXPECT_THAT(gradient_of(c)->components()[1]->names(), ElementsAre("new"));
    const auto x = block_of(rename_dimension(map(), "components", "x", "xyz"), 0);
    EXPECT_THAT(x->components()[0]->names(), ElementsAre("c"));
    EXPECT_THAT(gradient_of(x)->components()[0]->names(), ElementsAre("xyz"));
}

TEST_P(RenameDimension, RefusesOtherNames) {
    for (const auto* axis : {"keys", "samples", "components", "properties"}) {
        EXPECT_THAT([&] { rename_dimension(map(), axis, "z", "new"); },
                    ThrowsMessage<c10::ValueError>(HasSubstr("there is no dimension 'z' in the ")));
    }
    EXPECT_THAT([&] { rename_dimension(map(), "properties", "q", "p"); },
                ThrowsMessage<c10::Error>(HasSubstr("got 'p' twice")));
    EXPECT_THAT([&] { rename_dimension(map(), "components", "x", "c"); },
                ThrowsMessage<c10::Error>(HasSubstr("different names, got 'c' twice")));
}

} // namespace

} // namespace metatensor_torch::testing
