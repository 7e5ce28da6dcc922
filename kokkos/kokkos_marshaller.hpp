// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "atom_results.hpp"
#include "atom_rows.hpp"
#include "execution.hpp"
#include "forces.hpp"
#include "make_topology.hpp"
#include "marshaller.hpp"
#include "write_pairs.hpp"

#include <optional>

namespace metatensor_kokkos {

/// `Marshaller` for arrays in the memory of the execution space `Space`.
template <class Space>
class KokkosMarshaller final : public Marshaller {
  public:
    Place place() const override { return place_of<Space>(); }

    void* stream() const override {
#if defined(KOKKOS_ENABLE_CUDA)
        if constexpr (std::is_same_v<Space, Kokkos::Cuda>) return Space().cuda_stream();
#endif
        return nullptr;
    }

    void rebuild(const Atoms& atoms, const Box& box, const NeighborRows& list, const ModelTypes& model_types,
                 const std::vector<PairRequest>& requests, double skin) override {
        topologies_.clear(); // before the memory for the new ones is needed
        n_atoms_ = atoms.positions.extents[0];
        if (atoms.tags.element == Element::int32) {
            rebuild_rows<std::int32_t>(atoms, box, model_types);
        } else {
            rebuild_rows<std::int64_t>(atoms, box, model_types);
        }
        for (const auto& request : requests) {
            if (list.matrix.rank != 0) {
                add_topology(view_of<const int, 2, Space>(list.matrix, "neighbors"), list, atoms, request,
                             skin);
            } else if constexpr (is_one_thread<Space>) {
                add_topology(PagedList{list.pages}, list, atoms, request, skin);
            } else {
                throw std::invalid_argument("a neighbor list in pages can be read by one thread only");
            }
        }
        if (counts_.extent(0) < requests.size()) counts_ = Counts("Marshaller::counts", requests.size());
        has_other_types_() = 0;
    }

    std::int64_t n_rows() const override {
        return rows_ ? static_cast<std::int64_t>(rows_->types.extent(0)) : 0;
    }
    std::int64_t n_owned_rows() const override { return rows_ ? rows_->n_owned_rows : 0; }
    Array atom_of_row() const override { return borrow(rows_->atom_of_row); }
    std::int64_t bytes() const override {
        auto sum = static_cast<std::int64_t>(3 * sizeof(double) * forces_.extent(0)) + thread_sums_.bytes();
        if (rows_) sum += rows_->bytes();
        for (const auto& topology : topologies_)
            sum += topology.bytes();
        return sum;
    }

    void write_types(const Array& types) const override {
        copy_types<Space>(rows_->types, view_of<std::int32_t, 1, Space>(types, "types"));
    }

    void write_positions(const Array& engine_positions, const Array& positions) const override {
        with_scalar(positions, [&]<class Scalar>() {
            copy_positions<Space, Scalar>(rows_->atom_of_row, view_positions(engine_positions),
                                          rows_of<Scalar, 3, Space>(positions, "positions"));
        });
    }

    void compare_types(const Array& types) override {
        has_other_types_() = types.extents[0] == n_atoms_ ? 0 : 1;
        if (has_other_types_() != 0) return;
        find_other_types<Space>(rows_->engine_types, view_of<const int, 1, Space>(types, "types"),
                                has_other_types_.data());
    }

    bool has_same_types() const override { return has_other_types_() == 0; }

    std::vector<std::int64_t> room_for_pairs(const Array& engine_positions) override {
        const auto positions = view_positions(engine_positions);
        for (std::size_t request = 0; request < topologies_.size(); ++request) {
            counts_(request) = 0;
            find_room<Space>(topologies_[request], positions, counts_.data() + request);
        }
        if constexpr (!is_one_thread<Space>)
            typename Space::execution_space().fence("Marshaller::room_for_pairs");
        return {counts_.data(), counts_.data() + topologies_.size()};
    }

    std::vector<std::int64_t> write_pairs(const Array& engine_positions,
                                          const std::vector<PairArrays>& pairs) override {
        const auto positions = view_positions(engine_positions);
        for (std::size_t request = 0; request < pairs.size(); ++request) {
            const auto samples = rows_of<std::int32_t, 5, Space>(pairs[request].samples, "samples");
            with_scalar(pairs[request].vectors, [&]<class Scalar>() {
                metatensor_kokkos::write_pairs<Space, Scalar>(
                    topologies_.at(request), positions,
                    rows_of<Scalar, 3, Space>(pairs[request].vectors, "vectors"), samples,
                    counts_.data() + request);
            });
        }
        return {counts_.data(), counts_.data() + pairs.size()};
    }

    void clear_forces() override {
        if (static_cast<std::int64_t>(forces_.extent(0)) != n_atoms_)
            forces_ = ForcesView<Space>(uninitialised("Marshaller::forces"), n_atoms_);
        metatensor_kokkos::clear_forces<Space>(forces_);
    }

    void add_pair_gradients(std::size_t request, const Array& gradients) override {
        with_scalar(gradients, [&]<class Scalar>() {
            metatensor_kokkos::add_pair_gradients<Space, Scalar>(
                topologies_.at(request), view_gradients<Scalar>(gradients), forces_, thread_sums_);
        });
    }

    void add_position_gradients(const Array& gradients) override {
        with_scalar(gradients, [&]<class Scalar>() {
            metatensor_kokkos::add_position_gradients<Space, Scalar>(
                rows_->atom_of_row, view_gradients<Scalar>(gradients), forces_);
        });
    }

    void write_strain_gradient(const Array& engine_positions, const Array& result) const override {
        metatensor_kokkos::write_strain_gradient<Space>(
            forces_, view_positions(engine_positions),
            view_of<double, 1, Space>(result, "strain gradient").data());
    }

    void add_forces_to(const Array& engine_forces) const override {
        add_forces<Space>(forces_, view_of<double, 2, Space>(engine_forces, "forces"));
    }

    void add_atom_energies_to(const Array& engine_energies, const Array& energies) const override {
        with_scalar(energies, [&]<class Scalar>() {
            add_atom_energies<Space, Scalar>(rows_->atom_of_row,
                                             view_of<const Scalar, 1, Space>(energies, "energies of atoms"),
                                             view_of<double, 1, Space>(engine_energies, "energies"));
        });
    }

    void add_atom_virials_to(const Array& engine_virials, const Array& engine_positions, std::size_t request,
                             const Array& gradients) const override {
        with_scalar(gradients, [&]<class Scalar>() {
            add_atom_virials<Space, Scalar>(topologies_.at(request), view_positions(engine_positions),
                                            view_gradients<Scalar>(gradients),
                                            view_of<double, 2, Space>(engine_virials, "virials of atoms"));
        });
    }

  private:
#if defined(KOKKOS_HAS_SHARED_HOST_PINNED_SPACE)
    using CountsSpace = std::conditional_t<std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>,
                                           Kokkos::HostSpace, Kokkos::SharedHostPinnedSpace>;
#else
    using CountsSpace = Kokkos::HostSpace;
#endif
    /// Written by kernels, read by the host.
    using Counts = Kokkos::View<std::int64_t*, CountsSpace>;
    using Flag = Kokkos::View<std::int64_t, CountsSpace>;

    // Calls `body<float>()` or `body<double>()`, whichever the elements of the array are.
    template <class Body>
    static void with_scalar(const Array& array, const Body& body) {
        if (array.element == Element::float32) {
            body.template operator()<float>();
        } else {
            body.template operator()<double>();
        }
    }

    static auto view_positions(const Array& array) {
        return rows_of<const double, 3, Space>(array, "engine positions");
    }

    template <class Scalar>
    static auto view_gradients(const Array& array) {
        return rows_of<const Scalar, 3, Space>(array, "gradients");
    }

    static StridedView<const int, 1, Space> view_groups(const Atoms& atoms, const ModelTypes& model_types) {
        if (model_types.left_out_groups == 0) return {};
        return view_of<const int, 1, Space>(atoms.groups, "groups");
    }

    template <class Tag>
    void rebuild_rows(const Atoms& atoms, const Box& box, const ModelTypes& model_types) {
        rows_ = make_atom_rows<Space>(view_positions(atoms.positions),
                                      view_of<const int, 1, Space>(atoms.types, "types"),
                                      view_of<const Tag, 1, Space>(atoms.tags, "tags"),
                                      view_groups(atoms, model_types), atoms.n_owned, box, model_types);
    }

    template <class List>
    void add_topology(const List& list, const NeighborRows& neighbors, const Atoms& atoms,
                      const PairRequest& request, double skin) {
        topologies_.push_back(make_topology<Space>(*rows_, view_positions(atoms.positions),
                                                   view_of<const int, 1, Space>(neighbors.centers, "centers"),
                                                   view_of<const int, 1, Space>(neighbors.counts, "counts"),
                                                   list, neighbors.index_mask, neighbors.order_varies,
                                                   atoms.n_owned, request, skin));
    }

    std::int64_t n_atoms_ = 0;
    std::optional<AtomRows<Space>> rows_;
    std::vector<PairTopology<Space>> topologies_;
    Counts counts_;
    Flag has_other_types_{"Marshaller::has_other_types"};
    ForcesView<Space> forces_;
    ThreadSums<3> thread_sums_;
};

} // namespace metatensor_kokkos
