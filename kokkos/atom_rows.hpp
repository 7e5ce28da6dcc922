// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "execution.hpp"
#include "marshaller.hpp"
#include "tag_table.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

namespace metatensor_kokkos {

/// Where an atom of the engine stands in the System: its row and the cell shift from there. Aligned, so that
/// a GPU reads it at once.
struct alignas(16) Placement {
    /// Row of the System, -1 for atoms that are not part of it.
    std::int32_t row;
    /// x = x(representative) + shift @ H.
    std::int32_t shift[3];
};

/// Conversion to fractions of the box, and distances from the rank's part of it; usable in kernels.
class Fractions {
  public:
    explicit Fractions(const Box& box) {
        const auto inverse = box.inverse();
        for (int axis = 0; axis < 3; ++axis) {
            double norm_squared = 0;
            for (int k = 0; k < 3; ++k) {
                inverse_[k][axis] = inverse[k][axis];
                norm_squared += inverse[k][axis] * inverse[k][axis];
            }
            height_[axis] = 1.0 / std::sqrt(norm_squared);
            origin_[axis] = box.origin[axis];
            lower_[axis] = box.lower[axis];
            upper_[axis] = box.upper[axis];
            periodic_[axis] = box.periodic[axis];
        }
    }

    /// Number of cells between two images of an atom, along `axis`.
    KOKKOS_FUNCTION std::int32_t cells_between(const double (&displacement)[3], int axis) const {
        return periodic_[axis] ? static_cast<std::int32_t>(Kokkos::round(along(displacement, axis))) : 0;
    }

    /// How far a position is outside of the rank's part: the largest of the distances from its six faces, 0
    /// inside. Engines fetch ghosts up to a certain value of this.
    KOKKOS_FUNCTION float depth(const double (&position)[3]) const {
        const double relative[3] = {position[0] - origin_[0], position[1] - origin_[1],
                                    position[2] - origin_[2]};
        double result = 0;
        for (int axis = 0; axis < 3; ++axis) {
            const double fraction = along(relative, axis);
            const double outside = Kokkos::max(lower_[axis] - fraction, fraction - upper_[axis]);
            result = Kokkos::max(result, outside * height_[axis]);
        }
        return static_cast<float>(result);
    }

  private:
    KOKKOS_FUNCTION double along(const double (&vector)[3], int axis) const {
        return vector[0] * inverse_[0][axis] + vector[1] * inverse_[1][axis] + vector[2] * inverse_[2][axis];
    }

    double inverse_[3][3];
    double origin_[3];
    double lower_[3];
    double upper_[3];
    double height_[3];
    bool periodic_[3];
};

/// The atoms of the System: images folded onto their representatives (see `Marshaller`).
template <class Space>
struct AtomRows {
    /// `[n_owned + n_ghosts]`.
    ViewIn<Placement*, Space> placements;
    /// `[n_owned + n_ghosts]`: how far outside of the rank's part of the box; 0 for owned atoms.
    ViewIn<float*, Space> depth;
    /// `[n_owned + n_ghosts]`: the engine's types when the rows were made.
    ViewIn<std::int32_t*, Space> engine_types;
    /// `[n_rows]`: the engine's index of the representative.
    ViewIn<std::int32_t*, Space> atom_of_row;
    /// `[n_rows]`: the model's type.
    ViewIn<std::int32_t*, Space> types;
    std::int64_t n_owned_rows = 0;

    std::int64_t bytes() const {
        const auto n_integers = engine_types.extent(0) + atom_of_row.extent(0) + types.extent(0);
        return static_cast<std::int64_t>(sizeof(Placement) * placements.extent(0) +
                                         sizeof(float) * depth.extent(0) + sizeof(std::int32_t) * n_integers);
    }
};

/// Copies `types` to an array of the same length.
template <class Space, class From, class To>
void copy_types(From types, To to) {
    for_each<Space>(
        "AtomRows::copy_types", static_cast<std::int64_t>(types.extent(0)),
        KOKKOS_LAMBDA(std::int64_t row) { to(row) = types(row); });
}

/// Steps of `make_atom_rows`. Functions, as CUDA compilers take no kernels from private members.
namespace atom_rows {

template <class Space>
using Positions = RowsView<const double, 3, Space>;
template <class Space>
using Integers = ViewIn<std::int32_t*, Space>;

template <class Space>
Integers<Space> to_space(const char* label, const std::vector<std::int32_t>& values) {
    const Kokkos::View<const std::int32_t*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> host(
        values.data(), values.size());
    Integers<Space> result(uninitialised(label), values.size());
    Kokkos::deep_copy(result, host);
    return result;
}

/// Which atoms are part of the System, see `ModelTypes`.
template <class Space>
struct IsIncluded {
    Integers<Space> types;
    Integers<Space> by_type;
    StridedView<const int, 1, Space> groups;
    std::int32_t left_out_groups;
    ViewIn<float*, Space> depth;
    float largest_depth;

    KOKKOS_FUNCTION bool operator()(std::int64_t atom) const {
        return by_type(types(atom)) != 0 && depth(atom) <= largest_depth &&
               (left_out_groups == 0 || (groups(atom) & left_out_groups) == 0);
    }
};

/// The representative of each atom, -1 for atoms that are not part of the System. The table keeps, for each
/// tag, the smallest of (depth, index): non-negative floats are ordered like their bits.
template <class Space, class Tags>
Integers<Space> find_representatives(Positions<Space> positions, Tags tags, std::int64_t n_owned,
                                     Fractions fractions, IsIncluded<Space> is_included) {
    const auto n_atoms = static_cast<std::int64_t>(positions.extent(0));
    const auto depth = is_included.depth;
    const auto table = TagTable<Space>(n_atoms);
    for_each<Space>(
        "AtomRows::offer_representatives", n_atoms, KOKKOS_LAMBDA(std::int64_t atom) {
            const double position[3] = {positions(atom, 0), positions(atom, 1), positions(atom, 2)};
            depth(atom) = atom < n_owned ? 0.0F : fractions.depth(position);
            if (!is_included(atom)) return;
            const auto bits = static_cast<std::uint64_t>(Kokkos::bit_cast<std::uint32_t>(depth(atom)));
            table.offer(tags(atom), (bits << 32) | static_cast<std::uint64_t>(atom));
        });
    Integers<Space> representative(uninitialised("AtomRows::representative"), n_atoms);
    for_each<Space>(
        "AtomRows::find_representatives", n_atoms, KOKKOS_LAMBDA(std::int64_t atom) {
            representative(atom) =
                is_included(atom) ? static_cast<std::int32_t>(table.find(tags(atom)) & 0xFFFFFFFFU) : -1;
        });
    return representative;
}

/// Numbers the rows in the order of the engine, and so owned atoms first.
template <class Space>
void number_rows(AtomRows<Space>& rows, Integers<Space> representative, std::int64_t n_owned) {
    const auto n_atoms = static_cast<std::int64_t>(representative.extent(0));
    const auto atoms = Integers<Space>(uninitialised("AtomRows::atom_of_row"), n_atoms);
    const auto placements = rows.placements;
    const auto n_rows = scan_total<Space>(
        "AtomRows::number_rows", n_atoms, KOKKOS_LAMBDA(std::int64_t atom, std::int64_t & row, bool final) {
            if (representative(atom) != atom) return;
            if (final) {
                placements(atom).row = static_cast<std::int32_t>(row);
                atoms(row) = static_cast<std::int32_t>(atom);
            }
            ++row;
        });
    rows.n_owned_rows = count<Space>(
        "AtomRows::count_owned", n_owned,
        KOKKOS_LAMBDA(std::int64_t atom, std::int64_t & sum) { sum += representative(atom) == atom; });
    rows.atom_of_row = atoms;
    Kokkos::resize(Kokkos::WithoutInitializing, rows.atom_of_row, n_rows);
}

template <class Space>
void place_images(const AtomRows<Space>& rows, Positions<Space> positions, Integers<Space> representative,
                  Fractions fractions) {
    const auto placements = rows.placements;
    for_each<Space>(
        "AtomRows::place_images", static_cast<std::int64_t>(positions.extent(0)),
        KOKKOS_LAMBDA(std::int64_t atom) {
            const auto original = representative(atom);
            auto& placement = placements(atom);
            double displacement[3] = {0, 0, 0};
            if (original < 0) {
                placement.row = -1;
            } else if (original != atom) {
                placement.row = placements(original).row;
                for (int k = 0; k < 3; ++k)
                    displacement[k] = positions(atom, k) - positions(original, k);
            }
            for (int k = 0; k < 3; ++k)
                placement.shift[k] = fractions.cells_between(displacement, k);
        });
}

template <class Space>
Integers<Space> types_of(Integers<Space> atom_of_row, Integers<Space> engine_types,
                         Integers<Space> model_type) {
    const auto n_rows = static_cast<std::int64_t>(atom_of_row.extent(0));
    const auto result = Integers<Space>(uninitialised("AtomRows::types"), n_rows);
    for_each<Space>(
        "AtomRows::types_of", n_rows,
        KOKKOS_LAMBDA(std::int64_t row) { result(row) = model_type(engine_types(atom_of_row(row))); });
    return result;
}

} // namespace atom_rows

/// `positions` `[n_owned + n_ghosts, 3]`; `types`, `tags` and `groups` `[n_owned + n_ghosts]`, as in `Atoms`.
template <class Space, class Tags>
AtomRows<Space> make_atom_rows(RowsView<const double, 3, Space> positions,
                               StridedView<const int, 1, Space> types, Tags tags,
                               StridedView<const int, 1, Space> groups, std::int64_t n_owned, const Box& box,
                               const ModelTypes& model_types) {
    AtomRows<Space> rows;
    rows.engine_types =
        atom_rows::Integers<Space>(uninitialised("AtomRows::engine_types"), positions.extent(0));
    copy_types<Space>(types, rows.engine_types);
    rows.placements = ViewIn<Placement*, Space>(uninitialised("AtomRows::placements"), positions.extent(0));
    rows.depth = ViewIn<float*, Space>(uninitialised("AtomRows::depth"), positions.extent(0));
    const auto model_type = atom_rows::to_space<Space>("AtomRows::model_type", model_types.types);
    const auto included = atom_rows::to_space<Space>("AtomRows::included", model_types.included);
    const auto fractions = Fractions(box);
    const auto is_included =
        atom_rows::IsIncluded<Space>{rows.engine_types,           included,   groups,
                                     model_types.left_out_groups, rows.depth, float(model_types.depth)};
    const auto representative =
        atom_rows::find_representatives<Space>(positions, tags, n_owned, fractions, is_included);
    atom_rows::number_rows<Space>(rows, representative, n_owned);
    atom_rows::place_images<Space>(rows, positions, representative, fractions);
    rows.types = atom_rows::types_of<Space>(rows.atom_of_row, rows.engine_types, model_type);
    return rows;
}

/// Writes 1 to `is_found`, if an atom has another type than when the rows were made. On a device it does not
/// wait for the end.
template <class Space>
void find_other_types(ViewIn<const std::int32_t*, Space> types_before,
                      StridedView<const int, 1, Space> types_now, std::int64_t* is_found) {
    for_each<Space>(
        "AtomRows::find_other_types", static_cast<std::int64_t>(types_before.extent(0)),
        KOKKOS_LAMBDA(std::int64_t atom) {
            if (types_before(atom) != types_now(atom)) Kokkos::atomic_store(is_found, std::int64_t(1));
        });
}

/// The positions of the rows, in the precision of the model.
template <class Space, class Scalar>
void copy_positions(ViewIn<const std::int32_t*, Space> atom_of_row, RowsView<const double, 3, Space> from,
                    RowsView<Scalar, 3, Space> to) {
    for_each<Space>(
        "AtomRows::copy_positions", static_cast<std::int64_t>(atom_of_row.extent(0)),
        KOKKOS_LAMBDA(std::int64_t row) {
            for (int axis = 0; axis < 3; ++axis)
                to(row, axis) = static_cast<Scalar>(from(atom_of_row(row), axis));
        });
}

} // namespace metatensor_kokkos
