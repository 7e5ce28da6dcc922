// SPDX-License-Identifier: BSD-3-Clause

// The file that LAMMPS loads. It knows nothing of torch and touches no LAMMPS class, so it loads in any
// LAMMPS, at once; the styles are in a second library beside it, which is loaded when an input script first
// uses one. That one stays loaded for good: torch and Kokkos can not be unloaded, while this file can.

#include "plugin_abi.hpp"

#include <dlfcn.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

constexpr int error_is_warning = 0;
constexpr int error_on_one_rank = 1;
constexpr int error_on_all_ranks = 2;

std::string version_text(int number) { return number > 0 ? std::to_string(number) : "unknown"; }

/// The binary interface of the MPI that this LAMMPS uses: those of the MPICH family share one.
std::string mpi_of_process() {
    const bool has_mpi = lammps_config_has_mpi_support == nullptr || lammps_config_has_mpi_support() != 0;
    if (!has_mpi) return "no MPI";
    return dlsym(RTLD_DEFAULT, "ompi_mpi_comm_world") != nullptr ? "Open MPI" : "MPICH";
}

#if defined(METATENSOR_LAMMPS_KOKKOS)
bool has_kokkos() { return lammps_config_has_package != nullptr && lammps_config_has_package("KOKKOS") != 0; }
#endif

/// Why the LAMMPS that loads this plugin is not the one it was built for; empty if it is.
std::string mismatch(void* lammps) {
    const int version = lammps_version != nullptr ? lammps_version(lammps) : 0;
    if (version != LAMMPS_VERSION_NUMBER) {
        return "was built for LAMMPS version " + version_text(LAMMPS_VERSION_NUMBER) +
               " but this is LAMMPS version " + version_text(version);
    }
    const struct {
        const char* keyword;
        int built_with;
    } sizes[] = {{"tagint", LAMMPS_TAGINT_BYTES}, {"bigint", LAMMPS_BIGINT_BYTES}};
    for (const auto& size : sizes) {
        const int loaded_by =
            lammps_extract_setting != nullptr ? lammps_extract_setting(lammps, size.keyword) : 0;
        if (loaded_by != size.built_with) {
            return std::string("was built for a LAMMPS with ") + std::to_string(8 * size.built_with) +
                   "-bit " + size.keyword + " but this one has " + std::to_string(8 * loaded_by) + " bits";
        }
    }
#if defined(METATENSOR_LAMMPS_KOKKOS)
    for (const char* api : {"cuda", "hip", "sycl", "openmp", "serial", "pthreads"}) {
        const bool built_with =
            std::string(" " KOKKOS_APIS " ").find(std::string(" ") + api + " ") != std::string::npos;
        if (lammps_config_accelerator == nullptr ||
            (lammps_config_accelerator("KOKKOS", "api", api) != 0) == built_with) {
            continue;
        }
        if (!has_kokkos()) {
            return "was built for a LAMMPS with the KOKKOS package, and this one is without";
        }
        return std::string("was built with a Kokkos ") + (built_with ? "with " : "without ") + api +
               ", and that of this LAMMPS is " + (built_with ? "without" : "with");
    }
#endif
    const std::string mpi = mpi_of_process();
    if (mpi != PLUGIN_MPI) {
        return "was built with " PLUGIN_MPI " but this LAMMPS uses " + mpi +
               " (CMake option MPI_CXX_COMPILER)";
    }
    return {};
}

std::string refusal(void* lammps) {
    const auto reason = mismatch(lammps);
    if (reason.empty()) return {};
    return "the metatensor plugin " + reason +
           ": build the plugin with the headers of this LAMMPS (CMake option "
           "LAMMPS_SOURCE_DIR, or LAMMPS_ROOT for an installed one)";
}

/// Where all ranks meet the same error at once, one that aborts can end rank 0 before that has written
/// anything.
void let_the_first_rank_speak(void* lammps) {
    const int rank = lammps_extract_setting != nullptr ? lammps_extract_setting(lammps, "world_rank") : 0;
    if (rank > 0) std::this_thread::sleep_for(std::chrono::seconds(1));
}

/// Prints `text` as a LAMMPS error and stops.
[[noreturn]] void stop(void* lammps, int error_type, const std::string& text) {
    if (error_type == error_on_one_rank) let_the_first_rank_speak(lammps);
    if (lammps_error != nullptr) lammps_error(lammps, error_type, text.c_str());
    throw std::runtime_error(text);
}

/// The library of styles beside this file; absolute, as the working directory may change before it is needed.
std::string find_styles_library() {
    Dl_info info{};
    dladdr(reinterpret_cast<const void*>(&lammpsplugin_init), &info);
    char* absolute = realpath(info.dli_fname, nullptr);
    const std::string path = absolute != nullptr ? absolute : info.dli_fname;
    std::free(absolute);
    return path.substr(0, path.rfind('/') + 1) + STYLES_LIBRARY;
}

/// Set when LAMMPS loads the plugin.
std::string& styles_library_path() {
    static std::string path;
    return path;
}

void* styles_library(void* lammps) {
    void* library = dlopen(styles_library_path().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) {
        stop(lammps, error_on_one_rank,
             "the metatensor plugin can not load its styles: " + std::string(dlerror()));
    }
    return library;
}

void* create_pair(void* lammps, const char* name) {
    const auto text = refusal(lammps);
    if (!text.empty()) stop(lammps, error_on_all_ranks, text);
    using Create = void*(void*, const char*);
    auto* create = reinterpret_cast<Create*>(dlsym(styles_library(lammps), "metatensor_lammps_create_pair"));
    if (create == nullptr) {
        stop(lammps, error_on_one_rank,
             "the metatensor plugin and its library of styles do not belong together");
    }
    return create(lammps, name);
}

struct Style {
    /// Name in input scripts.
    const char* name;
    lammpsplugin_factory* create;
};

constexpr Style styles[] = {
    {"metatensor", [](void* lammps) { return create_pair(lammps, "metatensor"); }},
#if defined(METATENSOR_LAMMPS_KOKKOS)
    {"metatensor/kk", [](void* lammps) { return create_pair(lammps, "metatensor/kk"); }},
    {"metatensor/kk/device", [](void* lammps) { return create_pair(lammps, "metatensor/kk/device"); }},
    {"metatensor/kk/host", [](void* lammps) { return create_pair(lammps, "metatensor/kk/host"); }},
#endif
};

} // namespace

void lammpsplugin_init(void* lammps, void* handle, void* register_function) {
    styles_library_path() = find_styles_library();
    // A plugin in LAMMPS_PLUGIN_PATH is loaded by every run: warn here, stop where a style is used.
    const auto text = refusal(lammps);
    if (!text.empty() && lammps_error != nullptr) lammps_error(lammps, error_is_warning, text.c_str());

    auto* register_plugin = reinterpret_cast<lammpsplugin_register*>(register_function);
    lammpsplugin_t plugin{};
    plugin.version = LAMMPS_VERSION_TEXT;
    plugin.author = "metatensor-torch authors";
    plugin.handle = handle;
    plugin.style = "pair";
    plugin.info = "machine-learned atomistic models, metatensor-torch " PLUGIN_VERSION;
    for (const auto& style : styles) {
        plugin.name = style.name;
        plugin.creator.v1 = style.create;
        register_plugin(&plugin, lammps);
    }
}
