// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/npy_header.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "serialization/bytes.hpp"

namespace metatensor_torch::serialization {

namespace {

constexpr size_t HEADER_ALIGNMENT = 64;
constexpr size_t MAX_LENGTH_VERSION_1 = 0xffff;
/// Longer numbers would not fit 64 bits
constexpr size_t MAX_DIGITS = 18;

/// Reads the Python dictionary `{'descr': ..., 'fortran_order': ..., 'shape': ...}` of a header.
class HeaderParser {
  public:
    explicit HeaderParser(std::string_view text) : text_(text) {}

    NpyHeader parse() {
        expect('{');
        while (!accept('}')) {
            parse_item();
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skip_space();
        TORCH_CHECK(at_ == text_.size(), "bad header of npy data: there is more after the dictionary");
        for (size_t i = 0; i < KEYS.size(); ++i)
            TORCH_CHECK(found_[i], "bad header of npy data: '", KEYS[i], "' is missing");
        return std::move(header_);
    }

  private:
    static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
    static constexpr std::array<std::string_view, 3> KEYS = {"descr", "fortran_order", "shape"};

    void parse_item() {
        const auto key = string();
        const auto place = static_cast<size_t>(std::find(KEYS.begin(), KEYS.end(), key) - KEYS.begin());
        TORCH_CHECK(place < KEYS.size(), "bad header of npy data: unknown key '", key, "'");
        TORCH_CHECK(!std::exchange(found_[place], true), "bad header of npy data: '", key,
                    "' is there twice");
        expect(':');
        if (place == 0) {
            parse_type();
        } else if (place == 1) {
            TORCH_CHECK(!boolean(), "npy data in Fortran order can not be read, save them in C order");
        } else {
            parse_shape();
        }
    }

    void parse_type() {
        header_.is_record = accept('[');
        if (header_.is_record) header_.columns.reserve(4);
        if (!header_.is_record) {
            header_.format = std::string(string());
            return;
        }
        while (!accept(']')) {
            expect('(');
            const auto name = string();
            expect(',');
            header_.columns.emplace_back(name, string());
            accept(',');
            expect(')');
            if (!accept(',')) {
                expect(']');
                break;
            }
        }
    }

    void parse_shape() {
        expect('(');
        header_.shape.reserve(4);
        while (!accept(')')) {
            header_.shape.push_back(integer());
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
    }

    void skip_space() {
        while (at_ < text_.size() && is_space(text_[at_]))
            ++at_;
    }

    bool accept(char expected) {
        skip_space();
        if (at_ == text_.size() || text_[at_] != expected) return false;
        ++at_;
        return true;
    }

    void expect(char expected) {
        if (!accept(expected)) fail(std::string("'") + expected + "'");
    }

    std::string_view string() {
        skip_space();
        if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) fail("a string");
        const auto end = text_.find(text_[at_], at_ + 1);
        const auto content = text_.substr(at_ + 1, end - at_ - 1);
        if (end == std::string_view::npos || content.find('\\') != std::string_view::npos) {
            fail("a string without escapes");
        }
        at_ = end + 1;
        return content;
    }

    int64_t integer() {
        skip_space();
        const auto start = at_;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
            ++at_;
        if (at_ == start || at_ - start > MAX_DIGITS) fail("a number");
        int64_t value = 0;
        for (const char digit : text_.substr(start, at_ - start))
            value = 10 * value + (digit - '0');
        return value;
    }

    bool boolean() {
        skip_space();
        for (const auto value : {true, false}) {
            const std::string_view word = value ? "True" : "False";
            if (text_.substr(at_).starts_with(word)) {
                at_ += word.size();
                return value;
            }
        }
        fail("True or False");
    }

    [[noreturn]] void fail(const std::string& expected) const {
        const auto got = at_ < text_.size() ? std::string("'") + text_[at_] + "'" : "its end";
        TORCH_CHECK(false, "bad header of npy data: expected ", expected, " at character ", at_, ", got ",
                    got);
    }

    std::string_view text_;
    size_t at_ = 0;
    std::array<bool, KEYS.size()> found_{};
    NpyHeader header_;
};

/// A part of a header; usual ones need no memory of the heap
using HeaderText = c10::SmallVector<char, 256>;

std::string_view view(const HeaderText& text) { return {text.data(), text.size()}; }

/// The next `size` bytes; RuntimeError if there are not so many.
HeaderText read_header_text(Stream& stream, uint64_t size) {
    stream.check_remaining(size);
    HeaderText text;
    text.resize_for_overwrite(size);
    stream.read(std::as_writable_bytes(std::span(text.data(), text.size())));
    return text;
}

} // namespace

std::string write_npy_header(const NpyHeader& header) {
    std::string text;
    text.reserve(2 * HEADER_ALIGNMENT);
    text += "{ 'descr': ";
    if (header.is_record) {
        text += "[";
        for (const auto& [name, format] : header.columns)
            text.append("('").append(name).append("', '").append(format).append("'), ");
        text += "]";
    } else {
        text.append("'").append(header.format).append("'");
    }
    text += ", 'fortran_order': False, 'shape': (";
    for (const auto size : header.shape)
        text += std::to_string(size) + ", ";
    text += ") }";

    const bool version_1 = text.size() + HEADER_ALIGNMENT <= MAX_LENGTH_VERSION_1;
    const size_t preamble = NPY_MAGIC.size() + 2 + (version_1 ? sizeof(uint16_t) : sizeof(uint32_t));
    const auto used = (preamble + text.size() + 1) % HEADER_ALIGNMENT;
    const auto n_spaces = (HEADER_ALIGNMENT - used) % HEADER_ALIGNMENT;
    const auto length = text.size() + n_spaces + 1;

    std::string bytes;
    bytes.reserve(preamble + length);
    bytes += NPY_MAGIC;
    bytes += version_1 ? '\1' : '\2';
    bytes += '\0';
    if (version_1) {
        append_little_endian(bytes, static_cast<uint16_t>(length));
    } else {
        append_little_endian(bytes, static_cast<uint32_t>(length));
    }
    bytes += text;
    bytes.append(n_spaces, ' ');
    bytes += '\n';
    return bytes;
}

NpyHeader read_npy_header(Stream& stream) {
    const auto start = read_header_text(stream, std::min<uint64_t>(stream.remaining(), NPY_MAGIC.size() + 2));
    const auto magic = std::string_view(start.data(), std::min(start.size(), NPY_MAGIC.size()));
    TORCH_CHECK(magic == NPY_MAGIC, "these are no npy data: they do not start with \\x93NUMPY");
    TORCH_CHECK(start.size() == NPY_MAGIC.size() + 2, "npy data end in their header: expected a version");
    const auto version = static_cast<uint8_t>(start[NPY_MAGIC.size()]);
    TORCH_CHECK(1 <= version && version <= 3, "npy data of version ", int{version},
                " can not be read, expected version 1, 2 or 3");
    const auto size = read_header_text(stream, version == 1 ? sizeof(uint16_t) : sizeof(uint32_t));
    const auto length = version == 1 ? uint64_t{little_endian<uint16_t>(view(size), 0)}
                                     : uint64_t{little_endian<uint32_t>(view(size), 0)};
    TORCH_CHECK(length <= stream.remaining(), "npy data end in their header: expected ", length,
                " more bytes, got ", stream.remaining());
    const auto text = read_header_text(stream, length);
    return HeaderParser(view(text)).parse();
}

} // namespace metatensor_torch::serialization
