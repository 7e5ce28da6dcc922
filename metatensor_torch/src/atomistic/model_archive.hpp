// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caffe2::serialize {
class PyTorchStreamReader;
}

namespace metatomic_torch::detail {

/// A shared library with TorchScript extensions that a model was exported with.
struct Extension {
    std::string name; ///< `spex_torch` for libspex_torch.so
    std::string path; ///< where it was, or relative to a directory of extensions
};

/// The entries that the export of a model adds to its TorchScript file, read without loading the module.
class ModelArchive {
  public:
    /// @throws ValueError if the file is not there, not a TorchScript file, or not an atomistic model
    explicit ModelArchive(std::string path);
    ~ModelArchive();

    /// Content of `extra/<name>`, if there is such an entry.
    std::optional<std::string> extra(const std::string& name) const;

    /// Libraries in the order in which they have to be loaded: dependencies first.
    std::vector<Extension> extensions() const;

    /// Version of metatomic-torch that exported the model; none for models from before metatomic.
    std::optional<std::string> version() const { return extra("metatomic-version"); }

    /// Directory into which the export collected the extensions, if it did.
    std::optional<std::string> collected_extensions_directory() const;

  private:
    std::string path_;
    std::unique_ptr<caffe2::serialize::PyTorchStreamReader> reader_;
};

} // namespace metatomic_torch::detail
