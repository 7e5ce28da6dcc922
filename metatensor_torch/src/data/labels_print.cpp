// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "data/labels_data.hpp"
#include "data/text_table.hpp"
#include "metatensor/torch/labels.hpp"

namespace metatensor_torch {

namespace details {

std::vector<std::string> row_texts(const int32_t* row, int64_t size) {
    std::vector<std::string> texts(size);
    std::transform(row, row + size, texts.begin(), [](int32_t value) { return std::to_string(value); });
    return texts;
}

std::vector<size_t> column_widths(const std::vector<std::vector<std::string>>& lines, size_t n_columns) {
    std::vector<size_t> widths(n_columns, 2);
    for (const auto& line : lines) {
        for (size_t j = 0; j < n_columns; ++j) {
            widths[j] = std::max(widths[j], line[j].size() + 2);
        }
    }
    return widths;
}

std::string centred(const std::string& text, size_t width, bool pad_right) {
    const auto left = (width - text.size()) / 2;
    return std::string(left, ' ') + text + std::string(pad_right ? width - text.size() - left : 0, ' ');
}

} // namespace details

std::string LabelsHolder::print(int64_t max_entries, int64_t indent) const {
    const auto shown = max_entries < 0 ? count() : std::min(count(), std::max<int64_t>(max_entries, 2));
    const auto shown_first = (shown + 1) / 2;
    // the first and the last ones: only these come from a device
    const auto& source = data_->on_host() ? data_->host_tensor() : values_;
    const auto rows = torch::cat({source.narrow(0, 0, shown_first),
                                  source.narrow(0, count() - (shown - shown_first), shown - shown_first)})
                          .to(torch::kCPU);

    std::vector<std::vector<std::string>> lines = {names_};
    for (int64_t i = 0; i < shown; ++i) {
        lines.push_back(details::row_texts(rows.const_data_ptr<int32_t>() + i * size(), size()));
    }
    const auto widths = details::column_widths(lines, names_.size());

    size_t half_width = 0;
    for (const auto width : widths) {
        half_width += width;
    }
    half_width /= 2;
    const auto dots = (half_width > 3 ? half_width - 3 : half_width) + 1;

    const std::string margin(indent, ' ');
    std::string text;
    for (size_t i = 0; i < lines.size(); ++i) {
        text += i == 0 ? "" : "\n" + margin;
        for (size_t j = 0; j < widths.size(); ++j) {
            text += details::centred(lines[i][j], widths[j], j + 1 != widths.size());
        }
        if (shown < count() && static_cast<int64_t>(i) == shown_first) {
            text += "\n" + margin + std::string(dots, ' ') + "...";
        }
    }
    return text;
}

std::string LabelsHolder::str() const { return "Labels\n   " + print(4, 3); }

std::string LabelsHolder::repr() const { return "Labels\n   " + print(-1, 3); }

std::string LabelsEntryHolder::print() const {
    std::string text = "(";
    for (int64_t i = 0; i < size(); ++i) {
        text += (i == 0 ? "" : ", ") + names()[i] + "=" + std::to_string(host_values()[i]);
    }
    return text + ")";
}

std::string LabelsEntryHolder::repr() const { return "LabelsEntry" + print(); }

} // namespace metatensor_torch
