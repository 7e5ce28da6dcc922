// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

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

Chunks npy_of(const torch::Tensor& tensor) {
    return tensor_to_npy(tensor.detach().to(torch::kCPU).contiguous());
}

/// Other readers of these files want booleans without a byte order.
Chunks npy_of_bools(const torch::Tensor& tensor) {
    auto chunks = npy_of(tensor);
    auto& header = std::get<std::string>(chunks.at(0));
    const auto place = header.find("'<b1'");
    if (place != std::string::npos) header[place + 1] = '|';
    return chunks;
}

Chunks to_mta(const SystemHolder& system) {
    ZipWriter zip;
    zip.add("positions.npy", npy_of(system.positions().to(torch::kFloat64)));
    zip.add("cell.npy", npy_of(system.cell().to(torch::kFloat64)));
    zip.add("types.npy", npy_of(system.types()));
    zip.add("pbc.npy", npy_of_bools(system.pbc()));

    size_t index = 0;
    for (const auto& [options, neighbors] : system.neighbor_lists()) {
        const auto prefix = "pairs/" + std::to_string(index++) + "/";
        zip.add(prefix + "options.json", {options.to_json()});
        zip.add(prefix + "data.mts", to_mts(*neighbors));
    }
    for (const auto& name : system.known_data()) {
        zip.add(std::string(DATA_PREFIX) + name + std::string(DATA_SUFFIX), to_mts(*system.get_data(name)));
    }
    for (const auto& [name, dtype] : DTYPES) {
        if (dtype != system.scalar_type() || dtype == torch::kFloat64) continue;
        zip.add("dtype.json", {detail::write_json(name)});
    }
    return zip.finish();
}

/// The dtype of everything in the system; files of other writers say it by their lists and data only.
torch::ScalarType stored_dtype(const ZipReader& zip,
                               const std::vector<metatensor_torch::TensorBlock>& neighbors,
                               const std::vector<metatensor_torch::TensorMap>& data) {
    if (zip.contains("dtype.json")) {
        const auto json =
            detail::Json::parse(zip.read_text("dtype.json"), nullptr, /*allow_exceptions=*/false);
        for (const auto& [name, dtype] : DTYPES) {
            if (json == name) return dtype;
        }
        TORCH_CHECK(false, "unknown dtype in the file of a system: ", zip.read_text("dtype.json"));
    }
    if (!neighbors.empty()) return neighbors.front()->scalar_type();
    if (!data.empty()) return data.front()->scalar_type();
    return torch::kFloat64;
}

System from_mta(const Source& source) {
    const ZipReader zip(source);
    const auto tensor = [&](const char* name) { return zip.read(name, tensor_from_npy); };

    std::vector<NeighborListOptions> options;
    std::vector<metatensor_torch::TensorBlock> neighbors;
    for (size_t i = 0; zip.contains("pairs/" + std::to_string(i) + "/options.json"); ++i) {
        const auto prefix = "pairs/" + std::to_string(i) + "/";
        options.push_back(NeighborListOptionsHolder::from_json(zip.read_text(prefix + "options.json")));
        const auto bytes = zip.read_text(prefix + "data.mts");
        neighbors.push_back(
            block_from_mts(MemorySource(std::as_bytes(std::span(bytes))), "'" + prefix + "data.mts'"));
    }
    std::vector<std::string> names;
    std::vector<metatensor_torch::TensorMap> data;
    for (const auto& entry : zip.names_with_prefix(std::string(DATA_PREFIX))) {
        const auto length = entry.size() - DATA_PREFIX.size() - DATA_SUFFIX.size();
        names.push_back(entry.substr(DATA_PREFIX.size(), length));
        const auto bytes = zip.read_text(entry);
        data.push_back(tensor_from_mts(MemorySource(std::as_bytes(std::span(bytes))), "'" + entry + "'"));
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

} // namespace

void save(const std::string& path, const System& system) {
    check_extension(path);
    to_file(path, to_mta(*system));
}

System load_system(const std::string& path) {
    check_extension(path);
    return from_mta(FileSource(path));
}

torch::Tensor save_buffer(const System& system) { return to_buffer(to_mta(*system)); }

System load_system_buffer(const uint8_t* data, size_t size) {
    return from_mta(MemorySource(std::as_bytes(std::span(data, size))));
}

System load_system_buffer(const std::vector<uint8_t>& data) {
    return load_system_buffer(data.data(), data.size());
}

System load_system_buffer(const torch::Tensor& data) { return from_mta(MemorySource(data)); }

} // namespace metatomic_torch
