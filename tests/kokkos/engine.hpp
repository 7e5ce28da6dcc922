// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kokkos/marshaller.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace engine {

using Vector = std::array<double, 3>;

inline Vector shifted(const Vector& x, const metatensor_kokkos::Box& box, const std::array<int, 3>& shift) {
    Vector result = x;
    for (int row = 0; row < 3; ++row) {
        for (int k = 0; k < 3; ++k)
            result[k] += shift[row] * box.vectors[row][k];
    }
    return result;
}

inline double distance(const Vector& a, const Vector& b) {
    return std::sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                     (a[2] - b[2]) * (a[2] - b[2]));
}

inline double fraction(const Vector& x, const metatensor_kokkos::Box& box, int axis) {
    const auto inverse = box.inverse();
    double result = 0;
    for (int k = 0; k < 3; ++k)
        result += (x[k] - box.origin[k]) * inverse[k][axis];
    return result;
}

/// `n` atoms at random places of the box, none closer than `spacing` to another or to an image.
inline std::vector<Vector> random_atoms(const metatensor_kokkos::Box& box, int n, double spacing) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::vector<Vector> atoms;
    while (static_cast<int>(atoms.size()) < n) {
        Vector x = box.origin;
        for (int row = 0; row < 3; ++row) {
            const double place = uniform(random);
            for (int k = 0; k < 3; ++k)
                x[k] += place * box.vectors[row][k];
        }
        bool is_free = true;
        for (const auto& other : atoms)
            is_free = is_free && distance(x, other) > spacing;
        if (is_free) atoms.push_back(x);
    }
    return atoms;
}

/// One rank of an engine, as LAMMPS has it: owned atoms, ghosts within `halo` of the rank's part of the box,
/// and a full neighbor list up to `reach`, by brute force.
class Rank {
  public:
    Rank(const std::vector<Vector>& atoms, const metatensor_kokkos::Box& box, double halo, double reach,
         bool ghost_centers = false)
        : box_(box) {
        collect(atoms, halo);
        list(reach, ghost_centers);
    }

    metatensor_kokkos::Atoms atoms() const {
        metatensor_kokkos::Atoms result;
        result.positions = metatensor_kokkos::borrow_matrix(x[0].data(), n_all(), 3);
        result.types = metatensor_kokkos::borrow_vector(types.data(), n_all());
        result.tags = metatensor_kokkos::borrow_vector(tags.data(), n_all());
        result.n_owned = n_owned;
        return result;
    }

    metatensor_kokkos::NeighborRows neighbors() const {
        metatensor_kokkos::NeighborRows rows;
        rows.centers =
            metatensor_kokkos::borrow_vector(centers_.data(), static_cast<std::int64_t>(centers_.size()));
        rows.counts =
            metatensor_kokkos::borrow_vector(counts_.data(), static_cast<std::int64_t>(counts_.size()));
        rows.pages = pages_.data();
        rows.order_varies = order_varies_;
        return rows;
    }

    /// From now on with each row in another order, as engines on GPUs list neighbors.
    void shuffle_rows(unsigned seed) {
        std::mt19937 random(seed);
        for (auto& row : rows_)
            std::shuffle(row.begin(), row.end(), random);
        order_varies_ = true;
    }

    /// The same rank with its atoms, and its ghosts, in another order, and the list too.
    Rank renumbered(unsigned seed) const {
        std::mt19937 random(seed);
        std::vector<std::size_t> old_index(x.size());
        std::iota(old_index.begin(), old_index.end(), 0);
        std::shuffle(old_index.begin(), old_index.begin() + n_owned, random);
        std::shuffle(old_index.begin() + n_owned, old_index.end(), random);
        auto result = *this;
        std::vector<int> new_index(x.size());
        for (std::size_t k = 0; k < x.size(); ++k) {
            result.x[k] = x[old_index[k]];
            result.types[k] = types[old_index[k]];
            result.tags[k] = tags[old_index[k]];
            new_index[old_index[k]] = static_cast<int>(k);
        }
        for (std::size_t k = 0; k < rows_.size(); ++k) {
            result.rows_[k] = rows_[old_index[k]];
            result.counts_[k] = counts_[old_index[k]];
            for (auto& neighbor : result.rows_[k])
                neighbor = new_index[neighbor];
            result.pages_[k] = result.rows_[k].data();
        }
        result.shuffle_rows(seed);
        return result;
    }

    std::int64_t n_all() const { return static_cast<std::int64_t>(x.size()); }

    std::vector<Vector> x;
    std::vector<int> types;
    std::vector<std::int32_t> tags;
    std::int64_t n_owned = 0;

  private:
    bool owns(const Vector& position) const {
        for (int axis = 0; axis < 3; ++axis) {
            const double place = fraction(position, box_, axis);
            if (place < box_.lower[axis] || place >= box_.upper[axis]) return false;
        }
        return true;
    }

    bool in_halo(const Vector& position, double halo) const {
        const auto inverse = box_.inverse();
        for (int axis = 0; axis < 3; ++axis) {
            const double height =
                1 / std::sqrt(inverse[0][axis] * inverse[0][axis] + inverse[1][axis] * inverse[1][axis] +
                              inverse[2][axis] * inverse[2][axis]);
            const double place = fraction(position, box_, axis);
            if ((box_.lower[axis] - place) * height > halo || (place - box_.upper[axis]) * height > halo)
                return false;
        }
        return true;
    }

    void add(const Vector& position, std::size_t index) {
        x.push_back(position);
        tags.push_back(static_cast<std::int32_t>(index) + 1);
        types.push_back(1 + static_cast<int>(index % 2));
    }

    void collect(const std::vector<Vector>& atoms, double halo) {
        for (std::size_t k = 0; k < atoms.size(); ++k) {
            if (owns(atoms[k])) add(atoms[k], k);
        }
        n_owned = n_all();
        constexpr int most = 4;
        for (int a = -most; a <= most; ++a) {
            for (int b = -most; b <= most; ++b) {
                for (int c = -most; c <= most; ++c) {
                    const std::array<int, 3> shift = {a, b, c};
                    bool is_image = true;
                    for (int axis = 0; axis < 3; ++axis)
                        is_image = is_image && (box_.periodic[axis] || shift[axis] == 0);
                    if (!is_image) continue;
                    for (std::size_t k = 0; k < atoms.size(); ++k) {
                        const auto position = shifted(atoms[k], box_, shift);
                        const bool is_owned = a == 0 && b == 0 && c == 0 && owns(position);
                        if (!is_owned && in_halo(position, halo)) add(position, k);
                    }
                }
            }
        }
    }

    void list(double reach, bool ghost_centers) {
        const auto n_centers = ghost_centers ? n_all() : n_owned;
        for (std::int64_t i = 0; i < n_centers; ++i) {
            std::vector<int> row;
            for (std::int64_t j = 0; j < n_all(); ++j) {
                if (j != i && distance(x[i], x[j]) <= reach) row.push_back(static_cast<int>(j));
            }
            centers_.push_back(static_cast<int>(i));
            counts_.push_back(static_cast<int>(row.size()));
            rows_.push_back(std::move(row));
        }
        for (const auto& row : rows_)
            pages_.push_back(row.data());
    }

    metatensor_kokkos::Box box_;
    std::vector<int> centers_;
    std::vector<int> counts_;
    std::vector<std::vector<int>> rows_;
    std::vector<const int*> pages_;
    bool order_varies_ = false;
};

} // namespace engine
