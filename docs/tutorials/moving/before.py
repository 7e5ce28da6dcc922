# SPDX-License-Identifier: BSD-3-Clause
import numpy as np

import metatensor as mts
from metatensor import Labels


features = mts.load("features.mts")
energies = mts.load("energies.mts")

# pairs of unlike atoms are in two blocks: one is enough
features = mts.drop_blocks(features, Labels(["center_type", "neighbor_type"], np.array([[8, 1]])))
# one row for each system, one column for each pair of types and radial function
features = mts.sum_over_samples(features, "atom")
features = features.keys_to_properties(["center_type", "neighbor_type"])
features = mts.sort(features, "samples")

parts = [Labels.range("system", 150), Labels("system", np.arange(150, 200).reshape(-1, 1))]
features_train, features_test = mts.split(features, "samples", parts)
energies_train, energies_test = mts.split(energies, "samples", parts)

# a linear model of what differs from the mean
mean = float(energies_train.block().values.mean())
weights = mts.lstsq(features_train, mts.subtract(energies_train, mean), rcond=1e-12)
predicted = mts.add(mts.dot(features_test, weights), mean)

errors = mts.subtract(predicted, energies_test)
rmse = float((errors.block().values ** 2).mean()) ** 0.5
largest = float(mts.abs(errors).block().values.max())
spread = float(mts.std_over_samples(energies_test, "system").block().values[0, 0])
print(f"error of energies: {1e3 * rmse:.6f} meV")
print(f"largest error: {1e3 * largest:.6f} meV")
print(f"spread of energies: {1e3 * spread:.6f} meV")

assert mts.equal_metadata(predicted, energies_test)
mts.save("weights.mts", weights)
mts.save("predicted.mts", predicted)
