// SPDX-License-Identifier: BSD-3-Clause
#include "settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include <sys/stat.h>

namespace metatensor_lammps {

namespace {

bool parse_switch(const std::string& keyword, const std::string& value) {
    static constexpr std::array<const char*, 4> on = {"on", "yes", "true", "1"};
    static constexpr std::array<const char*, 4> off = {"off", "no", "false", "0"};
    if (std::find(on.begin(), on.end(), value) != on.end()) return true;
    if (std::find(off.begin(), off.end(), value) != off.end()) return false;
    throw std::invalid_argument("the value of '" + keyword + "' must be on or off, got '" + value + "'");
}

// Not by std::filesystem: the libtorch.so of some CUDA builds of torch exports functions of it that crash.
std::string parse_folder(const std::string& keyword, const std::string& value) {
    struct stat status = {};
    if (::stat(value.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return value;
    throw std::invalid_argument("the value of '" + keyword + "' must be a folder, got '" + value + "'");
}

struct Option {
    const char* keyword;
    const char* value;
    void (*apply)(Settings&, const std::string& value);
};

/// The keywords of pair_style: one row each.
constexpr std::array<Option, 4> options = {{
    {"device", "DEVICE", [](Settings& settings, const std::string& value) { settings.device = value; }},
    {"variant", "NAME", [](Settings& settings, const std::string& value) { settings.variant = value; }},
    {"extensions", "DIRECTORY",
     [](Settings& settings, const std::string& value) {
         settings.extensions = parse_folder("extensions", value);
     }},
    {"check_consistency", "on|off",
     [](Settings& settings, const std::string& value) {
         settings.check_consistency = parse_switch("check_consistency", value);
     }},
}};

std::string describe_options() {
    std::string text;
    for (const auto& option : options) {
        text += std::string(text.empty() ? "" : ", ") + option.keyword + " " + option.value;
    }
    return text;
}

/// Symbols of the elements, in the order of their atomic numbers.
constexpr std::array<const char*, 118> elements = {
    "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl",
    "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se",
    "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb",
    "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er",
    "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At",
    "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No",
    "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og"};

std::optional<int> parse_type(const std::string& word) {
    if (word == "NULL") return std::nullopt;
    const auto symbol = std::find(elements.begin(), elements.end(), word);
    if (symbol != elements.end()) return static_cast<int>(symbol - elements.begin()) + 1;
    int number = 0;
    const auto* end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end) return number;
    throw std::invalid_argument(
        "'" + word + "' is neither the symbol of an element, an integer type of the model, nor NULL");
}

std::string join(const std::vector<long>& numbers) {
    std::string text;
    for (const auto number : numbers)
        text += (text.empty() ? "" : " ") + std::to_string(number);
    return text;
}

constexpr std::array<std::array<const char*, 3>, 4> known_units = {{{"metal", "angstrom", "eV"},
                                                                    {"real", "angstrom", "kcal/mol"},
                                                                    {"si", "m", "J"},
                                                                    {"electron", "bohr", "Hartree"}}};

} // namespace

Settings parse_settings(const std::vector<std::string>& words) {
    if (words.empty())
        throw std::invalid_argument("expected the file of a model after 'pair_style metatensor'");
    Settings settings;
    settings.model = words[0];
    for (std::size_t k = 1; k < words.size(); k += 2) {
        const auto option = std::find_if(options.begin(), options.end(),
                                         [&](const Option& row) { return words[k] == row.keyword; });
        if (option == options.end()) {
            throw std::invalid_argument("unknown keyword '" + words[k] +
                                        "', expected one of: " + describe_options());
        }
        if (k + 1 == words.size()) {
            throw std::invalid_argument("keyword '" + words[k] + "' must be followed by " + option->value);
        }
        option->apply(settings, words[k + 1]);
    }
    return settings;
}

std::vector<std::optional<int>> parse_types(const std::vector<std::string>& words, int n_types) {
    if (words.size() != static_cast<std::size_t>(n_types)) {
        throw std::invalid_argument("expected an element, a type of the model or NULL for each of the " +
                                    std::to_string(n_types) + " atom types after '* *', got " +
                                    std::to_string(words.size()));
    }
    std::vector<std::optional<int>> types;
    types.reserve(words.size());
    for (const auto& word : words)
        types.push_back(parse_type(word));
    return types;
}

void check_types(const std::vector<std::optional<int>>& types, const std::vector<std::string>& words,
                 const std::vector<long>& known) {
    for (std::size_t k = 0; k < types.size(); ++k) {
        if (!types[k] || std::find(known.begin(), known.end(), *types[k]) != known.end()) continue;
        const auto number = std::to_string(*types[k]);
        const auto name = words[k] == number ? "type " + number : words[k] + " (type " + number + ")";
        throw std::invalid_argument("the model does not know " + name + " of atom type " +
                                    std::to_string(k + 1) + ", it knows the types: " + join(known));
    }
}

Units find_units(const std::string& style) {
    std::string supported;
    for (const auto& row : known_units) {
        if (style == row[0]) return {row[0], row[1], row[2]};
        supported += std::string(supported.empty() ? "" : ", ") + row[0];
    }
    throw std::invalid_argument("units '" + style + "' are not supported, expected one of: " + supported);
}

} // namespace metatensor_lammps
