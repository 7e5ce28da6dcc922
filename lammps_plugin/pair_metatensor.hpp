// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "evaluator.hpp"
#include "settings.hpp"

#include <lammps/pair.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace metatensor_lammps {

/// `pair_style metatensor`: energies, forces and virials from a saved atomistic model.
class PairMetatensor : public LAMMPS_NS::Pair {
  public:
    explicit PairMetatensor(LAMMPS_NS::LAMMPS* lammps);
    ~PairMetatensor() override;

    void settings(int count, char** words) override;
    void coeff(int count, char** words) override;
    void init_style() override;
    double init_one(int type_i, int type_j) override;
    void setup() override;
    void compute(int eflag, int vflag) override;
    void finish() override;
    int pack_reverse_comm(int n, int first, double* buffer) override;
    void unpack_reverse_comm(int n, int* list, double* buffer) override;
    double memory_usage() override;

  private:
    /// What identifies a build of the neighbor list.
    struct ListBuild {
        std::int64_t calls = -1;
        std::int64_t step = -1;
        const void* list = nullptr;

        bool operator==(const ListBuild&) const = default;
    };

    void allocate();
    void load_model(const Settings& settings, int local_rank);
    void print_model() const;
    void check_simulation();
    void request_ghosts();
    void restore_ghost_cutoff();
    bool types_changed();
    void update_topology();
    void warm_up(bool with_atom_energies);
    void store(const Evaluation& evaluation);
    void store_forces();
    void start_timing();
    /// Runs `action`; when it throws on any rank, all ranks stop with the error of the first such rank.
    void agree_or_stop(const std::string& what, const std::function<void()>& action) const;

    [[noreturn]] void stop_from_this_rank(const std::string& text) const;

    Settings settings_;
    std::unique_ptr<Evaluator> evaluator_;
    metatensor_kokkos::ModelTypes types_;
    bool ghost_centers_ = false;
    /// What `comm_modify cutoff` said before this style asked for a wider halo.
    std::optional<double> user_ghost_cutoff_;
    double wide_ghost_cutoff_ = 0;
    /// Whether LAMMPS prepares a run: not part of its time.
    bool in_setup_ = false;
    /// Whether the model was compiled for the total energy, and for energies of atoms.
    std::array<bool, 2> is_warm_{};
    /// Types of owned atoms and ghosts when the pairs were last set up.
    std::vector<int> seen_types_;
    ListBuild seen_build_;
    /// Forces on owned atoms and ghosts, where LAMMPS does not sum those on ghosts (`newton off`).
    std::vector<double> forces_;
    std::int64_t n_timed_steps_ = 0;
};

} // namespace metatensor_lammps
