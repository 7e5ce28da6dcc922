// SPDX-License-Identifier: BSD-3-Clause
#pragma once

/// The few names of metatensor's C++ core that users of `metatensor/torch.hpp` need.
namespace metatensor {

/// Tag for constructors of labels: the caller promises that no entry occurs twice, so this is not checked.
struct assume_unique {};

} // namespace metatensor
