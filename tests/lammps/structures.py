# SPDX-License-Identifier: BSD-3-Clause
"""Structures on which a model is compared with a native style: LAMMPS commands that build them."""

import os


OPTIONS = os.environ.get("METATENSOR_LAMMPS_OPTIONS", "").split()
# the KOKKOS package has no other lists
ONLY_BINS = "kk" in OPTIONS
ON_GPU = "g" in OPTIONS
OTHER_LIST = "bin" if ONLY_BINS else "nsq"

ARGON = """
units metal
atom_style atomic
boundary {boundary}
{before}
lattice fcc 5.26
{box}
create_atoms 1 {where}
mass 1 39.95
displace_atoms all random 0.2 0.2 0.2 4711 units box
neighbor 2.0 bin
"""

SILICON = """
units metal
atom_style atomic
boundary {boundary}
{before}
lattice diamond 5.431
{box}
create_atoms 1 {where}
mass 1 28.0855
displace_atoms all random 0.15 0.15 0.15 4711 units box
neighbor 1.0 bin
"""


def block(x, y, z):
    return f"region box block 0 {x} 0 {y} 0 {z}\ncreate_box 1 box"


def with_margin(box, axis):
    """The box, wider along an axis than its atoms: a fixed boundary loses those that cross it."""
    words = box.split()
    words[3 + 2 * axis] = "-0.3"
    words[4 + 2 * axis] += ".3"
    return " ".join(words).replace(" create_box", "\ncreate_box")


def prism(x, y, z, xy, xz, yz):
    return f"region box prism 0 {x} 0 {y} 0 {z} {xy} {xz} {yz}\ncreate_box 1 box"


def structure(template, boundary, box, before="", where="box"):
    return template.format(boundary=boundary, box=box, before=before, where=where)


def structures(template, n, thinner=""):
    """By name: commands up to, and without, pair_style.

    `thinner`: a command that makes the height of a box of one unit cell less than the cutoff, if it is not.
    """

    def make(boundary, box, **options):
        return structure(template, boundary, box, **options)

    return {
        "perfect": make("p p p", block(n, n, n)).replace("displace_atoms", "#"),
        "perturbed": make("p p p", block(n, n, n)),
        "triclinic": make("p p p", prism(n, n, n, 0.4 * n, -0.3 * n, 0.2 * n)),
        "mixed": make("p f p", with_margin(block(n, n, n), axis=1)),
        "triclinic_slab": make("p p s", prism(n, n, n, 0.4 * n, 0, 0)),
        "cluster": make("s s s", block(n, n, n)),
        "thin": make("p p p", block(n, n, 1)) + thinner,
        # each rank has a part of the height, and several images of the parts of others
        "thin_slices": make("p p p", block(n, n, 1), before="processors 1 1 *") + thinner,
        # atoms in the lower part only: ranks above have none
        "empty_ranks": make(
            "p p f",
            with_margin(block(n, n, 4 * n), axis=2) + f"\nregion slab block INF INF INF INF 0 {0.9 * n}",
            before="processors 1 1 *",
            where="region slab",
        ),
        "sorted": make("p p p", block(n, n, n), before="atom_modify sort 1 4.0"),
        "neigh_modify": make("p p p", block(n, n, n))
        + "neigh_modify every 1 delay 0 check no one 4000\n"
        + f"neighbor 0.7 {OTHER_LIST}\n",
    }
