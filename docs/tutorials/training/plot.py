# SPDX-License-Identifier: BSD-3-Clause
"""Forces of the model over those of the reference, and both in molecular dynamics, in training.svg."""

import matplotlib.pyplot as plt
import numpy as np

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.5), layout="constrained")

expected, predicted = np.loadtxt("parity.txt", unpack=True)
limits = [expected.min(), expected.max()]
left.plot(limits, limits, color="gray", lw=1)
left.plot(expected, predicted, ".", ms=2, rasterized=True)
left.set(xlabel="force of the reference / (eV / Å)", ylabel="force of the model / (eV / Å)")

time, kinetic, potential = np.loadtxt("learned-energies.txt", unpack=True)
total = kinetic + potential
for name, energy in [("kinetic", kinetic), ("potential", potential), ("total", total)]:
    middle.plot(time, 1e3 * (energy - energy[0]) / 512, label=name)
middle.set(xlabel="time / ps", ylabel="change of energy / (meV / atom)")
middle.margins(y=0.15)
middle.legend(ncols=3, loc="upper center", columnspacing=1.0, handlelength=1.0)

for name, style in [("reference", dict(lw=4, alpha=0.4)), ("learned", dict(lw=1.2, color="black"))]:
    _, r, g, _ = np.loadtxt(f"{name}-rdf.txt", skiprows=4, unpack=True)
    right.plot(r, g, label=name, **style)
right.set(xlabel="r / Å", ylabel="g(r)", xlim=(1.5, 5.0))
right.legend()

figure.savefig("training.svg", dpi=150)
