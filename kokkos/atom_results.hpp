// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "execution.hpp"
#include "forces.hpp"
#include "neighbors.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

/// Energies and virials of atoms, added to the engine's arrays.
namespace metatensor_kokkos {

template <class Space, class Scalar>
void add_atom_energies(ViewIn<std::int32_t*, Space> atom_of_row, StridedView<const Scalar, 1, Space> energies,
                       StridedView<double, 1, Space> engine_energies) {
    for_each<Space>(
        "AtomResults::add_energies", static_cast<std::int64_t>(energies.extent(0)),
        KOKKOS_LAMBDA(std::int64_t row) { engine_energies(atom_of_row(row)) += energies(row); });
}

/// The virial -r (x) dE/dr of a pair is shared between its atoms; in the order xx yy zz xy xz yz, and in the
/// second form also yx zx zy.
///
/// `[n, 6]`: half to each atom, made symmetric. For a pair potential that is LAMMPS's own.
///
/// `[n, 9]`: all to the second atom, r (x) F. For E = sum of U_i, where U_i depends on the vectors r_ij from
/// atom i, the virial of atom j is sum_i (r_i - r_j) (x) dU_i/dr_ij, which with the velocity of j gives the
/// heat flux of a many-body potential (Fan et al., Phys. Rev. B 92, 094301 (2015)).
template <class Space>
struct VirialShare {
    StridedView<double, 2, Space> virials;

    KOKKOS_FUNCTION bool is_centroid() const { return virials.extent(1) == 9; }

    KOKKOS_FUNCTION void add(std::int64_t atom, const double (&virial)[9]) const {
        constexpr int first[9] = {0, 1, 2, 0, 0, 1, 1, 2, 2};
        constexpr int second[9] = {0, 1, 2, 1, 2, 2, 0, 0, 1};
        if (is_centroid()) {
            for (int k = 0; k < 9; ++k)
                virials(atom, k) += virial[3 * first[k] + second[k]];
        } else {
            for (int k = 0; k < 6; ++k) {
                virials(atom, k) +=
                    0.25 * (virial[3 * first[k] + second[k]] + virial[3 * second[k] + first[k]]);
            }
        }
    }
};

template <class Space, class Scalar>
struct AddVirialsOfRow {
    PairTopology<Space> topology;
    RowsView<const double, 3, Space> positions;
    GradientsView<Space, Scalar> gradients;
    VirialShare<Space> share;

    KOKKOS_FUNCTION void add_pair(std::int64_t pair, std::int32_t center, std::int64_t neighbor,
                                  double (&sum)[9]) const {
        for (int a = 0; a < 3; ++a) {
            const double r = positions(neighbor, a) - positions(center, a);
            for (int b = 0; b < 3; ++b)
                sum[3 * a + b] -= r * static_cast<double>(gradients(pair, b));
        }
    }

    KOKKOS_FUNCTION void operator()(std::int64_t row) const {
        const auto center = topology.centers(row);
        if (center < 0) return;
        double on_center[9] = {};
        for_pairs_of_row(topology, row, [&](std::int64_t pair, std::int32_t neighbor) {
            double virial[9] = {};
            add_pair(pair, center, neighbor, virial);
            for (int k = 0; k < 9; ++k)
                on_center[k] += virial[k];
            if constexpr (is_one_thread<Space>) share.add(neighbor, virial);
        });
        if (!share.is_centroid()) share.add(center, on_center);
    }
};

template <class Space, class Scalar>
struct AddVirialsWithSecond {
    AddVirialsOfRow<Space, Scalar> of_row;

    KOKKOS_FUNCTION void operator()(std::int64_t atom) const {
        double on_atom[9] = {};
        const auto& topology = of_row.topology;
        for (auto place = topology.transposed_begins(atom); place < topology.transposed_begins(atom + 1);
             ++place) {
            const auto candidate = topology.transposed(place);
            const auto pair = topology.pairs(candidate);
            if (pair >= 0) of_row.add_pair(pair, topology.centers(topology.row_of(candidate)), atom, on_atom);
        }
        of_row.share.add(atom, on_atom);
    }
};

/// `virials`: `[n_owned + n_ghosts, 6]` or `[n_owned + n_ghosts, 9]`, see `VirialShare`.
template <class Space, class Scalar>
void add_atom_virials(const PairTopology<Space>& topology, RowsView<const double, 3, Space> positions,
                      GradientsView<Space, Scalar> gradients, StridedView<double, 2, Space> virials) {
    const auto of_row = AddVirialsOfRow<Space, Scalar>{topology, positions, gradients, {virials}};
    for_each<Space>("AtomResults::virials_of_rows", topology.n_rows(), of_row);
    if constexpr (!is_one_thread<Space>) {
        for_each<Space>("AtomResults::virials_of_second_atoms",
                        static_cast<std::int64_t>(positions.extent(0)),
                        AddVirialsWithSecond<Space, Scalar>{of_row});
    }
}

} // namespace metatensor_kokkos
