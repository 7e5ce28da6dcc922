# SPDX-License-Identifier: BSD-3-Clause
"""Input of LAMMPS for atoms of ASE."""


def lammps_commands(atoms, folder):
    """Commands for these atoms, whose first cell vector is along x and the second in the plane of x and y."""
    a, b, c = atoms.cell
    symbols = list(dict.fromkeys(atoms.symbols))
    lines = ["atoms", "", f"{len(atoms)} atoms", f"{len(symbols)} atom types", ""]
    lines += [f"0 {a[0]!r} xlo xhi", f"0 {b[1]!r} ylo yhi", f"0 {c[2]!r} zlo zhi"]
    lines += [f"{b[0]!r} {c[0]!r} {c[1]!r} xy xz yz", "", "Atoms # atomic", ""]
    wrapped = atoms.get_positions(wrap=True)
    for i, (symbol, position) in enumerate(zip(atoms.symbols, wrapped.tolist())):
        lines.append(f"{i + 1} {symbols.index(symbol) + 1} " + " ".join(map(repr, position)))
    text = "\n".join(lines).replace("np.float64(", "").replace(")", "") + "\n"
    (folder / "atoms.data").write_text(text)
    masses = [f"mass {i + 1} {atoms[list(atoms.symbols).index(s)].mass}" for i, s in enumerate(symbols)]
    return "\n".join(
        ["units metal", "atom_modify map array", "neighbor 1.0 bin", "box tilt large", "read_data atoms.data", *masses]
    ), symbols


def potential(lammps, model_path, symbols):
    return "\n".join(
        [
            "",
            f"plugin load {lammps.plugin}",
            f"pair_style metatensor {model_path}",
            f"pair_coeff * * {' '.join(symbols)}",
            "dump 1 all custom {every} frames.dump id x y z fx fy fz",
            "dump_modify 1 sort id format float %22.15e",
        ]
    )
