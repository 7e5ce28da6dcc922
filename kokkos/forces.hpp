// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "execution.hpp"
#include "marshaller.hpp"
#include "pair_topology.hpp"
#include "thread_sums.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

namespace metatensor_kokkos {

/// Numbers that Kokkos can sum, each on its own.
template <int n>
struct NumberSums {
    double value[n] = {};

    KOKKOS_FUNCTION NumberSums& operator+=(const NumberSums& other) {
        for (int k = 0; k < n; ++k)
            value[k] += other.value[k];
        return *this;
    }
};

using VectorSum = NumberSums<3>;
/// A 3 x 3 matrix, row-major.
using MatrixSum = NumberSums<9>;

} // namespace metatensor_kokkos

template <int n>
struct Kokkos::reduction_identity<metatensor_kokkos::NumberSums<n>> {
    KOKKOS_FORCEINLINE_FUNCTION static metatensor_kokkos::NumberSums<n> sum() { return {}; }
};

/// Forces on the engine's atoms and their images, from the gradients of the energy.
///
/// For the vector r_ij from atom i to atom or image j and g_ij = dE/dr_ij: F_i = sum_j g_ij, F_j = -sum_i
/// g_ij. As images keep their own share, dE/d(strain) = sum_ij r_ij (x) g_ij = -sum_a x_a (x) F_a, which
/// needs no further sum over pairs.
namespace metatensor_kokkos {

/// `[n_owned + n_ghosts, 3]`.
template <class Space>
using ForcesView = Kokkos::View<double* [3], Kokkos::LayoutRight, typename Space::memory_space>;

template <class Space, class Scalar>
using GradientsView = RowsView<const Scalar, 3, Space>;

/// On the host: adds what the pairs of a row do to both of their atoms.
template <class Space, class Scalar>
struct AddPairsOfRow {
    PairTopology<Space> topology;
    GradientsView<Space, Scalar> gradients;

    template <class Forces>
    KOKKOS_FUNCTION void operator()(std::int64_t row, const Forces& forces) const {
        const auto center = topology.centers(row);
        if (center < 0) return;
        double on_center[3] = {0, 0, 0};
        topology.for_each_pair(row, [&](std::int64_t pair, std::int32_t neighbor) {
            for (int axis = 0; axis < 3; ++axis) {
                const double gradient = gradients(pair, axis);
                on_center[axis] += gradient;
                forces(neighbor, axis) -= gradient;
            }
        });
        for (int axis = 0; axis < 3; ++axis)
            forces(center, axis) += on_center[axis];
    }
};

/// On a device: adds what pairs do to their first atom.
template <class Space, class Scalar>
struct AddPairsWithFirst {
    PairTopology<Space> topology;
    GradientsView<Space, Scalar> gradients;
    ForcesView<Space> forces;

    template <class Lanes>
    KOKKOS_FUNCTION void operator()(std::int64_t row, const Lanes& lanes) const {
        const auto center = topology.centers(row);
        if (center < 0) return;
        const auto sum = lanes.template sum<VectorSum>(topology.first_pair(row), topology.first_pair(row + 1),
                                                       [&](std::int64_t pair, VectorSum& result) {
                                                           for (int axis = 0; axis < 3; ++axis)
                                                               result.value[axis] += gradients(pair, axis);
                                                       });
        lanes.once([&] {
            for (int axis = 0; axis < 3; ++axis)
                forces(center, axis) += sum.value[axis];
        });
    }
};

/// On a device: adds what pairs do to their second atom.
template <class Space, class Scalar>
struct AddPairsWithSecond {
    PairTopology<Space> topology;
    GradientsView<Space, Scalar> gradients;
    ForcesView<Space> forces;

    template <class Lanes>
    KOKKOS_FUNCTION void operator()(std::int64_t atom, const Lanes& lanes) const {
        const auto sum = lanes.template sum<VectorSum>(
            topology.transposed_begins(atom), topology.transposed_begins(atom + 1),
            [&](std::int64_t place, VectorSum& result) {
                const auto pair = topology.pair_of(topology.transposed(place));
                if (pair < 0) return;
                for (int axis = 0; axis < 3; ++axis)
                    result.value[axis] += gradients(pair, axis);
            });
        lanes.once([&] {
            for (int axis = 0; axis < 3; ++axis)
                forces(atom, axis) -= sum.value[axis];
        });
    }
};

/// `gradients` `[n_pairs, 3]` with respect to the vectors of the pairs last written.
/// @param sums on several threads of the host: their own sums
template <class Space, class Scalar>
void add_pair_gradients(const PairTopology<Space>& topology, GradientsView<Space, Scalar> gradients,
                        ForcesView<Space> forces, ThreadSums<3>& sums) {
    if constexpr (is_one_thread<Space>) {
        const auto add = AddPairsOfRow<Space, Scalar>{topology, gradients};
        for (std::int64_t row = 0; row < topology.n_rows(); ++row)
            add(row, forces);
    } else if constexpr (is_host_threads<Space>) {
        sums.add_rows("Forces::of_rows", topology, static_cast<std::int64_t>(forces.extent(0)),
                      AddPairsOfRow<Space, Scalar>{topology, gradients});
        sums.for_each_atom("Forces::sum", [=](std::int64_t atom, const double(&sum)[3]) {
            for (int axis = 0; axis < 3; ++axis)
                forces(atom, axis) += sum[axis];
        });
    } else {
        for_each_row<Space>("Forces::of_first_atoms", topology.n_rows(),
                            AddPairsWithFirst<Space, Scalar>{topology, gradients, forces});
        for_each_row<Space>("Forces::of_second_atoms", static_cast<std::int64_t>(forces.extent(0)),
                            AddPairsWithSecond<Space, Scalar>{topology, gradients, forces});
    }
}

/// `gradients` `[n_rows, 3]` with respect to the positions of the atoms `atom_of_row`.
template <class Space, class Scalar>
void add_position_gradients(ViewIn<std::int32_t*, Space> atom_of_row, GradientsView<Space, Scalar> gradients,
                            ForcesView<Space> forces) {
    for_each<Space>(
        "Forces::of_positions", static_cast<std::int64_t>(atom_of_row.extent(0)),
        KOKKOS_LAMBDA(std::int64_t row) {
            for (int axis = 0; axis < 3; ++axis)
                forces(atom_of_row(row), axis) -= gradients(row, axis);
        });
}

template <class Space>
void clear_forces(ForcesView<Space> forces) {
    for_each<Space>(
        "Forces::clear", static_cast<std::int64_t>(forces.extent(0)), KOKKOS_LAMBDA(std::int64_t atom) {
            for (int axis = 0; axis < 3; ++axis)
                forces(atom, axis) = 0;
        });
}

/// Adds the forces to those of the engine, which may have any strides.
template <class Space>
void add_forces(ForcesView<Space> forces, StridedView<double, 2, Space> engine_forces) {
    for_each<Space>(
        "Forces::add", static_cast<std::int64_t>(forces.extent(0)), KOKKOS_LAMBDA(std::int64_t atom) {
            for (int axis = 0; axis < 3; ++axis)
                engine_forces(atom, axis) += forces(atom, axis);
        });
}

/// Adds the share of one atom, for `write_strain_gradient`.
template <class Space>
struct StrainOfAtom {
    ForcesView<Space> forces;
    RowsView<const double, 3, Space> positions;

    KOKKOS_FUNCTION void operator()(std::int64_t atom, MatrixSum& strain) const {
        for (int a = 0; a < 3; ++a) {
            for (int b = 0; b < 3; ++b)
                strain.value[3 * a + b] -= positions(atom, a) * forces(atom, b);
        }
    }
};

/// Writes dE/d(strain), row-major, to `result`, in the memory of Space. On a device it does not wait.
template <class Space>
void write_strain_gradient(ForcesView<Space> forces, RowsView<const double, 3, Space> positions,
                           double* result) {
    const auto n_atoms = static_cast<std::int64_t>(forces.extent(0));
    const auto body = StrainOfAtom<Space>{forces, positions};
    static_assert(sizeof(MatrixSum) == 9 * sizeof(double));
    auto* sum = reinterpret_cast<MatrixSum*>(result);
    if constexpr (is_one_thread<Space>) {
        *sum = {};
        for (std::int64_t atom = 0; atom < n_atoms; ++atom)
            body(atom, *sum);
    } else {
        using Sum = Kokkos::Sum<MatrixSum, typename Space::memory_space>;
        Kokkos::parallel_reduce("Forces::strain_gradient", Indices<Space>(0, n_atoms), body,
                                Sum(typename Sum::result_view_type(sum)));
    }
}

} // namespace metatensor_kokkos
