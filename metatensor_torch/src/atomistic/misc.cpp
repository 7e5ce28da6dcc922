// SPDX-License-Identifier: BSD-3-Clause
#include "metatomic/torch/misc.hpp"

#include <ATen/Context.h>

#include <algorithm>

#include "check.hpp"
#include "lower_case.hpp"
#include "metatomic/torch/version.h"

namespace metatomic_torch {
namespace {

/// The device of this name, if torch knows the name.
std::optional<torch::Device> parse_device(const std::string& name) {
    try {
        return torch::Device(lower_case(name));
    } catch (const c10::Error&) {
        return std::nullopt;
    }
}

/// Is there such a device on this machine?
bool is_there(torch::Device device) {
    if (device.is_cpu()) return true;
    if (device.is_meta()) return false;
    if (device.is_mps()) return at::hasMPS();
    if (!at::globalContext().hasXLA() && device.is_xla()) return false;
    if (!at::accelerator::isAccelerator(device.type())) return true; // torch does not say
    if (device.type() == torch::kPrivateUse1 && !at::isPrivateUse1HooksRegistered()) return false;
    const auto& hooks = at::globalContext().getAcceleratorHooksInterface(device.type());
    const auto n_devices = hooks.deviceCount();
    return device.has_index() ? device.index() < n_devices : n_devices > 0;
}

} // namespace

std::string version() { return METATOMIC_TORCH_VERSION; }

torch::DeviceType pick_device(std::vector<std::string> model_devices,
                              const std::optional<std::string>& requested_device) {
    std::vector<torch::DeviceType> available;
    for (const auto& name : model_devices) {
        const auto device = parse_device(name);
        if (!device.has_value()) {
            TORCH_WARN("the model supports a device that torch does not know: '", name, "'");
        } else if (is_there(*device)) {
            available.push_back(device->type());
        }
    }
    const auto supported = "the model supports [" + metatensor_torch::comma_list(model_devices) + "]";
    TORCH_CHECK(!available.empty(),
                "none of the devices of the model is available on this machine: ", supported);
    if (!requested_device.has_value() || requested_device->empty()) return available.front();

    const auto requested = parse_device(*requested_device);
    TORCH_CHECK(requested.has_value(), "'", *requested_device, "' is not a device that torch knows");
    TORCH_CHECK(is_there(*requested), "the device '", *requested_device,
                "' is not available on this machine");
    TORCH_CHECK(std::find(available.begin(), available.end(), requested->type()) != available.end(),
                "the model does not support the device '", *requested_device, "': ", supported);
    return requested->type();
}

std::string pick_output(const std::string& requested_output,
                        const c10::Dict<std::string, ModelOutput>& outputs,
                        const std::optional<std::string>& desired_variant) {
    const auto name =
        desired_variant.has_value() ? requested_output + "/" + *desired_variant : requested_output;
    if (outputs.contains(name)) return name;

    std::string variants;
    std::vector<std::string> names;
    for (const auto& entry : outputs) {
        names.push_back("'" + entry.key() + "'");
        if (entry.key().rfind(requested_output + "/", 0) != 0) continue;
        variants += "\n - '" + entry.key() + "': " + entry.value()->description;
    }
    const auto has_any = outputs.contains(requested_output) || !variants.empty();
    TORCH_CHECK_VALUE(has_any, "there is no output '", requested_output, "', only [",
                      metatensor_torch::comma_list(names), "]");
    TORCH_CHECK_VALUE(!desired_variant.has_value(), "there is no variant '", *desired_variant,
                      "' of the output '", requested_output,
                      variants.empty() ? "', which has none" : "', only" + variants);
    C10_THROW_ERROR(ValueError, "the output '" + requested_output +
                                    "' has only variants, one of which must be asked for:" + variants);
}

} // namespace metatomic_torch
