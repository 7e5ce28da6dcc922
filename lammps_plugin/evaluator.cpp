// SPDX-License-Identifier: BSD-3-Clause
#include "evaluator.hpp"

#include "kokkos/tensor_array.hpp"
#include "model_output.hpp"

#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <metatomic/torch.hpp>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>
#include <cmath>
#include <stdexcept>

namespace metatensor_lammps {

namespace kk = metatensor_kokkos;
namespace mts = metatensor_torch;
namespace mta = metatomic_torch;

namespace {

/// Adds the time from its construction to its destruction.
class Stopwatch {
  public:
    explicit Stopwatch(double& total) : total_(total) {}
    ~Stopwatch() { total_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

  private:
    using Clock = std::chrono::steady_clock;
    double& total_;
    Clock::time_point start_ = Clock::now();
};

/// Process-wide settings of torch that suit one rank of a simulation.
void configure_torch(int n_threads) {
    at::set_num_threads(n_threads);
    static const bool once = [] {
        // The number of pairs changes at each step: do not compile for each new shape.
        torch::jit::FusionStrategy strategy = {{torch::jit::FusionBehavior::DYNAMIC, 2}};
        torch::jit::setFusionStrategy(strategy);
        return true;
    }();
    static_cast<void>(once);
}

torch::Device find_device(const std::vector<std::string>& supported,
                          const std::optional<std::string>& requested, int local_rank) {
    const auto type = mta::pick_device(supported, requested);
    if (type == torch::kCPU) return torch::kCPU;
    if (requested && requested->find(':') != std::string::npos) return torch::Device(*requested);
    if (type != torch::kCUDA) return torch::Device(type);
    const auto n_devices = std::max<int>(1, static_cast<int>(at::detail::getCUDAHooks().deviceCount()));
    return {type, static_cast<c10::DeviceIndex>(local_rank % n_devices)};
}

torch::ScalarType find_dtype(const std::string& name) {
    if (name == "float32") return torch::kFloat32;
    if (name == "float64") return torch::kFloat64;
    throw std::runtime_error("the model's dtype must be float32 or float64, got '" + name + "'");
}

/// Pairs of one request, as the model reads them and as their gradients come back.
struct PairTensors {
    torch::Tensor host_vectors;
    torch::Tensor host_samples;
    /// The leaf of autograd, on the model's device, `[n_pairs, 3, 1]`.
    torch::Tensor vectors;
};

} // namespace

std::string text_of(const std::exception& error) {
    const auto* from_torch = dynamic_cast<const c10::Error*>(&error);
    const std::string text = from_torch != nullptr ? from_torch->what_without_backtrace() : error.what();
    return text.empty() ? "unknown error" : text;
}

class Evaluator::Implementation {
  public:
    explicit Implementation(const Options& options)
        : units_(options.units), check_consistency_(options.settings.check_consistency) {
        configure_torch(options.n_threads);
        load(options);
        refuse_inputs();
        read_requests();
        description_ = module_.run_method("metadata").toCustomClass<mta::ModelMetadataHolder>()->print();
        make_constants();
    }

    void rebuild(const kk::Atoms& atoms, const kk::Box& box, const kk::NeighborRows& list,
                 const kk::ModelTypes& types, double skin, bool with_ghost_centers) {
        const Stopwatch watch(times_.marshal);
        for (auto& request : requests_) {
            // beyond this depth, all that the center of a pair could tell an owned atom is out of range
            request.ghost_center_depth = with_ghost_centers ? interaction_range_ - request.cutoff + skin : -1;
        }
        marshaller_->rebuild(atoms, box, list, types, requests_, skin);

        const auto n_rows = marshaller_->n_rows();
        const auto host_types = torch::empty({n_rows}, torch::kInt32);
        marshaller_->write_types(kk::borrow(host_types));
        types_ = host_types.to(device_);
        pbc_ = torch::tensor({box.periodic[0], box.periodic[1], box.periodic[2]}, torch::kBool).to(device_);
        make_options(marshaller_->n_owned_rows() < n_rows);
    }

    Evaluation evaluate(const kk::Atoms& atoms, const kk::Box& box, bool with_atom_energies) {
        pairs_.clear();
        has_gradients_ = false;
        if (marshaller_->n_owned_rows() == 0) return {};

        // whatever the thread that runs the engine has set
        const c10::InferenceMode no_inference(false);
        const torch::AutoGradMode with_gradients(true);
        const auto system = make_system(atoms, box);
        const auto energy = run_model(system, with_atom_energies);
        Evaluation result;
        differentiate(energy);
        {
            const Stopwatch watch(times_.store);
            const auto host_energy = energy.detach().to(torch::kCPU, torch::kFloat64).contiguous();
            result.energy = host_energy.sum().item<double>();
            if (!std::isfinite(result.energy)) {
                throw std::runtime_error("the energy that the model returned is not a finite number: " +
                                         std::to_string(result.energy));
            }
            if (with_atom_energies) {
                const auto* begin = host_energy.const_data_ptr<double>();
                result.atom_energies.assign(begin, begin + host_energy.numel());
            }
            result.strain_gradient = sum_gradients(atoms);
            check_gradients(result.strain_gradient);
        }
        return result;
    }

    void add_forces_to(const kk::Array& forces) {
        const Stopwatch watch(times_.store);
        if (has_gradients_) marshaller_->add_forces_to(forces);
    }

    double cutoff() const { return cutoff_; }
    double interaction_range() const { return interaction_range_; }
    const std::vector<int64_t>& known_types() const { return capabilities_->atomic_types; }
    bool has_atom_energies() const { return declared_energy_->sample_kind() == "atom"; }
    double smallest_cutoff() const {
        double smallest = cutoff_;
        for (const auto& request : requests_)
            smallest = std::min(smallest, request.cutoff);
        return smallest;
    }
    const std::string& description() const { return description_; }
    std::string device_and_dtype() const { return device_.str() + ", " + capabilities_->dtype(); }
    kk::Array atom_of_row() const { return marshaller_->atom_of_row(); }
    PhaseTimes& times() { return times_; }

  private:
    void load(const Options& options) {
        module_ = mta::load_atomistic_model(options.settings.model, options.settings.extensions);
        module_.eval();
        capabilities_ = module_.run_method("capabilities").toCustomClass<mta::ModelCapabilitiesHolder>();
        dtype_ = find_dtype(capabilities_->dtype());
        device_ = find_device(capabilities_->supported_devices, options.settings.device, options.local_rank);
        module_.to(device_);
        // or each backward would compute the derivatives with respect to the model's parameters too
        for (auto parameter : module_.parameters())
            parameter.requires_grad_(false);
    }

    // Models of early versions have no such method, or only know the old names.
    void refuse_inputs() {
        const auto method = module_.find_method("requested_inputs");
        if (!method) return;
        const bool takes_names = method->function().getSchema().arguments().size() > 1;
        const auto arguments = takes_names ? std::vector<torch::IValue>{true} : std::vector<torch::IValue>{};
        const auto inputs = (*method)(arguments).toGenericDict();
        if (inputs.empty()) return;
        throw std::runtime_error("the model needs the input '" + inputs.begin()->key().toStringRef() +
                                 "', which pair_style metatensor can not provide");
    }

    void read_requests() {
        const auto outputs = capabilities_->outputs();
        energy_name_ = mta::pick_output("energy", outputs);
        declared_energy_ = outputs.at(energy_name_);
        interaction_range_ = capabilities_->engine_interaction_range(units_.length);

        for (const auto& item : module_.run_method("requested_neighbor_lists").toListRef()) {
            const auto request = item.toCustomClass<mta::NeighborListOptionsHolder>();
            const auto cutoff = request->engine_cutoff(units_.length);
            neighbor_options_.push_back(request);
            requests_.push_back({cutoff, request->full_list()});
            cutoff_ = std::max(cutoff_, cutoff);
        }
    }

    void make_constants() {
        const auto components = torch::tensor({0, 1, 2}, torch::kInt32).reshape({3, 1});
        xyz_ = torch::make_intrusive<mts::LabelsHolder>("xyz", components)->to(device_);
        distance_ = torch::make_intrusive<mts::LabelsHolder>("distance", torch::zeros({1, 1}, torch::kInt32))
                        ->to(device_);
    }

    // One set of options for each kind of energy: total, and by atom.
    void make_options(bool has_ghost_rows) {
        selected_atoms_ = torch::nullopt;
        if (has_ghost_rows) {
            const auto n_owned = marshaller_->n_owned_rows();
            const auto atoms = torch::zeros({n_owned, 2}, torch::kInt32);
            atoms.select(1, 1).copy_(torch::arange(n_owned, torch::kInt32));
            selected_atoms_ =
                torch::make_intrusive<mts::LabelsHolder>(std::vector<std::string>{"system", "atom"}, atoms,
                                                         metatensor::assume_unique{})
                    ->to(device_);
        }
        for (const bool by_atom : {false, true}) {
            const auto output = torch::make_intrusive<mta::ModelOutputHolder>();
            output->set_unit(units_.energy);
            output->set_sample_kind(by_atom ? "atom" : "system");
            const auto options = torch::make_intrusive<mta::ModelEvaluationOptionsHolder>();
            options->set_length_unit(units_.length);
            options->outputs.insert(energy_name_, output);
            options->set_selected_atoms(selected_atoms_);
            evaluation_options_[by_atom ? 1 : 0] = options;
        }
    }

    mta::System make_system(const kk::Atoms& atoms, const kk::Box& box) {
        const Stopwatch watch(times_.marshal);
        host_positions_ = torch::empty({marshaller_->n_rows(), 3}, dtype_);
        marshaller_->write_positions(atoms.positions, kk::borrow(host_positions_));
        const auto cell = box.cell();
        host_cell_ = torch::empty({3, 3}, torch::kFloat64);
        for (int row = 0; row < 3; ++row) {
            for (int k = 0; k < 3; ++k)
                host_cell_.data_ptr<double>()[3 * row + k] = cell[row][k];
        }
        // leaves: the derivatives with respect to them, and to the pair vectors, are all that is needed
        positions_ = as_leaf(host_positions_);
        cell_ = as_leaf(host_cell_.to(dtype_));
        const auto system = torch::make_intrusive<mta::SystemHolder>(types_, positions_, cell_, pbc_);
        for (std::size_t request = 0; request < requests_.size(); ++request) {
            system->add_neighbor_list(neighbor_options_[request], make_pairs(atoms, request));
        }
        return system;
    }

    mts::TensorBlock make_pairs(const kk::Atoms& atoms, std::size_t request) {
        const auto bound = marshaller_->max_pairs(request);
        auto vectors = torch::empty({bound, 3}, dtype_);
        auto samples = torch::empty({bound, 5}, torch::kInt32);
        const auto n_pairs =
            marshaller_->write_pairs(atoms.positions, request, kk::borrow(vectors), kk::borrow(samples));
        PairTensors pairs;
        pairs.host_vectors = vectors.narrow(0, 0, n_pairs);
        pairs.host_samples = samples.narrow(0, 0, n_pairs);
        pairs.vectors = as_leaf(pairs.host_vectors.unsqueeze(-1));
        pairs_.push_back(pairs);

        static const std::vector<std::string> names = {"first_atom", "second_atom", "cell_shift_a",
                                                       "cell_shift_b", "cell_shift_c"};
        const auto labels = torch::make_intrusive<mts::LabelsHolder>(names, pairs.host_samples.to(device_),
                                                                     metatensor::assume_unique{});
        return torch::make_intrusive<mts::TensorBlockHolder>(pairs.vectors, labels,
                                                             std::vector<mts::Labels>{xyz_}, distance_);
    }

    torch::Tensor as_leaf(const torch::Tensor& host) const {
        return host.to(device_).detach().requires_grad_(true);
    }

    /// Energies that the model returns, `[1]` or `[n_owned_rows]`, with their graph.
    torch::Tensor run_model(const mta::System& system, bool with_atom_energies) {
        const Stopwatch watch(times_.forward);
        const auto systems = c10::List<mta::System>({system});
        const auto& options = evaluation_options_[with_atom_energies ? 1 : 0];
        const auto outputs = module_.forward({systems, options, check_consistency_}).toGenericDict();
        const auto found = outputs.find(energy_name_);
        if (found == outputs.end())
            throw std::runtime_error("the model did not return '" + energy_name_ + "'");
        const auto map = found->value().toCustomClass<mts::TensorMapHolder>();
        return with_atom_energies ? read_atom_energies(map, energy_name_, marshaller_->n_owned_rows())
                                  : read_total_energy(map, energy_name_);
    }

    void differentiate(const torch::Tensor& energy) {
        const Stopwatch watch(times_.backward);
        marshaller_->clear_forces();
        has_gradients_ = energy.requires_grad();
        if (!has_gradients_) {
            std::int64_t n_pairs = 0;
            for (const auto& pairs : pairs_)
                n_pairs += pairs.host_vectors.size(0);
            if (n_pairs != 0) {
                throw std::runtime_error(
                    "the energy that the model returned can not be differentiated: it was "
                    "computed without gradients");
            }
            return;
        }
        std::vector<torch::Tensor> inputs = {positions_, cell_};
        for (const auto& pairs : pairs_)
            inputs.push_back(pairs.vectors);
        gradients_ = torch::autograd::grad({energy.sum()}, inputs, {}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
    }

    /// Adds up forces; returns dE/d(strain), which needs no strain tensor in the graph: positions, cell and
    /// pair vectors all scale with the strain.
    kk::StrainGradient sum_gradients(const kk::Atoms& atoms) {
        if (!has_gradients_) return {};
        const auto on_host = [this](std::size_t k) { return gradients_[k].to(torch::kCPU).contiguous(); };
        if (gradients_[0].defined()) {
            marshaller_->add_position_gradients(kk::borrow(on_host(0)));
        }
        for (std::size_t request = 0; request < pairs_.size(); ++request) {
            if (!gradients_[2 + request].defined()) continue;
            marshaller_->add_pair_gradients(request, kk::borrow(on_host(2 + request).squeeze(-1)));
        }
        auto result = marshaller_->strain_gradient(atoms.positions);
        if (gradients_[1].defined()) {
            const auto from_cell = host_cell_.t().matmul(on_host(1).to(torch::kFloat64)).contiguous();
            for (std::size_t k = 0; k < 9; ++k)
                result[k] += from_cell.const_data_ptr<double>()[k];
        }
        gradients_.clear();
        return result;
    }

    // Each force is part of this sum.
    static void check_gradients(const kk::StrainGradient& strain_gradient) {
        for (const auto value : strain_gradient) {
            if (!std::isfinite(value)) {
                throw std::runtime_error(
                    "the derivatives of the energy that the model returned are not finite numbers");
            }
        }
    }

    Units units_;
    bool check_consistency_;
    mts::Module module_ = mts::Module(torch::jit::Module());
    mta::ModelCapabilities capabilities_;
    mta::ModelOutput declared_energy_;
    std::string energy_name_;
    std::string description_;
    torch::ScalarType dtype_ = torch::kFloat64;
    torch::Device device_ = torch::kCPU;
    double cutoff_ = 0;
    double interaction_range_ = 0;
    std::vector<mta::NeighborListOptions> neighbor_options_;
    std::vector<kk::PairRequest> requests_;
    mts::Labels xyz_;
    mts::Labels distance_;
    std::unique_ptr<kk::Marshaller> marshaller_ = kk::make_serial_marshaller();

    // since the last rebuild
    torch::Tensor types_;
    torch::Tensor pbc_;
    std::optional<mts::Labels> selected_atoms_;
    std::array<mta::ModelEvaluationOptions, 2> evaluation_options_;

    // of the last evaluation
    torch::Tensor host_positions_;
    torch::Tensor host_cell_;
    torch::Tensor positions_;
    torch::Tensor cell_;
    std::vector<PairTensors> pairs_;
    std::vector<torch::Tensor> gradients_;
    bool has_gradients_ = false;
    PhaseTimes times_;
};

Evaluator::Evaluator(const Options& options) : implementation_(std::make_unique<Implementation>(options)) {}
Evaluator::~Evaluator() = default;

double Evaluator::cutoff() const { return implementation_->cutoff(); }
double Evaluator::interaction_range() const { return implementation_->interaction_range(); }
const std::vector<long>& Evaluator::known_types() const { return implementation_->known_types(); }
bool Evaluator::has_atom_energies() const { return implementation_->has_atom_energies(); }
double Evaluator::smallest_cutoff() const { return implementation_->smallest_cutoff(); }
const std::string& Evaluator::description() const { return implementation_->description(); }
std::string Evaluator::device_and_dtype() const { return implementation_->device_and_dtype(); }
kk::Array Evaluator::atom_of_row() const { return implementation_->atom_of_row(); }
PhaseTimes& Evaluator::times() { return implementation_->times(); }

void Evaluator::rebuild(const kk::Atoms& atoms, const kk::Box& box, const kk::NeighborRows& list,
                        const kk::ModelTypes& types, double skin, bool with_ghost_centers) {
    implementation_->rebuild(atoms, box, list, types, skin, with_ghost_centers);
}

Evaluation Evaluator::evaluate(const kk::Atoms& atoms, const kk::Box& box, bool with_atom_energies) {
    return implementation_->evaluate(atoms, box, with_atom_energies);
}

void Evaluator::add_forces_to(const kk::Array& forces) { implementation_->add_forces_to(forces); }

} // namespace metatensor_lammps
