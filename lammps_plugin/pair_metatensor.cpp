// SPDX-License-Identifier: GPL-2.0-only
#include "pair_metatensor.hpp"

#include "process.hpp"

#include <lammps/atom.h>
#include <lammps/citeme.h>
#include <lammps/comm.h>
#include <lammps/compute.h>
#include <lammps/error.h>
#include <lammps/force.h>
#include <lammps/lammps.h>
#include <lammps/memory.h>
#include <lammps/modify.h>
#include <lammps/neigh_list.h>
#include <lammps/neighbor.h>
#include <lammps/timer.h>
#include <lammps/universe.h>
#include <lammps/update.h>
#include <lammps/utils.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <thread>

/// Where an error comes from: LAMMPS's FLERR without the folder on the machine that built the plugin.
#define HERE "lammps_plugin/pair_metatensor.cpp", __LINE__

namespace metatensor_lammps {

namespace kk = metatensor_kokkos;

namespace {

std::vector<std::string> to_strings(int count, char** words) { return {words, words + count}; }

/// Place of a rank among those on the same machine. With several partitions `world` has only some of these,
/// but all launchers tell each process.
int rank_on_node(MPI_Comm world, bool is_partition) {
    if (is_partition) {
        for (const auto* name : {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "MV2_COMM_WORLD_LOCAL_RANK",
                                 "PALS_LOCAL_RANKID", "SLURM_LOCALID"}) {
            const char* text = std::getenv(name);
            if (text != nullptr) return std::atoi(text);
        }
    }
#if defined(MPI_STUBS) // LAMMPS's own replacement of MPI, for one process
    static_cast<void>(world);
    return 0;
#else
    MPI_Comm node = MPI_COMM_NULL;
    MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    int rank = 0;
    MPI_Comm_rank(node, &rank);
    MPI_Comm_free(&node);
    return rank;
#endif
}

bool computes_atom_energies(LAMMPS_NS::Modify* modify) {
    const auto computes = modify->get_compute_list();
    return std::any_of(computes.begin(), computes.end(),
                       [](const auto* compute) { return compute->peatomflag != 0; });
}

} // namespace

PairMetatensor::PairMetatensor(LAMMPS_NS::LAMMPS* lammps)
    : PairMetatensor(lammps, std::make_unique<LammpsView>(lammps), kk::Execution::calling_thread) {}

PairMetatensor::PairMetatensor(LAMMPS_NS::LAMMPS* lammps, std::unique_ptr<LammpsView> view,
                               kk::Execution execution)
    : Pair(lammps), view_(std::move(view)), execution_(execution), ghost_cutoff_(lammps) {
    single_enable = 0;
    restartinfo = 0;
    one_coeff = 1;
    manybody_flag = 1;
    no_virial_fdotr_compute = 1;
    centroidstressflag = LAMMPS_NS::CENTROID_AVAIL;
    comm_reverse_off = 3 + 6 + 9; // forces, virials and centroid virials of atoms
    agree_or_stop("pair_style metatensor", initialise_process);
}

PairMetatensor::~PairMetatensor() {
    if (allocated != 0) {
        memory->destroy(setflag);
        memory->destroy(cutsq);
        memory->destroy(cutghost);
    }
}

void PairMetatensor::allocate() {
    if (allocated != 0) return;
    const int n = atom->ntypes + 1;
    memory->create(setflag, n, n, "pair:setflag");
    memory->create(cutsq, n, n, "pair:cutsq");
    memory->create(cutghost, n, n, "pair:cutghost");
    std::fill_n(&setflag[0][0], n * n, 0);
    allocated = 1;
}

void PairMetatensor::agree_or_stop(const std::string& what, const std::function<void()>& action) const {
    std::string text;
    try {
        action();
    } catch (const std::exception& problem) {
        text = text_of(problem);
    }
    const int n_ranks = comm->nprocs;
    const int candidate = text.empty() ? n_ranks : comm->me;
    int first = n_ranks;
    MPI_Allreduce(&candidate, &first, 1, MPI_INT, MPI_MIN, world);
    if (first == n_ranks) return;

    int length = static_cast<int>(text.size());
    MPI_Bcast(&length, 1, MPI_INT, first, world);
    text.resize(length);
    MPI_Bcast(text.data(), length, MPI_CHAR, first, world);
    error->all(HERE, what + ": " + text);
}

// LAMMPS prints the text and aborts all ranks. Launchers of MPI may drop what they have not forwarded by
// then.
void PairMetatensor::stop_from_this_rank(const std::string& text) const {
    try {
        error->one(HERE, text);
    } catch (const LAMMPS_NS::LAMMPSException&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        throw;
    }
}

void PairMetatensor::settings(int count, char** words) {
    const int local_rank = rank_on_node(world, universe->nworlds > 1);
    agree_or_stop("pair_style metatensor",
                  [&] { load_model(parse_settings(to_strings(count, words)), local_rank); });
    if (allocated != 0) std::fill_n(&setflag[0][0], (atom->ntypes + 1) * (atom->ntypes + 1), 0);
    print_model();
}

void PairMetatensor::load_model(const Settings& settings, int local_rank) {
    Evaluator::Options options;
    options.settings = settings;
    options.units = find_units(update->unit_style);
    options.local_rank = local_rank;
    options.n_threads = n_threads();
    options.execution = execution_;
    evaluator_ = std::make_unique<Evaluator>(options);
    settings_ = settings;
    seen_build_ = {};
    is_warm_ = {};
}

void PairMetatensor::print_model() const {
    if (comm->me != 0) return;
    LAMMPS_NS::utils::logmesg(lmp,
                              "Model {} runs on {}: pairs within {:.6g}, interactions within {:.6g}\n{}\n",
                              settings_.model, evaluator_->device_and_dtype(), evaluator_->cutoff(),
                              evaluator_->interaction_range(), evaluator_->description());
}

void PairMetatensor::coeff(int count, char** words) {
    if (!evaluator_) error->all(HERE, "pair_coeff needs a pair_style metatensor that has loaded its model");
    allocate();
    const auto all = to_strings(count, words);
    agree_or_stop("pair_coeff", [&] {
        if (count < 2 || all[0] != "*" || all[1] != "*") {
            throw std::invalid_argument(
                "pair_style metatensor takes one line 'pair_coeff * *' for all atom types");
        }
        const std::vector<std::string> type_words(all.begin() + 2, all.end());
        const auto types = parse_types(type_words, atom->ntypes);
        check_types(types, type_words, evaluator_->known_types());
        types_.types.assign(atom->ntypes + 1, -1);
        types_.included.assign(atom->ntypes + 1, 0);
        for (int type = 1; type <= atom->ntypes; ++type) {
            if (!types[type - 1]) continue;
            types_.types[type] = *types[type - 1];
            types_.included[type] = 1;
        }
    });
    for (int i = 1; i <= atom->ntypes; ++i) {
        for (int j = i; j <= atom->ntypes; ++j)
            setflag[i][j] = types_.included[i] & types_.included[j];
    }
}

void PairMetatensor::check_simulation() {
    if (atom->tag_enable == 0) {
        error->all(HERE, "pair_style metatensor needs atom IDs: use 'atom_modify id yes'");
    }
    const auto loaded_for = evaluator_->units().style;
    if (loaded_for != update->unit_style) {
        error->all(HERE, "the units were '" + loaded_for +
                             "' when pair_style metatensor loaded its model, and are '" + update->unit_style +
                             "' now: give pair_style metatensor after units");
    }
    if (neighbor->includegroup != 0) {
        error->all(HERE, "pair_style metatensor needs the pairs of all atoms: it can not be used with "
                         "'neigh_modify include'");
    }
    // atoms without any pair are no part of the System, so nothing is missing there
    const auto n_exclusions = view_->excluded_groups().n_partial + neighbor->nex_type + neighbor->nex_mol;
    if (n_exclusions > 0 && comm->me == 0) {
        error->warning(HERE,
                       "pair_style metatensor does not see the pairs that 'neigh_modify exclude' leaves out, "
                       "and the energy is without them");
    }
    if (comm->nprocs > 1 && !std::isfinite(evaluator_->interaction_range())) {
        error->all(HERE,
                   "the model of pair_style metatensor has an infinite interaction range and can run on one "
                   "MPI rank only, got " +
                       std::to_string(comm->nprocs));
    }
}

// The list is as short as the model's cutoff; the halo of ghosts is as wide as its interaction range, which
// grows with each layer of message passing.
//
// Twice the skin, as it is decided when the list is built which image of a ghost stands for all of them, and
// until the next list another one may come as near.
void PairMetatensor::request_ghosts() {
    const double range = evaluator_->interaction_range();
    ghost_centers_ = comm->nprocs > 1 && range > evaluator_->smallest_cutoff() * (1 + 1e-12);
    ghostneigh = ghost_centers_ ? 1 : 0;
    if (!ghost_centers_) return ghost_cutoff_.release();
    if (comm->mode != LAMMPS_NS::Comm::SINGLE) {
        error->all(HERE, "this model of pair_style metatensor passes messages between atoms and needs "
                         "'comm_modify mode single' on several MPI ranks");
    }
    ghost_cutoff_.request(range + 2 * neighbor->skin);
}

void PairMetatensor::init_style() {
    check_simulation();
    request_ghosts();
    using namespace LAMMPS_NS::NeighConst;
    neighbor->add_request(this, ghost_centers_ ? REQ_FULL | REQ_GHOST : REQ_FULL);
    in_setup_ = true;
    seen_build_ = {};
}

double PairMetatensor::init_one(int type_i, int type_j) {
    if (setflag[type_i][type_j] == 0)
        error->all(HERE, "all pair coefficients must be set, use 'pair_coeff * *'");
    // a model without pairs needs no list, but LAMMPS wants a cutoff
    const double cutoff = evaluator_->cutoff() > 0 ? evaluator_->cutoff() : neighbor->skin;
    cutghost[type_i][type_j] = cutghost[type_j][type_i] = cutoff;
    return cutoff;
}

void PairMetatensor::setup() {
    check_bonded_atoms();
    in_setup_ = true;
}

// LAMMPS leaves bonded pairs out of its list where their factors are 0 and no other style needs them.
void PairMetatensor::check_bonded_atoms() const {
    if (atom->molecular == LAMMPS_NS::Atom::ATOMIC) return;
    int is_there[4] = {0, 0, 0, 0}; // pairs that are 1-2, 1-3, 1-4 neighbors
    for (int i = 0; i < atom->nlocal; ++i) {
        for (int k = 1; k <= 3; ++k) {
            if (atom->nspecial == nullptr) { // of molecules that share a template
                is_there[k] = 1;
            } else if (atom->nspecial[i][k - 1] > (k == 1 ? 0 : atom->nspecial[i][k - 2])) {
                is_there[k] = 1;
            }
        }
    }
    int is_anywhere[4] = {};
    MPI_Allreduce(is_there, is_anywhere, 4, MPI_INT, MPI_MAX, world);
    for (int k = 1; k <= 3; ++k) {
        if (is_anywhere[k] == 0 || neighbor->special_flag[k] != 0) continue;
        error->all(HERE,
                   "pair_style metatensor needs all pairs of atoms, bonded ones too, and LAMMPS leaves out "
                   "1-" +
                       std::to_string(k + 1) +
                       " neighbors, whose factors are 0: use 'special_bonds lj/coul "
                       "1.0 1.0 1.0', or 1e-20 in place of 0 if another style needs the factors");
    }
}

void PairMetatensor::update_topology() {
    const ListBuild build = {neighbor->ncalls, neighbor->lastcall, list};
    if (neighbor->ago == 0 || build != seen_build_) rebuild_topology();
    seen_build_ = build;
    if (evaluator_->count_pairs(view_->atoms())) return;
    // commands such as 'fix sgcmc' change types without a new neighbor list
    rebuild_topology();
    evaluator_->count_pairs(view_->atoms());
}

// In the life of a list an atom pair moves apart or together by at most a skin: when some of it has passed,
// they may have moved apart by so much, and come back.
void PairMetatensor::rebuild_topology() {
    types_.left_out_groups = view_->excluded_groups().without_pairs;
    const double skin = (neighbor->ago == 0 ? 1 : 2) * neighbor->skin;
    evaluator_->rebuild(view_->atoms(), view_->box(), view_->neighbors(*list, ghost_centers_), types_, skin,
                        ghost_centers_);
}

// TorchScript compiles a model during its first runs: let that happen before LAMMPS starts its clock.
void PairMetatensor::warm_up() {
    if (view_->n_owned() == 0) return;
    const bool by_atom =
        evaluator_->has_atom_energies() &&
        (eflag_atom != 0 || computes_atom_energies(modify) || evaluator_->adds_atom_energies());
    for (const bool kind : {false, true}) {
        if ((kind && !by_atom) || is_warm_[kind ? 1 : 0]) continue;
        for (int run = 0; run < 2; ++run)
            evaluator_->warm_up(view_->atoms(), view_->box(), kind);
        is_warm_[kind ? 1 : 0] = true;
    }
}

void PairMetatensor::compute(int eflag, int vflag) {
    begin_results(eflag, vflag);
    if (eflag_atom != 0 && !evaluator_->has_atom_energies()) {
        error->all(HERE, "the model of pair_style metatensor does not give the energies of atoms");
    }
    try {
        update_topology();
        if (in_setup_) warm_up();
        store(evaluate());
    } catch (const LAMMPS_NS::LAMMPSException&) {
        throw;
    } catch (const std::exception& problem) {
        stop_from_this_rank("pair_style metatensor at step " + std::to_string(update->ntimestep) + ": " +
                            text_of(problem));
    }
    end_results();
    if (in_setup_) {
        start_timing();
    } else {
        ++n_timed_steps_;
    }
    in_setup_ = false;
}

void PairMetatensor::begin_results(int eflag, int vflag) { ev_init(eflag, vflag); }

int PairMetatensor::n_threads() const { return comm->nthreads; }

/// What LAMMPS asks for in this step, and where it keeps that.
Targets PairMetatensor::find_targets() const {
    Targets targets;
    targets.energy = eflag_global != 0;
    targets.strain_gradient = vflag_global != 0;
    targets.forces = view_->forces();
    find_atom_targets(targets);
    return targets;
}

void PairMetatensor::find_atom_targets(Targets& targets) const {
    const auto n_all = view_->n_all();
    if (n_all == 0) return;
    if (eflag_atom != 0) targets.atom_energies = kk::borrow_vector(eatom, n_all);
    if (vflag_atom != 0) targets.atom_virials = kk::borrow_matrix(vatom[0], n_all, 6);
    if (cvflag_atom != 0) targets.centroid_virials = kk::borrow_matrix(cvatom[0], n_all, 9);
}

Evaluation PairMetatensor::evaluate() {
    const auto targets = find_targets();
    if (force->newton_pair != 0) return evaluator_->evaluate(view_->atoms(), view_->box(), targets);

    // LAMMPS does not bring home what is on ghosts with newton off: do it here
    auto columns = targets;
    kk::Array* const by_atom[] = {&columns.forces, &columns.atom_virials, &columns.centroid_virials};
    ghost_sums_width_ = 3 + (vflag_atom != 0 ? 6 : 0) + (cvflag_atom != 0 ? 9 : 0);
    const auto sums = clear_ghost_sums(ghost_sums_width_);
    std::int64_t column = 0;
    for (auto* array : by_atom) {
        if (array->rank == 0) continue;
        const auto n_columns = array->extents[1];
        *array = kk::columns_of(sums, column, n_columns);
        column += n_columns;
    }
    const auto result = evaluator_->evaluate(view_->atoms(), view_->box(), columns);
    comm->reverse_comm(this, ghost_sums_width_);
    add_ghost_sums(columns, targets);
    return result;
}

void PairMetatensor::store(const Evaluation& evaluation) {
    if (eflag_global != 0) eng_vdwl += evaluation.energy;
    if (vflag_global != 0) {
        // xx, yy, zz, xy, xz, yz of -dE/d(strain), made symmetric
        constexpr int first[6] = {0, 1, 2, 0, 0, 1};
        constexpr int second[6] = {0, 1, 2, 1, 2, 2};
        const auto& strain = evaluation.strain_gradient;
        for (int k = 0; k < 6; ++k) {
            virial[k] -= 0.5 * (strain[3 * first[k] + second[k]] + strain[3 * second[k] + first[k]]);
        }
    }
}

kk::Array PairMetatensor::clear_ghost_sums(int width) {
    ghost_sums_.assign(width * view_->n_all(), 0.0);
    return kk::borrow_matrix(ghost_sums_.data(), view_->n_all(), width);
}

void PairMetatensor::add_ghost_sums(const Targets& columns, const Targets& targets) {
    const auto add = [this](const kk::Array& from, const kk::Array& to) {
        if (from.rank == 0) return;
        const auto* source = static_cast<const double*>(from.data);
        auto* target = static_cast<double*>(to.data);
        for (std::int64_t atom = 0; atom < view_->n_owned(); ++atom) {
            for (std::int64_t k = 0; k < from.extents[1]; ++k)
                target[atom * to.strides[0] + k] += source[atom * from.strides[0] + k];
        }
    };
    add(columns.forces, targets.forces);
    add(columns.atom_virials, targets.atom_virials);
    add(columns.centroid_virials, targets.centroid_virials);
}

int PairMetatensor::pack_reverse_comm(int n, int first, double* buffer) {
    const std::ptrdiff_t width = ghost_sums_width_;
    std::copy_n(ghost_sums_.begin() + width * first, width * n, buffer);
    return static_cast<int>(width * n);
}

void PairMetatensor::unpack_reverse_comm(int n, int* list, double* buffer) {
    const std::ptrdiff_t width = ghost_sums_width_;
    for (int k = 0; k < n; ++k) {
        for (std::ptrdiff_t column = 0; column < width; ++column)
            ghost_sums_[width * list[k] + column] += buffer[width * k + column];
    }
}

void PairMetatensor::start_timing() {
    evaluator_->times() = {};
    evaluator_->wait_for_phases(timer->has_sync());
    n_timed_steps_ = 0;
}

void PairMetatensor::finish() {
    const auto& times = evaluator_->times();
    const auto memory_now = evaluator_->memory();
    const double on_rank[7] = {times.marshal,   times.forward,    times.backward,      times.store,
                               memory_now.held, memory_now.pairs, double(atom->nlocal)};
    double sums[7] = {};
    MPI_Reduce(on_rank, sums, 7, MPI_DOUBLE, MPI_SUM, 0, world);
    const auto n_steps = n_timed_steps_;
    start_timing(); // of a next run without setup
    if (comm->me != 0 || n_steps == 0) return;
    const double per_step = 1e3 / (static_cast<double>(comm->nprocs) * static_cast<double>(n_steps));
    LAMMPS_NS::utils::logmesg(
        lmp,
        "\nPair style metatensor, milliseconds per step, average of {} ranks over {} steps:\n"
        "  marshal  | forward  | backward | store\n"
        "  {:8.4f} | {:8.4f} | {:8.4f} | {:8.4f}\n"
        "  held between steps: {:.1f} MB, {:.0f} bytes per atom, and {:.0f} for the pairs of a step\n",
        comm->nprocs, n_steps, sums[0] * per_step, sums[1] * per_step, sums[2] * per_step, sums[3] * per_step,
        1e-6 * sums[4], sums[4] / std::max(sums[6], 1.0), sums[5] / std::max(sums[6], 1.0));
}

double PairMetatensor::memory_usage() {
    const double held = evaluator_ ? evaluator_->memory().held : 0;
    return Pair::memory_usage() + held + sizeof(double) * double(ghost_sums_.capacity());
}

} // namespace metatensor_lammps
