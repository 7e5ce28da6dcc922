// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "execution.hpp"
#include "forces.hpp"
#include "pair_topology.hpp"
#include "thread_sums.hpp"
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

/// Virials of pairs, row by row.
template <class Space, class Scalar>
struct VirialsOfRow {
    PairTopology<Space> topology;
    RowsView<const double, 3, Space> positions;
    GradientsView<Space, Scalar> gradients;

    KOKKOS_FUNCTION void add_pair(std::int64_t pair, std::int32_t center, std::int64_t neighbor,
                                  double (&sum)[9]) const {
        for (int a = 0; a < 3; ++a) {
            const double r = positions(neighbor, a) - positions(center, a);
            for (int b = 0; b < 3; ++b)
                sum[3 * a + b] -= r * static_cast<double>(gradients(pair, b));
        }
    }
};

/// A View `[n_atoms, 9]` of sums, as `VirialShare`.
template <class View>
struct VirialSums {
    View sums;

    KOKKOS_FUNCTION void add(std::int64_t atom, const double (&virial)[9]) const {
        for (int k = 0; k < 9; ++k)
            sums(atom, k) += virial[k];
    }
};

/// On the host: adds to the second atoms of the pairs of a row and, unless they have all, to their center.
template <class Space, class Scalar>
struct AddVirialsOfRow {
    VirialsOfRow<Space, Scalar> virials;
    bool with_center;

    template <class Target>
    KOKKOS_FUNCTION void add_to(const Target& target, std::int64_t row) const {
        const auto& topology = virials.topology;
        const auto center = topology.centers(row);
        if (center < 0) return;
        double on_center[9] = {};
        topology.for_each_pair(row, [&](std::int64_t pair, std::int32_t neighbor) {
            double virial[9] = {};
            virials.add_pair(pair, center, neighbor, virial);
            for (int k = 0; k < 9; ++k)
                on_center[k] += virial[k];
            target.add(neighbor, virial);
        });
        if (with_center) target.add(center, on_center);
    }

    template <class View>
    KOKKOS_FUNCTION void operator()(std::int64_t row, const View& sums) const {
        add_to(VirialSums<View>{sums}, row);
    }
};

/// On a device: adds to the first atom of each pair.
template <class Space, class Scalar>
struct AddVirialsWithFirst {
    VirialsOfRow<Space, Scalar> virials;
    VirialShare<Space> share;

    KOKKOS_FUNCTION void operator()(std::int64_t row) const {
        const auto& topology = virials.topology;
        const auto center = topology.centers(row);
        if (center < 0) return;
        double on_center[9] = {};
        topology.for_each_pair(row, [&](std::int64_t pair, std::int32_t neighbor) {
            virials.add_pair(pair, center, neighbor, on_center);
        });
        share.add(center, on_center);
    }
};

/// On a device: adds to the second atom of each pair.
template <class Space, class Scalar>
struct AddVirialsWithSecond {
    VirialsOfRow<Space, Scalar> virials;
    VirialShare<Space> share;

    KOKKOS_FUNCTION void operator()(std::int64_t atom) const {
        double on_atom[9] = {};
        const auto& topology = virials.topology;
        for (auto place = topology.transposed_begins(atom); place < topology.transposed_begins(atom + 1);
             ++place) {
            const auto candidate = topology.transposed(place);
            const auto pair = topology.pair_of(candidate);
            if (pair >= 0) virials.add_pair(pair, topology.center_of_word(candidate / n_bits), atom, on_atom);
        }
        share.add(atom, on_atom);
    }
};

/// `virials`: `[n_owned + n_ghosts, 6]` or `[n_owned + n_ghosts, 9]`, see `VirialShare`.
template <class Space, class Scalar>
void add_atom_virials(const PairTopology<Space>& topology, RowsView<const double, 3, Space> positions,
                      GradientsView<Space, Scalar> gradients, StridedView<double, 2, Space> virials) {
    const auto virials_of_row = VirialsOfRow<Space, Scalar>{topology, positions, gradients};
    const auto share = VirialShare<Space>{virials};
    const auto n_atoms = static_cast<std::int64_t>(positions.extent(0));
    const bool with_center = !share.is_centroid();
    if constexpr (is_one_thread<Space>) {
        const auto add = AddVirialsOfRow<Space, Scalar>{virials_of_row, with_center};
        for (std::int64_t row = 0; row < topology.n_rows(); ++row)
            add.add_to(share, row);
    } else if constexpr (is_host_threads<Space>) {
        ThreadSums<9> sums;
        sums.add_rows("AtomResults::virials_of_rows", topology, n_atoms,
                      AddVirialsOfRow<Space, Scalar>{virials_of_row, with_center});
        sums.for_each_atom("AtomResults::sum_virials",
                           [=](std::int64_t atom, const double(&virial)[9]) { share.add(atom, virial); });
    } else {
        if (with_center) {
            for_each<Space>("AtomResults::virials_of_first_atoms", topology.n_rows(),
                            AddVirialsWithFirst<Space, Scalar>{virials_of_row, share});
        }
        for_each<Space>("AtomResults::virials_of_second_atoms", n_atoms,
                        AddVirialsWithSecond<Space, Scalar>{virials_of_row, share});
    }
}

} // namespace metatensor_kokkos
