// SPDX-License-Identifier: BSD-3-Clause
#include "data/assemble.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

namespace metatensor_torch::details {

namespace {

torch::Tensor places(const std::vector<int64_t>& values) { return torch::tensor(values, torch::kLong); }

PartOfWhole part(const torch::Tensor& rows, int64_t first_row, const torch::Tensor& columns,
                 int64_t first_column) {
    PartOfWhole result;
    if (rows.defined()) {
        result.rows = torch::cat({places({-1, -1}), rows}); // the first two are of another part
        result.rows_begin = 2;
    }
    result.first_row = first_row;
    result.columns = columns;
    result.first_column = first_column;
    return result;
}

/// What `assemble` promises, element by element
torch::Tensor expected(const std::vector<torch::Tensor>& values, const std::vector<PartOfWhole>& parts,
                       const std::vector<int64_t>& shape, const torch::Scalar& fill_value) {
    auto whole = torch::full(shape, fill_value, values[0].options());
    for (size_t k = 0; k < values.size(); ++k) {
        for (int64_t i = 0; i < values[k].size(0); ++i) {
            for (int64_t j = 0; j < values[k].size(-1); ++j) {
                const auto row = parts[k].rows.defined()
                                     ? parts[k].rows[parts[k].rows_begin + i].item<int64_t>()
                                     : parts[k].first_row + i;
                const auto column = parts[k].columns.defined() ? parts[k].columns[j].item<int64_t>()
                                                               : parts[k].first_column + j;
                whole[row].select(-1, column).copy_(values[k][i].select(-1, j));
            }
        }
    }
    return whole;
}

void expect_assembled(const std::vector<torch::Tensor>& values, const std::vector<PartOfWhole>& parts,
                      const std::vector<int64_t>& shape) {
    const auto whole = assemble(values, parts, shape, -7);
    EXPECT_EQ(whole.scalar_type(), values[0].scalar_type());
    EXPECT_TRUE(torch::equal(whole, expected(values, parts, shape, -7))) << whole;
}

TEST(Assemble, PutsPartsSideBySide) {
    const auto whole = assemble({torch::tensor({{1.0, 2.0}}), torch::tensor({{3.0}, {4.0}})},
                                {part(places({1}), 0, {}, 0), part({}, 0, {}, 2)}, {2, 3}, 0.5);
    EXPECT_TRUE(torch::equal(whole, torch::tensor({{0.5, 0.5, 3.0}, {1.0, 2.0, 4.0}})));
}

TEST(Assemble, FillsAllGapsBetweenPartsWithAscendingRows) {
    for (const auto dtype : {torch::kFloat64, torch::kFloat16, torch::kComplexDouble, torch::kInt8}) {
        const auto first = torch::arange(2 * 3 * 2).reshape({2, 3, 2}).to(dtype);
        const auto second = torch::arange(20, 20 + 3 * 3).reshape({3, 3, 1}).to(dtype);
        // columns 0, 3 and 5, and row 2, are in no part
        expect_assembled({first, second}, {part(places({1, 4}), 0, {}, 1), part(places({0, 1, 3}), 0, {}, 4)},
                         {5, 3, 6});
        expect_assembled({first, second}, {part({}, 3, {}, 0), part({}, 1, {}, 2)}, {5, 3, 3});
    }
}

TEST(Assemble, TakesRowsInAnyOrder) {
    const auto first = torch::arange(6).reshape({3, 2});
    const auto second = torch::arange(10, 14).reshape({2, 2});
    expect_assembled({first, second}, {part(places({3, 0, 1}), 0, {}, 0), part(places({2, 0}), 0, {}, 2)},
                     {4, 4});
    // parts one above the other, and from right to left
    expect_assembled({first, second}, {part(places({4, 2, 0}), 0, {}, 0), part(places({1, 5}), 0, {}, 0)},
                     {6, 2});
    expect_assembled({first, second}, {part({}, 0, {}, 2), part({}, 1, {}, 0)}, {3, 4});
}

TEST(Assemble, TakesColumnsInAnyOrder) {
    const auto first = torch::arange(6).reshape({3, 1, 2});
    const auto second = torch::arange(10, 14).reshape({2, 1, 2});
    expect_assembled(
        {first, second},
        {part(places({4, 2, 0}), 0, places({2, 0}), 0), part(places({1, 3}), 0, places({1, 2}), 0)},
        {5, 1, 3});
}

TEST(Assemble, TakesStridedAndEmptyParts) {
    const auto strided = torch::arange(12).reshape({3, 4}).t(); // [4, 3]
    const auto empty = torch::empty({0, 2}, torch::kLong);
    expect_assembled({strided, empty}, {part(places({0, 1, 3, 4}), 0, {}, 0), part(places({}), 0, {}, 3)},
                     {5, 5});
    EXPECT_EQ(assemble({empty}, {part(places({}), 0, {}, 0)}, {0, 2}, 0).sizes(),
              (std::vector<int64_t>{0, 2}));
}

TEST(Assemble, CanBeDifferentiatedTwice) {
    const auto options = torch::dtype(torch::kFloat64).requires_grad(true);
    const auto first = torch::rand({2, 2}, options);
    const auto second = torch::rand({3, 1}, options);
    const auto whole =
        assemble({first, second}, {part(places({1, 3}), 0, {}, 0), part({}, 0, {}, 2)}, {4, 3}, 2.0);
    const auto weights = torch::rand({4, 3}, torch::kFloat64);
    const auto of_cubes =
        torch::autograd::grad({(whole.pow(3) * weights).sum()}, {first, second}, {}, {}, true);
    const auto in_first = weights.index({places({1, 3})}).narrow(1, 0, 2);
    const auto in_second = weights.narrow(0, 0, 3).narrow(1, 2, 1);
    EXPECT_TRUE(torch::allclose(of_cubes[0], 3 * first.pow(2) * in_first));
    EXPECT_TRUE(torch::allclose(of_cubes[1], 3 * second.pow(2) * in_second));
    const auto second_derivative = torch::autograd::grad({of_cubes[0].sum()}, {first});
    EXPECT_TRUE(torch::allclose(second_derivative[0], 6 * first * in_first));
}

} // namespace

} // namespace metatensor_torch::details
