// SPDX-License-Identifier: BSD-3-Clause
// Molecular dynamics of 216 silicon atoms at constant energy, with a saved model:
//     silicon_nve stillinger-weber.pt [STEPS] [TIME_STEP]
//
// The pairs come from vesin (https://github.com/luthaf/vesin), which keeps its list while no atom has moved
// far.
#include <metatomic/torch.hpp>

#include <vesin.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>

using namespace metatomic_torch;

namespace {

constexpr double boltzmann = 8.617333262e-5; // eV/K
constexpr double mass = 28.0855;             // u

/// Neighbor lists of vesin, for one model that asks for one list.
class Neighbors {
  public:
    Neighbors() = default;
    ~Neighbors() { vesin_free(&list_); }
    Neighbors(const Neighbors&) = delete;
    Neighbors& operator=(const Neighbors&) = delete;

    NeighborPairs find(const System& system, const NeighborRequest& request) {
        VesinOptions options{};
        options.cutoff = request.cutoff;
        options.full = request.options->full_list();
        options.sorted = true;
        options.skin = 1.0;
        options.n_threads = 1;
        options.return_shifts = options.return_vectors = true;
        const char* error = nullptr;
        const auto failed = vesin_neighbors(
            reinterpret_cast<const double(*)[3]>(system->positions().const_data_ptr<double>()),
            static_cast<size_t>(system->size()),
            reinterpret_cast<const double(*)[3]>(system->cell().const_data_ptr<double>()),
            system->pbc().const_data_ptr<bool>(), VesinDevice{VesinCPU, 0}, options, &list_, &error);
        if (failed != 0) throw std::runtime_error(std::string("vesin: ") + error);

        const auto n_pairs = static_cast<int64_t>(list_.length);
        const auto atoms = torch::from_blob(list_.pairs, {n_pairs, 2}, torch::kInt64).to(torch::kInt32);
        const auto shifts = torch::from_blob(list_.shifts, {n_pairs, 3}, torch::kInt32);
        const auto vectors = torch::from_blob(list_.vectors, {n_pairs, 3}, torch::kFloat64);
        return {torch::cat({atoms, shifts}, 1), vectors.clone()};
    }

  private:
    VesinNeighborList list_;
};

/// 3 x 3 x 3 cells of the diamond lattice.
System silicon() {
    const auto basis =
        torch::tensor({{0.0, 0.0, 0.0}, {0.0, 0.5, 0.5}, {0.5, 0.0, 0.5}, {0.5, 0.5, 0.0}}, torch::kFloat64);
    const auto unit_cell = torch::cat({basis, basis + 0.25}); // [8, 3]
    const auto steps = torch::arange(3, torch::kFloat64);
    const auto cells = torch::cartesian_prod({steps, steps, steps}); // [27, 3]
    const auto positions = 5.431 * (cells.unsqueeze(1) + unit_cell).reshape({-1, 3});
    return torch::make_intrusive<SystemHolder>(torch::full(positions.size(0), 14, torch::kInt32), positions,
                                               3 * 5.431 * torch::eye(3, torch::kFloat64),
                                               torch::ones(3, torch::kBool));
}

/// Velocities in angstrom/fs of a Maxwell distribution, without motion of the whole.
torch::Tensor random_velocities(int64_t n_atoms, double temperature) {
    torch::manual_seed(1);
    const auto unit = unit_conversion_factor("(eV/u)^(1/2)", "angstrom/fs");
    const auto width = std::sqrt(boltzmann * temperature / mass) * unit;
    const auto velocities = width * torch::randn({n_atoms, 3}, torch::kFloat64);
    return velocities - velocities.mean(0);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: silicon_nve MODEL [STEPS] [TIME_STEP]\n";
        return 1;
    }
    const int n_steps = argc > 2 ? std::atoi(argv[2]) : 500;
    const double time_step = argc > 3 ? std::atof(argv[3]) : 1.0; // fs

    Neighbors neighbors;
    EvaluatorOptions options; // angstrom and eV
    options.find_neighbors = [&](const auto& system, const auto& request) {
        return neighbors.find(system, request);
    };
    Evaluator model(argv[1], options);

    auto system = silicon();
    auto velocities = random_velocities(system->size(), 600.0);
    model.warm_up(system);

    const auto n_degrees = 3.0 * static_cast<double>(system->size()) - 3.0;
    const auto kinetic_unit = unit_conversion_factor("u*angstrom^2/fs^2", "eV");
    const auto per_mass = unit_conversion_factor("eV/angstrom/u", "angstrom/fs^2") / mass;
    auto result = model.evaluate(system);
    double first_energy = 0;
    double largest_deviation = 0;
    std::cout << "# time/fs temperature/K potential energy/eV total energy/eV\n" << std::setprecision(10);
    for (int step = 0; step <= n_steps; ++step) {
        const auto kinetic = 0.5 * mass * kinetic_unit * velocities.square().sum().item<double>();
        const auto potential = result.energy.item<double>();
        const auto energy = kinetic + potential;
        if (step == 0) first_energy = energy;
        largest_deviation = std::max(largest_deviation, std::abs(energy - first_energy));
        if (step % 10 == 0) {
            const auto temperature = 2.0 * kinetic / (n_degrees * boltzmann);
            std::cout << step * time_step << " " << temperature << " " << potential << " " << energy << "\n";
        }
        // velocity Verlet
        velocities = velocities + 0.5 * time_step * per_mass * result.forces;
        system->set_positions(system->positions() + time_step * velocities);
        result = model.evaluate(system);
        velocities = velocities + 0.5 * time_step * per_mass * result.forces;
    }
    std::cout << "# largest deviation of the total energy: "
              << 1e3 * largest_deviation / static_cast<double>(system->size()) << " meV per atom\n";
}
