// SPDX-License-Identifier: BSD-3-Clause
#include <metatensor/torch/module.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/labels.hpp>
#include <metatensor/torch/tensor.hpp>

namespace metatensor_torch {

namespace {

/// Attribute with the names of those to be moved
constexpr auto BUFFER_NAMES = "_mts_buffer_names";

/// Whether `moved` is `value` itself; a number always is, also one that is not equal to itself.
bool is_same(const torch::IValue& moved, const torch::IValue& value) {
    return value.isDouble() || value.isComplexDouble() || moved.is(value);
}

/// Moves metatensor objects, also inside of containers. What does not change is returned as it is, and what
/// was moved before gives the same result again.
class Mover {
  public:
    Mover(std::optional<torch::Device> device, std::optional<torch::ScalarType> dtype, bool non_blocking)
        : device_(device), dtype_(dtype), non_blocking_(non_blocking) {}

    torch::IValue move(const torch::IValue& value) {
        if (value.isList())
            return once(value.internalToPointer(), value, [&] { return move_list(value.toList()); });
        if (value.isGenericDict()) {
            return once(value.internalToPointer(), value, [&] { return move_dict(value.toGenericDict()); });
        }
        if (value.isTuple()) return once(value.internalToPointer(), value, [&] { return move_tuple(value); });
        if (!value.isCustomClass()) return value;
        if (is<LabelsHolder>(value)) return move_object<LabelsHolder>(value);
        if (is<TensorBlockHolder>(value)) return move_object<TensorBlockHolder>(value);
        if (is<TensorMapHolder>(value)) return move_object<TensorMapHolder>(value);
        return value;
    }

  private:
    /// Result of `make` for what is at address `key`, or what it was the first time
    template <typename Make>
    torch::IValue once(const void* key, const torch::IValue& original, const Make& make) {
        const auto known = moved_.find(key);
        if (known != moved_.end()) return known->second.second;
        torch::IValue result = make();
        // the original is kept, so that its address is not used again
        moved_.emplace(key, std::make_pair(original, result));
        return result;
    }

    template <typename Holder>
    static bool is(const torch::IValue& value) {
        return value.type() == c10::getCustomClassType<torch::intrusive_ptr<Holder>>();
    }

    template <typename Holder>
    torch::IValue move_object(const torch::IValue& value) {
        const auto object = value.toCustomClass<Holder>();
        if (fits(*object)) return value;
        return once(object.get(), value, [&] { return moved(*object); });
    }

    bool fits(const LabelsHolder& labels) const { return !device_ || *device_ == labels.device(); }

    /// For a block or a map
    template <typename Holder>
    bool fits(const Holder& values) const {
        return (!device_ || *device_ == values.device()) && (!dtype_ || *dtype_ == values.scalar_type());
    }

    Labels moved(const LabelsHolder& labels) const { return labels.to(*device_, non_blocking_); }

    template <typename Holder>
    torch::intrusive_ptr<Holder> moved(const Holder& values) const {
        return values.to(dtype_, device_, std::nullopt, non_blocking_);
    }

    torch::IValue move_list(const c10::List<torch::IValue>& list) {
        auto result = list;
        for (size_t i = 0; i < list.size(); ++i) {
            const torch::IValue value = list.get(i);
            auto moved = move(value);
            if (is_same(moved, value)) continue;
            if (result.is(list)) result = list.copy();
            result.set(i, std::move(moved));
        }
        return result;
    }

    torch::IValue move_dict(const c10::Dict<torch::IValue, torch::IValue>& dict) {
        auto result = dict;
        for (const auto& item : dict) {
            auto moved = move(item.value());
            if (is_same(moved, item.value())) continue;
            if (result.is(dict)) result = dict.copy();
            result.insert_or_assign(item.key(), std::move(moved));
        }
        return result;
    }

    torch::IValue move_tuple(const torch::IValue& value) {
        const auto& elements = value.toTupleRef().elements();
        std::vector<torch::IValue> moved;
        bool same = true;
        for (const auto& element : elements) {
            moved.push_back(move(element));
            same = same && is_same(moved.back(), element);
        }
        if (same) return value;
        return c10::ivalue::Tuple::createNamed(std::move(moved), value.type()->expect<c10::TupleType>());
    }

    std::optional<torch::Device> device_;
    std::optional<torch::ScalarType> dtype_;
    bool non_blocking_;
    std::unordered_map<const void*, std::pair<torch::IValue, torch::IValue>> moved_;
};

/// Names of the attributes of `module` that may hold metatensor objects to be moved
std::set<std::string> attributes_to_move(const torch::jit::Module& module) {
    std::set<std::string> names;
    if (module.hasattr(BUFFER_NAMES)) {
        const auto buffer_names = module.attr(BUFFER_NAMES);
        for (const auto& name : buffer_names.toListRef()) {
            if (module.hasattr(name.toStringRef())) names.insert(name.toStringRef());
        }
        return names;
    }
    for (const auto& attribute : module.named_attributes(/*recurse=*/false))
        names.insert(attribute.name);
    return names;
}

} // namespace

void Module::move_attributes(std::optional<torch::Device> device, std::optional<torch::ScalarType> dtype,
                             bool non_blocking) {
    Mover mover(device, dtype, non_blocking);
    for (auto module : modules()) {
        for (const auto& name : attributes_to_move(module)) {
            const auto value = module.attr(name);
            if (value.isModule()) continue;
            auto moved = mover.move(value);
            if (!is_same(moved, value)) module.setattr(name, std::move(moved));
        }
    }
}

void Module::to(torch::Device device, torch::ScalarType dtype, bool non_blocking) {
    torch::jit::Module::to(device, dtype, non_blocking);
    move_attributes(device, dtype, non_blocking);
}

void Module::to(torch::ScalarType dtype, bool non_blocking) {
    torch::jit::Module::to(dtype, non_blocking);
    move_attributes(std::nullopt, dtype, non_blocking);
}

void Module::to(torch::Device device, bool non_blocking) {
    torch::jit::Module::to(device, non_blocking);
    move_attributes(device, std::nullopt, non_blocking);
}

} // namespace metatensor_torch
