// SPDX-License-Identifier: BSD-3-Clause
#include "tensor_memory.hpp"

#include <c10/core/CPUAllocator.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include <cstring>
#include <thread>

using metatensor_lammps::TensorMemory;

namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;

TEST(TensorMemory, GivesFreedMemoryAgain) {
    TensorMemory memory;
    auto first = memory.allocate(3 * mebi);
    auto second = memory.allocate(3 * mebi);
    const auto* const address = first.get();
    EXPECT_NE(address, second.get());
    first.clear();
    EXPECT_EQ(memory.allocate(3 * mebi - 1).get(), address);
    EXPECT_EQ(memory.allocate(TensorMemory::smallest).get(), address);
    EXPECT_GE(memory.in_use(), 3 * mebi);
    EXPECT_LE(memory.in_use(), 3 * mebi + 8192);
}

TEST(TensorMemory, JoinsFreePieces) {
    TensorMemory memory;
    std::vector<c10::DataPtr> tensors;
    for (int k = 0; k < 5; ++k)
        tensors.push_back(memory.allocate(6 * mebi));
    const auto reserved = memory.reserved();
    const auto* const address = tensors[1].get();
    for (const int k : {1, 3, 2}) // after, before, and between free pieces
        tensors[k].clear();
    EXPECT_EQ(memory.allocate(18 * mebi + 4096).get(), address);
    EXPECT_EQ(memory.reserved(), reserved);
}

TEST(TensorMemory, TakesTheSmallestPieceThatIsLargeEnough) {
    TensorMemory memory;
    auto large = memory.allocate(8 * mebi);
    const auto wall = memory.allocate(mebi);
    auto small = memory.allocate(2 * mebi);
    const auto other_wall = memory.allocate(mebi);
    const auto* const address = small.get();
    large.clear();
    small.clear();
    EXPECT_EQ(memory.allocate(mebi + mebi / 2).get(), address);
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

TEST(TensorMemory, ReservesLittleMoreThanIsInUse) {
    TensorMemory memory;
    std::vector<c10::DataPtr> tensors;
    for (int k = 0; k < 100; ++k) {
        tensors.push_back(memory.allocate((k % 7 + 1) * mebi));
        EXPECT_LE(memory.reserved(), 2 * memory.in_use() + 34 * mebi);
    }
    memory.release_unused();
    const auto reserved = memory.reserved();
    EXPECT_GE(reserved, memory.in_use());
    tensors.resize(1);
    memory.release_unused();
    EXPECT_LT(memory.reserved(), reserved);
    EXPECT_GT(memory.reserved(), 0U);
    tensors.clear();
    memory.release_unused();
    EXPECT_EQ(memory.reserved(), 0U);
    EXPECT_EQ(memory.in_use(), 0U);
    EXPECT_NE(memory.allocate(mebi).get(), nullptr);
}

TEST(TensorMemory, SmallAndEmptyTensorsAreLeftToTorch) {
    TensorMemory memory;
    const auto small = memory.allocate(TensorMemory::smallest - 1);
    EXPECT_NE(small.get(), nullptr);
    EXPECT_EQ(memory.in_use(), 0U);
    EXPECT_EQ(memory.allocate(0).get(), nullptr);
}

TEST(TensorMemory, SaysThatThereIsNoMemory) {
    TensorMemory memory;
    for (const auto n : {std::size_t{1} << 62, ~std::size_t{0}}) {
        EXPECT_THAT([&] { memory.allocate(n); },
                    testing::ThrowsMessage<c10::OutOfMemoryError>(testing::HasSubstr("bytes for a tensor")));
    }
}

TEST(TensorMemory, ServesSeveralThreads) {
    TensorMemory memory;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&memory, thread] {
            for (std::size_t k = 0; k < 200; ++k) {
                const auto size =
                    TensorMemory::smallest + 50'000 * ((k + static_cast<std::size_t>(thread)) % 7);
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
    const auto in_use = memory.in_use();
    {
        const auto tensor = torch::ones({1000, 1000});
        EXPECT_GE(memory.in_use(), in_use + 4'000'000);
        EXPECT_TRUE(torch::equal(tensor, before));
        auto resized = torch::empty({0});
        resized.resize_({300, 1000}).fill_(2.0);
        EXPECT_EQ(resized.sum().item<double>(), 6e5);
    }
    EXPECT_EQ(memory.in_use(), in_use);
    EXPECT_EQ(before.sum().item<double>(), 1e6); // freed by the allocator that made it
}

TEST(TensorMemory, ServesWhatIsNoTensor) {
    auto& memory = TensorMemory::install();
    const auto in_use = memory.in_use();
    for (const auto size : {std::size_t{0}, std::size_t{1000}, TensorMemory::smallest, 3 * mebi}) {
        auto* const data = memory.raw_allocate(size);
        if (size > 0) std::memset(data, 1, size);
        memory.raw_deallocate(data);
    }
    EXPECT_EQ(memory.in_use(), in_use);

    // operators of oneDNN allocate in that way
    const auto input = torch::ones({8, 16, 64, 64});
    const auto kernel = torch::ones({16, 16, 3, 3});
    EXPECT_EQ(torch::conv2d(input, kernel)[0][0][0][0].item<float>(), 144.0F);
    EXPECT_NEAR(torch::gelu(input).sum().item<float>() / static_cast<float>(input.numel()), 0.8413F, 1e-3);
    const auto half = torch::ones({256, 256}, torch::kBFloat16);
    EXPECT_EQ(half.matmul(half)[0][0].item<float>(), 256.0F);
}

} // namespace
