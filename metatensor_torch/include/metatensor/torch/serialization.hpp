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

/// Map in the file at `path`
METATENSOR_TORCH_EXPORT TensorMap load(const std::string& path);
/// The same, as `options` say
METATENSOR_TORCH_EXPORT TensorMap load(const std::string& path, const LoadOptions& options);
/// Map in `size` bytes at `buffer`, which are copied
METATENSOR_TORCH_EXPORT TensorMap load_buffer(const uint8_t* buffer, size_t size);
/// Map in a buffer, uint8 [n], which is copied
METATENSOR_TORCH_EXPORT TensorMap load_buffer(torch::Tensor buffer);
/// Writes a map to the file at `path`, which is replaced.
METATENSOR_TORCH_EXPORT void save(const std::string& path, TensorMap tensor);
/// Serialized map, uint8 [n]
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(TensorMap tensor);

/// Block in the file at `path`
METATENSOR_TORCH_EXPORT TensorBlock load_block(const std::string& path);
/// The same, as `options` say
METATENSOR_TORCH_EXPORT TensorBlock load_block(const std::string& path, const LoadOptions& options);
/// Block in `size` bytes at `buffer`, which are copied
METATENSOR_TORCH_EXPORT TensorBlock load_block_buffer(const uint8_t* buffer, size_t size);
/// Block in a buffer, uint8 [n], which is copied
METATENSOR_TORCH_EXPORT TensorBlock load_block_buffer(torch::Tensor buffer);
/// Writes a block to the file at `path`, which is replaced.
METATENSOR_TORCH_EXPORT void save(const std::string& path, TensorBlock block);
/// Serialized block, uint8 [n]
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(TensorBlock block);

/// Labels in the file at `path`
METATENSOR_TORCH_EXPORT Labels load_labels(const std::string& path);
/// The same, as `options` say
METATENSOR_TORCH_EXPORT Labels load_labels(const std::string& path, const LoadOptions& options);
/// Labels in `size` bytes at `buffer`, which are copied
METATENSOR_TORCH_EXPORT Labels load_labels_buffer(const uint8_t* buffer, size_t size);
/// Labels in a buffer, uint8 [n], which is copied
METATENSOR_TORCH_EXPORT Labels load_labels_buffer(torch::Tensor buffer);
/// Writes labels to the file at `path`, which is replaced.
METATENSOR_TORCH_EXPORT void save(const std::string& path, Labels labels);
/// Serialized labels, uint8 [n]
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(Labels labels);

} // namespace metatensor_torch
