// SPDX-License-Identifier: BSD-3-Clause
#include "model_archive.hpp"

#include <caffe2/serialize/inline_container.h>

#include "json.hpp"
#include "paths.hpp"

namespace metatomic_torch::detail {
namespace {

std::unique_ptr<caffe2::serialize::PyTorchStreamReader> open_archive(const std::string& path) {
    TORCH_CHECK_VALUE(path_exists(path), "there is no model file at '", path, "'");
    TORCH_CHECK_VALUE(!is_directory(path), "the model file '", path, "' is a directory");
    try {
        auto reader = std::make_unique<caffe2::serialize::PyTorchStreamReader>(path);
        if (reader->hasRecord("constants.pkl")) return reader; // which torch.save does not write
    } catch (const c10::Error&) {
        // neither a zip archive nor one that torch wrote
    }
    C10_THROW_ERROR(ValueError, "the file at '" + path + "' is not a TorchScript file");
}

std::vector<Extension> parse_extensions(const std::string& path, const std::string& text) {
    std::vector<Extension> extensions;
    try {
        for (const auto& json : Json::parse(text)) {
            extensions.push_back({json.at("name").get<std::string>(), json.at("path").get<std::string>()});
        }
    } catch (const Json::exception& error) {
        C10_THROW_ERROR(ValueError, "the list of extensions in '" + path + "' is invalid: " + error.what());
    }
    return extensions;
}

} // namespace

ModelArchive::ModelArchive(std::string path) : path_(std::move(path)), reader_(open_archive(path_)) {
    // the second entry is what metatensor-torch wrote before the atomistic models became metatomic
    TORCH_CHECK_VALUE(reader_->hasRecord("extra/metatomic-version") ||
                          reader_->hasRecord("extra/metatensor-version"),
                      "the TorchScript file at '", path_,
                      "' does not contain an atomistic model: ", "export it with AtomisticModel.save()");
}

ModelArchive::~ModelArchive() = default;

std::optional<std::string> ModelArchive::extra(const std::string& name) const {
    if (!reader_->hasRecord("extra/" + name)) return std::nullopt;
    const auto [data, size] = reader_->getRecord("extra/" + name);
    return std::string(static_cast<const char*>(data.get()), size);
}

std::vector<Extension> ModelArchive::extensions() const {
    std::vector<Extension> all;
    for (const auto* entry : {"extensions-deps", "extensions"}) {
        const auto text = extra(entry);
        if (!text.has_value() || text->empty()) continue;
        const auto extensions = parse_extensions(path_, *text);
        all.insert(all.end(), extensions.begin(), extensions.end());
    }
    return all;
}

std::optional<std::string> ModelArchive::collected_extensions_directory() const {
    const auto text = extra("export-metadata");
    const auto json = Json::parse(text.value_or("{}"), nullptr, /*allow_exceptions=*/false);
    const auto found = json.is_object() ? json.find("extensions_directory") : json.end();
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

} // namespace metatomic_torch::detail
