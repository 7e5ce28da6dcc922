// SPDX-License-Identifier: BSD-3-Clause
// Runs a model that is made of operations on maps, saved by examples/python/linear_model.py, and
// differentiates it:
//     linear_model linear_model.pt
#include <metatensor/torch.hpp>
#include <torch/csrc/autograd/autograd.h>

#include <iostream>

using namespace metatensor_torch;

namespace {

/// Densities of one type of neighbor around some atoms of one type; atoms: rows (system, atom).
TensorBlock density_block(const std::vector<std::initializer_list<int32_t>>& atoms,
                          const torch::Tensor& values) {
    return torch::make_intrusive<TensorBlockHolder>(
        values.reshape({-1, 1}), LabelsHolder::create({"system", "atom"}, atoms), std::vector<Labels>{},
        LabelsHolder::create({"n"}, {{0}}));
}

void print_energies(const TensorMap& energy) {
    const auto block = TensorMapHolder::block_by_id(energy, 0);
    const auto systems = block->samples()->values();
    for (int64_t i = 0; i < systems.size(0); ++i) {
        std::cout << "system " << systems[i][0].item<int32_t>() << ": energy "
                  << block->values()[i][0].item<double>() << "\n";
    }
}

void print_statistics(const TensorMap& mean, const TensorMap& std) {
    const auto types = mean->keys()->values();
    for (int64_t i = 0; i < types.size(0); ++i) {
        std::cout << "type " << types[i][0].item<int32_t>() << ": mean "
                  << TensorMapHolder::block_by_id(mean, i)->values().item<double>() << ", standard deviation "
                  << TensorMapHolder::block_by_id(std, i)->values().item<double>() << "\n";
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: linear_model MODEL\n";
        return 1;
    }
    Module model(torch::jit::load(argv[1]));

    // a water molecule and a hydrogen atom with others around it
    const auto hydrogen_around_hydrogen = torch::tensor({0.5, 0.5}, torch::kFloat64);
    const auto oxygen_around_hydrogen = torch::tensor({1.0, 2.0, 3.0}, torch::kFloat64).requires_grad_(true);
    const auto hydrogen_around_oxygen = torch::tensor({4.0}, torch::kFloat64);
    const auto density = torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::create({"center_type", "neighbor_type"}, {{1, 1}, {1, 8}, {8, 1}}),
        std::vector<TensorBlock>{
            density_block({{0, 1}, {0, 2}}, hydrogen_around_hydrogen),
            density_block({{0, 1}, {0, 2}, {1, 0}}, oxygen_around_hydrogen),
            density_block({{0, 0}}, hydrogen_around_oxygen),
        });

    const auto results = model.forward({density}).toGenericDict();
    const auto result = [&](const char* name) { return results.at(name).toCustomClass<TensorMapHolder>(); };
    print_energies(result("energy"));
    print_statistics(result("mean"), result("std"));

    const auto total = TensorMapHolder::block_by_id(result("energy"), 0)->values().sum();
    const auto derivatives = torch::autograd::grad({total}, {oxygen_around_hydrogen})[0];
    std::cout << "derivatives:";
    for (int64_t i = 0; i < derivatives.size(0); ++i) {
        std::cout << " " << derivatives[i].item<double>();
    }
    std::cout << "\n";
}
