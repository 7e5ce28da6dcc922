// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kokkos/initialise.hpp"

#include <gtest/gtest.h>

/// Kokkos is there while the tests of a program run.
class KokkosEnvironment : public testing::Environment {
  public:
    void SetUp() override { metatensor_kokkos::initialise_kokkos(); }
    void TearDown() override { metatensor_kokkos::finalise_kokkos(); }
};
