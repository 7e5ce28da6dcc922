// SPDX-License-Identifier: BSD-3-Clause
#include "old_calls.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include <caffe2/serialize/inline_container.h>

#include "serialization/zip.hpp"

namespace metatomic_torch::detail {
namespace {

constexpr std::array<std::string_view, 2> CHANGED_METHODS = {"keys_to_properties", "keys_to_samples"};

/// Where the arguments of a call are in its code.
struct Arguments {
    std::vector<std::string_view> texts; ///< each with the spaces around it
    size_t end;                          ///< where the closing parenthesis is
};

/// Place after the string that starts at `begin` with its quote.
size_t end_of_string(std::string_view code, size_t begin) {
    for (auto i = begin + 1; i < code.size(); ++i) {
        if (code[i] == '\\') {
            ++i;
        } else if (code[i] == code[begin]) {
            return i + 1;
        }
    }
    return code.size();
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \n") == std::string_view::npos; }

/// The arguments of the call whose first one starts at `begin`; none if its parenthesis does not close.
std::optional<Arguments> parse_arguments(std::string_view code, size_t begin) {
    Arguments arguments{{}, 0};
    auto depth = 0;
    auto start = begin;
    for (auto i = begin; i < code.size();) {
        const auto character = code[i];
        if (character == '"' || character == '\'') {
            i = end_of_string(code, i);
            continue;
        }
        const auto is_end = depth == 0 && character == ')';
        if (is_end || (depth == 0 && character == ',')) {
            const auto text = code.substr(start, i - start);
            if (!is_blank(text)) arguments.texts.push_back(text); // there is a comma after the last one
            start = i + 1;
        }
        if (is_end) {
            arguments.end = i;
            return arguments;
        }
        if (character == '(' || character == '[' || character == '{') ++depth;
        if (character == ')' || character == ']' || character == '}') --depth;
        ++i;
    }
    return std::nullopt;
}

bool is_boolean(std::string_view text) {
    const auto first = text.find_first_not_of(" \n");
    const auto last = text.find_last_not_of(" \n");
    const auto word = text.substr(first, last - first + 1);
    return word == "True" || word == "False";
}

/// Where calls of these methods have their second argument, in ascending order.
void find_calls_without_fill_value(std::string_view code, std::string_view method, bool only_literals,
                                   std::vector<size_t>& places) {
    const auto call = ")." + std::string(method) + "(";
    for (auto at = code.find(call); at != std::string_view::npos; at = code.find(call, at + 1)) {
        const auto arguments = parse_arguments(code, at + call.size());
        if (!arguments.has_value() || arguments->texts.size() != 2) continue;
        const auto second = arguments->texts[1];
        if (only_literals && !is_boolean(second)) continue;
        places.push_back(static_cast<size_t>(second.data() - code.data()));
    }
}

bool is_code(const std::string& name) { return name.starts_with("code/") && name.ends_with(".py"); }

} // namespace

std::string with_fill_values(const std::string& code, bool only_literals) {
    std::vector<size_t> places;
    for (const auto method : CHANGED_METHODS)
        find_calls_without_fill_value(code, method, only_literals, places);
    std::sort(places.begin(), places.end());
    std::string result;
    size_t done = 0;
    for (const auto place : places) {
        result.append(code, done, place - done).append(" 0,");
        done = place;
    }
    return result.append(code, done, std::string::npos);
}

torch::Tensor with_current_calls(const std::string& path) {
    caffe2::serialize::PyTorchStreamReader reader(path);
    const auto read = [&](const std::string& name) {
        const auto [data, size] = reader.getRecord(name);
        return std::string(static_cast<const char*>(data.get()), size);
    };

    std::map<std::string, std::string> codes;
    auto only_literals = false; // does the model have methods of its own with these names?
    for (const auto& name : reader.getAllRecords()) {
        if (!is_code(name)) continue;
        const auto& code = codes.emplace(name, read(name)).first->second;
        for (const auto method : CHANGED_METHODS)
            only_literals |= code.find("def " + std::string(method) + "(") != std::string::npos;
    }
    std::map<std::string, std::string> changed;
    for (const auto& [name, code] : codes) {
        auto current = with_fill_values(code, only_literals);
        if (current != code) changed.emplace(name, std::move(current));
    }
    if (changed.empty()) return torch::empty(0, torch::kUInt8);

    metatensor_torch::serialization::ZipWriter writer;
    for (const auto& name : reader.getAllRecords()) {
        constexpr std::string_view PLACES =
            ".debug_pkl"; // of the code in its source: not those of the new code
        if (name.ends_with(PLACES) && changed.count(name.substr(0, name.size() - PLACES.size())) != 0)
            continue;
        const auto found = changed.find(name);
        writer.add("model/" + name, {found == changed.end() ? read(name) : found->second});
    }
    return metatensor_torch::serialization::to_buffer(writer.finish());
}

torch::jit::Module load_module(const std::string& path) {
    const auto content = with_current_calls(path);
    if (content.numel() == 0) return torch::jit::load(path, torch::kCPU);
    std::istringstream stream(
        std::string(reinterpret_cast<const char*>(content.const_data_ptr<uint8_t>()), content.numel()));
    return torch::jit::load(stream, torch::kCPU);
}

} // namespace metatomic_torch::detail
