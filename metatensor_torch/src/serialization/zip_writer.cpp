// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "serialization/bytes.hpp"
#include "serialization/zip.hpp"
#include "serialization/zip_format.hpp"
#include "serialization/zip_names.hpp"

namespace metatensor_torch::serialization {

namespace {

/// Smaller contents are copied beside the headers
constexpr size_t MAX_JOINED = size_t{1} << 14;
constexpr size_t TAIL_SIZE = size_t{1} << 18;

uint16_t name_flags(std::string_view name) {
    const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
    return ascii ? uint16_t{0} : UTF8_FLAG;
}

/// The 32-bit field for `value`, which says that the value is in the zip64 extra field if it does not fit
uint32_t field_32(uint64_t value) { return static_cast<uint32_t>(std::min<uint64_t>(value, MAX_32)); }

} // namespace

void ZipWriter::add(std::string_view name, Chunks content) {
    TORCH_CHECK_VALUE(name.size() <= MAX_16, "the name of an entry of a zip archive can have ", MAX_16,
                      " bytes, got ", name.size());
    TORCH_CHECK_VALUE(stays_in_folder(name), "can not save '", name,
                      "': it is not the name of a file inside of an archive");
    TORCH_CHECK(!names_.contains(name), "there is an entry '", name, "' in the archive already");
    const auto& entry =
        entries_.emplace_back(Entry{std::string(name), output_size_, total_size(content), checksum(content)});
    names_.insert(entry.name);

    auto& header = tail();
    const auto size_before = header.size();
    append_local_header(header, entry);
    output_size_ += header.size() - size_before + entry.size;
    for (auto& chunk : content) {
        const auto bytes = bytes_of(chunk);
        if (bytes.size() < MAX_JOINED) {
            tail().append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        } else {
            output_.emplace_back(std::move(chunk));
        }
    }
}

std::string& ZipWriter::tail() {
    if (!output_.empty()) {
        auto* const text = std::get_if<std::string>(&output_.back());
        if (text != nullptr && text->size() < TAIL_SIZE - MAX_JOINED) return *text;
    }
    auto& text = std::get<std::string>(output_.emplace_back(std::in_place_type<std::string>));
    if (output_.size() > 1) text.reserve(TAIL_SIZE);
    return text;
}

void ZipWriter::append_local_header(std::string& bytes, const Entry& entry) {
    const uint64_t unaligned = entry.header_offset + LOCAL_HEADER_SIZE + entry.name.size() +
                               EXTRA_HEADER_SIZE + 2 * sizeof(uint64_t) + EXTRA_HEADER_SIZE +
                               sizeof(uint16_t);
    const auto padding = (ZIP_ALIGNMENT - unaligned % ZIP_ALIGNMENT) % ZIP_ALIGNMENT;

    LittleEndianFields<LOCAL_HEADER_SIZE> fields;
    fields.add(LOCAL_HEADER);
    fields.add(VERSION_NEEDED);
    fields.add(name_flags(entry.name));
    fields.add(STORED);
    fields.add(TIME);
    fields.add(DATE);
    fields.add(entry.checksum);
    fields.add(MAX_32); // sizes with and without compression: in the zip64 extra field
    fields.add(MAX_32);
    fields.add(static_cast<uint16_t>(entry.name.size()));
    fields.add(
        static_cast<uint16_t>(2 * EXTRA_HEADER_SIZE + 2 * sizeof(uint64_t) + sizeof(uint16_t) + padding));

    LittleEndianFields<2 * EXTRA_HEADER_SIZE + 2 * sizeof(uint64_t) + sizeof(uint16_t)> extra;
    extra.add(ZIP64_EXTRA);
    extra.add(static_cast<uint16_t>(2 * sizeof(uint64_t)));
    extra.add(entry.size);
    extra.add(entry.size);
    extra.add(ALIGNMENT_EXTRA);
    extra.add(static_cast<uint16_t>(sizeof(uint16_t) + padding));
    extra.add(static_cast<uint16_t>(ZIP_ALIGNMENT));

    bytes += fields.bytes();
    bytes += entry.name;
    bytes += extra.bytes();
    bytes.append(padding, '\0');
}

void ZipWriter::append_central_header(std::string& bytes, const Entry& entry) {
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

    LittleEndianFields<CENTRAL_HEADER_SIZE> fields;
    fields.add(CENTRAL_HEADER);
    fields.add(VERSION_MADE_BY);
    fields.add(VERSION_NEEDED);
    fields.add(name_flags(entry.name));
    fields.add(STORED);
    fields.add(TIME);
    fields.add(DATE);
    fields.add(entry.checksum);
    fields.add(field_32(entry.size));
    fields.add(field_32(entry.size));
    fields.add(static_cast<uint16_t>(entry.name.size()));
    fields.add(static_cast<uint16_t>(extra.size()));
    fields.add(uint16_t{0}); // length of the comment
    fields.add(uint16_t{0}); // number of this disk
    fields.add(uint16_t{0}); // internal attributes: binary data
    fields.add(FILE_MODE);
    fields.add(field_32(entry.header_offset));
    bytes += fields.bytes();
    bytes += entry.name;
    bytes += extra;
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
    uint64_t n_bytes = 0;
    for (const auto& entry : entries_)
        n_bytes += CENTRAL_HEADER_SIZE + entry.name.size();
    directory.reserve(n_bytes + ZIP64_END_OF_ARCHIVE_SIZE + ZIP64_LOCATOR_SIZE + END_OF_ARCHIVE_SIZE);
    for (const auto& entry : entries_)
        append_central_header(directory, entry);
    const uint64_t directory_size = directory.size();
    directory += end_of_archive(directory_size);
    output_.emplace_back(std::move(directory));
    auto result = std::exchange(output_, {});
    *this = ZipWriter();
    return result;
}

} // namespace metatensor_torch::serialization
