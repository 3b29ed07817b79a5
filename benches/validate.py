#!/usr/bin/env python3
"""Measures `clearance approvals validate` beside its peers, and prints the README's table.

    python3 benches/validate.py [--quick]

Method. Every figure is a whole process: from the spawn to the end, output to /dev/null, one at a time, each with
the same small environment and an empty home. Programs that are compared run in one go, in rounds: once each, in
an order drawn anew for each round, so that none always follows the same one and a slow minute of the machine hits
all alike. The first round warms up and does not count. The table has medians; a ratio is that of the medians,
and beside it in brackets that of the minima, which noise moves less. Bars are judged on the former.

Memory is the peak resident set that the kernel reports at the end (wait4). On Linux a child's peak starts at what
its parent holds when it spawns, so this process stays small (documents.py makes the documents, and large output
goes to files), and a peak that is not well above its own is an error, not a figure.

Nothing is measured that does not work: every validator must first accept the valid document and refuse one with a
misspelt value, clearance must list each of the 6,000 errors in both formats, and every measured run must end with
the exit code that is right for it. `openclaw approvals get --json` is what a script would call today; it validates
nothing more than clearance does, and it reads the same small document from its own store.

Peers are installed once, in fixed versions, into `bench` in $CLEARANCE_CACHE, else $XDG_CACHE_HOME/clearance,
else ~/.cache/clearance; that takes cargo, npm and about a gigabyte. $OPENCLAW_LAB_CACHE names a folder that already
has OpenClaw and Node, as `<version>/node_modules/openclaw` and `node/node_modules/node`. --quick takes a fifth of
the rounds: enough to see that it works, not to quote.
"""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE / "peers"
SCHEMA = HERE.parent / "src" / "approvals" / "schema.json"
ERRORS = 6_000

JSONSCHEMA_CLI = "0.60.2"
CHECK_JSONSCHEMA = "0.39.0"
AJV = "8.20.0"
OPENCLAW = "2026.9.6"
NODE = "24.21.0"
NODE_BIN = "node_modules/node/bin"


# Installing and building


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("CLEARANCE_CACHE") or pathlib.Path(home) / "clearance") / "bench"


def told(*command, **options):
    """Runs a command of the preparation; what it says goes to standard error."""
    subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr, **options)


def installed(folder, install):
    """The folder, filled by `install(folder)` unless it is there; what fails half-way is not taken for done."""
    done = folder / ".installed"
    if not done.exists():
        print(f"installing {folder.name} into {folder.parent}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder)
        done.touch()
    return folder


def npm(dependencies, overrides=None, node=None):
    """Packages of npm; `node` is the folder of the Node that their install scripts must find, if not any."""

    def install(folder):
        package = {"private": True, "dependencies": dependencies, "overrides": overrides or {}}
        (folder / "package.json").write_text(json.dumps(package))
        path = os.pathsep.join([*([str(node)] if node else []), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path}
        told("npm", "install", "--no-fund", "--no-audit", "--loglevel=error", cwd=folder, env=environment)

    return install


def pip(requirement):
    def install(folder):
        venv.create(folder, with_pip=True)
        told(folder / "bin" / "pip", "install", "--quiet", requirement)

    return install


def cargo_install(crate, version):
    def install(folder):
        target = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
        told("cargo", "install", "--locked", "--root", folder, "--version", version, crate, env=target)
        shutil.rmtree(folder / "target")

    return install


def cargo_build(package, target=None):
    """The program of a package in the release profile, built where cargo would build it unless told."""
    command = ["cargo", "build", "--release", "--bins", "--message-format=json-render-diagnostics"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)} if target else None
    output = subprocess.run(command, cwd=package, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    made = [json.loads(line).get("executable") for line in output.splitlines()]
    return next(program for program in made if program)


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
    lab = os.environ.get("OPENCLAW_LAB_CACHE")
    if lab:
        openclaw, node = pathlib.Path(lab) / OPENCLAW, pathlib.Path(lab) / "node"
    else:
        node = installed(root / f"node-{NODE}", npm({"node": NODE}))
        # One of its dependencies asks a git host for libsignal; the registry has it too.
        libsignal = {"libsignal": "npm:libsignal@^2.0.1"}
        openclaw = installed(root / f"openclaw-{OPENCLAW}", npm({"openclaw": OPENCLAW}, libsignal, node / NODE_BIN))
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


# Measuring


@dataclasses.dataclass
class Work:
    """A program to run, and what came of it: seconds and bytes, one a round."""

    name: str
    command: list
    code: int = 0
    seconds: list = dataclasses.field(default_factory=list)
    peaks: list = dataclasses.field(default_factory=list)


def spawn(work, environment, output=os.devnull):
    """Runs it once; seconds and peak resident bytes."""
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(output), writing, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, writing, 0),
    ]
    begin = time.perf_counter()
    child = os.posix_spawn(work.command[0], work.command, environment, file_actions=files)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    if code != work.code:
        sys.exit(f"exit code {code} instead of {work.code}: {' '.join(work.command)}")
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def rounds(count, environment, works):
    order = random.Random(count)
    for number in range(count + 1):
        if sys.stderr.isatty():
            print(f"\r{', '.join(work.name for work in works)}: round {number} of {count}", end="", file=sys.stderr)
        for work in order.sample(works, len(works)):
            seconds, peak = spawn(work, environment)
            if number > 0:
                work.seconds.append(seconds)
                work.peaks.append(peak)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def own_peak():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def check_refusals(tool, documents, environment):
    """Every validator accepts what is valid and refuses what is not."""
    for file, code in [("small.json", 0), ("small-broken.json", 1)]:
        for command in validators(tool, documents / file).values():
            spawn(Work("check", command, code), environment)


def check_reports(tool, documents, environment):
    """Both formats list every error of the large document, each kind as often as it was made."""
    output = documents / "output"
    file = documents / "large-broken.json"
    spawn(Work("check", validate(tool, file, "json"), 1), environment, output)
    # Read by a process of its own, or this one would grow.
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


# Reporting


@dataclasses.dataclass
class Bar:
    """The largest ratio that is allowed; `below` if it must stay under it."""

    ratio: float
    below: bool = False

    def __str__(self):
        return f"{'<' if self.below else '≤'} {ratio(self.ratio, 'g')}"

    def met(self, value):
        return value < self.ratio if self.below else value <= self.ratio


def ratio(value, digits=".2f"):
    return f"1/{1 / value:,.0f}" if value < 0.1 else format(value, digits)


def duration(seconds):
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.2f} ms"


def size(count):
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.1f} KB"


def row(what, ours, theirs, shown, peer, bar):
    value = statistics.median(ours) / statistics.median(theirs)
    least = min(ours) / min(theirs)
    met = "–" if bar is None else "yes" if bar.met(value) else "**no**"
    cells = [
        what,
        shown(statistics.median(ours)),
        f"{peer}: {shown(statistics.median(theirs))}",
        f"{ratio(value)} ({ratio(least)})",
        bar or "–",
        met,
    ]
    return f"| {' | '.join(map(str, cells))} |"


def small(tool, documents, environment, quick):
    """The small document: quick programs in many rounds by themselves, slow ones in fewer."""
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
    """The large document, valid and broken, in one go."""
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
        sys.exit(f"the peaks are not told from that of this process, {size(own_peak())}")
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


def machine():
    def version(*command):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    rustc = " ".join(version("rustc", "--version").split()[:2])
    system = f"{platform.system()} {platform.release()}"
    return f"{cpus} CPUs ({platform.machine()}), {system}, {rustc}, Python {platform.python_version()}"


def main():
    parser = argparse.ArgumentParser(description="Measures `clearance approvals validate` beside its peers.")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    quick = parser.parse_args().quick
    tool = tools()
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as folder:
        documents = pathlib.Path(folder)
        told(sys.executable, HERE / "documents.py", documents)
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
