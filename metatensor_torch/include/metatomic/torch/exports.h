// SPDX-License-Identifier: BSD-3-Clause
#pragma once

/// Marks what the shared library makes visible to its users.
#if defined(_WIN32)
#error "Windows is not supported"
#else
#define METATOMIC_TORCH_EXPORT __attribute__((visibility("default")))
#endif
