// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "engine.hpp"
#include "kokkos_environment.hpp"

#include "kokkos/marshaller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <tuple>
#include <vector>

/// What the tests of a Marshaller share: structures, pairs as it writes them, and pairs from the definition.
namespace metatensor_kokkos {

using engine::Rank;
using engine::Vector;

inline const ModelTypes both_types = {{-1, 18, 36}, {0, 1, 1}};

/// first tag, second tag, cell shift
using Pair = std::tuple<int, int, int, int, int>;

struct WrittenPairs {
    std::vector<double> vectors;
    std::vector<std::int32_t> samples;
    std::int64_t count = 0;

    Array vector_array() {
        return borrow_matrix(vectors.data(), static_cast<std::int64_t>(vectors.size() / 3), 3);
    }
    Array sample_array() {
        return borrow_matrix(samples.data(), static_cast<std::int64_t>(samples.size() / 5), 5);
    }
};

inline WrittenPairs write_pairs(Marshaller& marshaller, const Rank& rank, std::size_t request = 0) {
    WrittenPairs result;
    result.vectors.resize(3 * marshaller.max_pairs(request));
    result.samples.resize(5 * marshaller.max_pairs(request));
    result.count =
        marshaller.write_pairs(rank.atoms().positions, request, result.vector_array(), result.sample_array());
    return result;
}

inline std::vector<std::int32_t> tags_of_rows(const Marshaller& marshaller, const Rank& rank) {
    const auto rows = marshaller.atom_of_row();
    const auto* atoms = static_cast<const std::int32_t*>(rows.data);
    std::vector<std::int32_t> tags;
    for (std::int64_t row = 0; row < rows.extents[0]; ++row)
        tags.push_back(rank.tags[atoms[row]]);
    return tags;
}

inline std::vector<Pair> named_pairs(const Marshaller& marshaller, const Rank& rank,
                                     const WrittenPairs& pairs) {
    const auto tags = tags_of_rows(marshaller, rank);
    std::vector<Pair> result;
    for (std::int64_t k = 0; k < pairs.count; ++k) {
        const auto* s = &pairs.samples[5 * k];
        result.emplace_back(tags[s[0]], tags[s[1]], s[2], s[3], s[4]);
    }
    return result;
}

/// All pairs within the cutoff, straight from the definition.
inline std::vector<Pair> brute_force(const std::vector<Vector>& atoms, const Box& box, double cutoff) {
    std::vector<Pair> result;
    constexpr int most = 4;
    for (std::size_t i = 0; i < atoms.size(); ++i) {
        for (std::size_t j = 0; j < atoms.size(); ++j) {
            for (int a = -most; a <= most; ++a) {
                for (int b = -most; b <= most; ++b) {
                    for (int c = -most; c <= most; ++c) {
                        if ((a != 0 && !box.periodic[0]) || (b != 0 && !box.periodic[1]) ||
                            (c != 0 && !box.periodic[2])) {
                            continue;
                        }
                        if (i == j && a == 0 && b == 0 && c == 0) continue;
                        if (engine::distance(atoms[i], engine::shifted(atoms[j], box, {a, b, c})) > cutoff)
                            continue;
                        result.emplace_back(static_cast<int>(i) + 1, static_cast<int>(j) + 1, a, b, c);
                    }
                }
            }
        }
    }
    return result;
}

struct Structure {
    const char* name;
    Box box;
    int n_atoms;
};

inline std::ostream& operator<<(std::ostream& stream, const Structure& structure) {
    return stream << structure.name;
}

inline Box make_box(const Box::Matrix& vectors, const std::array<bool, 3>& periodic) {
    Box box;
    box.vectors = vectors;
    box.origin = {-1.5, 0.25, 3.0};
    box.periodic = periodic;
    return box;
}

inline const Structure structures[] = {
    {"orthogonal", make_box({{{7, 0, 0}, {0, 8, 0}, {0, 0, 9}}}, {true, true, true}), 30},
    {"triclinic", make_box({{{7, 0, 0}, {2.5, 8, 0}, {-1.5, 3, 9}}}, {true, true, true}), 30},
    {"slab", make_box({{{7, 0, 0}, {2.5, 8, 0}, {0, 0, 9}}}, {true, true, false}), 30},
    {"wire", make_box({{{7, 0, 0}, {0, 8, 0}, {0, 0, 2}}}, {false, false, true}), 12},
    {"cluster", make_box({{{7, 0, 0}, {0, 8, 0}, {0, 0, 9}}}, {false, false, false}), 40},
    {"smaller_than_cutoff", make_box({{{1.7, 0, 0}, {0.3, 8, 0}, {0.2, 0.1, 2.1}}}, {true, true, true}), 6},
};

inline std::vector<Pair> sorted(std::vector<Pair> pairs) {
    std::sort(pairs.begin(), pairs.end());
    return pairs;
}

/// Atoms at random places, and the same ranges for all structures.
class OnStructures : public testing::TestWithParam<Structure> {
  protected:
    static constexpr double cutoff = 2.6;
    static constexpr double skin = 0.4;

    Box box = GetParam().box;
    std::vector<Vector> atoms = engine::random_atoms(box, GetParam().n_atoms, 0.7);
};

inline std::string name_of(const testing::TestParamInfo<Structure>& info) { return info.param.name; }

} // namespace metatensor_kokkos
