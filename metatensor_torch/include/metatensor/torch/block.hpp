// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch/exports.h>
#include <metatensor/torch/labels.hpp>

namespace metatensor_torch {

class TensorBlockHolder;
/// Handle of a block, as TorchScript holds it
using TensorBlock = torch::intrusive_ptr<TensorBlockHolder>;

namespace details {

/// Values, labels and gradients of a block; shared by the block and the views of it.
struct BlockData;

} // namespace details

/// Values [n_samples, n_component_1, ..., n_properties] with the labels of each axis, and gradients of these
/// values. A block that was given to a TensorMap or to `release` can not be used any more: RuntimeError.
class METATENSOR_TORCH_EXPORT TensorBlockHolder final : public torch::CustomClassHolder {
  public:
    /// Block with these values and labels, one for each axis. RuntimeError if the number of dimensions, the
    /// length of an axis or a device is wrong, or if components have several dimensions, no entry or the same
    /// name. Samples and properties may be empty.
    TensorBlockHolder(torch::Tensor values, Labels samples, std::vector<Labels> components,
                      Labels properties);

    /// Copy that owns its gradients; with new values if `deep`, else sharing the tensors.
    TensorBlock copy(bool deep = true) const;

    /// Values of this block
    const torch::Tensor& values() const;
    /// Labels of dimension `axis` of the values, negative ones count from the end; IndexError if there is
    /// none.
    Labels labels(int64_t axis) const;
    /// Labels of the first axis
    const Labels& samples() const;
    /// Labels of the axes between samples and properties, one dimension each
    const std::vector<Labels>& components() const;
    /// Labels of the last axis
    const Labels& properties() const;
    /// Number of samples
    int64_t len() const;
    /// Shape of the values
    std::vector<int64_t> shape() const;
    /// Device of values and labels
    torch::Device device() const;
    /// Type of the values
    torch::ScalarType scalar_type() const;
    /// Whether this is part of a TensorMap or of another block
    bool is_view() const;

    /// Adds (shallow copies of) the gradients with respect to `parameter`. The first dimension of their
    /// samples is "sample", the place of the sample in this block; their components end with those of this
    /// block; properties, type and device are the same. RuntimeError otherwise, or if there is such a
    /// gradient already.
    void add_gradient(const std::string& parameter, const TensorBlock& gradient);
    /// Parameters that there are gradients for
    std::vector<std::string> gradients_list() const;
    /// Whether there are gradients with respect to `parameter`
    bool has_gradient(const std::string& parameter) const;
    /// View of the gradients with respect to `parameter`; RuntimeError if there are none.
    static TensorBlock gradient(const TensorBlock& self, const std::string& parameter);
    /// Views of all gradients with their parameters
    static std::vector<std::tuple<std::string, TensorBlock>> gradients(const TensorBlock& self);

    /// This block with other type or device of values and gradients (labels move too). `arrays` must be
    /// "torch".
    TensorBlock to(std::optional<torch::ScalarType> dtype = std::nullopt,
                   std::optional<torch::Device> device = std::nullopt,
                   const std::optional<std::string>& arrays = std::nullopt, bool non_blocking = false) const;
    /// The same, with type (int) and device (string or device) in any order as first arguments;
    /// ValueError if one is given twice, TypeError for other arguments.
    TensorBlock to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                              std::optional<torch::ScalarType> dtype, std::optional<torch::Device> device,
                              const std::optional<std::string>& arrays, bool non_blocking = false) const;

    /// Text with shape, names of the labels and gradients
    std::string repr() const;

    /// Block in the `.mts` file at `path`
    static TensorBlock load(const std::string& path);
    /// Block in a serialized buffer, uint8 [n]
    static TensorBlock load_buffer(torch::Tensor buffer);
    /// Writes this block to a `.mts` file.
    void save(const std::string& path) const;
    /// This block in the `.mts` format, uint8 [n]
    torch::Tensor save_buffer() const;

    /// View of a block or of a gradient (`gradient_name`: its parameters, joined by "/"): for this library
    /// itself.
    TensorBlockHolder(std::shared_ptr<details::BlockData> data, std::string gradient_name);
    /// Content of this block, which ends its use: RuntimeError for a view. For this library itself.
    std::shared_ptr<details::BlockData> take();
    /// Content of this block; RuntimeError after `take`. For this library itself.
    details::BlockData& data() const;
    /// The same, shared; RuntimeError for a view. For this library itself.
    std::shared_ptr<details::BlockData> shared() const;

    /// Block that owns `data`: for this library itself.
    static TensorBlock own(std::shared_ptr<details::BlockData> data);

  private:
    std::shared_ptr<details::BlockData> data_;
    std::string gradient_name_;
    bool is_view_ = false;
};

} // namespace metatensor_torch
