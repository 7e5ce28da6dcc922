// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/exports.h>
#include <metatensor/torch/labels.hpp>

namespace metatensor_torch {

class TensorMapHolder;
/// Handle of a `TensorMapHolder`, as TorchScript holds it
using TensorMap = torch::intrusive_ptr<TensorMapHolder>;

/// Blocks with one key each, and a dictionary of texts (`info`)
class METATENSOR_TORCH_EXPORT TensorMapHolder final : public torch::CustomClassHolder {
  public:
    /// Map of `blocks` under the `keys`, one entry for each block. The map takes the blocks over: these
    /// objects can not be used afterwards (give `block.copy()` to keep one).
    ///
    /// Errors: RuntimeError if there are not as many blocks as keys, if names of labels, gradients, type or
    /// device are not the same in all of them, for views, and for blocks that are given twice.
    TensorMapHolder(Labels keys, const std::vector<TensorBlock>& blocks);

    /// Copy of this map; with new values if `deep`, else sharing the tensors.
    TensorMap copy(bool deep = true) const;

    /// Keys of the blocks
    const Labels& keys() const { return keys_; }
    /// Names of the samples of all blocks; none if there is no block.
    std::vector<std::string> sample_names() const;
    /// Names of the components of all blocks; none if there is no block.
    std::vector<std::string> component_names() const;
    /// Names of the properties of all blocks; none if there is no block.
    std::vector<std::string> property_names() const;
    /// Device of the keys and blocks
    torch::Device device() const { return keys_->device(); }
    /// Type of the values; torch's default type if there is no block.
    torch::ScalarType scalar_type() const;
    /// Whether this is part of another object: never
    bool is_view() const { return false; }

    /// View of block number `index`, negative ones count from the end. Errors: IndexError if there is none.
    static TensorBlock block_by_id(const TensorMap& self, int64_t index);
    /// View of the only block whose key agrees with `selection`: some dimensions of the keys with their
    /// values, as a dictionary, as labels with one entry, or as an entry of labels; the number of the block;
    /// or None, for a map that has one block.
    ///
    /// Errors: ValueError if no block agrees, or more than one; RuntimeError for dimensions that the keys
    /// lack; IndexError for a number out of range; TypeError for other selections.
    static TensorBlock block(const TensorMap& self, const std::map<std::string, int32_t>& selection);
    /// The same for labels with one entry as `selection`
    static TensorBlock block(const TensorMap& self, const Labels& selection);
    /// The same for an entry of labels as `selection`
    static TensorBlock block(const TensorMap& self, const LabelsEntry& selection);
    /// The same as `block`, for any `selection`
    static TensorBlock block_torch(const TensorMap& self, const torch::IValue& selection);

    /// Views of the blocks with the numbers `indices`, negative ones count from the end. Errors: IndexError
    /// if there is none.
    static std::vector<TensorBlock> blocks_by_id(const TensorMap& self, const std::vector<int64_t>& indices);
    /// Views of the blocks whose keys agree with `selection`, which is as for `block`, or a list of numbers,
    /// or None for all; there may be none.
    ///
    /// Errors: RuntimeError for dimensions that the keys lack, IndexError for a number out of range,
    /// ValueError for other selections.
    static std::vector<TensorBlock> blocks(const TensorMap& self,
                                           const std::map<std::string, int32_t>& selection);
    /// Views of all blocks
    static std::vector<TensorBlock> blocks(const TensorMap& self);
    /// The same for labels with one entry as `selection`
    static std::vector<TensorBlock> blocks(const TensorMap& self, const Labels& selection);
    /// The same for an entry of labels as `selection`
    static std::vector<TensorBlock> blocks(const TensorMap& self, const LabelsEntry& selection);
    /// The same as `blocks`, for any `selection`
    static std::vector<TensorBlock> blocks_torch(const TensorMap& self, const torch::IValue& selection);
    /// Keys and views of all blocks
    static std::vector<std::tuple<LabelsEntry, TensorBlock>> items(const TensorMap& self);

    /// Map in which blocks whose keys only differ in `keys_to_move` (names as string, list or tuple, or
    /// Labels) are merged along the properties, named moved dimensions ++ old properties.
    ///
    /// Labels with entries say which values of the moved dimensions there are, in which order; the merged
    /// blocks must have the same properties then. Samples are the union of those of the blocks, sorted if
    /// `sort_samples`, and where a block has no values there is `fill_value`.
    ///
    /// Errors: RuntimeError if the keys lack a dimension, if components differ, for gradients of gradients
    /// and for empty maps.
    TensorMap keys_to_properties(const torch::IValue& keys_to_move, const torch::Scalar& fill_value = 0,
                                 bool sort_samples = true) const;
    /// Map in which blocks whose keys only differ in `keys_to_move` (names as string, list or tuple, or
    /// Labels without entries) are merged along the samples, named old samples ++ moved dimensions.
    ///
    /// Samples are sorted if `sort_samples`, else in the order of the blocks. Properties are the union of
    /// those of the blocks, and where a block has no values there is `fill_value`.
    ///
    /// Errors: RuntimeError if the keys lack a dimension, if components differ, for Labels with entries, for
    /// gradients of gradients and for empty maps.
    TensorMap keys_to_samples(const torch::IValue& keys_to_move, const torch::Scalar& fill_value = 0,
                              bool sort_samples = true) const;
    /// Map in which the components `dimensions` (string, list or tuple) are moved one after the other to the
    /// properties, named moved component ++ old properties. Errors: RuntimeError if there is no such
    /// component.
    TensorMap components_to_properties(const torch::IValue& dimensions) const;

    /// Attaches the text `value` under the name `key`, in place of the one that was there.
    void set_info(const std::string& key, const std::string& value);
    /// Text under the name `key`, None if there is none
    std::optional<std::string> get_info(const std::string& key) const;
    /// Copy of the dictionary of all texts
    c10::Dict<std::string, std::string> info() const;

    /// This map with another type `dtype` of values and gradients, on another device `device`, to which keys
    /// and labels move too, or both; with `non_blocking`, copies to a GPU are not waited for. `arrays` must
    /// be "torch" or None. In Python and TorchScript, type and device can also be given as first arguments,
    /// in any order. What is as wanted already is shared.
    ///
    /// Errors: ValueError if type or device is given twice, or for other `arrays`; TypeError for other
    /// arguments; RuntimeError for a device that is not there.
    TensorMap to(std::optional<torch::ScalarType> dtype = std::nullopt,
                 std::optional<torch::Device> device = std::nullopt,
                 const std::optional<std::string>& arrays = std::nullopt, bool non_blocking = false) const;
    /// The same as `to`, with type (int) and device (string or device) in any order as `positional_1` and
    /// `positional_2`
    TensorMap to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                            std::optional<torch::ScalarType> dtype, std::optional<torch::Device> device,
                            const std::optional<std::string>& arrays, bool non_blocking = false) const;

    /// Text with at most `max_keys` keys (all, if negative) and the shape of the blocks
    std::string print(int64_t max_keys) const;

    /// Map in the `.mts` file named `file`. Errors: RuntimeError if it can not be read, or holds no map.
    static TensorMap load(const std::string& file);
    /// Map in `buffer`, the content of such a file, uint8 [n_bytes]. Errors: RuntimeError if it holds no map,
    /// ValueError for another type or device.
    static TensorMap load_buffer(torch::Tensor buffer);
    /// Writes this map to the `.mts` file named `file`, which is replaced. Errors: RuntimeError if it can not
    /// be written, ValueError for names of gradients that the format can not keep apart, TypeError for values
    /// of a type that it does not have.
    void save(const std::string& file) const;
    /// Content of the file that `save` writes, uint8 [n_bytes]. Errors: as for `save`.
    torch::Tensor save_buffer() const;

    /// Map over the content of blocks that fit together: for this library itself.
    TensorMapHolder(Labels keys, std::vector<std::shared_ptr<details::BlockData>> blocks,
                    std::vector<std::pair<std::string, std::string>> info);
    /// Content of the blocks: for this library itself.
    const std::vector<std::shared_ptr<details::BlockData>>& data() const { return blocks_; }
    /// Entries of the dictionary: for this library itself.
    const std::vector<std::pair<std::string, std::string>>& info_entries() const { return info_; }

  private:
    Labels keys_;
    std::vector<std::shared_ptr<details::BlockData>> blocks_;
    std::vector<std::pair<std::string, std::string>> info_;
};

} // namespace metatensor_torch
