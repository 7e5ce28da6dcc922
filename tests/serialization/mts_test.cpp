// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/mts.hpp"

#include <cstring>
#include <filesystem>
#include <limits>

#include <sys/mount.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <metatensor/torch/serialization.hpp>

#include "serialization/archives.hpp"
#include "serialization/example_data.hpp"

namespace metatensor_torch {

namespace {

using example::block;
using example::same;
using example::tensor_map;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

auto fails_with(const std::string& message) { return ThrowsMessage<c10::Error>(HasSubstr(message)); }

TEST(Mts, BuffersKeepEverything) {
    const auto tensor = load_buffer(save_buffer(tensor_map()));
    EXPECT_TRUE(same(tensor, tensor_map()));
    EXPECT_EQ(tensor->get_info("unit"), "Å");
    EXPECT_TRUE(same(load_block_buffer(save_buffer(block())), block()));
    const auto labels = block()->samples();
    EXPECT_TRUE(*load_labels_buffer(save_buffer(labels)) == *labels);
}

TEST(Mts, BuffersMayBePlainMemory) {
    const auto buffer = save_buffer(tensor_map());
    const auto size = static_cast<size_t>(buffer.numel());
    EXPECT_TRUE(same(load_buffer(buffer.const_data_ptr<uint8_t>(), size), tensor_map()));
}

TEST(Mts, LoadedValuesDoNotShareTheBuffer) {
    const auto buffer = save_buffer(block());
    const auto loaded = load_block_buffer(buffer);
    buffer.zero_();
    EXPECT_TRUE(same(loaded, block()));
}

TEST(Mts, FilesKeepEverything) {
    const TemporaryFile file("data.mts");
    save(file.path(), tensor_map());
    EXPECT_TRUE(same(load(file.path()), tensor_map()));
    save(file.path(), block()); // shorter than what it replaces
    EXPECT_TRUE(same(load_block(file.path()), block()));
    save(file.path(), block()->samples());
    EXPECT_TRUE(*load_labels(file.path()) == *block()->samples());
}

TEST(Mts, MembersDoTheSameAsFunctions) {
    const TemporaryFile file("members.mts");
    EXPECT_TRUE(torch::equal(tensor_map()->save_buffer(), save_buffer(tensor_map())));
    EXPECT_TRUE(same(TensorMapHolder::load_buffer(save_buffer(tensor_map())), tensor_map()));
    tensor_map()->save(file.path());
    EXPECT_TRUE(same(TensorMapHolder::load(file.path()), tensor_map()));
    block()->save(file.path());
    EXPECT_TRUE(same(TensorBlockHolder::load(file.path()), block()));
    block()->samples()->save(file.path());
    EXPECT_TRUE(*LabelsHolder::load(file.path()) == *block()->samples());
}

TEST(Mts, KeepsGradientsOfGradientsInTheirOrder) {
    const auto make = [](torch::Tensor values, Labels samples) {
        return torch::make_intrusive<TensorBlockHolder>(std::move(values), std::move(samples),
                                                        std::vector<Labels>{}, LabelsHolder::range("p", 2));
    };
    const auto one_sample = LabelsHolder::range("sample", 1);
    auto first = make(torch::ones({1, 2}), one_sample);
    first->add_gradient("x/y", make(torch::full({1, 2}, 3.0F), one_sample));
    auto values = make(torch::zeros({1, 2}), LabelsHolder::range("s", 1));
    values->add_gradient("z", first);
    values->add_gradient("a", make(torch::full({1, 2}, 2.0F), one_sample));

    const auto loaded = load_block_buffer(save_buffer(values));
    EXPECT_THAT(loaded->gradients_list(), ElementsAre("z", "a"));
    EXPECT_TRUE(same(loaded, values));
}

TEST(Mts, KeepsEmptyBlocksAndMaps) {
    const auto no_sample = torch::make_intrusive<TensorBlockHolder>(
        torch::zeros({0, 3, 0}), LabelsHolder::empty("s"), std::vector<Labels>{LabelsHolder::range("c", 3)},
        LabelsHolder::empty("p"));
    EXPECT_TRUE(same(load_block_buffer(save_buffer(no_sample)), no_sample));

    const auto no_block =
        torch::make_intrusive<TensorMapHolder>(LabelsHolder::empty("k"), std::vector<TensorBlock>{});
    const auto loaded = load_buffer(save_buffer(no_block));
    EXPECT_EQ(loaded->keys()->count(), 0);
    EXPECT_THAT(loaded->keys()->names(), ElementsAre("k"));
}

TEST(Mts, KeepsNotANumber) {
    const auto nan = std::numeric_limits<float>::quiet_NaN();
    const auto labels = LabelsHolder::single();
    const auto values = torch::make_intrusive<TensorBlockHolder>(torch::tensor({{nan}}), labels,
                                                                 std::vector<Labels>{}, labels);
    EXPECT_TRUE(same(load_block_buffer(save_buffer(values)), values));
}

TEST(Mts, ArraysStartAtMultiplesOf64) {
    const auto buffer = save_buffer(tensor_map());
    const std::string_view bytes(reinterpret_cast<const char*>(buffer.const_data_ptr<uint8_t>()),
                                 static_cast<size_t>(buffer.numel()));
    const auto bytes_of_value = [](double value) {
        std::string text(sizeof(value), ' ');
        std::memcpy(text.data(), &value, sizeof(value));
        return text;
    };
    EXPECT_EQ(bytes.find(bytes_of_value(1.5)) % 64, 0);
    EXPECT_EQ(bytes.find(bytes_of_value(0.25)) % 64, 0);
}

TEST(Mts, TellsWhatElseAFileHolds) {
    const auto map = save_buffer(tensor_map());
    const auto one_block = save_buffer(block());
    const auto labels = save_buffer(block()->samples());
    EXPECT_THAT([&] { load_buffer(one_block); },
                fails_with("expected TensorMap, got TensorBlock: use `load_block` or `load_block_buffer`"));
    EXPECT_THAT([&] { load_buffer(labels); },
                fails_with("expected TensorMap, got Labels: use `load_labels`"));
    EXPECT_THAT([&] { load_block_buffer(map); },
                fails_with("expected TensorBlock, got TensorMap: use `load`"));
    EXPECT_THAT([&] { load_block_buffer(labels); }, fails_with("expected TensorBlock, got Labels"));
    EXPECT_THAT([&] { load_labels_buffer(map); }, fails_with("expected Labels, got TensorMap: use `load`"));
    EXPECT_THAT([&] { load_labels_buffer(one_block); }, fails_with("expected Labels, got TensorBlock"));
    EXPECT_THAT([&] { load_labels_buffer(one_block); }, fails_with("while loading Labels from a buffer"));
}

TEST(Mts, ChecksBuffers) {
    const auto refuses = [](const torch::Tensor& buffer, const std::string& message) {
        EXPECT_THAT([&] { load_buffer(buffer); }, ThrowsMessage<c10::ValueError>(HasSubstr(message)));
        EXPECT_THAT([&] { load_block_buffer(buffer); }, ThrowsMessage<c10::ValueError>(HasSubstr(message)));
        EXPECT_THAT([&] { load_labels_buffer(buffer); }, ThrowsMessage<c10::ValueError>(HasSubstr(message)));
    };
    refuses(torch::zeros({3}), "the buffer must have dtype uint8, got float32");
    refuses(torch::zeros({3, 3}, torch::kUInt8), "the buffer must have one dimension, got 2");
    refuses(torch::zeros({6}, torch::kUInt8).slice(0, 0, 6, 2), "the buffer must be contiguous");
    refuses(torch::zeros({3}, torch::TensorOptions().dtype(torch::kUInt8).device(torch::kMeta)),
            "the buffer must be on the CPU, got a tensor on meta");
}

TEST(Mts, ChecksFiles) {
    EXPECT_THAT([] { load("no/such/file.mts"); },
                fails_with("can not open 'no/such/file.mts': No such file or directory"));
    EXPECT_THAT([] { load(std::filesystem::temp_directory_path()); }, fails_with("not a file"));
    EXPECT_THAT([] { save("no/such/file.mts", block()); },
                fails_with("can not write 'no/such/file.mts': No such file or directory"));
}

TEST(Mts, ChecksInfo) {
    EXPECT_THAT([] { load_buffer(with_entry("info.json", "[]")); }, fails_with("must be a JSON object"));
    EXPECT_THAT([] { load_buffer(with_entry("info.json", "{\"a\"")); },
                fails_with("must be a JSON object, got no JSON"));
    EXPECT_THAT([] { load_buffer(with_entry("info.json", std::string(100000, '['))); },
                fails_with("must be a JSON object of texts, got arrays or objects in it"));
    EXPECT_THAT([] { load_buffer(with_entry("info.json", R"({"a": {}})")); },
                fails_with("got arrays or objects in it"));
    EXPECT_THAT([] { load_buffer(with_entry("info.json", "{\"a\": 1}")); },
                fails_with("'a' in 'info.json' must be a text, got number"));
    const auto tensor = tensor_map();
    tensor->set_info("bad", "\xff");
    EXPECT_THAT([&] { save_buffer(tensor); },
                ThrowsMessage<c10::ValueError>(HasSubstr("must be UTF-8 text")));
}

/// Block of one value with gradients of these names, which have gradients of the same name
TensorBlock block_with_gradients(const std::vector<std::string>& names) {
    const auto labels = LabelsHolder::range("sample", 1);
    const auto values =
        torch::make_intrusive<TensorBlockHolder>(torch::ones({1, 1}), labels, std::vector<Labels>{}, labels);
    const auto block = values->copy();
    for (const auto& name : names) {
        const auto gradient = values->copy();
        if (name != "plain") gradient->add_gradient(name, values);
        block->add_gradient(name, gradient);
    }
    return block;
}

TEST(Mts, KeepsGradientsOfAnyName) {
    for (const auto* name : {"", "gradients", "xgradients/y", "gradients/a", "a/gradients", "a/gradients/b",
                             "gradients/gradients", "values.npy", "a b", "\u00e9"}) {
        SCOPED_TRACE(name);
        const auto block = block_with_gradients({name, "plain"});
        const auto loaded = load_block_buffer(save_buffer(block));
        EXPECT_EQ(loaded->gradients_list(), block->gradients_list());
        EXPECT_EQ(TensorBlockHolder::gradient(loaded, name)->gradients_list(),
                  std::vector<std::string>{name});

        const auto map = torch::make_intrusive<TensorMapHolder>(LabelsHolder::single(), std::vector{loaded});
        EXPECT_EQ(TensorMapHolder::block_by_id(load_buffer(save_buffer(map)), 0)->gradients_list(),
                  (std::vector<std::string>{name, "plain"}));
    }
}

TEST(Mts, RefusesGradientNamesThatItCouldNotReadBack) {
    EXPECT_THAT([] { save_buffer(block_with_gradients({"../a"})); },
                ThrowsMessage<c10::ValueError>(HasSubstr("can not save 'gradients/../a/values.npy'")));
    for (const auto* name : {"a/gradients/b", "a/gradients"}) {
        EXPECT_THAT(
            [&] {
                save_buffer(block_with_gradients({"a", name}));
            },
            ThrowsMessage<c10::ValueError>(
                HasSubstr("with respect to '" + std::string(name) + "' and 'a' can not be saved")));
    }
}

TEST(Mts, WritesToFilesThatAreMounted) {
    const TemporaryFile source("source.mts");
    const TemporaryFile file("mounted.mts");
    save(source.path(), tensor_map());
    save(file.path(), tensor_map());
    if (::mount(source.path().c_str(), file.path().c_str(), nullptr, MS_BIND, nullptr) != 0) {
        GTEST_SKIP() << "files can not be mounted here";
    }
    save(file.path(), block()); // shorter than what is there
    EXPECT_TRUE(same(load_block(file.path()), block()));
    ASSERT_EQ(::umount(file.path().c_str()), 0);
    EXPECT_TRUE(same(load_block(source.path()), block()));
    EXPECT_TRUE(same(load(file.path()), tensor_map()));
}

} // namespace

} // namespace metatensor_torch
