# SPDX-License-Identifier: BSD-3-Clause
"""Energies of the systems that were not fitted, in moving.svg."""

import matplotlib.pyplot as plt

import metatensor.torch as mts


predicted = mts.load("predicted.mts").block()
expected = mts.slice(mts.load("energies.mts"), "samples", predicted.samples).block()

figure, axes = plt.subplots(figsize=(4, 3.5), layout="constrained")
limits = [expected.values.min(), expected.values.max()]
axes.plot(limits, limits, color="gray", lw=1)
axes.plot(expected.values.flatten(), predicted.values.flatten(), "o", ms=3)
axes.set(xlabel="energy / eV", ylabel="predicted energy / eV")
figure.savefig("moving.svg")
