// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/segment_kernels.hpp"

#include <algorithm>
#include <complex>

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/Parallel.h>

#include "data/derivatives.hpp"
#include "data/empty_on_host.hpp"
#include "data/labels_data.hpp"

namespace metatensor_torch::details {

namespace {

/// Slices that are added before the result is added to the total
constexpr int64_t PARTIAL_SUM = 256;
/// Values that a thread should have at least
constexpr int64_t VALUES_PER_TASK = 32768;

/// A tensor as [n_outer, n_rows, n_inner], contiguous
struct Shape {
    int64_t n_outer = 1;
    int64_t n_inner = 1;
};

Shape shape_around(const torch::Tensor& values, int64_t dim) {
    Shape shape;
    for (int64_t i = 0; i < values.dim(); ++i) {
        if (i != dim) {
            (i < dim ? shape.n_outer : shape.n_inner) *= values.size(i);
        }
    }
    return shape;
}

/// The slices of one group: number i is at `data + place(i) * n_inner`
template <typename T>
struct Segment {
    const T* data;
    const int64_t* order;
    int64_t first;
    int64_t count;
    int64_t n_inner;

    const T* operator[](int64_t i) const {
        return data + (order == nullptr ? first + i : order[first + i]) * n_inner;
    }
};

template <typename Sum>
struct Identity {
    template <typename T>
    Sum operator()(T value, int64_t /*column*/) const {
        return static_cast<Sum>(value);
    }
};

template <typename Sum>
struct SquaredDistance {
    const Sum* mean;

    template <typename T>
    Sum operator()(T value, int64_t column) const {
        const auto difference = static_cast<Sum>(value) - mean[column];
        if constexpr (c10::is_complex<Sum>::value) {
            return difference * std::conj(difference);
        } else {
            return difference * difference;
        }
    }
};

/// Adds `term(value)` of the slices [begin, end) to `sums`, four slices at once.
template <typename T, typename Sum, typename Term>
void add_slices(const Segment<T>& segment, int64_t begin, int64_t end, const Term& term, Sum* sums) {
    int64_t i = begin;
    for (; i + 3 < end; i += 4) {
        const T* a = segment[i];
        const T* b = segment[i + 1];
        const T* c = segment[i + 2];
        const T* d = segment[i + 3];
        for (int64_t j = 0; j < segment.n_inner; ++j) {
            sums[j] += (term(a[j], j) + term(b[j], j)) + (term(c[j], j) + term(d[j], j));
        }
    }
    for (; i < end; ++i) {
        const T* a = segment[i];
        for (int64_t j = 0; j < segment.n_inner; ++j) {
            sums[j] += term(a[j], j);
        }
    }
}

/// Sum of `term(value)` over slices of one number
template <typename T, typename Sum, typename Term>
Sum sum_numbers(const Segment<T>& segment, const Term& term) {
    Sum total(0);
    for (int64_t begin = 0; begin < segment.count; begin += PARTIAL_SUM) {
        const auto end = std::min(begin + PARTIAL_SUM, segment.count);
        Sum a(0);
        Sum b(0);
        int64_t i = begin;
        for (; i + 1 < end; i += 2) {
            a += term(*segment[i], 0);
            b += term(*segment[i + 1], 0);
        }
        if (i < end) {
            a += term(*segment[i], 0);
        }
        total += a + b;
    }
    return total;
}

/// `sums` = sum of `term(value)` over the slices; `partial` is memory for as many numbers.
template <typename T, typename Sum, typename Term>
void sum_slices(const Segment<T>& segment, const Term& term, Sum* sums, Sum* partial) {
    if (segment.n_inner == 1) {
        *sums = sum_numbers<T, Sum>(segment, term);
        return;
    }
    std::fill_n(sums, segment.n_inner, Sum(0));
    if (segment.count <= PARTIAL_SUM) {
        add_slices(segment, 0, segment.count, term, sums);
        return;
    }
    for (int64_t begin = 0; begin < segment.count; begin += PARTIAL_SUM) {
        std::fill_n(partial, segment.n_inner, Sum(0));
        add_slices(segment, begin, std::min(begin + PARTIAL_SUM, segment.count), term, partial);
        for (int64_t j = 0; j < segment.n_inner; ++j) {
            sums[j] += partial[j];
        }
    }
}

/// Memory of one thread
template <typename Sum>
struct Buffers {
    explicit Buffers(int64_t n_inner) : memory(3 * n_inner), n_inner(n_inner) {}

    Sum* operator[](int64_t i) { return memory.data() + i * n_inner; }

    std::vector<Sum> memory;
    int64_t n_inner;
};

template <typename T, typename Sum>
void reduce_segment(const Segment<T>& segment, SegmentResult result, Buffers<Sum>& buffers, T* out) {
    auto* sums = buffers[0];
    // reciprocals would round differently from torch's mean
    const auto count = static_cast<Sum>(static_cast<double>(segment.count));
    const auto divide = [&](Sum* numbers) {
        std::transform(numbers, numbers + segment.n_inner, numbers,
                       [&](Sum number) { return number / count; });
    };
    sum_slices(segment, Identity<Sum>(), sums, buffers[1]);
    if (result != SegmentResult::sum) {
        divide(sums);
    }
    if (result == SegmentResult::variance) {
        auto* squares = buffers[2];
        sum_slices(segment, SquaredDistance<Sum>{sums}, squares, buffers[1]);
        divide(squares);
        sums = squares;
    }
    std::transform(sums, sums + segment.n_inner, out, [](Sum number) { return static_cast<T>(number); });
}

template <typename T>
void reduce_segments(const torch::Tensor& values, torch::Tensor& out, const Shape& shape,
                     const RowGroups& groups, SegmentResult result) {
    using Sum = at::opmath_type<T>;
    const auto n_groups = groups.n_groups();
    const auto n_tasks = shape.n_outer * n_groups;
    const auto* order = groups.order().defined() ? groups.order().const_data_ptr<int64_t>() : nullptr;
    const auto* data = values.const_data_ptr<T>();
    auto* reduced = out.data_ptr<T>();
    const auto values_per_group = values.numel() / std::max<int64_t>(n_tasks, 1);
    const auto grain = std::max<int64_t>(VALUES_PER_TASK / std::max<int64_t>(values_per_group, 1), 1);
    at::parallel_for(0, n_tasks, grain, [&](int64_t begin, int64_t end) {
        Buffers<Sum> buffers(shape.n_inner);
        for (auto task = begin; task < end; ++task) {
            const auto outer = task / n_groups;
            const auto first = groups.starts()[task % n_groups];
            const Segment<T> segment{data + outer * groups.n_rows() * shape.n_inner, order, first,
                                     groups.starts()[task % n_groups + 1] - first, shape.n_inner};
            reduce_segment(segment, result, buffers, reduced + task * shape.n_inner);
        }
    });
}

} // namespace

bool has_segment_kernel(const torch::Tensor& values) {
    const auto type = values.scalar_type();
    return values.is_cpu() && has_data(values) && !values.is_sparse() && !has_tangent(values) &&
           (type == torch::kDouble || type == torch::kFloat || type == torch::kHalf ||
            type == torch::kBFloat16 || type == torch::kComplexDouble || type == torch::kComplexFloat);
}

torch::Tensor reduce_segments_on_cpu(const torch::Tensor& values, int64_t dim, const RowGroups& groups,
                                     SegmentResult result) {
    const auto dense = values.resolve_conj().resolve_neg().contiguous();
    auto sizes = dense.sizes().vec();
    const auto axis = dim < 0 ? dim + dense.dim() : dim;
    sizes[axis] = groups.n_groups();
    auto out = empty_on_host(sizes, dense.scalar_type());
    const auto shape = shape_around(dense, axis);
    AT_DISPATCH_FLOATING_AND_COMPLEX_TYPES_AND2(
        torch::kHalf, torch::kBFloat16, dense.scalar_type(), "reduce_segments",
        [&] { reduce_segments<scalar_t>(dense, out, shape, groups, result); });
    return out;
}

} // namespace metatensor_torch::details
