// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <torch/script.h>

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    torch::set_num_threads(1);
    return RUN_ALL_TESTS();
}
