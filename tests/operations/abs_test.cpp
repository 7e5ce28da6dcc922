// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Abs : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Abs, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(Abs, ChangesTheSignOfNegativeValuesAndTheirGradients) {
    expect_maps_close(abs(make(2.0, -3.0, 10.0, GetParam())), make(2.0, 3.0, -10.0, GetParam()));
    expect_maps_close(abs(make(2.0, 3.0, 10.0, GetParam())), make(2.0, 3.0, 10.0, GetParam()));
    expect_maps_close(abs(make(2.0, 0.0, 10.0, GetParam())), make(2.0, 0.0, 0.0, GetParam()));
}

TEST_P(Abs, GivesRealGradientsOfComplexValues) {
    // |3 + 4i| = 5; its derivative along 1 + 2i is (3 * 1 + 4 * 2) / 5
    auto complex = [&](double real, double imaginary) {
        return torch::complex(matrix({{real}}, GetParam()), matrix({{imaginary}}, GetParam()));
    };
    const auto samples = labels({"sample"}, {{0}}, GetParam());
    const auto properties = labels({"p"}, {{0}}, GetParam());
    const auto values = torch::make_intrusive<TensorBlockHolder>(complex(3.0, 4.0), samples,
                                                                 std::vector<Labels>(), properties);
    values->add_gradient("x", torch::make_intrusive<TensorBlockHolder>(complex(1.0, 2.0), samples,
                                                                       std::vector<Labels>(), properties));
    const auto result = TensorMapHolder::block_by_id(abs(tensor_map({values})), 0);
    EXPECT_EQ(result->scalar_type(), GetParam().dtype);
    EXPECT_NEAR(result->values().item<double>(), 5.0, 1e-6);
    EXPECT_NEAR(TensorBlockHolder::gradient(result, "x")->values().item<double>(), 2.2, 1e-6);
}

} // namespace

} // namespace metatensor_torch::testing
