// SPDX-License-Identifier: BSD-3-Clause
// Files that other software wrote: see data/README.md
#include <gtest/gtest.h>

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

} // namespace

} // namespace metatensor_torch
