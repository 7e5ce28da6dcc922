// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/mts.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "data/block_data.hpp"
#include "serialization/npy.hpp"
#include "serialization/zip.hpp"

namespace metatensor_torch::serialization {

namespace {

constexpr auto KEYS = "keys.npy";
constexpr auto VALUES = "values.npy";
constexpr auto SAMPLES = "samples.npy";
constexpr auto PROPERTIES = "properties.npy";
constexpr auto GRADIENTS = "gradients/";
constexpr auto INFO = "info.json";
constexpr int INFO_INDENT = 2;

std::string block_prefix(size_t index) { return "blocks/" + std::to_string(index) + "/"; }

std::string component_name(size_t index) { return "components/" + std::to_string(index) + ".npy"; }

// ------------------------------------------------------------------------------------------------- writing

void add_block(ZipWriter& zip, const std::string& prefix, const details::BlockData& block,
               bool with_properties) {
    zip.add(prefix + VALUES, tensor_to_npy(block.values));
    zip.add(prefix + SAMPLES, to_mts(*block.samples));
    for (size_t i = 0; i < block.components.size(); ++i) {
        zip.add(prefix + component_name(i), to_mts(*block.components[i]));
    }
    if (with_properties) zip.add(prefix + PROPERTIES, to_mts(*block.properties));
    for (const auto& [parameter, gradient] : block.gradients) {
        TORCH_CHECK_VALUE(parameter.find("/gradients/") == std::string::npos, "gradients with respect to '",
                          parameter, "' can not be saved, the name must not contain '/gradients/'");
        add_block(zip, prefix + GRADIENTS + parameter + "/", *gradient, /*with_properties=*/false);
    }
}

std::string info_to_json(const c10::Dict<std::string, std::string>& info) {
    nlohmann::json json = nlohmann::json::object();
    for (const auto& item : info)
        json[item.key()] = item.value();
    try {
        return json.dump(INFO_INDENT);
    } catch (const nlohmann::json::exception& error) {
        C10_THROW_ERROR(ValueError,
                        std::string("the info of a TensorMap must be UTF-8 text: ") + error.what());
    }
}

// ------------------------------------------------------------------------------------------------- reading

/// What a file or a buffer can hold
struct Kind {
    const char* name;
    /// Entry that tells it from others; none for labels, which have no archive
    const char* entry;
    /// Function that loads it, without the suffix for buffers
    const char* load_function;
};
constexpr Kind TENSOR_MAP{"TensorMap", KEYS, "load"};
constexpr Kind TENSOR_BLOCK{"TensorBlock", VALUES, "load_block"};
constexpr Kind LABELS{"Labels", nullptr, "load_labels"};

[[noreturn]] void refuse(const Kind& expected, const Kind& got) {
    TORCH_CHECK(false, "expected ", expected.name, ", got ", got.name, ": use `", got.load_function, "` or `",
                got.load_function, "_buffer`");
}

/// Archive in `source`; RuntimeError if it is not of the expected kind
ZipReader open_archive(const Source& source, const Kind& expected) {
    if (looks_like_npy(source)) refuse(expected, LABELS);
    ZipReader zip(source);
    for (const auto& kind : {TENSOR_MAP, TENSOR_BLOCK}) {
        if (!zip.contains(expected.entry) && zip.contains(kind.entry)) refuse(expected, kind);
    }
    return zip;
}

/// Result of `load`; its errors tell what was loaded from where.
template <typename Load>
auto load_from(const std::string& name, const Kind& kind, const Load& load) {
    try {
        return load();
    } catch (c10::Error& error) {
        error.add_context(std::string("while loading ") + kind.name + " from " + name);
        throw;
    }
}

Labels read_labels(Stream& stream) {
    auto records = records_from_npy(stream);
    return torch::make_intrusive<LabelsHolder>(std::move(records.names), std::move(records.values));
}

/// Parameters of the gradients below `prefix`, but not of the gradients of these. Samples or values are
/// enough to find one, so that reading what is missing fails.
std::vector<std::string> gradient_parameters(const ZipReader& zip, const std::string& prefix) {
    std::vector<std::string> parameters;
    for (const auto& name : zip.names_with_prefix(prefix + GRADIENTS)) {
        const auto rest = std::string_view(name).substr((prefix + GRADIENTS).size());
        const auto slash = std::min(rest.rfind('/'), rest.size());
        const auto parameter = std::string(rest.substr(0, slash));
        const auto file = rest.substr(std::min(slash + 1, rest.size()));
        const bool direct = parameter.find("/gradients/") == std::string::npos;
        const bool known = std::find(parameters.begin(), parameters.end(), parameter) != parameters.end();
        if (direct && !known && (file == VALUES || file == SAMPLES)) parameters.push_back(parameter);
    }
    return parameters;
}

/// Block below `prefix`; gradients have the properties of the block that they belong to.
TensorBlock read_block(const ZipReader& zip, const std::string& prefix,
                       const Labels& parent_properties = {}) {
    auto values = zip.read(prefix + VALUES, tensor_from_npy);
    const auto samples = zip.read(prefix + SAMPLES, read_labels);
    std::vector<Labels> components;
    while (zip.contains(prefix + component_name(components.size()))) {
        components.push_back(zip.read(prefix + component_name(components.size()), read_labels));
    }
    const auto properties =
        parent_properties ? parent_properties : zip.read(prefix + PROPERTIES, read_labels);

    auto block = torch::make_intrusive<TensorBlockHolder>(std::move(values), samples, components, properties);
    for (const auto& parameter : gradient_parameters(zip, prefix)) {
        block->add_gradient(parameter, read_block(zip, prefix + GRADIENTS + parameter + "/", properties));
    }
    return block;
}

void read_info(const ZipReader& zip, TensorMapHolder& tensor) {
    const auto json = nlohmann::json::parse(zip.read_text(INFO), nullptr, /*allow_exceptions=*/false);
    TORCH_CHECK(json.is_object(), "'", INFO, "' must be a JSON object");
    for (const auto& [key, value] : json.items()) {
        TORCH_CHECK(value.is_string(), "'", key, "' in '", INFO, "' must be a text, got ", value.type_name());
        tensor.set_info(key, value.get<std::string>());
    }
}

} // namespace

Chunks to_mts(const TensorMapHolder& tensor) {
    ZipWriter zip;
    zip.add(KEYS, to_mts(*tensor.keys()));
    for (size_t i = 0; i < tensor.data().size(); ++i) {
        add_block(zip, block_prefix(i), *tensor.data()[i], /*with_properties=*/true);
    }
    const auto info = tensor.info();
    if (!info.empty()) zip.add(INFO, {info_to_json(info)});
    return zip.finish();
}

Chunks to_mts(const TensorBlockHolder& block) {
    ZipWriter zip;
    add_block(zip, "", block.data(), /*with_properties=*/true);
    return zip.finish();
}

Chunks to_mts(const LabelsHolder& labels) {
    return records_to_npy({labels.names(), labels.to(torch::kCPU)->values()});
}

TensorMap tensor_from_mts(const Source& source, const std::string& name) {
    return load_from(name, TENSOR_MAP, [&] {
        const auto zip = open_archive(source, TENSOR_MAP);
        const auto keys = zip.read(KEYS, read_labels);
        std::vector<TensorBlock> blocks;
        const auto n_blocks = static_cast<size_t>(keys->count());
        for (size_t i = 0; i < n_blocks; ++i)
            blocks.push_back(read_block(zip, block_prefix(i)));
        auto tensor = torch::make_intrusive<TensorMapHolder>(keys, blocks);
        if (zip.contains(INFO)) read_info(zip, *tensor);
        return tensor;
    });
}

TensorBlock block_from_mts(const Source& source, const std::string& name) {
    return load_from(name, TENSOR_BLOCK, [&] { return read_block(open_archive(source, TENSOR_BLOCK), ""); });
}

Labels labels_from_mts(const Source& source, const std::string& name) {
    return load_from(name, LABELS, [&] {
        if (!looks_like_npy(source) && source.size() != 0) {
            const ZipReader zip(source);
            for (const auto& kind : {TENSOR_MAP, TENSOR_BLOCK}) {
                if (zip.contains(kind.entry)) refuse(LABELS, kind);
            }
        }
        Stream stream(source);
        return read_labels(stream);
    });
}

} // namespace metatensor_torch::serialization
