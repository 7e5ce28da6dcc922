// SPDX-License-Identifier: BSD-3-Clause
#pragma once

/// What LAMMPS and a plugin exchange, as its manual describes ("Writing plugins"): an installed LAMMPS has no
/// header for it. The layout is the same since 2022.
extern "C" {

typedef void* lammpsplugin_factory(void* lammps);
typedef void* lammpsplugin_factory_with_arguments(void* lammps, int count, char** arguments);

struct lammpsplugin_t {
    const char* version;
    /// Category, such as "pair".
    const char* style;
    /// Name in input scripts.
    const char* name;
    const char* info;
    const char* author;
    union {
        lammpsplugin_factory* v1;
        lammpsplugin_factory_with_arguments* v2;
    } creator;
    void* handle;
};

typedef void lammpsplugin_register(lammpsplugin_t* plugin, void* lammps);

/// Called by LAMMPS when it has loaded the plugin.
__attribute__((visibility("default"))) void lammpsplugin_init(void* lammps, void* handle,
                                                              void* register_function);

// Functions of LAMMPS's C library interface, which keep their meaning between versions; weak, so that an
// executable without them can still load the plugin and get a message.
__attribute__((weak)) int lammps_version(void* lammps);
__attribute__((weak)) int lammps_extract_setting(void* lammps, const char* keyword);
__attribute__((weak)) int lammps_config_has_mpi_support();
__attribute__((weak)) int lammps_config_has_package(const char* name);
__attribute__((weak)) int lammps_config_accelerator(const char* package, const char* category,
                                                    const char* setting);
__attribute__((weak)) void lammps_error(void* lammps, int error_type, const char* text);
}
