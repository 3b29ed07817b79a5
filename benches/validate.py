#!/usr/bin/env python3
"""Compares `clearance approvals validate` with its peers, and prints the table of docs/performance.md.

    python3 benches/validate.py [--quick]

Method. Every figure is for a whole process, from the spawn to the end, with its output to /dev/null, one at a time,
each with the same small environment and an empty home. Programs that are compared run together in rounds: once each, in
a random order for each round, so that none always follows the same one and a slow minute of the machine affects all
alike. The first round is a warm-up and does not count. The table has medians; a ratio is that of the medians, followed
in brackets by that of the minima, which noise affects less. Bars apply to the ratio of the medians.

Memory is the peak resident set that the kernel reports at the end (wait4). On Linux a child's peak starts at
the size of its parent at the spawn, so this process stays small (documents.py creates the documents, and large output
goes to files), and a peak that is not well above its own is an error, not a figure.

Only working programs are measured: every validator must first accept the valid document and reject one with a
misspelt value, clearance must list each of the 6,000 errors in both formats, and every measured run must end with the
right exit code. `openclaw approvals get --json` is the command that a script would call today; it validates no more
than clearance does, and it reads the same small document from its own store.

Peers are installed once, in fixed versions, into `bench` in $CLEARANCE_CACHE, else $XDG_CACHE_HOME/clearance,
else ~/.cache/clearance; that takes cargo, npm and about a gigabyte. $OPENCLAW_LAB_CACHE names a folder that already
has OpenClaw and Node, as `<version>/node_modules/openclaw` and `node/node_modules/node`. --quick runs a fifth of
the rounds: enough to see that it works, but not to quote.
"""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from measure import (
    HERE,
    NODE_BIN,
    PEERS,
    Bar,
    Work,
    cache,
    cargo_build,
    cargo_install,
    duration,
    installed,
    machine,
    npm,
    openclaw_and_node,
    own_peak,
    pip,
    rounds,
    row,
    run,
    size,
    spawn,
)

SCHEMA = HERE.parent / "src" / "approvals" / "schema.json"
ERRORS = 6_000

JSONSCHEMA_CLI = "0.60.2"
CHECK_JSONSCHEMA = "0.39.0"
AJV = "8.20.0"
OPENCLAW = "2026.9.6"


@dataclasses.dataclass
class Tools:
    """Where each program is."""

    clearance: str
    arguments: str
    value: str
    jsonschema_cli: str
    check_jsonschema: str
    ajv: list
    openclaw: list


def tools():
    root = cache()
    node, openclaw = openclaw_and_node(OPENCLAW)
    node = str(node / NODE_BIN / "node")
    ajv = installed(root / f"ajv-{AJV}", npm({"ajv": AJV}))
    check = installed(root / f"check-jsonschema-{CHECK_JSONSCHEMA}", pip(f"check-jsonschema=={CHECK_JSONSCHEMA}"))
    cli = installed(root / f"jsonschema-cli-{JSONSCHEMA_CLI}", cargo_install("jsonschema-cli", JSONSCHEMA_CLI))
    return Tools(
        clearance=cargo_build(HERE.parent),
        arguments=cargo_build(PEERS / "arguments", root / "target"),
        value=cargo_build(PEERS / "value", root / "target"),
        jsonschema_cli=str(cli / "bin/jsonschema-cli"),
        check_jsonschema=str(check / "bin/check-jsonschema"),
        ajv=[node, str(PEERS / "ajv.cjs"), str(ajv / "node_modules"), str(SCHEMA)],
        openclaw=[node, str(openclaw / "node_modules/openclaw/openclaw.mjs"), "approvals"],
    )


def check_refusals(tool, documents, environment):
    """Checks that every validator accepts a valid document and rejects an invalid one."""
    for file, code in [("small.json", 0), ("small-broken.json", 1)]:
        for command in validators(tool, documents / file).values():
            spawn(Work("check", command, code), environment)


def check_reports(tool, documents, environment):
    """Checks that both formats list every error of the large document, each kind as often as it was created."""
    output = documents / "output"
    file = documents / "large-broken.json"
    spawn(Work("check", validate(tool, file, "json"), 1), environment, output)
    # A separate process reads it, because this one would grow.
    read = """import json, sys
[file] = json.load(open(sys.argv[1]))["files"]
for problem in file["problems"]:
    print(problem["code"], problem["path"])
"""
    listed = subprocess.run([sys.executable, "-c", read, output], check=True, stdout=subprocess.PIPE, text=True).stdout
    problems = [line.split(" ", 1) for line in listed.splitlines()]
    entries = {"/".join(path.split("/")[:5]) for _, path in problems}
    if len(problems) != ERRORS or len(entries) != ERRORS:
        kinds = dict(collections.Counter(code for code, _ in problems))
        sys.exit(f"--format json lists {len(problems)} problems of {len(entries)} entries, not {ERRORS}: {kinds}")
    spawn(Work("check", validate(tool, file), 1), environment, output)
    with output.open() as lines:
        listed = sum(line.startswith("error[") for line in lines)
    if listed != ERRORS:
        sys.exit(f"the human format lists {listed} problems, not {ERRORS}")


def validate(tool, file, form="human"):
    return [tool.clearance, "approvals", "validate", "--format", form, str(file)]


def validators(tool, file):
    """Commands that validate a file, by name."""
    return {
        "clearance": [tool.clearance, "approvals", "validate", str(file)],
        f"jsonschema-cli {JSONSCHEMA_CLI}": [tool.jsonschema_cli, "validate", str(SCHEMA), "-i", str(file)],
        f"ajv {AJV}": [*tool.ajv, str(file)],
        f"check-jsonschema {CHECK_JSONSCHEMA}": [tool.check_jsonschema, "--schemafile", str(SCHEMA), str(file)],
    }


def small(tool, documents, environment, quick):
    """The small document: fast programs in many rounds of their own, slow ones in fewer."""
    file = documents / "small.json"
    (_, ours), (_, cli), (_, ajv), (_, check) = commands = list(validators(tool, file).items())
    what = f"valid, {size(file.stat().st_size)}"
    fast = [
        Work("clearance", ours),
        Work("its arguments only", [tool.arguments, *ours[1:]]),
        Work(commands[1][0], cli),
    ]
    rounds(40 if quick else 200, environment, fast)
    slow = [
        Work("clearance", ours),
        Work(commands[2][0], ajv),
        Work(commands[3][0], check),
        Work(f"openclaw {OPENCLAW} approvals get", [*tool.openclaw, "get", "--json"]),
    ]
    rounds(4 if quick else 20, environment, slow)
    bars = [Bar(1.5), Bar(1, below=True), None, None, Bar(1 / 1000)]
    pairs = [(works[0], peer) for works in (fast, slow) for peer in works[1:]]
    return [
        row(what, first.seconds, peer.seconds, duration, peer.name, bar)
        for (first, peer), bar in zip(pairs, bars, strict=True)
    ]


def large(tool, documents, environment, quick):
    """The large document, valid and broken, in the same rounds."""
    file, wrong = documents / "large.json", documents / "large-broken.json"
    commands = list(validators(tool, file).items())
    ours = Work("clearance", commands[0][1])
    value = Work("into serde_json::Value", [tool.value, str(file)])
    cli = Work(*commands[1])
    human = Work("human", validate(tool, wrong), 1)
    machine = Work("json", validate(tool, wrong, "json"), 1)
    works = [ours, value, cli, human, machine]
    rounds(2 if quick else 10, environment, works)
    if min(peak for work in works for peak in work.peaks) < 2 * own_peak():
        sys.exit(f"the peaks are not distinguishable from that of this process, {size(own_peak())}")
    bytes_read = file.stat().st_size
    what = f"valid, {size(bytes_read)}"
    broken = f"{ERRORS:,} errors, {size(wrong.stat().st_size)}"
    return [
        row(what, ours.seconds, value.seconds, duration, value.name, Bar(0.6)),
        row(what, ours.seconds, cli.seconds, duration, cli.name, Bar(0.5)),
        row(f"{what}, memory", ours.peaks, [bytes_read], size, "the file", Bar(3)),
        row(f"{what}, memory", ours.peaks, value.peaks, size, value.name, None),
        row(f"{what}, memory", ours.peaks, cli.peaks, size, cli.name, None),
        row(f"{broken}, human", human.seconds, ours.seconds, duration, "the valid one", Bar(3)),
        row(f"{broken}, json", machine.seconds, ours.seconds, duration, "the valid one", Bar(3)),
        row(f"{broken}, human, memory", human.peaks, ours.peaks, size, "the valid one", None),
        row(f"{broken}, json, memory", machine.peaks, ours.peaks, size, "the valid one", None),
    ]


def main():
    parser = argparse.ArgumentParser(description="Measures `clearance approvals validate` beside its peers.")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    quick = parser.parse_args().quick
    tool = tools()
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as folder:
        documents = pathlib.Path(folder)
        run(sys.executable, HERE / "documents.py", documents)
        state = documents / "home" / "state"
        state.mkdir(parents=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(state.parent), "OPENCLAW_STATE_DIR": str(state)}
        spawn(Work("set", [*tool.openclaw, "set", "--file", str(documents / "small.json")]), environment)
        check_refusals(tool, documents, environment)
        check_reports(tool, documents, environment)
        rows = small(tool, documents, environment, quick) + large(tool, documents, environment, quick)
    print("| work | clearance | peer | ratio (of minima) | bar | met |")
    print("| --- | --- | --- | --- | --- | --- |")
    print("\n".join(rows))
    node = subprocess.run([tool.ajv[0], "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    print(f"\nMeasured on {machine()}, Node {node}{'; --quick' if quick else ''}.")


if __name__ == "__main__":
    main()
