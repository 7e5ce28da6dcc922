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
/// Description of one output (or input) of a model, as TorchScript holds it.
using ModelOutput = torch::intrusive_ptr<ModelOutputHolder>;

class ModelCapabilitiesHolder;
/// What a model can do, as TorchScript holds it.
using ModelCapabilities = torch::intrusive_ptr<ModelCapabilitiesHolder>;

class ModelEvaluationOptionsHolder;
/// What an engine asks of a model, as TorchScript holds it.
using ModelEvaluationOptions = torch::intrusive_ptr<ModelEvaluationOptionsHolder>;

class ModelMetadataHolder;
/// Who made a model and how to cite it, as TorchScript holds it.
using ModelMetadata = torch::intrusive_ptr<ModelMetadataHolder>;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // per_atom, which engines still write

/// Description of one output (or input) of a model.
class METATOMIC_TORCH_EXPORT ModelOutputData {
  public:
    ModelOutputData() = default;
    /// @param sample_kind "system", "atom" or "atom_pair"
    /// @throws ValueError for an invalid unit or sample kind
    ModelOutputData(std::string quantity, std::string unit, std::string sample_kind,
                    std::vector<std::string> explicit_gradients, std::string description);
    /// As above, with `atom` if per_atom else `system`.
    ModelOutputData(std::string quantity, std::string unit, bool per_atom,
                    std::vector<std::string> explicit_gradients, std::string description = "");
    ModelOutputData(std::string quantity, std::string unit, const char* sample_kind,
                    std::vector<std::string> explicit_gradients, std::string description)
        : ModelOutputData(std::move(quantity), std::move(unit), std::string(sample_kind),
                          std::move(explicit_gradients), std::move(description)) {}

    /// What distinguishes this output from other variants of the same quantity.
    std::string description;

    /// Quantity of the output.
    [[deprecated("the unit alone is enough")]] const std::string& quantity() const { return quantity_; }
    /// @throws ValueError if the unit does not fit the quantity
    [[deprecated("the unit alone is enough")]] void set_quantity(std::string quantity);

    /// Unit of the values, see `unit_conversion_factor`; empty for "as the model has it".
    const std::string& unit() const { return unit_; }
    /// @throws ValueError for an invalid unit, or one that does not fit the quantity
    void set_unit(std::string unit);

    /// What a sample is: "system", "atom" or "atom_pair".
    std::string sample_kind() const;
    /// @throws ValueError for another kind
    void set_sample_kind(std::string sample_kind);

    /// Is a sample an atom? Writing true makes the sample kind "atom", writing false turns "atom" into
    /// "system".
    [[deprecated("use sample_kind")]] bool per_atom = false;
    /// @throws ValueError for the sample kind "atom_pair"
    bool get_per_atom() const;
    /// Makes the sample kind "atom" or "system".
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

/// `ModelOutputData` as a TorchScript class.
class METATOMIC_TORCH_EXPORT ModelOutputHolder : public torch::CustomClassHolder, public ModelOutputData {
  public:
    using ModelOutputData::ModelOutputData;
    ModelOutputHolder() = default;
    explicit ModelOutputHolder(ModelOutputData data) : ModelOutputData(std::move(data)) {}
    ~ModelOutputHolder() override = default;

    /// @throws ValueError if this is not what `to_json` writes
    static ModelOutput from_json(std::string_view json);
};

/// What a model can do, but for its outputs, whose type depends on the TorchScript namespace.
class METATOMIC_TORCH_EXPORT ModelCapabilitiesData {
  public:
    ModelCapabilitiesData() = default;
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
    /// @throws ValueError if this is not a unit of length
    void set_length_unit(std::string unit);

    /// `interaction_range` in the unit of the simulation engine.
    ///
    /// @throws ValueError if this is not a unit of length
    double engine_interaction_range(const std::string& engine_length_unit) const;

    /// Names of devices, those the model prefers first.
    std::vector<std::string> supported_devices;

    /// "float32" or "float64"; empty if not set.
    const std::string& dtype() const { return dtype_; }
    /// @throws ValueError for another dtype
    void set_dtype(std::string dtype);

  private:
    std::string length_unit_;
    std::string dtype_;
};

/// What a model can do, as a TorchScript class.
class METATOMIC_TORCH_EXPORT ModelCapabilitiesHolder : public torch::CustomClassHolder,
                                                       public ModelCapabilitiesData {
  public:
    ModelCapabilitiesHolder() = default;
    /// @throws ValueError for invalid names or units of outputs, see also `ModelCapabilitiesData`
    ModelCapabilitiesHolder(torch::Dict<std::string, ModelOutput> outputs, std::vector<int64_t> atomic_types,
                            double interaction_range, std::string length_unit,
                            std::vector<std::string> supported_devices, std::string dtype);
    ~ModelCapabilitiesHolder() override = default;

    /// Outputs by name: `quantity[/variant]` or `domain::name[/variant]`.
    torch::Dict<std::string, ModelOutput> outputs() const { return outputs_; }
    /// @throws ValueError for an invalid name, or a unit that does not fit the quantity of that name
    void set_outputs(torch::Dict<std::string, ModelOutput> outputs);

    /// JSON text; doubles are stored as their bit pattern, so that they come back exactly.
    std::string to_json() const;
    /// @throws ValueError if this is not what `to_json` writes
    static ModelCapabilities from_json(std::string_view json);

  private:
    torch::Dict<std::string, ModelOutput> outputs_;
};

/// What an engine asks of a model, but for the outputs, whose type depends on the TorchScript namespace.
class METATOMIC_TORCH_EXPORT ModelEvaluationOptionsData {
  public:
    ModelEvaluationOptionsData() = default;
    /// @throws ValueError for a unit that is not one of length, or other names of `selected_atoms`
    ModelEvaluationOptionsData(std::string length_unit,
                               std::optional<metatensor_torch::Labels> selected_atoms);

    /// Unit of lengths in the systems; empty for "as the model works".
    const std::string& length_unit() const { return length_unit_; }
    /// @throws ValueError if this is not a unit of length
    void set_length_unit(std::string unit);

    /// [n_selected] with names `system, atom`: the only atoms that outputs speak of; none for all atoms.
    std::optional<metatensor_torch::Labels> get_selected_atoms() const { return selected_atoms_; }
    /// @throws ValueError for other names
    void set_selected_atoms(std::optional<metatensor_torch::Labels> selected_atoms);

  private:
    std::string length_unit_;
    std::optional<metatensor_torch::Labels> selected_atoms_;
};

/// What an engine asks of a model, as a TorchScript class.
class METATOMIC_TORCH_EXPORT ModelEvaluationOptionsHolder : public torch::CustomClassHolder,
                                                            public ModelEvaluationOptionsData {
  public:
    ModelEvaluationOptionsHolder() = default;
    /// @throws ValueError for a unit that is not one of length, or other names of `selected_atoms`
    ModelEvaluationOptionsHolder(std::string length_unit, torch::Dict<std::string, ModelOutput> outputs,
                                 std::optional<metatensor_torch::Labels> selected_atoms);
    ~ModelEvaluationOptionsHolder() override = default;

    /// Requested outputs by name, with the unit and kind of samples that is wanted.
    torch::Dict<std::string, ModelOutput> outputs;

    /// JSON text.
    std::string to_json() const;
    /// @throws ValueError if this is not what `to_json` writes
    static ModelEvaluationOptions from_json(std::string_view json);
};

/// Who made a model and how to cite it.
class METATOMIC_TORCH_EXPORT ModelMetadataData {
  public:
    ModelMetadataData() = default;
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

    /// @throws ValueError for an empty author
    void set_authors(std::vector<std::string> authors);
    /// @throws ValueError for an empty reference, or an unknown section
    void set_references(torch::Dict<std::string, std::vector<std::string>> references);

    /// @throws ValueError for an empty author or reference, or an unknown section of the references
    void validate() const;

    /// JSON text.
    std::string to_json() const;

  protected:
    /// @throws ValueError if this is not what `to_json` writes
    static ModelMetadataData parse_json(std::string_view json);
};

/// `ModelMetadataData` as a TorchScript class.
class METATOMIC_TORCH_EXPORT ModelMetadataHolder : public torch::CustomClassHolder, public ModelMetadataData {
  public:
    using ModelMetadataData::ModelMetadataData;
    ModelMetadataHolder() = default;
    explicit ModelMetadataHolder(ModelMetadataData data) : ModelMetadataData(std::move(data)) {}
    ~ModelMetadataHolder() override = default;

    /// @throws ValueError if this is not what `to_json` writes
    static ModelMetadata from_json(std::string_view json);
};

/// Metadata of the exported model in a file, without loading the model.
///
/// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model
METATOMIC_TORCH_EXPORT ModelMetadata read_model_metadata(std::string path);

/// Warns if the model in a file was exported with other versions, or needs extensions that are not loaded.
///
/// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model
METATOMIC_TORCH_EXPORT void check_atomistic_model(std::string path);

/// Loads the TorchScript extensions (shared libraries) that the model in a file was exported with, where they
/// are not loaded already; one that can not be loaded is a warning.
///
/// @param extensions_directory searched before the places that the loader knows
/// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model
METATOMIC_TORCH_EXPORT void load_model_extensions(std::string path,
                                                  std::optional<std::string> extensions_directory);

/// Loads an exported model: its extensions, the checks of `check_atomistic_model`, then the TorchScript
/// module, on CPU.
///
/// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model; c10::Error
/// if
///     TorchScript can not load it, with a hint where extensions are missing
METATOMIC_TORCH_EXPORT metatensor_torch::Module
load_atomistic_model(std::string path, std::optional<std::string> extensions_directory = std::nullopt);

} // namespace metatomic_torch
