// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serialization/bytes.hpp"

namespace metatensor_torch::serialization {

/// Collects the entries of a zip archive, stored without compression. The data of each entry start at a
/// multiple of ZIP_ALIGNMENT, and the same entries give the same bytes. Without entries: an empty archive.
class METATENSOR_TORCH_EXPORT ZipWriter {
  public:
    /// Adds an entry; names are unique and have at most 65535 bytes (RuntimeError).
    void add(const std::string& name, Chunks content);
    /// The bytes of the whole archive; this writer is empty afterwards.
    Chunks finish();

  private:
    struct Entry {
        std::string name;
        uint64_t header_offset;
        uint64_t size;
        uint32_t checksum;
    };

    static std::string local_header(const Entry& entry);
    static std::string central_header(const Entry& entry);
    std::string end_of_archive(uint64_t directory_size) const;

    Chunks output_;
    uint64_t output_size_ = 0;
    std::vector<Entry> entries_;
    std::map<std::string, size_t> places_;
};

/// Boundary that the data of each entry start at: that of the memory of torch tensors
constexpr uint64_t ZIP_ALIGNMENT = 64;

/// Finds and reads the entries of a zip archive (with or without zip64, entries stored). Every length in the
/// archive is checked: RuntimeError if it is cut off or damaged, compressed or encrypted.
class METATENSOR_TORCH_EXPORT ZipReader {
  public:
    /// Reads the directory of the archive; `source` must outlive this.
    explicit ZipReader(const Source& source);

    /// Names of the entries, in the order of the archive
    const std::vector<std::string>& names() const { return names_; }
    /// Names that start with `prefix`, in the order of the archive
    std::vector<std::string> names_with_prefix(const std::string& prefix) const;
    /// Whether there is an entry `name`
    bool contains(const std::string& name) const { return entries_.count(name) != 0; }

    /// What `parse(Stream&)` makes of entry `name`. Errors name the entry; RuntimeError if
    /// there is no such entry, if `parse` leaves bytes unread, or if the checksum is wrong.
    template <typename Parse>
    auto read(const std::string& name, const Parse& parse) const {
        auto stream = open(name);
        try {
            auto result = parse(stream);
            check_end(name, stream);
            return result;
        } catch (c10::Error& error) {
            error.add_context("in '" + name + "'");
            throw;
        }
    }

    /// The bytes of entry `name`
    std::string read_text(const std::string& name) const;

  private:
    struct Entry {
        size_t place;
        uint64_t header_offset;
        uint64_t size;
        uint32_t checksum;
    };
    struct Directory {
        uint64_t offset;
        uint64_t size;
        uint64_t n_entries;
    };

    Directory find_directory() const;
    Directory find_zip64_directory(uint64_t end_offset) const;
    void read_directory(const Directory& directory);
    Stream open(const std::string& name) const;
    void check_end(const std::string& name, const Stream& stream) const;

    const Source* source_;
    std::vector<std::string> names_;
    std::map<std::string, Entry> entries_;
};

} // namespace metatensor_torch::serialization
