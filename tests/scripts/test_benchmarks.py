# SPDX-License-Identifier: BSD-3-Clause
"""What times the cases of the benchmarks: that it calls what it should, as often as it should."""

import json
import pathlib
import subprocess
import sys

import pytest


BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

CASES = """
import time
import torch
from cases import case, fresh

def work(x: torch.Tensor) -> torch.Tensor:
    return x.add_(1)

def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def fail():
    raise ValueError("no such thing")

def allocate(n):
    return torch.ones(n, dtype=torch.uint8)

@case("group", "work", scripted=True)
def _():
    return work, (torch.zeros(1),)

@case("group", "spin")
def _():
    return spin, (0.01,)

@case("group", "fresh")
def _():
    return (lambda seconds: None), fresh(lambda: (spin(0.01),))

@case("group", "fail")
def _():
    return fail, ()

@case("group", "allocate")
def _():
    return allocate, (50_000_000,)
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    file = tmp_path_factory.mktemp("benchmarks") / "example.py"
    file.write_text(CASES)
    process = subprocess.Popen(
        [sys.executable, BENCHMARKS / "cases.py", file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    cases = [tuple(case) for case in json.loads(process.stdout.readline())]

    def ask(what, name, kind="eager"):
        request = {"what": what, "case": cases.index(("group", name, kind)), "at_least": 0.03}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ask
    process.stdin.close()
    assert process.wait() == 0


def test_time_of_a_call(ask):
    assert 0.009 < ask("time", "spin")["value"] < 0.02
    assert 0 < ask("time", "work")["value"] < 0.009
    assert 0 < ask("time", "work", "scripted")["value"] < 0.009


def test_making_arguments_is_not_timed(ask):
    # returns although the call takes no time: the number of calls has a limit
    assert ask("time", "fresh")["value"] < 0.001


def test_error(ask):
    assert ask("time", "fail") == {"error": "ValueError: no such thing"}


def test_peak_memory(ask):
    assert 50e6 <= ask("memory", "allocate")["value"] < 52e6


def test_scripted_loop_calls_as_often_as_asked():
    import torch
    from cases import scripted_loop

    def work(x: torch.Tensor, step: int) -> torch.Tensor:
        return x.add_(step)

    assert scripted_loop(work)(7, torch.zeros(1), 2).item() == 14
