// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "any_place.hpp"
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

inline std::vector<WrittenPairs> write_all_pairs(Marshaller& marshaller, const Rank& rank,
                                                 std::size_t n_requests) {
    std::vector<WrittenPairs> results(n_requests);
    std::vector<PairArrays> arrays;
    const auto room = marshaller.room_for_pairs(rank.atoms().positions);
    for (std::size_t request = 0; request < n_requests; ++request) {
        results[request].vectors.resize(3 * room[request]);
        results[request].samples.resize(5 * room[request]);
        arrays.push_back({results[request].vector_array(), results[request].sample_array()});
    }
    const auto counts = marshaller.write_pairs(rank.atoms().positions, arrays);
    for (std::size_t request = 0; request < n_requests; ++request)
        results[request].count = counts[request];
    return results;
}

inline WrittenPairs write_pairs(Marshaller& marshaller, const Rank& rank, std::size_t request = 0) {
    return write_all_pairs(marshaller, rank, request + 1).back();
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

/// Atoms at random places, and the same ranges for all structures; each kind of Marshaller.
class OnStructures : public testing::TestWithParam<std::tuple<Structure, Execution>> {
  protected:
    static constexpr double cutoff = 2.6;
    static constexpr double skin = 0.4;

    static std::unique_ptr<Marshaller> make_marshaller() {
        return make_test_marshaller(std::get<Execution>(GetParam()));
    }

    Box box = std::get<Structure>(GetParam()).box;
    std::vector<Vector> atoms = engine::random_atoms(box, std::get<Structure>(GetParam()).n_atoms, 0.7);
};

inline const auto all_structures =
    testing::Combine(testing::ValuesIn(structures), testing::ValuesIn(executions()));

inline std::string name_of_case(const testing::TestParamInfo<std::tuple<Structure, Execution>>& info) {
    return std::string(std::get<Structure>(info.param).name) + "_" + name_of(std::get<Execution>(info.param));
}

/// Tests of each kind of Marshaller.
class OnExecutions : public testing::TestWithParam<Execution> {
  protected:
    static std::unique_ptr<Marshaller> make_marshaller() { return make_test_marshaller(GetParam()); }
};

inline std::string name_of_execution(const testing::TestParamInfo<Execution>& info) {
    return name_of(info.param);
}

} // namespace metatensor_kokkos
