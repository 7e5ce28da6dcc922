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
/// Handle of a tensor map, as TorchScript holds it
using TensorMap = torch::intrusive_ptr<TensorMapHolder>;

/// Blocks with one key each, and a dictionary of texts (`info`)
class METATENSOR_TORCH_EXPORT TensorMapHolder final : public torch::CustomClassHolder {
  public:
    /// Map of `blocks`, which can not be used afterwards. RuntimeError if their number is not that of the
    /// keys, if names of labels, gradients, type or device are not the same in all of them, or for views.
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

    /// View of a block; negative indices count from the end, IndexError if there is none.
    static TensorBlock block_by_id(const TensorMap& self, int64_t index);
    /// View of the only block that matches the selection; ValueError if none or more than one does.
    static TensorBlock block(const TensorMap& self, const std::map<std::string, int32_t>& selection);
    /// The same for labels with one entry
    static TensorBlock block(const TensorMap& self, const Labels& selection);
    /// The same for an entry
    static TensorBlock block(const TensorMap& self, const LabelsEntry& selection);
    /// The same for an index, a Dict(str, int), Labels, a LabelsEntry, or None for the only block of the map
    static TensorBlock block_torch(const TensorMap& self, const torch::IValue& selection);

    /// Views of several blocks
    static std::vector<TensorBlock> blocks_by_id(const TensorMap& self, const std::vector<int64_t>& indices);
    /// Views of all blocks
    static std::vector<TensorBlock> blocks(const TensorMap& self);
    /// Views of the blocks that match the selection, none if there are none
    static std::vector<TensorBlock> blocks(const TensorMap& self,
                                           const std::map<std::string, int32_t>& selection);
    /// The same for labels with one entry
    static std::vector<TensorBlock> blocks(const TensorMap& self, const Labels& selection);
    /// The same for an entry
    static std::vector<TensorBlock> blocks(const TensorMap& self, const LabelsEntry& selection);
    /// The same for an index, a list of them, a Dict(str, int), Labels, a LabelsEntry, or None for all
    static std::vector<TensorBlock> blocks_torch(const TensorMap& self, const torch::IValue& selection);
    /// Keys and views of all blocks
    static std::vector<std::tuple<LabelsEntry, TensorBlock>> items(const TensorMap& self);

    /// Map in which blocks whose keys only differ in `keys_to_move` (names as string, list or tuple, or
    /// Labels) are merged along the properties, named moved dimensions ++ old properties. Labels with entries
    /// say which values of the moved dimensions there are, in which order; the merged blocks must have the
    /// same properties then. Samples are the union of those of the blocks, sorted if `sort_samples`, and
    /// where a block has no values there is `fill_value`. RuntimeError if components differ, for gradients of
    /// gradients and for empty maps.
    TensorMap keys_to_properties(const torch::IValue& keys_to_move, const torch::Scalar& fill_value = 0,
                                 bool sort_samples = true) const;
    /// The same along the samples, named old samples ++ moved dimensions. Properties are the union of those
    /// of the blocks. RuntimeError for Labels with entries.
    TensorMap keys_to_samples(const torch::IValue& keys_to_move, const torch::Scalar& fill_value = 0,
                              bool sort_samples = true) const;
    /// Map in which the components `dimensions` (string, list or tuple) are moved one after the other to the
    /// properties, named moved component ++ old properties; RuntimeError if there is no such component.
    TensorMap components_to_properties(const torch::IValue& dimensions) const;

    /// Sets the text `key` of the dictionary.
    void set_info(const std::string& key, const std::string& value);
    /// Text `key` of the dictionary, if there is one
    std::optional<std::string> get_info(const std::string& key) const;
    /// Copy of the dictionary
    c10::Dict<std::string, std::string> info() const;

    /// Map with other type or device of all blocks (keys and labels move too). `arrays` must be "torch".
    TensorMap to(std::optional<torch::ScalarType> dtype = std::nullopt,
                 std::optional<torch::Device> device = std::nullopt,
                 const std::optional<std::string>& arrays = std::nullopt, bool non_blocking = false) const;
    /// The same, with type (int) and device (string or device) in any order as first arguments
    TensorMap to_positional(const torch::IValue& positional_1, const torch::IValue& positional_2,
                            std::optional<torch::ScalarType> dtype, std::optional<torch::Device> device,
                            const std::optional<std::string>& arrays, bool non_blocking = false) const;

    /// Text with at most `max_keys` keys (all, if negative) and the shape of the blocks
    std::string print(int64_t max_keys) const;

    /// Map in the `.mts` file at `path`
    static TensorMap load(const std::string& path);
    /// Map in a serialized buffer, uint8 [n]
    static TensorMap load_buffer(torch::Tensor buffer);
    /// Writes this map to a `.mts` file.
    void save(const std::string& path) const;
    /// This map in the `.mts` format, uint8 [n]
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
