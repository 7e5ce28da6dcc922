// SPDX-License-Identifier: BSD-3-Clause
#include "metatomic/torch/units.hpp"

#include "lower_case.hpp"
#include "warn_once.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <sstream>
#include <string_view>
#include <unordered_map>

#include <torch/script.h>

namespace metatomic_torch {
namespace {

/// Exponents of length, time, mass, electric current and temperature.
using Dimension = std::array<double, 5>;

/// A number with a dimension: `factor` times the SI unit.
struct Quantity {
    double factor;
    Dimension dimension;
};

constexpr Dimension NO_DIMENSION = {0, 0, 0, 0, 0};
constexpr Dimension LENGTH = {1, 0, 0, 0, 0};
constexpr Dimension TIME = {0, 1, 0, 0, 0};
constexpr Dimension MASS = {0, 0, 1, 0, 0};
constexpr Dimension TEMPERATURE = {0, 0, 0, 0, 1};
constexpr Dimension CHARGE = {0, 1, 0, 1, 0};
constexpr Dimension DIPOLE = {1, 1, 0, 1, 0};
constexpr Dimension VELOCITY = {1, -1, 0, 0, 0};
constexpr Dimension MOMENTUM = {1, -1, 1, 0, 0};
constexpr Dimension FORCE = {1, -2, 1, 0, 0};
constexpr Dimension PRESSURE = {-1, -2, 1, 0, 0};
constexpr Dimension ENERGY = {2, -2, 1, 0, 0};
constexpr Dimension ACTION = {2, -1, 1, 0, 0};
constexpr Dimension VOLTAGE = {2, -3, 1, -1, 0};
constexpr Dimension HEAT_FLUX = {3, -3, 1, 0, 0}; // energy times velocity, over the whole system

// CODATA 2022
constexpr double ELEMENTARY_CHARGE = 1.602176634e-19;
constexpr double BOHR = 5.2917721054482e-11;
constexpr double HARTREE = 4.359744722206048e-18;
constexpr double DALTON = 1.6605390689252e-27;
constexpr double ELECTRON_MASS = 9.109383713928e-31;
constexpr double HBAR = 1.0545718176462e-34;
constexpr double AVOGADRO = 6.02214076e23;
constexpr double DEBYE = 3.33564095198152e-30;

/// How a name may be spelled.
enum class Spelling {
    any_case, ///< `bohr`, `Bohr`, `BOHR`
    prefix,   ///< as any_case, but the first letter is the SI prefix m or M, whose case counts
    exact,    ///< as it stands
};

struct Unit {
    std::string_view name;
    Quantity value;
    Spelling spelling = Spelling::any_case;
};

constexpr Unit UNITS[] = {
    {"angstrom", {1e-10, LENGTH}},
    {"A", {1e-10, LENGTH}},
    {"Å", {1e-10, LENGTH}, Spelling::exact},      // U+00C5
    {"\u212b", {1e-10, LENGTH}, Spelling::exact}, // the angstrom sign
    {"bohr", {BOHR, LENGTH}},
    {"meter", {1.0, LENGTH}},
    {"m", {1.0, LENGTH}},
    {"centimeter", {1e-2, LENGTH}},
    {"cm", {1e-2, LENGTH}},
    {"millimeter", {1e-3, LENGTH}},
    {"mm", {1e-3, LENGTH}, Spelling::prefix},
    {"micrometer", {1e-6, LENGTH}},
    {"um", {1e-6, LENGTH}},
    {"µm", {1e-6, LENGTH}},      // U+00B5, the micro sign
    {"\u03bcm", {1e-6, LENGTH}}, // the Greek letter
    {"nanometer", {1e-9, LENGTH}},
    {"nm", {1e-9, LENGTH}},

    {"second", {1.0, TIME}},
    {"s", {1.0, TIME}},
    {"millisecond", {1e-3, TIME}},
    {"ms", {1e-3, TIME}, Spelling::prefix},
    {"microsecond", {1e-6, TIME}},
    {"us", {1e-6, TIME}},
    {"µs", {1e-6, TIME}},
    {"\u03bcs", {1e-6, TIME}},
    {"nanosecond", {1e-9, TIME}},
    {"ns", {1e-9, TIME}},
    {"picosecond", {1e-12, TIME}},
    {"ps", {1e-12, TIME}},
    {"femtosecond", {1e-15, TIME}},
    {"fs", {1e-15, TIME}},

    {"kilogram", {1.0, MASS}},
    {"kg", {1.0, MASS}},
    {"gram", {1e-3, MASS}},
    {"g", {1e-3, MASS}},
    {"dalton", {DALTON, MASS}},
    {"u", {DALTON, MASS}},
    {"Da", {DALTON, MASS}, Spelling::exact},
    {"electron_mass", {ELECTRON_MASS, MASS}},
    {"m_e", {ELECTRON_MASS, MASS}},

    {"kelvin", {1.0, TEMPERATURE}},
    {"K", {1.0, TEMPERATURE}},

    {"joule", {1.0, ENERGY}},
    {"J", {1.0, ENERGY}},
    {"kJ", {1e3, ENERGY}},
    {"cal", {4.184, ENERGY}, Spelling::exact},
    {"kcal", {4184.0, ENERGY}},
    {"electronvolt", {ELEMENTARY_CHARGE, ENERGY}},
    {"eV", {ELEMENTARY_CHARGE, ENERGY}},
    {"meV", {ELEMENTARY_CHARGE * 1e-3, ENERGY}, Spelling::prefix},
    {"keV", {ELEMENTARY_CHARGE * 1e3, ENERGY}, Spelling::exact},
    {"MeV", {ELEMENTARY_CHARGE * 1e6, ENERGY}, Spelling::exact},
    {"GeV", {ELEMENTARY_CHARGE * 1e9, ENERGY}, Spelling::exact},
    {"hartree", {HARTREE, ENERGY}},
    {"Ha", {HARTREE, ENERGY}, Spelling::exact},
    {"rydberg", {HARTREE / 2, ENERGY}},
    {"Ry", {HARTREE / 2, ENERGY}},

    {"pascal", {1.0, PRESSURE}},
    {"Pa", {1.0, PRESSURE}},
    {"kilopascal", {1e3, PRESSURE}},
    {"kPa", {1e3, PRESSURE}},
    {"megapascal", {1e6, PRESSURE}},
    {"MPa", {1e6, PRESSURE}, Spelling::prefix},
    {"gigapascal", {1e9, PRESSURE}},
    {"GPa", {1e9, PRESSURE}},
    {"bar", {1e5, PRESSURE}},
    {"kbar", {1e8, PRESSURE}, Spelling::exact},
    {"atm", {101325.0, PRESSURE}},

    {"N", {1.0, FORCE}, Spelling::exact},
    {"nN", {1e-9, FORCE}, Spelling::exact},
    {"V", {1.0, VOLTAGE}, Spelling::exact},
    {"coulomb", {1.0, CHARGE}},
    {"C", {1.0, CHARGE}},
    {"e", {ELEMENTARY_CHARGE, CHARGE}},
    {"debye", {DEBYE, DIPOLE}},
    {"D", {DEBYE, DIPOLE}},
    {"hbar", {HBAR, ACTION}},
    {"mol", {AVOGADRO, NO_DIMENSION}},
    {"mmol", {AVOGADRO * 1e-3, NO_DIMENSION}, Spelling::exact},
};

/// What the units of a kind of quantity have to be.
struct NamedDimension {
    std::string_view name;
    Dimension dimension;
};

constexpr NamedDimension NAMED_DIMENSIONS[] = {
    {"length", LENGTH},     {"energy", ENERGY},     {"force", FORCE},
    {"pressure", PRESSURE}, {"momentum", MOMENTUM}, {"mass", MASS},
    {"velocity", VELOCITY}, {"charge", CHARGE},     {"heat_flux", HEAT_FLUX},
};

const NamedDimension* find_dimension(std::string_view name) {
    const auto* found = std::find_if(std::begin(NAMED_DIMENSIONS), std::end(NAMED_DIMENSIONS),
                                     [&](const auto& row) { return row.name == name; });
    return found == std::end(NAMED_DIMENSIONS) ? nullptr : found;
}

const Unit* find_exact(std::string_view name) {
    static const auto BY_NAME = [] {
        std::unordered_map<std::string_view, const Unit*> units;
        for (const auto& unit : UNITS)
            units.emplace(unit.name, &unit);
        return units;
    }();
    const auto found = BY_NAME.find(name);
    return found == BY_NAME.end() ? nullptr : found->second;
}

/// Looks a unit up by its spelling, then without regard to case, but for the prefixes m and M.
Quantity find_unit(const std::string& name) {
    if (const auto* unit = find_exact(name)) return unit->value;

    const auto lower = lower_case(name);
    std::string similar;
    for (const auto& unit : UNITS) {
        if (lower_case(unit.name) != lower) continue;
        const auto allowed = unit.spelling == Spelling::any_case ||
                             (unit.spelling == Spelling::prefix && unit.name.front() == name.front());
        if (allowed) return unit.value;
        similar += (similar.empty() ? "'" : " or '") + std::string(unit.name) + "'";
    }
    const auto hint = similar.empty() ? "" : ": do you mean " + similar + "?";
    C10_THROW_ERROR(ValueError, "unknown unit '" + name + "'" + hint);
}

bool is_dimensionless(const Dimension& dimension) { return dimension == NO_DIMENSION; }

/// Text of the form `L^2 T^-2 M`.
std::string to_text(const Dimension& dimension) {
    static constexpr std::string_view SYMBOLS[] = {"L", "T", "M", "I", "Θ"};
    std::ostringstream text;
    for (size_t i = 0; i < dimension.size(); ++i) {
        if (dimension[i] == 0) continue;
        text << (text.tellp() > 0 ? " " : "") << SYMBOLS[i];
        if (dimension[i] != 1) text << "^" << dimension[i];
    }
    return text.tellp() > 0 ? text.str() : "dimensionless";
}

bool same_dimension(const Dimension& a, const Dimension& b) {
    // exponents like 1/3 add up with rounding errors
    return std::equal(a.begin(), a.end(), b.begin(),
                      [](double x, double y) { return std::abs(x - y) < 1e-10; });
}

/// Evaluates a unit expression by recursive descent:
///     product = power (('*' | '/') power)*
///     power   = value ('^' value)*
///     value   = number | name | '(' product ')'
class UnitExpression {
  public:
    explicit UnitExpression(std::string_view expression) {
        for (const auto letter : expression) {
            if (std::string_view(" \t\n\r\v\f").find(letter) == std::string_view::npos) text_ += letter;
        }
    }

    Quantity evaluate() {
        const auto result = product();
        if (place_ != text_.size()) {
            if (text_[place_] == ')') unbalanced();
            malformed("leftover input '" + text_.substr(place_) + "'");
        }
        return result;
    }

  private:
    Quantity product() {
        auto result = power();
        while (next() == '*' || next() == '/') {
            const auto sign = text_[place_++] == '*' ? 1.0 : -1.0;
            const auto right = power();
            result.factor = sign > 0 ? result.factor * right.factor : result.factor / right.factor;
            for (size_t i = 0; i < result.dimension.size(); ++i) {
                result.dimension[i] += sign * right.dimension[i];
            }
            check_finite(result);
        }
        return result;
    }

    Quantity power() {
        auto result = value();
        while (next() == '^') {
            const auto start = ++place_;
            const auto exponent = value();
            TORCH_CHECK_VALUE(is_dimensionless(exponent.dimension),
                              "an exponent in a unit expression must be dimensionless, got '",
                              text_.substr(start, place_ - start), "' with dimension ",
                              to_text(exponent.dimension), " in '", text_, "'");
            result.factor = std::pow(result.factor, exponent.factor);
            for (auto& dimension : result.dimension)
                dimension *= exponent.factor;
            check_finite(result);
        }
        return result;
    }

    Quantity value() {
        const auto first = next();
        if (first == '(') {
            ++place_;
            TORCH_CHECK_VALUE(++depth_ < 100, "unit expression '", text_, "' is nested too deeply");
            const auto result = product();
            if (next() != ')') {
                if (next() == '\0') unbalanced();
                malformed("leftover input '" + text_.substr(place_) + "'");
            }
            ++place_;
            --depth_;
            return result;
        }
        const auto end = std::min(text_.find_first_of("*/^()", place_), text_.size());
        if (end == place_) malformed("missing a value");
        return is_number(end) ? number() : name(end);
    }

    bool is_number(size_t end) const {
        auto start = place_;
        if (text_[start] == '-' || text_[start] == '+') ++start;
        if (start < end && text_[start] == '.') ++start;
        return start < end && text_[start] >= '0' && text_[start] <= '9';
    }

    Quantity number() {
        if (text_[place_] == '+') ++place_; // from_chars does not read it
        Quantity result{0.0, NO_DIMENSION};
        const auto [end, error] =
            std::from_chars(text_.data() + place_, text_.data() + text_.size(), result.factor);
        TORCH_CHECK_VALUE(error == std::errc(), "unit expression '", text_, "' has a number out of range");
        place_ = static_cast<size_t>(end - text_.data());
        return result;
    }

    Quantity name(size_t end) {
        const auto text = text_.substr(place_, end - place_);
        place_ = end;
        return find_unit(text);
    }

    /// The next character, 0 at the end.
    char next() const { return place_ < text_.size() ? text_[place_] : '\0'; }

    [[noreturn]] void malformed(const std::string& why) const {
        C10_THROW_ERROR(ValueError, "malformed unit expression '" + text_ + "': " + why);
    }

    [[noreturn]] void unbalanced() const {
        C10_THROW_ERROR(ValueError, "unit expression '" + text_ + "' has unbalanced parentheses");
    }

    void check_finite(const Quantity& result) const {
        TORCH_CHECK_VALUE(std::isfinite(result.factor) && result.factor != 0.0, "unit expression '", text_,
                          "' is out of the range of floating point numbers");
    }

    std::string text_;
    size_t place_ = 0;
    int depth_ = 0;
};

/// What a unit expression stands for. Models and engines convert between the same few units in each call:
/// what a thread has evaluated is kept.
Quantity evaluate(const std::string& expression) {
    static constexpr size_t MAX_KEPT = 1000; // of texts that may never come again
    thread_local std::unordered_map<std::string, Quantity> known;
    const auto found = known.find(expression);
    if (found != known.end()) return found->second;
    const auto value = UnitExpression(expression).evaluate();
    if (known.size() >= MAX_KEPT) known.clear();
    known.emplace(expression, value);
    return value;
}

} // namespace

double unit_conversion_factor(const std::string& from_unit, const std::string& to_unit) {
    if (from_unit.empty() || to_unit.empty()) return 1.0;

    const auto from = evaluate(from_unit);
    if (from_unit == to_unit) return 1.0;
    const auto to = evaluate(to_unit);
    TORCH_CHECK_VALUE(same_dimension(from.dimension, to.dimension), "can not convert from '", from_unit,
                      "' to '", to_unit, "': the dimension of '", from_unit, "' is ", to_text(from.dimension),
                      ", but that of '", to_unit, "' is ", to_text(to.dimension));
    const auto factor = from.factor / to.factor;
    TORCH_CHECK_VALUE(std::isfinite(factor), "the factor from '", from_unit, "' to '", to_unit,
                      "' is not a finite number");
    return factor;
}

double unit_conversion_factor(const std::string& /*quantity*/, const std::string& from_unit,
                              const std::string& to_unit) {
    detail::warn_deprecated_once(
        "unit_conversion_factor(quantity, from_unit, to_unit) is deprecated, "
        "the quantity is not needed: use unit_conversion_factor(from_unit, to_unit)");
    return unit_conversion_factor(from_unit, to_unit);
}

bool details::valid_dimension(const std::string& dimension) { return find_dimension(dimension) != nullptr; }

void details::validate_unit(const std::string& dimension, const std::string& unit) {
    if (unit.empty()) return;
    const auto value = evaluate(unit);
    if (dimension == "none") return;

    const auto* expected = find_dimension(dimension);
    TORCH_CHECK_VALUE(expected != nullptr, "unknown dimension '", dimension, "'");
    TORCH_CHECK_VALUE(same_dimension(value.dimension, expected->dimension), "unit '", unit,
                      "' is not a unit of ", dimension, ": its dimension is ", to_text(value.dimension),
                      " instead of ", to_text(expected->dimension));
}

} // namespace metatomic_torch
