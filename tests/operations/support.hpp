// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include <metatensor/torch.hpp>

/// What tests of operations share: small maps written as lists, and their comparison.
namespace metatensor_torch::testing {

/// Where and in which type a test runs
struct Setting {
    torch::Device device;
    torch::ScalarType dtype;

    /// Options for tensors of this setting
    torch::TensorOptions options() const { return torch::TensorOptions(dtype).device(device); }
};

/// Text of the form `cpu_float64`
inline std::string setting_name(const ::testing::TestParamInfo<Setting>& info) {
    return torch::DeviceTypeName(info.param.device.type(), /*lower_case=*/true) + "_" +
           std::string(c10::getDtypeNames(info.param.dtype).first);
}

inline std::ostream& operator<<(std::ostream& out, const Setting& setting) {
    return out << setting.device << " " << setting.dtype;
}

/// Test that runs on each device and in each type; skipped for devices that are not there
class OperationTest : public ::testing::TestWithParam<Setting> {
  protected:
    void SetUp() override {
        if (GetParam().device.is_cuda() && !at::hasCUDA()) {
            GTEST_SKIP() << "there is no CUDA device";
        }
    }
};

/// Settings of most operations
inline auto floating_point_settings() {
    return ::testing::Values(Setting{torch::kCPU, torch::kFloat64}, Setting{torch::kCPU, torch::kFloat32},
                             Setting{torch::kCUDA, torch::kFloat64});
}

using Rows = std::vector<std::vector<int64_t>>;

/// Labels with these names and entries on the device of the setting
inline Labels labels(std::vector<std::string> names, const Rows& rows, const Setting& setting) {
    auto values =
        torch::empty({static_cast<int64_t>(rows.size()), static_cast<int64_t>(names.size())}, torch::kInt);
    for (size_t i = 0; i < rows.size(); ++i) {
        for (size_t j = 0; j < names.size(); ++j) {
            values[i][j] = rows[i][j];
        }
    }
    return LabelsHolder(std::move(names), values).to(setting.device);
}

/// Tensor with these rows in the setting
inline torch::Tensor matrix(const std::vector<std::vector<double>>& rows, const Setting& setting) {
    std::vector<torch::Tensor> tensors;
    for (const auto& row : rows) {
        tensors.push_back(torch::tensor(row, torch::kFloat64));
    }
    return torch::stack(tensors).to(setting.options());
}

/// Block without components and with properties `p` = 0, 1, ...
inline TensorBlock block(std::vector<std::string> sample_names, const Rows& samples,
                         const std::vector<std::vector<double>>& values, const Setting& setting) {
    const auto tensor = matrix(values, setting);
    return torch::make_intrusive<TensorBlockHolder>(
        tensor, labels(std::move(sample_names), samples, setting), std::vector<Labels>(),
        LabelsHolder::range("p", tensor.size(1))->to(setting.device));
}

/// `block` with gradients with respect to `parameter`, whose samples are rows (sample, g)
inline TensorBlock with_gradient(TensorBlock block, const std::string& parameter, const Rows& samples,
                                 const std::vector<std::vector<double>>& values, const Setting& setting) {
    block->add_gradient(parameter, torch::make_intrusive<TensorBlockHolder>(
                                       matrix(values, setting), labels({"sample", "g"}, samples, setting),
                                       std::vector<Labels>(), block->properties()));
    return block;
}

/// Map of these blocks with keys `key` = 0, 1, ...
inline TensorMap tensor_map(const std::vector<TensorBlock>& blocks) {
    const auto device = blocks.at(0)->device();
    return torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::range("key", static_cast<int64_t>(blocks.size()))->to(device), blocks);
}

/// Map of one such block, see `block`
inline TensorMap tensor_map(std::vector<std::string> sample_names, const Rows& samples,
                            const std::vector<std::vector<double>>& values, const Setting& setting) {
    return tensor_map({block(std::move(sample_names), samples, values, setting)});
}

inline void expect_blocks_close(const TensorBlock& actual, const TensorBlock& expected) {
    EXPECT_TRUE(*actual->samples() == *expected->samples()) << actual->samples()->repr() << "\n"
                                                            << expected->samples()->repr();
    ASSERT_EQ(actual->components().size(), expected->components().size());
    for (size_t i = 0; i < expected->components().size(); ++i) {
        EXPECT_TRUE(*actual->components()[i] == *expected->components()[i]);
    }
    EXPECT_TRUE(*actual->properties() == *expected->properties()) << actual->properties()->repr() << "\n"
                                                                  << expected->properties()->repr();
    EXPECT_EQ(actual->scalar_type(), expected->scalar_type());
    EXPECT_EQ(actual->device(), expected->device());
    ASSERT_EQ(actual->shape(), expected->shape());
    const double tolerance = expected->scalar_type() == torch::kFloat64 ? 1e-13 : 1e-5;
    EXPECT_TRUE(torch::allclose(actual->values(), expected->values(), tolerance, tolerance, true))
        << actual->values() << "\n"
        << expected->values();
    ASSERT_EQ(actual->gradients_list(), expected->gradients_list());
    for (const auto& parameter : expected->gradients_list()) {
        SCOPED_TRACE("gradients with respect to " + parameter);
        expect_blocks_close(TensorBlockHolder::gradient(actual, parameter),
                            TensorBlockHolder::gradient(expected, parameter));
    }
}

/// The call throws this error, and its message contains `text`.
template <typename Error, typename Call>
void expect_error(const Call& call, const std::string& text) {
    EXPECT_THAT(call, ::testing::ThrowsMessage<Error>(::testing::HasSubstr(text)));
}

/// Same keys, labels, types, devices and gradients, and values that differ by rounding
inline void expect_maps_close(const TensorMap& actual, const TensorMap& expected) {
    ASSERT_TRUE(*actual->keys() == *expected->keys()) << actual->keys()->repr() << "\n"
                                                      << expected->keys()->repr();
    for (int64_t i = 0; i < expected->keys()->count(); ++i) {
        SCOPED_TRACE("block " + std::to_string(i));
        expect_blocks_close(TensorMapHolder::block_by_id(actual, i),
                            TensorMapHolder::block_by_id(expected, i));
    }
}

} // namespace metatensor_torch::testing
