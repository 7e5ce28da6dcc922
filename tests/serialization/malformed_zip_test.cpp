// SPDX-License-Identifier: BSD-3-Clause
// Zip archives in which one field is wrong: an error that says what, or the field does not matter
#include <gtest/gtest.h>

#include "serialization/archives.hpp"
#include "serialization/bytes.hpp"
#include "serialization/zip.hpp"

namespace metatensor_torch::serialization {

namespace {

template <std::unsigned_integral T>
std::string little(T value) {
    std::string bytes;
    append_little_endian(bytes, value);
    return bytes;
}

/// Archive with the entries x ("hello") and y ("you"); `zip64`: its end tells the directory in 64 bits.
std::string good_archive(bool zip64) {
    ZipWriter zip;
    zip.add("x", {std::string("hello")});
    zip.add("y", {std::string("you")});
    auto bytes = text_of(to_buffer(zip.finish()));
    if (!zip64) return bytes;

    const auto offset = bytes.find("PK\1\2");
    const auto end = bytes.find("PK\5\6");
    bytes.resize(end);
    bytes += little(uint32_t{0x06064b50}) + little(uint64_t{44}) + std::string("\x2d\3\x2d\0", 4);
    bytes += std::string(8, '\0') + little(uint64_t{2}) + little(uint64_t{2}) +
             little(uint64_t{end - offset}) + little(uint64_t{offset});
    bytes += little(uint32_t{0x07064b50}) + little(uint32_t{0}) + little(uint64_t{end}) + little(uint32_t{1});
    return bytes + little(uint32_t{0x06054b50}) + std::string(4, '\0') + std::string(12, '\xff') +
           std::string(2, '\0');
}

std::string read_all(const std::string& bytes) {
    const MemorySource source(std::as_bytes(std::span(bytes)));
    const ZipReader zip(source);
    std::string result;
    for (const auto& name : zip.names())
        result += std::string(name) + ": " + zip.read_text(name) + "; ";
    return result;
}

constexpr auto GOOD_CONTENT = "x: hello; y: you; ";

/// What stands in place of a field
struct Damage {
    /// Signature of the header that the field is in (of the first one of its kind), and where there
    std::string header;
    size_t offset;
    std::string bytes;
    /// Part of the message; null if the field does not matter
    const char* message;
};

const std::string LOCAL = "PK\3\4";
const std::string CENTRAL = "PK\1\2";
const std::string END = "PK\5\6";
const std::string END_64 = "PK\6\6";
const std::string LOCATOR = "PK\6\7";

class ZipDamage : public testing::TestWithParam<Damage> {};

TEST_P(ZipDamage, IsFoundOrDoesNotMatter) {
    const auto& damage = GetParam();
    auto bytes = good_archive(damage.header == END_64 || damage.header == LOCATOR);
    ASSERT_EQ(read_all(bytes), GOOD_CONTENT);
    bytes.replace(bytes.find(damage.header) + damage.offset, damage.bytes.size(), damage.bytes);
    if (damage.message == nullptr) {
        EXPECT_EQ(read_all(bytes), GOOD_CONTENT);
    } else {
        EXPECT_THAT([&] { read_all(bytes); }, fails_with(damage.message));
    }
}

INSTANTIATE_TEST_SUITE_P(
    LocalHeader, ZipDamage,
    testing::Values(Damage{LOCAL, 0, "PK\3\5", "expected 'x' at offset 0, got something else"},
                    Damage{LOCAL, 4, "\xff\xff", nullptr}, // version
                    Damage{LOCAL, 6, "\xff\xff",
                           nullptr}, // flags, method, date, checksum, sizes: the directory counts
                    Damage{LOCAL, 8, "\xff\xff", nullptr}, Damage{LOCAL, 10, "\xff\xff\xff\xff", nullptr},
                    Damage{LOCAL, 14, "\xff\xff\xff\xff", nullptr},
                    Damage{LOCAL, 18, little(uint64_t{0}), nullptr},
                    Damage{LOCAL, 26, "\xff\xff", "expected 'x' at offset 0"}, // length of the name
                    Damage{LOCAL, 26, little(uint16_t{0}), "expected 'x' at offset 0"},
                    Damage{LOCAL, 28, "\xff\xff", "expected 5 bytes at offset"}, // length of the extra field
                    Damage{LOCAL, 28, little(uint16_t{1}), "the data are damaged: expected checksum"},
                    Damage{LOCAL, 30, "z", "expected 'x' at offset 0"}));

INSTANTIATE_TEST_SUITE_P(
    CentralHeader, ZipDamage,
    testing::Values(
        Damage{CENTRAL, 0, "PK\1\3", "expected an entry in the directory, got something else"},
        Damage{CENTRAL, 4, "\xff\xff\xff\xff", nullptr}, // versions
        Damage{CENTRAL, 8, "\1", "'x' in the zip archive is encrypted"},
        Damage{CENTRAL, 10, "\x8", "'x' in the zip archive is compressed (method 8), expected a stored"},
        Damage{CENTRAL, 12, "\xff\xff\xff\xff", nullptr}, // date
        Damage{CENTRAL, 16, "\1\2\3\4", "the data are damaged: expected checksum 67305985, got"},
        Damage{CENTRAL, 20, "\4", "expected 'x' to have 5 bytes, stored are 4"},
        Damage{CENTRAL, 24, "\4", "expected 'x' to have 4 bytes, stored are 5"},
        Damage{CENTRAL, 20, std::string("\4\0\0\0\4\0\0\0", 8), "the data are damaged"},
        Damage{CENTRAL, 20, std::string("\xc8\0\0\0\xc8\0\0\0", 8), "expected 200 bytes at offset 64"},
        Damage{CENTRAL, 20, std::string("\0\0\1\0\0\0\1\0", 8), "its entries are larger than its"},
        Damage{CENTRAL, 20, "\xff\xff\xff\xff\xff\xff\xff\xff", "its entries are larger than its"},
        Damage{CENTRAL, 28, "\xff\xff", "bytes of an entry in the directory, got"},
        Damage{CENTRAL, 28, little(uint16_t{0}), "is not the name of a file inside of the archive"},
        Damage{CENTRAL, 30, "\xff\xff", "bytes of an entry in the directory, got"},
        Damage{CENTRAL, 30, "\1", "expected an entry in the directory, got something else"},
        Damage{CENTRAL, 32, "\xff\xff", "bytes of an entry in the directory, got"},
        Damage{CENTRAL, 34, "\xff\xff\xff\xff\xff\xff\xff\xff", nullptr}, // disk, attributes
        Damage{CENTRAL, 42, "\1", "expected 'x' at offset 1, got something else"},
        Damage{CENTRAL, 42, "\xff\xff\xff\xff", "expected 31 bytes at offset 4294967295, got 0"},
        Damage{CENTRAL, 46, "y", "'y' is there twice"},
        Damage{CENTRAL, 46, "/", "'/' is not the name of a file inside of the archive"},
        Damage{CENTRAL, 46, "z", "expected 'z' at offset 0, got something else"}));

INSTANTIATE_TEST_SUITE_P(
    EndOfArchive, ZipDamage,
    testing::Values(Damage{END, 0, "PK\5\7", "this is no zip archive, or its end was cut off"},
                    Damage{END, 4, "\1", "split into parts can not be read"},
                    Damage{END, 6, "\1", "split into parts can not be read"},
                    Damage{END, 8, "\xff\xff", nullptr}, // entries on this disk
                    Damage{END, 10, "\1", "the directory has 47 bytes after its 1 entries"},
                    Damage{END, 10, "\3", "a directory of 94 bytes has at most 2 entries, got 3"},
                    Damage{END, 12, "\xff\xff\xff\xff", "ends outside of the"},
                    Damage{END, 12, "\1", "a directory of 1 bytes has at most 0 entries, got 2"},
                    Damage{END, 16, "\xff\xff\xff\xff", "ends outside of the"},
                    Damage{END, 16, little(uint32_t{0}), "expected an entry in the directory"},
                    Damage{END, 20, "\1", "this is no zip archive, or its end was cut off"}));

INSTANTIATE_TEST_SUITE_P(
    Zip64End, ZipDamage,
    testing::Values(Damage{END_64, 0, "PK\6\1", "expected the zip64 end of the archive at offset"},
                    Damage{END_64, 4, "\xff\xff\xff\xff", nullptr}, // its size
                    Damage{END_64, 16, "\1", "split into parts can not be read"},
                    Damage{END_64, 20, "\1", "split into parts can not be read"},
                    Damage{END_64, 24, "\xff\xff\xff\xff", nullptr}, // entries on this disk
                    Damage{END_64, 32, "\xff\xff\xff\xff\xff\xff\xff\xff",
                           "has at most 2 entries, got 18446744073709551615"},
                    Damage{END_64, 40, "\xff\xff\xff\xff\xff\xff\xff\xff", "ends outside of the"},
                    Damage{END_64, 48, "\xff\xff\xff\xff\xff\xff\xff\xff", "ends outside of the"},
                    Damage{LOCATOR, 0, "PK\6\1", "ends outside of the"},
                    Damage{LOCATOR, 8, "\xff\xff\xff\xff\xff\xff\xff\xff",
                           "expected 56 bytes at offset 18446744073709551615, got 0"},
                    Damage{LOCATOR, 8, little(uint64_t{0}),
                           "expected the zip64 end of the archive at offset 0"}));

/// Directory entry of "x" with an extra field that stands for its sizes
std::string with_extra(const std::string& extra) {
    auto bytes = good_archive(false);
    const auto central = bytes.find(CENTRAL);
    bytes.replace(central + 20, 8, std::string(8, '\xff'));
    bytes.replace(central + 30, 2, little(static_cast<uint16_t>(extra.size())));
    bytes.insert(central + 47, extra);
    const auto end = bytes.find(END);
    return bytes.replace(end + 12, 4, little(static_cast<uint32_t>(end - central)));
}

TEST(ZipExtraFields, AreChecked) {
    const auto five = little(uint64_t{5});
    EXPECT_EQ(read_all(with_extra(std::string("\1\0\x10\0", 4) + five + five)), GOOD_CONTENT);
    EXPECT_EQ(read_all(with_extra(std::string("\2\0\1\0?\1\0\x10\0", 9) + five + five)), GOOD_CONTENT);
    EXPECT_THAT([&] { read_all(with_extra(std::string("\1\0\x10\0", 4) + five)); },
                fails_with("expected 16 bytes in an extra field, got 8"));
    EXPECT_THAT([&] { read_all(with_extra(std::string("\1\0\x08\0", 4) + five)); },
                fails_with("expected 8 more bytes in a zip64 extra field, got 0"));
    EXPECT_THAT([&] { read_all(with_extra(std::string("\1\0\x10\0", 4) + five + little(uint64_t{6}))); },
                fails_with("expected 'x' to have 5 bytes, stored are 6"));
    EXPECT_THAT([&] { read_all(with_extra(std::string("\1\0\x10\0", 4) + std::string(16, '\xff'))); },
                fails_with("its entries are larger than its"));
}

/// Each entry holds the local headers and the data of all that follow, as in archives that unpack to much
/// more.
TEST(ZipBomb, OverlappingEntriesAreRefused) {
    constexpr int N_ENTRIES = 20;
    const auto name = [](int i) { return std::string(1, static_cast<char>('a' + i)); };
    std::string data;
    for (int i = 0; i < N_ENTRIES; ++i)
        data += little(uint32_t{0x04034b50}) + std::string(22, '\0') + std::string("\1\0\0\0", 4) + name(i);
    data += std::string(10000, ' ');

    std::string directory;
    for (int i = 0; i < N_ENTRIES; ++i) {
        const auto rest = std::string_view(data).substr(31 * (i + 1));
        const auto size = little(static_cast<uint32_t>(rest.size()));
        directory += little(uint32_t{0x02014b50}) + std::string(12, '\0') +
                     little(crc32(0, std::as_bytes(std::span(rest)))) + size + size + std::string("\1\0", 2) +
                     std::string(12, '\0') + little(static_cast<uint32_t>(31 * i)) + name(i);
    }
    const auto end = END + std::string(4, '\0') + little(uint16_t{N_ENTRIES}) + little(uint16_t{N_ENTRIES}) +
                     little(static_cast<uint32_t>(directory.size())) +
                     little(static_cast<uint32_t>(data.size())) + std::string(2, '\0');
    EXPECT_THAT([&] { read_all(data + directory + end); },
                fails_with("damaged zip archive: its entries are larger than its"));
}

TEST(ZipTruncated, IsRefusedAtEachByte) {
    for (const bool zip64 : {false, true}) {
        const auto bytes = good_archive(zip64);
        for (size_t size = 0; size < bytes.size(); ++size) {
            EXPECT_THROW(read_all(bytes.substr(0, size)), c10::Error) << size << " of " << bytes.size();
        }
    }
}

} // namespace

} // namespace metatensor_torch::serialization
