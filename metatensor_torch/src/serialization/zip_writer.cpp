// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "serialization/bytes.hpp"
#include "serialization/zip.hpp"
#include "serialization/zip_format.hpp"
#include "serialization/zip_names.hpp"

namespace metatensor_torch::serialization {

namespace {

uint16_t name_flags(const std::string& name) {
    const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
    return ascii ? uint16_t{0} : UTF8_FLAG;
}

/// The 32-bit field for `value`, which says that the value is in the zip64 extra field if it does not fit
uint32_t field_32(uint64_t value) { return static_cast<uint32_t>(std::min<uint64_t>(value, MAX_32)); }

} // namespace

void ZipWriter::add(const std::string& name, Chunks content) {
    TORCH_CHECK_VALUE(name.size() <= MAX_16, "the name of an entry of a zip archive can have ", MAX_16,
                      " bytes, got ", name.size());
    TORCH_CHECK_VALUE(stays_in_folder(name), "can not save '", name,
                      "': it is not the name of a file inside of an archive");
    TORCH_CHECK(names_.insert(name).second, "there is an entry '", name, "' in the archive already");
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
    bytes.reserve(unaligned + padding - entry.header_offset);
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
    for (const auto& entry : entries_)
        append_central_header(directory, entry);
    const uint64_t directory_size = directory.size();
    output_.emplace_back(std::move(directory) + end_of_archive(directory_size));
    auto result = std::exchange(output_, {});
    *this = ZipWriter();
    return result;
}

} // namespace metatensor_torch::serialization
