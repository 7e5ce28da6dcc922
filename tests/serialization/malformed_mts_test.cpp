// SPDX-License-Identifier: BSD-3-Clause
// Files whose zip archive may be good, but not what it holds: an error that says what and in which entry
#include <gtest/gtest.h>

#include "serialization/archives.hpp"
#include "serialization/example_data.hpp"

namespace metatensor_torch {

namespace {

using example::block;
using example::same;
using example::tensor_map;

/// Entry of the example map, what stands in its place, and what the error says
struct BadEntry {
    std::string entry;
    std::string bytes;
    std::string message;
};

std::string header(const std::string& descr, const std::string& shape, const std::string& order = "False") {
    return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + "}";
}

class BadEntries : public testing::TestWithParam<BadEntry> {};

TEST_P(BadEntries, AreNamed) {
    const auto& bad = GetParam();
    const auto buffer = with_entry(bad.entry, bad.bytes);
    EXPECT_THAT([&] { load_buffer(buffer); }, fails_with(bad.message));
    EXPECT_THAT([&] { load_buffer(buffer); }, fails_with("in '" + bad.entry + "'"));
    EXPECT_THAT([&] { load_buffer(buffer); }, fails_with("while loading TensorMap from a buffer"));
}

const std::string VALUES = "blocks/0/values.npy";
const std::string SAMPLES = "blocks/0/samples.npy";

INSTANTIATE_TEST_SUITE_P(
    Npy, BadEntries,
    testing::Values(
        BadEntry{VALUES, "", "they do not start with \\x93NUMPY"},
        BadEntry{VALUES, "\x94NUMPY", "they do not start with \\x93NUMPY"},
        BadEntry{VALUES, std::string("\x93NUMPY\0\0\0\0", 10), "npy data of version 0 can not be read"},
        BadEntry{VALUES, std::string("\x93NUMPY\xff\0\0\0", 10), "npy data of version 255 can not be read"},
        BadEntry{VALUES, std::string("\x93NUMPY\1\0\xff\xff", 10), "expected 65535 more bytes, got 0"},
        BadEntry{VALUES, std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12),
                 "expected 4294967295 more bytes, got 0"},
        BadEntry{VALUES, npy(header("'<f8'", "(1, 2)", "True"), std::string(16, ' ')),
                 "npy data in Fortran order"},
        BadEntry{VALUES, npy(header("'<f7'", "(1, 2)"), std::string(16, ' ')),
                 "npy data of type '<f7' can not be read"},
        BadEntry{VALUES, npy(header("'=f8'", "(1, 2)"), std::string(16, ' ')),
                 "npy data of type '=f8' can not be read"},
        BadEntry{VALUES, npy(header("'|O'", "(1, 2)"), std::string(16, ' ')),
                 "npy data of type '|O' can not be read"},
        BadEntry{VALUES, npy(header("'<f8'", "(1, 3)"), std::string(16, ' ')),
                 "expected 24 bytes for shape [1, 3], got 16"},
        BadEntry{VALUES, npy(header("'<f8'", "(4294967296, 4294967296)"), std::string(16, ' ')),
                 "expected more than 2^63 bytes"},
        BadEntry{VALUES, npy(header("'<f8'", "(0, 4294967296, 4294967296)")),
                 "expected more than 2^63 bytes"},
        BadEntry{SAMPLES, npy(header("'<i4'", "(1, 2)"), std::string(8, ' ')),
                 "expected records of 32-bit integers"},
        BadEntry{SAMPLES, npy(header("[('system', '<i4'), ('system', '<i4')]", "(1,)"), std::string(8, ' ')),
                 "names of labels must differ, got 'system' twice"},
        BadEntry{SAMPLES, npy(header("[('system', '<i4')]", "(2,)"), std::string(8, ' ')),
                 "entries of Labels must be unique, got"},
        BadEntry{SAMPLES, npy(header("[('1', '<i4')]", "(1,)"), std::string(4, ' ')),
                 "start with no digit, got '1'"},
        BadEntry{SAMPLES, npy(header("[]", "(999999999999999999,)")),
                 "there can be only one record without columns"}));

TEST(MalformedMts, ShapesThatDoNotFitAreFoundAndNamed) {
    const auto too_long = npy(header("'<f8'", "(2, 2)"), std::string(32, ' '));
    EXPECT_THAT([&] { load_buffer(with_entry(VALUES, too_long)); }, fails_with("in 'blocks/0/'"));
    const auto two_keys = npy(header("[('type', '<i4')]", "(2,)"), std::string("\0\0\0\0\1\0\0\0", 8));
    EXPECT_THAT([&] { load_buffer(with_entry("keys.npy", two_keys)); },
                fails_with("there is no 'blocks/1/properties.npy'"));
}

TEST(MalformedMts, EntriesThatNobodyAskedForAreLeftAlone) {
    EXPECT_TRUE(same(load_buffer(with_entry("blocks/7/values.npy", "not npy")), tensor_map()));
    EXPECT_TRUE(same(load_buffer(with_entry("README", "a text")), tensor_map()));
}

/// A block with gradients of gradients to this depth
TensorBlock nested(int depth) {
    const auto make = [] {
        return torch::make_intrusive<TensorBlockHolder>(torch::ones({1, 1}), LabelsHolder::range("sample", 1),
                                                        std::vector<Labels>{}, LabelsHolder::range("p", 1));
    };
    auto result = make();
    for (int i = 0; i < depth; ++i) {
        auto outer = make();
        outer->add_gradient("g", result);
        result = outer;
    }
    return result;
}

TEST(MalformedMts, NestingHasALimit) {
    const auto deep = nested(64);
    const auto buffer = save_buffer(deep);
    EXPECT_TRUE(same(load_block_buffer(buffer), deep));
    EXPECT_THAT([] { save_buffer(nested(65)); }, testing::ThrowsMessage<c10::ValueError>(testing::HasSubstr(
                                                     "to a depth of 64, got a deeper one")));

    const serialization::MemorySource source(buffer);
    const serialization::ZipReader zip(source);
    serialization::ZipWriter deeper;
    std::string innermost;
    for (const auto& name : zip.names()) {
        deeper.add(name, {zip.read_text(name)});
        if (name.size() > innermost.size()) innermost = std::string(name);
    }
    const auto folder = innermost.substr(0, innermost.rfind('/') + 1);
    for (const std::string file : {"values.npy", "samples.npy"})
        deeper.add(folder + "gradients/g/" + file, {zip.read_text(folder + file)});
    EXPECT_THAT([&] { load_block_buffer(serialization::to_buffer(deeper.finish())); },
                fails_with("to a depth of 64, got a deeper one"));
}

TEST(MalformedMts, RefusesWhatWasCutOff) {
    const auto cut_everywhere = [](const torch::Tensor& buffer, const auto& load_it) {
        for (int64_t size = 0; size < buffer.numel(); ++size) {
            EXPECT_THROW(load_it(buffer.slice(0, 0, size)), c10::Error) << size << " bytes";
        }
    };
    cut_everywhere(save_buffer(tensor_map()), [](const torch::Tensor& part) { load_buffer(part); });
    cut_everywhere(save_buffer(block()->samples()),
                   [](const torch::Tensor& part) { load_labels_buffer(part); });
}

TEST(MalformedMts, ChangedBytesAreFoundOrDoNotMatter) {
    const auto original = tensor_map();
    const auto buffer = save_buffer(original);
    int n_refused = 0;
    for (int64_t i = 0; i < buffer.numel(); ++i) {
        for (const uint8_t mask : {0x01, 0x80, 0xff}) {
            auto changed = buffer.clone();
            changed.mutable_data_ptr<uint8_t>()[i] ^= mask;
            try {
                EXPECT_TRUE(same(load_buffer(changed), original)) << "byte " << i << ", mask " << int{mask};
            } catch (const c10::Error&) {
                ++n_refused;
            }
        }
    }
    EXPECT_GT(n_refused, buffer.numel()); // what does not matter are dates, padding and the like
}

TEST(MalformedMts, ChangedBytesOfLabelsAreNoDanger) {
    const auto buffer = save_buffer(block()->samples());
    for (int64_t i = 0; i < buffer.numel(); ++i) {
        for (int mask = 1; mask < 256; ++mask) {
            auto changed = buffer.clone();
            changed.mutable_data_ptr<uint8_t>()[i] ^= static_cast<uint8_t>(mask);
            try {
                const auto labels = load_labels_buffer(changed);
                EXPECT_LE(labels->values().nbytes(), 8U);
            } catch (const c10::Error&) {
                continue;
            }
        }
    }
}

TEST(MalformedMts, FilesThatWereCutOffAreRefusedInEachWay) {
    const TemporaryFile file("cut.mts");
    const auto bytes = text_of(save_buffer(tensor_map()));
    for (size_t size = 0; size < bytes.size(); size += 7) {
        serialization::to_file(file.path(), {bytes.substr(0, size)});
        EXPECT_THROW(load(file.path()), c10::Error) << size << " bytes";
        EXPECT_THROW(load(file.path(), {.memory_map = true}), c10::Error) << size << " bytes, mapped";
    }
}

} // namespace

} // namespace metatensor_torch
