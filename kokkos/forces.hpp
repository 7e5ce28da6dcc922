// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "marshaller.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

namespace metatensor_kokkos {

/// dE/d(strain), row-major; a sum that Kokkos can reduce.
struct StrainGradient {
    double value[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};

    KOKKOS_FUNCTION StrainGradient& operator+=(const StrainGradient& other) {
        for (int k = 0; k < 9; ++k)
            value[k] += other.value[k];
        return *this;
    }

    /// Adds x (x) dE/dx.
    KOKKOS_FUNCTION void add_product(const double (&x)[3], const double (&gradient)[3]) {
        for (int a = 0; a < 3; ++a) {
            for (int b = 0; b < 3; ++b)
                value[3 * a + b] += x[a] * gradient[b];
        }
    }
};

} // namespace metatensor_kokkos

template <>
struct Kokkos::reduction_identity<metatensor_kokkos::StrainGradient> {
    KOKKOS_FORCEINLINE_FUNCTION static metatensor_kokkos::StrainGradient sum() { return {}; }
};

namespace metatensor_kokkos {

/// Forces on the rows of the System, from the gradients of the energy.
///
/// For r_ij = r_j - r_i + S @ H and g_ij = dE/dr_ij: F_i = sum_j g_ij - sum_j g_ji, and
/// dE/d(strain) = sum_ij r_ij (x) g_ij.
template <class Space>
class ForceSum {
    static_assert(
        std::is_same_v<Space, Kokkos::Serial>,
        "add_pairs scatters to second atoms in order, which only one thread can do deterministically");

  public:
    using Forces = Kokkos::View<double* [3], Kokkos::LayoutRight, Space>;

    void clear(std::int64_t n_rows) {
        if (static_cast<std::int64_t>(forces_.extent(0)) != n_rows) {
            forces_ = Forces(Kokkos::view_alloc("ForceSum::forces", Kokkos::WithoutInitializing), n_rows);
        }
        Kokkos::deep_copy(forces_, 0.0);
        strain_ = {};
    }

    /// The pairs of center k are those from `pair_begins(k)` to `pair_begins(k + 1)`, see `PairTopology`.
    template <class Scalar>
    void add_pairs(Kokkos::View<const std::int64_t*, Space> pair_begins,
                   Kokkos::View<const std::int32_t*, Space> center_rows,
                   StridedView<const Scalar, 2, Space> vectors,
                   StridedView<const std::int32_t, 2, Space> samples,
                   StridedView<const Scalar, 2, Space> gradients) {
        const auto forces = forces_;
        StrainGradient sum;
        Kokkos::parallel_reduce(
            "ForceSum::add_pairs", Policy(0, center_rows.extent(0)),
            KOKKOS_LAMBDA(std::int64_t k, StrainGradient & strain) {
                if (center_rows(k) < 0) return;
                double on_center[3] = {0, 0, 0};
                for (auto pair = pair_begins(k); pair < pair_begins(k + 1); ++pair) {
                    const double gradient[3] = {gradients(pair, 0), gradients(pair, 1), gradients(pair, 2)};
                    const double vector[3] = {vectors(pair, 0), vectors(pair, 1), vectors(pair, 2)};
                    const auto second = samples(pair, 1);
                    for (int axis = 0; axis < 3; ++axis) {
                        on_center[axis] += gradient[axis];
                        forces(second, axis) -= gradient[axis];
                    }
                    strain.add_product(vector, gradient);
                }
                for (int axis = 0; axis < 3; ++axis)
                    forces(center_rows(k), axis) += on_center[axis];
            },
            Kokkos::Sum<StrainGradient, Kokkos::HostSpace>(sum));
        strain_ += sum;
    }

    /// Gradients with respect to positions: F -= dE/dx, dE/d(strain) += x (x) dE/dx.
    template <class Scalar>
    void add_positions(StridedView<const Scalar, 2, Space> positions,
                       StridedView<const Scalar, 2, Space> gradients) {
        const auto forces = forces_;
        StrainGradient sum;
        Kokkos::parallel_reduce(
            "ForceSum::add_positions", Policy(0, positions.extent(0)),
            KOKKOS_LAMBDA(std::int64_t row, StrainGradient & strain) {
                const double gradient[3] = {gradients(row, 0), gradients(row, 1), gradients(row, 2)};
                const double position[3] = {positions(row, 0), positions(row, 1), positions(row, 2)};
                for (int axis = 0; axis < 3; ++axis)
                    forces(row, axis) -= gradient[axis];
                strain.add_product(position, gradient);
            },
            Kokkos::Sum<StrainGradient, Kokkos::HostSpace>(sum));
        strain_ += sum;
    }

    /// Adds the forces on each row to those of the engine's atom `atom_of_row(row)`.
    void add_to(Kokkos::View<const std::int32_t*, Space> atom_of_row,
                StridedView<double, 2, Space> engine_forces) const {
        const auto forces = forces_;
        Kokkos::parallel_for(
            "ForceSum::add_to", Policy(0, atom_of_row.extent(0)), KOKKOS_LAMBDA(std::int64_t row) {
                for (int axis = 0; axis < 3; ++axis)
                    engine_forces(atom_of_row(row), axis) += forces(row, axis);
            });
    }

    VirialSum virial() const {
        VirialSum result;
        for (int k = 0; k < 9; ++k)
            result.strain_gradient[k] = strain_.value[k];
        return result;
    }

  private:
    using Policy = Kokkos::RangePolicy<Space, Kokkos::IndexType<std::int64_t>>;

    Forces forces_;
    StrainGradient strain_;
};

} // namespace metatensor_kokkos
