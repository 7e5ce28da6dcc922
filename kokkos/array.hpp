// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

/// Marshalling of atoms and neighbor lists between a simulation engine, Kokkos and torch.
namespace metatensor_kokkos {

/// Type of the elements of an `Array`.
enum class Element : std::uint8_t { int32, int64, float32, float64 };

/// Where the memory of an `Array` is: on the host, or on the CUDA device with this index.
struct Place {
    static constexpr int host_index = -1;

    int cuda_index = host_index;

    bool operator==(const Place&) const = default;
};

/// A strided array in memory that somebody else allocated: what Kokkos Views and torch tensors both are.
///
/// Files that include torch and files that a CUDA compiler sees are different files, so memory crosses from
/// one side to the other as an `Array`: `view_array.hpp` joins it with Kokkos, `tensor_array.hpp` with torch.
/// Copies of an `Array` refer to the same memory.
struct Array {
    static constexpr int max_rank = 3;

    void* data = nullptr;
    Element element = Element::float64;
    Place place;
    int rank = 0;
    std::array<std::int64_t, max_rank> extents{};
    /// In elements, not bytes.
    std::array<std::int64_t, max_rank> strides{};
    /// Keeps the memory alive; empty when the memory is only borrowed.
    std::shared_ptr<void> owner;
};

template <class T>
struct ElementOf;
template <>
struct ElementOf<std::int32_t> {
    static constexpr auto value = Element::int32;
};
template <>
struct ElementOf<std::int64_t> {
    static constexpr auto value = Element::int64;
};
template <>
struct ElementOf<float> {
    static constexpr auto value = Element::float32;
};
template <>
struct ElementOf<double> {
    static constexpr auto value = Element::float64;
};

/// `Element` that stands for the C++ type T.
template <class T>
inline constexpr Element element_of = ElementOf<T>::value;

/// Borrows `n` contiguous elements.
template <class T>
Array borrow_vector(T* data, std::int64_t n, Place place = {}) {
    return {const_cast<std::remove_const_t<T>*>(data),
            element_of<std::remove_const_t<T>>,
            place,
            1,
            {n},
            {1},
            {}};
}

/// Borrows a contiguous row-major `[rows, columns]` matrix.
template <class T>
Array borrow_matrix(T* data, std::int64_t rows, std::int64_t columns, Place place = {}) {
    return {const_cast<std::remove_const_t<T>*>(data),
            element_of<std::remove_const_t<T>>,
            place,
            2,
            {rows, columns},
            {columns, 1},
            {}};
}

/// `n` columns of a matrix, from column `first` on: the same memory.
inline Array columns_of(const Array& matrix, std::int64_t first, std::int64_t n) {
    const std::int64_t bytes = matrix.element == Element::int32 || matrix.element == Element::float32 ? 4 : 8;
    Array result = matrix;
    result.data = static_cast<std::byte*>(matrix.data) + first * matrix.strides[1] * bytes;
    result.extents[1] = n;
    return result;
}

} // namespace metatensor_kokkos
