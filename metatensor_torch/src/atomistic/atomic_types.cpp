// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/record_function.h>

#include <algorithm>
#include <array>
#include <bitset>

#include "metatomic/torch/evaluation.hpp"

namespace metatomic_torch {
namespace {

/// The first type that is not supported, if any.
std::optional<int32_t> find_unsupported_on_cpu(const torch::Tensor& types,
                                               const std::vector<int64_t>& supported) {
    constexpr int64_t N_SMALL = 256; // more than there are elements
    std::bitset<N_SMALL> small;
    for (const auto type : supported) {
        if (type >= 0 && type < N_SMALL) small.set(static_cast<size_t>(type));
    }
    const auto is_supported = [&](int32_t type) {
        if (type >= 0 && type < N_SMALL) return small.test(static_cast<size_t>(type));
        return std::find(supported.begin(), supported.end(), type) != supported.end();
    };

    const auto contiguous = types.contiguous();
    const auto* first = contiguous.const_data_ptr<int32_t>();
    const auto* last = first + contiguous.numel();
    const auto* found = std::find_if_not(first, last, is_supported);
    return found == last ? std::nullopt : std::make_optional(*found);
}

/// The same on any device, with one synchronisation if all types are supported.
std::optional<int32_t> find_unsupported(const torch::Tensor& types, const std::vector<int64_t>& supported) {
    constexpr int64_t MOST_TO_COPY = 100'000; // to copy fewer takes less time than kernels that look at them
    if (types.is_meta() || types.numel() == 0) return std::nullopt;
    if (types.numel() <= MOST_TO_COPY || types.is_cpu()) {
        return find_unsupported_on_cpu(types.to(torch::kCPU), supported);
    }
    const auto known = torch::tensor(supported, torch::kInt64).to(types.device(), torch::kInt32);
    const auto unknown = torch::isin(types, known).logical_not();
    if (!unknown.any().item<bool>()) return std::nullopt;
    return types[unknown.to(torch::kInt32).argmax().item<int64_t>()].item<int32_t>();
}

/// Remembers tensors of types that were checked, without keeping them alive.
class CheckedTypes {
  public:
    bool contains(const torch::Tensor& types, const std::vector<int64_t>& supported) const {
        return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
            // the weak pointer keeps the address from being used again
            return entry.storage._unsafe_get_target() == types.storage().unsafeGetStorageImpl() &&
                   entry.offset == types.storage_offset() && entry.size == types.numel() &&
                   entry.stride == types.stride(0) && entry.version == types._version() &&
                   entry.supported == supported;
        });
    }

    void add(const torch::Tensor& types, const std::vector<int64_t>& supported) {
        const auto storage =
            c10::intrusive_ptr<c10::StorageImpl>::reclaim_copy(types.storage().unsafeGetStorageImpl());
        entries_[next_] = {c10::weak_intrusive_ptr<c10::StorageImpl>(storage),
                           types.storage_offset(),
                           types.numel(),
                           types.stride(0),
                           types._version(),
                           supported};
        next_ = (next_ + 1) % entries_.size();
    }

  private:
    struct Entry {
        c10::weak_intrusive_ptr<c10::StorageImpl> storage{c10::intrusive_ptr<c10::StorageImpl>()};
        int64_t offset = 0;
        int64_t size = 0;
        int64_t stride = 0;
        int64_t version = 0;
        std::vector<int64_t> supported;
    };

    std::array<Entry, 16> entries_;
    size_t next_ = 0;
};

} // namespace

void check_atomic_types(const std::vector<System>& systems, const std::vector<int64_t>& supported) {
    RECORD_FUNCTION("AtomisticModel::check_atomic_types", {});
    thread_local CheckedTypes checked;
    const auto check = [&](const torch::Tensor& types) {
        const auto unsupported = find_unsupported(types, supported);
        TORCH_CHECK_VALUE(!unsupported.has_value(), "this model does not support the atomic type '",
                          *unsupported, "' which is present in the input systems");
    };
    std::vector<torch::Tensor> elsewhere; // all on one device, looked at together
    for (const auto& system : systems) {
        const auto& types = system->types();
        // Not on the CPU, where looking costs little, and where others may write without torch's knowledge.
        // An inference tensor has no version.
        const auto can_be_remembered = !types.is_cpu() && types.has_storage() && !types.is_inference();
        if (can_be_remembered && checked.contains(types, supported)) continue;
        if (can_be_remembered && (elsewhere.empty() || elsewhere[0].device() == types.device())) {
            elsewhere.push_back(types);
        } else {
            check(types);
        }
    }
    if (elsewhere.empty()) return;
    check(elsewhere.size() == 1 ? elsewhere[0] : torch::cat(elsewhere));
    for (const auto& types : elsewhere)
        checked.add(types, supported);
}

} // namespace metatomic_torch
