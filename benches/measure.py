"""Shared code of the benches: installs peers in fixed versions, runs programs in rounds, and prints rows of a table."""

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
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE / "peers"

NODE = "24.21.0"
NODE_BIN = "node_modules/node/bin"


# Installing and building


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("CLEARANCE_CACHE") or pathlib.Path(home) / "clearance") / "bench"


def run(*command, **options):
    """Runs a setup command; its output goes to standard error."""
    subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr, **options)


def installed(folder, install):
    """The folder, filled by `install(folder)` if it is not installed yet; an incomplete install is repeated."""
    done = folder / ".installed"
    if not done.exists():
        print(f"installing {folder.name} into {folder.parent}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder)
        done.touch()
    return folder


def npm(dependencies, overrides=None, node=None):
    """Installs npm packages; `node` is the folder of the Node for their install scripts, or None for any Node."""

    def install(folder):
        package = {"private": True, "dependencies": dependencies, "overrides": overrides or {}}
        (folder / "package.json").write_text(json.dumps(package))
        path = os.pathsep.join([*([str(node)] if node else []), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path}
        run("npm", "install", "--no-fund", "--no-audit", "--loglevel=error", cwd=folder, env=environment)

    return install


def pip(requirement):
    def install(folder):
        venv.create(folder, with_pip=True)
        run(folder / "bin" / "pip", "install", "--quiet", requirement)

    return install


def cargo_install(crate, version):
    def install(folder):
        target = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
        run("cargo", "install", "--locked", "--root", folder, "--version", version, crate, env=target)
        shutil.rmtree(folder / "target")

    return install


def cargo_build(package, target=None):
    """Builds the program of a package in the release profile; `target` replaces cargo's default target directory."""
    command = ["cargo", "build", "--release", "--bins", "--message-format=json-render-diagnostics"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)} if target else None
    output = subprocess.run(command, cwd=package, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    made = [json.loads(line).get("executable") for line in output.splitlines()]
    return next(program for program in made if program)


def openclaw_and_node(version):
    """The folders of Node and of a release of OpenClaw; installs them if they are missing."""
    root = cache()
    lab = os.environ.get("OPENCLAW_LAB_CACHE")
    if lab:
        openclaw, node = pathlib.Path(lab) / version, pathlib.Path(lab) / "node"
    else:
        node = installed(root / f"node-{NODE}", npm({"node": NODE}))
        # One of its dependencies gets libsignal from a git host; the registry has it too.
        libsignal = {"libsignal": "npm:libsignal@^2.0.1"}
        openclaw = installed(root / f"openclaw-{version}", npm({"openclaw": version}, libsignal, node / NODE_BIN))
    return node, openclaw


# Measuring


@dataclasses.dataclass
class Work:
    """A program to run, and its results: seconds and bytes for each round, and the last exit code."""

    name: str
    command: list
    code: int = 0
    others: tuple = ()
    ended: int = 0
    seconds: list = dataclasses.field(default_factory=list)
    peaks: list = dataclasses.field(default_factory=list)


def spawn(work, environment, output=os.devnull):
    """Runs it once; returns the seconds and the peak resident bytes."""
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
    work.ended = code
    if code != work.code and code not in work.others:
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


# Reporting


@dataclasses.dataclass
class Bar:
    """The largest allowed ratio; with `below`, the ratio must be smaller than this."""

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


def machine():
    def version(*command):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    rustc = " ".join(version("rustc", "--version").split()[:2])
    system = f"{platform.system()} {platform.release()}"
    return f"{cpus} CPUs ({platform.machine()}), {system}, {rustc}, Python {platform.python_version()}"
