// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/mts.hpp"

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "data/block_data.hpp"
#include "data/labels_data.hpp"
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
/// Gradients of gradients of ...: reading a block calls itself as often
constexpr int MAX_GRADIENT_DEPTH = 64;

std::string block_prefix(size_t index) { return "blocks/" + std::to_string(index) + "/"; }

std::string component_name(size_t index) { return "components/" + std::to_string(index) + ".npy"; }

// ------------------------------------------------------------------------------------------------- writing

/// ValueError if the names of the files of one gradient would be those of a gradient of another one
void check_parameters(const details::BlockData& block) {
    for (const auto& [parameter, gradient] : block.gradients) {
        for (const auto& [other, gradient_of_other] : block.gradients) {
            TORCH_CHECK_VALUE(
                !(parameter + "/").starts_with(other + "/" + GRADIENTS), "gradients with respect to '",
                parameter, "' and '", other,
                "' can not be saved in one block: the former would be read as a gradient of the "
                "latter");
        }
    }
}

/// Adds a block, or a gradient, which is at a depth of 1 or more and has the properties of its block.
void add_block(ZipWriter& zip, const std::string& prefix, const details::BlockData& block, int depth = 0) {
    TORCH_CHECK_VALUE(depth <= MAX_GRADIENT_DEPTH, "gradients of gradients can be saved to a depth of ",
                      MAX_GRADIENT_DEPTH, ", got a deeper one");
    zip.add(prefix + VALUES, tensor_to_npy(block.values));
    zip.add(prefix + SAMPLES, to_mts(*block.samples));
    for (size_t i = 0; i < block.components.size(); ++i) {
        zip.add(prefix + component_name(i), to_mts(*block.components[i]));
    }
    if (depth == 0) zip.add(prefix + PROPERTIES, to_mts(*block.properties));
    check_parameters(block);
    for (const auto& [parameter, gradient] : block.gradients) {
        add_block(zip, prefix + GRADIENTS + parameter + "/", *gradient, depth + 1);
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

/// Finds the gradients in an archive: prefixes of blocks (and gradients) and the parameters of their
/// gradients, in the order of the archive. Samples or values are enough to find one, so that reading what is
/// missing fails.
class GradientIndex {
  public:
    explicit GradientIndex(const ZipReader& zip) {
        std::vector<std::string_view> folders;
        for (const std::string_view name : zip.names()) {
            for (const std::string_view file : {VALUES, SAMPLES}) {
                if (!name.ends_with(file)) continue;
                const auto folder = name.substr(0, name.size() - file.size());
                if (folders_.insert(folder).second) folders.push_back(folder);
            }
        }
        for (const auto folder : folders)
            add(folder);
    }

    /// Parameters of the gradients of the block at `prefix`
    const std::vector<std::string_view>& parameters(const std::string& prefix) const {
        static const std::vector<std::string_view> none;
        const auto it = parameters_.find(prefix);
        return it == parameters_.end() ? none : it->second;
    }

  private:
    /// Adds PREFIX/gradients/PARAMETER/, if `folder` has this form and PREFIX/ is a block or a gradient: the
    /// longest of them, as PARAMETER may have `gradients/` in it.
    void add(std::string_view folder) {
        const std::string_view gradients = GRADIENTS;
        if (!folder.ends_with('/')) return;
        auto end = folder.size() - 1; // of PREFIX/gradients/
        for (int tries = 0; end >= gradients.size(); ++tries) {
            TORCH_CHECK(tries <= MAX_GRADIENT_DEPTH, "names of entries may have '", GRADIENTS, "' in them ",
                        MAX_GRADIENT_DEPTH, " times, got more");
            const auto place = folder.rfind(gradients, end - gradients.size());
            if (place == std::string_view::npos) return;
            const auto prefix = folder.substr(0, place);
            if ((place == 0 || prefix.ends_with('/')) && folders_.contains(prefix)) {
                const auto parameter = folder.substr(place + gradients.size());
                parameters_[prefix].push_back(parameter.substr(0, parameter.size() - 1));
                return;
            }
            end = place + gradients.size() - 1;
        }
    }

    std::unordered_set<std::string_view> folders_;
    std::unordered_map<std::string_view, std::vector<std::string_view>> parameters_;
};

/// Reads blocks from an archive.
class BlockReader {
  public:
    explicit BlockReader(const ZipReader& zip) : zip_(&zip), gradients_(zip) {}

    /// Block below `prefix`
    TensorBlock read(const std::string& prefix) const {
        return read(prefix, zip_->read(prefix + PROPERTIES, read_labels), 0);
    }

  private:
    /// Block or gradient below `prefix`; gradients have the properties of the block that they belong to.
    TensorBlock read(const std::string& prefix, const Labels& properties, int depth) const {
        TORCH_CHECK(depth <= MAX_GRADIENT_DEPTH, "gradients of gradients can be read to a depth of ",
                    MAX_GRADIENT_DEPTH, ", got a deeper one");
        auto values = zip_->read(prefix + VALUES, tensor_from_npy);
        const auto samples = zip_->read(prefix + SAMPLES, read_labels);
        std::vector<Labels> components;
        while (zip_->contains(prefix + component_name(components.size()))) {
            components.push_back(zip_->read(prefix + component_name(components.size()), read_labels));
        }
        auto block = make_block(prefix, std::move(values), samples, components, properties);
        for (const auto parameter : gradients_.parameters(prefix)) {
            const auto name = std::string(parameter);
            block->add_gradient(name, read(prefix + GRADIENTS + name + "/", properties, depth + 1));
        }
        return block;
    }

    /// Errors name the block.
    static TensorBlock make_block(const std::string& prefix, torch::Tensor values, const Labels& samples,
                                  const std::vector<Labels>& components, const Labels& properties) {
        try {
            return torch::make_intrusive<TensorBlockHolder>(std::move(values), samples, components,
                                                            properties);
        } catch (c10::Error& error) {
            if (!prefix.empty()) error.add_context("in '" + prefix + "'");
            throw;
        }
    }

    const ZipReader* zip_;
    GradientIndex gradients_;
};

using Info = std::vector<std::pair<std::string, std::string>>;

Info read_info(const ZipReader& zip) {
    using Json = nlohmann::json;
    const auto refuse_nesting = [](int depth, Json::parse_event_t event, const Json&) {
        const bool nested = event == Json::parse_event_t::array_start ||
                            (event == Json::parse_event_t::object_start && depth > 0);
        TORCH_CHECK(!nested, "'", INFO, "' must be a JSON object of texts, got arrays or objects in it");
        return true;
    };
    const auto json = Json::parse(zip.read_text(INFO), refuse_nesting, /*allow_exceptions=*/false);
    TORCH_CHECK(json.is_object(), "'", INFO, "' must be a JSON object, got ",
                json.is_discarded() ? "no JSON" : json.type_name());
    Info info;
    for (const auto& [key, value] : json.items()) {
        TORCH_CHECK(value.is_string(), "'", key, "' in '", INFO, "' must be a text, got ", value.type_name());
        info.emplace_back(key, value.get<std::string>());
    }
    return info;
}

} // namespace

Chunks to_mts(const TensorMapHolder& tensor) {
    ZipWriter zip;
    zip.add(KEYS, to_mts(*tensor.keys()));
    for (size_t i = 0; i < tensor.data().size(); ++i) {
        add_block(zip, block_prefix(i), *tensor.data()[i]);
    }
    const auto info = tensor.info();
    if (!info.empty()) zip.add(INFO, {info_to_json(info)});
    return zip.finish();
}

Chunks to_mts(const TensorBlockHolder& block) {
    ZipWriter zip;
    add_block(zip, "", block.data());
    return zip.finish();
}

Chunks to_mts(const LabelsHolder& labels) {
    return records_to_npy({labels.names(), labels.data()->rows_on(torch::kCPU)});
}

TensorMap tensor_from_mts(const Source& source, const std::string& name) {
    return load_from(name, TENSOR_MAP, [&] {
        const auto zip = open_archive(source, TENSOR_MAP);
        const auto keys = zip.read(KEYS, read_labels);
        const BlockReader reader(zip);
        std::vector<TensorBlock> blocks;
        const auto n_blocks = static_cast<size_t>(keys->count());
        for (size_t i = 0; i < n_blocks; ++i)
            blocks.push_back(reader.read(block_prefix(i)));
        auto tensor = torch::make_intrusive<TensorMapHolder>(keys, blocks);
        if (!zip.contains(INFO)) return tensor;
        return torch::make_intrusive<TensorMapHolder>(tensor->keys(), tensor->data(), read_info(zip));
    });
}

TensorBlock block_from_mts(const Source& source, const std::string& name) {
    return load_from(name, TENSOR_BLOCK, [&] {
        const auto zip = open_archive(source, TENSOR_BLOCK);
        return BlockReader(zip).read("");
    });
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
