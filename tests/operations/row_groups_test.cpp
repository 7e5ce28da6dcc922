// SPDX-License-Identifier: BSD-3-Clause
// Rows that are grouped with tensor operations beside those that are grouped on the host
#include <gtest/gtest.h>

#include "operations/detail/row_groups.hpp"

namespace metatensor_torch::details {

namespace {

class RowGroupsOfTensors : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        if (std::string(GetParam()) == "cuda" && !at::hasCUDA()) {
            GTEST_SKIP() << "there is no cuda device";
        }
        torch::manual_seed(5);
    }

    static void expect_same(const torch::Tensor& of_device, const torch::Tensor& of_host, const char* what) {
        ASSERT_EQ(of_device.defined(), of_host.defined()) << what;
        if (of_host.defined()) {
            EXPECT_EQ(of_device.device().str().substr(0, 4), std::string(GetParam()).substr(0, 4)) << what;
            EXPECT_TRUE(torch::equal(of_device.cpu(), of_host)) << what;
        }
    }

    static void expect_same_groups(const torch::Tensor& rows) {
        SCOPED_TRACE(testing::Message() << "rows of shape " << rows.sizes());
        const auto expected = group_rows({rows.const_data_ptr<int32_t>(), rows.size(0), rows.size(1)});

        const RowsToGroup to_group(rows.to(GetParam()));
        const auto flags = to_group.flags().cpu();
        const auto grouped = to_group.finish(flags.const_data_ptr<bool>());
        EXPECT_EQ(grouped.groups->starts(), expected.groups->starts());
        EXPECT_EQ(grouped.groups->common_size(), expected.groups->common_size());
        expect_same(grouped.groups->order(), expected.groups->order(), "order");
        expect_same(grouped.groups->group_of_row(), expected.groups->group_of_row(), "group of each row");
        expect_same(grouped.rows, expected.rows, "rows");
    }
};

} // namespace

TEST_P(RowGroupsOfTensors, AreThoseOfTheHost) {
    for (const int64_t n_columns : {1, 2, 3}) {
        const auto rows = torch::randint(-2, 3, {200, n_columns}, torch::kLong).to(torch::kInt);
        expect_same_groups(rows);
        expect_same_groups(rows.narrow(0, 0, 1));
        expect_same_groups(rows.narrow(0, 0, 0));
    }
}

TEST_P(RowGroupsOfTensors, OfSortedRowsNeedNoOrder) {
    const auto column = torch::arange(60, torch::kInt).div(4, "floor");
    expect_same_groups(torch::stack({column, column}, 1));
    expect_same_groups(torch::zeros({5, 2}, torch::kInt));
}

TEST_P(RowGroupsOfTensors, WithoutColumnsAreOne) { expect_same_groups(torch::zeros({7, 0}, torch::kInt)); }

INSTANTIATE_TEST_SUITE_P(Devices, RowGroupsOfTensors, ::testing::Values("cpu", "cuda"),
                         [](const auto& info) { return std::string(info.param); });

} // namespace metatensor_torch::details
