// SPDX-License-Identifier: BSD-3-Clause
#include "tensor_array.hpp"

namespace metatensor_kokkos {

torch::ScalarType scalar_type_of(Element element) {
    switch (element) {
    case Element::int32:
        return torch::kInt32;
    case Element::int64:
        return torch::kInt64;
    case Element::float32:
        return torch::kFloat32;
    case Element::float64:
        return torch::kFloat64;
    }
    TORCH_INTERNAL_ASSERT(false, "unknown element type");
}

namespace {

Element element_for(torch::ScalarType dtype) {
    for (const auto element : {Element::int32, Element::int64, Element::float32, Element::float64}) {
        if (scalar_type_of(element) == dtype) return element;
    }
    C10_THROW_ERROR(ValueError, std::string("an array must be int32, int64, float32 or float64, got ") +
                                    torch::toString(dtype));
}

torch::Device device_of(Place place) {
    return place.cuda_index == Place::host_index
               ? torch::Device(torch::kCPU)
               : torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(place.cuda_index));
}

} // namespace

torch::Tensor tensor_of(const Array& array) {
    const auto rank = static_cast<std::size_t>(array.rank);
    const auto sizes = torch::IntArrayRef(array.extents.data(), rank);
    const auto strides = torch::IntArrayRef(array.strides.data(), rank);
    const auto options =
        torch::TensorOptions().dtype(scalar_type_of(array.element)).device(device_of(array.place));
    if (!array.owner) return torch::from_blob(array.data, sizes, strides, options);
    return torch::from_blob(
        array.data, sizes, strides, [owner = array.owner](void*) {}, options);
}

Array borrow(const torch::Tensor& tensor) {
    if (tensor.dim() > Array::max_rank) {
        C10_THROW_ERROR(ValueError, "an array has at most " + std::to_string(Array::max_rank) +
                                        " axes, got " + std::to_string(tensor.dim()));
    }
    Array array;
    array.data = tensor.data_ptr();
    array.element = element_for(tensor.scalar_type());
    if (tensor.is_cuda()) array.place.cuda_index = tensor.get_device();
    array.rank = static_cast<int>(tensor.dim());
    for (int axis = 0; axis < array.rank; ++axis) {
        array.extents[axis] = tensor.size(axis);
        array.strides[axis] = tensor.stride(axis);
    }
    return array;
}

Array share(const torch::Tensor& tensor) {
    Array array = borrow(tensor);
    array.owner = std::make_shared<torch::Tensor>(tensor);
    return array;
}

} // namespace metatensor_kokkos
