// SPDX-License-Identifier: BSD-3-Clause
// Energy and force of two argon atoms with a saved model, as a simulation engine would ask for them:
//     argon_dimer argon.pt
#include <metatomic/torch.hpp>

#include <iostream>

using namespace metatensor_torch;
using namespace metatomic_torch;

namespace {

/// All pairs of two atoms that have no periodic images: the one from 0 to 1, and back in a full list.
TensorBlock dimer_pairs(const torch::Tensor& positions, bool full_list) {
    const auto forth = (positions[1] - positions[0]).detach().reshape({1, 3, 1});
    const auto names =
        std::vector<std::string>{"first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"};
    auto samples = torch::tensor({{0, 1, 0, 0, 0}, {1, 0, 0, 0, 0}}, torch::kInt32);
    auto vectors = torch::cat({forth, -forth});
    if (!full_list) {
        samples = samples.slice(0, 0, 1);
        vectors = vectors.slice(0, 0, 1);
    }
    return torch::make_intrusive<TensorBlockHolder>(
        vectors, torch::make_intrusive<LabelsHolder>(names, samples),
        std::vector<Labels>{LabelsHolder::create({"xyz"}, {{0}, {1}, {2}})},
        LabelsHolder::create({"distance"}, {{0}}));
}

/// The two atoms at a distance in angstrom, with the neighbor lists that the model asks for.
System dimer(Module& model, double distance) {
    const auto f64 = torch::TensorOptions().dtype(torch::kFloat64);
    const auto positions = torch::tensor({{0.0, 0.0, 0.0}, {0.0, 0.0, distance}}, f64).requires_grad_(true);
    auto system =
        torch::make_intrusive<SystemHolder>(torch::tensor({18, 18}, torch::kInt32), positions,
                                            torch::zeros({3, 3}, f64), torch::zeros(3, torch::kBool));
    const auto requests = model.run_method("requested_neighbor_lists");
    for (const c10::IValue& request : requests.toListRef()) {
        const auto options = request.toCustomClass<NeighborListOptionsHolder>();
        const auto pairs = dimer_pairs(positions, options->full_list());
        register_autograd_neighbors(system, pairs, /*check_consistency=*/true);
        system->add_neighbor_list(options, pairs);
    }
    return system;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: argon_dimer MODEL\n";
        return 1;
    }
    auto model = load_atomistic_model(argv[1]);

    const auto energy = torch::make_intrusive<ModelOutputHolder>();
    energy->set_unit("eV");
    const auto options = torch::make_intrusive<ModelEvaluationOptionsHolder>();
    options->set_length_unit("angstrom");
    options->outputs.insert("energy", energy);

    std::cout << "distance/A energy/eV force/(eV/A)\n";
    for (const double distance : {3.4, 3.8, 4.2}) {
        const auto system = dimer(model, distance);
        const auto results =
            model.forward({std::vector<System>{system}, options, /*check_consistency=*/true});
        const auto map = results.toGenericDict().at("energy").toCustomClass<TensorMapHolder>();
        const auto total = TensorMapHolder::block_by_id(map, 0)->values().sum();
        total.backward();
        std::cout << distance << " " << total.item<double>() << " "
                  << -system->positions().grad()[1][2].item<double>() << "\n";
    }
}
