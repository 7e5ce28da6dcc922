// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/difference.hpp"

#include <algorithm>

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

/// All values as one list of numbers, so that a device compares those of many small blocks in one call;
/// undefined where their types differ, or where a copy of so much is not worth it
torch::Tensor in_one_list(const std::vector<torch::Tensor>& values) {
    constexpr int64_t most_numbers = int64_t(1) << 24;
    std::vector<torch::Tensor> lists;
    lists.reserve(values.size());
    int64_t n_numbers = 0;
    for (const auto& tensor : values) {
        n_numbers += tensor.numel();
        if (tensor.scalar_type() != values[0].scalar_type() || n_numbers > most_numbers) {
            return {};
        }
        lists.push_back(tensor.reshape(-1));
    }
    return at::cat(lists);
}

/// Whether all tensors match, found in one call on a device; none if that can not be said so
std::optional<bool> match_in_one_call(const std::vector<torch::Tensor>& first,
                                      const std::vector<torch::Tensor>& other, const ValuesMatch& match) {
    if (first.size() < 2 || first[0].is_cpu()) {
        return std::nullopt;
    }
    const auto numbers = in_one_list(first);
    const auto other_numbers = numbers.defined() ? in_one_list(other) : numbers;
    return other_numbers.defined() ? std::optional(match(numbers, other_numbers).item<bool>()) : std::nullopt;
}

/// Place of the first tensors that do not match, none if all do; some place, if `wanted` is only whether
std::optional<size_t> first_mismatch(const std::vector<torch::Tensor>& first,
                                     const std::vector<torch::Tensor>& other, const ValuesMatch& match,
                                     Wanted wanted) {
    const torch::NoGradGuard no_grad;
    const auto all_match = match_in_one_call(first, other, match);
    if (all_match && *all_match) {
        return std::nullopt;
    }
    if (all_match && wanted == Wanted::whether) {
        return 0;
    }
    std::vector<torch::Tensor> flags;
    flags.reserve(first.size());
    for (size_t i = 0; i < first.size(); ++i) {
        flags.push_back(match(first[i], other[i]));
        if (first[i].is_cpu() && !flags.back().item<bool>()) {
            return i;
        }
    }
    if (flags.empty() || first[0].is_cpu()) {
        return std::nullopt;
    }
    const auto on_host = at::stack(flags).to(torch::kCPU); // one synchronisation
    const auto* flag = on_host.const_data_ptr<bool>();
    const auto place = static_cast<size_t>(std::find(flag, flag + flags.size(), false) - flag);
    return place < flags.size() ? std::optional(place) : std::nullopt;
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

Difference block_difference(const BlockData& first, const BlockData& other, const ValuesMatch& match,
                            Wanted wanted) {
    if (auto difference = metadata_difference(first, other, {})) {
        return difference;
    }
    const auto pointer = [](const BlockData& block) { return std::make_shared<BlockData>(block); };
    const Blocks blocks = {pointer(first)};
    const auto place =
        first_mismatch(flatten(blocks), flatten_like({pointer(other)}, {0}, blocks), match, wanted);
    if (!place) {
        return std::nullopt;
    }
    std::vector<std::string> names;
    append_names(first, "", names);
    return names[*place];
}

Difference map_difference(const TensorMapHolder& first, const TensorMapHolder& other,
                          const ValuesMatch& match, Wanted wanted) {
    if (auto difference = metadata_difference(first, other, {})) {
        return difference;
    }
    const auto places = compare_keys(first.keys(), other.keys()).places;
    const auto place = first_mismatch(flatten(first.data()), flatten_like(other.data(), places, first.data()),
                                      match, wanted);
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
