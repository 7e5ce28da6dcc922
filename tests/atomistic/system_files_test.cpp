// SPDX-License-Identifier: BSD-3-Clause
// Files of systems: what they keep, and that damaged ones are refused
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "atomistic/support.hpp"
#include "serialization/archives.hpp"

namespace metatomic_torch {

namespace {

using metatensor_torch::buffer_of;
using metatensor_torch::fails_with;
using metatensor_torch::TemporaryFile;
using metatensor_torch::text_of;
namespace files = metatensor_torch::serialization;

NeighborListOptions options() {
    return torch::make_intrusive<NeighborListOptionsHolder>(4.5, true, false, "test");
}

/// Two atoms with one pair and data for each atom
System example(torch::Dtype dtype = torch::kFloat32) {
    auto system = two_atoms(dtype);
    system->add_neighbor_list(options(),
                              neighbors_block({{0, 1, 0, 0, 0}}, torch::tensor({{1.0, 2.0, 3.0}}, dtype)));
    const auto block = torch::make_intrusive<metatensor_torch::TensorBlockHolder>(
        torch::tensor({{0.5}, {-0.5}}, dtype), labels({"system", "atom"}, {{0, 0}, {0, 1}}),
        std::vector<metatensor_torch::Labels>{}, labels({"spin"}, {{0}}));
    system->add_data("test::spin",
                     torch::make_intrusive<metatensor_torch::TensorMapHolder>(
                         labels({"_"}, {{0}}), std::vector<metatensor_torch::TensorBlock>{block}));
    return system;
}

bool same(const System& a, const System& b) {
    const auto pairs = [](const System& system) { return system->get_neighbor_list(options()); };
    const auto spins = [](const System& system) {
        return metatensor_torch::TensorMapHolder::block_by_id(system->get_data("test::spin"), 0);
    };
    return a->scalar_type() == b->scalar_type() && torch::equal(a->types(), b->types()) &&
           torch::equal(a->positions(), b->positions()) && torch::equal(a->cell(), b->cell()) &&
           torch::equal(a->pbc(), b->pbc()) && metatensor_torch::example::same(pairs(a), pairs(b)) &&
           metatensor_torch::example::same(spins(a), spins(b));
}

class SystemFiles : public testing::TestWithParam<torch::Dtype> {};

TEST_P(SystemFiles, KeepEverything) {
    const auto system = example(GetParam());
    EXPECT_TRUE(same(load_system_buffer(save_buffer(system)), system));
    const TemporaryFile file("system.mta");
    save(file.path(), system);
    EXPECT_TRUE(same(load_system(file.path()), system));
    EXPECT_TRUE(same(load_system(file.path(), {.memory_map = true}), system));
}

INSTANTIATE_TEST_SUITE_P(All, SystemFiles,
                         testing::Values(torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16),
                         [](const auto& test) { return std::string(c10::toString(test.param)); });

TEST(SystemFiles, AreNamedInErrors) {
    EXPECT_THAT([] { load_system("system.mts"); }, fails_with("must end with '.mta', got 'system.mts'"));
    EXPECT_THAT([] { load_system("missing.mta"); }, fails_with("can not open 'missing.mta'"));
    const TemporaryFile file("bad.mta");
    files::to_file(file.path(), {std::string("text")});
    EXPECT_THAT([&] { load_system(file.path()); }, fails_with("this is no zip archive"));
    EXPECT_THAT([&] { load_system(file.path()); }, fails_with("while loading a System from '" + file.path()));
}

TEST(SystemFiles, AreRefusedIfTheyWereCutOff) {
    const auto bytes = text_of(save_buffer(example()));
    for (size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(load_system_buffer(buffer_of(bytes.substr(0, size))), c10::Error) << size << " bytes";
    }
}

TEST(SystemFiles, HaveNoByteWhoseChangeIsNotFoundOrDoesNotMatter) {
    const auto system = example();
    const auto bytes = text_of(save_buffer(system));
    for (size_t i = 0; i < bytes.size(); ++i) {
        auto changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 0xff);
        try {
            const auto loaded = load_system_buffer(buffer_of(changed));
            EXPECT_TRUE(same(loaded, system)) << "byte " << i;
        } catch (const c10::Error&) {
            continue;
        }
    }
}

/// File of the example with `content` in place of `entry`; without this entry if there is no content
torch::Tensor with_entry(const std::string& entry, const std::optional<std::string>& content) {
    const auto buffer = save_buffer(example());
    const files::MemorySource source(buffer);
    const files::ZipReader original(source);
    files::ZipWriter changed;
    for (const auto& name : original.names()) {
        if (name != entry) changed.add(name, {original.read_text(name)});
    }
    if (content) changed.add(entry, {*content});
    return files::to_buffer(changed.finish());
}

TEST(SystemFiles, AreRefusedIfAnEntryIsMissingOrWrong) {
    const auto refuses = [](const std::string& entry, const std::optional<std::string>& content,
                            const std::string& message) {
        EXPECT_THAT([&] { load_system_buffer(with_entry(entry, content)); }, fails_with(message)) << entry;
    };
    for (const std::string name : {"positions.npy", "cell.npy", "types.npy", "pbc.npy", "pairs/0/data.mts"})
        refuses(name, std::nullopt, "there is no '" + name + "' in the zip archive");
    refuses("dtype.json", "\"int8\"",
            "in 'dtype.json': expected one of float16, bfloat16, float32, float64, got \"int8\"");
    refuses("dtype.json", "{", "in 'dtype.json': expected one of");
    refuses("pairs/0/options.json", "{}", "invalid JSON for NeighborListOptions");
    refuses("pairs/0/data.mts", "", "in 'pairs/0/data.mts'");
    refuses("data/test::spin.mts", "PK", "in 'data/test::spin.mts'");
}

TEST(SystemFiles, MayHoldOtherEntries) {
    EXPECT_TRUE(same(load_system_buffer(with_entry("data/x", "?")), example()));
    EXPECT_TRUE(same(load_system_buffer(with_entry("data/", "?")), example()));
    EXPECT_TRUE(same(load_system_buffer(with_entry("README", "?")), example()));
}

} // namespace

} // namespace metatomic_torch
