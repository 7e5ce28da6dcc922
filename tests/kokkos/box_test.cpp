// SPDX-License-Identifier: BSD-3-Clause
#include "kokkos/marshaller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using metatensor_kokkos::Box;

namespace {

Box box_with(const Box::Matrix& vectors, const std::array<bool, 3>& periodic = {true, true, true}) {
    Box box;
    box.vectors = vectors;
    box.periodic = periodic;
    return box;
}

TEST(Box, InverseTimesVectorsIsOne) {
    const auto box = box_with({{{4, 0, 0}, {1, 5, 0}, {-2, 3, 6}}});
    const auto inverse = box.inverse();
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column) {
            double product = 0;
            for (int k = 0; k < 3; ++k)
                product += box.vectors[row][k] * inverse[k][column];
            EXPECT_NEAR(product, row == column ? 1 : 0, 1e-15);
        }
    }
}

TEST(Box, CellHasNoVectorWhereItIsNotPeriodic) {
    const auto box = box_with({{{4, 0, 0}, {1, 5, 0}, {-2, 3, 6}}}, {true, false, true});
    EXPECT_EQ(box.cell(), (Box::Matrix{{{4, 0, 0}, {0, 0, 0}, {-2, 3, 6}}}));
}

TEST(Box, WithoutVolumeIsRefused) {
    const auto flat = box_with({{{1, 0, 0}, {0, 1, 0}, {0, 0, 0}}});
    EXPECT_THAT([&] { flat.inverse(); }, testing::ThrowsMessage<std::invalid_argument>(
                                             testing::HasSubstr("the simulation box has no volume")));
}

} // namespace
