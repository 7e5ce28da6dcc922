// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <unistd.h>

#include "serialization/example_data.hpp"
#include "serialization/zip.hpp"

/// What tests of files, good and bad ones, need
namespace metatensor_torch {

/// Matches a function that throws an error whose message has this part.
inline auto fails_with(const std::string& message) {
    return testing::ThrowsMessage<c10::Error>(testing::HasSubstr(message));
}

/// Path of a file that is removed at the end of the test
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& name)
        : path_(std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "-" + name)) {}
    ~TemporaryFile() { std::filesystem::remove(path_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

/// Bytes of a buffer
inline std::string text_of(const torch::Tensor& buffer) {
    return {reinterpret_cast<const char*>(buffer.const_data_ptr<uint8_t>()),
            static_cast<size_t>(buffer.numel())};
}

/// Buffer with these bytes
inline torch::Tensor buffer_of(const std::string& bytes) { return serialization::to_buffer({bytes}); }

/// Archive of the example map with `bytes` in place of entry `name`, or after the others if there is none
inline torch::Tensor with_entry(const std::string& name, const std::string& bytes) {
    const auto buffer = save_buffer(example::tensor_map());
    const serialization::MemorySource source(buffer);
    const serialization::ZipReader original(source);
    serialization::ZipWriter changed;
    for (const auto& entry : original.names()) {
        changed.add(entry, {entry == name ? bytes : original.read_text(entry)});
    }
    if (!original.contains(name)) changed.add(name, {bytes});
    return serialization::to_buffer(changed.finish());
}

/// An npy file, version 1.0, with this header and these data
inline std::string npy(const std::string& header, const std::string& data = "") {
    std::string bytes = "\x93NUMPY\1";
    bytes += '\0';
    bytes += static_cast<char>(header.size() & 0xff);
    bytes += static_cast<char>(header.size() >> 8);
    return bytes + header + data;
}

} // namespace metatensor_torch
