// SPDX-License-Identifier: BSD-3-Clause
// Files that other software wrote: see data/README.md
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <metatomic/torch.hpp>

#include "serialization/example_data.hpp"

namespace metatensor_torch {

namespace {

std::string file(const std::string& name) { return std::string(TEST_DATA_DIRECTORY) + "/" + name; }

TEST(DataFiles, Labels) { EXPECT_TRUE(*load_labels(file("labels.mts")) == *example::block()->samples()); }

TEST(DataFiles, Block) { EXPECT_TRUE(example::same(load_block(file("block.mts")), example::block())); }

TEST(DataFiles, TensorMap) {
    const auto tensor = load(file("tensor_map.mts"));
    EXPECT_TRUE(example::same(tensor, example::tensor_map()));
    EXPECT_EQ(tensor->get_info("unit"), "Å");
    EXPECT_EQ(tensor->info().size(), 1U);
}

TEST(DataFiles, ArraysOfNumpy) {
    const auto block = load_block(file("numpy_block.mts"));
    EXPECT_TRUE(torch::equal(block->values(), torch::tensor({{1, 200}}, torch::kUInt8)));
    EXPECT_TRUE(*block->samples() == *LabelsHolder::create({"s"}, {{3}}));
    EXPECT_TRUE(*block->properties() == *LabelsHolder::range("p", 2));
}

/// Its positions are in float64, its neighbors in float32: the dtype of the system that was saved
TEST(DataFiles, System) {
    const auto system = metatomic_torch::load_system(file("system.mta"));
    EXPECT_EQ(system->scalar_type(), torch::kFloat32);
    EXPECT_TRUE(torch::equal(system->types(), torch::tensor({1, 8}, torch::kInt32)));
    EXPECT_TRUE(torch::equal(system->positions()[1], torch::tensor({1.0F, 2.0F, 3.0F})));
    const auto options = system->known_neighbor_lists().at(0);
    EXPECT_EQ(options->cutoff(), 4.5);
    EXPECT_TRUE(torch::equal(system->get_neighbor_list(options)->values().flatten(), system->positions()[1]));
}

/// What a fuzzer found: see data/fuzz/README.md
TEST(DataFiles, OfTheFuzzerAreReadOrRefused) {
    const auto finish = [](const std::string& path, const auto& load_it) {
        try {
            load_it(path);
        } catch (const c10::Error&) {
            return;
        }
    };
    int n_files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(file("fuzz"))) {
        const auto path = entry.path().string();
        finish(path, [](const auto& name) { load(name); });
        finish(path, [](const auto& name) { load(name, {.memory_map = true}); });
        finish(path, [](const auto& name) { load_block(name); });
        finish(path, [](const auto& name) { load_labels(name); });
        finish(path, [](const auto& name) {
            std::ifstream stream(name, std::ios::binary);
            const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
            metatomic_torch::load_system_buffer(bytes);
        });
        ++n_files;
    }
    EXPECT_GT(n_files, 0);
}

} // namespace

} // namespace metatensor_torch
