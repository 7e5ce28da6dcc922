// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <metatensor/torch.hpp>

namespace metatensor_torch {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Names = std::vector<std::string>;

Labels make(Names names, const torch::Tensor& values) {
    return torch::make_intrusive<LabelsHolder>(std::move(names), values);
}

Labels pairs() { return LabelsHolder::create({"a", "b"}, {{0, 1}, {2, 3}, {4, 5}}); }

torch::Tensor int32(std::vector<int32_t> values) { return torch::tensor(values, torch::kInt); }

TEST(Labels, HasNamesValuesAndSizes) {
    const auto labels = pairs();
    EXPECT_THAT(labels->names(), ElementsAre("a", "b"));
    EXPECT_TRUE(torch::equal(labels->values(), int32({0, 1, 2, 3, 4, 5}).reshape({3, 2})));
    EXPECT_EQ(labels->count(), 3);
    EXPECT_EQ(labels->size(), 2);
    EXPECT_EQ(labels->device(), torch::kCPU);
}

TEST(Labels, SharesInt32ValuesAndConvertsOthers) {
    const auto values = int32({3, 1}).reshape({2, 1});
    EXPECT_EQ(make({"a"}, values)->values().data_ptr(), values.data_ptr());
    for (const auto dtype : {torch::kLong, torch::kByte, torch::kShort, torch::kChar}) {
        EXPECT_TRUE(torch::equal(make({"a"}, values.to(dtype))->values(), values)) << dtype;
    }
    EXPECT_EQ(make({"a"}, torch::zeros({0, 1}))->values().scalar_type(), torch::kInt);
}

TEST(Labels, TakesNamesAsStringListOrTuple) {
    const auto column = int32({3, 1}).reshape({2, 1});
    const auto row = int32({3, 1}).reshape({1, 2});
    EXPECT_THAT(torch::make_intrusive<LabelsHolder>("a", column)->names(), ElementsAre("a"));
    EXPECT_THAT(torch::make_intrusive<LabelsHolder>(c10::List<std::string>({"a", "b"}), row)->names(),
                ElementsAre("a", "b"));
    EXPECT_THAT(torch::make_intrusive<LabelsHolder>(torch::IValue(std::make_tuple("a", "b")), row)->names(),
                ElementsAre("a", "b"));
    EXPECT_THAT([&] { torch::make_intrusive<LabelsHolder>(torch::IValue(3), column); },
                ThrowsMessage<c10::TypeError>(
                    HasSubstr("names must be a string, or a list or tuple of strings, got int")));
}

TEST(Labels, RefusesBadNames) {
    const auto row = int32({3, 1}).reshape({1, 2});
    EXPECT_THAT([&] { make({"a"}, row); },
                ThrowsMessage<c10::ValueError>(HasSubstr("got 1 names and 2 columns")));
    EXPECT_THAT(
        [&] {
            make({"a", "a"}, row);
        },
        ThrowsMessage<c10::Error>(HasSubstr("must differ, got 'a' twice")));
    std::vector<std::string> many;
    for (int i = 0; i < 20; ++i) {
        many.push_back("n" + std::to_string(i));
    }
    EXPECT_EQ(make(many, torch::zeros({1, 20}, torch::kInt))->size(), 20);
    many[17] = "n3";
    EXPECT_THAT(
        [&] {
            make(many, torch::zeros({1, 20}, torch::kInt));
        },
        ThrowsMessage<c10::Error>(HasSubstr("must differ, got 'n3' twice")));
    for (const char* name : {"", "1a", "a b", "a-b"}) {
        EXPECT_THAT(
            [&] {
                make({"a", name}, row);
            },
            ThrowsMessage<c10::Error>(HasSubstr("got '" + std::string(name) + "'")));
    }
}

TEST(Labels, RefusesBadValues) {
    EXPECT_THAT([] { make({"a"}, torch::zeros({2}, torch::kInt)); },
                ThrowsMessage<c10::ValueError>(HasSubstr("must be a 2D tensor, got shape [2]")));
    EXPECT_THAT(
        [] {
            make({"a"}, torch::zeros({2, 1}));
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("must be 32-bit integers, got float32")));
    EXPECT_THAT(
        [] {
            make({"a"}, torch::tensor({int64_t{1} << 31}).reshape({1, 1}));
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("must fit in 32-bit integers")));
    EXPECT_THAT(
        [] {
            make({"a"}, torch::tensor({-(int64_t{1} << 31) - 1}).reshape({1, 1}));
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("must fit in 32-bit integers")));
}

TEST(Labels, ChecksThatEntriesAreUniqueInAnyOrder) {
    EXPECT_THAT(
        [] {
            LabelsHolder::create({"a", "b"}, {{0, 1}, {0, 1}});
        },
        ThrowsMessage<c10::Error>(HasSubstr("must be unique, got [0, 1] at least twice")));
    EXPECT_THAT(
        [] {
            LabelsHolder::create({"a", "b"}, {{2, 1}, {0, 1}, {2, 1}});
        },
        ThrowsMessage<c10::Error>(HasSubstr("must be unique, got [2, 1] at least twice")));
    const auto twice = torch::make_intrusive<LabelsHolder>("a", torch::zeros({2, 1}, torch::kInt),
                                                           metatensor::assume_unique{});
    EXPECT_EQ(twice->count(), 2);
}

TEST(Labels, MakesSingleEmptyAndRange) {
    EXPECT_EQ(*LabelsHolder::single(), *LabelsHolder::create({"_"}, {{0}}));
    EXPECT_EQ(*LabelsHolder::range("n", 3), *LabelsHolder::create({"n"}, {{0}, {1}, {2}}));
    EXPECT_EQ(LabelsHolder::range("n", 0)->count(), 0);
    EXPECT_EQ(LabelsHolder::empty(c10::List<std::string>({"a", "b"}))->values().sizes(),
              torch::IntArrayRef({0, 2}));
    EXPECT_THAT([] { LabelsHolder::range("n", -1); }, ThrowsMessage<c10::ValueError>(HasSubstr("got -1")));
}

class LabelsPosition : public ::testing::TestWithParam<const char*> {
  protected:
    /// 200 entries (i, i % 7): sorted, reversed, or rows that are a view with other strides
    static Labels entries() {
        const auto i = torch::arange(200, torch::kInt);
        auto values = torch::stack({i, i % 7}, 1);
        const std::string order = GetParam();
        if (order == "reversed") {
            values = values.flip(0).contiguous();
        } else if (order == "strided") {
            values = torch::cat({values, values}, 1).narrow(1, 0, 2);
        }
        return torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"a", "b"}, values);
    }
};

TEST_P(LabelsPosition, FindsEachEntryAndNoOther) {
    const auto labels = entries();
    for (int64_t i = 0; i < labels->count(); ++i) {
        ASSERT_EQ(labels->position(labels->values()[i]), i);
    }
    for (const int32_t i : {-1, 0, 5, 199, 200}) {
        const int32_t absent[] = {i, 9};
        EXPECT_EQ(labels->position(absent, 2), std::nullopt);
    }
}

INSTANTIATE_TEST_SUITE_P(Order, LabelsPosition, ::testing::Values("sorted", "reversed", "strided"),
                         [](const auto& info) { return info.param; });

TEST(Labels, FindsEntriesGivenInSeveralWays) {
    const auto labels = pairs();
    EXPECT_EQ(labels->position(torch::IValue(c10::List<int64_t>({2, 3}))), 1);
    EXPECT_EQ(labels->position(torch::IValue(std::make_tuple(4, 5))), 2);
    EXPECT_EQ(labels->position(torch::tensor({0, 1}, torch::kLong)), 0);
    EXPECT_EQ(labels->position(torch::make_intrusive<LabelsEntryHolder>(labels, -1)), 2);
    EXPECT_EQ(labels->position(torch::IValue(c10::List<int64_t>({2, 3 + (int64_t{1} << 32)}))), std::nullopt);
    EXPECT_EQ(labels->position(torch::tensor({int64_t{2}, 3 + (int64_t{1} << 32)})), std::nullopt);
    EXPECT_EQ(LabelsHolder::empty("a")->position(torch::tensor({0})), std::nullopt);
    EXPECT_THAT([&] { labels->position(torch::IValue(c10::List<int64_t>({2}))); },
                ThrowsMessage<c10::Error>(HasSubstr("has 2 values, got 1")));
    EXPECT_THAT([&] { labels->position(torch::IValue(labels)); },
                ThrowsMessage<c10::TypeError>(HasSubstr("an entry of Labels must be a LabelsEntry")));
    EXPECT_THAT([&] { labels->position(torch::IValue(c10::List<double>({2.0}))); },
                ThrowsMessage<c10::TypeError>(HasSubstr("got one value of type float")));
}

TEST(Labels, ComparesNamesAndEntriesInOrder) {
    EXPECT_EQ(*pairs(), *pairs());
    EXPECT_EQ(*pairs(), *pairs()->rename("a", "z")->rename("z", "a"));
    EXPECT_NE(*pairs(), *pairs()->rename("a", "z"));
    EXPECT_NE(*pairs(), *LabelsHolder::create({"a", "b"}, {{2, 3}, {0, 1}, {4, 5}}));
    EXPECT_NE(*pairs(), *LabelsHolder::create({"a", "b"}, {{0, 1}}));
}

TEST(Labels, AddsAndRemovesDimensions) {
    const auto labels = pairs();
    const auto column = int32({7, 7, 9});
    EXPECT_EQ(*labels->append("c", column),
              *LabelsHolder::create({"a", "b", "c"}, {{0, 1, 7}, {2, 3, 7}, {4, 5, 9}}));
    EXPECT_EQ(*labels->insert(0, "c", column),
              *LabelsHolder::create({"c", "a", "b"}, {{7, 0, 1}, {7, 2, 3}, {9, 4, 5}}));
    EXPECT_EQ(*labels->remove("a"), *LabelsHolder::create({"b"}, {{1}, {3}, {5}}));
    EXPECT_EQ(*labels->permute({1, -2}), *LabelsHolder::create({"b", "a"}, {{1, 0}, {3, 2}, {5, 4}}));
    EXPECT_EQ(labels->rename("a", "z")->values().data_ptr(), labels->values().data_ptr());
}

TEST(Labels, RefusesBadDimensions) {
    const auto labels = pairs();
    const auto column = int32({7, 7, 9});
    EXPECT_THAT([&] { labels->append("a", column); }, ThrowsMessage<c10::Error>(HasSubstr("got 'a' twice")));
    EXPECT_THAT([&] { labels->append("c", column.narrow(0, 0, 2)); },
                ThrowsMessage<c10::ValueError>(HasSubstr("must have 3 values, got 2")));
    EXPECT_THAT([&] { labels->insert(3, "c", column); },
                ThrowsMessage<c10::IndexError>(HasSubstr("must be in [0, 2]")));
    EXPECT_THAT([&] { labels->permute({0}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("2 dimensions of these Labels, got 1")));
    EXPECT_THAT(
        [&] {
            labels->permute({0, 2});
        },
        ThrowsMessage<c10::IndexError>(HasSubstr("index 2 is out of range")));
    EXPECT_THAT([&] { labels->permute({1, 1}); }, ThrowsMessage<c10::Error>(HasSubstr("got 'b' twice")));
    EXPECT_THAT([&] { labels->column("z"); }, ThrowsMessage<c10::ValueError>(HasSubstr("no dimension 'z'")));
    EXPECT_THAT([&] { labels->rename("z", "y"); },
                ThrowsMessage<c10::ValueError>(HasSubstr("no dimension 'z'")));
    EXPECT_THAT([&] { labels->rename("a", "b"); }, ThrowsMessage<c10::Error>(HasSubstr("got 'b' twice")));
    EXPECT_THAT(
        [] {
            LabelsHolder::create({"a", "b"}, {{0, 1}, {2, 1}})->remove("a");
        },
        ThrowsMessage<c10::Error>(HasSubstr("got [1] at least twice")));
}

TEST(Labels, KeepsItsCopiesOnOtherDevices) {
    const auto labels = pairs();
    const auto meta = labels->to(torch::kMeta);
    EXPECT_EQ(meta->device(), torch::kMeta);
    EXPECT_EQ(meta->names(), labels->names());
    // values come back from a device that has none: they never left the host
    EXPECT_EQ(meta->to("cpu")->values().data_ptr(), labels->values().data_ptr());
    EXPECT_EQ(labels->to(torch::kMeta)->values().unsafeGetTensorImpl(), meta->values().unsafeGetTensorImpl());
    EXPECT_EQ(meta->position(torch::tensor({2, 3})), 1);
    EXPECT_EQ(*labels->to(torch::IValue()), *labels);
    EXPECT_THAT(
        [&] { labels->to(torch::IValue(3)); },
        ThrowsMessage<c10::TypeError>(HasSubstr("must be None, a string or a torch.device, got int")));
}

TEST(Labels, PrintsTables) {
    EXPECT_EQ(pairs()->repr(), "Labels\n    a  b\n    0  1\n    2  3\n    4  5");
    EXPECT_EQ(LabelsHolder::range("abcdef", 12)->str(),
              "Labels\n    abcdef\n      0\n      1\n     ...\n      10\n      11");
    const auto labels = LabelsHolder::create({"abc", "d"}, {{-1000, 1}, {5, 2}, {6, 3}, {-7, 4}});
    EXPECT_EQ(labels->print(3, 2), "  abc   d\n   -1000  1\n     5    2\n     ...\n    -7    4");
    EXPECT_EQ(labels->print(0), labels->print(2));
    EXPECT_EQ(LabelsHolder::empty("a")->print(3), " a");
}

TEST(LabelsEntry, HasNamesAndValues) {
    const LabelsEntryHolder entry(pairs(), -2);
    EXPECT_THAT(entry.names(), ElementsAre("a", "b"));
    EXPECT_TRUE(torch::equal(entry.values(), int32({2, 3})));
    EXPECT_EQ(entry[-1], 3);
    EXPECT_EQ(entry["a"], 2);
    EXPECT_EQ(entry.getitem("b"), 3);
    EXPECT_EQ(entry.print(), "(a=2, b=3)");
    EXPECT_EQ(entry.repr(), "LabelsEntry(a=2, b=3)");
}

TEST(LabelsEntry, RefusesBadIndices) {
    EXPECT_THAT(
        [] { LabelsEntryHolder(pairs(), 3); },
        ThrowsMessage<c10::IndexError>(HasSubstr("index 3 is out of range for Labels with 3 entries")));
    const LabelsEntryHolder entry(pairs(), 0);
    EXPECT_THAT([&] { entry[2]; }, ThrowsMessage<c10::IndexError>(HasSubstr("with 2 dimensions")));
    EXPECT_THAT([&] { entry["z"]; }, ThrowsMessage<c10::ValueError>(HasSubstr("no dimension 'z'")));
    EXPECT_THAT([&] { entry.getitem(1.0); },
                ThrowsMessage<c10::TypeError>(HasSubstr("int or a str, got float")));
}

TEST(LabelsEntry, ComparesNamesAndValues) {
    EXPECT_EQ(LabelsEntryHolder(pairs(), 1), LabelsEntryHolder(pairs(), -2));
    EXPECT_NE(LabelsEntryHolder(pairs(), 1), LabelsEntryHolder(pairs(), 0));
    EXPECT_NE(LabelsEntryHolder(pairs(), 1), LabelsEntryHolder(pairs()->rename("a", "z"), 1));
}

} // namespace

} // namespace metatensor_torch
