// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"

namespace metatomic_torch {

class ModelOutputHolder;
/// Handle of a `ModelOutputHolder`, as TorchScript holds it.
using ModelOutput = torch::intrusive_ptr<ModelOutputHolder>;

class ModelCapabilitiesHolder;
/// Handle of a `ModelCapabilitiesHolder`, as TorchScript holds it.
using ModelCapabilities = torch::intrusive_ptr<ModelCapabilitiesHolder>;

class ModelEvaluationOptionsHolder;
/// Handle of a `ModelEvaluationOptionsHolder`, as TorchScript holds it.
using ModelEvaluationOptions = torch::intrusive_ptr<ModelEvaluationOptionsHolder>;

class ModelMetadataHolder;
/// Handle of a `ModelMetadataHolder`, as TorchScript holds it.
using ModelMetadata = torch::intrusive_ptr<ModelMetadataHolder>;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // per_atom, which engines still write

/// Description of one output of a model, as it is offered or requested, or of one input, as it is requested.
class METATOMIC_TORCH_EXPORT ModelOutputData {
  public:
    /// Values for systems in no particular unit.
    ModelOutputData() = default;
    /// Description with these members.
    ///
    /// @param quantity not needed any more: the unit is checked against it if it is given
    /// @param unit unit of the values, see `unit_conversion_factor`; empty for "as the model has it"
    /// @param sample_kind what a sample is: "system" (the default in Python), "atom" or "atom_pair"
    /// @param explicit_gradients names of the gradients that the TensorMap comes with
    /// @param description what distinguishes this from other variants of the same quantity
    /// @throws ValueError for an invalid unit or sample kind
    ModelOutputData(std::string quantity, std::string unit, std::string sample_kind,
                    std::vector<std::string> explicit_gradients, std::string description);
    /// The same, with the sample kind "atom" if `per_atom`, else "system".
    ModelOutputData(std::string quantity, std::string unit, bool per_atom,
                    std::vector<std::string> explicit_gradients, std::string description = "");
    /// The same for a `sample_kind` that is a literal.
    ModelOutputData(std::string quantity, std::string unit, const char* sample_kind,
                    std::vector<std::string> explicit_gradients, std::string description)
        : ModelOutputData(std::move(quantity), std::move(unit), std::string(sample_kind),
                          std::move(explicit_gradients), std::move(description)) {}

    /// What distinguishes this output from other variants of the same quantity.
    std::string description;

    /// Quantity of the output; not needed any more.
    [[deprecated("the unit alone is enough")]] const std::string& quantity() const { return quantity_; }
    /// Sets the quantity.
    ///
    /// @throws ValueError if the unit does not fit the `quantity`
    [[deprecated("the unit alone is enough")]] void set_quantity(std::string quantity);

    /// Unit of the values, see `unit_conversion_factor`; empty for "as the model has it".
    const std::string& unit() const { return unit_; }
    /// Sets the unit.
    ///
    /// @throws ValueError for an invalid `unit`, or one that does not fit the quantity
    void set_unit(std::string unit);

    /// What a sample is: "system", "atom" or "atom_pair".
    std::string sample_kind() const;
    /// Sets what a sample is.
    ///
    /// @throws ValueError unless `sample_kind` is one of these
    void set_sample_kind(std::string sample_kind);

    /// Is a sample an atom? Writing true makes the sample kind "atom", writing false turns "atom" into
    /// "system". New code uses `sample_kind`.
    [[deprecated("use sample_kind")]] bool per_atom = false;
    /// Is a sample an atom?
    ///
    /// @throws ValueError for the sample kind "atom_pair"
    bool get_per_atom() const;
    /// Makes the sample kind "atom" if `per_atom`, else "system".
    void set_per_atom(bool per_atom);

    /// Names of the gradients that the output comes with, in the TensorMap.
    std::vector<std::string> explicit_gradients;

    /// JSON text.
    std::string to_json() const;

  protected:
    /// @throws ValueError if this is not what `to_json` writes
    static ModelOutputData parse_json(std::string_view json);

  private:
    std::string quantity_;
    std::string unit_;
    std::string sample_kind_ = "system";
};

#pragma GCC diagnostic pop

/// `ModelOutputData` as a TorchScript class: the description of an output.
class METATOMIC_TORCH_EXPORT ModelOutputHolder : public torch::CustomClassHolder, public ModelOutputData {
  public:
    using ModelOutputData::ModelOutputData;
    /// Values for systems in no particular unit.
    ModelOutputHolder() = default;
    /// Description with the members of `data`
    explicit ModelOutputHolder(ModelOutputData data) : ModelOutputData(std::move(data)) {}
    ~ModelOutputHolder() override = default;

    /// Description in the text `json`.
    ///
    /// @throws ValueError if this is not what `to_json` writes
    static ModelOutput from_json(std::string_view json);
};

/// What a model can do. Outputs, whose type depends on the TorchScript namespace, stand in
/// `ModelCapabilitiesHolder`.
class METATOMIC_TORCH_EXPORT ModelCapabilitiesData {
  public:
    /// Nothing is set.
    ModelCapabilitiesData() = default;
    /// Capabilities with these members, see `ModelCapabilitiesHolder`.
    ///
    /// @throws ValueError for a `length_unit` that is not one of length, or another `dtype`
    ModelCapabilitiesData(std::vector<int64_t> atomic_types, double interaction_range,
                          std::string length_unit, std::vector<std::string> supported_devices,
                          std::string dtype);

    /// Types of atoms that the model knows.
    std::vector<int64_t> atomic_types;

    /// How far away an atom can be and still change a per-atom output, in `length_unit`; -1 if not set.
    double interaction_range = -1.0;

    /// Unit of lengths that the model works with; empty for "as they come".
    const std::string& length_unit() const { return length_unit_; }
    /// Sets the unit of lengths.
    ///
    /// @throws ValueError if `unit` is not a unit of length
    void set_length_unit(std::string unit);

    /// The interaction range in `engine_length_unit`, the unit of length of the simulation engine.
    ///
    /// @throws ValueError if this is not a unit of length
    double engine_interaction_range(const std::string& engine_length_unit) const;

    /// Names of devices ("cpu", "cuda", ...), those the model prefers first.
    std::vector<std::string> supported_devices;

    /// Type of the numbers that the model works with: "float32" or "float64"; empty if not set.
    const std::string& dtype() const { return dtype_; }
    /// Sets the type of the numbers that the model works with.
    ///
    /// @throws ValueError unless `dtype` is one of these
    void set_dtype(std::string dtype);

  private:
    std::string length_unit_;
    std::string dtype_;
};

/// `ModelCapabilitiesData` with outputs, as a TorchScript class: what a model can do.
class METATOMIC_TORCH_EXPORT ModelCapabilitiesHolder : public torch::CustomClassHolder,
                                                       public ModelCapabilitiesData {
  public:
    /// Nothing is set.
    ModelCapabilitiesHolder() = default;
    /// Capabilities of a model.
    ///
    /// @param outputs by name: `quantity[/variant]` for a standard quantity, or `domain::name[/variant]`
    /// @param atomic_types types of atoms that the model knows
    /// @param interaction_range how far away an atom can be and still change a per-atom output, in
    ///     `length_unit`; longer than the cutoff if the model passes messages between atoms, may be infinite
    /// @param length_unit unit of lengths that the model works with
    /// @param supported_devices "cpu", "cuda", ..., those the model prefers first
    /// @param dtype type of the numbers that the model works with: "float32" or "float64"
    /// @throws ValueError for invalid names or units of outputs, a `length_unit` that is not one of length,
    /// or
    ///     another `dtype`
    ModelCapabilitiesHolder(torch::Dict<std::string, ModelOutput> outputs, std::vector<int64_t> atomic_types,
                            double interaction_range, std::string length_unit,
                            std::vector<std::string> supported_devices, std::string dtype);
    ~ModelCapabilitiesHolder() override = default;

    /// Outputs by name: `quantity[/variant]` or `domain::name[/variant]`.
    torch::Dict<std::string, ModelOutput> outputs() const { return outputs_; }
    /// Sets the outputs.
    ///
    /// @throws ValueError for an invalid name in `outputs`, or a unit that does not fit the quantity of that
    /// name
    void set_outputs(torch::Dict<std::string, ModelOutput> outputs);

    /// JSON text; doubles are stored as their bit pattern, so that they come back exactly.
    std::string to_json() const;
    /// Capabilities in the text `json`.
    ///
    /// @throws ValueError if this is not what `to_json` writes
    static ModelCapabilities from_json(std::string_view json);

  private:
    torch::Dict<std::string, ModelOutput> outputs_;
};

/// What an engine asks of a model. Outputs, whose type depends on the TorchScript namespace, stand in
/// `ModelEvaluationOptionsHolder`.
class METATOMIC_TORCH_EXPORT ModelEvaluationOptionsData {
  public:
    /// All atoms, lengths in the unit of the model.
    ModelEvaluationOptionsData() = default;
    /// Options with these members, see `ModelEvaluationOptionsHolder`.
    ///
    /// @throws ValueError for a `length_unit` that is not one of length, or other names of `selected_atoms`
    ModelEvaluationOptionsData(std::string length_unit,
                               std::optional<metatensor_torch::Labels> selected_atoms);

    /// Unit of lengths in the systems; empty for "as the model works".
    const std::string& length_unit() const { return length_unit_; }
    /// Sets the unit of lengths.
    ///
    /// @throws ValueError if `unit` is not a unit of length
    void set_length_unit(std::string unit);

    /// The only atoms that outputs speak of, [n_selected] with the names `system, atom`; None for all atoms.
    std::optional<metatensor_torch::Labels> get_selected_atoms() const { return selected_atoms_; }
    /// Sets the atoms that outputs speak of.
    ///
    /// @throws ValueError if `selected_atoms` has other names
    void set_selected_atoms(std::optional<metatensor_torch::Labels> selected_atoms);

  private:
    std::string length_unit_;
    std::optional<metatensor_torch::Labels> selected_atoms_;
};

/// `ModelEvaluationOptionsData` with outputs, as a TorchScript class: what an engine asks of a model.
class METATOMIC_TORCH_EXPORT ModelEvaluationOptionsHolder : public torch::CustomClassHolder,
                                                            public ModelEvaluationOptionsData {
  public:
    /// Nothing is asked.
    ModelEvaluationOptionsHolder() = default;
    /// What is asked of a model.
    ///
    /// @param length_unit unit of lengths in the systems; empty for "as the model works"
    /// @param outputs what to compute, by name, with the unit and kind of samples that is wanted
    /// @param selected_atoms the only atoms that outputs speak of, [n_selected] with the names `system,
    /// atom`;
    ///     None for all atoms
    /// @throws ValueError for a unit that is not one of length, or other names of `selected_atoms`
    ModelEvaluationOptionsHolder(std::string length_unit, torch::Dict<std::string, ModelOutput> outputs,
                                 std::optional<metatensor_torch::Labels> selected_atoms);
    ~ModelEvaluationOptionsHolder() override = default;

    /// Requested outputs by name, with the unit and kind of samples that is wanted.
    torch::Dict<std::string, ModelOutput> outputs;

    /// JSON text.
    std::string to_json() const;
    /// Options in the text `json`.
    ///
    /// @throws ValueError if this is not what `to_json` writes
    static ModelEvaluationOptions from_json(std::string_view json);
};

/// Who made a model and how to cite it; printed, it is a text for users.
class METATOMIC_TORCH_EXPORT ModelMetadataData {
  public:
    /// All is empty.
    ModelMetadataData() = default;
    /// Metadata of a model.
    ///
    /// @param name name of the model
    /// @param description what the model is, any length
    /// @param authors `Name <email>` of each author
    /// @param references lists of them under "implementation", "architecture" and "model"
    /// @param extra anything else
    /// @throws ValueError for an empty author or reference, or an unknown section of the references
    ModelMetadataData(std::string name, std::string description, std::vector<std::string> authors,
                      torch::Dict<std::string, std::vector<std::string>> references,
                      torch::Dict<std::string, std::string> extra);

    /// Name of the model.
    std::string name;
    /// What the model is, any length.
    std::string description;
    /// `Name <email>` of each author.
    std::vector<std::string> authors;
    /// References by section: "implementation", "architecture" or "model".
    torch::Dict<std::string, std::vector<std::string>> references;
    /// Anything else.
    torch::Dict<std::string, std::string> extra;

    /// Text of at most 80 columns (longer words are kept whole) that asks the user to cite the references.
    std::string print() const;

    /// Sets the authors.
    ///
    /// @throws ValueError for an empty author in `authors`
    void set_authors(std::vector<std::string> authors);
    /// Sets the references.
    ///
    /// @throws ValueError for an empty reference, or an unknown section in `references`
    void set_references(torch::Dict<std::string, std::vector<std::string>> references);

    /// Checks authors and references, which can be written without a check.
    ///
    /// @throws ValueError for an empty author or reference, or an unknown section of the references
    void validate() const;

    /// JSON text.
    std::string to_json() const;

  protected:
    /// @throws ValueError if this is not what `to_json` writes
    static ModelMetadataData parse_json(std::string_view json);
};

/// `ModelMetadataData` as a TorchScript class: who made a model and how to cite it.
class METATOMIC_TORCH_EXPORT ModelMetadataHolder : public torch::CustomClassHolder, public ModelMetadataData {
  public:
    using ModelMetadataData::ModelMetadataData;
    /// All is empty.
    ModelMetadataHolder() = default;
    /// Metadata with the members of `data`
    explicit ModelMetadataHolder(ModelMetadataData data) : ModelMetadataData(std::move(data)) {}
    ~ModelMetadataHolder() override = default;

    /// Metadata in the text `json`.
    ///
    /// @throws ValueError if this is not what `to_json` writes
    static ModelMetadata from_json(std::string_view json);
};

/// Metadata of the exported model in a file, without loading the model.
///
/// @param path name of the file
/// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model
METATOMIC_TORCH_EXPORT ModelMetadata read_model_metadata(std::string path);

/// Checks that a file holds an exported model; warns if that was exported with other versions, or needs
/// extensions that are not loaded.
///
/// @param path name of the file
/// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model
METATOMIC_TORCH_EXPORT void check_atomistic_model(std::string path);

/// Loads the TorchScript extensions (shared libraries) that the model in a file was exported with, where they
/// are not loaded already; one that can not be loaded is a warning.
///
/// @param path name of the file
/// @param extensions_directory searched before the places that the loader knows
/// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model
METATOMIC_TORCH_EXPORT void load_model_extensions(std::string path,
                                                  std::optional<std::string> extensions_directory);

/// Loads an exported model: its extensions, the checks of `check_atomistic_model`, then the TorchScript
/// module, on CPU.
///
/// @param path name of the file
/// @param extensions_directory where to look first for the extensions
/// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model
/// @throws c10::Error if TorchScript can not load it, with a hint where extensions are missing
METATOMIC_TORCH_EXPORT metatensor_torch::Module
load_atomistic_model(std::string path, std::optional<std::string> extensions_directory = std::nullopt);

} // namespace metatomic_torch
