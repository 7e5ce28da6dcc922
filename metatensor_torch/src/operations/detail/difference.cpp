// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/difference.hpp"

#include "data/fetch_labels.hpp"
#include "operations/detail/flat.hpp"

namespace metatensor_torch::details {

namespace {

std::string in_block(const std::string& difference, const Labels& keys, int64_t place) {
    return difference + " in the block with key " + LabelsEntryHolder(keys, place).print();
}

/// `of` is empty, or " of the gradients with respect to ..."
Difference labels_difference(const BlockData& first, const BlockData& other, Comparison comparison,
                             const std::string& parameters) {
    const auto of = [&] {
        return parameters.empty() ? "" : " of the gradients with respect to '" + parameters + "'";
    };
    if (const auto* labels = different_labels(first, other, comparison.labels)) {
        return std::string("the ") + labels + of();
    }
    if (!comparison.gradients) {
        return std::nullopt;
    }
    if (!same_parameters(first, other)) {
        return "the parameters of the gradients" + of();
    }
    for (const auto& [parameter, gradient] : first.gradients) {
        auto difference = labels_difference(*gradient, *find_gradient(other, parameter), comparison,
                                            parameters.empty() ? parameter : parameters + "/" + parameter);
        if (difference) {
            return difference;
        }
    }
    return std::nullopt;
}

/// Names of the values of a block and of its gradients, in the order of `flatten`
void append_names(const BlockData& block, const std::string& parameters, std::vector<std::string>& names) {
    names.push_back(parameters.empty() ? "the values" : "the gradients with respect to '" + parameters + "'");
    for (const auto& [parameter, gradient] : block.gradients) {
        append_names(*gradient, parameters.empty() ? parameter : parameters + "/" + parameter, names);
    }
}

/// Are all of them true? One synchronisation for those on a device.
bool all_true(const std::vector<torch::Tensor>& flags) {
    return flags.empty() || (flags.size() == 1 ? flags[0] : at::stack(flags).all()).item<bool>();
}

/// Place of the first tensors that do not match, none if all do
std::optional<size_t> first_mismatch(const std::vector<torch::Tensor>& first,
                                     const std::vector<torch::Tensor>& other, const ValuesMatch& match) {
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> flags;
    flags.reserve(first.size());
    for (size_t i = 0; i < first.size(); ++i) {
        flags.push_back(match(first[i], other[i]));
        if (first[i].is_cpu() && !flags.back().item<bool>()) {
            return i;
        }
    }
    if (all_true(flags)) {
        return std::nullopt;
    }
    size_t place = 0;
    while (flags[place].item<bool>()) {
        ++place;
    }
    return place;
}

} // namespace

Difference metadata_difference(const BlockData& first, const BlockData& other, Comparison comparison) {
    return labels_difference(first, other, comparison, "");
}

Difference metadata_difference(const TensorMapHolder& first, const TensorMapHolder& other,
                               Comparison comparison) {
    const auto keys = compare_keys(first.keys(), other.keys());
    if (keys.difference) {
        return "the keys, " + *keys.difference + ",";
    }
    fetch_to_compare(first.data(), other.data(), keys.places);
    for (size_t i = 0; i < keys.places.size(); ++i) {
        const auto& block = *other.data()[keys.places[i]];
        if (const auto difference = metadata_difference(*first.data()[i], block, comparison)) {
            return in_block(*difference, first.keys(), static_cast<int64_t>(i));
        }
    }
    return std::nullopt;
}

Difference block_difference(const BlockData& first, const BlockData& other, const ValuesMatch& match) {
    if (auto difference = metadata_difference(first, other, {})) {
        return difference;
    }
    const auto pointer = [](const BlockData& block) { return std::make_shared<BlockData>(block); };
    const Blocks blocks = {pointer(first)};
    const auto place = first_mismatch(flatten(blocks), flatten_like({pointer(other)}, {0}, blocks), match);
    if (!place) {
        return std::nullopt;
    }
    std::vector<std::string> names;
    append_names(first, "", names);
    return names[*place];
}

Difference map_difference(const TensorMapHolder& first, const TensorMapHolder& other,
                          const ValuesMatch& match) {
    if (auto difference = metadata_difference(first, other, {})) {
        return difference;
    }
    const auto places = compare_keys(first.keys(), other.keys()).places;
    const auto place =
        first_mismatch(flatten(first.data()), flatten_like(other.data(), places, first.data()), match);
    if (!place) {
        return std::nullopt;
    }
    std::vector<std::string> names;
    for (size_t i = 0; i < places.size(); ++i) {
        append_names(*first.data()[i], "", names);
        if (*place < names.size()) {
            return in_block(names[*place], first.keys(), static_cast<int64_t>(i));
        }
    }
    return std::nullopt;
}

void raise_difference(const char* operation, const Difference& difference) {
    if (difference) {
        throw NotEqualError(std::string("what is given to '") + operation + "' must be the same, but " +
                            *difference + " differ");
    }
}

} // namespace metatensor_torch::details
