// SPDX-License-Identifier: BSD-3-Clause
// The algorithms that run on a device beside those of the host, over the same random rows
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/device_rows.hpp"
#include "data/host_sets.hpp"
#include "data/merge_rows.hpp"

namespace metatensor_torch::details {

namespace {

struct Case {
    const char* device;
    int64_t n_columns;
    int64_t lowest;
    int64_t highest;
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
    const auto& [device, n_columns, lowest, highest] = info.param;
    return std::string(device) + "_" + std::to_string(n_columns) + "_columns_" +
           (highest > 1000 ? "of_all_values"
            : lowest < 0   ? "of_some_negative_values"
                           : "of_few_values");
}

class DeviceRows : public ::testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        if (std::string(GetParam().device) == "cuda" && !at::hasCUDA()) {
            GTEST_SKIP() << "there is no cuda device";
        }
        torch::manual_seed(GetParam().n_columns + GetParam().highest);
    }

    /// Random rows on the host, in which some are there several times
    static torch::Tensor draw(int64_t count) {
        const auto& [device, n_columns, lowest, highest] = GetParam();
        auto rows = torch::randint(lowest, highest + 1, {count, n_columns}, torch::kLong).to(torch::kInt);
        return torch::cat({rows, rows.narrow(0, 0, count / 4)});
    }

    /// Random rows on the host that are all different: sorted, or in the order of their first appearance
    static torch::Tensor draw_unique(int64_t count, bool sort) {
        const auto rows = draw(count);
        const auto merged = merge_rows({rows.const_data_ptr<int32_t>(), rows.size(0), rows.size(1)}, sort);
        return torch::tensor(at::ArrayRef<int32_t>(merged.values), torch::kInt)
            .reshape({merged.count, rows.size(1)});
    }

    static torch::Tensor on_device(const torch::Tensor& rows) { return rows.to(GetParam().device); }

    static void expect_same(const torch::Tensor& of_device, const torch::Tensor& of_host, const char* what) {
        ASSERT_EQ(of_device.scalar_type(), of_host.scalar_type()) << what;
        ASSERT_TRUE(torch::equal(of_device.cpu(), of_host)) << what << "\n" << of_device << of_host;
    }
};

constexpr int64_t SIZES[] = {0, 1, 2, 5, 40, 300};

TEST_P(DeviceRows, SetsAreThoseOfTheHost) {
    struct Operation {
        const char* name;
        MappedRows (*on_host)(LabelsData&, LabelsData&, Mappings);
        MappedRows (*on_device)(const torch::Tensor&, const torch::Tensor&);
    };
    constexpr Operation OPERATIONS[] = {
        {"union", &unite_host_rows, &unite_rows},
        {"intersection", &intersect_host_rows, &intersect_rows},
        {"difference", &subtract_host_rows, &subtract_rows},
    };
    for (const auto n_first : SIZES) {
        for (const auto n_second : SIZES) {
            for (const bool sort : {true, false}) {
                const auto first = draw_unique(n_first, sort);
                const auto second = draw_unique(n_second, sort);
                for (const auto& operation : OPERATIONS) {
                    SCOPED_TRACE(operation.name);
                    LabelsData first_data(first);
                    LabelsData second_data(second);
                    const auto expected = operation.on_host(first_data, second_data, Mappings::WANTED);
                    const auto got = operation.on_device(on_device(first), on_device(second));
                    expect_same(got.rows, expected.rows, "rows");
                    expect_same(got.from_first, expected.from_first, "mapping of the first");
                    ASSERT_EQ(got.from_second.defined(), expected.from_second.defined());
                    if (got.from_second.defined()) {
                        expect_same(got.from_second, expected.from_second, "mapping of the second");
                    }
                }
            }
        }
    }
}

TEST_P(DeviceRows, FindsTheRowsThatTheHostFinds) {
    for (const auto count : SIZES) {
        const auto rows = draw_unique(count, false);
        const auto wanted = torch::cat({draw(count), rows});
        LabelsData rows_data(rows);
        LabelsData wanted_data(wanted);
        expect_same(find_rows(on_device(rows), on_device(wanted)), find_host_rows(rows_data, wanted_data),
                    "places");
        for (int64_t i = 0; i < std::min<int64_t>(wanted.size(0), 20); ++i) {
            const auto place = rows_data.index().find(rows_data.host(), wanted_data.host()[i]);
            EXPECT_EQ(find_row(on_device(rows), wanted[i]).value_or(-1), place);
        }
    }
}

TEST_P(DeviceRows, UniqueRowsAreThoseOfTheHost) {
    for (const auto count : SIZES) {
        for (const bool sort : {true, false}) {
            const auto rows = draw(count);
            const auto expected =
                merge_rows({rows.const_data_ptr<int32_t>(), rows.size(0), rows.size(1)}, sort);
            const auto [unique, places] = unique_rows(on_device(rows), sort);
            expect_same(unique.flatten(), torch::tensor(at::ArrayRef<int32_t>(expected.values), torch::kInt),
                        "rows");
            expect_same(places, torch::tensor(at::ArrayRef<int64_t>(expected.places), torch::kLong),
                        "places");
        }
    }
}

TEST_P(DeviceRows, OneOfTheRowsThatAreThereTwice) {
    for (const auto count : SIZES) {
        const auto unique = draw_unique(count, false);
        EXPECT_EQ(duplicate_row(on_device(unique)), std::nullopt);
        if (unique.size(0) > 0) {
            const auto row = unique[unique.size(0) / 2];
            const auto found = duplicate_row(on_device(torch::cat({unique, row.unsqueeze(0)})));
            ASSERT_TRUE(found);
            expect_same(*found, row, "row");
        }
    }
}

std::vector<Case> cases() {
    constexpr int64_t ALL = int64_t{1} << 31;
    std::vector<Case> all;
    for (const char* device : {"cpu", "cuda"}) {
        for (const int64_t n_columns : {1, 2, 3, 4, 6}) {
            all.push_back({device, n_columns, 0, 3});
            all.push_back({device, n_columns, -3, 3});
            all.push_back({device, n_columns, -ALL, ALL - 1});
        }
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(All, DeviceRows, ::testing::ValuesIn(cases()), name_of);

} // namespace

} // namespace metatensor_torch::details
