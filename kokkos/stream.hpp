// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include <memory>

namespace metatensor_kokkos {

/// While it lives, torch works on `device`, and there on this CUDA stream: in order with what Kokkos does on
/// it, so that neither has to wait for the other. Does nothing for null, the stream of the host.
class StreamGuard {
  public:
    /// @param stream a `cudaStream_t`
    StreamGuard(torch::Device device, void* stream);
    ~StreamGuard();
    StreamGuard(const StreamGuard&) = delete;
    StreamGuard& operator=(const StreamGuard&) = delete;

  private:
    class Guard;
    std::unique_ptr<Guard> guard_;
};

} // namespace metatensor_kokkos
