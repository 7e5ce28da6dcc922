// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Sort : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Sort, floating_point_settings(), setting_name);

/// Properties p in this order
TensorBlock with_properties(const TensorBlock& block, const Rows& p, const Setting& setting) {
    return torch::make_intrusive<TensorBlockHolder>(block->values(), block->samples(), block->components(),
                                                    labels({"p"}, p, setting));
}

TEST_P(Sort, SamplesPropertiesAndGradients) {
    auto given = with_properties(block({"s"}, {{3}, {1}}, {{1.0, 2.0}, {3.0, 4.0}}, GetParam()), {{7}, {5}},
                                 GetParam());
    given->add_gradient("x", with_properties(block({"sample", "i"}, {{0, 0}, {0, -1}, {1, 4}},
                                                   {{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}, GetParam()),
                                             {{7}, {5}}, GetParam()));
    auto expected = with_properties(block({"s"}, {{1}, {3}}, {{4.0, 3.0}, {2.0, 1.0}}, GetParam()),
                                    {{5}, {7}}, GetParam());
    expected->add_gradient("x", with_properties(block({"sample", "i"}, {{0, 4}, {1, -1}, {1, 0}},
                                                      {{6.0, 5.0}, {4.0, 3.0}, {2.0, 1.0}}, GetParam()),
                                                {{5}, {7}}, GetParam()));
    expect_blocks_close(sort_block(given), expected);
    const auto descending = sort_block(given, "samples", /*descending=*/true);
    EXPECT_TRUE(torch::equal(descending->values(), given->values()));
    EXPECT_TRUE(torch::equal(TensorBlockHolder::gradient(descending, "x")->values().cpu(),
                             matrix({{5.0, 6.0}, {1.0, 2.0}, {3.0, 4.0}}, GetParam()).cpu()));
    EXPECT_THROW(sort_block(given, "keys"), c10::ValueError);
}

TEST_P(Sort, KeysWithTheirBlocks) {
    const auto keys = labels({"k"}, {{3}, {1}}, GetParam());
    const auto first = block({"s"}, {{0}}, {{1.0}}, GetParam());
    const auto second = block({"s"}, {{0}}, {{2.0}}, GetParam());
    const auto given =
        torch::make_intrusive<TensorMapHolder>(keys, std::vector<TensorBlock>{first->copy(), second->copy()});
    const auto expected = torch::make_intrusive<TensorMapHolder>(
        labels({"k"}, {{1}, {3}}, GetParam()), std::vector<TensorBlock>{second->copy(), first->copy()});
    expect_maps_close(sort(given), expected);
    expect_maps_close(sort(given, "keys", /*descending=*/true), given);
    expect_maps_close(sort(given, "samples"), given);
}

} // namespace

} // namespace metatensor_torch::testing
