// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/blocks.hpp"

#include <algorithm>
#include <numeric>

#include "check.hpp"
#include "data/fetch_labels.hpp"
#include "operations/detail/checks.hpp"

namespace metatensor_torch {

NotEqualError::NotEqualError(const std::string& message)
    : c10::ValueError(c10::SourceLocation{__func__, __FILE__, __LINE__}, message) {}

namespace details {

BlockPtr with_values(const BlockData& block, torch::Tensor values) {
    return std::make_shared<BlockData>(
        BlockData{std::move(values), block.samples, block.components, block.properties, {}});
}

TensorMap make_map(const Labels& keys, Blocks blocks, Info info) {
    return torch::make_intrusive<TensorMapHolder>(keys, std::move(blocks), std::move(info));
}

Labels named_like(const Labels& labels, const Labels& like) {
    return labels->names() == like->names()
               ? labels
               : torch::make_intrusive<LabelsHolder>(like->names(), labels->values(), labels->data());
}

Info common_info(const Info& first, const Info& other) {
    Info common;
    std::copy_if(first.begin(), first.end(), std::back_inserter(common), [&](const auto& entry) {
        return std::find(other.begin(), other.end(), entry) != other.end();
    });
    return common;
}

void refuse_nested_gradients(const char* operation, const BlockData& block) {
    for (const auto& [parameter, gradient] : block.gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(gradient->gradients.empty(), "'", operation,
                                    "' is not implemented for gradients of gradients, got gradients of "
                                    "those with respect to '",
                                    parameter, "'");
    }
}

MatchedKeys compare_keys(const Labels& first, const Labels& other) {
    MatchedKeys matched{std::vector<int64_t>(first->count()), std::nullopt};
    if (first == other || *first == *other) {
        std::iota(matched.places.begin(), matched.places.end(), 0);
        return matched;
    }
    if (first->names() != other->names()) {
        matched.difference =
            "got the names [" + comma_list(first->names()) + "] and [" + comma_list(other->names()) + "]";
        return matched;
    }
    if (first->count() != other->count()) {
        matched.difference =
            "got " + std::to_string(first->count()) + " and " + std::to_string(other->count()) + " keys";
        return matched;
    }
    for (int64_t i = 0; i < first->count(); ++i) {
        const LabelsEntryHolder key(first, i);
        const auto place = other->position(key.host_values(), key.size());
        if (!place) {
            matched.difference = "got the key " + key.print() + " only in the first";
            return matched;
        }
        matched.places[i] = *place;
    }
    return matched;
}

std::vector<int64_t> match_keys(const char* operation, const Labels& first, const Labels& other) {
    auto matched = compare_keys(first, other);
    if (matched.difference) {
        throw NotEqualError(std::string("the maps given to '") + operation + "' must have the same keys, " +
                            *matched.difference);
    }
    return std::move(matched.places);
}

namespace {

bool same_components(const BlockData& first, const BlockData& other) {
    return std::equal(first.components.begin(), first.components.end(), other.components.begin(),
                      other.components.end(),
                      [](const Labels& a, const Labels& b) { return a == b || *a == *b; });
}

void check_labels(const char* operation, const std::string& of, const BlockData& first,
                  const BlockData& other, ComparedLabels compared) {
    if (const auto* different = different_labels(first, other, compared)) {
        throw NotEqualError(std::string("the ") + different + " of " + of + " given to '" + operation +
                            "' must be the same in the same order");
    }
}

} // namespace

const char* different_labels(const BlockData& first, const BlockData& other, ComparedLabels compared) {
    if (compared.samples && first.samples != other.samples && !(*first.samples == *other.samples)) {
        return "samples";
    }
    if (compared.components && !same_components(first, other)) {
        return "components";
    }
    if (compared.properties && first.properties != other.properties &&
        !(*first.properties == *other.properties)) {
        return "properties";
    }
    return nullptr;
}

bool same_parameters(const BlockData& first, const BlockData& other) {
    return first.gradients.size() == other.gradients.size() &&
           std::all_of(first.gradients.begin(), first.gradients.end(),
                       [&](const auto& gradient) { return find_gradient(other, gradient.first) != nullptr; });
}

void check_same_labels(const char* operation, const BlockData& first, const BlockData& other,
                       ComparedLabels compared) {
    if (checks_are_enabled()) {
        check_labels(operation, "the blocks", first, other, compared);
    }
}

void check_same_gradients(const char* operation, const BlockData& first, const BlockData& other,
                          ComparedLabels compared) {
    if (!same_parameters(first, other)) {
        throw NotEqualError(std::string("the blocks given to '") + operation +
                            "' must have gradients with respect to the same parameters");
    }
    if (!checks_are_enabled()) {
        return;
    }
    for (const auto& [parameter, gradient] : first.gradients) {
        check_labels(operation, "the gradients with respect to '" + parameter + "'", *gradient,
                     *find_gradient(other, parameter), compared);
    }
}

std::vector<int64_t> check_same_maps(const char* operation, const TensorMapHolder& first,
                                     const TensorMapHolder& other) {
    auto places = match_keys(operation, first.keys(), other.keys());
    if (checks_are_enabled()) {
        fetch_to_compare(first.data(), other.data(), places);
    }
    for (size_t i = 0; i < places.size(); ++i) {
        try {
            check_same_labels(operation, *first.data()[i], *other.data()[places[i]]);
            check_same_gradients(operation, *first.data()[i], *other.data()[places[i]]);
        } catch (NotEqualError& error) {
            error.add_context("for the key " + LabelsEntryHolder(first.keys(), i).print());
            throw;
        }
    }
    return places;
}

} // namespace details

} // namespace metatensor_torch
