// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "evaluator.hpp"
#include "ghost_cutoff.hpp"
#include "lammps_view.hpp"
#include "settings.hpp"

#include <lammps/pair.h>

#include <array>
#include <functional>
#include <memory>
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

  protected:
    /// For styles whose atoms are elsewhere: what reads them, and what runs their kernels.
    PairMetatensor(LAMMPS_NS::LAMMPS* lammps, std::unique_ptr<LammpsView> view,
                   metatensor_kokkos::Execution execution);

    /// Prepares what LAMMPS needs to hold results, for the flags of `compute`.
    virtual void begin_results(int eflag, int vflag);
    /// After everything is added.
    virtual void end_results() {}
    /// Zeros `[n_all, width]`, for what LAMMPS does not sum on ghosts itself (`newton off`).
    virtual metatensor_kokkos::Array clear_ghost_sums(int width);
    /// Adds forces and virials of owned atoms, to which those of ghosts were added, from columns of the sums
    /// to where they belong.
    virtual void add_ghost_sums(const Targets& columns, const Targets& targets);
    /// Where LAMMPS finds energies and virials of atoms, those that it asks for in this step.
    virtual void find_atom_targets(Targets& targets) const;
    /// Threads of torch on the host.
    virtual int n_threads() const;

    const LammpsView& view() const { return *view_; }

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
    void check_bonded_atoms() const;
    void print_model() const;
    void check_simulation();
    void request_ghosts();
    void update_topology();
    void rebuild_topology();
    void warm_up();
    Targets find_targets() const;
    Evaluation evaluate();
    void store(const Evaluation& evaluation);
    void start_timing();
    /// Runs `action`; when it throws on any rank, all ranks stop with the error of the first such rank.
    void agree_or_stop(const std::string& what, const std::function<void()>& action) const;

    [[noreturn]] void stop_from_this_rank(const std::string& text) const;

    std::unique_ptr<LammpsView> view_;
    metatensor_kokkos::Execution execution_;
    Settings settings_;
    std::unique_ptr<Evaluator> evaluator_;
    metatensor_kokkos::ModelTypes types_;
    bool ghost_centers_ = false;
    GhostCutoff ghost_cutoff_;
    /// Whether LAMMPS prepares a run: not part of its time.
    bool in_setup_ = false;
    /// Whether the model was compiled for the total energy, and for energies of atoms.
    std::array<bool, 2> is_warm_{};
    ListBuild seen_build_;
    /// `[n_all, ghost_sums_width_]`, see `clear_ghost_sums`.
    std::vector<double> ghost_sums_;
    int ghost_sums_width_ = 0;
    std::int64_t n_timed_steps_ = 0;
};

} // namespace metatensor_lammps
