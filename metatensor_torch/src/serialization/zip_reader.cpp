// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "serialization/bytes.hpp"
#include "serialization/zip.hpp"
#include "serialization/zip_format.hpp"
#include "serialization/zip_names.hpp"

namespace metatensor_torch::serialization {

namespace {

constexpr auto SPLIT = "zip archives that are split into parts can not be read";

/// Replaces sizes and offset that did not fit 32 bits by those in the zip64 extra field, where they come in
/// this order.
void read_zip64_extra(std::string_view extra, std::initializer_list<uint64_t*> fields) {
    while (extra.size() >= EXTRA_HEADER_SIZE) {
        const auto id = little_endian<uint16_t>(extra, 0);
        const size_t size = little_endian<uint16_t>(extra, 2);
        extra.remove_prefix(EXTRA_HEADER_SIZE);
        TORCH_CHECK(size <= extra.size(), "damaged zip archive: expected ", size,
                    " bytes in an extra field, got ", extra.size());
        if (id == ZIP64_EXTRA) {
            auto values = extra.substr(0, size);
            for (auto* field : fields) {
                if (*field != MAX_32) continue;
                TORCH_CHECK(values.size() >= sizeof(uint64_t), "damaged zip archive: expected ",
                            sizeof(uint64_t), " more bytes in a zip64 extra field, got ", values.size());
                *field = little_endian<uint64_t>(values, 0);
                values.remove_prefix(sizeof(uint64_t));
            }
        }
        extra.remove_prefix(size);
    }
}

/// One entry of the directory
struct CentralHeader {
    /// Reads what `bytes` starts with; RuntimeError if that is no entry or one that can not be read.
    explicit CentralHeader(std::string_view bytes) {
        TORCH_CHECK(bytes.size() >= CENTRAL_HEADER_SIZE &&
                        little_endian<uint32_t>(bytes, 0) == CENTRAL_HEADER,
                    "damaged zip archive: expected an entry in the directory, got ",
                    bytes.empty() ? "its end" : "something else");
        const size_t name_size = little_endian<uint16_t>(bytes, 28);
        const size_t extra_size = little_endian<uint16_t>(bytes, 30);
        const size_t comment_size = little_endian<uint16_t>(bytes, 32);
        n_bytes = CENTRAL_HEADER_SIZE + name_size + extra_size + comment_size;
        TORCH_CHECK(n_bytes <= bytes.size(), "damaged zip archive: expected ", n_bytes,
                    " bytes of an entry in the directory, got ", bytes.size());
        name = bytes.substr(CENTRAL_HEADER_SIZE, name_size);
        check_is_stored(bytes);

        uint64_t stored_size = little_endian<uint32_t>(bytes, 20);
        checksum = little_endian<uint32_t>(bytes, 16);
        size = little_endian<uint32_t>(bytes, 24);
        header_offset = little_endian<uint32_t>(bytes, 42);
        read_zip64_extra(bytes.substr(CENTRAL_HEADER_SIZE + name_size, extra_size),
                         {&size, &stored_size, &header_offset});
        TORCH_CHECK(size == stored_size, "damaged zip archive: expected '", name, "' to have ", size,
                    " bytes, stored are ", stored_size);
    }

    void check_is_stored(std::string_view bytes) const {
        const auto flags = little_endian<uint16_t>(bytes, 8);
        const auto method = little_endian<uint16_t>(bytes, 10);
        TORCH_CHECK((flags & ENCRYPTED_FLAG) == 0, "'", name, "' in the zip archive is encrypted");
        TORCH_CHECK(method == STORED, "'", name, "' in the zip archive is compressed (method ", method,
                    "), expected a stored entry");
        TORCH_CHECK(stays_in_folder(name), "damaged zip archive: '", name,
                    "' is not the name of a file inside of the archive");
    }

    std::string_view name;
    uint64_t n_bytes;
    uint64_t header_offset;
    uint64_t size;
    uint32_t checksum;
};

} // namespace

ZipReader::ZipReader(const Source& source) : source_(&source) { read_directory(find_directory()); }

ZipReader::Directory ZipReader::find_directory() const {
    // The end of the archive is followed by a comment of any length that 16 bits can tell, most often by
    // none.
    for (const auto tail_size : {END_OF_ARCHIVE_SIZE, END_OF_ARCHIVE_SIZE + MAX_16}) {
        if (const auto directory = find_directory(std::min(source_->size(), tail_size))) return *directory;
    }
    TORCH_CHECK(false, "this is no zip archive, or its end was cut off");
}

/// The same from the end of the archive in the last `tail_size` bytes; none if it is not there
std::optional<ZipReader::Directory> ZipReader::find_directory(uint64_t tail_size) const {
    const auto tail = source_->read_text(source_->size() - tail_size, tail_size);
    for (size_t at = tail.size() >= END_OF_ARCHIVE_SIZE ? tail.size() - END_OF_ARCHIVE_SIZE + 1 : 0;
         at-- > 0;) {
        const bool found = little_endian<uint32_t>(tail, at) == END_OF_ARCHIVE &&
                           little_endian<uint16_t>(tail, at + 20) == tail.size() - at - END_OF_ARCHIVE_SIZE;
        if (!found) continue;
        const auto end_offset = source_->size() - tail_size + at;
        if (end_offset >= ZIP64_LOCATOR_SIZE) {
            const auto locator = source_->read_text(end_offset - ZIP64_LOCATOR_SIZE, ZIP64_LOCATOR_SIZE);
            if (little_endian<uint32_t>(locator, 0) == ZIP64_LOCATOR) {
                return find_zip64_directory(little_endian<uint64_t>(locator, 8));
            }
        }
        TORCH_CHECK(little_endian<uint32_t>(tail, at + 4) == 0, SPLIT);
        return Directory{little_endian<uint32_t>(tail, at + 16), little_endian<uint32_t>(tail, at + 12),
                         little_endian<uint16_t>(tail, at + 10)};
    }
    return std::nullopt;
}

ZipReader::Directory ZipReader::find_zip64_directory(uint64_t end_offset) const {
    const auto end = source_->read_text(end_offset, ZIP64_END_OF_ARCHIVE_SIZE);
    TORCH_CHECK(little_endian<uint32_t>(end, 0) == ZIP64_END_OF_ARCHIVE,
                "damaged zip archive: expected the zip64 end of the archive at offset ", end_offset,
                ", got something else");
    TORCH_CHECK(little_endian<uint64_t>(end, 16) == 0, SPLIT);
    return {little_endian<uint64_t>(end, 48), little_endian<uint64_t>(end, 40),
            little_endian<uint64_t>(end, 32)};
}

void ZipReader::read_directory(const Directory& directory) {
    TORCH_CHECK(directory.offset <= source_->size() && directory.size <= source_->size() - directory.offset,
                "damaged zip archive: the directory of ", directory.size, " bytes at offset ",
                directory.offset, " ends outside of the ", source_->size(), " bytes of the archive");
    const auto max_entries = directory.size / CENTRAL_HEADER_SIZE;
    TORCH_CHECK(directory.n_entries <= max_entries, "damaged zip archive: a directory of ", directory.size,
                " bytes has at most ", max_entries, " entries, got ", directory.n_entries);
    directory_ = std::make_unique<const std::string>(source_->read_text(directory.offset, directory.size));
    names_.reserve(directory.n_entries);
    entries_.reserve(directory.n_entries);

    auto rest = std::string_view(*directory_);
    uint64_t free_bytes = source_->size(); // overlapping entries could make much of a small archive
    for (uint64_t i = 0; i < directory.n_entries; ++i) {
        const CentralHeader header(rest);
        TORCH_CHECK(header.size <= free_bytes, "damaged zip archive: its entries are larger than its ",
                    source_->size(), " bytes, '", header.name, "' with ", header.size, " bytes does not fit");
        free_bytes -= header.size;
        names_.push_back(header.name);
        const Entry entry{header.header_offset, header.size, header.checksum};
        TORCH_CHECK(entries_.emplace(header.name, entry).second, "damaged zip archive: '", header.name,
                    "' is there twice");
        rest.remove_prefix(header.n_bytes);
    }
    TORCH_CHECK(rest.empty(), "damaged zip archive: the directory has ", rest.size(), " bytes after its ",
                directory.n_entries, " entries");
}

const ZipReader::Entry& ZipReader::find(std::string_view name) const {
    const auto it = entries_.find(name);
    TORCH_CHECK(it != entries_.end(), "there is no '", name, "' in the zip archive");
    return it->second;
}

SliceSource ZipReader::open(std::string_view name, const Entry& entry) const {
    const auto header = source_->read_text(entry.header_offset, LOCAL_HEADER_SIZE + name.size());
    const uint64_t name_size = little_endian<uint16_t>(header, 26);
    const uint64_t extra_size = little_endian<uint16_t>(header, 28);
    TORCH_CHECK(little_endian<uint32_t>(header, 0) == LOCAL_HEADER && name_size == name.size() &&
                    std::string_view(header).substr(LOCAL_HEADER_SIZE) == name,
                "damaged zip archive: expected '", name, "' at offset ", entry.header_offset,
                ", got something else");
    return {*source_, entry.header_offset + LOCAL_HEADER_SIZE + name_size + extra_size, entry.size};
}

void ZipReader::check_end(const Entry& entry, const Stream& stream) {
    TORCH_CHECK(stream.remaining() == 0, stream.remaining(), " bytes too many");
    const auto expected = entry.checksum;
    TORCH_CHECK(stream.checksum().value_or(expected) == expected, "the data are damaged: expected checksum ",
                expected, ", got ", *stream.checksum());
}

std::string ZipReader::read_text(std::string_view name) const {
    return read(name, [](Stream& stream) { return stream.read_text(stream.remaining()); });
}

} // namespace metatensor_torch::serialization
