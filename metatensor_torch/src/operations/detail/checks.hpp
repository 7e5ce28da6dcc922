// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace metatensor_torch::details {

/// Whether operations compare the labels of their arguments; `unsafe_disable_checks` switches this off.
bool checks_are_enabled();

} // namespace metatensor_torch::details
