// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/blocks.hpp"

#include <algorithm>
#include <numeric>

#include "check.hpp"
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

std::vector<int64_t> match_keys(const char* operation, const Labels& first, const Labels& other) {
    std::vector<int64_t> places(first->count());
    if (*first == *other) {
        std::iota(places.begin(), places.end(), 0);
        return places;
    }
    const auto refuse = [&](const std::string& reason) {
        throw NotEqualError(std::string("the maps given to '") + operation + "' must have the same keys, got " +
                            reason);
    };
    if (first->names() != other->names()) {
        refuse("the names [" + join(first->names()) + "] and [" + join(other->names()) + "]");
    }
    if (first->count() != other->count()) {
        refuse(std::to_string(first->count()) + " and " + std::to_string(other->count()) + " keys");
    }
    for (int64_t i = 0; i < first->count(); ++i) {
        const LabelsEntryHolder key(first, i);
        const auto place = other->position(key.host_values(), key.size());
        if (!place) {
            refuse("the key " + key.print() + " only in the first");
        }
        places[i] = *place;
    }
    return places;
}

namespace {

bool same_components(const BlockData& first, const BlockData& other) {
    return std::equal(first.components.begin(), first.components.end(), other.components.begin(),
                      other.components.end(),
                      [](const Labels& a, const Labels& b) { return a == b || *a == *b; });
}

void check_labels(const char* operation, const std::string& of, const BlockData& first, const BlockData& other,
                  ComparedLabels compared) {
    const char* different = nullptr;
    if (compared.samples && first.samples != other.samples && !(*first.samples == *other.samples)) {
        different = "samples";
    } else if (compared.components && !same_components(first, other)) {
        different = "components";
    } else if (compared.properties && first.properties != other.properties &&
               !(*first.properties == *other.properties)) {
        different = "properties";
    }
    if (different != nullptr) {
        throw NotEqualError(std::string("the ") + different + " of " + of + " given to '" + operation +
                            "' must be the same in the same order");
    }
}

} // namespace

void check_same_labels(const char* operation, const BlockData& first, const BlockData& other,
                       ComparedLabels compared) {
    if (checks_are_enabled()) {
        check_labels(operation, "the blocks", first, other, compared);
    }
}

void check_same_gradients(const char* operation, const BlockData& first, const BlockData& other,
                          ComparedLabels compared) {
    bool same = first.gradients.size() == other.gradients.size();
    for (const auto& [parameter, gradient] : first.gradients) {
        same = same && find_gradient(other, parameter);
    }
    if (!same) {
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
    for (size_t i = 0; i < places.size(); ++i) {
        check_same_labels(operation, *first.data()[i], *other.data()[places[i]]);
        check_same_gradients(operation, *first.data()[i], *other.data()[places[i]]);
    }
    return places;
}

} // namespace details

} // namespace metatensor_torch
