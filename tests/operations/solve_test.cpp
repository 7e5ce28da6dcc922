// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Solve : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Solve, floating_point_settings(), setting_name);

TEST_P(Solve, FindsWeightsOfASquareSystem) {
    // X w = y for w = (1, 2) and (3, -1)
    const auto x = tensor_map({"s"}, {{0}, {1}}, {{2.0, 1.0}, {1.0, 3.0}}, GetParam());
    const auto y = tensor_map({"s"}, {{0}, {1}}, {{4.0, 5.0}, {7.0, 0.0}}, GetParam());
    expect_maps_close(solve(x, y), tensor_map({"p"}, {{0}, {1}}, {{1.0, 2.0}, {3.0, -1.0}}, GetParam()));
}

TEST_P(Solve, KeepsTheOrderOfBlocksOfSeveralSizes) {
    const auto one = [&](double value) { return block({"s"}, {{0}}, {{value}}, GetParam()); };
    const auto two = [&](const std::vector<std::vector<double>>& values) {
        return block({"s"}, {{0}, {1}}, values, GetParam());
    };
    const auto x = tensor_map({one(2.0), two({{2.0, 0.0}, {0.0, 5.0}}), one(4.0)});
    const auto y = tensor_map({one(2.0), two({{2.0, 4.0}, {5.0, 10.0}}), one(8.0)});
    const auto w = [&](const std::vector<std::vector<double>>& values) {
        return block({"p"}, values.size() == 1 ? Rows{{0}} : Rows{{0}, {1}}, values, GetParam());
    };
    expect_maps_close(solve(x, y), tensor_map({w({{1.0}}), w({{1.0, 1.0}, {2.0, 2.0}}), w({{2.0}})}));
}

TEST_P(Solve, NamesTheKeyOfASingularMatrix) {
    const auto one = [&](double value) { return block({"s"}, {{0}}, {{value}}, GetParam()); };
    const auto x = tensor_map({one(2.0), one(0.0), one(4.0)});
    expect_error<c10::LinAlgError>(
        [&] { solve(x, x); }, "can not solve a singular matrix, got the values of `X` for the key (key=1)");
}

TEST_P(Solve, RefusesOtherThanSquareMatrices) {
    const auto wide = tensor_map({"s"}, {{0}}, {{1.0, 2.0}}, GetParam());
    expect_error<c10::ValueError>(
        [&] { solve(wide, wide); },
        "the values of each block of `X` given to 'solve' must be a square matrix, got shape [1, 2]");
    const auto gradients = tensor_map(
        {with_gradient(block({"s"}, {{0}}, {{1.0}}, GetParam()), "x", {{0, 5}}, {{1.0}}, GetParam())});
    expect_error<c10::ValueError>([&] { solve(gradients, gradients); }, "(use 'lstsq')");
    const auto zero = tensor_map({"s"}, {{0}}, {{0.0}}, GetParam());
    expect_error<c10::Error>([&] { solve(zero, zero); }, "singular");
    const auto other = tensor_map({"s"}, {{1}}, {{0.0}}, GetParam());
    expect_error<NotEqualError>([&] { solve(zero, other); },
                                "the samples of the blocks given to 'solve' must be the same");
}

} // namespace

} // namespace metatensor_torch::testing
