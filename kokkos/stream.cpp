// SPDX-License-Identifier: BSD-3-Clause
#include "stream.hpp"

#if defined(METATENSOR_KOKKOS_CUDA)
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace metatensor_kokkos {

#if defined(METATENSOR_KOKKOS_CUDA)

class StreamGuard::Guard {
  public:
    Guard(torch::Device device, void* stream)
        : guard_(c10::cuda::getStreamFromExternal(static_cast<cudaStream_t>(stream), device.index())) {}

  private:
    c10::cuda::CUDAStreamGuard guard_;
};

StreamGuard::StreamGuard(torch::Device device, void* stream) {
    if (stream != nullptr && device.is_cuda()) guard_ = std::make_unique<Guard>(device, stream);
}

#else

class StreamGuard::Guard {};

// A build of Kokkos without CUDA has no streams.
StreamGuard::StreamGuard(torch::Device /*device*/, void* /*stream*/) {}

#endif

StreamGuard::~StreamGuard() = default;

} // namespace metatensor_kokkos
