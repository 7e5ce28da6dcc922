// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "operations/support.hpp"

namespace metatensor_torch::testing {

/// Test of an operation that changes labels
class DimensionsTest : public OperationTest {
  protected:
    /// Keys (k, l) = (0, 3), (1, 2); samples (s, a), components c, properties (p, q), all blocks with the
    /// same properties; gradients with respect to "positions" with samples (sample, a) and components x
    TensorMap map() const {
        const auto c = labels({"c"}, {{0}, {1}}, GetParam());
        const auto p = labels({"p", "q"}, {{0, 1}}, GetParam());
        const auto x = labels({"x"}, {{0}, {1}, {2}}, GetParam());
        std::vector<TensorBlock> blocks;
        for (const auto& samples : {labels({"s", "a"}, {{0, 0}, {0, 1}}, GetParam()),
                                    labels({"s", "a"}, {{2, 0}, {1, 0}}, GetParam())}) {
            auto block = torch::make_intrusive<TensorBlockHolder>(
                torch::rand({2, 2, 1}, GetParam().options()), samples, std::vector<Labels>{c}, p);
            block->add_gradient("positions", torch::make_intrusive<TensorBlockHolder>(
                                                 torch::rand({1, 3, 2, 1}, GetParam().options()),
                                                 gradient_samples(), std::vector<Labels>{x, c}, p));
            blocks.push_back(block);
        }
        return torch::make_intrusive<TensorMapHolder>(labels({"k", "l"}, {{0, 3}, {1, 2}}, GetParam()),
                                                      blocks);
    }

    Labels gradient_samples() const { return labels({"sample", "a"}, {{1, 8}}, GetParam()); }

    static TensorBlock block_of(const TensorMap& map, int64_t i) {
        return TensorMapHolder::block_by_id(map, i);
    }

    static TensorBlock gradient_of(const TensorBlock& block) {
        return TensorBlockHolder::gradient(block, "positions");
    }
};

} // namespace metatensor_torch::testing
