// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"

namespace metatomic_torch {

class NeighborListOptionsHolder;
/// Handle of a `NeighborListOptionsHolder`, as TorchScript holds it.
using NeighborListOptions = torch::intrusive_ptr<NeighborListOptionsHolder>;

class SystemHolder;
/// Handle of a `SystemHolder`, as TorchScript holds it.
using System = torch::intrusive_ptr<SystemHolder>;

/// Which pairs of atoms a model asks for. Two are equal if cutoff, `full_list` and `strict` are.
class METATOMIC_TORCH_EXPORT NeighborListOptionsData {
  public:
    /// Options of a list.
    ///
    /// @param cutoff radius of the list, in the model's length unit
    /// @param full_list does each pair come twice, as i-j and j-i?
    /// @param strict are pairs beyond the cutoff left out? If not, the list may have some (as with a skin)
    /// @param requestor what asks for this list; ignored if empty
    /// @throws ValueError if the cutoff is negative or not a number
    NeighborListOptionsData(double cutoff, bool full_list, bool strict, std::string requestor = "");

    /// Radius of the list in the model's length unit.
    double cutoff() const { return cutoff_; }

    /// Unit of `cutoff`; empty if the model did not say. `AtomisticModel` sets it.
    const std::string& length_unit() const { return length_unit_; }

    /// Sets the unit of `cutoff`.
    ///
    /// @throws ValueError if `length_unit` is not a unit of length
    void set_length_unit(std::string length_unit);

    /// Radius of the list in `engine_length_unit`, the unit of length of the simulation engine.
    ///
    /// @throws ValueError if this is not a unit of length
    double engine_cutoff(const std::string& engine_length_unit) const;

    /// Does each pair come twice, as i-j and j-i?
    bool full_list() const { return full_list_; }

    /// Are pairs beyond the cutoff left out?
    bool strict() const { return strict_; }

    /// All that asked for this list.
    const std::vector<std::string>& requestors() const { return requestors_; }

    /// Adds `requestor` to those who asked for this list, once; an empty text is ignored.
    void add_requestor(std::string requestor);

    /// All members, on several lines.
    std::string repr() const;

    /// The members that identify the list, on one line.
    std::string str() const;

    /// JSON text; doubles are stored as their bit pattern, so that they come back exactly.
    std::string to_json() const;

    /// Whether `other` has the same cutoff, `full_list` and `strict`: what identifies a list.
    bool operator==(const NeighborListOptionsData& other) const {
        return cutoff_ == other.cutoff_ && full_list_ == other.full_list_ && strict_ == other.strict_;
    }

  protected:
    /// @throws ValueError if this is not what `to_json` writes
    static NeighborListOptionsData parse_json(const std::string& json);

  private:
    double cutoff_;
    std::string length_unit_;
    bool full_list_;
    bool strict_;
    std::vector<std::string> requestors_;
};

/// `NeighborListOptionsData` as a TorchScript class: the options of a neighbor list.
class METATOMIC_TORCH_EXPORT NeighborListOptionsHolder final : public torch::CustomClassHolder,
                                                               public NeighborListOptionsData {
  public:
    using NeighborListOptionsData::NeighborListOptionsData;
    /// Options with the members of `data`
    explicit NeighborListOptionsHolder(NeighborListOptionsData data)
        : NeighborListOptionsData(std::move(data)) {}

    /// Options in the text `json`.
    ///
    /// @throws ValueError if this is not what `to_json` writes
    static NeighborListOptions from_json(const std::string& json);
};

/// Do `lhs` and `rhs` describe the same list? (cutoff, `full_list`, `strict`)
inline bool operator==(const NeighborListOptions& lhs, const NeighborListOptions& rhs) {
    return static_cast<const NeighborListOptionsData&>(*lhs) ==
           static_cast<const NeighborListOptionsData&>(*rhs);
}

/// Do `lhs` and `rhs` describe different lists?
inline bool operator!=(const NeighborListOptions& lhs, const NeighborListOptions& rhs) {
    return !(lhs == rhs);
}

/// What to do when data are added under a name that is deprecated: `warn` once, or `accept` them silently.
enum class DeprecatedNames { warn, accept };

/// Atoms of a simulation, their cell, and what an engine stored with them: neighbor lists, other data.
class METATOMIC_TORCH_EXPORT SystemData {
  public:
    /// Atoms in a cell, without neighbor lists or other data. Lengths are in the unit that whoever makes the
    /// system and whoever takes it agree on, for models that of `ModelEvaluationOptions`. The values of cell
    /// and pbc are compared on CPU only, so that nothing waits for a GPU.
    ///
    /// @param types [n_atoms], integers that fit in 32 bits; what they mean is up to the model, often atomic
    ///     numbers
    /// @param positions [n_atoms, 3], float16, bfloat16, float32 or float64
    /// @param cell [3, 3], of the dtype of `positions`; rows are the cell vectors, zero where not periodic
    /// @param pbc [3], bool: is the system periodic along each cell vector?
    /// @throws ValueError if shapes, dtypes, devices or values disagree with the above
    SystemData(torch::Tensor types, torch::Tensor positions, torch::Tensor cell, torch::Tensor pbc);

    /// Types of the atoms, int32 [n_atoms]: atomic numbers or whatever the model uses.
    const torch::Tensor& types() const { return types_; }
    /// Positions of the atoms [n_atoms, 3], in the unit of length of this system.
    const torch::Tensor& positions() const { return positions_; }
    /// Cell vectors [3, 3], one in each row, zero where the system is not periodic.
    const torch::Tensor& cell() const { return cell_; }
    /// Is the system periodic along each cell vector? bool [3]
    const torch::Tensor& pbc() const { return pbc_; }

    /// Replaces `types`.
    ///
    /// @throws ValueError unless the new tensor has the shape, dtype and device of the one it replaces
    void set_types(torch::Tensor types);
    /// Replaces `positions`.
    ///
    /// @throws ValueError unless the new tensor has the shape, dtype and device of the one it replaces
    void set_positions(torch::Tensor positions);
    /// Replaces `cell`.
    ///
    /// @throws ValueError unless the new tensor has the shape, dtype and device of the one it replaces
    void set_cell(torch::Tensor cell);
    /// Replaces `pbc`.
    ///
    /// @throws ValueError unless shape, dtype and device are the old ones, and the cell is zero where not
    ///     periodic
    void set_pbc(torch::Tensor pbc);

    /// Device of everything in this system.
    torch::Device device() const { return types_.device(); }
    /// Type of positions and cell, and of everything else with floating point numbers.
    torch::Dtype scalar_type() const { return positions_.scalar_type(); }
    /// Number of atoms.
    int64_t size() const { return types_.size(0); }

    /// Stores the pairs that belong to `options`.
    ///
    /// @param options what the list is for, of a model's `requested_neighbor_lists`
    /// @param neighbors values [n_pairs, 3, 1], the vectors r_j - r_i + S @ H; samples `first_atom,
    /// second_atom,
    ///     cell_shift_a, cell_shift_b, cell_shift_c`; component `xyz` = 0, 1, 2; property `distance` = 0
    /// @throws ValueError for another layout, device or dtype, for gradients, and for options that are there
    ///     already
    void add_neighbor_list(const NeighborListOptionsData& options, metatensor_torch::TensorBlock neighbors);

    /// The pairs that were added for equal `options`: a block as in `add_neighbor_list`.
    ///
    /// @throws ValueError if there is no such list
    metatensor_torch::TensorBlock get_neighbor_list(const NeighborListOptionsData& options) const;

    /// All neighbor lists, in ascending order of cutoff, then strict last, then full last.
    const std::vector<std::pair<NeighborListOptionsData, metatensor_torch::TensorBlock>>&
    neighbor_lists() const {
        return neighbors_;
    }

    /// Stores what the model asks for beyond positions, types and cell.
    ///
    /// @param name a quantity (`charge`, `velocity/variant`, `domain::name`)
    /// @param tensor on the device and with the dtype of this system
    /// @param override may it replace data of the same name?
    /// @param deprecated_names what to do about a name that is deprecated
    /// @throws ValueError for a name that is not allowed or already used, another device or dtype
    void add_data(std::string name, metatensor_torch::TensorMap tensor, bool override = false,
                  DeprecatedNames deprecated_names = DeprecatedNames::warn);

    /// Stores `tensor` as `add_data` does, with its `override`; as `name`, letters, digits, `_` and `-` are
    /// enough, since models from before metatomic were free to choose one.
    ///
    /// @throws ValueError as `add_data`
    void add_data_of_any_name(std::string name, metatensor_torch::TensorMap tensor, bool override = false);

    /// The data that were added under `name`.
    ///
    /// @throws ValueError if there are no such data
    metatensor_torch::TensorMap get_data(const std::string& name) const;

    /// Names of all data, in alphabetic order.
    std::vector<std::string> known_data() const;

    /// Checks that the cell vectors are zero where the system is not periodic, on any device.
    ///
    /// @throws ValueError if they are not
    void check_cell() const;

    /// This system with positions, cell and pair vectors multiplied by `factor`.
    SystemData with_lengths_scaled(double factor) const;

    /// This system cut off from any graph: positions, cell and pair vectors share their values with those of
    /// this system, and are leaves for autograd, which require a gradient if `requires_grad`. Other data are
    /// left alone.
    SystemData with_new_leaves(bool requires_grad) const;

    /// One line with the number of atoms and the cell.
    std::string str() const;

  protected:
    /// Everything in another dtype (floating point tensors only) or on another device; what is there is
    /// shared.
    SystemData moved_to(std::optional<torch::Dtype> dtype, std::optional<torch::Device> device,
                        bool non_blocking) const;

    /// As `moved_to`, with dtype and device in any order, and given once.
    SystemData moved_to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                                   std::optional<torch::Dtype> dtype, std::optional<torch::Device> device,
                                   bool non_blocking) const;

  private:
    void store_data(std::string name, metatensor_torch::TensorMap tensor, bool override);

    torch::Tensor types_;
    torch::Tensor positions_;
    torch::Tensor cell_;
    torch::Tensor pbc_;
    std::vector<std::pair<NeighborListOptionsData, metatensor_torch::TensorBlock>> neighbors_;
    std::map<std::string, metatensor_torch::TensorMap> data_;
};

/// `SystemData` as a TorchScript class: the atoms that a model is evaluated on.
class METATOMIC_TORCH_EXPORT SystemHolder final : public torch::CustomClassHolder, public SystemData {
  public:
    using SystemData::SystemData;
    /// System with the content of `data`
    explicit SystemHolder(SystemData data) : SystemData(std::move(data)) {}

    /// This system with all floating point data in another type `dtype`, everything on another device
    /// `device`, or both; with `non_blocking`, copies to a GPU are not waited for. In Python and TorchScript,
    /// type and device can also be given as first arguments, in any order. What is as wanted already is
    /// shared.
    ///
    /// @throws ValueError if one of them is given twice, or for a dtype that is not floating point
    /// @throws TypeError for other arguments
    System to(std::optional<torch::Dtype> dtype = std::nullopt,
              std::optional<torch::Device> device = std::nullopt, bool non_blocking = false) const;
    /// The same for `device` alone.
    System to(torch::Device device, bool non_blocking = false) const;
    /// The same as `to`, with type (int) and device (string or device) in any order as `positional_1` and
    /// `positional_2`.
    System to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                         std::optional<torch::Dtype> dtype, std::optional<torch::Device> device,
                         bool non_blocking) const;

    using SystemData::add_neighbor_list;
    using SystemData::get_neighbor_list;
    /// Stores the pairs `neighbors` that belong to `options`, see `SystemData::add_neighbor_list`.
    void add_neighbor_list(const NeighborListOptions& options, metatensor_torch::TensorBlock neighbors) {
        SystemData::add_neighbor_list(*options, std::move(neighbors));
    }
    /// The pairs for equal `options`, see `SystemData::get_neighbor_list`.
    metatensor_torch::TensorBlock get_neighbor_list(const NeighborListOptions& options) const {
        return SystemData::get_neighbor_list(*options);
    }

    /// Options of all neighbor lists, in ascending order of cutoff.
    std::vector<NeighborListOptions> known_neighbor_lists() const;
};

/// A neighbor list in the layout that `SystemData::add_neighbor_list` takes.
///
/// @param samples int32 [n_pairs, 5]: first atom, second atom, and the cell shift S of the pair; no pair may
/// be there
///     twice, which is not checked
/// @param vectors [n_pairs, 3], r_j - r_i + S @ H, on the same device
/// @throws ValueError for other shapes, types or devices
METATOMIC_TORCH_EXPORT metatensor_torch::TensorBlock make_neighbor_list(const torch::Tensor& samples,
                                                                        const torch::Tensor& vectors);

/// The vectors of a neighbor list as a differentiable function of positions and cell: r_ij = r_j - r_i + S @
/// H.
///
/// The forward leaves the values alone; the backward is linear in the incoming gradient and can be
/// differentiated.
class METATOMIC_TORCH_EXPORT NeighborsAutograd : public torch::autograd::Function<NeighborsAutograd> {
  public:
    /// `vectors` as they are, with a gradient with respect to the other arguments.
    ///
    /// @param ctx what the backward finds again
    /// @param positions [n_atoms, 3]
    /// @param cell [3, 3]
    /// @param vectors [n_pairs, 3, 1], which do not require a gradient
    /// @param samples [n_pairs, 5], int32: first atom, second atom, three cell shifts
    /// @throws c10::Error if shapes do not fit
    static torch::Tensor forward(torch::autograd::AutogradContext* ctx, const torch::Tensor& positions,
                                 const torch::Tensor& cell, const torch::Tensor& vectors,
                                 const torch::Tensor& samples);

    /// Gradients with respect to the four tensors of `forward`, in the units of those; those of vectors and
    /// samples are undefined.
    ///
    /// @param ctx what the forward has stored
    /// @param vectors_gradients one tensor, [n_pairs, 3, 1]
    /// @throws c10::Error if that has another shape
    static std::vector<torch::Tensor> backward(torch::autograd::AutogradContext* ctx,
                                               std::vector<torch::Tensor> vectors_gradients);
};

/// Makes the pair vectors depend on positions and cell of the system, for derivatives by autograd; nothing is
/// done if neither of these requires a gradient.
///
/// @param system the atoms that the pairs are of
/// @param neighbors pairs as in `System.add_neighbor_list`; their values are changed in place
/// @param check_consistency compare each vector with r_j - r_i + S @ H (to 1e-6 in float64, 1e-4 otherwise)?
/// @throws ValueError if the values require a gradient already, have another device or dtype, or are not
///     consistent
METATOMIC_TORCH_EXPORT void register_autograd_neighbors(const System& system,
                                                        const metatensor_torch::TensorBlock& neighbors,
                                                        bool check_consistency = false);

} // namespace metatomic_torch
