// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target for one of the loaders: METATENSOR_FUZZED_LOADER is map, block, labels or system.
//
// Whatever the bytes are, the loader returns or throws c10::Error. Most changes of bytes are found by a
// checksum of the zip archive; so the mutator below also changes what is inside of the entries and makes a
// good archive of it.
#include <cstdint>
#include <random>
#include <span>
#include <string>

#include <metatomic/torch.hpp>

#include "serialization/source.hpp"
#include "serialization/zip.hpp"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using namespace metatensor_torch::serialization;
using Random = std::minstd_rand;

namespace loaders {
[[maybe_unused]] constexpr auto map = [](const uint8_t* data, size_t size) {
    metatensor_torch::load_buffer(data, size);
};
[[maybe_unused]] constexpr auto block = [](const uint8_t* data, size_t size) {
    metatensor_torch::load_block_buffer(data, size);
};
[[maybe_unused]] constexpr auto labels = [](const uint8_t* data, size_t size) {
    metatensor_torch::load_labels_buffer(data, size);
};
[[maybe_unused]] constexpr auto system = [](const uint8_t* data, size_t size) {
    metatomic_torch::load_system_buffer(data, size);
};
} // namespace loaders

std::string mutate_bytes(std::string bytes, size_t max_size) {
    const auto size = bytes.size();
    bytes.resize(std::max(max_size, size));
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, bytes.size()));
    return bytes;
}

/// Archive in which one entry (of an archive in it, if there is one) has other bytes, another name or is
/// missing
std::string mutate_entry(const std::string& bytes, size_t max_size, Random& random) {
    const MemorySource source(std::as_bytes(std::span(bytes)));
    const ZipReader zip(source);
    const auto chosen = random() % std::max<size_t>(zip.names().size(), 1);
    ZipWriter changed;
    for (size_t i = 0; i < zip.names().size(); ++i) {
        auto name = std::string(zip.names()[i]);
        auto content = zip.read_text(name);
        if (i == chosen) {
            const auto action = random() % 16;
            if (action == 0) continue;
            if (action == 1) name = mutate_bytes(name, name.size() + 16);
            if (action == 2) changed.add(mutate_bytes(name, name.size() + 16), {content});
            const auto free_size = content.size() + max_size - std::min(max_size, bytes.size());
            if (action > 2 && content.starts_with("PK\3\4"))
                content = mutate_entry(content, free_size, random);
            if (action > 2 && !content.starts_with("PK\3\4")) content = mutate_bytes(content, free_size);
        }
        changed.add(name, {content});
    }
    const auto buffer = to_buffer(changed.finish());
    return {reinterpret_cast<const char*>(buffer.const_data_ptr<uint8_t>()),
            static_cast<size_t>(buffer.numel())};
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
    Random random(seed);
    if (random() % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
    std::string changed;
    try {
        changed = mutate_entry({reinterpret_cast<const char*>(data), size}, max_size, random);
    } catch (const c10::Error&) { // no archive any more, or a name that no archive can have
        return LLVMFuzzerMutate(data, size, max_size);
    }
    if (changed.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
    std::copy(changed.begin(), changed.end(), data);
    return changed.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        loaders::METATENSOR_FUZZED_LOADER(data, size);
    } catch (const c10::Error&) {
        return 0;
    }
    return 0;
}
