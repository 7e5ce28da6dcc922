// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Columns of centred text, as labels and keys are printed
namespace metatensor_torch::details {

/// Values of a row of labels as texts
std::vector<std::string> row_texts(const int32_t* row, int64_t size);

/// Length of the longest text of each column, plus two
std::vector<size_t> column_widths(const std::vector<std::vector<std::string>>& lines, size_t n_columns);

/// `text` in the middle of `width` characters, without the spaces after it unless `pad_right`
std::string centred(const std::string& text, size_t width, bool pad_right);

} // namespace metatensor_torch::details
