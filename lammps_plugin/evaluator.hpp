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

/// Wall time in seconds, by phase of an evaluation.
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

/// Results of an evaluation, for the atoms that this rank owns.
struct Evaluation {
    /// In the engine's unit of energy.
    double energy = 0;
    /// dE/d(strain), row-major, same unit: the virial of LAMMPS is the negative of its symmetric part.
    metatensor_kokkos::StrainGradient strain_gradient{};
    /// `[n_owned_rows]` energies of atoms; empty unless asked for.
    std::vector<double> atom_energies;
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
    };

    /// Loads the model.
    /// @throws std::exception when the file is missing or no atomistic model, or when the model has no
    /// energy, or needs a device that is absent or inputs that an engine of this kind does not have.
    explicit Evaluator(const Options& options);
    ~Evaluator();
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

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
    /// Name, authors and references, as the model's author wrote them.
    const std::string& description() const;
    /// Where the model runs and in which precision.
    std::string device_and_dtype() const;

    /// Takes over a new neighbor list; `skin` is how far pairs may approach until the next one, and
    /// `with_ghost_centers` says that it has rows for ghosts too.
    void rebuild(const metatensor_kokkos::Atoms& atoms, const metatensor_kokkos::Box& box,
                 const metatensor_kokkos::NeighborRows& list, const metatensor_kokkos::ModelTypes& types,
                 double skin, bool with_ghost_centers);

    /// Energy and derivatives for the present positions.
    /// @throws std::exception when the model throws, or returns anything but what was asked for.
    Evaluation evaluate(const metatensor_kokkos::Atoms& atoms, const metatensor_kokkos::Box& box,
                        bool with_atom_energies);

    /// Adds the forces of the last evaluation to the engine's `[n_owned + n_ghosts, 3]` float64 array.
    void add_forces_to(const metatensor_kokkos::Array& forces);

    /// The engine's index of the atom of each row of the System.
    metatensor_kokkos::Array atom_of_row() const;

    PhaseTimes& times();

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

} // namespace metatensor_lammps
