// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <metatensor/torch.hpp>

namespace metatensor_torch {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

TensorBlock block(int64_t n_samples, const char* property = "p", torch::ScalarType dtype = torch::kDouble) {
    return torch::make_intrusive<TensorBlockHolder>(torch::full({n_samples, 2}, n_samples, dtype),
                                                    LabelsHolder::range("s", n_samples),
                                                    std::vector<Labels>{}, LabelsHolder::range(property, 2));
}

const auto keys = LabelsHolder::create({"l", "z"}, {{0, 1}, {2, 1}, {2, 8}});

/// The blocks have 1, 2 and 3 samples.
TensorMap map() {
    return torch::make_intrusive<TensorMapHolder>(keys, std::vector{block(1), block(2), block(3)});
}

TensorMap single_block_map() {
    return torch::make_intrusive<TensorMapHolder>(LabelsHolder::single(), std::vector{block(1)});
}

TensorBlock with_gradient(const char* parameter) {
    auto result = block(1);
    result->add_gradient(
        parameter, torch::make_intrusive<TensorBlockHolder>(torch::zeros({1, 2}, torch::kDouble),
                                                            LabelsHolder::create({"sample"}, {{0}}),
                                                            std::vector<Labels>{}, result->properties()));
    return result;
}

TEST(TensorMap, HasKeysNamesAndType) {
    const auto m = map();
    EXPECT_EQ(m->keys(), keys);
    EXPECT_THAT(m->sample_names(), ElementsAre("s"));
    EXPECT_THAT(m->component_names(), IsEmpty());
    EXPECT_THAT(m->property_names(), ElementsAre("p"));
    EXPECT_EQ(m->scalar_type(), torch::kDouble);
    EXPECT_EQ(m->device(), torch::kCPU);
}

TEST(TensorMap, MayBeEmpty) {
    const auto empty =
        torch::make_intrusive<TensorMapHolder>(LabelsHolder::empty("k"), std::vector<TensorBlock>{});
    EXPECT_THAT(empty->sample_names(), IsEmpty());
    EXPECT_EQ(empty->scalar_type(), torch::kFloat);
    EXPECT_EQ(empty->print(-1), "TensorMap with 0 blocks\n    keys: [k]\n    blocks:");
    EXPECT_THAT([&] { TensorMapHolder::block_torch(empty, {}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("this TensorMap has no block")));
}

TEST(TensorMap, TakesTheContentOfItsBlocks) {
    const auto given = block(1);
    const auto m = torch::make_intrusive<TensorMapHolder>(LabelsHolder::single(), std::vector{given});
    EXPECT_THAT([&] { given->values(); }, ThrowsMessage<c10::Error>(HasSubstr("can not be used any more")));
    EXPECT_THAT([&] { given->repr(); }, ThrowsMessage<c10::Error>(HasSubstr("can not be used any more")));

    const auto view = TensorMapHolder::block_by_id(m, 0);
    EXPECT_TRUE(view->is_view());
    EXPECT_THAT([&] { TensorMapHolder(LabelsHolder::single(), std::vector{view}); },
                ThrowsMessage<c10::Error>(HasSubstr("can not be moved: make a copy of it")));
    EXPECT_NO_THROW(TensorMapHolder(LabelsHolder::single(), std::vector{view->copy()}));
}

TEST(TensorMap, LeavesBlocksAloneAfterAnError) {
    const auto good = block(1);
    const auto two_keys = LabelsHolder::range("k", 2);
    EXPECT_THAT(
        [&] {
            TensorMapHolder(two_keys, std::vector{good, good});
        },
        ThrowsMessage<c10::Error>(HasSubstr("is given twice to a TensorMap")));
    EXPECT_THAT(
        [&] { TensorMapHolder(two_keys, std::vector{good}); },
        ThrowsMessage<c10::Error>(HasSubstr("a TensorMap with 2 keys must have as many blocks, got 1")));
    EXPECT_EQ(good->len(), 1);
}

TEST(TensorMap, RefusesBlocksThatDiffer) {
    const std::pair<std::vector<TensorBlock>, std::string> cases[] = {
        {{block(1), block(2, "q")},
         "the property names of all blocks in a TensorMap must be the same, got [p] and [q]"},
        {{block(1), block(2, "p", torch::kFloat)}, "must have the same dtype, got float64 and float32"},
        {{block(1), with_gradient("x")}, "gradients with respect to the same parameters"},
        {{with_gradient("x"), with_gradient("y")}, "gradients with respect to the same parameters"},
    };
    for (const auto& [blocks, message] : cases) {
        EXPECT_THAT([&] { TensorMapHolder(LabelsHolder::range("k", 2), blocks); },
                    ThrowsMessage<c10::Error>(HasSubstr(message)));
    }
    EXPECT_THAT([] { TensorMapHolder(LabelsHolder::single()->to(torch::kMeta), std::vector{block(1)}); },
                ThrowsMessage<c10::Error>(HasSubstr("must be on the device of the keys, meta, got cpu")));
}

TEST(TensorMap, GivesBlocksByIndex) {
    const auto m = map();
    EXPECT_EQ(TensorMapHolder::block_by_id(m, 1)->len(), 2);
    EXPECT_EQ(TensorMapHolder::block_by_id(m, -1)->len(), 3);
    EXPECT_EQ(TensorMapHolder::block_torch(m, 0)->len(), 1);
    EXPECT_EQ(TensorMapHolder::blocks_by_id(m, {2, 0})[0]->len(), 3);
    EXPECT_EQ(TensorMapHolder::blocks_torch(m, c10::List<int64_t>({1, 0}))[0]->len(), 2);
    EXPECT_THAT(TensorMapHolder::blocks(m), SizeIs(3));
    for (const int64_t index : {3, -4}) {
        EXPECT_THAT([&] { TensorMapHolder::block_by_id(m, index); },
                    ThrowsMessage<c10::IndexError>(HasSubstr("block index " + std::to_string(index))));
    }
}

TEST(TensorMap, GivesBlocksByKey) {
    const auto m = map();
    EXPECT_EQ(TensorMapHolder::block(m, {{"l", 0}})->len(), 1);
    EXPECT_EQ(TensorMapHolder::block(m, {{"z", 8}, {"l", 2}})->len(), 3);
    EXPECT_EQ(TensorMapHolder::block(m, LabelsHolder::create({"z"}, {{8}}))->len(), 3);
    EXPECT_EQ(TensorMapHolder::block(m, torch::make_intrusive<LabelsEntryHolder>(keys, 1))->len(), 2);
    EXPECT_THAT(TensorMapHolder::blocks(m, {{"z", 1}}), SizeIs(2));
    EXPECT_THAT(TensorMapHolder::blocks(m, {{"z", 5}}), IsEmpty());
    EXPECT_THAT(TensorMapHolder::blocks(m, LabelsHolder::create({"l"}, {{2}})), SizeIs(2));

    auto selection = c10::Dict<std::string, int64_t>();
    selection.insert("l", 2);
    selection.insert("z", 8);
    EXPECT_EQ(TensorMapHolder::block_torch(m, selection)->len(), 3);
    selection.insert_or_assign("z", 8 + (int64_t{1} << 32));
    EXPECT_THAT(TensorMapHolder::blocks_torch(m, selection), IsEmpty());
    EXPECT_EQ(TensorMapHolder::block_torch(single_block_map(), {})->len(), 1);
}

TEST(TensorMap, RefusesSelectionsWithoutOneBlock) {
    const auto m = map();
    EXPECT_THAT(
        [&] {
            TensorMapHolder::block(m, {{"l", 7}});
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("no block matches the selection (l=7)")));
    EXPECT_THAT(
        [&] {
            TensorMapHolder::block(m, {{"z", 1}});
        },
        ThrowsMessage<c10::ValueError>(HasSubstr("2 blocks match the selection (z=1)")));
    EXPECT_THAT([&] { TensorMapHolder::block_torch(m, {}); },
                ThrowsMessage<c10::ValueError>(HasSubstr("this TensorMap has 3 blocks")));
    EXPECT_THAT(
        [&] {
            TensorMapHolder::block(m, {{"q", 1}});
        },
        ThrowsMessage<c10::Error>(HasSubstr("contains 'q', but the keys only have [l, z]")));
    EXPECT_THAT([&] { TensorMapHolder::block(m, keys); },
                ThrowsMessage<c10::ValueError>(HasSubstr("must have one entry, got 3")));
    EXPECT_THAT([&] { TensorMapHolder::block_torch(m, "l"); },
                ThrowsMessage<c10::TypeError>(HasSubstr("Labels or LabelsEntry, got str")));
    EXPECT_THAT([&] { TensorMapHolder::blocks_torch(m, 1.0); },
                ThrowsMessage<c10::ValueError>(HasSubstr("Labels or LabelsEntry, got float")));
    EXPECT_THAT([&] { TensorMapHolder::block_torch(m, c10::Dict<std::string, double>()); },
                ThrowsMessage<c10::ValueError>(HasSubstr("3 blocks match the selection ()")));
}

TEST(TensorMap, GivesItems) {
    const auto items = TensorMapHolder::items(map());
    ASSERT_THAT(items, SizeIs(3));
    EXPECT_EQ(std::get<0>(items[2])->print(), "(l=2, z=8)");
    EXPECT_EQ(std::get<1>(items[2])->len(), 3);
}

TEST(TensorMap, KeepsInfo) {
    const auto m = map();
    m->set_info("unit", "eV");
    m->set_info("author", "me");
    m->set_info("unit", "meV");
    EXPECT_EQ(m->get_info("unit"), "meV");
    EXPECT_EQ(m->get_info("date"), std::nullopt);
    EXPECT_EQ(m->info().size(), 2);
    EXPECT_EQ(m->info().begin()->key(), "unit");
    EXPECT_EQ(m->copy()->get_info("author"), "me");
    EXPECT_EQ(m->to(torch::kFloat)->get_info("author"), "me");
}

TEST(TensorMap, CopiesAndMoves) {
    const auto m = map();
    const auto deep = m->copy();
    const auto shallow = m->copy(/*deep=*/false);
    TensorMapHolder::block_by_id(m, 0)->values().zero_();
    EXPECT_EQ(TensorMapHolder::block_by_id(deep, 0)->values().sum().item<double>(), 2.0);
    EXPECT_EQ(TensorMapHolder::block_by_id(shallow, 0)->values().sum().item<double>(), 0.0);

    const auto meta = m->to_positional("meta", static_cast<int64_t>(torch::kFloat), {}, {}, {});
    EXPECT_EQ(meta->device(), torch::kMeta);
    EXPECT_EQ(meta->scalar_type(), torch::kFloat);
    EXPECT_EQ(TensorMapHolder::block_by_id(meta, 2)->samples()->device(), torch::kMeta);
}

TEST(TensorMap, Prints) {
    const auto m = torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::create({"lambda", "z"}, {{0, 1}, {10000, -1}}), std::vector{block(1), block(2)});
    EXPECT_EQ(m->print(-1), "TensorMap with 2 blocks\n    keys: [lambda, z]\n    blocks:\n"
                            "         0    1    => TensorBlock with shape (1, 2)\n"
                            "       10000  -1   => TensorBlock with shape (2, 2)");
    EXPECT_EQ(m->print(1), "TensorMap with 2 blocks\n    keys: [lambda, z]\n    blocks:\n"
                           "       0  1   => TensorBlock with shape (1, 2)\n"
                           "             ...");
}

TEST(TensorMap, ViewsOutliveTheirMap) {
    auto m = map();
    const auto view = TensorMapHolder::block_by_id(m, 2);
    m.reset();
    EXPECT_EQ(view->len(), 3);
    EXPECT_THAT([&] { view->add_gradient("x", with_gradient("y")); },
                ThrowsMessage<c10::Error>(HasSubstr("part of a TensorMap")));
}

} // namespace

} // namespace metatensor_torch
