// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/zip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serialization/archives.hpp"
#include "serialization/bytes.hpp"

namespace metatensor_torch::serialization {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

std::string joined(const Chunks& chunks) { return text_of(to_buffer(chunks)); }

MemorySource source_of(const std::string& bytes) { return MemorySource(std::as_bytes(std::span(bytes))); }

/// Archive with the entries b (text "hello") and a/c (the bytes 1, 2)
std::string example() {
    ZipWriter zip;
    zip.add("b", {std::string("hel"), std::string("lo")});
    zip.add("a/c", {torch::tensor({1, 2}, torch::kUInt8)});
    return joined(zip.finish());
}

void read_directory(const std::string& bytes) {
    const auto source = source_of(bytes);
    const ZipReader zip(source);
}

TEST(Zip, ReadsWhatItWrote) {
    const auto bytes = example();
    const auto source = source_of(bytes);
    const ZipReader zip(source);
    EXPECT_THAT(zip.names(), ElementsAre("b", "a/c"));
    EXPECT_TRUE(zip.contains("b"));
    EXPECT_FALSE(zip.contains("c"));
    EXPECT_EQ(zip.read_text("b"), "hello");
    EXPECT_EQ(zip.read_text("a/c"), "\1\2");
    EXPECT_THAT([&] { zip.read_text("c"); }, fails_with("there is no 'c' in the zip archive"));
}

TEST(Zip, SameEntriesGiveTheSameBytes) { EXPECT_EQ(example(), example()); }

TEST(Zip, DataStartAtMultiplesOf64) {
    const auto bytes = example();
    EXPECT_EQ(bytes.find("hello") % 64, 0);
    EXPECT_EQ(bytes.find("\1\2", bytes.find("hello")) % 64, 0);
}

TEST(Zip, MayBeEmpty) {
    const auto bytes = joined(ZipWriter().finish());
    const auto source = source_of(bytes);
    EXPECT_THAT(ZipReader(source).names(), IsEmpty());
}

TEST(Zip, NamesAreUnique) {
    ZipWriter zip;
    zip.add("a", {});
    EXPECT_THAT([&] { zip.add("a", {}); }, fails_with("there is an entry 'a' in the archive already"));
}

TEST(Zip, NamesStayInTheArchive) {
    ZipWriter zip;
    for (const auto* name : {"", "/a", "..", "../a", "a/..", "a/../b"}) {
        EXPECT_THAT([&] { zip.add(name, {}); }, ThrowsMessage<c10::ValueError>(HasSubstr(
                                                    "is not the name of a file inside of an archive")));
    }
    for (const auto* name : {"a..b", "..a", "a/...", "a//b"})
        zip.add(name, {});
    EXPECT_THAT([&] { zip.add(std::string(65536, 'a'), {}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("can have 65535 bytes, got 65536")));
}

TEST(Zip, ManyEntriesNeedZip64) {
    constexpr int N_ENTRIES = 70000;
    ZipWriter writer;
    for (int i = 0; i < N_ENTRIES; ++i)
        writer.add(std::to_string(i), {});
    writer.add("last", {std::string("x")});
    const auto bytes = joined(writer.finish());
    const auto source = source_of(bytes);
    const ZipReader zip(source);
    EXPECT_EQ(zip.names().size(), N_ENTRIES + 1);
    EXPECT_EQ(zip.read_text("last"), "x");
}

/// One entry "n" with the text "data", whose directory has all numbers in the zip64 extra field
TEST(Zip, ReadsSizesAndOffsetsOfZip64) {
    std::string bytes;
    const auto u16 = [&](uint16_t value) { append_little_endian(bytes, value); };
    const auto u32 = [&](uint32_t value) { append_little_endian(bytes, value); };
    const auto u64 = [&](uint64_t value) { append_little_endian(bytes, value); };
    const auto crc = checksum({std::string("data")});
    u32(0x04034b50), u16(45), u16(0), u16(0), u32(0), u32(crc), u32(4), u32(4), u16(1), u16(0);
    bytes += "ndata";
    const auto directory_offset = bytes.size();
    u32(0x02014b50), u16(45), u16(45), u16(0), u16(0), u32(0), u32(crc), u32(0xffffffff), u32(0xffffffff);
    u16(1), u16(28), u16(0), u16(0), u16(0), u32(0), u32(0xffffffff);
    bytes += "n";
    u16(1), u16(24), u64(4), u64(4), u64(0);
    const auto directory_size = bytes.size() - directory_offset;
    u32(0x06054b50), u16(0), u16(0), u16(1), u16(1), u32(static_cast<uint32_t>(directory_size));
    u32(static_cast<uint32_t>(directory_offset)), u16(0);

    const auto source = source_of(bytes);
    EXPECT_EQ(ZipReader(source).read_text("n"), "data");
}

TEST(Zip, ReadsArchivesWithAComment) {
    auto bytes = example();
    const std::string comment = "PK\5\6 is not the end of this archive";
    bytes[bytes.size() - 2] = static_cast<char>(comment.size());
    bytes += comment;
    const auto source = source_of(bytes);
    EXPECT_EQ(ZipReader(source).read_text("b"), "hello");
}

TEST(Zip, RefusesDamagedData) {
    auto bytes = example();
    bytes[bytes.find("hello")] = 'j';
    const auto source = source_of(bytes);
    const ZipReader zip(source);
    EXPECT_THAT([&] { zip.read_text("b"); }, fails_with("the data are damaged: expected checksum 907060870"));
    EXPECT_THAT([&] { zip.read_text("b"); }, fails_with("in 'b'"));
}

TEST(Zip, RefusesToLeaveBytesUnread) {
    const auto bytes = example();
    const auto source = source_of(bytes);
    const ZipReader zip(source);
    const auto read_two = [](Stream& stream) {
        std::string text(2, ' ');
        stream.read(std::as_writable_bytes(std::span(text)));
        return text;
    };
    EXPECT_THAT([&] { zip.read("b", read_two); }, fails_with("3 bytes too many"));
}

TEST(Zip, RefusesOtherFormats) {
    EXPECT_THAT([] { read_directory(""); }, fails_with("this is no zip archive, or its end was cut off"));
    EXPECT_THAT([] { read_directory("some text that is longer than the end of an archive"); },
                fails_with("this is no zip archive"));
}

} // namespace

} // namespace metatensor_torch::serialization
