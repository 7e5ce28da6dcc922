// SPDX-License-Identifier: BSD-3-Clause
#include "model_output.hpp"

#include <sstream>
#include <stdexcept>

namespace metatensor_lammps {

namespace mts = metatensor_torch;

namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& reason) {
    throw std::runtime_error("the model's output '" + name + "' " + reason);
}

std::string shape_of(const torch::Tensor& tensor) {
    std::ostringstream text;
    text << tensor.sizes();
    return text.str();
}

std::string list_of(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names)
        text += (text.empty() ? "[" : ", ") + name;
    return text + "]";
}

/// The only block of the output, after a check of everything that does not depend on values.
mts::TensorBlock check_layout(const mts::TensorMap& output, const std::string& name,
                              const std::vector<std::string>& samples, std::int64_t n_samples) {
    if (output->keys()->count() != 1) {
        refuse(name, "must have one block, got " + std::to_string(output->keys()->count()));
    }
    const auto block = mts::TensorMapHolder::block_by_id(output, 0);
    if (block->samples()->names() != samples) {
        refuse(name,
               "must have the samples " + list_of(samples) + ", got " + list_of(block->samples()->names()));
    }
    const auto& values = block->values();
    if (values.dim() != 2 || values.size(0) != n_samples || values.size(1) != 1) {
        refuse(name, "must have the shape [" + std::to_string(n_samples) + ", 1], got " + shape_of(values));
    }
    return block;
}

} // namespace

torch::Tensor read_total_energy(const mts::TensorMap& output, const std::string& name) {
    const auto block = check_layout(output, name, {"system"}, 1);
    const auto& samples = block->samples()->values();
    if (samples.is_cpu() && samples.const_data_ptr<std::int32_t>()[0] != 0) {
        refuse(name, "must have the sample system=0, got system=" +
                         std::to_string(samples.const_data_ptr<std::int32_t>()[0]));
    }
    return block->values().reshape({1});
}

torch::Tensor read_atom_energies(const mts::TensorMap& output, const std::string& name,
                                 std::int64_t n_atoms) {
    const auto block = check_layout(output, name, {"system", "atom"}, n_atoms);
    const auto values = block->values().reshape({n_atoms});
    const auto samples = block->samples()->values().to(torch::kCPU).contiguous();
    const auto* sample = samples.const_data_ptr<std::int32_t>();

    const auto place = torch::full({n_atoms}, -1, torch::kInt64);
    auto* place_of = place.data_ptr<std::int64_t>();
    bool in_order = true;
    for (std::int64_t row = 0; row < n_atoms; ++row) {
        const auto system = sample[2 * row];
        const auto atom = sample[2 * row + 1];
        if (system != 0 || atom < 0 || atom >= n_atoms || place_of[atom] != -1) {
            refuse(name,
                   "must have each of the " + std::to_string(n_atoms) +
                       " requested atoms of system 0 once as a sample, got system=" + std::to_string(system) +
                       ", atom=" + std::to_string(atom) + " in row " + std::to_string(row));
        }
        place_of[atom] = row;
        in_order = in_order && atom == row;
    }
    return in_order ? values : values.index_select(0, place.to(values.device()));
}

} // namespace metatensor_lammps
