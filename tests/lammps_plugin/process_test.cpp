// SPDX-License-Identifier: BSD-3-Clause
#include "process.hpp"

#include <Kokkos_Core.hpp>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <cstdlib>

using metatensor_lammps::initialise_process;

namespace {

/// What is set up stays until a process ends: each test has its own, which ends well if all its `expect`
/// hold.
class Process : public testing::Test {
  protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

    static void expect(bool condition) {
        if (!condition) std::_Exit(1);
    }

    [[noreturn]] static void end() { std::_Exit(0); }
};

TEST_F(Process, GivesTorchAnAllocatorThatKeepsMemory) {
    EXPECT_EXIT(
        {
            unsetenv("METATENSOR_LAMMPS_MEMORY");
            const auto* const before = c10::GetCPUAllocator();
            initialise_process();
            expect(c10::GetCPUAllocator() != before);
            end();
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(Process, LeavesTheAllocatorIfAsked) {
    EXPECT_EXIT(
        {
            setenv("METATENSOR_LAMMPS_MEMORY", "system", 1);
            const auto* const before = c10::GetCPUAllocator();
            initialise_process();
            expect(c10::GetCPUAllocator() == before);
            end();
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(Process, StartsKokkosOnce) {
    EXPECT_EXIT(
        {
            expect(!Kokkos::is_initialized());
            initialise_process();
            expect(Kokkos::is_initialized());
            initialise_process();
            end();
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(Process, UsesAKokkosThatIsThere) {
    EXPECT_EXIT(
        {
            Kokkos::initialize();
            initialise_process();
            end();
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(Process, SaysThatKokkosCanNotStartAgain) {
    EXPECT_EXIT(
        {
            Kokkos::initialize();
            Kokkos::finalize();
            try {
                initialise_process();
            } catch (const std::runtime_error& error) {
                expect(std::string(error.what()).starts_with("Kokkos was finalised before"));
                end();
            }
        },
        testing::ExitedWithCode(0), "");
}

} // namespace
