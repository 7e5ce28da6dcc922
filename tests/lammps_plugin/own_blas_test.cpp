// SPDX-License-Identifier: BSD-3-Clause
#include "own_blas.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace {

int n_foreign_calls = 0;

} // namespace

/// Stands for the one of an engine: loaded before torch, and so taken by torch too. It computes nothing.
extern "C" __attribute__((visibility("default"))) void dgemm_(...) { ++n_foreign_calls; }

namespace {

torch::Tensor product(const torch::Tensor& one, const torch::Tensor& other) { return torch::mm(one, other); }

TEST(OwnBlas, IsWhatTorchCalls) {
    const auto options = torch::TensorOptions().dtype(torch::kFloat64);
    const auto numbers = torch::arange(64 * 64, options).reshape({64, 64});
    const auto expected = (numbers.unsqueeze(2) * numbers.unsqueeze(0)).sum(1);
    product(numbers, numbers);
    if (n_foreign_calls == 0) GTEST_SKIP() << "this torch does not call BLAS through the dynamic linker";

    EXPECT_GE(metatensor_lammps::use_own_blas(), 1);
    n_foreign_calls = 0;
    EXPECT_TRUE(torch::allclose(product(numbers, numbers), expected));
    EXPECT_EQ(n_foreign_calls, 0);
    EXPECT_EQ(metatensor_lammps::use_own_blas(), 0); // nothing left to do
    // others, which were torch's own already
    EXPECT_TRUE(torch::allclose(product(numbers.to(torch::kFloat32), numbers.to(torch::kFloat32)),
                                expected.to(torch::kFloat32)));
    const auto matrix = torch::eye(8, options) * 3.0;
    EXPECT_TRUE(torch::allclose(torch::inverse(matrix), torch::eye(8, options) / 3.0));
}

} // namespace
