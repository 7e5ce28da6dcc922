// SPDX-License-Identifier: BSD-3-Clause
// Files that are mapped into memory, put on another device, or replaced
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "serialization/archives.hpp"
#include "serialization/example_data.hpp"

namespace metatensor_torch {

namespace {

using example::same;

const LoadOptions MAPPED{.memory_map = true};

/// Values large enough to be shared with the file, in a map with one block
TensorMap large_map(torch::ScalarType dtype = torch::kFloat64) {
    const auto values = torch::arange(1000 * 30).reshape({1000, 30}).to(dtype);
    const auto block = torch::make_intrusive<TensorBlockHolder>(
        values, LabelsHolder::range("s", 1000), std::vector<Labels>{}, LabelsHolder::range("p", 30));
    return torch::make_intrusive<TensorMapHolder>(LabelsHolder::single(), std::vector<TensorBlock>{block});
}

torch::Tensor values_of(const TensorMap& tensor) { return TensorMapHolder::block_by_id(tensor, 0)->values(); }

std::string bytes_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether the memory of `tensor` is mapped from the file at `path`
bool is_mapped_from(const std::string& path, const torch::Tensor& tensor) {
    const auto address = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        uintptr_t start = 0;
        uintptr_t end = 0;
        std::sscanf(line.c_str(), "%lx-%lx", &start, &end);
        if (start <= address && address < end) return line.find(path) != std::string::npos;
    }
    return false;
}

TEST(MappedFiles, ShareTheirMemory) {
    const TemporaryFile file("mapped.mts");
    save(file.path(), large_map());
    const auto loaded = load(file.path(), MAPPED);
    EXPECT_TRUE(same(loaded, large_map()));
    EXPECT_TRUE(is_mapped_from(file.path(), values_of(loaded)));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(values_of(loaded).const_data_ptr()) % 64, 0);
    EXPECT_EQ(values_of(loaded).storage().nbytes(), values_of(loaded).nbytes()); // so copies are as small
    EXPECT_FALSE(is_mapped_from(file.path(), values_of(load(file.path()))));
}

TEST(MappedFiles, OutliveTheNameOfTheFile) {
    TensorMap loaded;
    {
        const TemporaryFile file("removed.mts");
        save(file.path(), large_map());
        loaded = load(file.path(), MAPPED);
    }
    EXPECT_TRUE(same(loaded, large_map()));
}

TEST(MappedFiles, AreNotChangedByChangesOfTheValues) {
    const TemporaryFile file("private.mts");
    save(file.path(), large_map());
    const auto before = bytes_of_file(file.path());
    const auto loaded = load(file.path(), MAPPED);
    values_of(loaded).zero_();
    EXPECT_EQ(bytes_of_file(file.path()), before);
    EXPECT_TRUE(same(load(file.path()), large_map()));
}

TEST(MappedFiles, CanBeReplacedByWhatWasLoaded) {
    const TemporaryFile file("in_place.mts");
    save(file.path(), large_map());
    const auto loaded = load(file.path(), MAPPED);
    values_of(loaded).add_(1);
    save(file.path(), loaded);
    const auto again = load(file.path());
    EXPECT_TRUE(torch::equal(values_of(again), values_of(large_map()) + 1));
    EXPECT_TRUE(same(again, loaded));
}

TEST(MappedFiles, KeepBoolsInMemory) {
    const TemporaryFile file("bool.mts");
    save(file.path(), large_map(torch::kBool));
    const auto loaded = load(file.path(), MAPPED);
    EXPECT_TRUE(same(loaded, large_map(torch::kBool)));
    EXPECT_FALSE(is_mapped_from(file.path(), values_of(loaded)));
}

TEST(MappedFiles, MayHoldBlocksOrLabelsOrNothing) {
    const TemporaryFile file("others.mts");
    const auto block = TensorMapHolder::block_by_id(large_map(), 0);
    save(file.path(), block);
    EXPECT_TRUE(same(load_block(file.path(), MAPPED), block));
    save(file.path(), block->samples());
    EXPECT_TRUE(*load_labels(file.path(), MAPPED) == *block->samples());
    serialization::to_file(file.path(), {});
    EXPECT_THAT([&] { load(file.path(), MAPPED); }, fails_with("this is no zip archive"));
    EXPECT_THAT([&] { load("no/such/file", MAPPED); }, fails_with("can not open 'no/such/file'"));
}

TEST(Devices, AreThoseOfTheOptions) {
    const TemporaryFile file("device.mts");
    save(file.path(), large_map());
    const LoadOptions meta{.device = torch::kMeta};
    EXPECT_TRUE(values_of(load(file.path(), meta)).is_meta());
}

TEST(Cuda, LoadsAndSaves) {
    if (!at::hasCUDA()) GTEST_SKIP() << "there is no GPU";
    const TemporaryFile file("cuda.mts");
    const auto on_gpu = large_map()->to(std::nullopt, torch::Device(torch::kCUDA));
    save(file.path(), on_gpu);
    EXPECT_TRUE(torch::equal(on_gpu->save_buffer(), save_buffer(large_map())));
    for (const bool memory_map : {false, true}) {
        const auto loaded = load(file.path(), {.device = torch::kCUDA, .memory_map = memory_map});
        EXPECT_TRUE(loaded->device().is_cuda());
        EXPECT_TRUE(values_of(loaded).is_cuda());
        EXPECT_TRUE(same(loaded->to(std::nullopt, torch::Device(torch::kCPU)), large_map()));
    }
}

TEST(SavedFiles, KeepTheirPermissions) {
    const TemporaryFile file("mode.mts");
    save(file.path(), large_map());
    ::chmod(file.path().c_str(), 0640);
    save(file.path(), large_map());
    struct stat status {};
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST(SavedFiles, MayBeLinks) {
    const TemporaryFile file("target.mts");
    const TemporaryFile link("link.mts");
    save(file.path(), large_map()->keys());
    std::filesystem::create_symlink(file.path(), link.path());
    save(link.path(), large_map());
    EXPECT_TRUE(std::filesystem::is_symlink(link.path()));
    EXPECT_TRUE(same(load(file.path()), large_map()));
}

TEST(SavedFiles, MayBeDevices) {
    save("/dev/null", large_map());
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
    EXPECT_THAT([] { save("/dev/full", large_map()); },
                fails_with("can not write '/dev/full': No space left on device"));
}

TEST(SavedFiles, LeaveNothingElseBehind) {
    const auto folder = std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "-folder");
    std::filesystem::create_directory(folder);
    const auto path = (folder / "data.mts").string();
    save(path, large_map());
    save(path, large_map());
    const auto n_files = std::distance(std::filesystem::directory_iterator(folder), {});
    std::filesystem::remove(path);
    std::filesystem::remove(folder);
    EXPECT_EQ(n_files, 1);
}

} // namespace

} // namespace metatensor_torch
