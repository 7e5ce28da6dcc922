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
                 const std::vector<PairRequest>& requests, const TopologyOptions& options) override {
        const auto positions = view_of<const double, 2, Space>(atoms.positions, "positions");
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
                add_topology(PagedList{list.pages}, list, atoms, positions, request, options);
            } else {
                add_topology(view_of<const int, 2, Space>(list.matrix, "neighbors"), list, atoms, positions,
                             request, options);
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
            const auto from = view_of<const double, 2, Space>(engine_positions, "engine positions");
            const auto to = view_of<Scalar, 2, Space>(positions, "positions");
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
        const auto positions = view_of<const double, 2, Space>(engine_positions, "engine positions");
        const auto sample_view = view_of<std::int32_t, 2, Space>(samples, "samples");
        std::int64_t n_pairs = 0;
        with_scalar(vectors, [&]<class Scalar>() {
            n_pairs = topologies_.at(request).template write_pairs<Scalar>(
                positions, view_of<Scalar, 2, Space>(vectors, "vectors"), sample_view);
        });
        return n_pairs;
    }

    void clear_forces() override { forces_.clear(n_rows()); }

    void add_pair_gradients(std::size_t request, const Array& vectors, const Array& samples,
                            const Array& gradients) override {
        const auto& topology = topologies_.at(request);
        with_scalar(gradients, [&]<class Scalar>() {
            forces_.template add_pairs<Scalar>(topology.pair_begins(), topology.center_rows(),
                                               view_of<const Scalar, 2, Space>(vectors, "vectors"),
                                               view_of<const std::int32_t, 2, Space>(samples, "samples"),
                                               view_of<const Scalar, 2, Space>(gradients, "gradients"));
        });
    }

    void add_position_gradients(const Array& positions, const Array& gradients) override {
        with_scalar(gradients, [&]<class Scalar>() {
            forces_.template add_positions<Scalar>(view_of<const Scalar, 2, Space>(positions, "positions"),
                                                   view_of<const Scalar, 2, Space>(gradients, "gradients"));
        });
    }

    VirialSum virial() const override { return forces_.virial(); }

    void add_forces_to(const Array& engine_forces) const override {
        forces_.add_to(rows_->atom_of_row, view_of<double, 2, Space>(engine_forces, "forces"));
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
                      StridedView<const double, 2, Space> positions, const PairRequest& request,
                      const TopologyOptions& options) {
        topologies_.emplace_back(*rows_, positions,
                                 view_of<const int, 1, Space>(neighbors.centers, "centers"),
                                 view_of<const int, 1, Space>(neighbors.counts, "counts"), list,
                                 neighbors.index_mask, atoms.n_owned, request, options);
    }

    std::optional<AtomRows<Space>> rows_;
    std::vector<PairTopology<Space>> topologies_;
    ForceSum<Space> forces_;
};

} // namespace metatensor_kokkos
