# SPDX-License-Identifier: BSD-3-Clause
"""pair_style metatensor/kk beside the plain style, and LAMMPS's own styles of the KOKKOS package."""

import collections
import pathlib
import re
import subprocess

import numpy as np
import pytest

from structures import ARGON, ON_GPU, OPTIONS, SILICON, block, structure
from test_native_styles import MODELS, SYSTEMS, assert_same_tables, model_lines, observe
from test_plugin import other_plugin
from thermo import read_dump, read_tables, thermo_output


pytestmark = pytest.mark.skipif("-k" not in OPTIONS, reason="this LAMMPS runs without KOKKOS")

SOME = ["perturbed", "triclinic", "mixed", "thin_slices", "empty_ranks"]


def lines_of(style, lammps, models, system):
    """Commands of a pair style by its full name, whatever suffix is switched on."""
    plugin, pair, coefficients = model_lines(lammps, MODELS[system](models), SYSTEMS[system][2])
    return ["suffix off", plugin, pair.replace("metatensor", style, 1), coefficients, "suffix kk"]


@pytest.mark.parametrize("n_ranks, newton", [(1, "on"), (2, "on"), (1, "off"), (2, "off")])
@pytest.mark.parametrize("system", SYSTEMS)
def test_same_as_the_plain_and_the_native_style(lammps, models, system, n_ranks, newton):
    commands = {name: SYSTEMS[system][0][name] for name in SOME}
    # with the suffix of the command line, this is lj/cut/kk or sw/kk
    native = observe(lammps, commands, SYSTEMS[system][1], n_ranks)
    plain = observe(lammps, commands, lines_of("metatensor", lammps, models, system), n_ranks, newton)
    results = observe(lammps, commands, lines_of("metatensor/kk", lammps, models, system), n_ranks, newton)
    for name in SOME:
        for reference, tolerance in [(plain[name], 1e-12), (native[name], 1e-10)]:
            np.testing.assert_allclose(results[name]["energy"], reference["energy"], rtol=tolerance)
            for what in ["forces", "pressure"]:
                scale = np.abs(reference[what]).max()
                np.testing.assert_allclose(results[name][what], reference[what], rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize(
    "package",
    ["neigh full newton off", "neigh half newton on comm host", "neigh half newton off comm host", "neigh half comm device"],
)
def test_options_of_the_package_command(lammps, models, package):
    if ON_GPU and package == "neigh half newton on comm host":
        pytest.skip("LAMMPS 4Feb2025 loses forces there: lj/cut/kk does not conserve energy either")
    script = structure(ARGON, "p p p", block(4, 4, 4)) + "{pair}\nvelocity all create 1500 87287\nfix nve all nve\n"
    script += "neighbor 0.3 bin\ncompute s all stress/atom NULL\ncompute sum all reduce sum c_s[1] c_s[4]\n"
    script += thermo_output("pe press c_sum[1] c_sum[2]", every=10) + "run 50\n"
    logs = []
    for pair in [lines_of("metatensor/kk", lammps, models, "argon"), SYSTEMS["argon"][1]]:
        options = ["-pk", "kokkos", *package.split()]
        logs.append(lammps.run(script.replace("{pair}", "\n".join(pair)), n_ranks=2, options=options))
    # what is exchanged is rounded elsewhere
    assert_same_tables(*map(read_tables, logs), rtol=1e-8)


@pytest.mark.parametrize("style", ["metatensor/kk", "metatensor/kk/device", "metatensor/kk/host"])
def test_names_of_the_style(lammps, models, style):
    script = structure(ARGON, "p p p", block(3, 3, 3)) + "{pair}" + thermo_output() + "run 1\n"
    native, ours = (
        read_tables(lammps.run(script.replace("{pair}", "\n".join(pair))))
        for pair in [SYSTEMS["argon"][1], lines_of(style, lammps, models, "argon")]
    )
    assert_same_tables(ours, native)


def test_the_suffix_of_the_command_line_finds_the_style(lammps, models):
    pair = "\n".join(model_lines(lammps, MODELS["argon"](models), "Ar"))
    log = lammps.run(structure(ARGON, "p p p", block(3, 3, 3)) + pair + "\nrun 0\n")
    assert "pair metatensor/kk, perpetual" in log
    assert re.search(r"attributes: full, newton on, kokkos_device", log)


@pytest.mark.skipif(ON_GPU, reason="LAMMPS builds its lists there in another order in each run")
@pytest.mark.parametrize("newton", ["on", "off"])
def test_bitwise_reproducible(lammps, models, newton):
    script = f"newton {newton}\n" + structure(SILICON, "p p p", block(4, 4, 4)) + "neighbor 0.3 bin\n"
    script += "\n".join(lines_of("metatensor/kk", lammps, models, "silicon")) + thermo_output("pe press fmax")
    script += "velocity all create 1500 1\nfix nve all nve\nrun 100\n"
    first, second = (read_tables(lammps.run(script, n_ranks=2))[0] for _ in range(2))
    for column in first:
        np.testing.assert_array_equal(first[column], second[column])


def test_trajectories_are_bitwise_reproducible(lammps, models):
    """On GPUs too, where LAMMPS orders atoms and lists differently in each run: the forces on each atom are the same."""
    script = structure(ARGON, "p p p", block(6, 6, 6)) + "neighbor 0.3 bin\n"
    script += "\n".join(lines_of("metatensor/kk", lammps, models, "argon")) + "\nthermo 50\n"
    script += "velocity all create 300 1\nfix nve all nve\ndump all all custom 50 {file} id x y z fx fy fz\n"
    script += "dump_modify all sort id format float %24.17e\nrun 100\n"
    for file in ["first", "second"]:
        lammps.run(script.replace("{file}", file))
    first, second = (read_dump(lammps.folder / file) for file in ["first", "second"])
    assert len(first) == 3
    for expected, found in zip(first, second):
        np.testing.assert_array_equal(found, expected)


def test_results_of_atoms(lammps, models):
    script = structure(SILICON, "p p p", block(3, 3, 3)) + "{pair}\ncompute pe all pe/atom\n"
    script += "compute s all stress/atom NULL\ncompute c all centroid/stress/atom NULL\n"
    script += "dump all all custom 2 {file} id c_pe c_s[*] c_c[*]\n"
    script += "dump_modify all sort id format float %22.15e\nvelocity all create 300 1\nfix nve all nve\nrun 4\n"
    for style, file in [("metatensor", "plain"), ("metatensor/kk", "kk")]:
        pair = "\n".join(lines_of(style, lammps, models, "silicon"))
        lammps.run(script.replace("{pair}", pair).replace("{file}", file), n_ranks=2)
    plain, kk = (read_dump(lammps.folder / file) for file in ["plain", "kk"])
    assert len(plain) == len(kk) == 3
    for expected, found in zip(plain, kk):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * np.abs(expected).max())


@pytest.fixture(scope="module")
def event_counter(tmp_path_factory):
    path = tmp_path_factory.mktemp("tool") / "count_events.so"
    source = pathlib.Path(__file__).with_name("count_events.cpp")
    subprocess.run(["c++", "-std=c++20", "-O1", "-shared", "-fPIC", source, "-o", path, "-ldl"], check=True)
    return path


def count_events(lammps, event_counter, pair, n_steps):
    """Fences, waits and copies of a run without rebuilds of the list, by kind and name."""
    script = structure(ARGON, "p p p", block(4, 4, 4)) + "\n".join(pair) + "\nvelocity all create 30 1\n"
    script += "neigh_modify every 10000 delay 10000 check no\nfix nve all nve\nthermo 10000\n"
    environment = {"KOKKOS_TOOLS_LIBS": str(event_counter)}
    if ON_GPU:
        environment["LD_PRELOAD"] = str(event_counter)
    log = lammps.run(script + f"run {n_steps}\n", environment=environment)
    events = re.findall(r"^EVENT (\w+) (\d+) (.*)$", log, flags=re.MULTILINE)
    assert events
    return collections.Counter({(kind, name): int(count) for kind, count, name in events})


def test_a_step_waits_once_and_copies_nothing(lammps, models, event_counter):
    """Where LAMMPS asks for forces only, and between two rebuilds of its list; beside what its own style does."""
    n_steps = 20
    in_steps = {}
    for name, pair in [("native", SYSTEMS["argon"][1]), ("model", lines_of("metatensor/kk", lammps, models, "argon"))]:
        long, short = (count_events(lammps, event_counter, pair, n) for n in [10 + n_steps, 10])
        long.subtract(short)
        in_steps[name] = long
    more = in_steps["model"]
    more.subtract(in_steps["native"])
    totals = collections.Counter()
    for (kind, name), count in more.items():
        # where device and host share their memory, a DualView only waits for nothing when it is synchronised
        totals[kind] += 0 if "DualView<>::sync" in name else count
    found = "\n".join(f"{kind} {count:4d} {name}" for (kind, name), count in sorted(more.items()) if count)
    assert totals["copy"] <= 0, found
    assert totals["fence"] <= n_steps and totals["wait"] <= n_steps, found


def test_no_memory_is_lost(lammps, models):
    """In 10,000 steps with many rebuilds."""
    script = structure(ARGON, "p p p", block(2, 2, 2)).replace("neighbor 2.0", "neighbor 0.2")
    script += "\n".join(lines_of("metatensor/kk", lammps, models, "argon"))
    script += "\nvelocity all create 300 1\nfix nve all nve\nthermo 1000\ncompute s all stress/atom NULL\n"
    script += "compute sum all reduce sum c_s[1]\nthermo_style custom step pe c_sum\n"
    measure = 'shell "grep VmRSS /proc/$PPID/status"\n'
    log = lammps.run(script + f"run 2000\n{measure}run 10000\n{measure}")
    before, after = (float(kilobytes) for kilobytes in re.findall(r"VmRSS:\s+(\d+) kB", log))
    assert after - before < 4096


def test_without_kokkos(lammps, models):
    script = structure(ARGON, "p p p", block(3, 3, 3)) + "\n".join(lines_of("metatensor/kk", lammps, models, "argon"))
    text = lammps.run(script.replace("suffix off", "").replace("suffix kk", ""), check=False, kokkos=False)
    assert "ERROR: pair_style metatensor/kk needs LAMMPS to run with Kokkos: start it with '-k on'" in text


@pytest.mark.skipif(ON_GPU, reason="the messages are those of a build for CPUs")
@pytest.mark.parametrize(
    "apis, message",
    [
        ("serial openmp cuda", "was built with a Kokkos with cuda, and that of this LAMMPS is without"),
        ("serial", "was built with a Kokkos without openmp, and that of this LAMMPS is with"),
    ],
)
def test_another_kokkos_is_refused(lammps, apis, message):
    changes = {"METATENSOR_LAMMPS_KOKKOS": "1", "KOKKOS_APIS": f'"{apis}"'}
    script = structure(ARGON, "p p p", block(3, 3, 3)) + f"plugin load {other_plugin(lammps, **changes)}\n"
    text = lammps.run(script + "pair_style metatensor/kk model.pt\n", check=False)
    assert f"WARNING: the metatensor plugin {message}" in text
    assert f"ERROR: the metatensor plugin {message}" in text
