// SPDX-License-Identifier: BSD-3-Clause
#include "evaluator.hpp"

#include "kokkos/stream.hpp"
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

/// Adds the time from its construction to its destruction, and waits before for `device`, if one is given.
class Stopwatch {
  public:
    Stopwatch(double& total, std::optional<torch::Device> device) : total_(total), device_(device) {}
    ~Stopwatch() {
        if (device_ && device_->is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device_->index());
        total_ += std::chrono::duration<double>(Clock::now() - start_).count();
    }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

  private:
    using Clock = std::chrono::steady_clock;
    double& total_;
    std::optional<torch::Device> device_;
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

/// `engine`, if the model and the user agree to it.
torch::Device check_device(const std::vector<std::string>& supported,
                           const std::optional<std::string>& requested, torch::Device engine) {
    const auto wish = requested ? torch::Device(*requested) : engine;
    if (wish.type() != engine.type() || (wish.has_index() && engine.has_index() && wish != engine)) {
        throw std::runtime_error("the atoms are on " + engine.str() +
                                 ", where the model has to run, got device '" + *requested + "'");
    }
    mta::pick_device(supported, c10::DeviceTypeName(engine.type(), /*lower_case=*/true));
    return engine;
}

torch::ScalarType find_dtype(const std::string& name) {
    if (name == "float32") return torch::kFloat32;
    if (name == "float64") return torch::kFloat64;
    throw std::runtime_error("the model's dtype must be float32 or float64, got '" + name + "'");
}

torch::Device device_of(kk::Place place) {
    if (place.cuda_index == kk::Place::host_index) return torch::kCPU;
    return {torch::kCUDA, static_cast<c10::DeviceIndex>(place.cuda_index)};
}

} // namespace

std::string text_of(const std::exception& error) {
    const auto* from_torch = dynamic_cast<const c10::Error*>(&error);
    const std::string text = from_torch != nullptr ? from_torch->what_without_backtrace() : error.what();
    return text.empty() ? "unknown error" : text;
}

class Evaluator::Implementation {
  public:
    explicit Implementation(const Options& options)
        : units_(options.units),
          check_consistency_(options.settings.check_consistency),
          marshaller_(kk::make_marshaller(options.execution)),
          engine_device_(device_of(marshaller_->place())) {
        configure_torch(options.n_threads);
        load(options);
        refuse_inputs();
        read_requests();
        description_ = module_.run_method("metadata").toCustomClass<mta::ModelMetadataHolder>()->print();
        make_constants();
    }

    void rebuild(const kk::Atoms& atoms, const kk::Box& box, const kk::NeighborRows& list,
                 const kk::ModelTypes& types, double skin, bool with_ghost_centers) {
        const Stopwatch watch(times_.marshal, awaited());
        const kk::StreamGuard stream(engine_device_, marshaller_->stream());
        for (auto& request : requests_) {
            // beyond this depth, all that the center of a pair could tell an owned atom is out of range
            request.ghost_center_depth = with_ghost_centers ? interaction_range_ - request.cutoff + skin : -1;
        }
        marshaller_->rebuild(atoms, box, list, types, requests_, skin);

        const auto n_rows = marshaller_->n_rows();
        const auto model_types = engine_tensor({n_rows}, torch::kInt32);
        marshaller_->write_types(kk::borrow(model_types));
        types_ = model_types.to(device_);
        pbc_ = torch::tensor({box.periodic[0], box.periodic[1], box.periodic[2]}, torch::kBool).to(device_);
        make_options(marshaller_->n_owned_rows() < n_rows);
    }

    void warm_up(const kk::Atoms& atoms, const kk::Box& box, bool with_atom_energies) {
        run(atoms, box, with_atom_energies, [](const torch::Tensor& /*energy*/) {});
    }

    Evaluation evaluate(const kk::Atoms& atoms, const kk::Box& box, const Targets& targets) {
        Evaluation result;
        run(atoms, box, targets.wants_atom_energies(), [&](const torch::Tensor& energy) {
            const Stopwatch watch(times_.store, awaited());
            sum_gradients();
            result = fetch(energy, atoms, targets);
            store(energy, atoms, targets);
        });
        return result;
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
    PhaseTimes& times() { return times_; }
    Memory memory() const {
        const auto of_types = types_.defined() ? static_cast<double>(types_.nbytes()) : 0;
        return {static_cast<double>(marshaller_->bytes()) + of_types, pair_bytes_};
    }
    void wait_for_phases(bool wait) { waits_ = wait; }

  private:
    /// What a phase waits for at its end.
    std::optional<torch::Device> awaited() const { return waits_ ? std::optional(device_) : std::nullopt; }

    /// Calls `use` with the energy, when its derivatives are there.
    template <class Use>
    void run(const kk::Atoms& atoms, const kk::Box& box, bool with_atom_energies, const Use& use) {
        if (marshaller_->n_owned_rows() == 0) return;

        // whatever the thread that runs the engine has set
        const c10::InferenceMode no_inference(false);
        const torch::AutoGradMode with_gradients(true);
        const kk::StreamGuard stream(engine_device_, marshaller_->stream());
        const auto energy = run_model(make_system(atoms, box), with_atom_energies);
        differentiate(energy);
        use(energy);
        release();
    }

    void load(const Options& options) {
        module_ = mta::load_atomistic_model(options.settings.model, options.settings.extensions);
        module_.eval();
        capabilities_ = module_.run_method("capabilities").toCustomClass<mta::ModelCapabilitiesHolder>();
        dtype_ = find_dtype(capabilities_->dtype());
        device_ =
            options.execution == kk::Execution::calling_thread
                ? find_device(capabilities_->supported_devices, options.settings.device, options.local_rank)
                : check_device(capabilities_->supported_devices, options.settings.device, engine_device_);
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

        const auto requested = module_.run_method("requested_neighbor_lists"); // the list may live no longer
        for (const auto& item : requested.toListRef()) {
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

    torch::Tensor engine_tensor(torch::IntArrayRef shape, torch::ScalarType dtype) const {
        return torch::empty(shape, torch::TensorOptions().dtype(dtype).device(engine_device_));
    }

    mta::System make_system(const kk::Atoms& atoms, const kk::Box& box) {
        const Stopwatch watch(times_.marshal, awaited());
        const auto positions = engine_tensor({marshaller_->n_rows(), 3}, dtype_);
        marshaller_->write_positions(atoms.positions, kk::borrow(positions));
        // leaves: the derivatives with respect to them, and to the pair vectors, are all that is needed
        positions_ = as_leaf(positions);
        cell_ = as_leaf(find_cell(box));
        const auto system = torch::make_intrusive<mta::SystemHolder>(types_, positions_, cell_, pbc_);
        add_pairs(atoms, *system);
        return system;
    }

    /// The cell, copied to the device when it has changed.
    const torch::Tensor& find_cell(const kk::Box& box) {
        const auto cell = box.cell();
        if (constant_cell_.defined() && cell == cell_values_) return constant_cell_;
        cell_values_ = cell;
        const auto host = torch::empty({3, 3}, torch::kFloat64);
        for (int row = 0; row < 3; ++row)
            std::copy(cell[row].begin(), cell[row].end(), host.data_ptr<double>() + std::ptrdiff_t(3) * row);
        constant_cell_ = host.to(device_, dtype_);
        engine_cell_ = host.to(engine_device_);
        return constant_cell_;
    }

    void add_pairs(const kk::Atoms& atoms, mta::SystemHolder& system) {
        std::vector<torch::Tensor> vectors;
        std::vector<torch::Tensor> samples;
        std::vector<kk::PairArrays> arrays;
        for (const auto room : marshaller_->room_for_pairs(atoms.positions)) {
            vectors.push_back(engine_tensor({room, 3}, dtype_));
            samples.push_back(engine_tensor({room, 5}, torch::kInt32));
            arrays.push_back({kk::borrow(vectors.back()), kk::borrow(samples.back())});
        }
        const auto n_pairs = marshaller_->write_pairs(atoms.positions, arrays);
        static const std::vector<std::string> names = {"first_atom", "second_atom", "cell_shift_a",
                                                       "cell_shift_b", "cell_shift_c"};
        pair_vectors_.clear();
        pair_bytes_ = 0;
        for (std::size_t request = 0; request < requests_.size(); ++request) {
            pair_bytes_ += static_cast<double>(vectors[request].nbytes() + samples[request].nbytes());
            const auto leaf = as_leaf(vectors[request].narrow(0, 0, n_pairs[request]).unsqueeze(-1));
            pair_vectors_.push_back(leaf);
            const auto labels = torch::make_intrusive<mts::LabelsHolder>(
                names, samples[request].narrow(0, 0, n_pairs[request]).to(device_),
                metatensor::assume_unique{});
            system.add_neighbor_list(neighbor_options_[request],
                                     torch::make_intrusive<mts::TensorBlockHolder>(
                                         leaf, labels, std::vector<mts::Labels>{xyz_}, distance_));
        }
    }

    torch::Tensor as_leaf(const torch::Tensor& tensor) const {
        return tensor.to(device_).detach().requires_grad_(true);
    }

    /// Energies that the model returns, `[1]` or `[n_owned_rows]`, with their graph.
    torch::Tensor run_model(const mta::System& system, bool with_atom_energies) {
        const Stopwatch watch(times_.forward, awaited());
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
        const Stopwatch watch(times_.backward, awaited());
        gradients_.assign(2 + pair_vectors_.size(), torch::Tensor());
        if (!energy.requires_grad()) {
            std::int64_t n_pairs = 0;
            for (const auto& vectors : pair_vectors_)
                n_pairs += vectors.size(0);
            if (n_pairs != 0) {
                throw std::runtime_error(
                    "the energy that the model returned can not be differentiated: it was "
                    "computed without gradients");
            }
            return;
        }
        std::vector<torch::Tensor> inputs = {positions_, cell_};
        inputs.insert(inputs.end(), pair_vectors_.begin(), pair_vectors_.end());
        gradients_ = torch::autograd::grad({energy.sum()}, inputs, {}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
        for (auto& gradient : gradients_) {
            if (gradient.defined()) gradient = gradient.to(engine_device_).contiguous();
        }
    }

    const torch::Tensor& position_gradients() const { return gradients_[0]; }
    const torch::Tensor& cell_gradients() const { return gradients_[1]; }
    kk::Array pair_gradients(std::size_t request) const {
        return kk::borrow(gradients_[2 + request].squeeze(-1));
    }
    bool has_pair_gradients(std::size_t request) const { return gradients_[2 + request].defined(); }

    /// Adds up forces, in memory of the marshaller, and dE/d(strain), which needs no strain tensor in the
    /// graph: positions, cell and pair vectors all scale with the strain.
    void sum_gradients() {
        marshaller_->clear_forces();
        if (position_gradients().defined())
            marshaller_->add_position_gradients(kk::borrow(position_gradients()));
        for (std::size_t request = 0; request < pair_vectors_.size(); ++request) {
            if (has_pair_gradients(request))
                marshaller_->add_pair_gradients(request, pair_gradients(request));
        }
    }

    torch::Tensor sum_strain_gradient(const kk::Atoms& atoms) const {
        auto result = engine_tensor({9}, torch::kFloat64);
        marshaller_->write_strain_gradient(atoms.positions, kk::borrow(result));
        if (cell_gradients().defined())
            result += engine_cell_.t().matmul(cell_gradients().to(torch::kFloat64)).reshape({9});
        return result;
    }

    /// What the host is told. Where that makes it wait for a device, only what was asked for; on the host
    /// always all, to find numbers that are none.
    Evaluation fetch(const torch::Tensor& energy, const kk::Atoms& atoms, const Targets& targets) const {
        const bool is_free = engine_device_.is_cpu();
        if (!is_free && !targets.energy && !targets.strain_gradient) return {};
        const auto total = energy.detach().to(engine_device_, torch::kFloat64).sum().reshape({1});
        const auto all =
            torch::cat({total, sum_strain_gradient(atoms)}).to(torch::kCPU); // one copy, and one wait
        const auto* values = all.const_data_ptr<double>();
        Evaluation result;
        result.energy = values[0];
        std::copy_n(values + 1, result.strain_gradient.size(), result.strain_gradient.begin());
        if (!std::isfinite(result.energy)) {
            throw std::runtime_error("the energy that the model returned is not a finite number: " +
                                     std::to_string(result.energy));
        }
        for (const auto value : result.strain_gradient) {
            if (std::isfinite(value)) continue; // each force is part of this sum
            throw std::runtime_error(
                "the derivatives of the energy that the model returned are not finite numbers");
        }
        return result;
    }

    void store(const torch::Tensor& energy, const kk::Atoms& atoms, const Targets& targets) const {
        if (targets.wants_atom_virials()) store_atom_virials(atoms, targets);
        if (targets.wants_atom_energies()) {
            const auto energies = energy.detach().to(engine_device_).contiguous();
            marshaller_->add_atom_energies_to(targets.atom_energies, kk::borrow(energies));
        }
        if (targets.forces.rank != 0) marshaller_->add_forces_to(targets.forces);
    }

    void store_atom_virials(const kk::Atoms& atoms, const Targets& targets) const {
        if (position_gradients().defined() || cell_gradients().defined()) {
            throw std::runtime_error(
                "the model reads positions or the cell, not only the vectors of pairs: it "
                "has no virials of atoms");
        }
        for (std::size_t request = 0; request < pair_vectors_.size(); ++request) {
            if (!has_pair_gradients(request)) continue;
            for (const auto* virials : {&targets.atom_virials, &targets.centroid_virials}) {
                if (virials->rank == 0) continue;
                marshaller_->add_atom_virials_to(*virials, atoms.positions, request, pair_gradients(request));
            }
        }
    }

    /// Memory that the engine may need until the next evaluation.
    void release() {
        positions_ = cell_ = torch::Tensor();
        pair_vectors_.clear();
        gradients_.clear();
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
    std::unique_ptr<kk::Marshaller> marshaller_;
    /// Where the engine's atoms are.
    torch::Device engine_device_;

    // since the last rebuild
    torch::Tensor types_;
    torch::Tensor pbc_;
    std::optional<mts::Labels> selected_atoms_;
    std::array<mta::ModelEvaluationOptions, 2> evaluation_options_;

    kk::Box::Matrix cell_values_{};
    torch::Tensor constant_cell_;
    torch::Tensor engine_cell_;

    // of the present evaluation
    torch::Tensor positions_;
    torch::Tensor cell_;
    std::vector<torch::Tensor> pair_vectors_;
    std::vector<torch::Tensor> gradients_;
    PhaseTimes times_;
    double pair_bytes_ = 0;
    bool waits_ = false;
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
PhaseTimes& Evaluator::times() { return implementation_->times(); }
Memory Evaluator::memory() const { return implementation_->memory(); }

void Evaluator::wait_for_phases(bool wait) { implementation_->wait_for_phases(wait); }

void Evaluator::rebuild(const kk::Atoms& atoms, const kk::Box& box, const kk::NeighborRows& list,
                        const kk::ModelTypes& types, double skin, bool with_ghost_centers) {
    implementation_->rebuild(atoms, box, list, types, skin, with_ghost_centers);
}

void Evaluator::warm_up(const kk::Atoms& atoms, const kk::Box& box, bool with_atom_energies) {
    implementation_->warm_up(atoms, box, with_atom_energies);
}

Evaluation Evaluator::evaluate(const kk::Atoms& atoms, const kk::Box& box, const Targets& targets) {
    return implementation_->evaluate(atoms, box, targets);
}

} // namespace metatensor_lammps
