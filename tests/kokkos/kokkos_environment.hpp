// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Kokkos_Core.hpp>
#include <gtest/gtest.h>

/// Kokkos is there while the tests of a program run.
class KokkosEnvironment : public testing::Environment {
  public:
    void SetUp() override { Kokkos::initialize(); }
    void TearDown() override { Kokkos::finalize(); }
};
