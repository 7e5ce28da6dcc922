// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace metatensor_lammps {

/// What follows `pair_style metatensor`.
struct Settings {
    /// File with the exported model.
    std::string model;
    /// Device to run on; the first of the model's devices that is there, if not given.
    std::optional<std::string> device;
    /// Which of the model's energies to take, for `energy/variant`; the only one there is, if not given.
    std::optional<std::string> variant;
    /// Folder with TorchScript extensions of the model.
    std::optional<std::string> extensions;
    /// Whether all that goes into the model and comes out of it is checked, at each step.
    bool check_consistency = false;
};

/// Settings from the words after the style's name.
/// @throws std::invalid_argument for a missing model, unknown keywords and bad values, with what was
/// expected.
Settings parse_settings(const std::vector<std::string>& words);

/// The model's type for each engine type (first: type 1), none for NULL; from the words after `* *`.
/// @throws std::invalid_argument for another number of words than `n_types`, or words that are neither the
/// symbol of an element, an integer nor NULL.
std::vector<std::optional<int>> parse_types(const std::vector<std::string>& words, int n_types);

/// Throws unless the model knows all `types`. `words` are what the user wrote for them.
/// @throws std::invalid_argument with the first type that it does not know, and those that it does.
void check_types(const std::vector<std::optional<int>>& types, const std::vector<std::string>& words,
                 const std::vector<long>& known);

/// Units of length and energy of an engine's unit style, as the model interface spells them.
struct Units {
    std::string style;
    std::string length;
    std::string energy;
};

/// @throws std::invalid_argument for a unit style that has no physical units, or that is not supported.
Units find_units(const std::string& style);

} // namespace metatensor_lammps
