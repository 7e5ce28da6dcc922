// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "evaluator.hpp"
#include "settings.hpp"

#include <lammps/pair.h>

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
    void load_model();
    void print_model() const;
    void check_simulation();
    void request_ghosts();
    void update_topology();
    void warm_up(bool with_atom_energies);
    void store(const Evaluation& evaluation);
    void store_forces();
    /// Runs `action`; when it throws on any rank, all ranks stop with the error of the first such rank.
    void agree_or_stop(const std::string& what, const std::function<void()>& action) const;

    std::optional<Settings> settings_;
    std::unique_ptr<Evaluator> evaluator_;
    metatensor_kokkos::ModelTypes types_;
    bool ghost_centers_ = false;
    bool needs_warm_up_ = false;
    ListBuild seen_build_;
    /// Forces on owned atoms and ghosts, where LAMMPS does not sum those on ghosts (`newton off`).
    std::vector<double> forces_;
    std::int64_t n_timed_steps_ = 0;
};

} // namespace metatensor_lammps
