// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <iostream>
#include <regex>

#include "check.hpp"
#include "legacy.hpp"
#include "loaded_libraries.hpp"
#include "metatomic/torch/misc.hpp"
#include "metatomic/torch/model.hpp"
#include "model_archive.hpp"
#include "native_forward.hpp"
#include "old_calls.hpp"
#include "paths.hpp"

namespace metatomic_torch {
namespace {

using detail::Extension;
using detail::ModelArchive;

#if defined(__APPLE__)
constexpr const char* LIBRARY_SUFFIX = ".dylib";
#else
constexpr const char* LIBRARY_SUFFIX = ".so";
#endif

/// The project's own libraries, which a list of extensions may name.
bool is_own(const Extension& extension) {
    return extension.name == "metatensor_torch" || extension.name == "metatomic_torch";
}

/// Says what is tried if one of the variables for debugging is set.
void log(const std::string& message) {
    static const auto is_enabled = std::getenv("METATOMIC_DEBUG_EXTENSIONS_LOADING") != nullptr ||
                                   std::getenv("METATENSOR_DEBUG_EXTENSIONS_LOADING") != nullptr;
    if (is_enabled) std::cerr << message << std::endl;
}

/// Where the library of an extension may be, in the order in which to look.
std::vector<std::string> candidates(const Extension& extension, const std::vector<std::string>& directories) {
    std::vector<std::string> paths;
    for (const auto& directory : directories) {
        paths.push_back(detail::inside(directory, extension.path));
    }
    if (detail::is_absolute(extension.path)) paths.push_back(extension.path);
    paths.push_back("lib" + extension.name + LIBRARY_SUFFIX); // where the loader looks
    return paths;
}

void load_extension(const Extension& extension, const std::vector<std::string>& directories) {
    if (is_own(extension)) return;
    if (detail::is_library_loaded(extension.name)) {
        log("extension '" + extension.name + "' is loaded already");
        return;
    }
    std::string reasons;
    for (const auto& path : candidates(extension, directories)) {
        const auto reason = detail::load_library(path);
        if (reason.empty()) {
            log("loaded extension '" + extension.name + "' from '" + path + "'");
            return;
        }
        log("could not load extension '" + extension.name + "' from '" + path + "': " + reason);
        reasons += "\n  " + path + ": " + reason;
    }
    TORCH_WARN("could not load the extension '", extension.name, "' of the model:", reasons);
}

/// "0.1" of "0.1.19", "2" of "2.3.4": what two versions must have in common to work together.
std::string compatible_part(const std::string& version) {
    std::smatch match;
    if (!std::regex_search(version, match, std::regex(R"(^0\.\d+|^\d+)"))) return version;
    return match.str();
}

[[noreturn]] void throw_load_error(const std::string& path, const std::string& message) {
    const auto is_missing_code =
        message.find("Unknown type name '__torch__.torch.classes.") != std::string::npos ||
        message.find("Unknown builtin op") != std::string::npos;
    const auto* hint =
        is_missing_code
            ? "\nThe model uses a TorchScript extension that is not loaded: see the warnings above, and "
              "give the directory of the extensions when loading the model."
            : "";
    C10_THROW_ERROR(Error, "could not load the model at '" + path + "': " + message + hint);
}

} // namespace

ModelMetadata read_model_metadata(std::string path) {
    const auto text = ModelArchive(path).extra("model-metadata");
    TORCH_CHECK_VALUE(text.has_value(), "the model at '", path, "' has no metadata");
    return ModelMetadataHolder::from_json(*text);
}

void load_model_extensions(std::string path, std::optional<std::string> extensions_directory) {
    const ModelArchive archive(std::move(path));
    std::vector<std::string> directories;
    if (extensions_directory.has_value()) directories.push_back(*extensions_directory);
    if (const auto collected = archive.collected_extensions_directory()) directories.push_back(*collected);
    for (const auto& extension : archive.extensions())
        load_extension(extension, directories);
}

void check_atomistic_model(std::string path) {
    const ModelArchive archive(path);
    const auto exported_with = archive.version();
    if (exported_with.has_value() && compatible_part(*exported_with) != compatible_part(version())) {
        TORCH_WARN("the model at '", path, "' was exported with metatomic-torch ", *exported_with,
                   ", which may not work with the present version, ", version());
    }
    std::vector<std::string> missing;
    for (const auto& extension : archive.extensions()) {
        if (!is_own(extension) && !detail::is_library_loaded(extension.name))
            missing.push_back(extension.name);
    }
    if (!missing.empty()) {
        TORCH_WARN("the model at '", path, "' was exported with extensions that are not loaded: ",
                   metatensor_torch::comma_list(missing));
    }
}

metatensor_torch::Module load_atomistic_model(std::string path,
                                              std::optional<std::string> extensions_directory) {
    load_model_extensions(path, std::move(extensions_directory));
    check_atomistic_model(path);
    try {
        const auto model = detail::load_module(path);
        return detail::is_legacy_model(model) ? detail::as_current_model(model)
                                              : detail::with_native_forward(model);
    } catch (const c10::Error& error) {
        throw_load_error(path, error.what_without_backtrace());
    } catch (const std::exception& error) {
        throw_load_error(path, error.what());
    }
}

} // namespace metatomic_torch
