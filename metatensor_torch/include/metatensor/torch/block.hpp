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
/// Handle of a `TensorBlockHolder`, as TorchScript holds it
using TensorBlock = torch::intrusive_ptr<TensorBlockHolder>;

namespace details {

/// Values, labels and gradients of a block; shared by the block and the views of it.
struct BlockData;

} // namespace details

/// Values [n_samples, n_component_1, ..., n_properties] with the labels of each axis, and gradients of these
/// values.
///
/// A block that was given to a TensorMap can not be used any more: RuntimeError.
class METATENSOR_TORCH_EXPORT TensorBlockHolder final : public torch::CustomClassHolder {
  public:
    /// Block with the values `values` [n_samples, n_component_1, ..., n_properties] and the labels of each
    /// axis: `samples` of the first, `components` of those between, with one dimension each, `properties` of
    /// the last. Samples and properties may be empty.
    ///
    /// Errors: RuntimeError if the number of dimensions, the length of an axis or a device is wrong, or if
    /// components have several dimensions, no entry or the same name.
    TensorBlockHolder(torch::Tensor values, Labels samples, std::vector<Labels> components,
                      Labels properties);

    /// Copy that can be given to a map, also of a view; with new values if `deep`, else sharing the tensors.
    TensorBlock copy(bool deep = true) const;

    /// Values [n_samples, n_component_1, ..., n_properties]. They can not be replaced, only changed:
    /// `block.values[:] = new_values`
    const torch::Tensor& values() const;
    /// Labels of axis number `axis` of the values, negative ones count from the end. Errors: IndexError if
    /// there is none.
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

    /// Adds a shallow copy of `gradient`, the derivatives of the values with respect to `parameter`.
    ///
    /// The first dimension of its samples is "sample", the place of the sample in this block; its components
    /// end with those of this block; properties, type and device are the same. Errors: RuntimeError
    /// otherwise, if there is such a gradient already, or for a block in a map.
    void add_gradient(const std::string& parameter, const TensorBlock& gradient);
    /// Names of the parameters that there are gradients for
    std::vector<std::string> gradients_list() const;
    /// Whether there are gradients with respect to `parameter`
    bool has_gradient(const std::string& parameter) const;
    /// View of the gradients with respect to `parameter`. Errors: RuntimeError if there are none.
    static TensorBlock gradient(const TensorBlock& self, const std::string& parameter);
    /// Names of all parameters, with views of the gradients
    static std::vector<std::tuple<std::string, TensorBlock>> gradients(const TensorBlock& self);

    /// This block with another type `dtype` of values and gradients, on another device `device`, to which
    /// labels move too, or both; with `non_blocking`, copies to a GPU are not waited for. `arrays` must be
    /// "torch" or None. In Python and TorchScript, type and device can also be given as first arguments, in
    /// any order. What is as wanted already is shared.
    ///
    /// Errors: ValueError if type or device is given twice, or for other `arrays`; TypeError for other
    /// arguments; RuntimeError for a device that is not there.
    TensorBlock to(std::optional<torch::ScalarType> dtype = std::nullopt,
                   std::optional<torch::Device> device = std::nullopt,
                   const std::optional<std::string>& arrays = std::nullopt, bool non_blocking = false) const;
    /// The same as `to`, with type (int) and device (string or device) in any order as `positional_1` and
    /// `positional_2`
    TensorBlock to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                              std::optional<torch::ScalarType> dtype, std::optional<torch::Device> device,
                              const std::optional<std::string>& arrays, bool non_blocking = false) const;

    /// Text with shape, names of the labels and gradients
    std::string repr() const;

    /// Block in the `.mts` file named `file`. Errors: RuntimeError if it can not be read, or holds no block.
    static TensorBlock load(const std::string& file);
    /// Block in `buffer`, the content of such a file, uint8 [n_bytes]. Errors: RuntimeError if it holds no
    /// block, ValueError for another type or device.
    static TensorBlock load_buffer(torch::Tensor buffer);
    /// Writes this block to the `.mts` file named `file`, which is replaced. Errors: RuntimeError if it can
    /// not be written, ValueError for names of gradients that the format can not keep apart, TypeError for
    /// values of a type that it does not have.
    void save(const std::string& file) const;
    /// Content of the file that `save` writes, uint8 [n_bytes]. Errors: as for `save`.
    torch::Tensor save_buffer() const;

    /// View of a block or of a gradient (`gradient_name`: its parameters, joined by "/"): for this library
    /// itself.
    TensorBlockHolder(std::shared_ptr<details::BlockData> data, std::string gradient_name);
    /// Content of this block, which ends its use; RuntimeError for a view. For this library itself.
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
