// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/npy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serialization/archives.hpp"
#include "serialization/bytes.hpp"

namespace metatensor_torch::serialization {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

std::string joined(const Chunks& chunks) { return text_of(to_buffer(chunks)); }

torch::Tensor read_tensor(const std::string& bytes) {
    const MemorySource source(std::as_bytes(std::span(bytes)));
    Stream stream(source);
    return tensor_from_npy(stream);
}

NpyRecords read_records(const std::string& bytes) {
    const MemorySource source(std::as_bytes(std::span(bytes)));
    Stream stream(source);
    return records_from_npy(stream);
}

std::string npy_of_type(const std::string& format, int64_t count, const std::string& data) {
    return npy("{'descr': '" + format + "', 'fortran_order': False, 'shape': (" + std::to_string(count) +
                   ",), }",
               data);
}

TEST(Npy, WritesTheHeaderAsTheReferenceDoes) {
    const auto bytes = joined(tensor_to_npy(torch::zeros({2, 1, 3})));
    const std::string text = "{ 'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 3, ) }";
    EXPECT_EQ(bytes.substr(0, 128), npy(text + std::string(117 - text.size(), ' ') + "\n"));
    EXPECT_EQ(bytes.size(), 128 + 6 * 4);

    const auto records = joined(records_to_npy({{"s", "e"}, torch::zeros({2, 2}, torch::kInt32)}));
    EXPECT_THAT(
        records.substr(10),
        StartsWith("{ 'descr': [('s', '<i4'), ('e', '<i4'), ], 'fortran_order': False, 'shape': (2, ) }"));
}

class NpyTypes : public testing::TestWithParam<torch::ScalarType> {};

TEST_P(NpyTypes, KeepTheirBits) {
    const auto tensor = torch::tensor({0, 1, 100}).to(GetParam()).reshape({1, 3});
    const auto loaded = read_tensor(joined(tensor_to_npy(tensor)));
    EXPECT_EQ(loaded.scalar_type(), GetParam());
    EXPECT_EQ(loaded.sizes(), tensor.sizes());
    EXPECT_TRUE(torch::equal(loaded.view(torch::kUInt8), tensor.view(torch::kUInt8)));
}

INSTANTIATE_TEST_SUITE_P(All, NpyTypes,
                         testing::Values(torch::kFloat16, torch::kFloat32, torch::kFloat64, torch::kBFloat16,
                                         torch::kComplexFloat, torch::kComplexDouble, torch::kBool,
                                         torch::kUInt8, torch::kInt8, torch::kInt16, torch::kInt32,
                                         torch::kInt64, torch::kUInt16, torch::kUInt32, torch::kUInt64),
                         [](const auto& test) { return std::string(c10::toString(test.param)); });

TEST(Npy, RefusesToWriteOtherTypes) {
    const auto tensor = torch::zeros({1}, torch::kComplexHalf);
    EXPECT_THAT([&] { tensor_to_npy(tensor); },
                ThrowsMessage<c10::TypeError>(HasSubstr("values of dtype complex32 can not be saved")));
}

TEST(Npy, RefusesSparseTensors) {
    const auto tensor = torch::eye(2).to_sparse();
    EXPECT_THAT(
        [&] { tensor_to_npy(tensor); },
        ThrowsMessage<c10::TypeError>(HasSubstr("only dense values can be saved, got a tensor of layout")));
}

TEST(Npy, WritesViewsAsTheirValues) {
    const auto tensor = torch::arange(6).reshape({2, 3}).t();
    EXPECT_TRUE(torch::equal(read_tensor(joined(tensor_to_npy(tensor))), tensor));
    const auto complex = torch::complex(torch::ones({1}), torch::ones({1}));
    EXPECT_TRUE(torch::equal(read_tensor(joined(tensor_to_npy(complex.conj()))), complex.conj()));
}

TEST(Npy, KeepsEmptyShapes) {
    EXPECT_EQ(read_tensor(joined(tensor_to_npy(torch::zeros({0, 3, 0})))).sizes(),
              torch::IntArrayRef({0, 3, 0}));
    EXPECT_EQ(read_tensor(joined(tensor_to_npy(torch::zeros({})))).dim(), 0);
    const auto no_columns = read_records(joined(records_to_npy({{}, torch::zeros({1, 0}, torch::kInt32)})));
    EXPECT_EQ(no_columns.values.sizes(), torch::IntArrayRef({1, 0}));
}

TEST(Npy, ReadsBigEndian) {
    const std::string one_two("\0\1\0\2", 4);
    EXPECT_TRUE(
        torch::equal(read_tensor(npy_of_type(">i2", 2, one_two)), torch::tensor({1, 2}, torch::kInt16)));
    // 1 and 2 as float32: the parts of one complex number
    const std::string complex("\x3f\x80\0\0\x40\0\0\0", 8);
    const auto value = read_tensor(npy_of_type(">c8", 1, complex)).item<c10::complex<float>>();
    EXPECT_EQ(value, c10::complex<float>(1, 2));
}

TEST(Npy, ReadsTypesAsNumpyWritesThem) {
    EXPECT_TRUE(
        torch::equal(read_tensor(npy_of_type("|u1", 1, "\xff")), torch::tensor({255}, torch::kUInt8)));
    EXPECT_TRUE(torch::equal(read_tensor(npy_of_type("|i1", 1, "\xff")), torch::tensor({-1}, torch::kInt8)));
    EXPECT_TRUE(torch::equal(read_tensor(npy_of_type("|b1", 2, std::string("\0\2", 2))),
                             torch::tensor({false, true})));
    EXPECT_EQ(read_tensor(npy_of_type("|V2", 1, "\x80\x3f")).item<float>(), 1.0F);
}

TEST(Npy, ReadsAndWritesLongHeaders) {
    NpyRecords records;
    for (int i = 0; i < 10000; ++i)
        records.names.push_back("n" + std::to_string(i));
    records.values = torch::arange(20000, torch::kInt32).reshape({2, 10000});
    const auto bytes = joined(records_to_npy(records));
    EXPECT_EQ(bytes[6], 2); // version
    const auto loaded = read_records(bytes);
    EXPECT_EQ(loaded.names, records.names);
    EXPECT_TRUE(torch::equal(loaded.values, records.values));
}

TEST(Npy, ReadsRecords) {
    const auto header = "{\"shape\":(2,),'fortran_order':False,'descr':[('s','>i4'),('e','>i4')]}\n";
    const std::string data("\0\0\0\1\0\0\0\2\0\0\0\3\xff\xff\xff\xff", 16);
    const auto records = read_records(npy(header, data));
    EXPECT_THAT(records.names, ElementsAre("s", "e"));
    EXPECT_TRUE(torch::equal(records.values, torch::tensor({{1, 2}, {3, -1}}, torch::kInt32)));
}

TEST(Npy, RefusesTheWrongLength) {
    EXPECT_THAT([] { read_tensor(npy_of_type("<i2", 2, "abc")); },
                ThrowsMessage<c10::Error>(HasSubstr("wrong length: expected 4 bytes for shape [2], got 3")));
    EXPECT_THAT([] { read_tensor(npy_of_type("<i2", 2, "abcde")); },
                ThrowsMessage<c10::Error>(HasSubstr("expected 4 bytes for shape [2], got 5")));
    const auto huge =
        "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999999, 999999999999999999)}";
    EXPECT_THAT([&] { read_tensor(npy(huge)); },
                ThrowsMessage<c10::Error>(HasSubstr("more than 2^63 bytes")));
    const auto huge_but_empty =
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 999999999999999999, 999999999999999999)}";
    EXPECT_THAT([&] { read_tensor(npy(huge_but_empty)); },
                ThrowsMessage<c10::Error>(HasSubstr("more than 2^63 bytes")));
    EXPECT_THAT(
        [] { read_tensor(std::string("\x93NUMPY\1\0\x76\0{", 11)); },
        ThrowsMessage<c10::Error>(HasSubstr("npy data end in their header: expected 118 more bytes, got 1")));
}

/// A header and what is wrong with it
using BadHeader = std::pair<const char*, const char*>;
class NpyBadHeaders : public testing::TestWithParam<BadHeader> {};

TEST_P(NpyBadHeaders, AreRefused) {
    const auto [header, message] = GetParam();
    EXPECT_THAT([&] { read_tensor(npy(header)); }, ThrowsMessage<c10::Error>(HasSubstr(message)));
}

INSTANTIATE_TEST_SUITE_P(
    All, NpyBadHeaders,
    testing::Values(
        BadHeader{"", "expected '{' at character 0, got its end"},
        BadHeader{"{'descr': '<f4', 'fortran_order': False}", "'shape' is missing"},
        BadHeader{"{'descr': '<f4', 'descr': '<f4'}", "'descr' is there twice"},
        BadHeader{"{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}",
                  "in Fortran order can not be read"},
        BadHeader{"{'descr': '<f4', 'fortran_order': No, 'shape': (1,)}", "expected True or False"},
        BadHeader{"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "expected a number"},
        BadHeader{"{'descr': '<f4', 'fortran_order': False, 'shape': (1234567890123456789,)}",
                  "expected a number"},
        BadHeader{"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", "expected ')'"},
        BadHeader{"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "more after the dictionary"},
        BadHeader{"{'descr': '<f4', 'order': False, 'shape': (1,)}", "unknown key 'order'"},
        BadHeader{"{'descr': '<f4", "expected a string without escapes"},
        BadHeader{"{'descr': '<f\\x34'}", "expected a string without escapes"},
        BadHeader{"{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}",
                  "npy data of type '<f3' can not be read"},
        BadHeader{"{'descr': '', 'fortran_order': False, 'shape': (1,)}",
                  "npy data of type '' can not be read"},
        BadHeader{"{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", "npy data of type '|f4'"},
        BadHeader{"{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}",
                  "expected an array of numbers"}));

TEST(Npy, RefusesTooManyDimensions) {
    std::string shape;
    for (int i = 0; i < 65; ++i)
        shape += "1, ";
    EXPECT_THAT(
        [&] { read_tensor(npy("{'descr': '<u1', 'fortran_order': False, 'shape': (" + shape + ")}", "x")); },
        ThrowsMessage<c10::Error>(HasSubstr("at most 64 dimensions, got 65")));
}

TEST(Npy, RefusesOtherRecords) {
    const auto read = [](const std::string& descr, const std::string& shape) {
        read_records(npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + "}"));
    };
    EXPECT_THAT([&] { read("'<i4'", "(0,)"); }, ThrowsMessage<c10::Error>(HasSubstr("expected records")));
    EXPECT_THAT([&] { read("[('a', '<i8')]", "(0,)"); },
                ThrowsMessage<c10::Error>(HasSubstr("column 'a' must have 32-bit integers")));
    EXPECT_THAT([&] { read("[('a', '<i4'), ('b', '>i4')]", "(0,)"); },
                ThrowsMessage<c10::Error>(HasSubstr("same order of bytes")));
    EXPECT_THAT([&] { read("[('a', '<i4')]", "(0, 2)"); },
                ThrowsMessage<c10::Error>(HasSubstr("records must have one dimension, got shape [0, 2]")));
    EXPECT_THAT([&] { read("[]", "(2,)"); },
                ThrowsMessage<c10::Error>(HasSubstr("only one record without columns, got 2")));
}

TEST(Npy, RefusesOtherFormats) {
    EXPECT_THAT([] { read_tensor("PK\3\4 something else"); },
                ThrowsMessage<c10::Error>(HasSubstr("these are no npy data")));
    EXPECT_THAT([] { read_tensor(std::string("\x93NUMPY\4\0\0\0\0\0", 12)); },
                ThrowsMessage<c10::Error>(HasSubstr("npy data of version 4 can not be read")));
}

} // namespace

} // namespace metatensor_torch::serialization
