// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/npy_header.hpp"

#include <algorithm>
#include <cctype>
#include <set>

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
        for (const auto* key : {"descr", "fortran_order", "shape"}) {
            TORCH_CHECK(keys_.count(key) != 0, "bad header of npy data: '", key, "' is missing");
        }
        return header_;
    }

  private:
    void parse_item() {
        const auto key = string();
        TORCH_CHECK(keys_.insert(key).second, "bad header of npy data: '", key, "' is there twice");
        expect(':');
        if (key == "descr") {
            parse_type();
        } else if (key == "fortran_order") {
            TORCH_CHECK(!boolean(), "npy data in Fortran order can not be read, save them in C order");
        } else if (key == "shape") {
            parse_shape();
        } else {
            TORCH_CHECK(false, "bad header of npy data: unknown key '", key, "'");
        }
    }

    void parse_type() {
        header_.is_record = accept('[');
        if (!header_.is_record) {
            header_.format = string();
            return;
        }
        while (!accept(']')) {
            expect('(');
            auto name = string();
            expect(',');
            header_.columns.emplace_back(std::move(name), string());
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
        while (!accept(')')) {
            header_.shape.push_back(integer());
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
    }

    void skip_space() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0)
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

    std::string string() {
        skip_space();
        if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) fail("a string");
        const auto end = text_.find(text_[at_], at_ + 1);
        const auto content = text_.substr(at_ + 1, end - at_ - 1);
        if (end == std::string_view::npos || content.find('\\') != std::string_view::npos) {
            fail("a string without escapes");
        }
        at_ = end + 1;
        return std::string(content);
    }

    int64_t integer() {
        skip_space();
        const auto start = at_;
        while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0)
            ++at_;
        if (at_ == start || at_ - start > MAX_DIGITS) fail("a number");
        return std::stoll(std::string(text_.substr(start, at_ - start)));
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
    std::set<std::string> keys_;
    NpyHeader header_;
};

std::string read_string(Stream& stream, uint64_t size) {
    TORCH_CHECK(size <= stream.remaining(), "npy data end in their header: expected ", size,
                " more bytes, got ", stream.remaining());
    std::string bytes(size, '\0');
    stream.read(std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

} // namespace

std::string write_npy_header(const NpyHeader& header) {
    std::string text = "{ 'descr': ";
    if (header.is_record) {
        text += "[";
        for (const auto& [name, format] : header.columns)
            text += "('" + name + "', '" + format + "'), ";
        text += "]";
    } else {
        text += "'" + header.format + "'";
    }
    text += ", 'fortran_order': False, 'shape': (";
    for (const auto size : header.shape)
        text += std::to_string(size) + ", ";
    text += ") }";

    const bool version_1 = text.size() + HEADER_ALIGNMENT <= MAX_LENGTH_VERSION_1;
    const size_t preamble = NPY_MAGIC.size() + 2 + (version_1 ? sizeof(uint16_t) : sizeof(uint32_t));
    const auto used = (preamble + text.size() + 1) % HEADER_ALIGNMENT;
    text.append((HEADER_ALIGNMENT - used) % HEADER_ALIGNMENT, ' ');
    text += '\n';

    std::string bytes(NPY_MAGIC);
    bytes += version_1 ? '\1' : '\2';
    bytes += '\0';
    if (version_1) {
        append_little_endian(bytes, static_cast<uint16_t>(text.size()));
    } else {
        append_little_endian(bytes, static_cast<uint32_t>(text.size()));
    }
    return bytes + text;
}

NpyHeader read_npy_header(Stream& stream) {
    const auto start = read_string(stream, NPY_MAGIC.size() + 2);
    TORCH_CHECK(start.starts_with(NPY_MAGIC), "these are no npy data: they do not start with \\x93NUMPY");
    const int version = start[NPY_MAGIC.size()];
    TORCH_CHECK(1 <= version && version <= 3, "npy data of version ", version,
                " can not be read, expected version 1, 2 or 3");
    const auto length = version == 1 ? uint64_t{little_endian<uint16_t>(read_string(stream, 2), 0)}
                                     : uint64_t{little_endian<uint32_t>(read_string(stream, 4), 0)};
    return HeaderParser(read_string(stream, length)).parse();
}

} // namespace metatensor_torch::serialization
