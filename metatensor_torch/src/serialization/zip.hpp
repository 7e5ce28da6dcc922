// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "serialization/chunks.hpp"
#include "serialization/source.hpp"

namespace metatensor_torch::serialization {

/// Collects the entries of a zip archive, stored without compression. The data of each entry start at a
/// multiple of ZIP_ALIGNMENT, and the same entries give the same bytes. Without entries: an empty archive.
class METATENSOR_TORCH_EXPORT ZipWriter {
  public:
    /// Adds an entry; names are unique (RuntimeError), have at most 65535 bytes and are those of files inside
    /// of a folder (ValueError).
    void add(std::string_view name, Chunks content);
    /// The bytes of the whole archive; this writer is empty afterwards.
    Chunks finish();

  private:
    struct Entry {
        std::string name;
        uint64_t header_offset;
        uint64_t size;
        uint32_t checksum;
    };

    static void append_local_header(std::string& bytes, const Entry& entry);
    static void append_central_header(std::string& bytes, const Entry& entry);
    std::string end_of_archive(uint64_t directory_size) const;

    /// Text at the end of the output, which takes headers and small contents: one chunk instead of many
    std::string& tail();

    Chunks output_;
    uint64_t output_size_ = 0;
    std::deque<Entry> entries_;
    std::unordered_set<std::string_view> names_; // views of the names in entries_, which are never moved
};

/// Boundary that the data of each entry start at: that of the memory of torch tensors
constexpr uint64_t ZIP_ALIGNMENT = 64;

/// Finds and reads the entries of a zip archive (with or without zip64, entries stored). RuntimeError if it
/// is cut off, damaged, compressed, encrypted or split, if a name is there twice or leads out of the folder
/// that the archive is unpacked in, and if the entries together are larger than the archive.
class METATENSOR_TORCH_EXPORT ZipReader {
  public:
    /// Reads the directory of the archive; `source` must outlive this.
    explicit ZipReader(const Source& source);
    ZipReader(ZipReader&&) = default;
    ZipReader& operator=(ZipReader&&) = default;

    /// Names of the entries, in the order of the archive
    const std::vector<std::string_view>& names() const { return names_; }
    /// Whether there is an entry `name`
    bool contains(std::string_view name) const { return entries_.count(name) != 0; }

    /// What `parse(Stream&)` makes of entry `name`. Errors name the entry; RuntimeError if there is no such
    /// entry, if `parse` leaves bytes unread, or if the checksum of what it has read is wrong.
    template <typename Parse>
    auto read(std::string_view name, const Parse& parse) const {
        return naming(name, [&] {
            const auto& entry = find(name);
            const auto content = open(name, entry);
            Stream stream(content);
            auto result = parse(stream);
            check_end(entry, stream);
            return result;
        });
    }

    /// What `parse(Source&)` makes of entry `name`, which has checksums of its own; errors name the entry.
    template <typename Parse>
    auto read_archive(std::string_view name, const Parse& parse) const {
        return naming(name, [&] { return parse(open(name, find(name))); });
    }

    /// The bytes of entry `name`
    std::string read_text(std::string_view name) const;

  private:
    struct Entry {
        uint64_t header_offset;
        uint64_t size;
        uint32_t checksum;
    };
    struct Directory {
        uint64_t offset;
        uint64_t size;
        uint64_t n_entries;
    };

    template <typename Function>
    static auto naming(std::string_view name, const Function& function) {
        try {
            return function();
        } catch (c10::Error& error) {
            error.add_context("in '" + std::string(name) + "'");
            throw;
        }
    }

    Directory find_directory() const;
    std::optional<Directory> find_directory(uint64_t tail_size) const;
    Directory find_zip64_directory(uint64_t end_offset) const;
    void read_directory(const Directory& directory);
    const Entry& find(std::string_view name) const;
    SliceSource open(std::string_view name, const Entry& entry) const;
    static void check_end(const Entry& entry, const Stream& stream);

    const Source* source_;
    std::unique_ptr<const std::string> directory_;
    // names and keys are views of directory_
    std::vector<std::string_view> names_;
    std::unordered_map<std::string_view, Entry> entries_;
};

} // namespace metatensor_torch::serialization
