#!/usr/bin/env python3
"""Compares `clearance queue ls` and `queue dedupe` with peers on real gateways; prints rows for docs/performance.md.

    python3 benches/queue.py [--quick]

Method. Gateways, whole processes, rounds and medians as in gateway.py. For each release, a separate gateway holds 1,000
prompts of 10 commands in one session: 990 duplicates.

*bare* (peers/bare) is a compiled client that sends the same frames and checks nothing. For `queue ls` it requests the
same lists. For `queue dedupe` it requests them too, and then keeps a fixed number of denials in flight and retries
those that the gateway was too busy for; it checks no survivor, and does not list afterwards. It denies by the method
that clearance uses: `approval.resolve` if the gateway has it, since that matches ids exactly. It runs with 16, 32 and
64 denials in flight in every round: the fastest of them by its median is the gateway's best rate. A row without a bar
compares with `exec.approval.resolve` on the gateway that has both: that is faster, but matches ids by prefix. Every
purge has 1,000 new prompts, and each round has a random order.

The official commands are those of the gateway's own release, if it has them: `openclaw approvals pending --json`, and
`openclaw approvals resolve` five times, one after another, scaled to 990.

Only working programs are measured: all three must list the same 1,000 prompts first, and after each purge exactly the
10 oldest prompts must be left, with exit code 0."""

import argparse
import contextlib
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

from gateway import RELEASES, TOKEN, environment_of, free_port, gateway
from measure import HERE, NODE_BIN, PEERS, Bar, Work, cache, cargo_build, duration, machine
from measure import openclaw_and_node, rounds, row, run

PROMPTS, COMMANDS = 1000, 10
DUPLICATES = PROMPTS - COMMANDS
WINDOWS = [16, 32, 64]
LOOP = 5


class Bench:
    def __init__(self, release, clearance, bare, folder):
        node, package = openclaw_and_node(release)
        self.release, self.folder, self.port = release, folder, free_port()
        self.node, self.state = node, folder / release
        self.openclaw = [str(node / NODE_BIN / "node"), str(package / "node_modules/openclaw/openclaw.mjs")]
        self.environment = environment_of(node, self.state) | {"OPENCLAW_GATEWAY_TOKEN": TOKEN}
        target = f"--gateway=ws://127.0.0.1:{self.port}"
        self.ls = [clearance, "queue", "ls", target, "--json"]
        self.dedupe = [clearance, "queue", "dedupe", target, "--yes", "--json", "--timeout", "120s"]
        self.bare = [bare, f"127.0.0.1:{self.port}", TOKEN, str(folder / "key.pem")]

    def output(self, command):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        run = subprocess.run(command, env=self.environment, text=True, **pipes)
        if run.returncode != 0:
            sys.exit(f"exit code {run.returncode}: {' '.join(map(str, command))}\n{run.stderr[-2000:]}")
        return json.loads(run.stdout)

    def pending(self):
        """The pending prompts as the gateway lists them, the oldest first."""
        prompts = self.output([*self.bare, "list"])
        return sorted(prompts, key=lambda prompt: (prompt["createdAtMs"], prompt["id"]))

    @contextlib.contextmanager
    def held(self):
        """Holds 1,000 prompts while the block runs; nothing else is pending."""
        self.clear()
        command = [*self.bare, "hold", str(PROMPTS), str(COMMANDS)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if process.stdout.readline() != "held\n":
                sys.exit("the prompts could not be made")
            yield
        finally:
            process.stdin.close()
            process.wait(30)

    def clear(self):
        """Denies every pending prompt."""
        self.output([*self.bare, "clear", str(WINDOWS[0])])
        if self.pending():
            sys.exit("prompts are left")

    def has(self, verb):
        """Whether the release has this command: for an unknown one, it prints the general help."""
        run = subprocess.run([*self.openclaw, "approvals", "--help"], env=self.environment, stdout=subprocess.PIPE, text=True)
        there = any(line.split()[:1] == [verb] for line in run.stdout.splitlines())
        if not there:
            print(f"openclaw {self.release} has no `approvals {verb}`: not measured", file=sys.stderr)
        return there

    def purge(self, command):
        """The seconds for a purge of 1,000 new prompts, and its output."""
        with self.held():
            before = self.pending()
            oldest = {}
            for prompt in before:
                oldest.setdefault(prompt["request"]["command"], prompt["id"])
            if len(before) != PROMPTS or len(oldest) != COMMANDS:
                sys.exit(f"{len(before)} prompts of {len(oldest)} commands are pending")
            begin = time.perf_counter()
            report = self.output(command)
            seconds = time.perf_counter() - begin
            left = {prompt["id"] for prompt in self.pending()}
            if left != set(oldest.values()):
                sys.exit(f"{len(left)} prompts are left, and not the oldest ones: {command[0]}")
        return seconds, report

    def listing(self, quick):
        what = f"`queue ls` of {PROMPTS:,} prompts on a gateway {self.release}"
        official = [*self.openclaw, "approvals", "pending", "--json"]
        has_pending, rows = self.has("pending"), []
        with self.held():
            same = [[row["id"] for row in self.output(self.ls)["approvals"]], [row["id"] for row in self.pending()]]
            if has_pending:
                same.append([row["id"] for row in self.output(official)["approvals"]])
            if any(len(ids) != PROMPTS or set(ids) != set(same[0]) for ids in same):
                sys.exit(f"they list different prompts: {[len(ids) for ids in same]}")
            fast = [Work("clearance", self.ls), Work("bare", [*self.bare, "list"])]
            rounds(20 if quick else 100, self.environment, fast)
            rows.append(row(what, fast[0].seconds, fast[1].seconds, duration, "the same frames, bare", Bar(1.2)))
            if has_pending:
                name = f"openclaw {self.release} approvals pending --json"
                slow = [Work("clearance", self.ls), Work(name, official)]
                rounds(2 if quick else 10, self.environment, slow)
                rows.append(row(what, slow[0].seconds, slow[1].seconds, duration, name, Bar(1 / 100)))
        return rows

    def loop(self):
        """Seconds for one denial by the official command."""
        with self.held():
            victims = [prompt["id"] for prompt in self.pending()[-LOOP:]]
            begin = time.perf_counter()
            for victim in victims:
                command = [*self.openclaw, "approvals", "resolve", victim, "deny"]
                run(*command, env=self.environment)
            seconds = (time.perf_counter() - begin) / LOOP
            if len(self.pending()) != PROMPTS - LOOP:
                sys.exit("the official command did not deny")
        return seconds

    def purging(self, quick):
        what = f"`queue dedupe` of {PROMPTS:,} prompts on a gateway {self.release}"
        works = {"clearance": self.dedupe} | {window: [*self.bare, "resolve", str(window)] for window in WINDOWS}
        # The only release of these that has a method for exact ids.
        if self.release == RELEASES[-1]:
            works["by prefix"] = [*self.bare, "resolve", str(WINDOWS[1]), "by-prefix"]
        seconds = {name: [] for name in works}
        order = random.Random(DUPLICATES)
        for number in range(1 if quick else 5):
            for name in order.sample(list(works), len(works)):
                took, report = self.purge(works[name])
                seconds[name].append(took)
                if name == "clearance":
                    said = f"denied {report['gateways'][0]['totals']['denied']}"
                else:
                    said = f"denied {report['denied']}, refused and tried again {report['refused']}"
                name = name if name == "clearance" else f"bare, {name} under way"
                print(f"{self.release}, round {number + 1}: {name}: {shown(took)}, {said}", file=sys.stderr)
        best = min(WINDOWS, key=lambda window: statistics.median(seconds[window]))
        peer = f"bare, {best} under way"
        rows = [row(what, seconds["clearance"], seconds[best], shown, peer, Bar(1.11))]
        if "by prefix" in works:
            peer = f"bare, by prefix, {WINDOWS[1]} under way"
            rows.append(row(what, seconds["clearance"], seconds["by prefix"], shown, peer, None))
        if self.has("resolve"):
            scaled = [self.loop() * DUPLICATES]
            peer = f"openclaw {self.release} approvals resolve, {LOOP} times, scaled"
            rows.append(row(what, seconds["clearance"], scaled, shown, peer, None))
        return rows


def shown(seconds):
    return f"{duration(seconds)}, {DUPLICATES / seconds:,.0f}/s" if seconds < 100 else duration(seconds)


def measure(release, clearance, bare, folder, quick):
    bench = Bench(release, clearance, bare, folder)
    with gateway(bench.node, bench.openclaw, bench.state, bench.port):
        return bench.listing(quick) + bench.purging(quick)


def main():
    parser = argparse.ArgumentParser(description="Measures `clearance queue ls` and `queue dedupe` beside their peers.")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    parser.add_argument("--release", action="append", choices=RELEASES, help="only this gateway")
    arguments = parser.parse_args()
    clearance, bare = cargo_build(HERE.parent), cargo_build(PEERS / "bare", cache() / "target")
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as name:
        folder = pathlib.Path(name)
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / "key.pem")
        rows = []
        for release in arguments.release or RELEASES:
            rows += measure(release, clearance, bare, folder, arguments.quick)
    print("\n".join(rows))
    print(f"\nMeasured on {machine()}{'; --quick' if arguments.quick else ''}.")


if __name__ == "__main__":
    main()
