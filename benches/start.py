#!/usr/bin/env python3
"""Measures how long small programs take from spawn to end, and prints a table for docs/performance.md.

    python3 benches/start.py NAME=PROGRAM ... [--rounds N]

Method. Each program validates the same document of 2 KB (`PROGRAM approvals validate small.json`), as a whole process,
output to /dev/null, with the same small environment. All programs run once in each round, in an order drawn anew for
each round; the first round does not count. The table has medians, and ratios to the first program; in brackets the
ratio of the minima, which noise moves less. For the bar of 1.5 name the program that only parses its arguments first
(`cargo build --release` in benches/peers/arguments). A second clearance linked with `CLEARANCE_PIE=1` shows what a
position-independent program costs.
"""

import argparse
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description="Measures how long small programs take from spawn to end.")
    parser.add_argument("programs", nargs="+", metavar="NAME=PROGRAM")
    parser.add_argument("--rounds", type=int, default=400)
    arguments = parser.parse_args()
    programs = [program.split("=", 1) for program in arguments.programs]
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as folder:
        subprocess.run([sys.executable, HERE / "documents.py", folder], check=True, stdout=sys.stderr)
        environment = {"PATH": os.environ["PATH"], "HOME": folder}
        times = {name: [] for name, _ in programs}
        draw = random.Random(1)
        for number in range(arguments.rounds + 1):
            for name, program in draw.sample(programs, len(programs)):
                command = [program, "approvals", "validate", f"{folder}/small.json"]
                start = time.perf_counter()
                ended = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
                taken = time.perf_counter() - start
                if ended.returncode != 0:
                    sys.exit(f"{name} ended with {ended.returncode}")
                if number > 0:
                    times[name].append(taken)
    first = times[programs[0][0]]
    print("| program | median | ratio (of minima) |")
    print("| --- | --- | --- |")
    for name, taken in times.items():
        ratio = statistics.median(taken) / statistics.median(first)
        minima = min(taken) / min(first)
        print(f"| {name} | {statistics.median(taken) * 1000:.2f} ms | {ratio:.2f} ({minima:.2f}) |")


if __name__ == "__main__":
    main()
