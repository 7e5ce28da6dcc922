// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "marshaller.hpp"
#include "neighbors.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

#include <algorithm>

namespace metatensor_kokkos {

/// A 3 x 3 matrix, row-major, that Kokkos can sum.
struct MatrixSum {
    double value[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};

    KOKKOS_FUNCTION MatrixSum& operator+=(const MatrixSum& other) {
        for (int k = 0; k < 9; ++k)
            value[k] += other.value[k];
        return *this;
    }
};

} // namespace metatensor_kokkos

template <>
struct Kokkos::reduction_identity<metatensor_kokkos::MatrixSum> {
    KOKKOS_FORCEINLINE_FUNCTION static metatensor_kokkos::MatrixSum sum() { return {}; }
};

namespace metatensor_kokkos {

/// Forces on the engine's atoms and their images, from the gradients of the energy.
///
/// For the vector r_ij from atom i to atom or image j and g_ij = dE/dr_ij: F_i = sum_j g_ij, F_j = -sum_i
/// g_ij. As images keep their own share, dE/d(strain) = sum_ij r_ij (x) g_ij = -sum_a x_a (x) F_a, which
/// needs no further sum over pairs.
template <class Space>
class ForceSum {
    static_assert(
        std::is_same_v<Space, Kokkos::Serial>,
        "add_pairs scatters to second atoms in order, which only one thread can do deterministically");

  public:
    /// Starts a new sum for `n_atoms` atoms and images.
    void clear(std::int64_t n_atoms) {
        if (static_cast<std::int64_t>(forces_.extent(0)) != n_atoms) {
            forces_ = Forces(Kokkos::view_alloc("ForceSum::forces", Kokkos::WithoutInitializing), n_atoms);
        }
        Kokkos::deep_copy(forces_, 0.0);
    }

    /// `gradients` `[n_pairs, 3]` with respect to the vectors of the pairs.
    template <class Scalar>
    void add_pairs(const PairRows<Space>& pairs, RowsView<const Scalar, 3, Space> gradients) {
        const auto forces = forces_;
        Kokkos::parallel_for(
            "ForceSum::add_pairs", Policy(0, pairs.centers.extent(0)), KOKKOS_LAMBDA(std::int64_t row) {
                const auto center = pairs.centers(row);
                if (center < 0) return;
                double on_center[3] = {0, 0, 0};
                for (auto pair = pairs.begins(row); pair < pairs.begins(row + 1); ++pair) {
                    const auto neighbor = pairs.neighbors(pair);
                    for (int axis = 0; axis < 3; ++axis) {
                        const double gradient = gradients(pair, axis);
                        on_center[axis] += gradient;
                        forces(neighbor, axis) -= gradient;
                    }
                }
                for (int axis = 0; axis < 3; ++axis)
                    forces(center, axis) += on_center[axis];
            });
    }

    /// `gradients` `[n_rows, 3]` with respect to the positions of the atoms `atom_of_row`.
    template <class Scalar>
    void add_positions(Kokkos::View<const std::int32_t*, Space> atom_of_row,
                       RowsView<const Scalar, 3, Space> gradients) {
        const auto forces = forces_;
        Kokkos::parallel_for(
            "ForceSum::add_positions", Policy(0, atom_of_row.extent(0)), KOKKOS_LAMBDA(std::int64_t row) {
                for (int axis = 0; axis < 3; ++axis)
                    forces(atom_of_row(row), axis) -= gradients(row, axis);
            });
    }

    StrainGradient strain_gradient(RowsView<const double, 3, Space> positions) const {
        const auto forces = forces_;
        MatrixSum sum;
        Kokkos::parallel_reduce(
            "ForceSum::strain_gradient", Policy(0, forces.extent(0)),
            KOKKOS_LAMBDA(std::int64_t atom, MatrixSum & strain) {
                for (int a = 0; a < 3; ++a) {
                    for (int b = 0; b < 3; ++b)
                        strain.value[3 * a + b] -= positions(atom, a) * forces(atom, b);
                }
            },
            Kokkos::Sum<MatrixSum, Kokkos::HostSpace>(sum));
        StrainGradient result;
        std::copy_n(sum.value, 9, result.begin());
        return result;
    }

    /// Adds the forces to those of the engine.
    void add_to(RowsView<double, 3, Space> engine_forces) const {
        const auto forces = forces_;
        Kokkos::parallel_for(
            "ForceSum::add_to", Policy(0, forces.extent(0)), KOKKOS_LAMBDA(std::int64_t atom) {
                for (int axis = 0; axis < 3; ++axis)
                    engine_forces(atom, axis) += forces(atom, axis);
            });
    }

  private:
    using Policy = Kokkos::RangePolicy<Space, Kokkos::IndexType<std::int64_t>>;
    using Forces = Kokkos::View<double* [3], Kokkos::LayoutRight, Space>;

    Forces forces_;
};

} // namespace metatensor_kokkos
