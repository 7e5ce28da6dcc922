// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/comparison.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "check.hpp"
#include "operations/detail/difference.hpp"
#include "operations/detail/loops.hpp"

namespace metatensor_torch {

namespace {

/// What counts as nearly the same, as in `torch.isclose`
struct Tolerance {
    double rtol;
    double atol;
    bool equal_nan;
};

/// `|a - b| <= atol + rtol |b|` for each two of these elements?
template <typename T>
bool all_close(const T* a, const T* b, int64_t n, const Tolerance& tolerance) {
    const auto rtol = static_cast<T>(tolerance.rtol);
    const auto atol = static_cast<T>(tolerance.atol);
    int64_t n_far = 0;
    for (int64_t i = 0; i < n; ++i) {
        const T distance = std::abs(a[i] - b[i]);
        const bool is_finite = distance <= std::numeric_limits<T>::max();
        const bool near = is_finite & (distance <= atol + std::abs(rtol * b[i]));
        const bool both_nan = tolerance.equal_nan & (a[i] != a[i]) & (b[i] != b[i]);
        n_far += !(near | (a[i] == b[i]) | both_nan);
    }
    return n_far == 0;
}

/// Looks at some elements after the other, so that a difference ends it.
torch::Tensor compare_plain(const torch::Tensor& first, const torch::Tensor& other,
                            const Tolerance& tolerance) {
    constexpr int64_t PART = 4096;
    auto result = details::empty_on_host({}, torch::kBool);
    details::with_element_type(first.scalar_type(), [&]<typename T>(T*) {
        const auto* a = first.const_data_ptr<T>();
        const auto* b = other.const_data_ptr<T>();
        const auto compare = [&](int64_t begin, int64_t end, bool same) {
            for (auto i = begin; i < end && same; i += PART) {
                same = all_close(a + i, b + i, std::min(PART, end - i), tolerance);
            }
            return same;
        };
        *result.mutable_data_ptr<bool>() = at::parallel_reduce(0, first.numel(), at::internal::GRAIN_SIZE,
                                                               true, compare, std::logical_and<>());
    });
    return result;
}

details::ValuesMatch nearly_same_values(const char* operation, double rtol, double atol, bool equal_nan) {
    return [=](const torch::Tensor& first, const torch::Tensor& other) {
        TORCH_CHECK(first.scalar_type() == other.scalar_type(), "the values given to '", operation,
                    "' must have the same dtype, got ", dtype_text(first.scalar_type()), " and ",
                    dtype_text(other.scalar_type()));
        const bool plain = details::is_plain(first) && details::is_plain(other);
        if (plain && first.sizes().equals(other.sizes()) && rtol >= 0 && atol >= 0) {
            return compare_plain(first, other, {rtol, atol, equal_nan});
        }
        return at::isclose(first, other, rtol, atol, equal_nan).all();
    };
}

} // namespace

bool allclose(const TensorMap& tensor_1, const TensorMap& tensor_2, double rtol, double atol,
              bool equal_nan) {
    const auto match = nearly_same_values("allclose", rtol, atol, equal_nan);
    return !details::map_difference(*tensor_1, *tensor_2, match, details::Wanted::whether);
}

void allclose_raise(const TensorMap& tensor_1, const TensorMap& tensor_2, double rtol, double atol,
                    bool equal_nan) {
    const auto match = nearly_same_values("allclose_raise", rtol, atol, equal_nan);
    details::raise_difference(
        "allclose_raise", details::map_difference(*tensor_1, *tensor_2, match, details::Wanted::difference));
}

bool allclose_block(const TensorBlock& block_1, const TensorBlock& block_2, double rtol, double atol,
                    bool equal_nan) {
    const auto match = nearly_same_values("allclose_block", rtol, atol, equal_nan);
    return !details::block_difference(block_1->data(), block_2->data(), match, details::Wanted::whether);
}

void allclose_block_raise(const TensorBlock& block_1, const TensorBlock& block_2, double rtol, double atol,
                          bool equal_nan) {
    const auto match = nearly_same_values("allclose_block_raise", rtol, atol, equal_nan);
    details::raise_difference(
        "allclose_block_raise",
        details::block_difference(block_1->data(), block_2->data(), match, details::Wanted::difference));
}

} // namespace metatensor_torch
