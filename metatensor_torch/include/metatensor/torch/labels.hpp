// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <torch/script.h>

#include <metatensor.hpp>
#include <metatensor/torch/exports.h>

namespace metatensor_torch {

class LabelsHolder;
/// Handle of a `LabelsHolder`, as TorchScript holds it
using Labels = torch::intrusive_ptr<LabelsHolder>;

class LabelsEntryHolder;
/// Handle of a `LabelsEntryHolder`, as TorchScript holds it
using LabelsEntry = torch::intrusive_ptr<LabelsEntryHolder>;

namespace details {

/// Rows of labels with their copies and look-up index; shared by all labels that have the same rows.
class LabelsData;

/// Names in `names` (string, list of strings or tuple of strings) as a vector. Errors: TypeError, which
/// starts with `context`, for anything else.
METATENSOR_TORCH_EXPORT std::vector<std::string> normalize_names(const torch::IValue& names,
                                                                 const std::string& context);

} // namespace details

/// Immutable set of unique entries, the metadata of one axis: int32 rows [n_entries, n_dimensions] with one
/// name for each dimension.
///
/// The rows live on any device. What is asked of them is answered there; look-ups use an index that is built
/// when it is first needed and shared by all copies.
class METATENSOR_TORCH_EXPORT LabelsHolder final : public torch::CustomClassHolder {
  public:
    /// Labels with the dimensions `names` (a string, or a list or tuple of strings) and the entries `values`,
    /// an integer tensor [n_entries, n_dimensions] that must not be changed afterwards: int32 values are
    /// shared, others converted. `values` may have no row. That all entries differ is checked, unless
    /// `assume_unique`.
    ///
    /// Errors: TypeError for names that are no strings; RuntimeError for names that are no identifiers or not
    /// unique, and for entries that occur twice; ValueError for values of another shape or type or outside of
    /// int32, or that require gradients.
    LabelsHolder(torch::IValue names, torch::Tensor values);
    /// The same without the check for entries that occur twice; needs no pass over int32 values.
    LabelsHolder(torch::IValue names, torch::Tensor values, metatensor::assume_unique);
    /// The same from a vector of names
    LabelsHolder(std::vector<std::string> names, torch::Tensor values);
    /// The same from a vector of names, without the check for entries that occur twice
    LabelsHolder(std::vector<std::string> names, torch::Tensor values, metatensor::assume_unique);

    /// Labels on the CPU with the dimensions `names` and the entries `values` written as lists. Errors:
    /// ValueError if an entry has not one value for each name, RuntimeError as for the constructor.
    static Labels create(std::vector<std::string> names,
                         const std::vector<std::initializer_list<int32_t>>& values);
    /// Labels with one dimension `_` and one entry, 0: for axes without metadata
    static Labels single();
    /// Labels with the dimensions `names` (a string, or a list or tuple of strings) and no entries. Errors:
    /// as for `names` of the constructor, TypeError or RuntimeError.
    static Labels empty(torch::IValue names);
    /// Labels with one dimension, `name`, and the entries 0, 1, ... `end` - 1. Errors: ValueError unless
    /// `end` is in [0, 2^31], RuntimeError if `name` is no identifier.
    static Labels range(std::string name, int64_t end);

    /// Names of the dimensions
    const std::vector<std::string>& names() const { return names_; }
    /// Entries, int32 [n_entries, n_dimensions]; not to be changed
    const torch::Tensor& values() const { return values_; }
    /// Device of the values
    torch::Device device() const { return values_.device(); }
    /// Number of entries
    int64_t count() const { return values_.size(0); }
    /// Number of dimensions
    int64_t size() const { return values_.size(1); }

    /// Values of the dimension `dimension`, a view [n_entries]; not to be changed. Errors: ValueError if
    /// there is no such dimension.
    torch::Tensor column(const std::string& dimension) const;

    /// Same entries with one more dimension, `name`, at the end, with the integers `values` [n_entries].
    /// Errors: ValueError for values of another shape, type or device or outside of int32, RuntimeError if
    /// `name` is no identifier or there already.
    Labels append(std::string name, torch::Tensor values) const;
    /// Same entries with one more dimension, `name`, before dimension number `index`, with the integers
    /// `values` [n_entries]. Errors: IndexError unless `index` is in [0, n_dimensions], and those of
    /// `append`.
    Labels insert(int64_t index, std::string name, torch::Tensor values) const;
    /// Same entries with dimension `dimensions_indexes[i]` at place i; negative indices count from the end.
    /// Errors: ValueError unless there is one index for each dimension, IndexError for one that is out of
    /// range, RuntimeError for one that is there twice.
    Labels permute(const std::vector<int64_t>& dimensions_indexes) const;
    /// Entries without dimension `name`. Errors: ValueError if there is no such dimension, RuntimeError if
    /// two entries become equal.
    Labels remove(const std::string& name) const;
    /// Same entries with dimension `old` under the name `new`. Errors: ValueError if there is no dimension
    /// `old`, RuntimeError if `new` is no identifier or there already.
    Labels rename(const std::string& old, std::string new_name) const;

    /// Same labels on `device`; with `non_blocking`, a copy to a GPU is not waited for. Each copy is made
    /// once and kept, so that moving back and forth is free. Errors: RuntimeError for a device that is not
    /// there, TypeError for what is no device.
    Labels to(torch::Device device, bool non_blocking = false) const;
    /// The same where `device` is None (no change), a string or a device
    Labels to(const torch::IValue& device, bool non_blocking = false) const;

    /// Place of `entry` (LabelsEntry, integer tensor [n_dimensions], or list or tuple of integers), or None
    /// if it is not here. Errors: TypeError for anything else, RuntimeError or ValueError if it has another
    /// number of dimensions.
    std::optional<int64_t> position(const torch::IValue& entry) const;
    /// The same for the `size` values at `entry`
    std::optional<int64_t> position(const int32_t* entry, int64_t size) const;

    /// Entries of this, then those of `other` that are not in this. Errors: RuntimeError unless the names are
    /// the same.
    Labels set_union(const Labels& other) const;
    /// Union with `other`, and for each entry of this and of `other` its place there: int64 [n_entries], on
    /// the device of this. Errors: RuntimeError unless the names are the same.
    std::tuple<Labels, torch::Tensor, torch::Tensor> union_and_mapping(const Labels& other) const;
    /// Entries that are in this and in `other`, in the order of the set that has fewer entries (of this, if
    /// both have the same number). Errors: RuntimeError unless the names are the same.
    Labels set_intersection(const Labels& other) const;
    /// Intersection with `other`, and for each entry of this and of `other` its place there or -1: int64
    /// [n_entries], on the device of this. Errors: RuntimeError unless the names are the same.
    std::tuple<Labels, torch::Tensor, torch::Tensor> intersection_and_mapping(const Labels& other) const;
    /// Entries of this that are not in `other`. Errors: RuntimeError unless the names are the same.
    Labels set_difference(const Labels& other) const;
    /// Entries of this that are not in `other`, and for each entry of this its place there or -1: int64
    /// [n_entries], on the device of this. Errors: RuntimeError unless the names are the same.
    std::tuple<Labels, torch::Tensor> difference_and_mapping(const Labels& other) const;
    /// Places, int64 [n_selected], of the entries that agree with an entry of `selection` in all its
    /// dimensions: in the order of the selection if it has the dimensions of this, else ascending. All, if it
    /// has no dimension. Errors: RuntimeError if it has a dimension that this lacks.
    torch::Tensor select(const Labels& selection) const;

    /// Table of names and entries; more than `max_entries` of them (all, if negative) are cut in the middle.
    /// All lines but the first are indented by `indent` spaces.
    std::string print(int64_t max_entries, int64_t indent = 0) const;
    /// Text with four entries at most
    std::string str() const;
    /// Text with all entries
    std::string repr() const;

    /// Labels in the `.npy` file named `file`. Errors: RuntimeError if it can not be read, or holds no
    /// labels.
    static Labels load(const std::string& file);
    /// Labels in `buffer`, the content of such a file, uint8 [n_bytes]. Errors: RuntimeError if it holds no
    /// labels, ValueError for another type or device.
    static Labels load_buffer(torch::Tensor buffer);
    /// Writes these labels to the `.npy` file named `file`, which is replaced. Errors: RuntimeError if it can
    /// not be written.
    void save(const std::string& file) const;
    /// Content of the file that `save` writes, uint8 [n_bytes]
    torch::Tensor save_buffer() const;

    /// Whether `other` has the same names, entries and order; false on different devices that share no rows.
    bool operator==(const LabelsHolder& other) const;

    /// Labels over rows that are known already: for this library itself.
    LabelsHolder(std::vector<std::string> names, torch::Tensor values,
                 std::shared_ptr<details::LabelsData> data);
    /// Rows with their copies and index: for this library itself.
    const std::shared_ptr<details::LabelsData>& data() const { return data_; }

  private:
    std::vector<std::string> names_;
    torch::Tensor values_;
    std::shared_ptr<details::LabelsData> data_;
};

/// One entry of a set of labels, with its names. It can not be pickled.
class METATENSOR_TORCH_EXPORT LabelsEntryHolder final : public torch::CustomClassHolder {
  public:
    /// Entry number `index` of `labels`, negative indices count from the end. Errors: IndexError if there is
    /// none.
    LabelsEntryHolder(Labels labels, int64_t index);

    /// Names of the dimensions
    const std::vector<std::string>& names() const { return labels_->names(); }
    /// Values, int32 [n_dimensions], a view of a row of the labels; not to be changed
    torch::Tensor values() const { return labels_->values()[index_]; }
    /// Device of the values
    torch::Device device() const { return labels_->device(); }
    /// Number of dimensions
    int64_t size() const { return labels_->size(); }

    /// Value of dimension number `index`, negative ones count from the end. Errors: IndexError if there is
    /// none.
    int32_t operator[](int64_t index) const;
    /// Value of dimension `name`. Errors: ValueError if there is none.
    int32_t operator[](const std::string& name) const;
    /// One of these two. Errors: TypeError if `index` is neither an integer nor a string.
    int64_t getitem(const torch::IValue& index) const;

    /// The `size()` values, on the host
    const int32_t* host_values() const;

    /// Text of the form `(a=1, b=2)`
    std::string print() const;
    /// Text of the form `LabelsEntry(a=1, b=2)`
    std::string repr() const;

    /// Whether `other` has the same names and values
    bool operator==(const LabelsEntryHolder& other) const;

  private:
    Labels labels_;
    int64_t index_;
};

} // namespace metatensor_torch
