# SPDX-License-Identifier: BSD-3-Clause
"""Energies of one run, and how well it is conserved with several time steps, in engine.svg."""

import matplotlib.pyplot as plt
import numpy as np

N_ATOMS = 216

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")

time, _, potential, total = np.loadtxt("energies-1.txt", unpack=True)
for name, energy in [("kinetic", total - potential), ("potential", potential), ("total", total)]:
    left.plot(time, 1e3 * (energy - energy[0]) / N_ATOMS, label=name)
left.set(xlabel="time / fs", ylabel="change of energy / (meV / atom)")
left.margins(y=0.2)
left.legend(ncols=3, loc="upper center")

time_steps = np.array([0.5, 1.0, 2.0, 4.0])
last_lines = [open(f"energies-{time_step:g}.txt").readlines()[-1] for time_step in time_steps]
deviations = [float(line.split(": ")[1].split()[0]) for line in last_lines]
right.loglog(time_steps, deviations[1] * time_steps**2, color="gray", lw=1, label="proportional to (time step)²")
right.loglog(time_steps, deviations, "o", label="measured")
right.set(xlabel="time step / fs", ylabel="largest deviation / (meV / atom)", xticks=time_steps, xticklabels=time_steps)
right.minorticks_off()
right.legend()

figure.savefig("engine.svg")
