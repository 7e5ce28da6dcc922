// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For Kokkos before 4.7 with CUDA 13, which has no longer three functions with the arguments that Kokkos
// gives them: have nvcc include this file first (CMake option METATENSOR_NVCC_OPTIONS, and CMAKE_CXX_FLAGS of
// Kokkos).

#if defined(__CUDACC__)
#include <cuda_runtime.h>

#if CUDART_VERSION >= 13000

/// The device with this number, or the host for -1.
inline cudaMemLocation cuda_memory_location(int device) {
    cudaMemLocation location{};
    location.type = device < 0 ? cudaMemLocationTypeHost : cudaMemLocationTypeDevice;
    location.id = device < 0 ? 0 : device;
    return location;
}

inline cudaError_t cudaMemAdvise(const void* data, size_t bytes, cudaMemoryAdvise advice, int device) {
    return cudaMemAdvise(data, bytes, advice, cuda_memory_location(device));
}

inline cudaError_t cudaMemPrefetchAsync(const void* data, size_t bytes, int device, cudaStream_t stream = 0) {
    return cudaMemPrefetchAsync(data, bytes, cuda_memory_location(device), 0U, stream);
}

inline cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                            const cudaGraphNode_t* to, size_t n) {
    return cudaGraphAddDependencies(graph, from, to, nullptr, n);
}

#endif
#endif
