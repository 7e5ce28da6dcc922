// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "settings.hpp"

#include "kokkos/marshaller.hpp"

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace metatensor_lammps {

/// Wall time of the CPU in seconds, by phase of an evaluation.
struct PhaseTimes {
    /// From what the engine stores to the tensors of a System.
    double marshal = 0;
    /// The model's energy.
    double forward = 0;
    /// Its derivatives.
    double backward = 0;
    /// From derivatives to forces and virial, and into the engine's arrays.
    double store = 0;
};

/// Bytes of an Evaluator, where the atoms are.
struct Memory {
    /// What is kept between two evaluations.
    double held = 0;
    /// Vectors and labels of the pairs of the last evaluation, while it ran.
    double pairs = 0;
};

/// dE/d(strain), row-major.
using StrainGradient = std::array<double, 9>;

/// What an evaluation is asked for, for the atoms that this rank owns. Each array is the engine's, float64,
/// in the memory that atoms are in, of any strides; an empty one is not asked for. Results are added to
/// arrays.
struct Targets {
    /// Whether the energy, and the strain gradient, are returned: on a device that waits for them.
    bool energy = false;
    bool strain_gradient = false;
    /// `[n_owned + n_ghosts, 3]`: forces, images with their own share.
    metatensor_kokkos::Array forces;
    /// `[n_owned, ...]`: energies of atoms.
    metatensor_kokkos::Array atom_energies;
    /// `[n_owned + n_ghosts, 6]` and `[n_owned + n_ghosts, 9]`: see `Marshaller::add_atom_virials_to`.
    metatensor_kokkos::Array atom_virials;
    metatensor_kokkos::Array centroid_virials;

    bool wants_atom_energies() const { return atom_energies.rank != 0; }
    bool wants_atom_virials() const { return atom_virials.rank != 0 || centroid_virials.rank != 0; }
};

/// Results of an evaluation that were asked for.
struct Evaluation {
    /// In the engine's unit of energy.
    double energy = 0;
    /// Same unit: the virial of LAMMPS is the negative of its symmetric part.
    StrainGradient strain_gradient{};
};

/// What an error says, without the C++ stack that torch adds to it.
std::string text_of(const std::exception& error);

/// Runs a saved model on what a Marshaller makes of an engine's atoms. It knows no LAMMPS, and shows no
/// torch.
class Evaluator {
  public:
    struct Options {
        Settings settings;
        Units units;
        /// Rank among those that share this machine: the CUDA device, when `device` does not say which.
        int local_rank = 0;
        int n_threads = 1;
        /// Where atoms are, and so the model too, unless the calling thread marshals.
        metatensor_kokkos::Execution execution = metatensor_kokkos::Execution::calling_thread;
    };

    /// Loads the model.
    /// @throws std::exception when the file is missing or no atomistic model, or when the model has no
    /// energy, or needs a device that is absent or inputs that an engine of this kind does not have.
    explicit Evaluator(const Options& options);
    ~Evaluator();
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    /// Those that the model was loaded for.
    const Units& units() const;
    /// Largest cutoff of the pairs that the model asks for, 0 if it asks for none; engine's unit of length.
    double cutoff() const;
    /// Smallest cutoff: with pairs that end beyond it from the interaction range, ghosts need pairs of their
    /// own.
    double smallest_cutoff() const;
    /// Distance beyond which atoms do not influence each other, possibly infinite; engine's unit of length.
    double interaction_range() const;
    /// Types that the model knows.
    const std::vector<long>& known_types() const;
    /// Whether the model can give the energies of atoms.
    bool has_atom_energies() const;
    /// Whether it has to for the energy, which is their sum in float64.
    bool adds_atom_energies() const;
    /// Name, authors and references, as the model's author wrote them.
    const std::string& description() const;
    /// Where the model runs and in which precision.
    std::string device_and_dtype() const;

    /// Takes over a neighbor list; `skin` is how far pairs may approach until the next call, and
    /// `with_ghost_centers` says that the list has rows for ghosts too.
    void rebuild(const metatensor_kokkos::Atoms& atoms, const metatensor_kokkos::Box& box,
                 const metatensor_kokkos::NeighborRows& list, const metatensor_kokkos::ModelTypes& types,
                 double skin, bool with_ghost_centers);

    /// Finds how many pairs there are for the present positions, which `evaluate` and `warm_up` then take.
    /// False, and of no use, if atoms have other types than at the last `rebuild`, which is needed then.
    bool count_pairs(const metatensor_kokkos::Atoms& atoms);

    /// Energy and derivatives for the positions of the last `count_pairs`.
    /// @throws std::exception when the model throws, or returns anything but what was asked for, before
    /// anything was added to the targets.
    Evaluation evaluate(const metatensor_kokkos::Atoms& atoms, const metatensor_kokkos::Box& box,
                        const Targets& targets);

    /// An evaluation for its own sake, of forces or of energies of atoms too: TorchScript compiles a model
    /// during its first ones.
    void warm_up(const metatensor_kokkos::Atoms& atoms, const metatensor_kokkos::Box& box,
                 bool with_atom_energies);

    PhaseTimes& times();
    Memory memory() const;
    /// Whether each phase waits at its end for the device. If not, what the CPU waits for later is counted
    /// there.
    void wait_for_phases(bool wait);

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

} // namespace metatensor_lammps
