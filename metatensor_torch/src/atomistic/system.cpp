// SPDX-License-Identifier: BSD-3-Clause
#include "metatomic/torch/system.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <tuple>

#include "check.hpp"
#include "data/block_data.hpp"
#include "data/outside_of_modes.hpp"
#include "lower_case.hpp"
#include "metatomic/torch/quantities.hpp"
#include "neighbors_layout.hpp"

namespace metatomic_torch {

using metatensor_torch::check_device;
using metatensor_torch::check_dtype;
using metatensor_torch::check_shape;
using metatensor_torch::dtype_text;
using metatensor_torch::Labels;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorMap;

namespace {

/// int32 types; where the values are on the CPU, those that do not fit are refused.
torch::Tensor types_as_int32(torch::Tensor types) {
    if (types.scalar_type() == torch::kInt32) return types;
    TORCH_CHECK_VALUE(torch::isIntegralType(types.scalar_type(), /*includeBool=*/true),
                      "types must be a tensor of integers, got ", dtype_text(types.scalar_type()));
    if (types.scalar_type() == torch::kInt64 && types.is_cpu()) {
        const auto values = types.contiguous();
        const auto* first = values.const_data_ptr<int64_t>();
        const auto fits = [](int64_t type) { return type == static_cast<int32_t>(type); };
        const auto* wrong = std::find_if_not(first, first + values.numel(), fits);
        TORCH_CHECK_VALUE(wrong == first + values.numel(), "types must fit in 32 bits, got ", *wrong);
    }
    return types.to(torch::kInt32);
}

void check_is_real(const char* what, torch::ScalarType dtype) {
    const auto is_real = dtype == torch::kFloat16 || dtype == torch::kBFloat16 || dtype == torch::kFloat32 ||
                         dtype == torch::kFloat64;
    TORCH_CHECK_VALUE(is_real, what, " (float16, bfloat16, float32 or float64), got ", dtype_text(dtype));
}

/// Checks that rows of the cell are zero where the system is not periodic, on CPU only.
void check_cell_is_zero_where_not_periodic(const torch::Tensor& cell, const torch::Tensor& pbc) {
    if (!cell.is_cpu() || !pbc.is_cpu()) return;
    const auto periodic = pbc.accessor<bool, 1>();
    if (periodic[0] && periodic[1] && periodic[2]) return;

    AT_DISPATCH_FLOATING_TYPES_AND2(torch::kHalf, torch::kBFloat16, cell.scalar_type(), "cell_check", [&] {
        const auto rows = cell.accessor<scalar_t, 2>();
        for (int64_t axis = 0; axis < 3; ++axis) {
            if (periodic[axis]) continue;
            const auto is_zero =
                rows[axis][0] == scalar_t(0) && rows[axis][1] == scalar_t(0) && rows[axis][2] == scalar_t(0);
            TORCH_CHECK_VALUE(is_zero, "the cell vector ", axis, " must be zero, since pbc[", axis,
                              "] is False: got [", rows[axis][0], ", ", rows[axis][1], ", ", rows[axis][2],
                              "]");
        }
    });
}

/// Checks that data are not called like something that every system has.
void check_not_reserved(const std::string& name) {
    static constexpr std::array RESERVED = {"types", "positions", "position",
                                            "cell",  "neighbors", "neighbor"};
    const auto lower = lower_case(name);
    const auto reserved = std::find(RESERVED.begin(), RESERVED.end(), lower) != RESERVED.end();
    TORCH_CHECK_VALUE(!reserved, "custom data can not be named '", name, "'");
}

} // namespace

SystemData::SystemData(torch::Tensor types, torch::Tensor positions, torch::Tensor cell, torch::Tensor pbc) {
    check_shape("types", types, {-1});
    types_ = types_as_int32(std::move(types));

    check_is_real("positions must be a tensor of real numbers", positions.scalar_type());
    check_shape("positions", positions, {types_.size(0), 3});
    check_device("positions", positions, types_.device());

    check_shape("cell", cell, {3, 3});
    check_dtype("cell", cell, positions.scalar_type());
    check_device("cell", cell, types_.device());

    check_shape("pbc", pbc, {3});
    check_dtype("pbc", pbc, torch::kBool);
    check_device("pbc", pbc, types_.device());
    check_cell_is_zero_where_not_periodic(cell, pbc);

    positions_ = std::move(positions);
    cell_ = std::move(cell);
    pbc_ = std::move(pbc);
}

void SystemData::set_types(torch::Tensor types) {
    check_shape("new types", types, {types_.size(0)});
    check_device("new types", types, device());
    types_ = types_as_int32(std::move(types));
}

void SystemData::set_positions(torch::Tensor positions) {
    check_shape("new positions", positions, {types_.size(0), 3});
    check_dtype("new positions", positions, scalar_type());
    check_device("new positions", positions, device());
    positions_ = std::move(positions);
}

void SystemData::set_cell(torch::Tensor cell) {
    check_shape("new cell", cell, {3, 3});
    check_dtype("new cell", cell, scalar_type());
    check_device("new cell", cell, device());
    cell_ = std::move(cell);
}

void SystemData::set_pbc(torch::Tensor pbc) {
    check_shape("new pbc", pbc, {3});
    check_dtype("new pbc", pbc, torch::kBool);
    check_device("new pbc", pbc, device());
    check_cell_is_zero_where_not_periodic(cell_, pbc);
    pbc_ = std::move(pbc);
}

void SystemData::add_neighbor_list(const NeighborListOptionsData& options, TensorBlock neighbors) {
    const auto order = [](const NeighborListOptionsData& o) {
        return std::make_tuple(o.cutoff(), o.strict(), o.full_list());
    };
    const auto place =
        std::lower_bound(neighbors_.begin(), neighbors_.end(), options,
                         [&](const auto& entry, const auto& o) { return order(entry.first) < order(o); });
    TORCH_CHECK_VALUE(place == neighbors_.end() || !(place->first == options), "the neighbor list for ",
                      options.str(), " already exists in this system");

    detail::check_neighbors_layout(neighbors);
    check_dtype("the values of `neighbors`", neighbors->values(), scalar_type());
    check_device("the values of `neighbors`", neighbors->values(), device());
    if ((positions_.requires_grad() || cell_.requires_grad()) && !neighbors->values().requires_grad()) {
        TORCH_WARN(
            "positions or cell of this system require a gradient, but its neighbor list does not: use ",
            "`register_autograd_neighbors` to make the pair vectors a part of the computational graph");
    }
    neighbors_.emplace(place, options, std::move(neighbors));
}

TensorBlock SystemData::get_neighbor_list(const NeighborListOptionsData& options) const {
    const auto found = std::find_if(neighbors_.begin(), neighbors_.end(),
                                    [&](const auto& entry) { return entry.first == options; });
    TORCH_CHECK_VALUE(found != neighbors_.end(), "there is no neighbor list for ", options.str(),
                      " in this system");
    return found->second;
}

void SystemData::add_data(std::string name, TensorMap tensor, bool override,
                          DeprecatedNames deprecated_names) {
    check_not_reserved(name);
    details::validate_quantity_name(name, "model input", deprecated_names);
    store_data(std::move(name), std::move(tensor), override);
}

void SystemData::add_data_of_any_name(std::string name, TensorMap tensor, bool override) {
    check_not_reserved(name);
    const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_plain)) {
        details::validate_quantity_name(name, "model input", DeprecatedNames::accept);
    }
    store_data(std::move(name), std::move(tensor), override);
}

void SystemData::store_data(std::string name, TensorMap tensor, bool override) {
    TORCH_CHECK_VALUE(override || data_.find(name) == data_.end(), "custom data '", name,
                      "' are already present in this system");
    TORCH_CHECK_VALUE(tensor->device() == device(), "custom data '", name,
                      "' must be on the device of this system, ", device(), ", got ", tensor->device());
    TORCH_CHECK_VALUE(tensor->scalar_type() == scalar_type(), "custom data '", name,
                      "' must have the dtype of this system, ", dtype_text(scalar_type()), ", got ",
                      dtype_text(tensor->scalar_type()));
    data_.insert_or_assign(std::move(name), std::move(tensor));
}

TensorMap SystemData::get_data(const std::string& name) const {
    check_not_reserved(name);
    const auto found = data_.find(name);
    TORCH_CHECK_VALUE(found != data_.end(), "no data for '", name, "' found in this system, which has [",
                      metatensor_torch::comma_list(known_data()), "]");
    return found->second;
}

std::vector<std::string> SystemData::known_data() const {
    std::vector<std::string> names;
    names.reserve(data_.size());
    for (const auto& [name, tensor] : data_)
        names.push_back(name);
    return names;
}

void SystemData::check_cell() const {
    check_cell_is_zero_where_not_periodic(cell_.to(torch::kCPU), pbc_.to(torch::kCPU));
}

SystemData SystemData::with_lengths_scaled(double factor) const {
    auto scaled = *this;
    scaled.positions_ = positions_ * factor;
    scaled.cell_ = cell_ * factor;
    for (auto& [options, neighbors] : scaled.neighbors_) {
        auto block = std::make_shared<metatensor_torch::details::BlockData>(neighbors->data());
        block->values = block->values * factor;
        neighbors = metatensor_torch::TensorBlockHolder::own(std::move(block));
    }
    return scaled;
}

SystemData SystemData::with_new_leaves(bool requires_grad) const {
    const auto leaf = [&](const torch::Tensor& tensor) {
        return tensor.detach().requires_grad_(requires_grad);
    };
    auto result = *this;
    result.positions_ = leaf(positions_);
    result.cell_ = leaf(cell_);
    for (auto& [options, neighbors] : result.neighbors_) {
        auto block = std::make_shared<metatensor_torch::details::BlockData>(neighbors->data());
        block->values = leaf(block->values);
        neighbors = metatensor_torch::TensorBlockHolder::own(std::move(block));
    }
    return result;
}

std::string SystemData::str() const {
    std::ostringstream text;
    text << "System with " << size() << " atoms, ";
    const auto cell = cell_.detach().to(torch::kCPU, torch::kFloat64).contiguous();
    const auto* values = cell.const_data_ptr<double>();
    if (std::all_of(values, values + 9, [](double value) { return value == 0.0; })) {
        text << "non periodic";
    } else {
        text << "periodic cell: [" << c10::Join(", ", c10::ArrayRef<double>(values, 9)) << "]";
    }
    return text.str();
}

SystemData SystemData::moved_to(std::optional<torch::Dtype> dtype, std::optional<torch::Device> device,
                                bool non_blocking) const {
    const auto new_dtype = dtype.value_or(scalar_type());
    check_is_real("the dtype of a system must be one of real numbers", new_dtype);
    const auto new_device = device.value_or(this->device());

    auto moved = *this;
    moved.types_ = types_.to(new_device, types_.scalar_type(), non_blocking);
    moved.positions_ = positions_.to(new_device, new_dtype, non_blocking);
    moved.cell_ = cell_.to(new_device, new_dtype, non_blocking);
    moved.pbc_ = pbc_.to(new_device, pbc_.scalar_type(), non_blocking);
    for (auto& [options, neighbors] : moved.neighbors_) {
        neighbors = neighbors->to(new_dtype, new_device, std::nullopt, non_blocking);
    }
    for (auto& [name, tensor] : moved.data_) {
        tensor = tensor->to(new_dtype, new_device, std::nullopt, non_blocking);
    }
    return moved;
}

SystemData SystemData::moved_to_positional(const torch::IValue& positional_1,
                                           const torch::IValue& positional_2,
                                           std::optional<torch::Dtype> dtype,
                                           std::optional<torch::Device> device, bool non_blocking) const {
    const auto target = metatensor_torch::details::parse_target("System", positional_1, positional_2, dtype,
                                                                device, std::nullopt, non_blocking);
    return moved_to(target.dtype, target.device, non_blocking);
}

System SystemHolder::to(std::optional<torch::Dtype> dtype, std::optional<torch::Device> device,
                        bool non_blocking) const {
    return torch::make_intrusive<SystemHolder>(moved_to(dtype, device, non_blocking));
}

System SystemHolder::to(torch::Device device, bool non_blocking) const {
    return to(std::nullopt, device, non_blocking);
}

System SystemHolder::to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                                   std::optional<torch::Dtype> dtype, std::optional<torch::Device> device,
                                   bool non_blocking) const {
    return torch::make_intrusive<SystemHolder>(
        moved_to_positional(positional_1, positional_2, dtype, device, non_blocking));
}

TensorBlock make_neighbor_list(const torch::Tensor& samples, const torch::Tensor& vectors) {
    static const std::vector<std::string> NAMES = {"first_atom", "second_atom", "cell_shift_a",
                                                   "cell_shift_b", "cell_shift_c"};
    // kept longer than modes of the first call
    const auto range = [](const char* name, int64_t size) {
        const metatensor_torch::details::OutsideOfModes guard;
        return metatensor_torch::LabelsHolder::range(name, size);
    };
    static const auto XYZ = range("xyz", 3);
    static const auto DISTANCE = range("distance", 1);
    check_shape("the samples of a neighbor list", samples, {-1, 5});
    check_dtype("the samples of a neighbor list", samples, torch::kInt32);
    check_shape("the vectors of a neighbor list", vectors, {samples.size(0), 3});
    check_device("the vectors of a neighbor list", vectors, samples.device());
    return torch::make_intrusive<metatensor_torch::TensorBlockHolder>(
        vectors.unsqueeze(-1),
        torch::make_intrusive<metatensor_torch::LabelsHolder>(NAMES, samples, metatensor::assume_unique{}),
        std::vector<Labels>{XYZ->to(samples.device())}, DISTANCE->to(samples.device()));
}

std::vector<NeighborListOptions> SystemHolder::known_neighbor_lists() const {
    std::vector<NeighborListOptions> all;
    all.reserve(neighbor_lists().size());
    for (const auto& [options, neighbors] : neighbor_lists()) {
        all.push_back(torch::make_intrusive<NeighborListOptionsHolder>(options));
    }
    return all;
}

} // namespace metatomic_torch
