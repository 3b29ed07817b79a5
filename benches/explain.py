#!/usr/bin/env python3
"""Measures `approvals explain` and `approvals test` beside their peers, and prints a table of docs/performance.md.

    python3 benches/explain.py [--quick] [--clearance PROGRAM]

Method: that of validate.py (whole processes, one at a time, in rounds of random order, output to /dev/null).

`explain` of one command and `validate` read the same document of 2 KB. The other rows decide the commands of
fixtures/decisions, 20,000 of them, again and again, with one document: `explain --stdin` reads a case a line and writes
an answer a line, `test` reads a file of cases. The file names the programs that the commands start, and each case
expects the verdict that holds, as in files that people keep: a case that fails costs a second, longer decision.
Their peer (peers/parse) reads the same lines and parses each command with the parser of the releases, and does no more.
A ratio is that of the rates: 1 is as fast as the parser alone, which has one thread; the others use every core.

--clearance names an existing program, instead of building the release profile; --quick runs a fifth of the rounds.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from measure import HERE, PEERS, Bar, Work, cache, cargo_build, duration, machine, ratio, rounds, row, run

CASES = 20_000
RELEASES = ["2026.9.6", "2026.6.11", "2026.4.14"]
LEAST = 0.6

DOCUMENT = {
    "version": 1,
    "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny"},
    "agents": {"main": {"allowlist": [{"pattern": f"/usr/bin/{name}"} for name in ("rg", "ls", "git", "*")]}},
}


def commands():
    with (HERE.parent / "fixtures/decisions/cases.ndjson").open() as lines:
        recorded = [json.loads(line)["command"] for line in lines]
    # A string of TOML holds no control character.
    plain = [text for text in recorded if text.isprintable() and text.strip()]
    return [plain[number % len(plain)] for number in range(CASES)]


def write_tests(path, release, texts, verdicts):
    """A file of policy tests: each command is expected to have its verdict."""
    programs = sorted({word for text in texts if re.fullmatch("[a-z0-9_-]+", word := text.split()[0])})
    with path.open("w") as lines:
        lines.write(f'document = "exec-approvals.json"\nrelease = "{release}"\ndirectory = "/"\n\n[host]\nhome = "/home/ops"\n\n')
        lines.write("[host.programs]\n" + "".join(f'{name} = "/usr/bin/{name}"\n' for name in programs))
        for text, verdict in zip(texts, verdicts):
            lines.write(f'\n[[case]]\ncommand = {json.dumps(text)}\nexpect = "{verdict}"\n')


def write_cases(folder, clearance):
    """The same commands as lines for `explain --stdin`, and as a file of policy tests for each release."""
    texts = commands()
    with (folder / "cases.ndjson").open("w") as lines:
        for number, text in enumerate(texts):
            case = {"id": str(number), "document": DOCUMENT, "command": text, "cwd": "/", "path": "/usr/bin:/bin"}
            lines.write(json.dumps(case) + "\n")
    (folder / "exec-approvals.json").write_text(json.dumps(DOCUMENT))
    for release in RELEASES:
        path = folder / f"{release}.approvals-test.toml"
        write_tests(path, release, texts, ["runs"] * CASES)
        tested = subprocess.run([clearance, "approvals", "test", "--format", "json", path], stdout=subprocess.PIPE)
        cases = json.loads(tested.stdout)["files"][0]["cases"]
        write_tests(path, release, texts, [case["verdict"] for case in cases])


def one(clearance, documents, environment, count):
    """`explain` of one command beside `validate`."""
    file = str(documents / "small.json")
    approvals = [clearance, "approvals"]
    valid = Work("validate", [*approvals, "validate", file])
    explain = [
        Work(f"explain, {release}", [*approvals, "explain", "--file", file, "--release", release, "git status"], others=(1,))
        for release in RELEASES
    ]
    rounds(count, environment, [valid, *explain])
    return [row(work.name, work.seconds, valid.seconds, duration, "validate", Bar(1.5)) for work in explain]


def many(clearance, parse, folder, environment, count):
    """Many commands beside the bare parser."""
    cases = folder / "cases.ndjson"
    bare = Work("parse", [parse, str(cases)])
    works = []
    for release in RELEASES:
        # posix_spawn gives no standard input, so that a shell opens it.
        line = 'exec "$0" approvals explain --stdin --release "$1" < "$2"'
        works.append(Work(f"explain --stdin, {release}", ["/bin/sh", "-c", line, clearance, release, str(cases)], others=(1,)))
        tests = str(folder / f"{release}.approvals-test.toml")
        works.append(Work(f"test, {release}", [clearance, "approvals", "test", "--format", "json", tests]))
    rounds(count, environment, [bare, *works])
    rows = []
    for work in works:
        value = statistics.median(bare.seconds) / statistics.median(work.seconds)
        least = min(bare.seconds) / min(work.seconds)
        rates = [f"{CASES / statistics.median(one.seconds):,.0f}/s" for one in (work, bare)]
        met = "yes" if value >= LEAST else "**no**"
        cells = [work.name, rates[0], f"the parser alone: {rates[1]}", f"{ratio(value)} ({ratio(least)})", f"≥ {LEAST}", met]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def main():
    parser = argparse.ArgumentParser(description="Measures the bars for explanations and policy tests.")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    parser.add_argument("--clearance", help="a program that is built already")
    arguments = parser.parse_args()
    clearance = arguments.clearance or cargo_build(HERE.parent)
    parse = cargo_build(PEERS / "parse", cache() / "target")
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as name:
        folder = pathlib.Path(name)
        run(sys.executable, HERE / "documents.py", folder)
        write_cases(folder, clearance)
        environment = {"PATH": "/usr/bin:/bin", "HOME": name, "OPENCLAW_STATE_DIR": name}
        rows = one(clearance, folder, environment, 40 if arguments.quick else 200)
        rows += many(clearance, parse, folder, environment, 2 if arguments.quick else 10)
    print("| work | clearance | peer | ratio (of minima) | bar | met |")
    print("| --- | --- | --- | --- | --- | --- |")
    print("\n".join(rows))
    print(f"\nMeasured on {machine()}{'; --quick' if arguments.quick else ''}.")


if __name__ == "__main__":
    main()
