// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/exports.h>
#include <metatensor/torch/tensor.hpp>

// Sums, means, variances and standard deviations over samples or properties. Additions are in the same order
// in every run, on every device; float16 and bfloat16 are summed in float32.

namespace metatensor_torch {

/// Sum over the samples of each block of `tensor` that differ only in the dimensions `sample_names`.
///
/// `sample_names` is a name or a list of names. The samples of the result have the other dimensions, sorted;
/// if none remains, all become one with the dimension `_`. A block without samples stays without.
///
/// Gradients are summed in the same way: entries whose samples become the same, and which agree in their
/// other dimensions, become one. Gradients of gradients are carried too.
///
/// Errors: ValueError if a name is no dimension of the samples.
METATENSOR_TORCH_EXPORT TensorMap sum_over_samples(const TensorMap& tensor,
                                                   const torch::IValue& sample_names);

/// The same as `sum_over_samples`, for a single `block`.
METATENSOR_TORCH_EXPORT TensorBlock sum_over_samples_block(const TensorBlock& block,
                                                           const torch::IValue& sample_names);

/// Sum over the properties of each block of `tensor` that differ only in the dimensions `property_names`.
///
/// `property_names` is a name or a list of names. The properties of the result have the other dimensions,
/// sorted; if none remains, all become one with the dimension `_`. A block without properties stays without.
///
/// Gradients, and gradients of these, are summed in the same way.
///
/// Errors: ValueError if a name is no dimension of the properties.
METATENSOR_TORCH_EXPORT TensorMap sum_over_properties(const TensorMap& tensor,
                                                      const torch::IValue& property_names);

/// The same as `sum_over_properties`, for a single `block`.
METATENSOR_TORCH_EXPORT TensorBlock sum_over_properties_block(const TensorBlock& block,
                                                              const torch::IValue& property_names);

/// Mean over the samples of each block of `tensor` that differ only in the dimensions `sample_names`.
///
/// `sample_names` is a name or a list of names. The samples of the result have the other dimensions, sorted;
/// if none remains, all become one with the dimension `_`. A block without samples stays without.
///
/// Gradients are summed in the same way and divided by the number of samples of the group, however many of
/// them have an entry in the gradient: where there is none, the gradient is zero. So are gradients of
/// gradients. Integers become floating point numbers of torch's default type.
///
/// Errors: ValueError if a name is no dimension of the samples.
METATENSOR_TORCH_EXPORT TensorMap mean_over_samples(const TensorMap& tensor,
                                                    const torch::IValue& sample_names);

/// The same as `mean_over_samples`, for a single `block`.
METATENSOR_TORCH_EXPORT TensorBlock mean_over_samples_block(const TensorBlock& block,
                                                            const torch::IValue& sample_names);

/// Mean over the properties of each block of `tensor` that differ only in the dimensions `property_names`.
///
/// `property_names` is a name or a list of names. The properties of the result have the other dimensions,
/// sorted; if none remains, all become one with the dimension `_`. A block without properties stays without.
///
/// Gradients, and gradients of these, are averaged in the same way. Integers become floating point numbers of
/// torch's default type.
///
/// Errors: ValueError if a name is no dimension of the properties.
METATENSOR_TORCH_EXPORT TensorMap mean_over_properties(const TensorMap& tensor,
                                                       const torch::IValue& property_names);

/// The same as `mean_over_properties`, for a single `block`.
METATENSOR_TORCH_EXPORT TensorBlock mean_over_properties_block(const TensorBlock& block,
                                                               const torch::IValue& property_names);

/// Variance over the samples of each block of `tensor` that differ only in the dimensions `sample_names`.
///
/// `sample_names` is a name or a list of names. The samples of the result have the other dimensions, sorted;
/// if none remains, all become one with the dimension `_`. A block without samples stays without.
///
/// The variance of the n samples of a group is v = 1 / n sum_i |x_i - m|^2, m being their mean, computed in
/// two passes. Its gradient is 2 / n sum_i (x_i - m) dx_i, the sum being over the entries of the gradient; of
/// complex values, the real part of conj(x_i - m) dx_i. Integers become floating point numbers of torch's
/// default type. The result has no `info`, since its unit is another one.
///
/// Errors: ValueError if a name is no dimension of the samples, NotImplementedError for
/// gradients of gradients.
METATENSOR_TORCH_EXPORT TensorMap var_over_samples(const TensorMap& tensor,
                                                   const torch::IValue& sample_names);

/// The same as `var_over_samples`, for a single `block`.
METATENSOR_TORCH_EXPORT TensorBlock var_over_samples_block(const TensorBlock& block,
                                                           const torch::IValue& sample_names);

/// Variance over the properties of each block of `tensor` that differ only in the dimensions
/// `property_names`.
///
/// `property_names` is a name or a list of names. The properties of the result have the other dimensions,
/// sorted; if none remains, all become one with the dimension `_`. A block without properties stays without.
///
/// The variance of the n properties of a group is v = 1 / n sum_i |x_i - m|^2, m being their mean, computed
/// in two passes. Its gradient is 2 / n sum_i (x_i - m) dx_i; of complex values, the real part of conj(x_i -
/// m) dx_i. Integers become floating point numbers of torch's default type. The result has no `info`, since
/// its unit is another one.
///
/// Errors: ValueError if a name is no dimension of the properties, NotImplementedError for
/// gradients of gradients.
METATENSOR_TORCH_EXPORT TensorMap var_over_properties(const TensorMap& tensor,
                                                      const torch::IValue& property_names);

/// The same as `var_over_properties`, for a single `block`.
METATENSOR_TORCH_EXPORT TensorBlock var_over_properties_block(const TensorBlock& block,
                                                              const torch::IValue& property_names);

/// Standard deviation over the samples of each block of `tensor` that differ only in the dimensions
/// `sample_names`.
///
/// `sample_names` is a name or a list of names. The samples of the result have the other dimensions, sorted;
/// if none remains, all become one with the dimension `_`. A block without samples stays without.
///
/// It is s = sqrt(v), with the variance v of `var_over_samples`, and its gradient is 1 / (n s) sum_i (x_i -
/// m) dx_i. Where s is 0 it has no derivative: gradients and autograd give 0 there.
///
/// Errors: ValueError if a name is no dimension of the samples, NotImplementedError for
/// gradients of gradients.
METATENSOR_TORCH_EXPORT TensorMap std_over_samples(const TensorMap& tensor,
                                                   const torch::IValue& sample_names);

/// The same as `std_over_samples`, for a single `block`.
METATENSOR_TORCH_EXPORT TensorBlock std_over_samples_block(const TensorBlock& block,
                                                           const torch::IValue& sample_names);

/// Standard deviation over the properties of each block of `tensor` that differ only in the dimensions
/// `property_names`.
///
/// `property_names` is a name or a list of names. The properties of the result have the other dimensions,
/// sorted; if none remains, all become one with the dimension `_`. A block without properties stays without.
///
/// It is s = sqrt(v), with the variance v of `var_over_properties`, and its gradient is 1 / (n s)
/// sum_i (x_i - m) dx_i. Where s is 0 it has no derivative: gradients and autograd give 0 there.
///
/// Errors: ValueError if a name is no dimension of the properties, NotImplementedError for
/// gradients of gradients.
METATENSOR_TORCH_EXPORT TensorMap std_over_properties(const TensorMap& tensor,
                                                      const torch::IValue& property_names);

/// The same as `std_over_properties`, for a single `block`.
METATENSOR_TORCH_EXPORT TensorBlock std_over_properties_block(const TensorBlock& block,
                                                              const torch::IValue& property_names);

} // namespace metatensor_torch
