// SPDX-License-Identifier: BSD-3-Clause
#include "metatomic/torch/evaluator.hpp"

#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <utility>

#include "check.hpp"
#include "energies.hpp"
#include "metatomic/torch/misc.hpp"
#include "metatomic/torch/units.hpp"
#include "missing_derivatives.hpp"
#include "pair_sums.hpp"
#include "pair_vectors.hpp"
#include "requested_data.hpp"
#include "requested_outputs.hpp"

namespace metatomic_torch {

using metatensor_torch::check_shape;
using metatensor_torch::dtype_text;
using metatensor_torch::TensorMap;
using metatensor_torch::TensorMapHolder;

namespace {

/// Whatever the thread of the engine has set: graphs can be recorded.
struct WithGradients {
    c10::InferenceMode no_inference{false};
    torch::AutoGradMode gradients{true};
};

torch::Device find_device(const std::vector<std::string>& supported,
                          const std::optional<std::string>& requested, int local_rank) {
    const auto type = pick_device(supported, requested);
    if (type == torch::kCPU) return torch::kCPU;
    if (requested && requested->find(':') != std::string::npos) return torch::Device(*requested);
    if (type != torch::kCUDA) return torch::Device(type);
    const auto n_devices = std::max<int>(1, static_cast<int>(at::detail::getCUDAHooks().deviceCount()));
    return {type, static_cast<c10::DeviceIndex>(local_rank % n_devices)};
}

torch::ScalarType find_dtype(const std::string& name) {
    if (name == "float32") return torch::kFloat32;
    TORCH_CHECK_VALUE(name == "float64", "the model's dtype must be float32 or float64, got '", name, "'");
    return torch::kFloat64;
}

/// Models of early versions have no such method, or only know the old names.
c10::Dict<std::string, ModelOutput> requested_inputs_of(const metatensor_torch::Module& model) {
    c10::Dict<std::string, ModelOutput> inputs;
    const auto method = model.find_method("requested_inputs");
    if (!method) return inputs;
    const bool takes_names = method->function().getSchema().arguments().size() > 1;
    const auto arguments = takes_names ? std::vector<torch::IValue>{true} : std::vector<torch::IValue>{};
    const auto requested = (*method)(arguments).toGenericDict();
    for (const auto& entry : requested)
        inputs.insert(entry.key().toStringRef(), entry.value().toCustomClass<ModelOutputHolder>());
    return inputs;
}

/// What the finder gave, checked, with vectors, and without pairs that a strict list must not have.
NeighborPairs complete(const NeighborPairs& found, const System& system, const NeighborRequest& request) {
    TORCH_CHECK_VALUE(found.samples.defined(), "the samples of the pairs of ", request.options->str(),
                      " are missing");
    check_shape("the samples of the pairs", found.samples, {-1, 5});
    NeighborPairs pairs;
    pairs.samples = found.samples.to(system->device(), torch::kInt32);
    if (found.vectors.defined()) {
        check_shape("the vectors of the pairs", found.vectors, {found.samples.size(0), 3});
        pairs.vectors = found.vectors.detach().to(system->device(), system->scalar_type());
    } else {
        pairs.vectors = detail::pair_vectors(*system, pairs.samples);
    }
    if (!request.options->strict()) return pairs;
    const auto is_inside = pairs.vectors.square().sum(1).le(request.cutoff * request.cutoff);
    const auto inside = is_inside.nonzero().squeeze(1);
    if (inside.size(0) == pairs.samples.size(0)) return pairs;
    return {pairs.samples.index_select(0, inside), pairs.vectors.index_select(0, inside)};
}

torch::Tensor samples_of(const metatensor_torch::TensorBlock& list) { return list->samples()->values(); }
torch::Tensor vectors_of(const metatensor_torch::TensorBlock& list) {
    return list->values().detach().squeeze(-1);
}

/// dE/dr by pair [n_pairs, 3] of the lists that the energy depends on, in the type in which results are
/// summed.
struct PairGradients {
    torch::Tensor samples;
    torch::Tensor vectors;
    torch::Tensor gradients;
};

std::vector<PairGradients> pair_gradients(const EnergyGradients& gradients, const SystemHolder& system,
                                          const std::vector<NeighborRequest>& requests,
                                          torch::ScalarType dtype) {
    std::vector<PairGradients> all;
    for (size_t i = 0; i < requests.size(); ++i) {
        if (!gradients.vectors[i].defined()) continue;
        const auto list = system.get_neighbor_list(requests[i].options);
        all.push_back({samples_of(list), vectors_of(list).to(dtype), gradients.vectors[i].to(dtype)});
    }
    return all;
}

torch::Tensor sum_forces(const std::vector<PairGradients>& pairs, const EnergyGradients& gradients,
                         const torch::Tensor& positions) {
    auto forces = torch::zeros_like(positions);
    if (gradients.positions.defined()) forces -= gradients.positions;
    for (const auto& list : pairs)
        forces -= detail::sum_pairs_on_atoms(list.gradients, list.samples, positions.size(0));
    return forces;
}

// All vectors scale with a strain: positions, cell vectors and pairs.
torch::Tensor sum_virial(const std::vector<PairGradients>& pairs, const EnergyGradients& gradients,
                         const torch::Tensor& positions, const torch::Tensor& cell) {
    auto virial = torch::zeros({3, 3}, positions.options());
    const auto add = [&](const torch::Tensor& vectors, const torch::Tensor& gradient) {
        virial -= vectors.t().matmul(gradient.to(virial.scalar_type()));
    };
    if (gradients.positions.defined()) add(positions, gradients.positions);
    if (gradients.cell.defined()) add(cell, gradients.cell);
    for (const auto& list : pairs)
        add(list.vectors, list.gradients);
    return virial;
}

torch::Tensor sum_atom_virials(const std::vector<PairGradients>& pairs, const torch::Tensor& positions) {
    auto virials = torch::zeros({positions.size(0), 3, 3}, positions.options());
    for (const auto& list : pairs) {
        const auto halves = -0.5 * list.vectors.unsqueeze(2) * list.gradients.unsqueeze(1);
        virials.index_add_(0, list.samples.select(1, 0).to(torch::kInt64), halves);
        virials.index_add_(0, list.samples.select(1, 1).to(torch::kInt64), halves);
    }
    return virials;
}

void check_finite(const char* what, const torch::Tensor& values) {
    if (!values.defined() || values.isfinite().all().item<bool>()) return;
    C10_THROW_ERROR(ValueError, std::string(what) + " that the model returned are not finite numbers");
}

} // namespace

void EnergyGradients::check_virials_of_pairs() const {
    TORCH_CHECK_VALUE(!positions.defined() && !cell.defined(),
                      "the model reads positions or the cell, not only the vectors of pairs: it has no "
                      "virials of atoms");
}

Evaluator::Evaluator(const std::string& path, EvaluatorOptions options,
                     std::optional<std::string> extensions_directory)
    : Evaluator(load_atomistic_model(path, std::move(extensions_directory)), std::move(options)) {}

Evaluator::Evaluator(metatensor_torch::Module model, EvaluatorOptions options)
    : options_(std::move(options)), model_(std::move(model)) {
    details::validate_unit("length", options_.length_unit);
    details::validate_unit("energy", options_.energy_unit);
    read_model();
    model_.eval();
    model_.to(device_);
    // or each backward would compute the derivatives with respect to the model's parameters too
    for (auto parameter : model_.parameters())
        parameter.requires_grad_(false);
}

void Evaluator::read_model() {
    capabilities_ = model_.run_method("capabilities").toCustomClass<ModelCapabilitiesHolder>();
    metadata_ = model_.run_method("metadata").toCustomClass<ModelMetadataHolder>();
    dtype_ = find_dtype(capabilities_->dtype());
    device_ = find_device(capabilities_->supported_devices, options_.device, options_.local_rank);
    energy_name_ = pick_output("energy", capabilities_->outputs(), options_.energy_variant);
    interaction_range_ = capabilities_->engine_interaction_range(options_.length_unit);
    requested_inputs_ = requested_inputs_of(model_);

    const auto requested = model_.run_method("requested_neighbor_lists"); // the list may live no longer
    for (const auto& item : requested.toListRef()) {
        const auto list = item.toCustomClass<NeighborListOptionsHolder>();
        neighbor_requests_.push_back({list, list->engine_cutoff(options_.length_unit)});
    }
}

double Evaluator::cutoff() const {
    double largest = 0;
    for (const auto& request : neighbor_requests_)
        largest = std::max(largest, request.cutoff);
    return largest;
}

bool Evaluator::has_atom_energies() const {
    return capabilities_->outputs().at(energy_name_)->sample_kind() != "system";
}

Evaluation Evaluator::evaluate(const System& system, const EvaluationRequest& request) {
    const auto dtype = system->scalar_type();
    const auto device = system->device();
    const auto energy = compute_energy(with_neighbor_lists(system)->to(dtype_, device_), request);
    const torch::NoGradGuard no_grad;

    Evaluation result;
    if (request.energy) result.energy = energy.values.sum(torch::kFloat64).to(device);
    if (request.atom_energies) result.atom_energies = energy.values.detach().to(device, dtype);
    if (request.has_derivatives()) {
        const auto gradients = differentiate(energy);
        const auto positions = energy.system->positions().detach().to(dtype);
        const auto cell = energy.system->cell().detach().to(dtype);
        const auto pairs = pair_gradients(gradients, *energy.system, neighbor_requests_, dtype);
        if (request.forces) result.forces = sum_forces(pairs, gradients, positions).to(device);
        if (request.virial) result.virial = sum_virial(pairs, gradients, positions, cell).to(device);
        if (request.atom_virials) {
            gradients.check_virials_of_pairs();
            result.atom_virials = sum_atom_virials(pairs, positions).to(device);
        }
    }
    for (const auto& entry : energy.outputs)
        result.outputs.insert(entry.key(), metatensor_torch::detach(entry.value())->to(dtype, device));
    if (options_.check_consistency) {
        check_finite("the energies", energy.values);
        check_finite("the forces", result.forces);
        check_finite("the components of the virial", result.virial);
    }
    return result;
}

void Evaluator::warm_up(const System& system, const EvaluationRequest& request, int n_times) {
    for (int run = 0; run < n_times; ++run)
        evaluate(system, request);
}

System Evaluator::with_neighbor_lists(const System& system) const {
    const auto& known = system->neighbor_lists();
    auto result = system;
    for (const auto& request : neighbor_requests_) {
        const auto is_there = std::any_of(known.begin(), known.end(),
                                          [&](const auto& entry) { return entry.first == *request.options; });
        if (is_there) continue;
        TORCH_CHECK_VALUE(options_.find_neighbors != nullptr, "the model asks for the neighbor list ",
                          request.options->str(),
                          ", which is missing in the system, and there is no `find_neighbors` that makes it");
        // what is made here is not stored in the system of the engine
        if (result == system) result = torch::make_intrusive<SystemHolder>(system->with_new_leaves(false));
        const auto pairs = complete(options_.find_neighbors(system, request), system, request);
        result->add_neighbor_list(request.options, make_neighbor_list(pairs.samples, pairs.vectors));
    }
    return result;
}

void Evaluator::check_request(const EvaluationRequest& request) const {
    const auto declared = capabilities_->outputs();
    TORCH_CHECK_VALUE(!request.atom_energies || has_atom_energies(),
                      "the model does not give the energies of atoms");
    for (const auto& entry : request.outputs) {
        TORCH_CHECK_VALUE(
            entry.key() != energy_name_, "'", energy_name_,
            "' is the energy, which is computed in any case: it can not be one of the other outputs");
        detail::check_requested_output(entry.key(), *entry.value(), declared);
    }
}

ModelEvaluationOptions Evaluator::evaluation_options(const EvaluationRequest& request) const {
    const auto energy = torch::make_intrusive<ModelOutputHolder>();
    energy->set_unit(options_.energy_unit);
    energy->set_sample_kind(request.atom_energies ? "atom" : "system");
    const auto options = torch::make_intrusive<ModelEvaluationOptionsHolder>();
    options->set_length_unit(options_.length_unit);
    options->outputs.insert(energy_name_, energy);
    for (const auto& entry : request.outputs)
        options->outputs.insert(entry.key(), entry.value());
    if (request.selected_atoms) options->set_selected_atoms((*request.selected_atoms)->to(device_));
    return options;
}

DifferentiableEnergy Evaluator::compute_energy(const System& system, const EvaluationRequest& asked_for) {
    const WithGradients with_gradients;
    check_request(asked_for);
    auto request = asked_for;
    request.atom_energies = request.atom_energies || (request.energy && adds_atom_energies());
    TORCH_CHECK_VALUE(system->device() == device_ && system->scalar_type() == dtype_, "the model works in ",
                      dtype_text(dtype_), " on ", device_, ", got a system in ",
                      dtype_text(system->scalar_type()), " on ", system->device());
    for (const auto& entry : requested_inputs_) {
        TORCH_CHECK_VALUE(detail::find_data(*system, entry.key()).has_value(), "the model needs the input '",
                          entry.key(), "', which is missing in the system");
    }
    if (options_.check_consistency) {
        for (const auto& [list_options, list] : system->neighbor_lists())
            detail::check_pair_vectors(*system, vectors_of(list), samples_of(list));
    }

    DifferentiableEnergy result;
    result.system = torch::make_intrusive<SystemHolder>(system->with_new_leaves(request.has_derivatives()));
    const auto returned = model_
                              .forward({c10::List<System>({result.system}), evaluation_options(request),
                                        options_.check_consistency})
                              .toGenericDict();
    const auto output = [&](const std::string& name) -> TensorMap {
        const auto found = returned.find(name);
        TORCH_CHECK_VALUE(found != returned.end(), "the model did not return '", name, "'");
        return found->value().toCustomClass<TensorMapHolder>();
    };
    result.values = request.atom_energies ? detail::read_atom_energies(output(energy_name_), energy_name_,
                                                                       system->size(), request.selected_atoms)
                                          : detail::read_total_energy(output(energy_name_), energy_name_);
    for (const auto& entry : request.outputs)
        result.outputs.insert(entry.key(), output(entry.key()));
    return result;
}

EnergyGradients Evaluator::differentiate(const DifferentiableEnergy& energy) const {
    std::vector<torch::Tensor> leaves = {energy.system->positions(), energy.system->cell()};
    int64_t n_pairs = 0;
    for (const auto& request : neighbor_requests_) {
        leaves.push_back(energy.system->get_neighbor_list(request.options)->values());
        n_pairs += leaves.back().size(0);
    }
    EnergyGradients result;
    result.vectors.resize(neighbor_requests_.size());
    if (!energy.values.requires_grad()) {
        TORCH_CHECK_VALUE(n_pairs == 0,
                          "the energy that the model returned can not be differentiated: it was "
                          "computed without gradients");
        return result;
    }
    const WithGradients with_gradients;
    const detail::MissingDerivatives missing;
    const auto gradients = torch::autograd::grad({energy.values.sum()}, leaves, {}, /*retain_graph=*/false,
                                                 /*create_graph=*/false, /*allow_unused=*/true);
    missing.check();
    result.positions = gradients[0];
    result.cell = gradients[1];
    for (size_t i = 0; i < result.vectors.size(); ++i) {
        if (gradients[2 + i].defined()) result.vectors[i] = gradients[2 + i].squeeze(-1);
    }
    return result;
}

} // namespace metatomic_torch
