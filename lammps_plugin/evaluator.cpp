// SPDX-License-Identifier: BSD-3-Clause
#include "evaluator.hpp"

#include "kokkos/stream.hpp"
#include "kokkos/tensor_array.hpp"

#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <metatomic/torch.hpp>

#include <algorithm>
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
        try {
            if (device_ && device_->is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device_->index());
        } catch (const std::exception&) { // the next call of the device has the same error
        }
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

/// `engine`, if the user agrees to it.
torch::Device check_device(const std::optional<std::string>& requested, torch::Device engine) {
    const auto wish = requested ? torch::Device(*requested) : engine;
    if (wish.type() != engine.type() || (wish.has_index() && engine.has_index() && wish != engine)) {
        throw std::runtime_error("the atoms are on " + engine.str() +
                                 ", where the model has to run, got device '" + *requested + "'");
    }
    return engine;
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
          marshaller_(kk::make_marshaller(options.execution)),
          engine_device_(device_of(marshaller_->place())),
          model_(load(options)) {
        if (!model_.requested_inputs().empty()) {
            throw std::runtime_error("the model needs the input '" +
                                     model_.requested_inputs().begin()->key() +
                                     "', which pair_style metatensor can not provide");
        }
        for (const auto& request : model_.neighbor_requests())
            requests_.push_back({request.cutoff, request.options->full_list()});
        description_ = model_.metadata()->print();
    }

    void rebuild(const kk::Atoms& atoms, const kk::Box& box, const kk::NeighborRows& list,
                 const kk::ModelTypes& types, double skin, bool with_ghost_centers) {
        const Stopwatch watch(times_.marshal, awaited());
        const c10::OptionalDeviceGuard device(model_.device());
        const kk::StreamGuard stream(engine_device_, marshaller_->stream());
        for (auto& request : requests_) {
            // beyond this depth, all that the center of a pair could tell an owned atom is out of range
            request.ghost_center_depth =
                with_ghost_centers ? interaction_range() - request.cutoff + skin : -1;
        }
        // Twice the skin, as it is decided now which image of a ghost stands for all of them, and until the
        // next list another one may come as near.
        auto types_within_range = types;
        types_within_range.depth = std::max(interaction_range(), cutoff()) + 2 * skin;
        marshaller_->rebuild(atoms, box, list, types_within_range, requests_, skin);

        const auto n_rows = marshaller_->n_rows();
        const auto model_types = engine_tensor({n_rows}, torch::kInt32);
        marshaller_->write_types(kk::borrow(model_types));
        types_ = model_types.to(model_.device());
        pbc_ = torch::tensor({box.periodic[0], box.periodic[1], box.periodic[2]}, torch::kBool)
                   .to(model_.device());
        select_owned_atoms(marshaller_->n_owned_rows() < n_rows);
    }

    bool count_pairs(const kk::Atoms& atoms) {
        const Stopwatch watch(times_.marshal, awaited());
        marshaller_->compare_types(atoms.types);
        room_for_pairs_ = marshaller_->room_for_pairs(atoms.positions);
        return marshaller_->has_same_types();
    }

    void warm_up(const kk::Atoms& atoms, const kk::Box& box, bool with_atom_energies) {
        run(atoms, box, {.energy = false, .atom_energies = with_atom_energies}, [](const auto&...) {});
    }

    Evaluation evaluate(const kk::Atoms& atoms, const kk::Box& box, const Targets& targets) {
        Evaluation result;
        const auto store_results = [&](const torch::Tensor& energy, const mta::EnergyGradients& gradients) {
            const Stopwatch watch(times_.store, awaited());
            sum_gradients(gradients);
            result = fetch(energy, gradients, atoms, targets);
            store(energy, gradients, atoms, targets);
        };
        run(atoms, box, {.energy = targets.energy, .atom_energies = targets.wants_atom_energies()},
            store_results);
        return result;
    }

    const Units& units() const { return units_; }
    double cutoff() const { return model_.cutoff(); }
    double interaction_range() const { return model_.interaction_range(); }
    const std::vector<int64_t>& known_types() const { return model_.capabilities()->atomic_types; }
    bool has_atom_energies() const { return model_.has_atom_energies(); }
    bool adds_atom_energies() const { return model_.adds_atom_energies(); }
    double smallest_cutoff() const {
        double smallest = cutoff();
        for (const auto& request : requests_)
            smallest = std::min(smallest, request.cutoff);
        return smallest;
    }
    const std::string& description() const { return description_; }
    std::string device_and_dtype() const {
        return model_.device().str() + ", " + model_.capabilities()->dtype();
    }
    PhaseTimes& times() { return times_; }
    Memory memory() const {
        const auto of_types = types_.defined() ? static_cast<double>(types_.nbytes()) : 0;
        return {static_cast<double>(marshaller_->bytes()) + of_types, pair_bytes_};
    }
    void wait_for_phases(bool wait) { waits_ = wait; }

  private:
    /// What a phase waits for at its end.
    std::optional<torch::Device> awaited() const {
        return waits_ ? std::optional(model_.device()) : std::nullopt;
    }

    mta::Evaluator load(const Options& options) const {
        configure_torch(options.n_threads);
        const auto& settings = options.settings;
        mta::EvaluatorOptions model_options;
        model_options.length_unit = options.units.length;
        model_options.energy_unit = options.units.energy;
        model_options.energy_variant = settings.variant;
        model_options.local_rank = options.local_rank;
        model_options.check_consistency = settings.check_consistency;
        model_options.device = options.execution == kk::Execution::calling_thread
                                   ? settings.device
                                   : check_device(settings.device, engine_device_).str();
        return mta::Evaluator(settings.model, model_options, settings.extensions);
    }

    /// Calls `use` with the energy and its derivatives.
    template <class Use>
    void run(const kk::Atoms& atoms, const kk::Box& box, mta::EvaluationRequest request, const Use& use) {
        if (marshaller_->n_owned_rows() == 0) return;

        // whatever the thread that runs the engine has set
        const c10::InferenceMode no_inference(false);
        const c10::OptionalDeviceGuard device(model_.device());
        const kk::StreamGuard stream(engine_device_, marshaller_->stream());
        request.selected_atoms = selected_atoms_;
        const auto energy = run_model(make_system(atoms, box), request);
        const auto gradients = differentiate(energy);
        use(energy.values.detach(), gradients);
    }

    // Energies are those of the atoms that this rank owns.
    void select_owned_atoms(bool has_ghost_rows) {
        selected_atoms_ = torch::nullopt;
        if (!has_ghost_rows) return;
        const auto n_owned = marshaller_->n_owned_rows();
        const auto atoms = torch::zeros({n_owned, 2}, torch::kInt32);
        atoms.select(1, 1).copy_(torch::arange(n_owned, torch::kInt32));
        selected_atoms_ = torch::make_intrusive<mts::LabelsHolder>(std::vector<std::string>{"system", "atom"},
                                                                   atoms, metatensor::assume_unique{});
    }

    torch::Tensor engine_tensor(torch::IntArrayRef shape, torch::ScalarType dtype) const {
        return torch::empty(shape, torch::TensorOptions().dtype(dtype).device(engine_device_));
    }

    mta::System make_system(const kk::Atoms& atoms, const kk::Box& box) {
        const Stopwatch watch(times_.marshal, awaited());
        const auto positions = engine_tensor({marshaller_->n_rows(), 3}, model_.dtype());
        marshaller_->write_positions(atoms.positions, kk::borrow(positions));
        const auto system = torch::make_intrusive<mta::SystemHolder>(types_, positions.to(model_.device()),
                                                                     find_cell(box), pbc_);
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
        constant_cell_ = host.to(model_.device(), model_.dtype());
        engine_cell_ = host.to(engine_device_);
        return constant_cell_;
    }

    void add_pairs(const kk::Atoms& atoms, mta::SystemHolder& system) {
        std::vector<torch::Tensor> vectors;
        std::vector<torch::Tensor> samples;
        std::vector<kk::PairArrays> arrays;
        for (const auto room : room_for_pairs_) {
            vectors.push_back(engine_tensor({room, 3}, model_.dtype()));
            samples.push_back(engine_tensor({room, 5}, torch::kInt32));
            arrays.push_back({kk::borrow(vectors.back()), kk::borrow(samples.back())});
        }
        const auto n_pairs = marshaller_->write_pairs(atoms.positions, arrays);
        pair_bytes_ = 0;
        for (std::size_t request = 0; request < requests_.size(); ++request) {
            pair_bytes_ += static_cast<double>(vectors[request].nbytes() + samples[request].nbytes());
            const auto found = [&](const torch::Tensor& rows) {
                return rows.narrow(0, 0, n_pairs[request]).to(model_.device());
            };
            system.add_neighbor_list(
                model_.neighbor_requests()[request].options,
                mta::make_neighbor_list(found(samples[request]), found(vectors[request])));
        }
    }

    mta::DifferentiableEnergy run_model(const mta::System& system, const mta::EvaluationRequest& request) {
        const Stopwatch watch(times_.forward, awaited());
        return model_.compute_energy(system, request);
    }

    /// The derivatives, where the engine's atoms are.
    mta::EnergyGradients differentiate(const mta::DifferentiableEnergy& energy) {
        const Stopwatch watch(times_.backward, awaited());
        auto gradients = model_.differentiate(energy);
        const auto bring = [this](torch::Tensor& gradient) {
            if (gradient.defined()) gradient = gradient.to(engine_device_).contiguous();
        };
        bring(gradients.positions);
        bring(gradients.cell);
        std::for_each(gradients.vectors.begin(), gradients.vectors.end(), bring);
        return gradients;
    }

    /// Adds up forces, in memory of the marshaller, and dE/d(strain), which needs no strain tensor in the
    /// graph: positions, cell and pair vectors all scale with the strain.
    void sum_gradients(const mta::EnergyGradients& gradients) {
        marshaller_->clear_forces();
        if (gradients.positions.defined())
            marshaller_->add_position_gradients(kk::borrow(gradients.positions));
        for (std::size_t request = 0; request < requests_.size(); ++request) {
            const auto& vectors = gradients.vectors[request];
            if (vectors.defined()) marshaller_->add_pair_gradients(request, kk::borrow(vectors));
        }
    }

    torch::Tensor sum_strain_gradient(const kk::Atoms& atoms, const mta::EnergyGradients& gradients) const {
        auto result = engine_tensor({9}, torch::kFloat64);
        marshaller_->write_strain_gradient(atoms.positions, kk::borrow(result));
        if (gradients.cell.defined())
            result += engine_cell_.t().matmul(gradients.cell.to(torch::kFloat64)).reshape({9});
        return result;
    }

    /// What the host is told. Where that makes it wait for a device, only what was asked for; on the host
    /// always all, to find numbers that are none.
    Evaluation fetch(const torch::Tensor& energy, const mta::EnergyGradients& gradients,
                     const kk::Atoms& atoms, const Targets& targets) const {
        const bool is_free = engine_device_.is_cpu();
        if (!is_free && !targets.energy && !targets.strain_gradient) return {};
        const auto total = energy.to(engine_device_, torch::kFloat64).sum().reshape({1});
        const auto all = torch::cat({total, sum_strain_gradient(atoms, gradients)})
                             .to(torch::kCPU); // one copy, and one wait
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

    void store(const torch::Tensor& energy, const mta::EnergyGradients& gradients, const kk::Atoms& atoms,
               const Targets& targets) const {
        if (targets.wants_atom_virials()) store_atom_virials(gradients, atoms, targets);
        if (targets.wants_atom_energies()) {
            const auto energies = energy.to(engine_device_).contiguous();
            marshaller_->add_atom_energies_to(targets.atom_energies, kk::borrow(energies));
        }
        if (targets.forces.rank != 0) marshaller_->add_forces_to(targets.forces);
    }

    void store_atom_virials(const mta::EnergyGradients& gradients, const kk::Atoms& atoms,
                            const Targets& targets) const {
        gradients.check_virials_of_pairs();
        for (std::size_t request = 0; request < requests_.size(); ++request) {
            if (!gradients.vectors[request].defined()) continue;
            for (const auto* virials : {&targets.atom_virials, &targets.centroid_virials}) {
                if (virials->rank == 0) continue;
                marshaller_->add_atom_virials_to(*virials, atoms.positions, request,
                                                 kk::borrow(gradients.vectors[request]));
            }
        }
    }

    Units units_;
    std::unique_ptr<kk::Marshaller> marshaller_;
    /// Where the engine's atoms are.
    torch::Device engine_device_;
    mta::Evaluator model_;
    std::vector<kk::PairRequest> requests_;
    std::string description_;

    // since the last rebuild
    torch::Tensor types_;
    torch::Tensor pbc_;
    std::optional<mts::Labels> selected_atoms_;
    // of the last positions
    std::vector<std::int64_t> room_for_pairs_;

    kk::Box::Matrix cell_values_{};
    torch::Tensor constant_cell_;
    torch::Tensor engine_cell_;

    PhaseTimes times_;
    double pair_bytes_ = 0;
    bool waits_ = false;
};

Evaluator::Evaluator(const Options& options) : implementation_(std::make_unique<Implementation>(options)) {}
Evaluator::~Evaluator() = default;

const Units& Evaluator::units() const { return implementation_->units(); }
double Evaluator::cutoff() const { return implementation_->cutoff(); }
double Evaluator::interaction_range() const { return implementation_->interaction_range(); }
const std::vector<long>& Evaluator::known_types() const { return implementation_->known_types(); }
bool Evaluator::has_atom_energies() const { return implementation_->has_atom_energies(); }
bool Evaluator::adds_atom_energies() const { return implementation_->adds_atom_energies(); }
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

bool Evaluator::count_pairs(const kk::Atoms& atoms) { return implementation_->count_pairs(atoms); }

void Evaluator::warm_up(const kk::Atoms& atoms, const kk::Box& box, bool with_atom_energies) {
    implementation_->warm_up(atoms, box, with_atom_energies);
}

Evaluation Evaluator::evaluate(const kk::Atoms& atoms, const kk::Box& box, const Targets& targets) {
    return implementation_->evaluate(atoms, box, targets);
}

} // namespace metatensor_lammps
