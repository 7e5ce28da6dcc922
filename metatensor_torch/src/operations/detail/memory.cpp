// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/memory.hpp"

#include <algorithm>
#include <cstring>

#include <ATen/Parallel.h>

#include "data/empty_on_host.hpp"
#include "operations/detail/loops.hpp"

namespace metatensor_torch::details {

namespace {

/// Bytes that a thread should copy at least
constexpr int64_t BYTES_PER_TASK = int64_t{1} << 18;

/// Calls `function(begin, end)` for parts of `count` copies of `size` bytes.
template <typename Function>
void in_parallel(int64_t count, int64_t size, const Function& function) {
    const auto grain = std::max<int64_t>(BYTES_PER_TASK / std::max<int64_t>(size, 1), 1);
    at::parallel_for(0, count, grain, function);
}

void copy_bytes(char* target, const char* source, int64_t size) {
    if (size <= BYTES_PER_TASK) {
        std::memcpy(target, source, size);
        return;
    }
    at::parallel_for(0, size, BYTES_PER_TASK, [&](int64_t begin, int64_t end) {
        std::memcpy(target + begin, source + begin, end - begin);
    });
}

int64_t axis_of(const torch::Tensor& values, int64_t dim) { return dim < 0 ? dim + values.dim() : dim; }

/// Bytes of what has one place along an axis: all that is behind it
int64_t chunk_size(const torch::Tensor& values, int64_t axis) {
    return c10::multiply_integers(values.sizes().slice(axis + 1)) *
           static_cast<int64_t>(values.element_size());
}

bool are_consecutive(c10::IntArrayRef places) {
    for (size_t i = 1; i < places.size(); ++i) {
        if (places[i] != places[i - 1] + 1) {
            return false;
        }
    }
    return true;
}

/// Chunks of the same size at some places of each row
struct Chunks {
    const char* source;
    int64_t row_size;
    c10::IntArrayRef places;
    int64_t size;
};

/// Copies those of `n_rows` rows, of `SIZE` bytes or of any size where SIZE is 0.
template <size_t SIZE>
void copy_chunks(const Chunks& chunks, int64_t n_rows, char* target) {
    const size_t size = SIZE > 0 ? SIZE : chunks.size;
    for (int64_t i = 0; i < n_rows; ++i) {
        for (const auto place : chunks.places) {
            std::memcpy(target, chunks.source + i * chunks.row_size + place * size, SIZE > 0 ? SIZE : size);
            target += size;
        }
    }
}

using CopyChunks = void (*)(const Chunks&, int64_t, char*);

/// Sizes of an element are those that occur along the last axis, where a call of memcpy is most of a copy.
CopyChunks copy_chunks_of(int64_t size) {
    switch (size) {
    case 1:
        return &copy_chunks<1>;
    case 2:
        return &copy_chunks<2>;
    case 4:
        return &copy_chunks<4>;
    case 8:
        return &copy_chunks<8>;
    case 16:
        return &copy_chunks<16>;
    default:
        return &copy_chunks<0>;
    }
}

/// Tensors as plain memory of one type, one after the other along `axis`
torch::Tensor concatenate_on_host(const std::vector<torch::Tensor>& tensors, int64_t axis) {
    auto sizes = tensors[0].sizes().vec();
    sizes[axis] = 0;
    for (const auto& tensor : tensors) {
        sizes[axis] += tensor.size(axis);
    }
    auto result = empty_on_host(sizes, tensors[0].scalar_type());
    const auto chunk = chunk_size(result, axis);
    const auto row_size = sizes[axis] * chunk;
    const auto n_outer = c10::multiply_integers(result.sizes().slice(0, axis));
    auto* const target = static_cast<char*>(result.mutable_data_ptr());
    in_parallel(n_outer, row_size, [&](int64_t begin, int64_t end) {
        auto* to = target + begin * row_size;
        for (auto i = begin; i < end; ++i) {
            for (const auto& tensor : tensors) {
                const auto size = tensor.size(axis) * chunk;
                if (size > 0) {
                    copy_bytes(to, static_cast<const char*>(tensor.const_data_ptr()) + i * size, size);
                }
                to += size;
            }
        }
    });
    return result;
}

/// Whether they have one type, and shapes that differ along `axis` only
bool can_be_concatenated(const std::vector<torch::Tensor>& tensors, int64_t axis) {
    const auto shape = tensors[0].sizes();
    return std::all_of(tensors.begin(), tensors.end(), [&](const auto& tensor) {
        const auto sizes = tensor.sizes();
        return tensor.scalar_type() == tensors[0].scalar_type() && sizes.size() == shape.size() &&
               sizes.slice(0, axis).equals(shape.slice(0, axis)) &&
               sizes.slice(axis + 1).equals(shape.slice(axis + 1));
    });
}

} // namespace

torch::Tensor gather_on_host(const torch::Tensor& values, int64_t dim, c10::IntArrayRef places) {
    const auto axis = axis_of(values, dim);
    auto sizes = values.sizes().vec();
    Chunks chunks{static_cast<const char*>(values.const_data_ptr()), 0, places, chunk_size(values, axis)};
    chunks.row_size = sizes[axis] * chunks.size;
    sizes[axis] = static_cast<int64_t>(places.size());
    auto result = empty_on_host(sizes, values.scalar_type());
    if (result.numel() == 0) {
        return result;
    }
    auto* const target = static_cast<char*>(result.mutable_data_ptr());
    const auto n_rows = c10::multiply_integers(values.sizes().slice(0, axis));
    constexpr int64_t FIRST = 0;
    if (are_consecutive(places)) {
        chunks.source += places[0] * chunks.size;
        chunks.size *= static_cast<int64_t>(places.size());
        chunks.places = FIRST;
    }
    if (n_rows == 1 && chunks.places.size() == 1) {
        copy_bytes(target, chunks.source, chunks.size);
        return result;
    }
    const auto copy = copy_chunks_of(chunks.size);
    const auto size = static_cast<int64_t>(chunks.places.size()) * chunks.size;
    if (n_rows == 1) {
        in_parallel(sizes[axis], chunks.size, [&](int64_t begin, int64_t end) {
            auto part = chunks;
            part.places = chunks.places.slice(begin, end - begin);
            copy(part, 1, target + begin * chunks.size);
        });
        return result;
    }
    in_parallel(n_rows, size, [&](int64_t begin, int64_t end) {
        auto part = chunks;
        part.source += begin * chunks.row_size;
        copy(part, end - begin, target + begin * size);
    });
    return result;
}

torch::Tensor gather(const torch::Tensor& values, int64_t dim, c10::IntArrayRef places,
                     const torch::Tensor& index) {
    return is_plain_memory(values) ? gather_on_host(values, dim, places) : values.index_select(dim, index);
}

torch::Tensor concatenate(const std::vector<torch::Tensor>& tensors, int64_t dim) {
    const auto axis = axis_of(tensors[0], dim);
    const bool plain = std::all_of(tensors.begin(), tensors.end(),
                                   [](const auto& tensor) { return is_plain_memory(tensor); });
    return plain && can_be_concatenated(tensors, axis) ? concatenate_on_host(tensors, axis)
                                                       : at::cat(tensors, dim);
}

} // namespace metatensor_torch::details
