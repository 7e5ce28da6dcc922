# SPDX-License-Identifier: BSD-3-Clause
"""Runs the cases of a file with the implementation of this Python and writes down what came out.

    python runner.py FILE RESULTS

FILE defines ``cases(random)``, which yields a name and a function for each case; ``random`` is the generator of
random_data.py with a fixed seed (METATENSOR_DIFFERENTIAL_SEED), so that every implementation gets the same data. RESULTS
is a pickle with the outcome of each case: what the function returned, in plain Python and torch, or the kind of error that
it raised.
"""

import importlib.util
import os
import pathlib
import pickle
import re
import sys
import warnings

import torch
from random_data import Random


SEED = int(os.environ.get("METATENSOR_DIFFERENTIAL_SEED", "20251125"))


def plain(value):
    """``value`` without objects of the implementation: these become dictionaries of what is in them."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().contiguous()
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    kind = type(value).__name__ if not hasattr(value, "_type") else value._type().name()
    if kind == "Labels":
        return {"Labels": list(value.names), "values": plain(value.values)}
    if kind == "LabelsEntry":
        return {"LabelsEntry": list(value.names), "values": plain(value.values)}
    if kind == "TensorBlock":
        return {
            "TensorBlock": plain(value.values),
            "labels": plain([value.samples, *value.components, value.properties]),
            "gradients": {parameter: plain(gradient) for parameter, gradient in value.gradients()},
        }
    if kind == "TensorMap":
        info = dict(sorted(value.info().items()))
        return {"TensorMap": plain(value.keys), "blocks": plain(value.blocks()), "info": info}
    if value is None or isinstance(value, (bool, int, float, str, bytes, torch.dtype, torch.device)):
        return value
    raise TypeError(f"no plain form of {type(value)}")


def kind_of(error):
    """Name of its class: for an error raised in scripted code, of the class that the text names"""
    if isinstance(error, torch.linalg.LinAlgError):
        return "RuntimeError"  # which it is a kind of, and what it becomes in scripted code
    if not isinstance(error, torch.jit.Error):
        return type(error).__name__
    raised = [line.split(":")[0] for line in str(error).splitlines() if re.match(r"[\w.]+Error: ", line)]
    return raised[-1].split(".")[-1] if raised else "Error"


def message_of(error):
    """Its first line, or for an error raised in scripted code the last one, which says what happened"""
    lines = str(error).splitlines() or [""]
    return lines[-1 if isinstance(error, torch.jit.Error) else 0]


def outcome(function):
    try:
        return plain(function())
    except Exception as error:
        return {"error": kind_of(error), "message": message_of(error)}


def load(path):
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    path, results_path = sys.argv[1:]
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    outcomes = {}
    for name, function in load(path).cases(Random(SEED)):
        while name in outcomes:
            name += " again"
        outcomes[name] = outcome(function)
    pathlib.Path(results_path).write_bytes(pickle.dumps(outcomes))


if __name__ == "__main__":
    main()
