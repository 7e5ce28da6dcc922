# SPDX-License-Identifier: BSD-3-Clause
"""Table of calls.py on a GPU: this library, and the existing packages if METATENSOR_ORACLE_PYTHON has them.

Run it through scripts/gpu.sh. Each side runs twice in a process of its own, for the times and for the counts.
"""

import json
import math
import os
import pathlib
import statistics
import subprocess
import sys


CALLS = pathlib.Path(__file__).with_name("calls.py")


def results(python, environment, counting):
    """What calls.py printed, by case"""
    environment = dict(environment)
    if counting:
        environment["CUDA_INJECTION64_PATH"] = os.environ["CUDA_COUNTS_LIBRARY"]
    process = subprocess.run([python, CALLS, *sys.argv[1:]], env=environment, stdout=subprocess.PIPE, text=True)
    if process.returncode != 0:
        sys.exit(f"{CALLS} ended with {process.returncode}")
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    return {line.pop("case"): line for line in lines}


def both(python, environment):
    times = results(python, environment, False)
    counts = results(python, environment, True) if "CUDA_COUNTS_LIBRARY" in os.environ else {}
    return {name: {**time, **counts.get(name, {})} for name, time in times.items()}


def text_of(result):
    """time; synchronisations; copies to the host; kernels"""
    if "error" in result:
        return result["error"][:60].replace("|", "/")
    counts = [f"{result[name]:.3g}" for name in ("synchronisations", "to_host", "kernels") if name in result]
    return "; ".join([f"{result['milliseconds']:.3g} ms", *counts])


def main():
    sides = {"here": both(sys.executable, os.environ)}
    oracle = os.environ.get("METATENSOR_ORACLE_PYTHON")
    if oracle:
        theirs = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        sides["existing"] = both(oracle, theirs)
    print("\nPer call: time; synchronisations; copies to the host; kernels\n")
    print("| | " + " | ".join(sides) + (" | ratio |" if oracle else " |"))
    print("| --- |" + " --: |" * (len(sides) + bool(oracle)))
    ratios = []
    for name in sides["here"]:
        row = [name, *(text_of(side[name]) for side in sides.values())]
        if oracle:
            times = [side[name].get("milliseconds") for side in sides.values()]
            if all(times):
                ratios.append(times[1] / times[0])
                row.append(f"{ratios[-1]:.3g}")
            else:
                row.append("")
        print("| " + " | ".join(row) + " |", flush=True)
    if ratios:
        print(f"\nGeometric mean of {len(ratios)} ratios: {math.exp(statistics.fmean(map(math.log, ratios))):.3g}")


if __name__ == "__main__":
    main()
