// SPDX-License-Identifier: BSD-3-Clause
// Counts what a process has a GPU do: kernels, copies and synchronisations, with the callbacks of CUPTI.
//
//     g++ -std=c++20 -O2 -shared -fPIC cuda_counts.cpp -o libcuda_counts.so -I CUDA/include -L CUDA/lib64
//     -lcupti -ldl CUDA_INJECTION64_PATH=$PWD/libcuda_counts.so CUDA_COUNTS_FILE=counts.json program
//
// The CUDA driver loads the library into any program that starts with that environment. Counts of the whole
// run are written to CUDA_COUNTS_FILE, if it is set, when the program ends; cuda_counts_read gives them at
// any time.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <cupti.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <dlfcn.h>

namespace {

enum Counter { KERNELS, TO_DEVICE, TO_HOST, BYTES_TO_DEVICE, BYTES_TO_HOST, SYNCHRONISATIONS, N_COUNTERS };
constexpr std::array<const char*, N_COUNTERS> NAMES = {
    "kernels", "to_device", "to_host", "bytes_to_device", "bytes_to_host", "synchronisations"};

std::array<std::atomic<int64_t>, N_COUNTERS> counters{};

/// How many calls of the runtime this thread is in, and whether it is in a callback: what these call is not
/// counted.
thread_local int depth = 0;
thread_local bool is_counting = false;

bool is_on_device(uint64_t address) {
    static const auto get_attribute = reinterpret_cast<CUresult (*)(void*, CUpointer_attribute, CUdeviceptr)>(
        dlsym(dlopen("libcuda.so.1", RTLD_NOW), "cuPointerGetAttribute"));
    CUmemorytype type = CU_MEMORYTYPE_HOST;
    return get_attribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address) == CUDA_SUCCESS &&
           type == CU_MEMORYTYPE_DEVICE;
}

void count_copy(bool from_device, bool to_device, size_t bytes) {
    if (from_device == to_device) return;
    ++counters[to_device ? TO_DEVICE : TO_HOST];
    counters[to_device ? BYTES_TO_DEVICE : BYTES_TO_HOST] += static_cast<int64_t>(bytes);
}

void count_copy(const void* from, const void* to, size_t bytes) {
    count_copy(is_on_device(reinterpret_cast<uint64_t>(from)), is_on_device(reinterpret_cast<uint64_t>(to)),
               bytes);
}

/// A call of the runtime, or of the driver by others than the runtime
void count(std::string_view name, const void* parameters) {
    if (name.starts_with("cudaLaunch") || name.starts_with("cuLaunch")) {
        ++counters[KERNELS];
    } else if (name == "cudaStreamSynchronize" || name == "cudaDeviceSynchronize" ||
               name == "cudaEventSynchronize" || name.starts_with("cuStreamSynchronize") ||
               name.starts_with("cuCtxSynchronize") || name.starts_with("cuEventSynchronize")) {
        ++counters[SYNCHRONISATIONS];
    } else if (name == "cudaMemcpyAsync") {
        const auto& copy = *static_cast<const cudaMemcpyAsync_v3020_params*>(parameters);
        count_copy(copy.src, copy.dst, copy.count);
    } else if (name == "cudaMemcpy") {
        const auto& copy = *static_cast<const cudaMemcpy_v3020_params*>(parameters);
        count_copy(copy.src, copy.dst, copy.count);
        ++counters[SYNCHRONISATIONS];
    } else if (name.starts_with("cudaMemcpyToSymbol")) {
        ++counters[TO_DEVICE];
    } else if (name.starts_with("cudaMemcpyFromSymbol")) {
        ++counters[TO_HOST];
    } else if (name.starts_with("cuMemcpyHtoD")) {
        ++counters[TO_DEVICE];
    } else if (name.starts_with("cuMemcpyDtoH")) {
        ++counters[TO_HOST];
    }
}

void CUPTIAPI on_call(void* /*unused*/, CUpti_CallbackDomain domain, CUpti_CallbackId /*id*/,
                      const void* data) {
    const auto& call = *static_cast<const CUpti_CallbackData*>(data);
    const bool of_runtime = domain == CUPTI_CB_DOMAIN_RUNTIME_API;
    if (call.callbackSite == CUPTI_API_EXIT) {
        // the call that started the driver, and so this library, has only its end seen
        if (of_runtime && depth > 0) --depth;
        return;
    }
    if (depth == 0 && !is_counting) {
        is_counting = true;
        count(call.functionName, call.functionParams);
        is_counting = false;
    }
    if (of_runtime) ++depth;
}

void write_counters() {
    const char* path = std::getenv("CUDA_COUNTS_FILE");
    // MPI may start processes of its own with this library, which do nothing on the GPU
    if (path == nullptr || counters[KERNELS] == 0) return;
    std::FILE* file = std::fopen(path, "w");
    if (file == nullptr) return;
    for (int i = 0; i < N_COUNTERS; ++i) {
        std::fprintf(file, "%s\"%s\": %lld", i == 0 ? "{" : ", ", NAMES[i],
                     static_cast<long long>(counters[i]));
    }
    std::fprintf(file, "}\n");
    std::fclose(file);
}

} // namespace

/// Called by the CUDA driver when it starts; 1 is success.
extern "C" int InitializeInjection() {
    static bool is_subscribed = false;
    if (is_subscribed) return 1; // the driver can start more than once
    CUpti_SubscriberHandle subscriber = nullptr;
    auto result = cuptiSubscribe(&subscriber, on_call, nullptr);
    if (result == CUPTI_SUCCESS) result = cuptiEnableDomain(1, subscriber, CUPTI_CB_DOMAIN_RUNTIME_API);
    if (result == CUPTI_SUCCESS) result = cuptiEnableDomain(1, subscriber, CUPTI_CB_DOMAIN_DRIVER_API);
    if (result != CUPTI_SUCCESS) {
        const char* text = "unknown error";
        cuptiGetResultString(result, &text);
        std::fprintf(stderr, "cuda_counts: CUPTI can not be used: %s\n", text);
        return 0;
    }
    is_subscribed = true;
    std::atexit(write_counters);
    return 1;
}

/// All counts since the start, in the order of cuda_counts_names.
extern "C" void cuda_counts_read(int64_t* values) {
    for (int i = 0; i < N_COUNTERS; ++i)
        values[i] = counters[i];
}

/// Number of counts and their names
extern "C" int cuda_counts_names(const char* const** names) {
    *names = NAMES.data();
    return N_COUNTERS;
}
