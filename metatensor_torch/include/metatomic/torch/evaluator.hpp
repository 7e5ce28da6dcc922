// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"
#include "metatomic/torch/model.hpp"
#include "metatomic/torch/system.hpp"

namespace metatomic_torch {

/// A neighbor list that a model asks for, as an engine sees it.
struct NeighborRequest {
    /// What the list is stored for in a System, with the cutoff in the model's unit of length.
    NeighborListOptions options;
    /// The cutoff in the engine's unit of length.
    double cutoff = 0;
};

/// Pairs of atoms, as a library for neighbor lists finds them.
struct NeighborPairs {
    /// Integers [n_pairs, 5]: first atom i, second atom j, and the cell shift S of r_ij = r_j - r_i + S @ H,
    /// where rows of H are the cell vectors. No pair may be there twice; that is not checked.
    torch::Tensor samples;
    /// The vectors r_ij [n_pairs, 3] in the engine's unit of length; computed from `samples` if this is
    /// undefined.
    torch::Tensor vectors;
};

/// Finds the pairs of a system for a list; an engine provides it. The pairs of a full list come twice, as i-j
/// and j-i. Pairs beyond the cutoff may be among them, as in a list that is kept for several steps: where the
/// model wants a strict list, they are left out.
using NeighborFinder = std::function<NeighborPairs(const System& system, const NeighborRequest& request)>;

/// How an Evaluator runs its model.
struct EvaluatorOptions {
    /// The engine's unit of length: of positions, cells, vectors of pairs.
    std::string length_unit = "angstrom";
    /// The engine's unit of energy: of energies and virials, and with `length_unit` of forces.
    std::string energy_unit = "eV";
    /// Which of the model's energies to take, for `energy/variant`; the only one there is, if not given.
    std::optional<std::string> energy_variant = std::nullopt;
    /// Where to run the model ("cpu", "cuda", "cuda:1", ...); the first of the model's devices that is there,
    /// if not given.
    std::optional<std::string> device = std::nullopt;
    /// Place of this process among those that share the machine: with a device of type CUDA but no number,
    /// the model runs on the one with the number `local_rank` modulo that of devices.
    int local_rank = 0;
    /// Whether all that goes into the model and comes out of it is checked in each evaluation, vectors of
    /// pairs against positions included.
    bool check_consistency = false;
    /// Finds the pairs for neighbor lists that a system lacks.
    NeighborFinder find_neighbors = nullptr;
};

/// What an evaluation is asked for.
struct EvaluationRequest {
    /// The energy. Steps of molecular dynamics that only need its derivatives may do without: then a model in
    /// float32 does not have to give the energies of atoms.
    bool energy = true;
    /// Forces on all atoms.
    bool forces = true;
    /// The virial of the system.
    bool virial = false;
    /// Energies of atoms.
    bool atom_energies = false;
    /// Virials of atoms.
    bool atom_virials = false;
    /// The only atoms whose energies are computed and added up, [n_selected] with the names `system, atom`,
    /// of system 0; nullopt for all. Forces on all atoms are the derivatives of this sum.
    std::optional<metatensor_torch::Labels> selected_atoms = std::nullopt;
    /// Other outputs to compute, by name, with the wanted unit and sample kind.
    c10::Dict<std::string, ModelOutput> outputs = c10::Dict<std::string, ModelOutput>();

    /// Whether the energy has to be differentiated for this.
    bool has_derivatives() const { return forces || virial || atom_virials; }
};

/// Results of an evaluation: tensors with the dtype and on the device of the system that was given, where
/// nothing else is said; those that were not asked for are undefined.
struct Evaluation {
    /// Sum of the energies of all (selected) atoms, float64 [].
    torch::Tensor energy;
    /// -dE/d(position) [n_atoms, 3].
    torch::Tensor forces;
    /// -dE/d(strain) [3, 3], where a strain e takes each vector r of positions, cell and pairs to r @ (1 +
    /// e). The stress of a system with volume V is -virial / V. Symmetric for energies that do not change
    /// under rotations.
    torch::Tensor virial;
    /// Energies [n_atoms], or [n_selected] in the order of `selected_atoms`.
    torch::Tensor atom_energies;
    /// Virials [n_atoms, 3, 3]: for each pair, half of -r_ij (x) dE/dr_ij at each of the two atoms. They add
    /// up to `virial`.
    torch::Tensor atom_virials;
    /// The other outputs that were asked for, without gradients of autograd.
    c10::Dict<std::string, metatensor_torch::TensorMap> outputs;
};

/// The energy that a model has computed, and what it can be differentiated with respect to.
struct DifferentiableEnergy {
    /// [1], or by atom [n_atoms] or [n_selected], on the model's device, with the graph of its computation.
    /// By atom if that was asked for, or if the energy was and `Evaluator::adds_atom_energies`.
    torch::Tensor values;
    /// What the model has read: positions, cell and vectors of pairs are leaves of that graph.
    System system;
    /// The other outputs that were asked for, with their graph.
    c10::Dict<std::string, metatensor_torch::TensorMap> outputs;
};

/// Derivatives of an energy with respect to all that a model can read, on the model's device. What the energy
/// does not depend on is undefined.
struct METATOMIC_TORCH_EXPORT EnergyGradients {
    /// [n_atoms, 3], with the vectors of pairs held fixed.
    torch::Tensor positions;
    /// [3, 3], with the vectors of pairs held fixed.
    torch::Tensor cell;
    /// [n_pairs, 3] for each neighbor list that the model asks for, in the order of
    /// `Evaluator::neighbor_requests`.
    std::vector<torch::Tensor> vectors;

    /// Checks that the energy depends on vectors of pairs alone, so that each pair has its share of the
    /// virial.
    ///
    /// @throws ValueError if the model reads positions or the cell
    void check_virials_of_pairs() const;
};

/// A saved model behind the interface of a simulation engine: a System goes in; energy, forces, virial and
/// quantities of atoms come out.
///
/// Forces and virial come from the derivatives of the energy with respect to the vectors of pairs, of
/// positions and of the cell: nothing in the given system has to require a gradient. With g_ij = dE/dr_ij the
/// force is F_i = sum_j g_ij, F_j = -sum_i g_ij, and the virial -sum_ij r_ij (x) g_ij; what the model
/// computes from positions and cell themselves is added.
///
/// One Evaluator serves one thread at a time.
class METATOMIC_TORCH_EXPORT Evaluator {
  public:
    /// Loads a model.
    ///
    /// @param path name of the file
    /// @param options how to run it
    /// @param extensions_directory where to look first for the TorchScript extensions that the model needs
    /// @throws ValueError if the file is not there or not an atomistic model, if the model has no energy, or
    /// several and
    ///     none is chosen, or for units of another dimension
    /// @throws RuntimeError if the device is not there, or the model does not support it
    explicit Evaluator(const std::string& path, EvaluatorOptions options = {},
                       std::optional<std::string> extensions_directory = std::nullopt);

    /// Takes a `model` that is loaded already, which is moved to the device, with `options` as for a file.
    ///
    /// @throws ValueError as for a file
    /// @throws RuntimeError as for a file
    explicit Evaluator(metatensor_torch::Module model, EvaluatorOptions options = {});

    /// Where the model runs.
    torch::Device device() const { return device_; }
    /// The precision in which the model works: float32 or float64.
    torch::ScalarType dtype() const { return dtype_; }
    /// What the model can do.
    const ModelCapabilities& capabilities() const { return capabilities_; }
    /// Who made the model, and how to cite it.
    const ModelMetadata& metadata() const { return metadata_; }
    /// The neighbor lists that the model asks for.
    const std::vector<NeighborRequest>& neighbor_requests() const { return neighbor_requests_; }
    /// The largest cutoff of these, 0 if there are none; in the engine's unit of length.
    double cutoff() const;
    /// Distance beyond which atoms do not influence each other, possibly infinite; in the engine's unit of
    /// length.
    double interaction_range() const { return interaction_range_; }
    /// What the model reads beside atoms and neighbor lists, by name: it has to be in each system, see
    /// `SystemData::add_data`.
    const c10::Dict<std::string, ModelOutput>& requested_inputs() const { return requested_inputs_; }
    /// Name of the model's output that is taken as the energy.
    const std::string& energy_name() const { return energy_name_; }
    /// Whether the model can give the energies of atoms.
    bool has_atom_energies() const;
    /// Whether the energy is the sum, in float64, of the energies of atoms: so for models in float32 that can
    /// give these, as their own sum would be rounded to float32.
    bool adds_atom_energies() const { return dtype_ == torch::kFloat32 && has_atom_energies(); }

    /// Energy and all else that was asked for.
    ///
    /// A system without atoms, or pairs, has the energy that the model gives it, and no forces.
    ///
    /// @param system atoms with lengths in the engine's unit, on any device and of any dtype: the model gets
    /// them as it
    ///     needs them. Neighbor lists that it lacks are made with `EvaluatorOptions::find_neighbors`.
    /// @param request what to compute
    /// @throws ValueError for what the model can not compute, for types of atoms that it does not know, for
    /// neighbor lists
    ///     and other inputs that are missing, and for energies of another layout than the metatomic standard
    ///     gives
    /// @throws std::exception whatever the model throws
    Evaluation evaluate(const System& system, const EvaluationRequest& request = {});

    /// The same without a result: TorchScript compiles a model during its first evaluations, which are slow;
    /// `n_times` of them are done here for a typical `system` and `request`.
    ///
    /// @throws ValueError as for `evaluate`
    void warm_up(const System& system, const EvaluationRequest& request = {}, int n_times = 2);

    /// The first half of `evaluate`, for engines that add up forces themselves.
    ///
    /// Whether the request is for forces or virials does not matter, but without any of them no graph is
    /// recorded.
    ///
    /// @param system on the model's device and of its dtype, with all neighbor lists
    /// @param asked_for what to compute
    /// @throws ValueError as for `evaluate`
    DifferentiableEnergy compute_energy(const System& system, const EvaluationRequest& asked_for);

    /// The second half: derivatives of the sum of the values of `energy`, whose graph is freed.
    ///
    /// @throws ValueError if the model has computed the energy without gradients
    EnergyGradients differentiate(const DifferentiableEnergy& energy) const;

  private:
    void read_model();
    void check_request(const EvaluationRequest& request) const;
    System with_neighbor_lists(const System& system) const;
    ModelEvaluationOptions evaluation_options(const EvaluationRequest& request) const;

    EvaluatorOptions options_;
    metatensor_torch::Module model_;
    ModelCapabilities capabilities_;
    ModelMetadata metadata_;
    std::string energy_name_;
    torch::Device device_ = torch::kCPU;
    torch::ScalarType dtype_ = torch::kFloat64;
    double interaction_range_ = 0;
    std::vector<NeighborRequest> neighbor_requests_;
    c10::Dict<std::string, ModelOutput> requested_inputs_;
};

} // namespace metatomic_torch
