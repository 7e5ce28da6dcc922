# SPDX-License-Identifier: BSD-3-Clause
"""State dicts of modules that hold the same random numbers, written or read by the implementation of this Python.

    python learn_states.py write FOLDER
    python learn_states.py read FOLDER RESULTS

RESULTS is a pickle with the results of the modules, and with the buffers, after the state was loaded.
"""

import pathlib
import pickle
import sys

import torch
from learn_cases import KEYS, MODULES, Holder, example, labels, started
from random_data import Random
from runner import plain


def modules(seed):
    random = Random(seed)
    yield from ((name, started(name)) for name in MODULES)
    yield "buffers", Holder(example(random, [0, 2], ["x"]))
    yield "one block", Holder(example(random, [1]))


def write(folder):
    for i, (_, module) in enumerate(modules(seed=1)):
        torch.save(module.state_dict(), folder / f"{i}.ckpt")


def forget(module):
    """Other parameters and buffers than those that are to be loaded"""
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, 0.3)
    for inner in module.modules():
        if hasattr(inner, "_in_keys"):
            inner._in_keys = labels(KEYS.names, [[9, 9]])


def read(folder):
    results = {}
    for i, (name, module) in enumerate(modules(seed=2)):
        forget(module)
        module.load_state_dict(torch.load(folder / f"{i}.ckpt", weights_only=True))
        if isinstance(module, Holder):
            results[name] = plain([module.labels, module.map, module.nested, module.tensor, module.block])
        else:
            results[name] = plain(module(example(Random(3), range(4))))
    return results


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "write":
        write(folder)
    else:
        pathlib.Path(sys.argv[3]).write_bytes(pickle.dumps(read(folder)))
