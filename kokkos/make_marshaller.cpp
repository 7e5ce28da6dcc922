// SPDX-License-Identifier: BSD-3-Clause
#include "kokkos_marshaller.hpp"

namespace metatensor_kokkos {

namespace {

using Device = Kokkos::DefaultExecutionSpace;

} // namespace

Execution find_host_execution() {
    return HostThreads::execution_space().concurrency() == 1 ? Execution::calling_thread : Execution::host;
}

std::unique_ptr<Marshaller> make_marshaller(Execution execution) {
    switch (execution) {
    case Execution::calling_thread:
        return std::make_unique<KokkosMarshaller<CallingThread>>();
    case Execution::host:
        return std::make_unique<KokkosMarshaller<HostThreads>>();
    case Execution::device:
        return std::make_unique<KokkosMarshaller<Device>>();
    }
    throw std::invalid_argument("unknown execution");
}

} // namespace metatensor_kokkos
