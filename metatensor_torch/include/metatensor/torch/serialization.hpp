// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <torch/script.h>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/exports.h>
#include <metatensor/torch/labels.hpp>
#include <metatensor/torch/tensor.hpp>

/// Reading and writing of data in the `.mts` format: a zip archive of `.npy` arrays for maps and blocks, one
/// `.npy` array for labels (docs/file-formats.md). What is read is on the CPU, unless options say otherwise;
/// values on other devices are copied when they are written. Gradients that autograd would compute are not
/// kept.
///
/// Files are written beside the one that they replace, and take its place when all is written.
///
/// Errors of all functions: RuntimeError for a file that can not be opened or written, for data that are
/// damaged or end too early, and for data of another kind than was asked for; ValueError for a buffer that is
/// no contiguous tensor uint8 [n] on the CPU, and for names of gradients that the format can not keep apart;
/// TypeError for values of a type that the format does not have.
namespace metatensor_torch {

/// How a file is loaded
struct LoadOptions {
    /// Where values and labels are put
    torch::Device device = torch::kCPU;
    /// Maps the file into memory instead of reading it: values are read when they are first used, without a
    /// copy, and changing them does not change the file. Their checksums are not checked. The file must not
    /// be shortened or overwritten in place while they are in use: the system would end the program (SIGBUS)
    /// or show the new bytes; `save` is no danger, as it replaces files. Arrays that the file does not have
    /// at a multiple of their element size, that are big-endian, bool or below 4 KiB, and all labels, are
    /// read as usual.
    bool memory_map = false;
};

/// Map in the `.mts` file `file`, on the CPU. Errors: RuntimeError if the file can not be opened, is damaged
/// or ends too early, or holds something else.
METATENSOR_TORCH_EXPORT TensorMap load(const std::string& file);
/// The same, as `options` say
METATENSOR_TORCH_EXPORT TensorMap load(const std::string& file, const LoadOptions& options);
/// Map in `buffer`, the content of a `.mts` file, uint8 [n_bytes], which is copied. Errors: RuntimeError if
/// it is damaged, ends too early or holds something else, ValueError if it is no contiguous tensor of this
/// type on the CPU.
METATENSOR_TORCH_EXPORT TensorMap load_buffer(torch::Tensor buffer);
/// The same for `size` bytes at `buffer`
METATENSOR_TORCH_EXPORT TensorMap load_buffer(const uint8_t* buffer, size_t size);
/// Writes `data`, a map, a block or labels, to the file `file`, which is replaced when all is written. Data
/// on other devices are copied to the CPU. Errors: RuntimeError if it can not be written, ValueError for
/// names of gradients that the format can not keep apart, TypeError for values of a type that it does not
/// have.
METATENSOR_TORCH_EXPORT void save(const std::string& file, TensorMap data);
/// The content of the file that `save` writes for `data`, uint8 [n_bytes], on the CPU. Errors: ValueError and
/// TypeError as for `save`.
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(TensorMap data);

/// Block in the `.mts` file `file`, on the CPU. Errors: RuntimeError if the file can not be opened, is
/// damaged or ends too early, or holds something else.
METATENSOR_TORCH_EXPORT TensorBlock load_block(const std::string& file);
/// The same, as `options` say
METATENSOR_TORCH_EXPORT TensorBlock load_block(const std::string& file, const LoadOptions& options);
/// Block in `buffer`, the content of a `.mts` file, uint8 [n_bytes], which is copied. Errors: as for
/// `load_buffer`.
METATENSOR_TORCH_EXPORT TensorBlock load_block_buffer(torch::Tensor buffer);
/// The same for `size` bytes at `buffer`
METATENSOR_TORCH_EXPORT TensorBlock load_block_buffer(const uint8_t* buffer, size_t size);
/// Writes the block `data` to the file `file`. Errors: as for a map.
METATENSOR_TORCH_EXPORT void save(const std::string& file, TensorBlock data);
/// The same for a block `data`
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(TensorBlock data);

/// Labels in the `.npy` file `file`, on the CPU. Errors: RuntimeError if the file can not be opened, is
/// damaged or ends too early, or holds something else.
METATENSOR_TORCH_EXPORT Labels load_labels(const std::string& file);
/// The same, as `options` say
METATENSOR_TORCH_EXPORT Labels load_labels(const std::string& file, const LoadOptions& options);
/// Labels in `buffer`, the content of a `.npy` file, uint8 [n_bytes], which is copied. Errors: as for
/// `load_buffer`.
METATENSOR_TORCH_EXPORT Labels load_labels_buffer(torch::Tensor buffer);
/// The same for `size` bytes at `buffer`
METATENSOR_TORCH_EXPORT Labels load_labels_buffer(const uint8_t* buffer, size_t size);
/// Writes the labels `data` to the file `file`. Errors: RuntimeError if it can not be written.
METATENSOR_TORCH_EXPORT void save(const std::string& file, Labels data);
/// The same for labels `data`
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(Labels data);

} // namespace metatensor_torch
