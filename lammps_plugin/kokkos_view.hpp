// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kk_compat.hpp"
#include "lammps_view.hpp"

#include "kokkos/view_array.hpp"

namespace metatensor_lammps {

/// Reads what the KOKKOS package stores, where the execution space `DeviceType` has it.
template <class DeviceType>
class KokkosView final : public LammpsView {
  public:
    explicit KokkosView(LAMMPS_NS::LAMMPS* lammps) : LammpsView(lammps) {}

    /// Brings what is read to this execution space, and tells LAMMPS what will be written.
    void sync() {
        atom_kokkos().sync(space, X_MASK | F_MASK | TYPE_MASK | TAG_MASK);
        if (excluded_groups().without_pairs != 0) atom_kokkos().sync(space, MASK_MASK);
        atom_kokkos().modified(space, F_MASK);
    }

    metatensor_kokkos::Atoms atoms() const override {
        metatensor_kokkos::Atoms result;
        result.positions = rows(atom_kokkos().k_x.template view<DeviceType>());
        result.types = rows(atom_kokkos().k_type.template view<DeviceType>());
        result.tags = rows(atom_kokkos().k_tag.template view<DeviceType>());
        result.groups = rows(atom_kokkos().k_mask.template view<DeviceType>());
        result.n_owned = n_owned();
        return result;
    }

    metatensor_kokkos::NeighborRows neighbors(LAMMPS_NS::NeighList& list, bool with_ghosts) const override {
        auto& on_device = static_cast<LAMMPS_NS::NeighListKokkos<DeviceType>&>(list);
        metatensor_kokkos::NeighborRows result;
        result.centers = metatensor_kokkos::borrow(on_device.d_ilist);
        result.centers.extents[0] = list.inum + (with_ghosts ? list.gnum : 0);
        result.counts = metatensor_kokkos::borrow(on_device.d_numneigh);
        result.matrix = metatensor_kokkos::borrow(on_device.d_neighbors);
        result.index_mask = NEIGHMASK;
        result.order_varies = !on_host; // it is filled with atomics
        return result;
    }

    metatensor_kokkos::Array forces() const override {
        return rows(atom_kokkos().k_f.template view<DeviceType>());
    }

    /// The part of a View for the atoms that there are: LAMMPS has room for more.
    template <class View>
    metatensor_kokkos::Array rows(const View& view) const {
        auto array = metatensor_kokkos::borrow(view);
        array.extents[0] = n_all();
        return array;
    }

    static constexpr auto space = ExecutionSpaceFromDevice<DeviceType>::space;

    static constexpr bool on_host =
        Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename DeviceType::memory_space>::accessible;

  private:
    LAMMPS_NS::AtomKokkos& atom_kokkos() const { return *static_cast<LAMMPS_NS::AtomKokkos*>(atom); }
};

} // namespace metatensor_lammps
