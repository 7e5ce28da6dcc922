// SPDX-License-Identifier: BSD-3-Clause
#include "kokkos_marshaller.hpp"

namespace metatensor_kokkos {

std::unique_ptr<Marshaller> make_serial_marshaller() {
    return std::make_unique<KokkosMarshaller<Kokkos::Serial>>();
}

} // namespace metatensor_kokkos
