// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include <torch/script.h>

// The six classes of the atomistic models have two names in TorchScript: `metatomic.System` and, in models
// that were saved before May 2025, `metatensor.System`. One C++ type can not carry both, so the old name is
// that of a shell.
namespace metatomic_torch::detail {

/// An object of a class under its old name, which does nothing but hold the one with all members, `current`.
template <typename Holder>
class Legacy final : public torch::CustomClassHolder {
  public:
    explicit Legacy(torch::intrusive_ptr<Holder> current) : current_(std::move(current)) {}

    const torch::intrusive_ptr<Holder>& current() const { return current_; }

  private:
    torch::intrusive_ptr<Holder> current_;
};

/// What TorchScript calls `metatomic.System` and so on: the holders themselves.
struct MetatomicClasses {
    template <typename Holder>
    using Class = Holder;

    template <typename Holder>
    static torch::intrusive_ptr<Holder> from_current(torch::intrusive_ptr<Holder> object) {
        return object;
    }
    template <typename Holder>
    static const torch::intrusive_ptr<Holder>& to_current(const torch::intrusive_ptr<Holder>& object) {
        return object;
    }
    template <typename Holder>
    static torch::Dict<std::string, torch::intrusive_ptr<Holder>>
    from_current(torch::Dict<std::string, torch::intrusive_ptr<Holder>> objects) {
        return objects;
    }
    template <typename Holder>
    static torch::Dict<std::string, torch::intrusive_ptr<Holder>>
    to_current(torch::Dict<std::string, torch::intrusive_ptr<Holder>> objects) {
        return objects;
    }
};

/// What TorchScript calls `metatensor.System` and so on: shells. Objects are shared with their shell; lists
/// and dictionaries of them are new ones.
struct LegacyClasses {
    template <typename Holder>
    using Class = Legacy<Holder>;

    template <typename Holder>
    static torch::intrusive_ptr<Legacy<Holder>> from_current(torch::intrusive_ptr<Holder> object) {
        return torch::make_intrusive<Legacy<Holder>>(std::move(object));
    }
    template <typename Holder>
    static const torch::intrusive_ptr<Holder>&
    to_current(const torch::intrusive_ptr<Legacy<Holder>>& object) {
        return object->current();
    }
    template <typename Holder>
    static torch::Dict<std::string, torch::intrusive_ptr<Legacy<Holder>>>
    from_current(const torch::Dict<std::string, torch::intrusive_ptr<Holder>>& objects) {
        torch::Dict<std::string, torch::intrusive_ptr<Legacy<Holder>>> shells;
        for (const auto& entry : objects)
            shells.insert(entry.key(), from_current(entry.value()));
        return shells;
    }
    template <typename Holder>
    static torch::Dict<std::string, torch::intrusive_ptr<Holder>>
    to_current(const torch::Dict<std::string, torch::intrusive_ptr<Legacy<Holder>>>& shells) {
        torch::Dict<std::string, torch::intrusive_ptr<Holder>> objects;
        for (const auto& entry : shells) {
            const torch::intrusive_ptr<Legacy<Holder>> shell = entry.value();
            objects.insert(entry.key(), shell->current());
        }
        return objects;
    }
};

} // namespace metatomic_torch::detail
