// SPDX-License-Identifier: GPL-2.0-only
#include "pair_metatensor_kokkos.hpp"

#include "kokkos_view.hpp"
#include "pair_metatensor.hpp"

#include <lammps/comm.h>
#include <lammps/error.h>
#include <lammps/lammps.h>
#include <lammps/neigh_request.h>
#include <lammps/neighbor.h>

#include <vector>

namespace metatensor_lammps {

namespace kk = metatensor_kokkos;

namespace {

using LAMMPS_NS::KokkosBase;

/// An array by atom that LAMMPS reads on the host and the style writes where it runs.
template <class DeviceType>
class AtomResult {
  public:
    /// Zeros `[at least n_atoms, n_columns]`.
    void clear(std::int64_t n_atoms, std::int64_t n_columns) {
        if (static_cast<std::int64_t>(dual_.extent(0)) < n_atoms ||
            static_cast<std::int64_t>(dual_.extent(1)) != n_columns) {
            dual_ = Dual(); // frees the old one first
            dual_ = Dual("AtomResult", n_atoms, n_columns);
            rows_.resize(n_atoms);
            for (std::int64_t atom = 0; atom < n_atoms; ++atom)
                rows_[atom] = dual_.view_host().data() + n_columns * atom;
        } else {
            Kokkos::deep_copy(DeviceType(), dual_.template view<DeviceType>(), 0.0);
        }
        dual_.clear_sync_state();
        dual_.template modify<DeviceType>();
    }

    void sync_host() { dual_.template sync<LMPHostType>(); }
    void sync_device() { dual_.template sync<DeviceType>(); }
    void modify_host() { dual_.template modify<LMPHostType>(); }

    auto view() const { return dual_.template view<DeviceType>(); }
    auto host_view() const { return dual_.template view<LMPHostType>(); }

    kk::Array array(std::int64_t n_atoms) const {
        auto result = kk::borrow(view());
        result.extents[0] = n_atoms;
        return result;
    }

    /// As LAMMPS keeps arrays on the host.
    double* data() { return dual_.view_host().data(); }
    double** rows() { return rows_.data(); }

    double bytes() const { return sizeof(double) * double(dual_.extent(0)) * double(dual_.extent(1)); }

  private:
    using Dual = Kokkos::DualView<double**, Kokkos::LayoutRight, LMPDeviceType>;
    Dual dual_;
    std::vector<double*> rows_;
};

} // namespace

/// `pair_style metatensor/kk`: as `PairMetatensor`, for atoms and neighbor lists of the KOKKOS package.
template <class DeviceType>
class PairMetatensorKokkos final : public PairMetatensor, public KokkosBase {
  public:
    explicit PairMetatensorKokkos(LAMMPS_NS::LAMMPS* lammps)
        : PairMetatensorKokkos(lammps, new KokkosView<DeviceType>(lammps)) {}

    ~PairMetatensorKokkos() override {
        // Pair would free them
        eatom = nullptr;
        vatom = nullptr;
        cvatom = nullptr;
    }

    void init_style() override {
        PairMetatensor::init_style();
        constexpr bool is_device = std::is_same_v<DeviceType, LMPDeviceType>;
        auto* request = neighbor->find_request(this);
        request->set_kokkos_host(!is_device);
        request->set_kokkos_device(is_device);
    }

    int pack_reverse_comm_kokkos(int n, int first, CommBuffer& buffer) override {
        const auto sums = ghost_sums_.view();
        const auto to = buffer.template view<DeviceType>();
        const auto width = static_cast<int>(sums.extent(1));
        Kokkos::parallel_for(
            "PairMetatensor::pack_reverse", Kokkos::RangePolicy<DeviceType>(0, n * width),
            KOKKOS_LAMBDA(const int k) { to(k) = sums(first + k / width, k % width); });
        return n * width;
    }

    void unpack_reverse_comm_kokkos(int n, DAT::tdual_int_1d indices, CommBuffer& buffer) override {
        const auto sums = ghost_sums_.view();
        const auto from = buffer.template view<DeviceType>();
        const auto atoms = indices.template view<DeviceType>();
        const auto width = static_cast<int>(sums.extent(1));
        Kokkos::parallel_for(
            "PairMetatensor::unpack_reverse", Kokkos::RangePolicy<DeviceType>(0, n * width),
            KOKKOS_LAMBDA(const int k) { sums(atoms(k / width), k % width) += from(k); });
    }

    // With 'package kokkos comm/pair/reverse no', or host.
    int pack_reverse_comm(int n, int first, double* buffer) override {
        ghost_sums_.sync_host();
        const auto sums = ghost_sums_.host_view();
        const auto width = static_cast<int>(sums.extent(1));
        for (int k = 0; k < n * width; ++k)
            buffer[k] = sums(first + k / width, k % width);
        return n * width;
    }

    void unpack_reverse_comm(int n, int* list, double* buffer) override {
        ghost_sums_.sync_host();
        const auto sums = ghost_sums_.host_view();
        const auto width = static_cast<int>(sums.extent(1));
        for (int k = 0; k < n * width; ++k)
            sums(list[k / width], k % width) += buffer[k];
        ghost_sums_.modify_host();
    }

    double memory_usage() override {
        return PairMetatensor::memory_usage() + energies_.bytes() + virials_.bytes() +
               centroid_virials_.bytes() + ghost_sums_.bytes();
    }

    /// Adds the columns of `from`, if there are any, to those of `to`, for the owned atoms.
    void add_columns(const kk::Array& from, const kk::Array& to) const {
        if (from.rank == 0) return;
        const auto source = kk::view_of<const double, 2, DeviceType>(from, "sums on ghosts");
        const auto target = kk::view_of<double, 2, DeviceType>(to, "array by atom");
        const auto n_columns = static_cast<int>(from.extents[1]);
        Kokkos::parallel_for(
            "PairMetatensor::add_columns", Kokkos::RangePolicy<DeviceType>(0, atom->nlocal),
            KOKKOS_LAMBDA(const int row) {
                for (int k = 0; k < n_columns; ++k)
                    target(row, k) += source(row, k);
            });
    }

  protected:
    void begin_results(int eflag, int vflag) override {
        ev_init(eflag, vflag, /*alloc=*/0);
        kokkos_view_->sync();
        const auto n_atoms = atom->nmax;
        if (eflag_atom != 0) {
            energies_.clear(n_atoms, 1);
            eatom = energies_.data();
        }
        if (vflag_atom != 0) {
            virials_.clear(n_atoms, 6);
            vatom = virials_.rows();
        }
        if (cvflag_atom != 0) {
            centroid_virials_.clear(n_atoms, 9);
            cvatom = centroid_virials_.rows();
        }
    }

    void find_atom_targets(Targets& targets) const override {
        const auto n_atoms = view().n_all();
        if (eflag_atom != 0) targets.atom_energies = column(energies_.array(n_atoms));
        if (vflag_atom != 0) targets.atom_virials = virials_.array(n_atoms);
        if (cvflag_atom != 0) targets.centroid_virials = centroid_virials_.array(n_atoms);
    }

    void end_results() override {
        if (eflag_atom != 0) energies_.sync_host();
        if (vflag_atom != 0) virials_.sync_host();
        if (cvflag_atom != 0) centroid_virials_.sync_host();
    }

    kk::Array clear_ghost_sums(int width) override {
        ghost_sums_.clear(atom->nmax, width);
        return ghost_sums_.array(view().n_all());
    }

    void add_ghost_sums(const Targets& columns, const Targets& targets) override {
        ghost_sums_.sync_device();
        add_columns(columns.forces, targets.forces);
        add_columns(columns.atom_virials, targets.atom_virials);
        add_columns(columns.centroid_virials, targets.centroid_virials);
    }

    int n_threads() const override {
        if constexpr (KokkosView<DeviceType>::on_host) return LMPHostType().concurrency();
        return PairMetatensor::n_threads();
    }

  private:
    PairMetatensorKokkos(LAMMPS_NS::LAMMPS* lammps, KokkosView<DeviceType>* view)
        : PairMetatensor(lammps, std::unique_ptr<LammpsView>(view),
                         KokkosView<DeviceType>::on_host ? kk::find_host_execution() : kk::Execution::device),
          kokkos_view_(view) {
        respa_enable = 0;
        kokkosable = 1;
        execution_space = KokkosView<DeviceType>::space;
        datamask_read = X_MASK | F_MASK | TYPE_MASK | TAG_MASK | ENERGY_MASK | VIRIAL_MASK;
        datamask_modify = F_MASK | ENERGY_MASK | VIRIAL_MASK;
        reverse_comm_device = 1;
    }

    static kk::Array column(kk::Array matrix) {
        matrix.rank = 1;
        return matrix;
    }

    /// The one of PairMetatensor.
    KokkosView<DeviceType>* kokkos_view_;
    AtomResult<DeviceType> energies_;
    AtomResult<DeviceType> virials_;
    AtomResult<DeviceType> centroid_virials_;
    AtomResult<DeviceType> ghost_sums_;
};

LAMMPS_NS::Pair* create_kokkos_pair(LAMMPS_NS::LAMMPS* lammps, bool on_host) {
    if (lammps->kokkos == nullptr || lammps->kokkos->kokkos_exists == 0) {
        lammps->error->all(
            "lammps_plugin/pair_metatensor_kokkos.cpp", __LINE__,
            "pair_style metatensor/kk needs LAMMPS to run with Kokkos: start it with '-k on', for "
            "example 'lmp -k on t 4 -sf kk', or use pair_style metatensor");
    }
    if (!Kokkos::is_initialized()) {
        lammps->error->all(
            "lammps_plugin/pair_metatensor_kokkos.cpp", __LINE__,
            "the metatensor plugin was linked with another copy of Kokkos than this LAMMPS: build "
            "the plugin with the Kokkos of LAMMPS (CMake option Kokkos_ROOT)");
    }
    if (on_host) return new PairMetatensorKokkos<LMPHostType>(lammps);
    return new PairMetatensorKokkos<LMPDeviceType>(lammps);
}

} // namespace metatensor_lammps
