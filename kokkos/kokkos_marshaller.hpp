// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "atom_rows.hpp"
#include "forces.hpp"
#include "marshaller.hpp"
#include "neighbors.hpp"

#include <optional>

namespace metatensor_kokkos {

/// `Marshaller` for arrays in the memory of the execution space `Space`.
template <class Space>
class KokkosMarshaller final : public Marshaller {
  public:
    void rebuild(const Atoms& atoms, const Box& box, const NeighborRows& list, const ModelTypes& model_types,
                 const std::vector<PairRequest>& requests, double skin) override {
        const auto positions = rows_of<const double, 3, Space>(atoms.positions, "positions");
        n_atoms_ = atoms.positions.extents[0];
        const auto types = view_of<const int, 1, Space>(atoms.types, "types");
        if (atoms.tags.element == Element::int32) {
            rows_.emplace(positions, types, view_of<const std::int32_t, 1, Space>(atoms.tags, "tags"),
                          atoms.n_owned, box, model_types);
        } else {
            rows_.emplace(positions, types, view_of<const std::int64_t, 1, Space>(atoms.tags, "tags"),
                          atoms.n_owned, box, model_types);
        }
        topologies_.clear();
        for (const auto& request : requests) {
            if (list.matrix.rank == 0) {
                add_topology(PagedList{list.pages}, list, atoms, positions, request, skin);
            } else {
                add_topology(view_of<const int, 2, Space>(list.matrix, "neighbors"), list, atoms, positions,
                             request, skin);
            }
        }
    }

    std::int64_t n_rows() const override {
        return rows_ ? static_cast<std::int64_t>(rows_->types.extent(0)) : 0;
    }
    std::int64_t n_owned_rows() const override { return rows_ ? rows_->n_owned_rows : 0; }
    Array atom_of_row() const override { return borrow(rows_->atom_of_row); }
    std::int64_t max_pairs(std::size_t request) const override {
        return topologies_.at(request).n_candidates();
    }

    void write_types(const Array& types) const override {
        Kokkos::deep_copy(Space(), view_of<std::int32_t, 1, Space>(types, "types"), rows_->types);
    }

    void write_positions(const Array& engine_positions, const Array& positions) const override {
        with_scalar(positions, [&]<class Scalar>() {
            const auto from = rows_of<const double, 3, Space>(engine_positions, "engine positions");
            const auto to = rows_of<Scalar, 3, Space>(positions, "positions");
            const auto atom_of_row = rows_->atom_of_row;
            Kokkos::parallel_for(
                "Marshaller::write_positions", Kokkos::RangePolicy<Space>(0, atom_of_row.extent(0)),
                KOKKOS_LAMBDA(const int row) {
                    for (int axis = 0; axis < 3; ++axis) {
                        to(row, axis) = static_cast<Scalar>(from(atom_of_row(row), axis));
                    }
                });
        });
    }

    std::int64_t write_pairs(const Array& engine_positions, std::size_t request, const Array& vectors,
                             const Array& samples) override {
        const auto positions = rows_of<const double, 3, Space>(engine_positions, "engine positions");
        const auto sample_rows = rows_of<std::int32_t, 5, Space>(samples, "samples");
        std::int64_t n_pairs = 0;
        with_scalar(vectors, [&]<class Scalar>() {
            n_pairs = topologies_.at(request).template write_pairs<Scalar>(
                positions, rows_of<Scalar, 3, Space>(vectors, "vectors"), sample_rows);
        });
        return n_pairs;
    }

    void clear_forces() override { forces_.clear(n_atoms_); }

    void add_pair_gradients(std::size_t request, const Array& gradients) override {
        with_scalar(gradients, [&]<class Scalar>() {
            forces_.template add_pairs<Scalar>(topologies_.at(request).pairs(),
                                               rows_of<const Scalar, 3, Space>(gradients, "gradients"));
        });
    }

    void add_position_gradients(const Array& gradients) override {
        with_scalar(gradients, [&]<class Scalar>() {
            forces_.template add_positions<Scalar>(rows_->atom_of_row,
                                                   rows_of<const Scalar, 3, Space>(gradients, "gradients"));
        });
    }

    StrainGradient strain_gradient(const Array& engine_positions) const override {
        return forces_.strain_gradient(rows_of<const double, 3, Space>(engine_positions, "engine positions"));
    }

    void add_forces_to(const Array& engine_forces) const override {
        forces_.add_to(rows_of<double, 3, Space>(engine_forces, "forces"));
    }

  private:
    // Calls `body<float>()` or `body<double>()`, whichever the elements of the array are.
    template <class Body>
    static void with_scalar(const Array& array, const Body& body) {
        if (array.element == Element::float32) {
            body.template operator()<float>();
        } else {
            body.template operator()<double>();
        }
    }

    template <class List>
    void add_topology(const List& list, const NeighborRows& neighbors, const Atoms& atoms,
                      RowsView<const double, 3, Space> positions, const PairRequest& request, double skin) {
        topologies_.emplace_back(*rows_, positions,
                                 view_of<const int, 1, Space>(neighbors.centers, "centers"),
                                 view_of<const int, 1, Space>(neighbors.counts, "counts"), list,
                                 neighbors.index_mask, atoms.n_owned, request, skin);
    }

    std::int64_t n_atoms_ = 0;
    std::optional<AtomRows<Space>> rows_;
    std::vector<PairTopology<Space>> topologies_;
    ForceSum<Space> forces_;
};

} // namespace metatensor_kokkos
