// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/zip.hpp"

#include <algorithm>
#include <utility>

// The format: APPNOTE.TXT 6.3.10 of PKWARE; numbers of sections below are those of that text.

namespace metatensor_torch::serialization {

namespace {

// Signatures
constexpr uint32_t LOCAL_HEADER = 0x04034b50;         // 4.3.7
constexpr uint32_t CENTRAL_HEADER = 0x02014b50;       // 4.3.12
constexpr uint32_t ZIP64_END_OF_ARCHIVE = 0x06064b50; // 4.3.14
constexpr uint32_t ZIP64_LOCATOR = 0x07064b50;        // 4.3.15
constexpr uint32_t END_OF_ARCHIVE = 0x06054b50;       // 4.3.16

// Sizes without names, extra fields and comments
constexpr uint64_t LOCAL_HEADER_SIZE = 30;
constexpr uint64_t CENTRAL_HEADER_SIZE = 46;
constexpr uint64_t ZIP64_END_OF_ARCHIVE_SIZE = 56;
constexpr uint64_t ZIP64_LOCATOR_SIZE = 20;
constexpr uint64_t END_OF_ARCHIVE_SIZE = 22;

// Extra fields
constexpr uint16_t ZIP64_EXTRA = 0x0001;     // 4.5.3
constexpr uint16_t ALIGNMENT_EXTRA = 0xa11e; // "data stream alignment": u16 alignment, then padding
constexpr uint64_t EXTRA_HEADER_SIZE = 4;

constexpr uint16_t VERSION_NEEDED = 45;                 // 4.4.3: has zip64
constexpr uint16_t VERSION_MADE_BY = 3 << 8 | 45;       // 4.4.2: on UNIX
constexpr uint32_t FILE_MODE = uint32_t{0100644} << 16; // 4.4.15: regular file, rw-r--r--
constexpr uint16_t TIME = 0;                            // 4.4.6: midnight
constexpr uint16_t DATE = 20 << 9 | 1 << 5 | 1; // 4.4.6: 2000-01-01, so that files do not depend on the day
constexpr uint16_t STORED = 0;                  // 4.4.5
constexpr uint16_t ENCRYPTED_FLAG = 1;          // 4.4.4
constexpr uint16_t UTF8_FLAG = 1 << 11;         // 4.4.4
constexpr uint16_t MAX_16 = 0xffff;
constexpr uint32_t MAX_32 = 0xffffffff;

uint16_t name_flags(const std::string& name) {
    const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
    return ascii ? uint16_t{0} : UTF8_FLAG;
}

/// The 32-bit field for `value`, which says that the value is in the zip64 extra field if it does not fit
uint32_t field_32(uint64_t value) { return static_cast<uint32_t>(std::min<uint64_t>(value, MAX_32)); }

/// Replaces sizes and offset that did not fit 32 bits by those in the zip64 extra field, where they come in
/// this order.
void read_zip64_extra(std::string_view extra, std::initializer_list<uint64_t*> fields) {
    while (extra.size() >= EXTRA_HEADER_SIZE) {
        const auto id = little_endian<uint16_t>(extra, 0);
        const size_t size = little_endian<uint16_t>(extra, 2);
        extra.remove_prefix(EXTRA_HEADER_SIZE);
        TORCH_CHECK(size <= extra.size(), "damaged zip archive: an extra field has ", size, " bytes of ",
                    extra.size());
        if (id == ZIP64_EXTRA) {
            auto values = extra.substr(0, size);
            for (auto* field : fields) {
                if (*field != MAX_32) continue;
                TORCH_CHECK(values.size() >= sizeof(uint64_t),
                            "damaged zip archive: a zip64 extra field is too short");
                *field = little_endian<uint64_t>(values, 0);
                values.remove_prefix(sizeof(uint64_t));
            }
        }
        extra.remove_prefix(size);
    }
}

std::string read_bytes(const Source& source, uint64_t offset, uint64_t size) {
    std::string bytes(size, '\0');
    source.read(offset, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

} // namespace

// ------------------------------------------------------------------------------------------------- writing

void ZipWriter::add(const std::string& name, Chunks content) {
    TORCH_CHECK(name.size() <= MAX_16, "the name of an entry of a zip archive can have ", MAX_16,
                " bytes, got ", name.size());
    TORCH_CHECK(places_.emplace(name, entries_.size()).second, "there is an entry '", name,
                "' in the archive already");
    const auto& entry =
        entries_.emplace_back(Entry{name, output_size_, total_size(content), checksum(content)});
    auto header = local_header(entry);
    output_size_ += header.size() + entry.size;
    output_.emplace_back(std::move(header));
    std::move(content.begin(), content.end(), std::back_inserter(output_));
}

std::string ZipWriter::local_header(const Entry& entry) {
    const uint64_t unaligned = entry.header_offset + LOCAL_HEADER_SIZE + entry.name.size() +
                               EXTRA_HEADER_SIZE + 2 * sizeof(uint64_t) + EXTRA_HEADER_SIZE +
                               sizeof(uint16_t);
    const auto padding = (ZIP_ALIGNMENT - unaligned % ZIP_ALIGNMENT) % ZIP_ALIGNMENT;

    std::string bytes;
    append_little_endian(bytes, LOCAL_HEADER);
    append_little_endian(bytes, VERSION_NEEDED);
    append_little_endian(bytes, name_flags(entry.name));
    append_little_endian(bytes, STORED);
    append_little_endian(bytes, TIME);
    append_little_endian(bytes, DATE);
    append_little_endian(bytes, entry.checksum);
    append_little_endian(bytes, MAX_32); // sizes with and without compression: in the zip64 extra field
    append_little_endian(bytes, MAX_32);
    append_little_endian(bytes, static_cast<uint16_t>(entry.name.size()));
    append_little_endian(bytes, static_cast<uint16_t>(2 * EXTRA_HEADER_SIZE + 2 * sizeof(uint64_t) +
                                                      sizeof(uint16_t) + padding));
    bytes += entry.name;
    append_little_endian(bytes, ZIP64_EXTRA);
    append_little_endian(bytes, static_cast<uint16_t>(2 * sizeof(uint64_t)));
    append_little_endian(bytes, entry.size);
    append_little_endian(bytes, entry.size);
    append_little_endian(bytes, ALIGNMENT_EXTRA);
    append_little_endian(bytes, static_cast<uint16_t>(sizeof(uint16_t) + padding));
    append_little_endian(bytes, static_cast<uint16_t>(ZIP_ALIGNMENT));
    bytes.append(padding, '\0');
    return bytes;
}

std::string ZipWriter::central_header(const Entry& entry) {
    std::string extra;
    if (entry.size >= MAX_32) {
        append_little_endian(extra, entry.size);
        append_little_endian(extra, entry.size);
    }
    if (entry.header_offset >= MAX_32) append_little_endian(extra, entry.header_offset);
    if (!extra.empty()) {
        std::string extra_header;
        append_little_endian(extra_header, ZIP64_EXTRA);
        append_little_endian(extra_header, static_cast<uint16_t>(extra.size()));
        extra.insert(0, extra_header);
    }

    std::string bytes;
    append_little_endian(bytes, CENTRAL_HEADER);
    append_little_endian(bytes, VERSION_MADE_BY);
    append_little_endian(bytes, VERSION_NEEDED);
    append_little_endian(bytes, name_flags(entry.name));
    append_little_endian(bytes, STORED);
    append_little_endian(bytes, TIME);
    append_little_endian(bytes, DATE);
    append_little_endian(bytes, entry.checksum);
    append_little_endian(bytes, field_32(entry.size));
    append_little_endian(bytes, field_32(entry.size));
    append_little_endian(bytes, static_cast<uint16_t>(entry.name.size()));
    append_little_endian(bytes, static_cast<uint16_t>(extra.size()));
    append_little_endian(bytes, uint16_t{0}); // length of the comment
    append_little_endian(bytes, uint16_t{0}); // number of this disk
    append_little_endian(bytes, uint16_t{0}); // internal attributes: binary data
    append_little_endian(bytes, FILE_MODE);
    append_little_endian(bytes, field_32(entry.header_offset));
    return bytes + entry.name + extra;
}

std::string ZipWriter::end_of_archive(uint64_t directory_size) const {
    const uint64_t n_entries = entries_.size();
    std::string bytes;
    if (n_entries >= MAX_16 || directory_size >= MAX_32 || output_size_ >= MAX_32) {
        append_little_endian(bytes, ZIP64_END_OF_ARCHIVE);
        append_little_endian(bytes, uint64_t{ZIP64_END_OF_ARCHIVE_SIZE - 12}); // what follows this field
        append_little_endian(bytes, VERSION_MADE_BY);
        append_little_endian(bytes, VERSION_NEEDED);
        append_little_endian(bytes, uint32_t{0}); // number of this disk and of that of the directory
        append_little_endian(bytes, uint32_t{0});
        append_little_endian(bytes, n_entries); // on this disk and in all
        append_little_endian(bytes, n_entries);
        append_little_endian(bytes, directory_size);
        append_little_endian(bytes, output_size_);
        append_little_endian(bytes, ZIP64_LOCATOR);
        append_little_endian(bytes, uint32_t{0}); // number of the disk
        append_little_endian(bytes, output_size_ + directory_size);
        append_little_endian(bytes, uint32_t{1}); // number of disks
    }
    const auto n_entries_16 = static_cast<uint16_t>(std::min<uint64_t>(n_entries, MAX_16));
    append_little_endian(bytes, END_OF_ARCHIVE);
    append_little_endian(bytes, uint16_t{0}); // number of this disk and of that of the directory
    append_little_endian(bytes, uint16_t{0});
    append_little_endian(bytes, n_entries_16); // on this disk and in all
    append_little_endian(bytes, n_entries_16);
    append_little_endian(bytes, field_32(directory_size));
    append_little_endian(bytes, field_32(output_size_));
    append_little_endian(bytes, uint16_t{0}); // length of the comment
    return bytes;
}

Chunks ZipWriter::finish() {
    std::string directory;
    for (const auto& entry : entries_)
        directory += central_header(entry);
    const uint64_t directory_size = directory.size();
    output_.emplace_back(std::move(directory) + end_of_archive(directory_size));
    auto result = std::exchange(output_, {});
    *this = ZipWriter();
    return result;
}

// ------------------------------------------------------------------------------------------------- reading

ZipReader::ZipReader(const Source& source) : source_(&source) { read_directory(find_directory()); }

ZipReader::Directory ZipReader::find_directory() const {
    // The end of the archive is followed by a comment of any length that 16 bits can tell.
    const auto tail_size = std::min<uint64_t>(source_->size(), END_OF_ARCHIVE_SIZE + MAX_16);
    const auto tail = read_bytes(*source_, source_->size() - tail_size, tail_size);
    for (size_t at = tail.size() >= END_OF_ARCHIVE_SIZE ? tail.size() - END_OF_ARCHIVE_SIZE + 1 : 0;
         at-- > 0;) {
        const bool found = little_endian<uint32_t>(tail, at) == END_OF_ARCHIVE &&
                           little_endian<uint16_t>(tail, at + 20) == tail.size() - at - END_OF_ARCHIVE_SIZE;
        if (!found) continue;
        const auto end_offset = source_->size() - tail_size + at;
        if (end_offset >= ZIP64_LOCATOR_SIZE) {
            const auto locator = read_bytes(*source_, end_offset - ZIP64_LOCATOR_SIZE, ZIP64_LOCATOR_SIZE);
            if (little_endian<uint32_t>(locator, 0) == ZIP64_LOCATOR) {
                return find_zip64_directory(little_endian<uint64_t>(locator, 8));
            }
        }
        return {little_endian<uint32_t>(tail, at + 16), little_endian<uint32_t>(tail, at + 12),
                little_endian<uint16_t>(tail, at + 10)};
    }
    TORCH_CHECK(false, "this is no zip archive, or its end was cut off");
}

ZipReader::Directory ZipReader::find_zip64_directory(uint64_t end_offset) const {
    const auto end = read_bytes(*source_, end_offset, ZIP64_END_OF_ARCHIVE_SIZE);
    TORCH_CHECK(little_endian<uint32_t>(end, 0) == ZIP64_END_OF_ARCHIVE,
                "damaged zip archive: no zip64 end of the archive where it should be");
    return {little_endian<uint64_t>(end, 48), little_endian<uint64_t>(end, 40),
            little_endian<uint64_t>(end, 32)};
}

void ZipReader::read_directory(const Directory& directory) {
    TORCH_CHECK(directory.offset <= source_->size() && directory.size <= source_->size() - directory.offset,
                "damaged zip archive: the directory of ", directory.size, " bytes at offset ",
                directory.offset, " ends outside of the ", source_->size(), " bytes of the archive");
    const auto bytes = read_bytes(*source_, directory.offset, directory.size);
    auto rest = std::string_view(bytes);
    for (uint64_t i = 0; i < directory.n_entries; ++i) {
        TORCH_CHECK(rest.size() >= CENTRAL_HEADER_SIZE && little_endian<uint32_t>(rest, 0) == CENTRAL_HEADER,
                    "damaged zip archive: entry ", i, " of ", directory.n_entries,
                    " is missing in the directory");
        const size_t name_size = little_endian<uint16_t>(rest, 28);
        const size_t extra_size = little_endian<uint16_t>(rest, 30);
        const size_t comment_size = little_endian<uint16_t>(rest, 32);
        const auto entry_size = CENTRAL_HEADER_SIZE + name_size + extra_size + comment_size;
        TORCH_CHECK(rest.size() >= entry_size, "damaged zip archive: entry ", i, " of ", directory.n_entries,
                    " ends outside of the directory");
        auto name = std::string(rest.substr(CENTRAL_HEADER_SIZE, name_size));

        const auto flags = little_endian<uint16_t>(rest, 8);
        const auto method = little_endian<uint16_t>(rest, 10);
        TORCH_CHECK((flags & ENCRYPTED_FLAG) == 0, "'", name, "' in the zip archive is encrypted");
        TORCH_CHECK(method == STORED, "'", name, "' in the zip archive is compressed (method ", method,
                    "), expected a stored entry");
        uint64_t stored_size = little_endian<uint32_t>(rest, 20);
        uint64_t size = little_endian<uint32_t>(rest, 24);
        uint64_t offset = little_endian<uint32_t>(rest, 42);
        read_zip64_extra(rest.substr(CENTRAL_HEADER_SIZE + name_size, extra_size),
                         {&size, &stored_size, &offset});
        TORCH_CHECK(size == stored_size, "damaged zip archive: '", name, "' has ", size, " bytes, stored as ",
                    stored_size);
        const Entry entry{names_.size(), offset, size, little_endian<uint32_t>(rest, 16)};
        TORCH_CHECK(entries_.emplace(name, entry).second, "damaged zip archive: '", name, "' is there twice");
        names_.emplace_back(std::move(name));
        rest.remove_prefix(entry_size);
    }
    TORCH_CHECK(rest.empty(), "damaged zip archive: the directory has ", rest.size(), " bytes after its ",
                directory.n_entries, " entries");
}

std::vector<std::string> ZipReader::names_with_prefix(const std::string& prefix) const {
    std::vector<size_t> places;
    for (auto it = entries_.lower_bound(prefix); it != entries_.end() && it->first.starts_with(prefix);
         ++it) {
        places.push_back(it->second.place);
    }
    std::sort(places.begin(), places.end());
    std::vector<std::string> names;
    names.reserve(places.size());
    for (const auto place : places)
        names.push_back(names_[place]);
    return names;
}

Stream ZipReader::open(const std::string& name) const {
    const auto it = entries_.find(name);
    TORCH_CHECK(it != entries_.end(), "there is no '", name, "' in the zip archive");
    const auto& entry = it->second;
    const auto header = read_bytes(*source_, entry.header_offset, LOCAL_HEADER_SIZE);
    const uint64_t name_size = little_endian<uint16_t>(header, 26);
    const uint64_t extra_size = little_endian<uint16_t>(header, 28);
    TORCH_CHECK(little_endian<uint32_t>(header, 0) == LOCAL_HEADER && name_size == name.size() &&
                    read_bytes(*source_, entry.header_offset + LOCAL_HEADER_SIZE, name_size) == name,
                "damaged zip archive: '", name, "' is not where the directory says");
    return {*source_, entry.header_offset + LOCAL_HEADER_SIZE + name_size + extra_size, entry.size};
}

void ZipReader::check_end(const std::string& name, const Stream& stream) const {
    TORCH_CHECK(stream.remaining() == 0, stream.remaining(), " bytes too many");
    const auto expected = entries_.at(name).checksum;
    TORCH_CHECK(stream.checksum() == expected, "the data are damaged: expected checksum ", expected, ", got ",
                stream.checksum());
}

std::string ZipReader::read_text(const std::string& name) const {
    return read(name, [](Stream& stream) {
        std::string text(stream.remaining(), '\0');
        stream.read(std::as_writable_bytes(std::span(text)));
        return text;
    });
}

} // namespace metatensor_torch::serialization
