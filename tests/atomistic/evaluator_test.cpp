// SPDX-License-Identifier: BSD-3-Clause
#include <metatomic/torch.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "atomistic/support.hpp"
#include "support/class_resolver.hpp"

namespace metatomic_torch {
namespace {

using metatensor_torch::LabelsHolder;
using metatensor_torch::TensorMapHolder;

/// Springs of length 2 between all atoms within 5 of each other, (r - 2)^2 each; half to each of its atoms.
/// With `field`, positions and cell count too: 0.5 x for each atom, and 0.1 times the volume. Charges, if
/// `reads_charges` is set, add to the energy of their atoms. "mine::length" is the length of all springs.
constexpr const char* SPRINGS = R"(
    def capabilities(self):
        outputs = {
            "energy": ModelOutput(unit="eV", sample_kind=self.sample_kind),
            "mine::length": ModelOutput(unit="angstrom")
        }
        return ModelCapabilities(
            outputs=outputs, atomic_types=[1], interaction_range=5.0, length_unit="angstrom",
            supported_devices=["cpu"], dtype=self.dtype)
    def metadata(self):
        return ModelMetadata(name="springs")
    def requested_neighbor_lists(self):
        request = NeighborListOptions(5.0, False, self.strict)
        request.length_unit = "angstrom"
        return [request]
    def requested_inputs(self, use_new_names: bool):
        result: Dict[str, ModelOutput] = {}
        if self.reads_charges:
            result["charge"] = ModelOutput(unit="e", sample_kind="atom")
        return result
    def forward(self, systems: List[System], options: ModelEvaluationOptions, check_consistency: bool):
        system = systems[0]
        neighbors = system.get_neighbor_list(NeighborListOptions(5.0, False, self.strict))
        vectors = neighbors.values.squeeze(-1)
        lengths = vectors.square().sum(dim=1).sqrt()
        halves = 0.5 * (lengths - 2.0).square()
        energies = torch.zeros_like(system.positions[:, 0])
        energies = energies.index_add(0, neighbors.samples.column("first_atom"), halves)
        energies = energies.index_add(0, neighbors.samples.column("second_atom"), halves)
        if self.reads_charges:
            energies = energies + system.get_data("charge").block().values.squeeze(-1)
        if self.field:
            energies = energies + 0.5 * system.positions[:, 0]
            energies = energies + 0.1 * torch.det(system.cell) / len(system)
        if self.without_gradients:
            energies = energies.detach()
        if self.is_opaque:
            energies = energies + test_operators.opaque(lengths).sum()
        atoms = torch.arange(len(system), dtype=system.types.dtype)
        selected = options.selected_atoms
        if selected is not None:
            atoms = selected.column("atom")
            energies = energies.index_select(0, atoms)

        single = Labels("_", torch.zeros(1, 1, dtype=system.types.dtype))
        names = ["system"]
        samples = torch.zeros(1, 1, dtype=system.types.dtype)
        values = energies.sum().reshape(1, 1)
        if options.outputs["energy"].sample_kind == "atom":
            names = ["system", "atom"]
            samples = torch.stack([torch.zeros_like(atoms), atoms], dim=1)
            values = energies.reshape(-1, 1)
        energy = TensorBlock(values, Labels(names, samples), [], Labels("energy", single.values))
        result = {"energy": TensorMap(single, [energy])}
        if "mine::length" in options.outputs:
            length = TensorBlock(lengths.sum().reshape(1, 1), Labels("system", single.values), [], single)
            result["mine::length"] = TensorMap(single, [length])
        return result
)";

/// An operator without derivatives, as those are whose extension has them in Python.
TORCH_LIBRARY(test_operators, library) {
    library.def("opaque(Tensor x) -> Tensor");
    library.impl("opaque", torch::kCPU, [](const torch::Tensor& x) { return x.detach().square(); });
}

/// Knows that library of operators, too.
class Resolver : public test::ClassResolver {
  public:
    std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string& name,
                                                           torch::jit::GraphFunction& function,
                                                           const torch::jit::SourceRange& range) override {
        if (name == "test_operators") return std::make_shared<torch::jit::BuiltinModule>(name);
        return test::ClassResolver::resolveValue(name, function, range);
    }
};

struct ModelKind {
    std::string dtype = "float64";
    std::string sample_kind = "atom";
    bool strict = true;
    bool field = false;
    bool reads_charges = false;
    bool without_gradients = false;
    bool is_opaque = false;
};

metatensor_torch::Module springs(const ModelKind& kind = {}) {
    torch::jit::Module module("Springs");
    module.register_attribute("dtype", c10::StringType::get(), kind.dtype);
    module.register_attribute("sample_kind", c10::StringType::get(), kind.sample_kind);
    module.register_attribute("strict", c10::BoolType::get(), kind.strict);
    module.register_attribute("field", c10::BoolType::get(), kind.field);
    module.register_attribute("reads_charges", c10::BoolType::get(), kind.reads_charges);
    module.register_attribute("without_gradients", c10::BoolType::get(), kind.without_gradients);
    module.register_attribute("is_opaque", c10::BoolType::get(), kind.is_opaque);
    module.define(SPRINGS, std::make_shared<Resolver>());
    return module;
}

torch::Tensor float64(const std::vector<double>& values, torch::IntArrayRef shape) {
    return torch::tensor(values, torch::kFloat64).reshape(shape);
}

/// Atoms of type 1 without periodicity.
System atoms_at(const torch::Tensor& positions) {
    return torch::make_intrusive<SystemHolder>(torch::ones(positions.size(0), torch::kInt32), positions,
                                               torch::zeros({3, 3}, positions.options()),
                                               torch::zeros(3, torch::kBool));
}

/// Two atoms at a distance of 3 along x: the spring's energy is 1, its derivative 2.
System stretched() { return atoms_at(float64({0, 0, 0, 3, 0, 0}, {2, 3})); }

/// Each pair of atoms once, without regard to the cutoff, and images in the cells beside along the first
/// edge.
NeighborPairs all_pairs(const System& system, const NeighborRequest& /*request*/) {
    std::vector<int32_t> rows;
    const auto n_atoms = static_cast<int32_t>(system->size());
    const auto is_periodic = system->pbc()[0].item<bool>();
    for (int32_t i = 0; i < n_atoms; ++i) {
        for (int32_t j = i; j < n_atoms; ++j) {
            for (int32_t shift = is_periodic ? -1 : 0; shift <= (is_periodic ? 1 : 0); ++shift) {
                if (i == j && shift <= 0) continue;
                rows.insert(rows.end(), {i, j, shift, 0, 0});
            }
        }
    }
    return {torch::tensor(rows, torch::kInt32).reshape({static_cast<int64_t>(rows.size() / 5), 5}), {}};
}

Evaluator evaluator(const ModelKind& kind = {}, NeighborFinder find_neighbors = all_pairs) {
    EvaluatorOptions options;
    options.find_neighbors = std::move(find_neighbors);
    return Evaluator(springs(kind), options);
}

EvaluationRequest everything() {
    EvaluationRequest request;
    request.forces = request.virial = request.atom_energies = request.atom_virials = true;
    return request;
}

void expect_close(const torch::Tensor& found, const torch::Tensor& expected, double tolerance = 1e-12) {
    EXPECT_TRUE(found.sizes() == expected.sizes() && torch::allclose(found, expected, 0.0, tolerance))
        << found << "\ninstead of\n"
        << expected;
}

TEST(Evaluator, SaysWhatTheModelIs) {
    EvaluatorOptions options;
    options.length_unit = "nm";
    const Evaluator model(springs(), options);
    EXPECT_EQ(model.device(), torch::kCPU);
    EXPECT_EQ(model.dtype(), torch::kFloat64);
    EXPECT_EQ(model.metadata()->name, "springs");
    EXPECT_EQ(model.energy_name(), "energy");
    EXPECT_TRUE(model.has_atom_energies());
    EXPECT_DOUBLE_EQ(model.cutoff(), 0.5);
    EXPECT_DOUBLE_EQ(model.interaction_range(), 0.5);
    ASSERT_EQ(model.neighbor_requests().size(), 1U);
    EXPECT_DOUBLE_EQ(model.neighbor_requests()[0].cutoff, 0.5);
    EXPECT_FALSE(model.neighbor_requests()[0].options->full_list());
    EXPECT_TRUE(model.requested_inputs().empty());
    EXPECT_THAT(model.capabilities()->atomic_types, testing::ElementsAre(1));
}

TEST(Evaluator, GivesWhatASpringDoesToItsAtoms) {
    const auto result = evaluator().evaluate(stretched(), everything());
    expect_close(result.energy, float64({1}, {}));
    expect_close(result.forces, float64({2, 0, 0, -2, 0, 0}, {2, 3})); // it pulls them together
    expect_close(result.virial, float64({-6, 0, 0, 0, 0, 0, 0, 0, 0}, {3, 3}));
    expect_close(result.atom_energies, float64({0.5, 0.5}, {2}));
    expect_close(result.atom_virials.sum(0), result.virial);
    expect_close(result.atom_virials[0], result.virial / 2);
    EXPECT_FALSE(result.forces.requires_grad() || result.atom_energies.requires_grad());
}

TEST(Evaluator, GivesOnlyWhatIsAskedFor) {
    EvaluationRequest request;
    request.forces = false;
    const auto result = evaluator().evaluate(stretched(), request);
    expect_close(result.energy, float64({1}, {}));
    EXPECT_FALSE(result.forces.defined() || result.virial.defined() || result.atom_energies.defined() ||
                 result.atom_virials.defined());
    EXPECT_TRUE(result.outputs.empty());
}

TEST(Evaluator, GivesDerivativesWithoutTheEnergy) {
    for (const std::string dtype : {"float32", "float64"}) {
        ModelKind kind;
        kind.dtype = dtype;
        auto model = evaluator(kind);
        auto request = everything();
        request.energy = request.atom_energies = false;
        const auto result = model.evaluate(stretched(), request);
        EXPECT_FALSE(result.energy.defined() || result.atom_energies.defined());
        expect_close(result.forces, float64({2, 0, 0, -2, 0, 0}, {2, 3}), 1e-6);
        expect_close(result.virial, float64({-6, 0, 0, 0, 0, 0, 0, 0, 0}, {3, 3}), 1e-6);
    }
}

TEST(Evaluator, AddsEnergiesOfAtomsForTheEnergyInSinglePrecision) {
    for (const bool single : {true, false}) {
        ModelKind kind;
        if (single) kind.dtype = "float32";
        auto model = evaluator(kind);
        EXPECT_EQ(model.adds_atom_energies(), single);
        const auto system = stretched()->to(model.dtype());
        system->add_neighbor_list(model.neighbor_requests()[0].options,
                                  make_neighbor_list(torch::tensor({{0, 1, 0, 0, 0}}, torch::kInt32),
                                                     float64({3, 0, 0}, {1, 3}).to(model.dtype())));
        EvaluationRequest request;
        EXPECT_EQ(model.compute_energy(system, request).values.numel(), single ? 2 : 1);
        request.energy = false;
        EXPECT_EQ(model.compute_energy(system, request).values.numel(), 1);
    }
}

TEST(Evaluator, TakesPairsThatAreInTheSystem) {
    const auto system = stretched();
    auto model = evaluator({}, nullptr);
    // another vector than that of the positions: the pair counts, not the atoms
    const auto list =
        make_neighbor_list(torch::tensor({{0, 1, 0, 0, 0}}, torch::kInt32), float64({4, 0, 0}, {1, 3}));
    system->add_neighbor_list(model.neighbor_requests()[0].options, list);
    expect_close(model.evaluate(system).energy, float64({4}, {}));
}

TEST(Evaluator, LeavesOutPairsBeyondTheCutoffOfAStrictList) {
    const auto system = atoms_at(float64({0, 0, 0, 3, 0, 0, 6, 0, 0}, {3, 3}));
    expect_close(evaluator().evaluate(system).energy, float64({2}, {}));
    ModelKind kind;
    kind.strict = false; // the model has to look at the distance itself, and this one does not
    expect_close(evaluator(kind).evaluate(system).energy, float64({2 + 16}, {}));
    EXPECT_TRUE(system->neighbor_lists().empty());
}

TEST(Evaluator, TakesVectorsThatAreGivenWithThePairs) {
    const auto find = [](const System& system, const NeighborRequest& request) {
        EXPECT_DOUBLE_EQ(request.cutoff, 5.0);
        auto pairs = all_pairs(system, request);
        pairs.samples = pairs.samples.to(torch::kInt64); // any integers
        pairs.vectors = float64({0, 4, 0}, {1, 3});
        return pairs;
    };
    const auto result = evaluator({}, find).evaluate(stretched());
    expect_close(result.energy, float64({4}, {}));
    expect_close(result.forces, float64({0, 4, 0, 0, -4, 0}, {2, 3}));
}

TEST(Evaluator, WorksWithoutPairsAndWithoutAtoms) {
    const auto alone = evaluator().evaluate(atoms_at(torch::zeros({1, 3}, torch::kFloat64)), everything());
    expect_close(alone.energy, float64({0}, {}));
    expect_close(alone.forces, torch::zeros({1, 3}, torch::kFloat64));
    expect_close(alone.virial, torch::zeros({3, 3}, torch::kFloat64));
    const auto none = evaluator().evaluate(atoms_at(torch::zeros({0, 3}, torch::kFloat64)), everything());
    expect_close(none.energy, float64({0}, {}));
    EXPECT_EQ(none.forces.sizes(), torch::IntArrayRef({0, 3}));
    EXPECT_EQ(none.atom_energies.sizes(), torch::IntArrayRef({0}));
}

/// Five atoms in a cell that is short enough along x for images to matter.
struct Periodic {
    torch::Tensor positions;
    torch::Tensor cell = float64({6, 0, 0, 0.5, 7, 0, 0.3, 0.4, 8}, {3, 3});

    Periodic() {
        torch::manual_seed(7);
        positions = 4.0 * torch::rand({5, 3}, torch::kFloat64);
    }

    System system(const torch::Tensor& at, const torch::Tensor& in) const {
        return torch::make_intrusive<SystemHolder>(torch::ones(5, torch::kInt32), at, in,
                                                   torch::ones(3, torch::kBool));
    }
};

class EvaluatorOfAField : public testing::TestWithParam<bool> {};

TEST_P(EvaluatorOfAField, GivesDerivativesOfFiniteDifferences) {
    ModelKind kind;
    kind.field = GetParam();
    kind.strict = false; // continuous: no pair comes or goes
    auto model = evaluator(kind);
    const Periodic example;
    const auto energy = [&](const torch::Tensor& positions, const torch::Tensor& cell) {
        return model.evaluate(example.system(positions, cell)).energy.item<double>();
    };
    EvaluationRequest request;
    request.virial = true;
    const auto result = model.evaluate(example.system(example.positions, example.cell), request);

    const double step = 1e-5;
    for (int64_t a = 0; a < 3; ++a) {
        for (int64_t atom = 0; atom < 5; ++atom) {
            auto move = torch::zeros({5, 3}, torch::kFloat64);
            move[atom][a] = step;
            const auto slope = (energy(example.positions + move, example.cell) -
                                energy(example.positions - move, example.cell)) /
                               (2 * step);
            EXPECT_NEAR(result.forces[atom][a].item<double>(), -slope, 1e-7);
        }
        for (int64_t b = 0; b < 3; ++b) {
            const auto strained = [&](double size) {
                auto strain = torch::eye(3, torch::kFloat64);
                strain[a][b] += size;
                return energy(example.positions.matmul(strain), example.cell.matmul(strain));
            };
            const auto slope = (strained(step) - strained(-step)) / (2 * step);
            EXPECT_NEAR(result.virial[a][b].item<double>(), -slope, 1e-6);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Fields, EvaluatorOfAField, testing::Bool(), [](const auto& info) {
    return info.param ? "reads_positions_and_cell" : "reads_pairs";
});

TEST(Evaluator, SharesVirialsAmongAtoms) {
    const Periodic example;
    const auto result = evaluator().evaluate(example.system(example.positions, example.cell), everything());
    expect_close(result.atom_virials.sum(0), result.virial);
    expect_close(result.virial, result.virial.t());
    expect_close(result.atom_energies.sum(), result.energy);

    ModelKind field;
    field.field = true;
    EXPECT_THAT(
        [&] { evaluator(field).evaluate(example.system(example.positions, example.cell), everything()); },
        IsValueError("it has no virials of atoms"));
}

TEST(Evaluator, AddsUpSelectedAtomsOnly) {
    EvaluationRequest request;
    request.atom_energies = true;
    request.selected_atoms = labels({"system", "atom"}, {{0, 2}, {0, 0}});
    // springs 0-1 and 1-2 of lengths 3 and 4, energies 1 and 4
    auto model = evaluator();
    const auto system = atoms_at(float64({0, 0, 0, 3, 0, 0, 7, 0, 0}, {3, 3}));
    const auto result = model.evaluate(system, request);
    expect_close(result.energy, float64({2.5}, {}));
    expect_close(result.atom_energies, float64({2, 0.5}, {2}));
    expect_close(result.forces, float64({1, 0, 0, 1, 0, 0, -2, 0, 0}, {3, 3})); // half of each spring's

    request.selected_atoms = labels({"system", "atom"}, {{0, 3}});
    EXPECT_ANY_THROW(model.evaluate(system, request));
}

TEST(Evaluator, GivesOtherOutputs) {
    EvaluationRequest request;
    request.outputs.insert("mine::length", output("angstrom"));
    const auto result = evaluator().evaluate(stretched(), request);
    const auto length = TensorMapHolder::block_by_id(result.outputs.at("mine::length"), 0)->values();
    expect_close(length, float64({3}, {1, 1}));
    EXPECT_FALSE(length.requires_grad());
    expect_close(result.forces, float64({2, 0, 0, -2, 0, 0}, {2, 3}));
}

TEST(Evaluator, HandsInputsOnToTheModel) {
    ModelKind kind;
    kind.reads_charges = true;
    auto model = evaluator(kind);
    EXPECT_EQ(model.requested_inputs().at("charge")->unit(), "e");
    const auto system = stretched();
    EXPECT_THAT([&] { model.evaluate(system); },
                IsValueError("the model needs the input 'charge', which is missing in the system"));
    system->add_data(
        "charge", scalars(labels({"system", "atom"}, {{0, 0}, {0, 1}}), float64({2, 3}, {2, 1}), "charge"));
    expect_close(model.evaluate(system).energy, float64({6}, {}));
}

TEST(Evaluator, WorksInThePrecisionOfTheModelAndAnswersInThatOfTheSystem) {
    ModelKind kind;
    kind.dtype = "float32";
    auto model = evaluator(kind);
    EXPECT_EQ(model.dtype(), torch::kFloat32);
    const auto result = model.evaluate(stretched(), everything());
    for (const auto& tensor :
         {result.energy, result.forces, result.virial, result.atom_energies, result.atom_virials}) {
        EXPECT_EQ(tensor.scalar_type(), torch::kFloat64);
    }
    expect_close(result.forces, float64({2, 0, 0, -2, 0, 0}, {2, 3}), 1e-6);

    const auto single = model.evaluate(stretched()->to(torch::kFloat32));
    EXPECT_EQ(single.forces.scalar_type(), torch::kFloat32);
    EXPECT_EQ(single.energy.scalar_type(), torch::kFloat64);
    EXPECT_THAT([&] { model.compute_energy(stretched(), {}); },
                IsValueError("the model works in float32 on cpu, got a system in float64 on cpu"));
}

TEST(Evaluator, GivesBothHalvesToEnginesThatSumForcesThemselves) {
    auto model = evaluator({}, nullptr);
    const auto system = stretched();
    const auto list =
        make_neighbor_list(torch::tensor({{0, 1, 0, 0, 0}}, torch::kInt32), float64({3, 0, 0}, {1, 3}));
    system->add_neighbor_list(model.neighbor_requests()[0].options, list);
    const auto energy = model.compute_energy(system, {});
    expect_close(energy.values.detach(), float64({1}, {1}));
    const auto gradients = model.differentiate(energy);
    expect_close(gradients.vectors.at(0), float64({2, 0, 0}, {1, 3}));
    EXPECT_FALSE(gradients.positions.defined() || gradients.cell.defined());
    EXPECT_FALSE(list->values().requires_grad());
}

TEST(Evaluator, NeedsNoGradModeOfTheEngine) {
    const auto system = stretched();
    auto model = evaluator();
    const torch::NoGradGuard no_grad;
    model.warm_up(system);
    expect_close(model.evaluate(system).forces, float64({2, 0, 0, -2, 0, 0}, {2, 3}));
}

TEST(Evaluator, ChecksWhatItIsTold) {
    const auto with = [](const std::function<void(EvaluatorOptions&)>& set) {
        return [set] {
            EvaluatorOptions options;
            set(options);
            Evaluator(springs(), options);
        };
    };
    EXPECT_THAT(with([](auto& options) { options.length_unit = "eV"; }),
                IsValueError("'eV' is not a unit of length"));
    EXPECT_THAT(with([](auto& options) { options.energy_unit = "nm"; }),
                IsValueError("'nm' is not a unit of energy"));
    EXPECT_THAT(with([](auto& options) { options.energy_variant = "other"; }), IsValueError("energy"));
    const auto* refusal =
        at::hasCUDA() ? "does not support the device 'cuda'" : "the device 'cuda' is not available";
    EXPECT_THAT(with([](auto& options) { options.device = "cuda"; }),
                testing::ThrowsMessage<c10::Error>(testing::HasSubstr(refusal)));
    EXPECT_THAT([] { Evaluator("no/such/model.pt"); }, IsValueError("no/such/model.pt"));
    ModelKind half;
    half.dtype = "";
    EXPECT_THAT(
        [&] {
            springs(half);
            Evaluator(springs(half), {});
        },
        IsValueError("the model's dtype must be float32 or float64, got ''"));
}

TEST(Evaluator, SaysWhatTheModelCanNotGive) {
    ModelKind kind;
    kind.sample_kind = "system";
    EvaluationRequest by_atom;
    by_atom.atom_energies = true;
    EXPECT_FALSE(evaluator(kind).has_atom_energies());
    EXPECT_THAT([&] { evaluator(kind).evaluate(stretched(), by_atom); },
                IsValueError("the model does not give the energies of atoms"));

    EvaluationRequest other;
    other.outputs.insert("mine::unknown", output(""));
    EXPECT_THAT(
        [&] { evaluator().evaluate(stretched(), other); },
        IsValueError(
            "this model can not compute 'mine::unknown', its outputs are ['energy', 'mine::length']"));
    EvaluationRequest per_atom;
    per_atom.outputs.insert("mine::length", output("angstrom", "atom"));
    EXPECT_THAT(
        [&] { evaluator().evaluate(stretched(), per_atom); },
        IsValueError("can not compute 'mine::length' with the sample_kind 'atom', only with 'system'"));
    EvaluationRequest twice;
    twice.outputs.insert("energy", output("eV"));
    EXPECT_THAT([&] { evaluator().evaluate(stretched(), twice); },
                IsValueError("'energy' is the energy, which is computed in any case"));

    kind.without_gradients = true;
    EXPECT_THAT([&] { evaluator(kind).evaluate(stretched()); }, IsValueError("can not be differentiated"));
}

TEST(Evaluator, RefusesOperatorsWithoutDerivatives) {
    const ModelKind kind{.is_opaque = true};
    EvaluationRequest energy;
    energy.forces = false;
    expect_close(evaluator(kind).evaluate(stretched(), energy).energy, float64({1 + 2 * 9}, {}));
    EXPECT_THAT([&] { evaluator(kind).evaluate(stretched(), everything()); },
                testing::ThrowsMessage<c10::NotImplementedError>(testing::HasSubstr(
                    "the operator 'test_operators::opaque' of the model has no derivative")));
}

TEST(Evaluator, SaysWhatIsWrongWithNeighborLists) {
    EXPECT_THAT(
        [] { evaluator({}, nullptr).evaluate(stretched()); },
        IsValueError("which is missing in the system, and there is no `find_neighbors` that makes it"));
    const auto with = [](NeighborPairs pairs) {
        return
            [pairs] { evaluator({}, [&](const auto&, const auto&) { return pairs; }).evaluate(stretched()); };
    };
    const auto samples = torch::tensor({{0, 1, 0, 0, 0}}, torch::kInt32);
    EXPECT_THAT(with({}), IsValueError("the samples of the pairs of NeighborList"));
    EXPECT_THAT(with({samples.slice(1, 0, 2), {}}),
                IsValueError("the samples of the pairs must have shape [n, 5], got [1, 2]"));
    EXPECT_THAT(with({samples, torch::zeros({2, 3})}),
                IsValueError("the vectors of the pairs must have shape [1, 3], got [2, 3]"));
}

TEST(Evaluator, ComparesVectorsWithPositionsIfItIsToCheck) {
    EvaluatorOptions options;
    options.check_consistency = true;
    options.find_neighbors = [](const System&, const NeighborRequest&) {
        return NeighborPairs{torch::tensor({{0, 1, 0, 0, 0}}, torch::kInt32), float64({3, 0, 1}, {1, 3})};
    };
    Evaluator model(springs(), options);
    EXPECT_THAT(
        [&] { model.evaluate(stretched()); },
        IsValueError("the vector between atoms 0 and 1 with cell shift [0, 0, 0] should be [3, 0, 0], got "
                     "[3, 0, 1]"));

    options.find_neighbors = all_pairs;
    Evaluator checked(springs(), options);
    expect_close(checked.evaluate(stretched()).energy, float64({1}, {}));
    // the derivative of the length of a vector of zeros is not a number
    const auto same_place = atoms_at(torch::zeros({2, 3}, torch::kFloat64));
    EXPECT_THAT([&] { checked.evaluate(same_place); },
                IsValueError("the forces that the model returned are not finite numbers"));
}

TEST(NeighborList, IsMadeInItsLayout) {
    const auto samples = torch::tensor({{0, 1, 0, 0, 0}}, torch::kInt32);
    const auto list = make_neighbor_list(samples, float64({1, 2, 3}, {1, 3}));
    const auto system = two_atoms();
    system->add_neighbor_list(list_options(4.0), list);
    EXPECT_EQ(system->get_neighbor_list(list_options(4.0))->values().sizes(), torch::IntArrayRef({1, 3, 1}));
    EXPECT_THAT(
        [&] {
            make_neighbor_list(samples.to(torch::kInt64), torch::zeros({1, 3}));
        },
        IsValueError("the samples of a neighbor list must have dtype int32, got int64"));
    EXPECT_THAT(
        [&] {
            make_neighbor_list(samples.slice(1, 0, 4), torch::zeros({1, 3}));
        },
        IsValueError("the samples of a neighbor list must have shape [n, 5], got [1, 4]"));
    EXPECT_THAT(
        [&] {
            make_neighbor_list(samples, torch::zeros({2, 3}));
        },
        IsValueError("the vectors of a neighbor list must have shape [1, 3], got [2, 3]"));
}

} // namespace
} // namespace metatomic_torch
