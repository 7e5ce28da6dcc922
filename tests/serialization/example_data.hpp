// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <metatensor/torch.hpp>

/// The block and the map that the files in `data/` hold, and more complicated ones
namespace metatensor_torch::example {

/// One sample, two properties, one row of gradients with respect to positions; as in `make_data.py`
inline TensorBlock block() {
    const auto properties = LabelsHolder::create({"n"}, {{0}, {1}});
    auto result = torch::make_intrusive<TensorBlockHolder>(torch::tensor({{1.5, -2.0}}, torch::kFloat64),
                                                           LabelsHolder::create({"system", "atom"}, {{0, 7}}),
                                                           std::vector<Labels>{}, properties);
    result->add_gradient("positions",
                         torch::make_intrusive<TensorBlockHolder>(
                             torch::tensor({{{0.25, 4.0}}}, torch::kFloat64),
                             LabelsHolder::create({"sample"}, {{0}}),
                             std::vector<Labels>{LabelsHolder::create({"xyz"}, {{2}})}, properties));
    return result;
}

/// Map with one block and a text; as in `make_data.py`
inline TensorMap tensor_map() {
    auto result = torch::make_intrusive<TensorMapHolder>(LabelsHolder::create({"type"}, {{-6}}),
                                                         std::vector<TensorBlock>{block()});
    result->set_info("unit", "Å");
    return result;
}

/// Whether shape, bits of the values, labels and gradients are the same
inline bool same(const TensorBlock& a, const TensorBlock& b) {
    const auto same_labels = [](const Labels& x, const Labels& y) { return *x == *y; };
    bool result = a->scalar_type() == b->scalar_type() && a->values().sizes() == b->values().sizes() &&
                  torch::equal(a->values().contiguous().view(torch::kUInt8),
                               b->values().contiguous().view(torch::kUInt8)) &&
                  *a->samples() == *b->samples() && *a->properties() == *b->properties() &&
                  std::equal(a->components().begin(), a->components().end(), b->components().begin(),
                             b->components().end(), same_labels) &&
                  a->gradients_list() == b->gradients_list();
    for (const auto& [parameter, gradient] : TensorBlockHolder::gradients(a)) {
        result = result && same(gradient, TensorBlockHolder::gradient(b, parameter));
    }
    return result;
}

/// Whether keys and blocks are the same
inline bool same(const TensorMap& a, const TensorMap& b) {
    bool result = *a->keys() == *b->keys();
    for (int64_t i = 0; result && i < a->keys()->count(); ++i) {
        result = same(TensorMapHolder::block_by_id(a, i), TensorMapHolder::block_by_id(b, i));
    }
    return result;
}

} // namespace metatensor_torch::example
