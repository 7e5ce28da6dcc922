// SPDX-License-Identifier: BSD-3-Clause
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"
#include "metatomic/torch/misc.hpp"
#include "serialization/mts.hpp"
#include "serialization/npy.hpp"
#include "serialization/zip.hpp"

// Layout of a .mta file, a zip archive with stored entries:
//   positions.npy, cell.npy (always float64), types.npy, pbc.npy,
//   pairs/<i>/options.json, pairs/<i>/data.mts, data/<name>.mts,
//   dtype.json, unless the system is in float64
namespace metatomic_torch {

using namespace metatensor_torch::serialization;

namespace {

constexpr std::string_view DATA_PREFIX = "data/";
constexpr std::string_view DATA_SUFFIX = ".mts";
constexpr auto DTYPE = "dtype.json";
constexpr auto OPTIONS = "options.json";
constexpr auto PAIRS = "data.mts";

/// Names of sources in errors
constexpr auto BUFFER = "a buffer";
constexpr auto IN_FILE = "the file of a system";

std::string pairs_prefix(size_t index) { return "pairs/" + std::to_string(index) + "/"; }

/// Floating point types that a system can have, by name.
constexpr std::pair<const char*, torch::ScalarType> DTYPES[] = {
    {"float16", torch::kFloat16},
    {"bfloat16", torch::kBFloat16},
    {"float32", torch::kFloat32},
    {"float64", torch::kFloat64},
};

void check_extension(const std::string& path) {
    const std::string_view expected = ".mta";
    const auto ends_well = path.size() >= expected.size() &&
                           std::string_view(path).substr(path.size() - expected.size()) == expected;
    TORCH_CHECK(ends_well, "the name of a file with a system must end with '.mta', got '", path, "'");
}

/// Other readers of these files want booleans without a byte order.
Chunks npy_of_bools(const torch::Tensor& tensor) {
    auto chunks = tensor_to_npy(tensor);
    auto& header = std::get<std::string>(chunks.at(0));
    const auto place = header.find("'<b1'");
    if (place != std::string::npos) header[place + 1] = '|';
    return chunks;
}

Chunks to_mta(const SystemHolder& system) {
    ZipWriter zip;
    zip.add("positions.npy", tensor_to_npy(system.positions().to(torch::kFloat64)));
    zip.add("cell.npy", tensor_to_npy(system.cell().to(torch::kFloat64)));
    zip.add("types.npy", tensor_to_npy(system.types()));
    zip.add("pbc.npy", npy_of_bools(system.pbc()));

    size_t index = 0;
    for (const auto& [options, neighbors] : system.neighbor_lists()) {
        const auto prefix = pairs_prefix(index++);
        zip.add(prefix + OPTIONS, {options.to_json()});
        zip.add(prefix + PAIRS, to_mts(*neighbors));
    }
    for (const auto& name : system.known_data()) {
        zip.add(std::string(DATA_PREFIX) + name + std::string(DATA_SUFFIX), to_mts(*system.get_data(name)));
    }
    for (const auto& [name, dtype] : DTYPES) {
        if (dtype != system.scalar_type() || dtype == torch::kFloat64) continue;
        zip.add(DTYPE, {detail::write_json(name)});
    }
    return zip.finish();
}

/// The dtype that the file names, if it does
std::optional<torch::ScalarType> named_dtype(const ZipReader& zip) {
    if (!zip.contains(DTYPE)) return std::nullopt;
    const auto text = zip.read_text(DTYPE);
    const auto json = detail::Json::parse(text, nullptr, /*allow_exceptions=*/false);
    std::string known;
    for (const auto& [name, dtype] : DTYPES) {
        if (json == name) return dtype;
        known += std::string(known.empty() ? "" : ", ") + name;
    }
    constexpr size_t MAX_SHOWN = 40;
    TORCH_CHECK(false, "in '", DTYPE, "': expected one of ", known, ", got ", text.substr(0, MAX_SHOWN));
}

/// The dtype of everything in the system; files of other writers say it by their lists and data only.
torch::ScalarType stored_dtype(const ZipReader& zip,
                               const std::vector<metatensor_torch::TensorBlock>& neighbors,
                               const std::vector<metatensor_torch::TensorMap>& data) {
    if (const auto dtype = named_dtype(zip)) return *dtype;
    if (!neighbors.empty()) return neighbors.front()->scalar_type();
    if (!data.empty()) return data.front()->scalar_type();
    return torch::kFloat64;
}

/// Name of the data in this entry of the archive, none for entries that hold something else
std::optional<std::string> data_name(std::string_view entry) {
    const bool is_data = entry.size() >= DATA_PREFIX.size() + DATA_SUFFIX.size() &&
                         entry.starts_with(DATA_PREFIX) && entry.ends_with(DATA_SUFFIX);
    if (!is_data) return std::nullopt;
    entry.remove_prefix(DATA_PREFIX.size());
    return std::string(entry.substr(0, entry.size() - DATA_SUFFIX.size()));
}

System read_system(const ZipReader& zip) {
    const auto tensor = [&](const char* name) { return zip.read(name, tensor_from_npy); };
    const auto read_block = [](const Source& source) { return block_from_mts(source, IN_FILE); };
    const auto read_map = [](const Source& source) { return tensor_from_mts(source, IN_FILE); };

    std::vector<NeighborListOptions> options;
    std::vector<metatensor_torch::TensorBlock> neighbors;
    for (size_t i = 0; zip.contains(pairs_prefix(i) + OPTIONS); ++i) {
        options.push_back(NeighborListOptionsHolder::from_json(zip.read_text(pairs_prefix(i) + OPTIONS)));
        neighbors.push_back(zip.read_archive(pairs_prefix(i) + PAIRS, read_block));
    }
    std::vector<std::string> names;
    std::vector<metatensor_torch::TensorMap> data;
    for (const auto& entry : zip.names()) {
        if (auto name = data_name(entry)) {
            names.push_back(*std::move(name));
            data.push_back(zip.read_archive(entry, read_map));
        }
    }

    const auto dtype = stored_dtype(zip, neighbors, data);
    auto system = torch::make_intrusive<SystemHolder>(tensor("types.npy"), tensor("positions.npy").to(dtype),
                                                      tensor("cell.npy").to(dtype), tensor("pbc.npy"));
    for (size_t i = 0; i < neighbors.size(); ++i)
        system->add_neighbor_list(options[i], neighbors[i]);
    for (size_t i = 0; i < data.size(); ++i) {
        system->add_data(names[i], data[i], /*override=*/false, DeprecatedNames::accept);
    }
    return system;
}

/// The system in `source`; errors tell `name`, a name of the source.
System from_mta(const Source& source, const std::string& name) {
    try {
        return read_system(ZipReader(source));
    } catch (c10::Error& error) {
        error.add_context("while loading a System from " + name);
        throw;
    }
}

} // namespace

void save(const std::string& path, const System& system) {
    check_extension(path);
    to_file(path, to_mta(*system));
}

System load_system(const std::string& path, const metatensor_torch::LoadOptions& options) {
    check_extension(path);
    const auto name = "'" + path + "'";
    const auto system =
        options.memory_map ? from_mta(MappedSource(path), name) : from_mta(FileSource(path), name);
    return options.device.is_cpu() ? system : system->to(options.device);
}

System load_system(const std::string& path) { return load_system(path, metatensor_torch::LoadOptions{}); }

torch::Tensor save_buffer(const System& system) { return to_buffer(to_mta(*system)); }

System load_system_buffer(const uint8_t* data, size_t size) {
    return from_mta(MemorySource(std::as_bytes(std::span(data, size))), BUFFER);
}

System load_system_buffer(const std::vector<uint8_t>& data) {
    return load_system_buffer(data.data(), data.size());
}

System load_system_buffer(const torch::Tensor& data) { return from_mta(MemorySource(data), BUFFER); }

} // namespace metatomic_torch
