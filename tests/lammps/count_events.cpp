// SPDX-License-Identifier: BSD-3-Clause

// Counts when a process makes the host wait, and what it copies: as a tool of Kokkos (KOKKOS_TOOLS_LIBS) the
// fences and deep copies of Kokkos; preloaded too (LD_PRELOAD), the same calls of torch to the CUDA runtime.
// Prints a line "EVENT <kind> <count> <name>" for each when Kokkos ends.

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

namespace {

class Events {
  public:
    void count(const char* kind, const std::string& name) {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++counts_[{kind, name}];
    }

    void print() const {
        for (const auto& [key, count] : counts_)
            std::printf("EVENT %s %ld %s\n", key.first.c_str(), count, key.second.c_str());
        std::fflush(stdout);
    }

  private:
    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, long> counts_;
};

Events& events() {
    static auto* const instance = new Events; // calls may come until the process has ended
    return *instance;
}

/// The function of the CUDA runtime that one of those below stands for. Plugins bring that library, and it is
/// not among those that the linker would search for this one.
template <class Function>
Function* original(const char* name) {
    void* found = dlsym(RTLD_NEXT, name);
    for (const char* library : {"libcudart.so.13", "libcudart.so.12"}) {
        if (found != nullptr) break;
        if (void* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD)) found = dlsym(handle, name);
    }
    return reinterpret_cast<Function*>(found);
}

std::string direction(int kind) {
    constexpr const char* names[] = {"host to host", "host to device", "device to host", "device to device"};
    return kind >= 0 && kind < 4 ? names[kind] : "between unknown places";
}

} // namespace

extern "C" {

struct KokkosSpace {
    char name[64];
};
struct KokkosToolSettings {
    bool requires_global_fencing;
    bool padding[255];
};

// or Kokkos fences for this tool
void kokkosp_request_tool_settings(std::uint32_t /*version*/, KokkosToolSettings* settings) {
    settings->requires_global_fencing = false;
}

void kokkosp_begin_fence(const char* name, std::uint32_t /*device*/, std::uint64_t* /*handle*/) {
    events().count("fence", name);
}

// Views that are filled with a value have no source.
void kokkosp_begin_deep_copy(KokkosSpace to, const char* to_name, const void* /*to_data*/, KokkosSpace from,
                             const char* from_name, const void* from_data, std::uint64_t /*bytes*/) {
    if (from_data == nullptr || std::string(from_name) == "(none)") return;
    events().count("copy", std::string(from.name) + " to " + to.name + ": " + from_name + " to " + to_name);
}

void kokkosp_finalize_library() { events().print(); }

int cudaStreamSynchronize(void* stream) {
    events().count("wait", "cudaStreamSynchronize");
    return original<int(void*)>("cudaStreamSynchronize")(stream);
}

int cudaDeviceSynchronize() {
    events().count("wait", "cudaDeviceSynchronize");
    return original<int()>("cudaDeviceSynchronize")();
}

int cudaEventSynchronize(void* event) {
    events().count("wait", "cudaEventSynchronize");
    return original<int(void*)>("cudaEventSynchronize")(event);
}

int cudaMemcpy(void* to, const void* from, std::size_t bytes, int kind) {
    events().count("wait", "cudaMemcpy");
    if (kind != 3) events().count("copy", "cudaMemcpy, " + direction(kind));
    return original<int(void*, const void*, std::size_t, int)>("cudaMemcpy")(to, from, bytes, kind);
}

int cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, int kind, void* stream) {
    if (kind != 3) events().count("copy", "cudaMemcpyAsync, " + direction(kind));
    using Function = int(void*, const void*, std::size_t, int, void*);
    return original<Function>("cudaMemcpyAsync")(to, from, bytes, kind, stream);
}

} // extern "C"
