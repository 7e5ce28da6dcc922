// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

namespace metatensor_torch::details {

/// While it lives, this thread makes tensors as it does outside of inference_mode, of modes of Python and of
/// transforms: for what is kept longer than these, and made of tensors that have data.
class OutsideOfModes {
    c10::InferenceMode inference_{false};
    c10::impl::ForceDispatchKeyGuard keys_{c10::default_included_set, c10::default_excluded_set};
};

} // namespace metatensor_torch::details
