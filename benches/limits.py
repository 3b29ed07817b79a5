#!/usr/bin/env python3
"""Measures edits of a large document, and hostile documents; prints the tables of docs/performance.md.

    python3 benches/limits.py [--quick] [--clearance PROGRAM]

Method: that of validate.py (whole processes, one at a time, output to /dev/null, peaks as the kernel reports them).

The first table is for a document of 47 MB with 275,000 entries, in which no lint finds anything. One run measures these
commands in rounds, in a random order: `validate`, `lint`, `diff` (with a copy), `set --dry-run` (into a store that
holds the document, and into one that holds none) and `allowlist add` (into that store, which is restored after each
run, untimed). Times are divided by the time of `validate` for each file that the command reads; memory is divided by
the total size of those files.

The second table is for hostile documents of 64 MiB, the size limit (documents.py creates them). Each is passed once to
`validate` in all formats, `lint`, `diff` with itself, `get`, `set --dry-run` and `allowlist add --dry-run`, with
--timeout 10s; the table shows the longest time and the highest peak, each with its command. Every run must end with an
exit code that is possible for such a document (0, 1, 4, 7).

--clearance names an existing program, instead of building the release profile; --quick runs a fifth of the rounds, with
documents of 8 MiB.
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile

from measure import HERE, Bar, Work, cargo_build, duration, machine, own_peak, rounds, row, run, size, spawn

TIMEOUT = 10
MORE = 0.5
# The failing exit codes that are possible for a document: see the table of exit codes.
CODES = (1, 4, 7)
VALIDATE_FORMATS = ["human", "json", "github", "sarif"]


def large(clearance, documents, environment, count):
    """The bars for a large document."""
    file, copy = documents / "quiet.json", documents / "copy.json"
    store, empty = documents / "store.json", documents / "empty.json"
    shutil.copy(file, copy)
    shutil.copy(file, store)
    approvals = [clearance, "approvals"]
    valid = Work("validate", [*approvals, "validate", str(file)])
    works = [
        (Work("lint, nothing found", [*approvals, "lint", str(file)]), 1),
        (Work("diff, no drift", [*approvals, "diff", str(file), str(copy)]), 2),
        (Work("set --dry-run, unchanged", [*approvals, "set", "--file", str(file), "--store", str(store), "--dry-run"]), 2),
        (Work("set --dry-run, no store", [*approvals, "set", "--file", str(file), "--store", str(empty), "--dry-run"]), 1),
    ]
    add = Work("allowlist add", [*approvals, "allowlist", "add", "/opt/new", "--agent", "main", "--store", str(store)])
    rounds(count, environment, [valid, *(work for work, _ in works)])
    for number in range(count + 1):
        shutil.copy(file, store)
        seconds, peak = spawn(add, environment)
        if number > 0:
            add.seconds.append(seconds)
            add.peaks.append(peak)
    bytes_read = file.stat().st_size
    rows = []
    for work, files in [*works, (add, 1)]:
        validated = [files * seconds for seconds in valid.seconds]
        peer = "validate" if files == 1 else f"{files} × validate"
        rows.append(row(work.name, work.seconds, validated, duration, peer, Bar(3)))
        read = f"the file{'s' if files > 1 else ''}"
        rows.append(row(f"{work.name}, memory", work.peaks, [files * bytes_read], size, read, Bar(4)))
    return rows


def hostile(clearance, documents, environment):
    """The bars for hostile documents."""
    output = documents / "output"
    rows = []
    for file in sorted((documents / "hostile").iterdir()):
        path, bytes_read = str(file), file.stat().st_size
        commands = [(f"validate {form}", ["validate", "--format", form, path], 1) for form in VALIDATE_FORMATS]
        commands += [
            ("lint", ["lint", path], 1),
            ("lint json", ["lint", "--format", "json", path], 1),
            ("diff", ["diff", path, path], 2),
            ("diff to nothing", ["diff", str(documents / "least.json"), path, "--json"], 1),
            ("get", ["get", "--json", "--file", path], 1),
            ("set", ["set", "--file", path, "--store", str(documents / "none.json"), "--dry-run", "--json"], 1),
            ("set into it", ["set", "--file", str(documents / "least.json"), "--store", path, "--dry-run"], 1),
            ("set --drop-unknown", ["set", "--file", path, "--store", str(documents / "none.json"), "--dry-run", "--drop-unknown"], 1),
            ("set --allow-legacy", ["set", "--file", path, "--store", str(documents / "none.json"), "--dry-run", "--allow-legacy"], 1),
            ("allowlist add", ["allowlist", "add", "/bin/ls", "--file", path, "--dry-run"], 1),
        ]
        longest, highest = (0, ""), (0, "")
        for name, command, files in commands:
            work = Work(name, [clearance, "--timeout", f"{TIMEOUT}s", "approvals", *command], others=CODES)
            seconds, peak = spawn(work, environment, output)
            longest = max(longest, (seconds, f"{name}, exit {work.ended}"))
            highest = max(highest, (peak / (files * bytes_read), name))
            print(f"{file.name}: {name}: {seconds:.2f} s, {peak / (files * bytes_read):.2f}, exit {work.ended}", file=sys.stderr)
        in_time = "yes" if longest[0] <= TIMEOUT + MORE else "**no**"
        in_room = "yes" if highest[0] <= 8 else "**no**"
        cells = [file.stem, duration(longest[0]), longest[1], in_time, f"{highest[0]:.2f}", highest[1], in_room]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def main():
    parser = argparse.ArgumentParser(description="Measures the bars for large and hostile documents.")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds, 8 MiB")
    parser.add_argument("--clearance", help="a program that is built already")
    parser.add_argument("--only", choices=["large", "hostile"], help="one of the two tables")
    arguments = parser.parse_args()
    clearance = arguments.clearance or cargo_build(HERE.parent)
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as folder:
        documents = pathlib.Path(folder)
        run(sys.executable, HERE / "documents.py", documents, "limits", "8" if arguments.quick else "64")
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "OPENCLAW_STATE_DIR": folder}
        if arguments.only != "hostile":
            rows = large(clearance, documents, environment, 3 if arguments.quick else 10)
            print("| 47 MB, valid | clearance | beside | ratio (of minima) | bar | met |")
            print("| --- | --- | --- | --- | --- | --- |")
            print("\n".join(rows) + "\n")
        if arguments.only != "large":
            rows = hostile(clearance, documents, environment)
            print(f"| hostile | longest | of | ≤ {TIMEOUT + MORE} s | highest peak / files | of | ≤ 8 |")
            print("| --- | --- | --- | --- | --- | --- | --- |")
            print("\n".join(rows))
    print(f"\nMeasured on {machine()}, own peak {size(own_peak())}{'; --quick' if arguments.quick else ''}.")


if __name__ == "__main__":
    main()
