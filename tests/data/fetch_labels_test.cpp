// SPDX-License-Identifier: BSD-3-Clause
// Rows of labels that are copied to the host together
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/fetch_labels.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch::details {

namespace {

/// Labels that are not on the host as they are read there: as columns, or on a device
Labels elsewhere(const torch::Tensor& rows, const std::string& device) {
    const auto values = device == "cpu" ? rows.t().contiguous().t() : rows.to(device);
    return torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"a", "b"}, values,
                                               metatensor::assume_unique{});
}

class FetchLabels : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        if (std::string(GetParam()) == "cuda" && !at::hasCUDA()) {
            GTEST_SKIP() << "there is no cuda device";
        }
    }
};

} // namespace

TEST_P(FetchLabels, CopiesAllRowsThatAreNotOnTheHost) {
    const std::vector<torch::Tensor> rows = {torch::tensor({1, 2, 3, 4, 5, 6}, torch::kInt).reshape({3, 2}),
                                             torch::zeros({0, 2}, torch::kInt),
                                             torch::tensor({7, 8}, torch::kInt).reshape({1, 2}),
                                             torch::tensor({9, 8, 7, 6}, torch::kInt).reshape({2, 2})};
    std::vector<Labels> labels;
    for (const auto& values : rows) {
        labels.push_back(elsewhere(values, GetParam()));
    }
    labels.push_back(labels[0]); // twice
    labels.push_back(torch::make_intrusive<LabelsHolder>("there", torch::tensor({{3}}, torch::kInt)));
    ASSERT_FALSE(labels[0]->data()->on_host());
    ASSERT_FALSE(labels[3]->data()->on_host());

    fetch_labels(labels);
    for (size_t i = 0; i < rows.size(); ++i) {
        ASSERT_TRUE(labels[i]->data()->on_host()) << i;
        EXPECT_TRUE(torch::equal(labels[i]->data()->host_tensor(), rows[i])) << i;
        EXPECT_TRUE(labels[i]->data()->host_tensor().is_contiguous());
        EXPECT_TRUE(torch::equal(labels[i]->values().cpu(), rows[i])) << i;
    }
    EXPECT_EQ(labels[3]->position(std::vector<int64_t>{7, 6}), 1);
}

INSTANTIATE_TEST_SUITE_P(Devices, FetchLabels, ::testing::Values("cpu", "cuda"),
                         [](const auto& info) { return std::string(info.param); });

namespace {

TensorMap map_on(const char* device, int64_t first_atom) {
    std::vector<TensorBlock> blocks;
    for (int64_t i = 0; i < 3; ++i) {
        const auto atoms = torch::arange(first_atom, first_atom + 4 + i, torch::kInt);
        const auto samples = torch::stack({torch::zeros_like(atoms), atoms}, 1).to(device);
        const auto values = torch::rand({4 + i, 2}, torch::kFloat64).to(device);
        blocks.push_back(torch::make_intrusive<TensorBlockHolder>(
            values,
            torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"system", "atom"}, samples,
                                                metatensor::assume_unique{}),
            std::vector<Labels>{}, LabelsHolder::range("p", 2)->to(torch::Device(device))));
    }
    return torch::make_intrusive<TensorMapHolder>(LabelsHolder::range("key", 3)->to(torch::Device(device)),
                                                  blocks);
}

} // namespace

TEST(FetchSamples, LeavesMoreRowsThanAskedForOnTheDevice) {
    if (!at::hasCUDA()) {
        GTEST_SKIP() << "there is no cuda device";
    }
    const auto tensor = map_on("cuda", 0);
    fetch_samples(tensor->data(), 14);
    EXPECT_FALSE(tensor->data()[0]->samples->data()->on_host());
    fetch_samples(tensor->data(), 15);
    for (const auto& block : tensor->data()) {
        EXPECT_TRUE(block->samples->data()->on_host());
    }
}

TEST(FetchToCompare, FetchesWhatOnlyValuesCanTell) {
    if (!at::hasCUDA()) {
        GTEST_SKIP() << "there is no cuda device";
    }
    const auto first = map_on("cuda", 0);
    const auto other = map_on("cuda", 0);
    fetch_to_compare(first->data(), first->data(), {0, 1, 2});
    EXPECT_FALSE(first->data()[1]->samples->data()->on_host());
    fetch_to_compare(first->data(), other->data(), {0, 1, 2});
    EXPECT_TRUE(first->data()[1]->samples->data()->on_host());
    EXPECT_TRUE(other->data()[1]->samples->data()->on_host());
    EXPECT_TRUE(*first->data()[1]->samples == *other->data()[1]->samples);
}

} // namespace metatensor_torch::details
