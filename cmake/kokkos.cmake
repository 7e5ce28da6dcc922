# Finds the Kokkos that the plugin marshals with.

find_package(Kokkos 4.5 REQUIRED)
get_target_property(kokkos_core_type Kokkos::kokkoscore TYPE)
if (kokkos_core_type STREQUAL "STATIC_LIBRARY")
    set(METATENSOR_KOKKOS_ORIGIN "a copy of its own, hidden in the plugin")
else()
    set(METATENSOR_KOKKOS_ORIGIN "shared")
endif()

# In the words of LAMMPS: openmp serial cuda ...
string(TOLOWER "${Kokkos_DEVICES}" METATENSOR_KOKKOS_APIS)
string(REPLACE ";" " " METATENSOR_KOKKOS_APIS "${METATENSOR_KOKKOS_APIS}")
string(REPLACE "threads" "pthreads" METATENSOR_KOKKOS_APIS "${METATENSOR_KOKKOS_APIS}")
