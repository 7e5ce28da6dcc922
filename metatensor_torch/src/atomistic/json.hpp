// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <torch/script.h>

// JSON of the classes that are pickled: pretty, ASCII, sorted keys, a "class" entry, doubles as their bit
// pattern.
namespace metatomic_torch::detail {

using Json = nlohmann::json;

/// Calls `read` on the parsed text, which must be an object with this class name; everything that is wrong
/// with the text becomes a ValueError.
template <typename Read>
auto read_json(std::string_view text, const char* class_name, Read&& read) {
    try {
        const auto json = Json::parse(text);
        TORCH_CHECK_VALUE(json.is_object(), "invalid JSON for ", class_name, ": expected an object, got ",
                          json.type_name());
        TORCH_CHECK_VALUE(json.contains("class"), "invalid JSON for ", class_name, ": there is no 'class'");
        const auto found = json.at("class").get<std::string>();
        TORCH_CHECK_VALUE(found == class_name, "invalid JSON for ", class_name, ": its 'class' is '", found,
                          "'");
        return read(json);
    } catch (const Json::exception& error) {
        C10_THROW_ERROR(ValueError, std::string("invalid JSON for ") + class_name + ": " + error.what());
    }
}

/// The member of an object, or `missing` if there is none.
template <typename T>
T value_or(const Json& object, const char* key, T missing) {
    const auto found = object.find(key);
    if (found == object.end()) return missing;
    try {
        return found->template get<T>();
    } catch (const Json::exception& error) {
        C10_THROW_ERROR(ValueError,
                        std::string("invalid JSON: '") + key + "' has a wrong type: " + error.what());
    }
}

/// The member of an object, which must be an object itself; an empty one if there is none.
inline const Json& object_at(const Json& object, const char* key) {
    static const auto empty = Json::object();
    const auto found = object.find(key);
    if (found == object.end()) return empty;
    TORCH_CHECK_VALUE(found->is_object(), "invalid JSON: '", key, "' must be an object, got ",
                      found->type_name());
    return *found;
}

/// Text of the object.
inline std::string write_json(const Json& json) {
    return json.dump(4, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

/// The bits of a double as an integer, which JSON keeps exactly.
inline int64_t bits_of(double value) { return std::bit_cast<int64_t>(value); }

/// A double from `bits_of` (an integer) or as such (a number with a decimal point).
inline double double_of(const Json& json) {
    return json.is_number_float() ? json.get<double>() : std::bit_cast<double>(json.get<int64_t>());
}

/// Dict of JSON values as a JSON object.
template <typename Value, typename Convert>
Json object_of(const c10::Dict<std::string, Value>& dict, Convert&& convert) {
    auto object = Json::object();
    for (const auto& entry : dict)
        object[entry.key()] = convert(entry.value());
    return object;
}

} // namespace metatomic_torch::detail
