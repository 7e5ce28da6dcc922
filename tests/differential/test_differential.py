# SPDX-License-Identifier: BSD-3-Clause
"""The same random calls here and with the existing implementation give the same results and kinds of errors.

Two implementations can't be in one process, so each file of cases (`*_cases.py`, see runner.py) is run by both Pythons and
the outcomes are compared. A file may define ``TOLERANCE`` (relative, 0 by default), and ``DIFFERENT``: patterns of names of cases
where the other implementation is wrong, with the reason. There, the outcomes must differ; a test elsewhere says what is right.

METATENSOR_DIFFERENTIAL_MAPS says how many random maps each operation gets, METATENSOR_DIFFERENTIAL_SEED which ones: 1000 maps
are thousands of calls of each.
"""

import os
import pathlib
import pickle
import re
import subprocess
import sys

import pytest
import runner
import torch
from random_data import Random

import metatensor.torch as mts


HERE = pathlib.Path(__file__).parent
FILES = sorted(HERE.glob("*_cases.py"))
ORACLE = os.environ.get("METATENSOR_ORACLE_PYTHON", "")
needs_oracle = pytest.mark.skipif(
    ORACLE == "", reason="METATENSOR_ORACLE_PYTHON is not set to a Python with the other implementation"
)


def outcomes(python, file, results, environment):
    done = subprocess.run([python, HERE / "runner.py", file, results], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return pickle.loads(results.read_bytes())


def short(value):
    text = " ".join(repr(value).split())
    return text if len(text) < 150 else text[:150] + "..."


def difference(ours, theirs, tolerance, where="result"):
    """In words how the plain values differ, nothing if they do not"""
    if isinstance(ours, dict) and "error" in ours and isinstance(theirs, dict) and "error" in theirs:
        same = ours["error"] == theirs["error"]
        return "" if same else f"{ours['error']} ({ours['message']}), theirs {theirs['error']} ({theirs['message']})"
    if type(ours) is not type(theirs):
        return f"{where}: {short(ours)}, theirs {short(theirs)}"
    if isinstance(ours, torch.Tensor):
        return tensor_difference(ours, theirs, tolerance, where)
    if isinstance(ours, dict) and ours.keys() == theirs.keys():
        return next(filter(None, (difference(ours[k], theirs[k], tolerance, f"{where}.{k}") for k in ours)), "")
    if isinstance(ours, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return next(filter(None, (difference(a, b, tolerance, f"{where}[{i}]") for i, (a, b) in pairs)), "")
    return "" if ours == theirs else f"{where}: {short(ours)}, theirs {short(theirs)}"


def tensor_difference(ours, theirs, tolerance, where):
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return f"{where}: {ours.dtype} {list(ours.shape)}, theirs {theirs.dtype} {list(theirs.shape)}"
    if tolerance > 0 and theirs.is_floating_point():
        tolerance = max(tolerance, 16 * torch.finfo(theirs.dtype).eps)
    scale = 1.0 if theirs.numel() == 0 or not theirs.is_floating_point() else float(theirs.abs().nan_to_num().max())
    if torch.allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale, equal_nan=True):
        return ""
    return f"{where}: {short(ours.tolist())}, theirs {short(theirs.tolist())}"


@needs_oracle
@pytest.mark.parametrize("file", FILES, ids=[file.stem.removesuffix("_cases") for file in FILES])
def test_same_as_the_other(file, tmp_path):
    without_ours = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ours = outcomes(sys.executable, file, tmp_path / "ours", os.environ)
    theirs = outcomes(ORACLE, file, tmp_path / "theirs", without_ours)
    assert ours.keys() == theirs.keys() and len(ours) > 0

    module = runner.load(file)
    expected = getattr(module, "DIFFERENT", {})
    unexpected, now_same = {}, set(expected)
    for name in ours:
        text = difference(ours[name], theirs[name], getattr(module, "TOLERANCE", 0.0))
        matching = {pattern for pattern in expected if re.fullmatch(pattern, name)}
        if text and not matching:
            unexpected.setdefault(name.split("/")[0], []).append(f"{name}: {text}")
        elif text:
            now_same -= matching
    errors = sum(isinstance(value, dict) and "error" in value for value in ours.values())
    print(f"{len(ours)} cases, {errors} of them errors")
    lines = [line for texts in unexpected.values() for line in [*texts[:3], f"    ... {len(texts)} of this kind"]]
    assert not unexpected, "\n".join(["these cases differ:", *lines])
    assert not now_same, f"these cases are in DIFFERENT, but have the same outcome in both: {now_same}"


def test_every_operation_has_cases():
    """Those of `_block` and `_raise` too. What is no operation is a type, or in the files of cases of types."""
    others = {"Labels", "LabelsEntry", "TensorBlock", "TensorMap", "NotEqualError", "operations", "utils", "version", "learn"}
    others |= {name for name in mts.__all__ if name.startswith(("load", "save", "dtype_name"))}
    names = set()
    for file in [path for path in FILES if path.stem.startswith("operations_")]:
        names |= {name.split("/")[0] for name, _ in runner.load(file).cases(Random(runner.SEED))}
    assert names == set(mts.__all__) - others
