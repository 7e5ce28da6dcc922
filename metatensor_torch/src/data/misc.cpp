// SPDX-License-Identifier: BSD-3-Clause
#include <metatensor/torch/misc.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <metatensor/torch/version.h>

namespace metatensor_torch {

namespace {

/// Types that C++ calls by another word than Python
constexpr auto PYTHON_NAMES = std::array<std::pair<torch::ScalarType, const char*>, 11>{{
    {torch::kUInt8, "uint8"},
    {torch::kInt8, "int8"},
    {torch::kInt16, "int16"},
    {torch::kInt32, "int32"},
    {torch::kInt64, "int64"},
    {torch::kFloat16, "float16"},
    {torch::kFloat32, "float32"},
    {torch::kFloat64, "float64"},
    {torch::kComplexHalf, "complex32"},
    {torch::kComplexFloat, "complex64"},
    {torch::kComplexDouble, "complex128"},
}};

} // namespace

std::string version() { return METATENSOR_TORCH_VERSION; }

std::string dtype_name(torch::ScalarType dtype) {
    const auto* const it = std::find_if(PYTHON_NAMES.begin(), PYTHON_NAMES.end(),
                                        [&](const auto& row) { return row.first == dtype; });
    if (it != PYTHON_NAMES.end()) return std::string("torch.") + it->second;
    std::string name = c10::toString(dtype); // BFloat16, UInt16, Float8_e5m2, ...
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return "torch." + name;
}

} // namespace metatensor_torch
