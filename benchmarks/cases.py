# SPDX-License-Identifier: BSD-3-Clause
"""Cases of a benchmark that runs unchanged with this library and with another implementation of its interface.

A file of benchmarks registers what it times::

    from cases import case

    def union(a: Labels, b: Labels) -> Labels:
        return a.union(b)

    @case("labels", "union of 1e6 sorted rows", scripted=True)
    def _():
        return union, (labels(1_000_000), labels(1_000_000))

The decorated function is called once, before the clock starts; it returns the function to time and its arguments. With
``scripted=True`` the case is timed a second time, in a loop that TorchScript runs: without what torch's Python binding
costs in each call. The function must have type annotations then.

What can be measured only once with the same objects, such as the first look-up, says how new ones are made: in
``return function, fresh(make_arguments)``, the clock stands still while ``make_arguments()`` runs.

Times are those of the processor (of the process, which has one thread): what else the machine does matters less then.

Run by compare.py: ``python cases.py FILE`` reads requests from its input and answers each with a line of JSON.
"""

import importlib.util
import inspect
import itertools
import json
import pathlib
import statistics
import sys
import time
from typing import Any, Callable, List, NamedTuple

import torch


class Case(NamedTuple):
    group: str
    name: str
    kind: str  # "eager", "scripted"
    make: Callable[[], Any]


class Fresh(NamedTuple):
    """Arguments that are made anew for each call."""

    make_arguments: Callable[[], tuple]


CASES: List[Case] = []
fresh = Fresh


def case(group: str, name: str, scripted: bool = False):
    """Registers the decorated function as what makes the case ``name`` of ``group``."""

    def register(make):
        CASES.append(Case(group, name, "eager", make))
        if scripted:
            CASES.append(Case(group, name, "scripted", make))
        return make

    return register


LOOP = """
def loop(n_calls: int, {parameters}) -> {result}:
    last = function({names})
    for _ in range(n_calls - 1):
        last = function({names})
    return last
"""


def scripted_loop(python_function):
    """Scripted function that calls ``python_function`` as often as its first argument says."""
    function = torch.jit.script(python_function)  # noqa: F841, the text of the loop names it
    signature = inspect.signature(python_function)
    parameters = ", ".join(f"{argument.name}: {argument.type.annotation_str}" for argument in function.schema.arguments)
    text = LOOP.format(
        parameters=parameters,
        names=", ".join(signature.parameters),
        result=function.schema.returns[0].type.annotation_str,
    )
    return torch.jit.CompilationUnit(text).loop


class Timer:
    """One case, ready to be timed again and again."""

    def __init__(self, case: Case):
        function, arguments = case.make()
        if isinstance(arguments, Fresh):
            self.timed_calls = lambda n_calls: self._time_fresh(function, arguments.make_arguments, n_calls)
            if case.kind == "scripted":
                raise TypeError("fresh arguments are for eager calls")
        elif case.kind == "scripted":
            loop = scripted_loop(function)
            loop(3, *arguments)  # the executor watches the first call and optimizes in the second
            loop(3, *arguments)
            self.timed_calls = lambda n_calls: self._time(lambda: loop(n_calls, *arguments))
        else:
            self.timed_calls = lambda n_calls: self._time_eager(function, arguments, n_calls)
        self.timed_calls(1)
        self.n_calls = 1

    @staticmethod
    def _time(call) -> float:
        start = time.process_time()
        call()
        return time.process_time() - start

    @staticmethod
    def _time_eager(function, arguments, n_calls: int) -> float:
        calls = itertools.repeat(None, n_calls)
        start = time.process_time()
        for _ in calls:
            function(*arguments)
        return time.process_time() - start

    def _time_fresh(self, function, make_arguments, n_calls: int) -> float:
        total = 0.0
        for _ in range(n_calls):
            arguments = make_arguments()
            total += self._time(lambda: function(*arguments))  # noqa: B023
        return total

    def seconds_per_call(self, at_least: float) -> float:
        """Time of a call, from a loop that takes ``at_least`` this time in seconds, or ten times that for the arguments."""
        while True:
            start = time.process_time()
            total = self.timed_calls(self.n_calls)
            if total >= at_least or time.process_time() - start >= 10 * at_least:
                return total / self.n_calls
            self.n_calls = min(10 * self.n_calls, int(self.n_calls * 1.2 * at_least / max(total, 1e-9)) + 1)


def peak_bytes(case: Case) -> int:
    """Memory that one call needs at its peak beyond what was there before, its result included (Linux)."""
    function, arguments = case.make()
    if isinstance(arguments, Fresh):
        arguments = arguments.make_arguments()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is resident
    before = _status("VmRSS")
    result = function(*arguments)
    peak = _status("VmHWM")
    del result
    return peak - before


def _status(field: str) -> int:
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def load_cases(path: str) -> List[Case]:
    """Cases that the file at ``path`` registers."""
    sys.modules["cases"] = sys.modules[__name__]
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return CASES


def serve(path: str) -> None:
    """Answers the requests of compare.py."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    torch.set_num_threads(1)
    cases = load_cases(path)
    print(json.dumps([[case.group, case.name, case.kind] for case in cases]), file=answers, flush=True)
    timers = {}
    for line in sys.stdin:
        request = json.loads(line)
        number = request["case"]
        try:
            if request["what"] == "time":
                timers = {number: timers.get(number) or Timer(cases[number])}
                answer = {"value": timers[number].seconds_per_call(request["at_least"])}
            else:
                timers = {}
                answer = {"value": statistics.median(peak_bytes(cases[number]) for _ in range(3))}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
