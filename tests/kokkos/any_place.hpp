// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kokkos/marshaller.hpp"
#include "kokkos/tensor_array.hpp"

#include <memory>
#include <vector>

namespace metatensor_kokkos {

/// A Marshaller for arrays on the host and lists in pages, whatever the place of the one that it hands them
/// to: so all have the same tests.
class AnyPlace final : public Marshaller {
  public:
    explicit AnyPlace(Execution execution) : inner_(make_marshaller(execution)) {}

    Place place() const override { return {}; }
    void* stream() const override { return nullptr; }

    void rebuild(const Atoms& atoms, const Box& box, const NeighborRows& list, const ModelTypes& model_types,
                 const std::vector<PairRequest>& requests, double skin) override {
        auto atoms_there = atoms;
        atoms_there.positions = there(atoms.positions);
        atoms_there.types = there(atoms.types);
        atoms_there.tags = there(atoms.tags);
        if (atoms.groups.rank != 0) atoms_there.groups = there(atoms.groups);
        auto list_there = list;
        list_there.centers = there(list.centers);
        list_there.counts = there(list.counts);
        list_there.matrix = there(matrix_of(list));
        list_there.pages = nullptr;
        inner_->rebuild(atoms_there, box, list_there, model_types, requests, skin);
    }

    std::int64_t n_rows() const override { return inner_->n_rows(); }
    std::int64_t n_owned_rows() const override { return inner_->n_owned_rows(); }
    Array atom_of_row() const override { return share(tensor_of(inner_->atom_of_row()).cpu()); }
    std::int64_t bytes() const override { return inner_->bytes(); }

    void write_types(const Array& types) const override {
        const auto result = there(types);
        inner_->write_types(result);
        back(result, types);
    }
    void write_positions(const Array& engine_positions, const Array& positions) const override {
        const auto result = there(positions);
        inner_->write_positions(there(engine_positions), result);
        back(result, positions);
    }
    void compare_types(const Array& types) override { inner_->compare_types(there(types)); }
    bool has_same_types() const override { return inner_->has_same_types(); }
    std::vector<std::int64_t> room_for_pairs(const Array& engine_positions) override {
        return inner_->room_for_pairs(there(engine_positions));
    }
    std::vector<std::int64_t> write_pairs(const Array& engine_positions,
                                          const std::vector<PairArrays>& pairs) override {
        std::vector<PairArrays> results;
        for (const auto& request : pairs)
            results.push_back({there(request.vectors), there(request.samples)});
        const auto counts = inner_->write_pairs(there(engine_positions), results);
        for (std::size_t request = 0; request < pairs.size(); ++request) {
            back(results[request].vectors, pairs[request].vectors);
            back(results[request].samples, pairs[request].samples);
        }
        return counts;
    }

    void clear_forces() override { inner_->clear_forces(); }
    void add_pair_gradients(std::size_t request, const Array& gradients) override {
        inner_->add_pair_gradients(request, there(gradients));
    }
    void add_position_gradients(const Array& gradients) override {
        inner_->add_position_gradients(there(gradients));
    }
    void write_strain_gradient(const Array& engine_positions, const Array& result) const override {
        const auto found = there(result);
        inner_->write_strain_gradient(there(engine_positions), found);
        back(found, result);
    }
    void add_forces_to(const Array& engine_forces) const override {
        const auto result = there(engine_forces);
        inner_->add_forces_to(result);
        back(result, engine_forces);
    }
    void add_atom_energies_to(const Array& engine_energies, const Array& energies) const override {
        const auto result = there(engine_energies);
        inner_->add_atom_energies_to(result, there(energies));
        back(result, engine_energies);
    }
    void add_atom_virials_to(const Array& engine_virials, const Array& engine_positions, std::size_t request,
                             const Array& gradients) const override {
        const auto result = there(engine_virials);
        inner_->add_atom_virials_to(result, there(engine_positions), request, there(gradients));
        back(result, engine_virials);
    }

  private:
    /// A copy where the marshaller reads; the same memory on the host.
    Array there(const Array& array) const {
        const auto place = inner_->place();
        if (place == Place() || array.rank == 0) return array;
        return share(tensor_of(array).to(torch::Device(torch::kCUDA, place.cuda_index)));
    }

    static void back(const Array& from, const Array& to) {
        if (from.data != to.data) tensor_of(to).copy_(tensor_of(from));
    }

    static Array matrix_of(const NeighborRows& list) {
        const auto n_atoms = list.counts.extents[0];
        const auto* counts = static_cast<const int*>(list.counts.data);
        std::int64_t longest = 0;
        for (std::int64_t atom = 0; atom < n_atoms; ++atom)
            longest = std::max<std::int64_t>(longest, counts[atom]);
        const auto matrix = torch::full({n_atoms, longest}, -1, torch::kInt32);
        for (std::int64_t atom = 0; atom < n_atoms; ++atom)
            std::copy_n(list.pages[atom], counts[atom], matrix.data_ptr<int>() + longest * atom);
        return share(matrix);
    }

    std::unique_ptr<Marshaller> inner_;
};

/// What there is to test; the calling thread reads lists in pages too.
inline std::vector<Execution> executions() {
    return {Execution::calling_thread, Execution::host, Execution::device};
}

inline std::unique_ptr<Marshaller> make_test_marshaller(Execution execution) {
    if (execution == Execution::calling_thread) return make_marshaller(execution);
    return std::make_unique<AnyPlace>(execution);
}

inline const char* name_of(Execution execution) {
    constexpr const char* names[] = {"calling_thread", "host", "device"};
    return names[static_cast<int>(execution)];
}

} // namespace metatensor_kokkos
