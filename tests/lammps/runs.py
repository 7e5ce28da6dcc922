# SPDX-License-Identifier: BSD-3-Clause
"""Runs of the unmodified `lmp`."""

import os
import pathlib
import subprocess


POTENTIALS = pathlib.Path(os.environ["LAMMPS_POTENTIALS"])


class Lammps:
    """Runs input scripts in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.plugin = os.environ["METATENSOR_PLUGIN"]

    def run(self, script, n_ranks=1, check=True, environment=None, options=(), kokkos=True, timeout=300):
        """Runs an input script (text); returns what LAMMPS printed, on both streams.

        `kokkos`: with the options of METATENSOR_LAMMPS_OPTIONS, such as those that switch KOKKOS on.
        `timeout`: in seconds, after which the test fails.
        `check`: whether LAMMPS has to end well, True, or with an error, False; None for either.
        """
        (self.folder / "in.script").write_text(script)
        command = [os.environ["MPIEXEC"], "-n", str(n_ranks), os.environ["LMP"], "-nocite", "-in", "in.script"]
        if kokkos:
            command += os.environ.get("METATENSOR_LAMMPS_OPTIONS", "").split()
        result = subprocess.run(
            [*command, *options],
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=max(timeout, float(os.environ.get("METATENSOR_LAMMPS_TIMEOUT", "0"))),
        )
        if check is None:
            return result.stdout
        if check:
            assert result.returncode == 0, result.stdout[-4000:]
        else:
            assert result.returncode != 0, result.stdout[-4000:]
        return result.stdout
