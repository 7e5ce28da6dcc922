// SPDX-License-Identifier: BSD-3-Clause
#include "marshaller.hpp"

#include <stdexcept>

namespace metatensor_kokkos {

Box::Matrix Box::inverse() const {
    const auto cofactor = [this](int row, int column) {
        const int r1 = (row + 1) % 3;
        const int r2 = (row + 2) % 3;
        const int c1 = (column + 1) % 3;
        const int c2 = (column + 2) % 3;
        return vectors[r1][c1] * vectors[r2][c2] - vectors[r1][c2] * vectors[r2][c1];
    };
    double volume = 0;
    for (int column = 0; column < 3; ++column)
        volume += vectors[0][column] * cofactor(0, column);
    if (!(volume != 0)) throw std::invalid_argument("the simulation box has no volume");

    Matrix result{};
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column)
            result[column][row] = cofactor(row, column) / volume;
    }
    return result;
}

Box::Matrix Box::cell() const {
    Matrix result{};
    for (int row = 0; row < 3; ++row) {
        if (periodic[row]) result[row] = vectors[row];
    }
    return result;
}

} // namespace metatensor_kokkos
