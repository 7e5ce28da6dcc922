// SPDX-License-Identifier: BSD-3-Clause
#include "tensor_memory.hpp"

#include <c10/core/CPUAllocator.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

using metatensor_lammps::TensorMemory;

namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;

TEST(TensorMemory, GivesTheBlockThatWasFreedLast) {
    TensorMemory memory;
    auto first = memory.allocate(3 * mebi);
    auto second = memory.allocate(3 * mebi);
    const auto* const address = first.get();
    EXPECT_NE(address, second.get());
    second.clear();
    first.clear();
    EXPECT_EQ(memory.allocate(3 * mebi).get(), address);
}

TEST(TensorMemory, AnySizeFits) {
    TensorMemory memory;
    for (std::size_t size = TensorMemory::smallest; size < 8 * mebi; size += size / 13) {
        for (const auto n : {size - 1, size, size + 1}) {
            const auto data = memory.allocate(n);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data.get()) % 64, 0U);
            std::memset(data.get(), 1, n); // AddressSanitizer looks whether it does
        }
    }
}

TEST(TensorMemory, ASimilarSizeReusesABlock) {
    TensorMemory memory;
    const auto* const address = memory.allocate(4 * mebi).get();
    EXPECT_EQ(memory.allocate(4 * mebi - 4 * mebi / 10).get(), address);
    EXPECT_NE(memory.allocate(2 * mebi).get(), address); // would waste half of it
    EXPECT_NE(memory.allocate(4 * mebi + mebi).get(), address);
}

TEST(TensorMemory, KeepsAtMostTwiceWhatWasInUse) {
    TensorMemory memory;
    for (std::size_t size = mebi; size < 64 * mebi; size += size / 2) {
        memory.allocate(size).clear();
        EXPECT_LE(memory.kept(), 3 * size);
    }
    EXPECT_GT(memory.kept(), 0U);
    memory.release_kept();
    EXPECT_EQ(memory.kept(), 0U);
}

TEST(TensorMemory, SmallAndEmptyTensorsAreLeftToTorch) {
    TensorMemory memory;
    memory.allocate(TensorMemory::smallest - 1).clear();
    EXPECT_EQ(memory.kept(), 0U);
    EXPECT_EQ(memory.allocate(0).get(), nullptr);
}

TEST(TensorMemory, SaysThatThereIsNoMemory) {
    TensorMemory memory;
    for (const auto n : {std::size_t{1} << 62, ~std::size_t{0}}) {
        EXPECT_THAT([&] { memory.allocate(n); }, testing::ThrowsMessage<c10::OutOfMemoryError>(testing::HasSubstr(
                                                     "bytes for a tensor")));
    }
}

TEST(TensorMemory, ServesSeveralThreads) {
    TensorMemory memory;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&memory, thread] {
            for (std::size_t k = 0; k < 200; ++k) {
                const auto size = TensorMemory::smallest + 50'000 * ((k + static_cast<std::size_t>(thread)) % 7);
                auto data = memory.allocate(size);
                auto* const bytes = static_cast<unsigned char*>(data.get());
                std::memset(bytes, thread, size);
                ASSERT_EQ(bytes[size / 2], thread);
                ASSERT_EQ(bytes[size - 1], thread);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
}

TEST(TensorMemory, IsWhatTorchUses) {
    const auto before = torch::ones({1000, 1000});
    auto& memory = TensorMemory::install();
    const auto kept = memory.kept();
    {
        const auto tensor = torch::ones({1000, 1000});
        EXPECT_TRUE(torch::equal(tensor, before));
        auto resized = torch::empty({0});
        resized.resize_({300, 1000}).fill_(2.0);
        EXPECT_EQ(resized.sum().item<double>(), 6e5);
    }
    EXPECT_GT(memory.kept(), kept);
    EXPECT_EQ(before.sum().item<double>(), 1e6); // freed by the allocator that made it
}

} // namespace
