// SPDX-License-Identifier: BSD-3-Clause
#include <limits>

#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class UniqueMetadata : public OperationTest {
  protected:
    TensorBlock with_samples(const Rows& rows) const {
        return torch::make_intrusive<TensorBlockHolder>(
            torch::zeros({static_cast<int64_t>(rows.size()), 1}, GetParam().options()),
            labels({"s", "a", "b"}, rows, GetParam()), std::vector<Labels>(),
            labels({"p"}, {{4}}, GetParam()));
    }

    void expect_unique(const TensorMap& map, const torch::IValue& names, const Labels& expected) const {
        const auto unique = unique_metadata(map, "samples", names);
        EXPECT_TRUE(*unique == *expected) << unique->repr() << "\n" << expected->repr();
    }
};

INSTANTIATE_TEST_SUITE_P(Settings, UniqueMetadata, floating_point_settings(), setting_name);

TEST_P(UniqueMetadata, SortsWhatAllBlocksHave) {
    const auto map = tensor_map({with_samples({{3, 0, 1}, {3, 1, 1}, {1, 0, 1}}), with_samples({{2, 1, 1}})});
    expect_unique(map, "s", labels({"s"}, {{1}, {2}, {3}}, GetParam()));
    expect_unique(map, std::vector<std::string>{"a", "s"},
                  labels({"a", "s"}, {{0, 1}, {0, 3}, {1, 2}, {1, 3}}, GetParam()));
    const auto properties = unique_metadata(map, "properties", "p");
    EXPECT_TRUE(*properties == *labels({"p"}, {{4}}, GetParam()));
}

// the values decide how rows are compared: by flags, as one number of 64 bits, or one by one
TEST_P(UniqueMetadata, WorksForAllIntegers) {
    constexpr int64_t LOW = std::numeric_limits<int32_t>::min();
    constexpr int64_t HIGH = std::numeric_limits<int32_t>::max();
    const auto map = tensor_map({with_samples(
        {{HIGH, LOW, 7}, {LOW, HIGH, HIGH}, {LOW, HIGH, LOW}, {0, HIGH, 7}, {HIGH, -1, 7}, {0, -7, 7}})});
    expect_unique(map, "s", labels({"s"}, {{LOW}, {0}, {HIGH}}, GetParam()));
    expect_unique(map, std::vector<std::string>{"s", "a"},
                  labels({"s", "a"}, {{LOW, HIGH}, {0, -7}, {0, HIGH}, {HIGH, LOW}, {HIGH, -1}}, GetParam()));
    expect_unique(
        map, std::vector<std::string>{"s", "a", "b"},
        labels({"s", "a", "b"},
               {{LOW, HIGH, LOW}, {LOW, HIGH, HIGH}, {0, -7, 7}, {0, HIGH, 7}, {HIGH, LOW, 7}, {HIGH, -1, 7}},
               GetParam()));
}

TEST_P(UniqueMetadata, OfGradients) {
    auto block = with_samples({{0, 0, 0}, {1, 0, 0}});
    block->add_gradient("x", torch::make_intrusive<TensorBlockHolder>(
                                 torch::zeros({3, 1}, GetParam().options()),
                                 labels({"sample", "i"}, {{1, 5}, {0, 5}, {0, 2}}, GetParam()),
                                 std::vector<Labels>(), block->properties()));
    EXPECT_TRUE(*unique_metadata_block(block, "samples", "i", "x") == *labels({"i"}, {{2}, {5}}, GetParam()));
    EXPECT_THAT([&] { unique_metadata_block(block, "samples", "i", "y"); },
                ThrowsMessage<c10::Error>(HasSubstr("no gradients with respect to 'y'")));
}

TEST_P(UniqueMetadata, OfLabelsMadeOnTheirDevice) {
    const auto rows =
        torch::tensor({{3, 0}, {3, 1}, {1, 0}}, torch::dtype(torch::kInt).device(GetParam().device));
    const auto samples = torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"s", "a"}, rows);
    const auto block =
        torch::make_intrusive<TensorBlockHolder>(torch::zeros({3, 1}, GetParam().options()), samples,
                                                 std::vector<Labels>(), labels({"p"}, {{4}}, GetParam()));
    EXPECT_TRUE(*unique_metadata_block(block, "samples", "s") == *labels({"s"}, {{1}, {3}}, GetParam()));
}

TEST_P(UniqueMetadata, WithoutEntries) {
    const std::vector<std::string> names = {"s", "b"};
    expect_unique(tensor_map({with_samples({})}), names, labels(names, {}, GetParam()));
    const auto nothing = filter_blocks(tensor_map({with_samples({})}), labels({"key"}, {}, GetParam()));
    expect_unique(nothing, names, labels(names, {}, GetParam()));
}

TEST_P(UniqueMetadata, RefusesOtherNames) {
    const auto block = with_samples({{0, 0, 0}});
    EXPECT_THAT([&] { unique_metadata_block(block, "samples", "z"); },
                ThrowsMessage<c10::ValueError>(HasSubstr("no dimension 'z'")));
    EXPECT_THAT([&] { unique_metadata_block(block, "keys", "s"); },
                ThrowsMessage<c10::ValueError>(HasSubstr("got 'keys'")));
    EXPECT_THAT([&] { unique_metadata_block(block, "samples", std::vector<std::string>{}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("at least one name")));
    EXPECT_THAT([&] { unique_metadata_block(block, "samples", 3); },
                ThrowsMessage<c10::TypeError>(HasSubstr("got int")));
}

} // namespace

} // namespace metatensor_torch::testing
