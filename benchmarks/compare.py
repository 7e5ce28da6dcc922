# SPDX-License-Identifier: BSD-3-Clause
"""Times the same calls with this library and with the existing Python packages, and prints how much faster they are.

Run it through scripts/compare.sh, which makes the environment with the existing packages. Each of the two runs in a
process of its own, on one thread, and what counts is processor time. They take turns, several times for each case, and
the ratio is the median of those of each turn: what else the machine does then concerns both. Above 1, this library is
faster (or needs less memory).
"""

import argparse
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys


HERE = pathlib.Path(__file__).resolve().parent
FILES = [path.stem for path in sorted(HERE.glob("*.py")) if "from cases import" in path.read_text()]


class Worker:
    """A process that times the cases of a file."""

    def __init__(self, python, file, environment):
        self.process = subprocess.Popen(
            [python, HERE / "cases.py", HERE / f"{file}.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
        )
        self.cases = [tuple(case) for case in self._answer()]

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process that times {self.process.args[2]} ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, what, case, **options):
        request = {"what": what, "case": self.cases.index(case), **options}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def start_workers(file, oracle):
    """This library and the oracle: the latter must not find our packages."""
    theirs = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return Worker(sys.executable, file, os.environ), Worker(oracle, file, theirs)


def compare_case(ours, theirs, case, options):
    """Values of both and their ratio, or why there is none"""
    pairs = []
    for _ in range(1 if options.memory else options.turns):
        answers = [
            worker.ask("memory" if options.memory else "time", case, at_least=options.at_least)
            for worker in (ours, theirs)
        ]
        for who, answer in zip(("ours", "theirs"), answers, strict=True):
            if "error" in answer:
                return f"{who}: {answer['error']}"
        pairs.append([answer["value"] for answer in answers])
    own, other = (statistics.median(values) for values in zip(*pairs, strict=True))
    return own, other, statistics.median(b / max(a, 1e-12) for a, b in pairs)


UNITS = {"time": [(1.0, "s"), (1e-3, "ms"), (1e-6, "us")], "memory": [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]}


def text_of(value, kind):
    for size, unit in UNITS[kind]:
        if value >= size:
            break
    return f"{value / size:.3g} {unit}"


def compare_file(file, options):
    """Prints the table of one file; returns ratios by group and kind, and the cases with their values."""
    ours, theirs = start_workers(file, options.oracle)
    ratios, rows = {}, []
    kind = "memory" if options.memory else "time"
    pattern = re.compile(options.only)
    for case in ours.cases:
        label = " ".join(case)
        if not pattern.search(label) or case not in theirs.cases or (options.memory and case[2] != "eager"):
            continue
        result = compare_case(ours, theirs, case, options)
        if isinstance(result, str):
            print(f"| {case[0]} | {case[1]} | {case[2]} | {result} | | |", flush=True)
            continue
        own, other, ratio = result
        ratios.setdefault((case[0], case[2]), []).append(ratio)
        rows.append({"case": case, "ours": own, "theirs": other, "ratio": ratio})
        row = [*case, text_of(other, kind), text_of(own, kind), f"{ratio:.3g}"]
        print("| " + " | ".join(row) + " |", flush=True)
    ours.close()
    theirs.close()
    return ratios, rows


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(max(value, 1e-12)) for value in values))


def parse_options(arguments):
    parser = argparse.ArgumentParser(prog="scripts/compare.sh", description=__doc__.split("\n\n")[0])
    parser.add_argument("files", nargs="*", choices=[[], *FILES], help="all of these if none is given")
    parser.add_argument("--only", default="", metavar="PATTERN", help="only cases with this regular expression")
    parser.add_argument("--turns", type=int, default=5, help="how often each case is timed in both")
    parser.add_argument("--at-least", type=float, default=0.05, metavar="SECONDS", help="time of one turn")
    parser.add_argument("--memory", action="store_true", help="peak memory of a call instead of its time")
    parser.add_argument("--json", metavar="FILE", help="writes the values here too")
    parser.add_argument(
        "--oracle", default=os.environ.get("METATENSOR_ORACLE_PYTHON"), help="Python with the existing packages"
    )
    options = parser.parse_args(arguments)
    if not options.oracle:
        parser.error("no Python with the existing packages: give --oracle, or run scripts/compare.sh")
    return options


def main():
    options = parse_options(sys.argv[1:])
    all_ratios, all_rows = {}, []
    print("| group | case | call | theirs | ours | ratio |\n| --- | --- | --- | --- | --- | --- |", flush=True)
    for file in options.files or FILES:
        ratios, rows = compare_file(file, options)
        all_ratios.update(ratios)
        all_rows += rows
    print("\n| group | call | cases | geometric mean | lowest |\n| --- | --- | --- | --- | --- |")
    for (group, kind), values in all_ratios.items():
        print(f"| {group} | {kind} | {len(values)} | {geometric_mean(values):.3g} | {min(values):.3g} |")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(all_rows, indent=1))


if __name__ == "__main__":
    main()
