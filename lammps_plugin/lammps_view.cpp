// SPDX-License-Identifier: GPL-2.0-only
#include "lammps_view.hpp"

#include <lammps/atom.h>
#include <lammps/domain.h>
#include <lammps/group.h>
#include <lammps/neighbor.h>

namespace metatensor_lammps {

namespace kk = metatensor_kokkos;

std::int64_t LammpsView::n_owned() const { return atom->nlocal; }

std::int64_t LammpsView::n_all() const { return atom->nlocal + atom->nghost; }

kk::Atoms LammpsView::atoms() const {
    kk::Atoms result;
    result.positions = kk::borrow_matrix(n_all() > 0 ? atom->x[0] : nullptr, n_all(), 3);
    result.types = kk::borrow_vector(atom->type, n_all());
    result.tags = kk::borrow_vector(atom->tag, n_all());
    result.groups = kk::borrow_vector(atom->mask, n_all());
    result.n_owned = n_owned();
    return result;
}

kk::Box LammpsView::box() const {
    kk::Box box;
    box.vectors = {
        {{domain->xprd, 0, 0}, {domain->xy, domain->yprd, 0}, {domain->xz, domain->yz, domain->zprd}}};
    for (int axis = 0; axis < 3; ++axis) {
        box.origin[axis] = domain->boxlo[axis];
        box.periodic[axis] = domain->periodicity[axis] != 0;
        if (domain->triclinic != 0) {
            box.lower[axis] = domain->sublo_lamda[axis];
            box.upper[axis] = domain->subhi_lamda[axis];
        } else {
            box.lower[axis] = (domain->sublo[axis] - domain->boxlo[axis]) / domain->prd[axis];
            box.upper[axis] = (domain->subhi[axis] - domain->boxlo[axis]) / domain->prd[axis];
        }
    }
    // two-dimensional LAMMPS calls z periodic, but has no images along it
    if (domain->dimension == 2) box.periodic[2] = false;
    return box;
}

kk::NeighborRows LammpsView::neighbors(LAMMPS_NS::NeighList& list, bool with_ghosts) const {
    kk::NeighborRows rows;
    rows.centers = kk::borrow_vector(list.ilist, list.inum + (with_ghosts ? list.gnum : 0));
    rows.counts = kk::borrow_vector(list.numneigh, with_ghosts ? n_all() : n_owned());
    rows.pages = list.firstneigh;
    rows.index_mask = NEIGHMASK;
    return rows;
}

kk::Array LammpsView::forces() const {
    return kk::borrow_matrix(n_all() > 0 ? atom->f[0] : nullptr, n_all(), 3);
}

ExcludedGroups LammpsView::excluded_groups() const {
    constexpr int all = 0; // number of the group with all atoms
    ExcludedGroups excluded;
    for (int k = 0; k < neighbor->nex_group; ++k) {
        const auto first = neighbor->ex1_group[k];
        const auto second = neighbor->ex2_group[k];
        if (first == all || second == all) {
            excluded.without_pairs |= group->bitmask[first == all ? second : first];
        } else {
            ++excluded.n_partial;
        }
    }
    return excluded;
}

} // namespace metatensor_lammps
