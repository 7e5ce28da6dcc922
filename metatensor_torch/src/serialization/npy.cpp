// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/npy.hpp"

#include <algorithm>
#include <array>

#include "check.hpp"
#include "data/empty_on_host.hpp"
#include "serialization/npy_header.hpp"

namespace metatensor_torch::serialization {

namespace {

/// As many as NumPy and the iterators of torch can have
constexpr size_t MAX_DIMENSIONS = 64;

/// A type of elements
struct NpyType {
    torch::ScalarType dtype;
    /// Letter and number of bytes
    std::string_view code;
    /// Bytes that are turned around in big endian data: of the real part, if complex
    size_t part_size;
};

constexpr auto NPY_TYPES = std::array{
    NpyType{torch::kFloat16, "f2", 2},      NpyType{torch::kFloat32, "f4", 4},
    NpyType{torch::kFloat64, "f8", 8},      NpyType{torch::kBFloat16, "V2", 2},
    NpyType{torch::kComplexFloat, "c8", 4}, NpyType{torch::kComplexDouble, "c16", 8},
    NpyType{torch::kBool, "b1", 1},         NpyType{torch::kInt8, "i1", 1},
    NpyType{torch::kInt16, "i2", 2},        NpyType{torch::kInt32, "i4", 4},
    NpyType{torch::kInt64, "i8", 8},        NpyType{torch::kUInt8, "u1", 1},
    NpyType{torch::kUInt16, "u2", 2},       NpyType{torch::kUInt32, "u4", 4},
    NpyType{torch::kUInt64, "u8", 8},
};

/// Type of elements and whether they are stored with the most significant byte first
struct StoredType {
    NpyType type;
    bool big_endian;
};

const NpyType& type_of(torch::ScalarType dtype) {
    const auto* const it = std::find_if(NPY_TYPES.begin(), NPY_TYPES.end(),
                                        [&](const auto& type) { return type.dtype == dtype; });
    TORCH_CHECK_TYPE(it != NPY_TYPES.end(), "values of dtype ", dtype_text(dtype), " can not be saved");
    return *it;
}

StoredType parse_format(const std::string& format) {
    const auto order = format.empty() ? '\0' : format[0];
    const auto code = std::string_view(format).substr(format.empty() ? 0 : 1);
    const auto* const it =
        std::find_if(NPY_TYPES.begin(), NPY_TYPES.end(), [&](const auto& type) { return type.code == code; });
    // "|": the order of bytes does not matter, as NumPy writes it for single bytes and raw data
    const bool order_known = order == '<' || order == '>';
    const bool order_optional =
        it != NPY_TYPES.end() && order == '|' && (it->part_size == 1 || it->code[0] == 'V');
    TORCH_CHECK(it != NPY_TYPES.end() && (order_known || order_optional), "npy data of type '", format,
                "' can not be read, expected floating point, complex or integer numbers or bool");
    return {*it, order == '>'};
}

torch::Tensor on_host(const torch::Tensor& tensor) {
    const bool is_there =
        tensor.device().is_cpu() && tensor.is_contiguous() && !tensor.is_conj() && !tensor.is_neg();
    if (is_there) return tensor; // the calls below give the same, a microsecond later
    return tensor.detach().to(torch::kCPU).resolve_conj().resolve_neg().contiguous();
}

void reverse_bytes(std::span<std::byte> bytes, size_t part_size) {
    for (size_t i = 0; i + part_size <= bytes.size(); i += part_size) {
        std::reverse(bytes.begin() + i, bytes.begin() + i + part_size);
    }
}

/// Number of bytes of a tensor; RuntimeError if it is not that of the data, or torch could not tell it.
void check_size(uint64_t n_bytes_stored, size_t element_size, const std::vector<int64_t>& shape) {
    uint64_t n_bytes = element_size;
    int64_t largest_stride = static_cast<int64_t>(element_size); // torch counts these also in empty tensors
    bool overflow = false;
    for (const auto size : shape) {
        overflow = __builtin_mul_overflow(n_bytes, static_cast<uint64_t>(size), &n_bytes) || overflow;
        overflow =
            __builtin_mul_overflow(largest_stride, std::max<int64_t>(size, 1), &largest_stride) || overflow;
    }
    TORCH_CHECK(!overflow && n_bytes == n_bytes_stored, "npy data have a wrong length: expected ",
                (overflow ? "more than 2^63" : std::to_string(n_bytes)), " bytes for shape ",
                c10::IntArrayRef(shape), ", got ", n_bytes_stored);
}

/// Tensor of this type and shape from all that is left of the stream
torch::Tensor read_elements(Stream& stream, const StoredType& stored, const std::vector<int64_t>& shape) {
    const auto dtype = stored.type.dtype;
    check_size(stream.remaining(), c10::elementSize(dtype), shape);
    if (!stored.big_endian && dtype != torch::kBool) { // these are changed below
        const auto shared = stream.share_rest(c10::elementSize(dtype));
        if (shared.defined()) return shared.view(dtype).view(shape);
    }
    auto tensor = details::empty_on_host(shape, dtype);
    const auto bytes = std::span(static_cast<std::byte*>(tensor.mutable_data_ptr()), tensor.nbytes());
    stream.read(bytes);
    if (stored.big_endian) reverse_bytes(bytes, stored.type.part_size);
    if (dtype == torch::kBool) {
        // any other byte would be undefined behaviour where a bool is expected
        std::transform(bytes.begin(), bytes.end(), bytes.begin(),
                       [](std::byte byte) { return std::byte{byte != std::byte{0}}; });
    }
    return tensor;
}

/// Type of the columns, which all have the same
StoredType column_type(const NpyHeader& header) {
    auto stored = StoredType{type_of(torch::kInt32), false};
    for (const auto& [name, format] : header.columns) {
        TORCH_CHECK(format == "<i4" || format == ">i4", "column '", name,
                    "' must have 32-bit integers ('<i4' or '>i4'), got '", format, "'");
        stored.big_endian = format[0] == '>';
        TORCH_CHECK(format == header.columns[0].second,
                    "all columns must have the same order of bytes, got '", header.columns[0].second,
                    "' and '", format, "'");
    }
    return stored;
}

/// Both are moved, as those of a list could not be.
Chunks chunks_of(std::string header, torch::Tensor values) {
    Chunks chunks;
    chunks.reserve(2);
    chunks.emplace_back(std::move(header));
    chunks.emplace_back(std::move(values));
    return chunks;
}

} // namespace

Chunks tensor_to_npy(const torch::Tensor& tensor) {
    TORCH_CHECK_TYPE(tensor.layout() == torch::kStrided,
                     "only dense values can be saved, got a tensor of layout ", tensor.layout());
    NpyHeader header;
    header.format = "<";
    header.format += type_of(tensor.scalar_type()).code;
    header.shape = tensor.sizes().vec();
    return chunks_of(write_npy_header(header), on_host(tensor));
}

Chunks records_to_npy(const NpyRecords& records) {
    NpyHeader header;
    header.is_record = true;
    header.columns.reserve(records.names.size());
    for (const auto& name : records.names)
        header.columns.emplace_back(name, "<i4");
    header.shape = {records.values.size(0)};
    return chunks_of(write_npy_header(header), on_host(records.values));
}

torch::Tensor tensor_from_npy(Stream& stream) {
    const auto header = read_npy_header(stream);
    TORCH_CHECK(!header.is_record, "expected an array of numbers, got records");
    TORCH_CHECK(header.shape.size() <= MAX_DIMENSIONS, "expected an array with at most ", MAX_DIMENSIONS,
                " dimensions, got ", header.shape.size());
    return read_elements(stream, parse_format(header.format), header.shape);
}

NpyRecords records_from_npy(Stream& stream) {
    auto header = read_npy_header(stream);
    TORCH_CHECK(header.is_record, "expected records of 32-bit integers, got an array of type '",
                header.format, "'");
    TORCH_CHECK(header.shape.size() == 1, "records must have one dimension, got shape ",
                c10::IntArrayRef(header.shape));
    const auto n_columns = static_cast<int64_t>(header.columns.size());
    TORCH_CHECK(n_columns != 0 || header.shape[0] <= 1, "there can be only one record without columns, got ",
                header.shape[0]);
    NpyRecords records;
    records.values = read_elements(stream, column_type(header), {header.shape[0], n_columns});
    records.names.reserve(header.columns.size());
    for (auto& column : header.columns)
        records.names.push_back(std::move(column.first));
    return records;
}

bool looks_like_npy(const Source& source) {
    return source.size() >= NPY_MAGIC.size() && source.read_text(0, NPY_MAGIC.size()) == NPY_MAGIC;
}

} // namespace metatensor_torch::serialization
