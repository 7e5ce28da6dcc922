// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <torch/script.h>

#include "metatensor/torch/labels.hpp"

namespace metatensor_torch::details {

struct BlockData {
    torch::Tensor values;
    Labels samples;
    std::vector<Labels> components;
    Labels properties;
    /// Parameters and gradients, in the order they were added
    std::vector<std::pair<std::string, std::shared_ptr<BlockData>>> gradients;
};

/// Type and device to move to, none where they stay
struct Target {
    std::optional<torch::ScalarType> dtype;
    std::optional<torch::Device> device;
    bool non_blocking = false;
};

/// Target from the arguments of `to()` of `class_name`, see TensorBlockHolder::to_positional
Target parse_target(const std::string& class_name, const torch::IValue& positional_1,
                    const torch::IValue& positional_2, std::optional<torch::ScalarType> dtype,
                    std::optional<torch::Device> device, const std::optional<std::string>& arrays,
                    bool non_blocking);

/// `block` and its gradients on the target
std::shared_ptr<BlockData> moved(const BlockData& block, const Target& target);

/// Copy of `block` and its gradients, with new values if `deep`, else sharing the tensors
std::shared_ptr<BlockData> copied(const BlockData& block, bool deep);

/// Gradient with respect to `parameter`, null if there is none
std::shared_ptr<BlockData> find_gradient(const BlockData& block, const std::string& parameter);

/// Names of the only dimension of each of the components
std::vector<std::string> component_names(const BlockData& block);

/// Text of the form `(2, 1, 3)`
std::string shape_tuple(const torch::Tensor& values);

} // namespace metatensor_torch::details
