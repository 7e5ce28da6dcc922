// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "marshaller.hpp"
#include "tag_table.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

namespace metatensor_kokkos {

/// Where an atom of the engine stands in the System: its row and the cell shift from there.
struct Placement {
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
class AtomRows {
  public:
    using Positions = RowsView<const double, 3, Space>;
    using Integers = Kokkos::View<std::int32_t*, Space>;

    AtomRows() = default;

    template <class Tags>
    AtomRows(Positions positions, StridedView<const int, 1, Space> types, Tags tags, std::int64_t n_owned,
             const Box& box, const ModelTypes& model_types)
        : placements(Kokkos::view_alloc("AtomRows::placements", Kokkos::WithoutInitializing),
                     positions.extent(0)),
          depth(Kokkos::view_alloc("AtomRows::depth", Kokkos::WithoutInitializing), positions.extent(0)),
          model_type_(to_space("AtomRows::model_type", model_types.types)) {
        const auto included = to_space("AtomRows::included", model_types.included);
        const auto fractions = Fractions(box);
        const auto representative =
            find_representatives(positions, types, tags, n_owned, included, fractions);
        number_rows(representative, n_owned);
        place_images(positions, representative, fractions);
        copy_types(types);
    }

    /// `[n_owned + n_ghosts]`.
    Kokkos::View<Placement*, Space> placements;
    /// `[n_owned + n_ghosts]`: how far outside of the rank's part of the box; 0 for owned atoms.
    Kokkos::View<float*, Space> depth;
    /// `[n_rows]`: the engine's index of the representative.
    Integers atom_of_row;
    /// `[n_rows]`: the model's type.
    Integers types;
    std::int64_t n_owned_rows = 0;

  private:
    using Policy = Kokkos::RangePolicy<Space, Kokkos::IndexType<std::int64_t>>;

    static Integers to_space(const char* label, const std::vector<std::int32_t>& values) {
        const Kokkos::View<const std::int32_t*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>
            host(values.data(), values.size());
        Integers result(std::string(label), values.size());
        Kokkos::deep_copy(result, host);
        return result;
    }

    // The representative of each atom, -1 for atoms that are not part of the System. The table keeps, for
    // each tag, the smallest of (depth, index): non-negative floats are ordered like their bits.
    template <class Types, class Tags>
    Integers find_representatives(Positions positions, Types engine_types, Tags tags, std::int64_t n_owned,
                                  Integers included, Fractions fractions) {
        const auto n_atoms = static_cast<std::int64_t>(positions.extent(0));
        const auto table = TagTable<Space>(n_atoms);
        const auto atom_depth = depth;
        Kokkos::parallel_for(
            "AtomRows::offer_representatives", Policy(0, n_atoms), KOKKOS_LAMBDA(std::int64_t atom) {
                const double position[3] = {positions(atom, 0), positions(atom, 1), positions(atom, 2)};
                atom_depth(atom) = atom < n_owned ? 0.0F : fractions.depth(position);
                if (included(engine_types(atom)) == 0) return;
                const auto bits =
                    static_cast<std::uint64_t>(Kokkos::bit_cast<std::uint32_t>(atom_depth(atom)));
                table.offer(tags(atom), (bits << 32) | static_cast<std::uint64_t>(atom));
            });
        Integers representative(Kokkos::view_alloc("AtomRows::representative", Kokkos::WithoutInitializing),
                                n_atoms);
        Kokkos::parallel_for(
            "AtomRows::find_representatives", Policy(0, n_atoms), KOKKOS_LAMBDA(std::int64_t atom) {
                const bool is_included = included(engine_types(atom)) != 0;
                representative(atom) =
                    is_included ? static_cast<std::int32_t>(table.find(tags(atom)) & 0xFFFFFFFFU) : -1;
            });
        return representative;
    }

    // Rows in the order of the engine, and so owned atoms first.
    void number_rows(Integers representative, std::int64_t n_owned) {
        const auto n_atoms = static_cast<std::int64_t>(representative.extent(0));
        atom_of_row =
            Integers(Kokkos::view_alloc("AtomRows::atom_of_row", Kokkos::WithoutInitializing), n_atoms);
        const auto rows = placements;
        const auto atoms = atom_of_row;
        const auto number = KOKKOS_LAMBDA(std::int64_t atom, std::int64_t & row, bool final) {
            if (representative(atom) != atom) return;
            if (final) {
                rows(atom).row = static_cast<std::int32_t>(row);
                atoms(row) = static_cast<std::int32_t>(atom);
            }
            ++row;
        };
        std::int64_t n_rows = 0;
        std::int64_t n_owned_found = 0;
        Kokkos::parallel_scan("AtomRows::number_rows", Policy(0, n_atoms), number, n_rows);
        Kokkos::parallel_reduce(
            "AtomRows::count_owned", Policy(0, n_owned),
            KOKKOS_LAMBDA(std::int64_t atom, std::int64_t & count) { count += representative(atom) == atom; },
            n_owned_found);
        n_owned_rows = n_owned_found;
        Kokkos::resize(atom_of_row, n_rows);
    }

    void place_images(Positions positions, Integers representative, Fractions fractions) {
        const auto rows = placements;
        Kokkos::parallel_for(
            "AtomRows::place_images", Policy(0, positions.extent(0)), KOKKOS_LAMBDA(std::int64_t atom) {
                const auto original = representative(atom);
                auto& placement = rows(atom);
                double displacement[3] = {0, 0, 0};
                if (original < 0) {
                    placement.row = -1;
                } else if (original != atom) {
                    placement.row = rows(original).row;
                    for (int k = 0; k < 3; ++k)
                        displacement[k] = positions(atom, k) - positions(original, k);
                }
                for (int k = 0; k < 3; ++k)
                    placement.shift[k] = fractions.cells_between(displacement, k);
            });
    }

    template <class Types>
    void copy_types(Types engine_types) {
        types = Integers(Kokkos::view_alloc("AtomRows::types", Kokkos::WithoutInitializing),
                         atom_of_row.extent(0));
        const auto atoms = atom_of_row;
        const auto result = types;
        const auto model_type = model_type_;
        Kokkos::parallel_for(
            "AtomRows::copy_types", Policy(0, atoms.extent(0)),
            KOKKOS_LAMBDA(std::int64_t row) { result(row) = model_type(engine_types(atoms(row))); });
    }

    Integers model_type_;
};

} // namespace metatensor_kokkos
