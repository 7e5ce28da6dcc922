// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>

#include "json.hpp"
#include "metatomic/torch/system.hpp"
#include "metatomic/torch/units.hpp"

namespace metatomic_torch {

using detail::Json;

NeighborListOptionsData::NeighborListOptionsData(double cutoff, bool full_list, bool strict,
                                                 std::string requestor)
    : cutoff_(cutoff), full_list_(full_list), strict_(strict) {
    TORCH_CHECK_VALUE(cutoff >= 0.0,
                      "the cutoff of a neighbor list must be a number that is not negative, got ", cutoff);
    add_requestor(std::move(requestor));
}

void NeighborListOptionsData::set_length_unit(std::string length_unit) {
    details::validate_unit("length", length_unit);
    length_unit_ = std::move(length_unit);
}

double NeighborListOptionsData::engine_cutoff(const std::string& engine_length_unit) const {
    return cutoff_ * unit_conversion_factor(length_unit_, engine_length_unit);
}

void NeighborListOptionsData::add_requestor(std::string requestor) {
    if (requestor.empty()) return;
    if (std::find(requestors_.begin(), requestors_.end(), requestor) != requestors_.end()) return;
    requestors_.push_back(std::move(requestor));
}

namespace {
const char* python_bool(bool value) { return value ? "True" : "False"; }
} // namespace

std::string NeighborListOptionsData::repr() const {
    auto text = "NeighborListOptions\n    cutoff: " + std::to_string(cutoff_);
    if (!length_unit_.empty()) text += " " + length_unit_;
    text += std::string("\n    full_list: ") + python_bool(full_list_);
    text += std::string("\n    strict: ") + python_bool(strict_) + "\n";
    if (!requestors_.empty()) text += "    requested by:\n";
    for (const auto& requestor : requestors_)
        text += "        - " + requestor + "\n";
    return text;
}

std::string NeighborListOptionsData::str() const {
    return "NeighborListOptions(cutoff=" + std::to_string(cutoff_) +
           ", full_list=" + python_bool(full_list_) + ", strict=" + python_bool(strict_) + ")";
}

std::string NeighborListOptionsData::to_json() const {
    return detail::write_json({
        {"class", "NeighborListOptions"},
        {"cutoff", detail::bits_of(cutoff_)},
        {"length_unit", length_unit_},
        {"full_list", full_list_},
        {"strict", strict_},
        {"requestors", requestors_},
    });
}

NeighborListOptionsData NeighborListOptionsData::parse_json(const std::string& text) {
    return detail::read_json(text, "NeighborListOptions", [](const Json& json) {
        NeighborListOptionsData options(detail::double_of(json.at("cutoff")),
                                        json.at("full_list").get<bool>(), json.at("strict").get<bool>());
        options.set_length_unit(detail::value_or(json, "length_unit", std::string()));
        for (auto& requestor : detail::value_or(json, "requestors", std::vector<std::string>())) {
            options.add_requestor(std::move(requestor));
        }
        return options;
    });
}

NeighborListOptions NeighborListOptionsHolder::from_json(const std::string& json) {
    return torch::make_intrusive<NeighborListOptionsHolder>(parse_json(json));
}

} // namespace metatomic_torch
