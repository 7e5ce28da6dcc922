# SPDX-License-Identifier: BSD-3-Clause
"""Energies and radial distribution of the two runs, in potential.svg."""

import matplotlib.pyplot as plt
import numpy as np

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")

time, kinetic, potential = np.loadtxt("metatensor-energies.txt", unpack=True)
total = kinetic + potential
left.plot(time, 1e3 * (kinetic - kinetic[0]) / 500, label="kinetic")
left.plot(time, 1e3 * (potential - potential[0]) / 500, label="potential")
left.plot(time, 1e3 * (total - total[0]) / 500, label="total")
left.set(xlabel="time / ps", ylabel="change of energy / (meV / atom)")
left.margins(y=0.15)
left.legend(ncols=3, loc="upper center")

for name, style in [("native", dict(lw=4, alpha=0.4)), ("metatensor", dict(lw=1.2, color="black"))]:
    _, r, g, _ = np.loadtxt(f"{name}-rdf.txt", skiprows=4, unpack=True)
    right.plot(r, g, label=name, **style)
right.set(xlabel="r / Å", ylabel="g(r)", xlim=(1.5, 6.0))
right.legend()

figure.savefig("potential.svg")
