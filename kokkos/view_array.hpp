// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "array.hpp"

#include <Kokkos_Core.hpp>

#include <stdexcept>
#include <string>

namespace metatensor_kokkos {

/// Where the memory space `Space` has its memory.
template <class Space>
Place place_of() {
    if constexpr (Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename Space::memory_space>::accessible) {
        return {};
    } else {
        return {Kokkos::device_id()};
    }
}

/// Borrows the memory of a View: the View must outlive every use of the result.
template <class View>
Array borrow(const View& view) {
    using Value = typename View::non_const_value_type;
    static_assert(View::rank <= Array::max_rank);
    Array array;
    array.data = const_cast<Value*>(view.data());
    array.element = element_of<Value>;
    array.place = place_of<typename View::memory_space>();
    array.rank = static_cast<int>(View::rank);
    for (int axis = 0; axis < array.rank; ++axis) {
        array.extents[axis] = static_cast<std::int64_t>(view.extent(axis));
        array.strides[axis] = static_cast<std::int64_t>(view.stride(axis));
    }
    return array;
}

/// Like `borrow`, and the result keeps the allocation of the View alive.
template <class View>
Array share(const View& view) {
    static_assert(!View::traits::memory_traits::is_unmanaged, "an unmanaged View owns nothing to share");
    Array array = borrow(view);
    array.owner = std::make_shared<View>(view);
    return array;
}

/// Unmanaged View with element type T, `Rank` and any strides, in a memory space of `Space`.
template <class T, int Rank, class Space>
using StridedView =
    Kokkos::View<std::conditional_t<Rank == 1, T*, std::conditional_t<Rank == 2, T**, T***>>,
                 Kokkos::LayoutStride, typename Space::memory_space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// Unmanaged row-major View `[n, Columns]`.
template <class T, int Columns, class Space>
using RowsView = Kokkos::View<T* [Columns], Kokkos::LayoutRight, typename Space::memory_space,
                              Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// @throws std::invalid_argument when element type, rank or place of the array are not these; `what` names
/// it.
template <class T, class Space>
void check_array(const Array& array, int rank, const char* what) {
    using Value = std::remove_const_t<T>;
    if (array.element != element_of<Value>) {
        throw std::invalid_argument(std::string(what) +
                                    " has another element type than the View it is used as");
    }
    if (array.rank != rank) {
        throw std::invalid_argument(std::string(what) + " must have " + std::to_string(rank) + " axes, got " +
                                    std::to_string(array.rank));
    }
    if (array.place != place_of<Space>()) {
        throw std::invalid_argument(std::string(what) + " is not in the memory of the execution space");
    }
}

/// The memory of `array` as a View. `what` names the array in error messages.
/// @throws std::invalid_argument when element type, rank or place of the array are not those of the View.
template <class T, int Rank, class Space>
StridedView<T, Rank, Space> view_of(const Array& array, const char* what) {
    check_array<T, Space>(array, Rank, what);
    Kokkos::LayoutStride layout;
    for (int axis = 0; axis < Rank; ++axis) {
        layout.dimension[axis] = static_cast<std::size_t>(array.extents[axis]);
        layout.stride[axis] = static_cast<std::size_t>(array.strides[axis]);
    }
    return StridedView<T, Rank, Space>(static_cast<T*>(array.data), layout);
}

/// The memory of a contiguous `[n, Columns]` array as a View whose strides the compiler knows.
/// @throws std::invalid_argument as `view_of`, and when the array has other strides.
template <class T, int Columns, class Space>
RowsView<T, Columns, Space> rows_of(const Array& array, const char* what) {
    check_array<T, Space>(array, 2, what);
    const bool is_contiguous =
        array.extents[1] == Columns &&
        (array.extents[0] == 0 ||
         (array.strides[1] == 1 && (array.strides[0] == Columns || array.extents[0] == 1)));
    if (!is_contiguous) {
        throw std::invalid_argument(std::string(what) + " must be contiguous rows of " +
                                    std::to_string(Columns) + " numbers");
    }
    return RowsView<T, Columns, Space>(static_cast<T*>(array.data), array.extents[0]);
}

} // namespace metatensor_kokkos
