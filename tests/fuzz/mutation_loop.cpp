// SPDX-License-Identifier: BSD-3-Clause
// What libFuzzer does, without its feedback, for compilers that do not have it:
//
//     fuzz_system SECONDS FINDINGS SEED FILE...
//
// changes the files again and again. The bytes that a sanitizer ends the program for are written to
// FINDINGS/crash-SEED.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" {
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
void __sanitizer_set_death_callback(void (*callback)());
}

namespace {

constexpr size_t MAX_SIZE = 20000;
constexpr size_t MAX_POOL = 2000;

std::mt19937_64 generator;
std::string current;
std::string crash_path;

size_t random_below(size_t end) { return generator() % std::max<size_t>(end, 1); }

void write_current() { std::ofstream(crash_path, std::ios::binary) << current; }

/// Numbers that fields of sizes and offsets may not like
uint64_t interesting_number() {
    static constexpr uint64_t NUMBERS[] = {0,
                                           1,
                                           2,
                                           22,
                                           64,
                                           0x7f,
                                           0xff,
                                           0xffff,
                                           0x7fffffff,
                                           0xffffffff,
                                           0x7fffffffffffffff,
                                           0xffffffffffffffff,
                                           0x8000000000000000};
    return NUMBERS[random_below(std::size(NUMBERS))] + random_below(3) - 1;
}

} // namespace

size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size) {
    const auto place = random_below(size);
    const auto n_bytes = std::min(size - place, size_t{1} << random_below(6));
    switch (size == 0 ? 3 : random_below(5)) {
    case 0:
        data[place] ^= static_cast<uint8_t>(1 << random_below(8));
        return size;
    case 1:
        data[place] = static_cast<uint8_t>(generator());
        return size;
    case 2:
        std::copy(data + place + n_bytes, data + size, data + place);
        return size - n_bytes;
    case 3:
        if (size == max_size) return size;
        std::copy_backward(data + place, data + size, data + size + 1);
        data[place] = static_cast<uint8_t>(generator());
        return size + 1;
    default: {
        const auto number = interesting_number();
        for (size_t i = 0; i < std::min<size_t>(n_bytes, sizeof(number)); ++i)
            data[place + i] = static_cast<uint8_t>(number >> (8 * i));
        return size;
    }
    }
}

int main(int argc, char** argv) {
    if (argc < 5) {
        std::fprintf(stderr, "usage: %s SECONDS FINDINGS SEED FILE...\n", argv[0]);
        return 2;
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
    crash_path = std::string(argv[2]) + "/crash-" + argv[3];
    generator.seed(static_cast<uint64_t>(std::atoll(argv[3])));
    __sanitizer_set_death_callback(write_current);

    std::vector<std::string> pool;
    for (int i = 4; i < argc; ++i) {
        std::ifstream file(argv[i], std::ios::binary);
        pool.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    const auto n_files = pool.size();
    uint64_t n_runs = 0;
    for (; std::chrono::steady_clock::now() < end; ++n_runs) {
        std::string bytes = pool[random_below(pool.size())];
        for (auto n_changes = 1 + random_below(4); n_changes > 0; --n_changes) {
            const auto size = bytes.size();
            bytes.resize(std::max(MAX_SIZE, size));
            bytes.resize(LLVMFuzzerCustomMutator(reinterpret_cast<uint8_t*>(bytes.data()), size, bytes.size(),
                                                 static_cast<unsigned>(generator())));
        }
        current = bytes;
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
        if (pool.size() < MAX_POOL) {
            pool.push_back(std::move(bytes));
        } else if (random_below(8) == 0) { // forgets changed files, never those that it was given
            pool[n_files + random_below(pool.size() - n_files)] = std::move(bytes);
        }
    }
    std::printf("%llu runs\n", static_cast<unsigned long long>(n_runs));
}
