// SPDX-License-Identifier: GPL-2.0-only
#include "ghost_cutoff.hpp"

#include <lammps/comm.h>

#include <algorithm>
#include <map>

namespace metatensor_lammps {

namespace {

/// What a LAMMPS has in place of the user's cutoff.
struct Widened {
    double user = 0;
    double present = 0;
    std::map<const GhostCutoff*, double> requests;
};

/// By LAMMPS: a process may have several.
std::map<const LAMMPS_NS::LAMMPS*, Widened>& all_widened() {
    static std::map<const LAMMPS_NS::LAMMPS*, Widened> all;
    return all;
}

/// Sets the largest of what is asked for.
void apply(Widened& widened, double& cutoff) {
    widened.present = widened.user;
    for (const auto& [who, distance] : widened.requests)
        widened.present = std::max(widened.present, distance);
    cutoff = widened.present;
}

} // namespace

void GhostCutoff::request(double distance) {
    auto& widened = all_widened()[lmp];
    // the user may have said another one since
    if (widened.requests.empty() || comm->cutghostuser != widened.present) widened.user = comm->cutghostuser;
    widened.requests[this] = distance;
    apply(widened, comm->cutghostuser);
}

void GhostCutoff::release() {
    const auto found = all_widened().find(lmp);
    if (found == all_widened().end() || found->second.requests.erase(this) == 0) return;
    auto& widened = found->second;
    // LAMMPS ends with its Comm before its styles
    if (comm != nullptr && comm->cutghostuser == widened.present) apply(widened, comm->cutghostuser);
    if (widened.requests.empty()) all_widened().erase(found);
}

} // namespace metatensor_lammps
