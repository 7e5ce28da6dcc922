// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/linear_algebra.hpp"
#include "operations/detail/equations.hpp"

namespace metatensor_torch {

namespace {

using details::Equations;

/// All equations of a block, of values and gradients in the order of those of `like`: [equations, properties]
torch::Tensor equations(const details::BlockData& block, const details::BlockData& like) {
    std::vector<torch::Tensor> rows = {block.values.flatten(0, -2)};
    for (const auto& [parameter, gradient] : like.gradients) {
        rows.push_back(details::find_gradient(block, parameter)->values.flatten(0, -2));
    }
    return rows.size() == 1 ? rows[0] : at::cat(rows);
}

} // namespace

TensorMap lstsq(const TensorMap& X, const TensorMap& Y, std::optional<double> rcond,
                const std::optional<std::string>& driver) {
    const auto method = driver ? std::optional<c10::string_view>(*driver) : std::nullopt;
    return details::solutions(
        "lstsq", X, Y,
        [](const details::BlockData& x, const details::BlockData& y) {
            details::refuse_nested_gradients("lstsq", x);
            return Equations{equations(x, x), equations(y, x)};
        },
        [&](const Equations& systems, const std::vector<int64_t>& /*keys*/) {
            return std::get<0>(at::linalg_lstsq(systems.a, systems.b, rcond, method));
        });
}

} // namespace metatensor_torch
