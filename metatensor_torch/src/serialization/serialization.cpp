// SPDX-License-Identifier: BSD-3-Clause
#include <metatensor/torch/serialization.hpp>

#include "serialization/mts.hpp"

namespace metatensor_torch {

using namespace serialization;

namespace {

/// Name of a buffer in errors
constexpr auto BUFFER = "a buffer";

TensorMap move_to(const TensorMap& tensor, torch::Device device) { return tensor->to({}, device); }
TensorBlock move_to(const TensorBlock& block, torch::Device device) { return block->to({}, device); }
Labels move_to(const Labels& labels, torch::Device device) { return labels->to(device); }

MemorySource memory(const uint8_t* buffer, size_t size) {
    return MemorySource(std::as_bytes(std::span(buffer, size)));
}

/// What `read` (one of the `..._from_mts`) makes of the file at `path`, on the device of the options
template <typename Read>
auto load_file(const std::string& path, const LoadOptions& options, const Read& read) {
    const auto name = "'" + path + "'";
    auto loaded = options.memory_map ? read(MappedSource(path), name) : read(FileSource(path), name);
    if (options.device.is_cpu()) return loaded;
    return move_to(loaded, options.device);
}

} // namespace

TensorMap load(const std::string& path, const LoadOptions& options) {
    return load_file(path, options, tensor_from_mts);
}
TensorMap load(const std::string& path) { return load(path, LoadOptions{}); }
TensorMap load_buffer(const uint8_t* buffer, size_t size) {
    return tensor_from_mts(memory(buffer, size), BUFFER);
}
TensorMap load_buffer(torch::Tensor buffer) { return tensor_from_mts(MemorySource(buffer), BUFFER); }
void save(const std::string& path, TensorMap tensor) { to_file(path, to_mts(*tensor)); }
torch::Tensor save_buffer(TensorMap tensor) { return to_buffer(to_mts(*tensor)); }

TensorBlock load_block(const std::string& path, const LoadOptions& options) {
    return load_file(path, options, block_from_mts);
}
TensorBlock load_block(const std::string& path) { return load_block(path, LoadOptions{}); }
TensorBlock load_block_buffer(const uint8_t* buffer, size_t size) {
    return block_from_mts(memory(buffer, size), BUFFER);
}
TensorBlock load_block_buffer(torch::Tensor buffer) { return block_from_mts(MemorySource(buffer), BUFFER); }
void save(const std::string& path, TensorBlock block) { to_file(path, to_mts(*block)); }
torch::Tensor save_buffer(TensorBlock block) { return to_buffer(to_mts(*block)); }

Labels load_labels(const std::string& path, const LoadOptions& options) {
    return load_file(path, options, labels_from_mts);
}
Labels load_labels(const std::string& path) { return load_labels(path, LoadOptions{}); }
Labels load_labels_buffer(const uint8_t* buffer, size_t size) {
    return labels_from_mts(memory(buffer, size), BUFFER);
}
Labels load_labels_buffer(torch::Tensor buffer) { return labels_from_mts(MemorySource(buffer), BUFFER); }
void save(const std::string& path, Labels labels) { to_file(path, to_mts(*labels)); }
torch::Tensor save_buffer(Labels labels) { return to_buffer(to_mts(*labels)); }

Labels LabelsHolder::load(const std::string& path) { return load_labels(path); }
Labels LabelsHolder::load_buffer(torch::Tensor buffer) { return load_labels_buffer(std::move(buffer)); }
void LabelsHolder::save(const std::string& path) const { to_file(path, to_mts(*this)); }
torch::Tensor LabelsHolder::save_buffer() const { return to_buffer(to_mts(*this)); }

TensorBlock TensorBlockHolder::load(const std::string& path) { return load_block(path); }
TensorBlock TensorBlockHolder::load_buffer(torch::Tensor buffer) {
    return load_block_buffer(std::move(buffer));
}
void TensorBlockHolder::save(const std::string& path) const { to_file(path, to_mts(*this)); }
torch::Tensor TensorBlockHolder::save_buffer() const { return to_buffer(to_mts(*this)); }

TensorMap TensorMapHolder::load(const std::string& path) { return metatensor_torch::load(path); }
TensorMap TensorMapHolder::load_buffer(torch::Tensor buffer) {
    return metatensor_torch::load_buffer(std::move(buffer));
}
void TensorMapHolder::save(const std::string& path) const { to_file(path, to_mts(*this)); }
torch::Tensor TensorMapHolder::save_buffer() const { return to_buffer(to_mts(*this)); }

} // namespace metatensor_torch
