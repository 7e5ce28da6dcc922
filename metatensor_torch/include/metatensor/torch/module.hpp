// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include <torch/script.h>

#include <metatensor/torch/exports.h>

namespace metatensor_torch {

/// TorchScript module whose `to` also moves the Labels, TensorBlock and TensorMap that the module and its
/// submodules hold as attributes, alone or nested in lists, dictionaries and tuples. If a (sub)module has the
/// attribute `_mts_buffer_names` (a list of strings), only the attributes that it names are moved there.
///
/// What has the requested device and type already is left alone, and an object that several attributes share
/// is still shared afterwards.
class METATENSOR_TORCH_EXPORT Module : public torch::jit::Module {
  public:
    /// The same module as `module`, not a copy of it
    Module(const torch::jit::Module& module) : torch::jit::Module(module) {} // NOLINT: meant to be implicit

    /// Moves everything to `device`, and parameters, buffers and the values of blocks to type `dtype`; with
    /// `non_blocking`, copies to a GPU are not waited for. Errors: RuntimeError for a device that is not
    /// there.
    void to(torch::Device device, torch::ScalarType dtype, bool non_blocking = false);
    /// The same for the type `dtype` alone
    void to(torch::ScalarType dtype, bool non_blocking = false);
    /// The same for `device` alone
    void to(torch::Device device, bool non_blocking = false);

  private:
    void move_attributes(std::optional<torch::Device> device, std::optional<torch::ScalarType> dtype,
                         bool non_blocking);
};

} // namespace metatensor_torch
