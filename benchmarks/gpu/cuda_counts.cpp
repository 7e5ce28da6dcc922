// SPDX-License-Identifier: BSD-3-Clause
// Counts what a process has a GPU do: kernels, copies and synchronisations, from the activity records of
// CUPTI.
//
//     g++ -std=c++20 -O2 -shared -fPIC cuda_counts.cpp -o libcuda_counts.so -I CUDA/include -L CUDA/lib64
//     -lcupti CUDA_INJECTION64_PATH=$PWD/libcuda_counts.so CUDA_COUNTS_FILE=counts.json program
//
// The CUDA driver loads the library into any program that starts with that environment. Counts of the whole
// run are written to CUDA_COUNTS_FILE, if it is set, when the program ends; cuda_counts_read gives them at
// any time.
#include <cupti.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

enum Counter {
    KERNELS,
    TO_DEVICE,
    TO_HOST,
    BYTES_TO_DEVICE,
    BYTES_TO_HOST,
    SYNCHRONISATIONS,
    DROPPED,
    N_COUNTERS
};
constexpr std::array<const char*, N_COUNTERS> NAMES = {
    "kernels", "to_device", "to_host", "bytes_to_device", "bytes_to_host", "synchronisations", "dropped"};

std::array<std::atomic<int64_t>, N_COUNTERS> counters{};

void count_copy(const CUpti_ActivityMemcpy6& copy) {
    const bool to_device =
        copy.copyKind == CUPTI_ACTIVITY_MEMCPY_KIND_HTOD || copy.copyKind == CUPTI_ACTIVITY_MEMCPY_KIND_HTOA;
    const bool to_host =
        copy.copyKind == CUPTI_ACTIVITY_MEMCPY_KIND_DTOH || copy.copyKind == CUPTI_ACTIVITY_MEMCPY_KIND_ATOH;
    if (to_device) {
        ++counters[TO_DEVICE];
        counters[BYTES_TO_DEVICE] += int64_t(copy.bytes);
    } else if (to_host) {
        ++counters[TO_HOST];
        counters[BYTES_TO_HOST] += int64_t(copy.bytes);
    }
}

void count(const CUpti_Activity& record) {
    switch (record.kind) {
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
        ++counters[KERNELS];
        break;
    case CUPTI_ACTIVITY_KIND_MEMCPY:
        count_copy(reinterpret_cast<const CUpti_ActivityMemcpy6&>(record));
        break;
    case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION:
        // a stream that waits for an event does not keep the host waiting
        if (reinterpret_cast<const CUpti_ActivitySynchronization&>(record).type !=
            CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_WAIT_EVENT) {
            ++counters[SYNCHRONISATIONS];
        }
        break;
    default:
        break;
    }
}

void CUPTIAPI give_buffer(uint8_t** buffer, size_t* size, size_t* max_records) {
    constexpr size_t BUFFER_SIZE = 4 << 20;
    *buffer = static_cast<uint8_t*>(std::aligned_alloc(8, BUFFER_SIZE));
    *size = *buffer ? BUFFER_SIZE : 0;
    *max_records = 0; // as many as fit
}

void CUPTIAPI take_buffer(CUcontext context, uint32_t stream, uint8_t* buffer, size_t /*size*/,
                          size_t valid_size) {
    CUpti_Activity* record = nullptr;
    while (cuptiActivityGetNextRecord(buffer, valid_size, &record) == CUPTI_SUCCESS)
        count(*record);
    size_t dropped = 0;
    if (cuptiActivityGetNumDroppedRecords(context, stream, &dropped) == CUPTI_SUCCESS) {
        counters[DROPPED] += int64_t(dropped);
    }
    std::free(buffer);
}

/// To a pointer to N_COUNTERS numbers
void read_counters(int64_t* values) {
    cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
    for (int i = 0; i < N_COUNTERS; ++i)
        values[i] = counters[i];
}

void write_counters() {
    const char* path = std::getenv("CUDA_COUNTS_FILE");
    std::FILE* file = path ? std::fopen(path, "w") : nullptr;
    if (!file) return;
    std::array<int64_t, N_COUNTERS> values{};
    read_counters(values.data());
    for (int i = 0; i < N_COUNTERS; ++i) {
        std::fprintf(file, "%s\"%s\": %lld", i == 0 ? "{" : ", ", NAMES[i],
                     static_cast<long long>(values[i]));
    }
    std::fprintf(file, "}\n");
    std::fclose(file);
}

} // namespace

/// Called by the CUDA driver when it starts; 1 is success.
extern "C" int InitializeInjection() {
    if (cuptiActivityRegisterCallbacks(give_buffer, take_buffer) != CUPTI_SUCCESS) return 0;
    for (const auto kind : {CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY,
                            CUPTI_ACTIVITY_KIND_SYNCHRONIZATION}) {
        if (cuptiActivityEnable(kind) != CUPTI_SUCCESS) return 0;
    }
    std::atexit(write_counters);
    return 1;
}

/// All counts since the start, in the order of cuda_counts_names; what is under way must be waited for
/// before.
extern "C" void cuda_counts_read(int64_t* values) { read_counters(values); }

/// Number of counts and their names
extern "C" int cuda_counts_names(const char* const** names) {
    *names = NAMES.data();
    return N_COUNTERS;
}
