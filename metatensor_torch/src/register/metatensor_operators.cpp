// SPDX-License-Identifier: BSD-3-Clause
// The operators that TorchScript knows under the name `metatensor`
#include "register/operators.hpp"

#include <string>

#include <metatensor/torch/misc.hpp>

namespace metatensor_torch {

namespace {

/// Calls `function` with the map, block or labels in `data`; TypeError for anything else.
template <typename Function>
auto with_data(const torch::IValue& data, const char* caller, const Function& function) {
    if (data.isCustomClass()) {
        const auto type = data.type();
        if (type == c10::getCustomClassType<TensorMap>())
            return function(data.toCustomClass<TensorMapHolder>());
        if (type == c10::getCustomClassType<TensorBlock>()) {
            return function(data.toCustomClass<TensorBlockHolder>());
        }
        if (type == c10::getCustomClassType<Labels>()) return function(data.toCustomClass<LabelsHolder>());
    }
    C10_THROW_ERROR(TypeError,
                    std::string("`data` must be one of 'Labels', 'TensorBlock' or 'TensorMap' in `") +
                        caller + "`, not " + data.type()->repr_str());
}

void save_any(const std::string& file, const torch::IValue& data) {
    with_data(data, "save", [&](const auto& object) { object->save(file); });
}

torch::Tensor save_any_buffer(const torch::IValue& data) {
    return with_data(data, "save_buffer", [](const auto& object) { return object->save_buffer(); });
}

// The names of C++ are overloaded, those of the table are not.
TensorMap load_tensor(const std::string& file) { return load(file); }
TensorBlock load_only_block(const std::string& file) { return load_block(file); }
Labels load_only_labels(const std::string& file) { return load_labels(file); }
TensorMap load_tensor_buffer(torch::Tensor buffer) { return load_buffer(std::move(buffer)); }
TensorBlock load_only_block_buffer(torch::Tensor buffer) { return load_block_buffer(std::move(buffer)); }
Labels load_only_labels_buffer(torch::Tensor buffer) { return load_labels_buffer(std::move(buffer)); }

LoadOptions options_of(std::optional<torch::Device> device, bool mmap) {
    return {device.value_or(torch::kCPU), mmap};
}
TensorMap load_tensor_with(const std::string& file, std::optional<torch::Device> device, bool mmap) {
    return load(file, options_of(device, mmap));
}
TensorBlock load_block_with(const std::string& file, std::optional<torch::Device> device, bool mmap) {
    return load_block(file, options_of(device, mmap));
}
Labels load_labels_with(const std::string& file, std::optional<torch::Device> device, bool mmap) {
    return load_labels(file, options_of(device, mmap));
}

constexpr OperatorRow OPERATORS[] = {
    op<&version>("version() -> str"),
    op<&dtype_name>("dtype_name(ScalarType dtype) -> str"),
    op<&load_tensor>("load(str file) -> __torch__.torch.classes.metatensor.TensorMap"),
    op<&load_tensor_buffer>("load_buffer(Tensor buffer) -> __torch__.torch.classes.metatensor.TensorMap"),
    op<&load_only_block>("load_block(str file) -> __torch__.torch.classes.metatensor.TensorBlock"),
    op<&load_only_block_buffer>(
        "load_block_buffer(Tensor buffer) -> __torch__.torch.classes.metatensor.TensorBlock"),
    op<&load_only_labels>("load_labels(str file) -> __torch__.torch.classes.metatensor.Labels"),
    op<&load_only_labels_buffer>(
        "load_labels_buffer(Tensor buffer) -> __torch__.torch.classes.metatensor.Labels"),
    // Only here: `device` is required, so that calls without it mean the operators above.
    op<&load_tensor_with>("load.to(str file, *, Device? device, bool mmap=False) -> "
                          "__torch__.torch.classes.metatensor.TensorMap"),
    op<&load_block_with>("load_block.to(str file, *, Device? device, bool mmap=False) -> "
                         "__torch__.torch.classes.metatensor.TensorBlock"),
    op<&load_labels_with>("load_labels.to(str file, *, Device? device, bool mmap=False) -> "
                          "__torch__.torch.classes.metatensor.Labels"),
    op<&save_any>("save.save(str file, Any data) -> ()"),
    op<&save_any_buffer>("save_buffer(Any data) -> Tensor"),
};

} // namespace

void register_metatensor_operators(torch::Library& library) {
    for (const auto& row : OPERATORS) {
        define_operator(library, row, row.schema);
    }
}

} // namespace metatensor_torch
