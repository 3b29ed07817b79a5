#!/usr/bin/env python3
"""Runs `clearance queue guard` against a real gateway that restarts, and checks every denial.

    python3 benches/soak.py --clearance PROGRAM [--minutes 30] [--restart 4] [--rate 3] [--seed 1] [--release 2026.9.6]

Needs `pip install pyte websockets cryptography`, beside npm for the gateway (installed once, as for gateway.py).

Method. A gateway is started on loopback as in gateway.py, and restarted every --restart minutes: SIGTERM, then a start
with the same state. A guard runs all the while. Clients make --rate prompts a second. Three of four repeat one of twelve
groups: a command, an agent, a session and a directory. The others are alone: a new command, or one of a group in
another directory, session or of another agent. A simulated person denies prompts that have been alone in their group
for twenty seconds. An observer receives every event in the gateway's order, and lists after each restart.

It fails unless
- the guard denied no prompt that was alone in its group,
- no group had two prompts for longer than --slots seconds while the guard was connected and had listed everything,
- at the end, with nothing new for --slots seconds, no group has two prompts,
- each decision in the guard's log has one outcome, and each denial that the gateway reports is in the log,
- the guard connected again after each restart, and ends with 0 on SIGTERM,
- it has as many open files as at the start.

The last lines are rows for docs/hardening.md.
"""

import argparse
import asyncio
import atexit
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from gateway import TOKEN, environment_of, free_port, gateway
from keys import Client
from measure import NODE_BIN, machine, openclaw_and_node

AGENTS = ["main", "ops", "data"]
PLACES = ["/srv/app", "/srv/lab", "/home/op/site"]
COMMANDS = [f"deploy-site --target item-{number}" for number in range(4)]
# How long a person thinks.
THINKING = 20


class World:
    """The prompts as the gateway reports them."""

    def __init__(self):
        self.pending, self.groups = {}, collections.defaultdict(set)
        self.doubled, self.longest, self.requested, self.resolved = {}, (0, None), 0, []
        self.alone_denied, self.by_guard, self.ready = [], set(), False

    def add(self, prompt):
        request = prompt["request"]
        group = (request["command"], request["agentId"], request["sessionKey"], request["cwd"])
        if prompt["id"] not in self.pending:
            self.pending[prompt["id"]] = (group, time.monotonic())
            self.groups[group].add(prompt["id"])
            self.watch(group)

    def remove(self, prompt):
        group, _ = self.pending.pop(prompt, (None, 0))
        if group:
            self.groups[group].discard(prompt)
            self.watch(group)
        return group

    def watch(self, group):
        """Notes since when a group has two prompts while the guard follows."""
        if len(self.groups[group]) < 2 or not self.ready:
            since = self.doubled.pop(group, None)
            if since:
                self.longest = max(self.longest, (time.monotonic() - since, group))
        else:
            self.doubled.setdefault(group, time.monotonic())

    def follow(self, ready):
        """The guard follows, or does not."""
        self.ready = ready
        for group in list(self.groups):
            self.watch(group)

    def heard(self, frame):
        payload = frame.get("payload") or {}
        if frame["event"] == "exec.approval.requested":
            self.requested += 1
            self.add(payload)
        elif frame["event"] == "exec.approval.resolved":
            known = self.pending.get(payload["id"])
            others = known and len(self.groups[known[0]]) - 1
            self.remove(payload["id"])
            self.resolved.append((payload["id"], payload["decision"], payload.get("resolvedBy"), others))


class Soak:
    def __init__(self, options, url):
        self.options, self.url, self.random = options, url, random.Random(options.seed)
        self.world, self.connected, self.serial, self.made = World(), None, 0, 0
        self.answered = set()

    async def connect(self):
        observer = await Client(self.url, ["approvals", "exec-approvals"], self.world.heard).open()
        asking = await Client(self.url).open()
        for client in (observer, asking):
            # The end of a connection is noticed by its calls.
            client.reader.add_done_callback(lambda reader: reader.cancelled() or reader.exception())
        listed = await observer.call("exec.approval.list", {})
        for prompt in list(self.world.pending):
            if prompt not in {row["id"] for row in listed["payload"]}:
                self.world.remove(prompt)
        for row in listed["payload"]:
            self.world.add(row)
        self.connected = (observer, asking)

    def group(self):
        command, agent, place = (self.random.choice(kind) for kind in (COMMANDS, AGENTS, PLACES))
        session = f"agent:{agent}:soak"
        if self.random.random() < 0.25:
            self.serial += 1
            match self.random.randrange(3):
                case 0:
                    command = f"make item-{self.serial}"
                case 1:
                    session = f"agent:{agent}:soak-{self.serial}"
                case _:
                    place = f"/srv/{self.serial}"
        else:
            command, agent, place = COMMANDS[self.random.randrange(4)], agent, PLACES[0]
        return {"command": command, "agentId": agent, "sessionKey": session, "cwd": place}

    async def ask(self, asking):
        params = self.group() | {"host": "gateway", "security": "allowlist", "ask": "on-miss"}
        params |= {"twoPhase": True, "timeoutMs": 1_800_000}
        answer = await asking.call("exec.approval.request", params)
        self.made += answer["ok"]

    async def answer(self, asking):
        """Denies prompts that have been alone for a while, as a person does."""
        now = time.monotonic()
        for prompt, (group, since) in list(self.world.pending.items()):
            if len(self.world.groups[group]) == 1 and now - since > THINKING and prompt not in self.answered:
                self.answered.add(prompt)
                await asking.call("exec.approval.resolve", {"id": prompt, "decision": "deny"})

    async def feed(self, until):
        """Makes prompts until a time, or until the connection ends."""
        number, begin = 0, time.monotonic()
        while time.monotonic() < until:
            asking = self.connected[1]
            try:
                await asyncio.wait_for(self.ask(asking), 60)
                if number % 8 == 0:
                    await asyncio.wait_for(self.answer(asking), 60)
            except Exception as error:  # The gateway restarts.
                print(f"# {type(error).__name__}: {error}", file=sys.stderr)
                return
            number += 1
            await asyncio.sleep(max(0, begin + number / self.options.rate - time.monotonic()))


class Guard:
    def __init__(self, clearance, url, environment, log):
        command = [clearance, "queue", "guard", f"--gateway={url}"]
        self.log, self.lines = log, []
        with log.open("w") as out, log.with_suffix(".err").open("w") as err:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )

    def end(self):
        """Ends it as a service manager does; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.read()
        return code

    def read(self):
        """The new lines of its log."""
        text = self.log.read_text()
        lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        new, self.lines = lines[len(self.lines) :], lines
        return new

    def figures(self):
        base = pathlib.Path(f"/proc/{self.process.pid}")
        status = base.joinpath("status").read_text()
        size = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith("Vm")}
        fields = base.joinpath("stat").read_text().rsplit(")", 1)[1].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return int(size["VmRSS"]), cpu, len(list(base.joinpath("fd").iterdir()))


async def follow(soak, guard, samples):
    """Reads the guard's log, and samples its figures each minute."""
    due = time.monotonic() + 60
    while True:
        for line in guard.read():
            if line["event"] == "reconciled" and not soak.world.ready:
                soak.world.follow(True)
            elif line["event"] in ("disconnected", "gap", "unlisted", "breaker-opened"):
                soak.world.follow(False)
        if time.monotonic() > due:
            samples.append(guard.figures())
            due += 60
        await asyncio.sleep(0.05)


async def soak(options, folder):
    node, package = openclaw_and_node(options.release)
    openclaw = [str(node / NODE_BIN / "node"), str(package / "node_modules/openclaw/openclaw.mjs")]
    state, port = folder / "state", free_port()
    url = f"ws://127.0.0.1:{port}"
    environment = environment_of(node, state) | {"OPENCLAW_GATEWAY_TOKEN": TOKEN}
    run, samples, restarts = Soak(options, url), [], -1
    (state / "home").mkdir(parents=True)
    guard = Guard(options.clearance, url, environment, folder / "guard.ndjson")
    atexit.register(guard.process.kill)
    end = time.monotonic() + options.minutes * 60
    following = asyncio.create_task(follow(run, guard, samples))
    while time.monotonic() < end:
        restarts += 1
        manager = gateway(node, openclaw, state, port)
        manager.__enter__()
        try:
            await run.connect()
            # A listing after the last restart.
            while not run.world.ready:
                await asyncio.sleep(0.1)
            if not samples:
                samples.append(guard.figures())
            await run.feed(min(end, time.monotonic() + options.restart * 60))
            if time.monotonic() >= end:
                await asyncio.sleep(options.slots)
                listed = await run.connected[0].call("exec.approval.list", {})
            run.world.follow(False)
        finally:
            manager.__exit__(None, None, None)
    samples.append(guard.figures())
    following.cancel()
    code = guard.end()
    return run, guard, samples, restarts, code, listed["payload"]


def check(options, run, guard, samples, restarts, code, listed):
    world, failures = run.world, []
    events = collections.Counter(line["event"] for line in guard.lines)
    decided = [line["decision"] for line in guard.lines if line["event"] == "deny"]
    over = [line["decision"] for line in guard.lines if line["event"] == "outcome"]
    outcomes = collections.Counter(line["outcome"] for line in guard.lines if line["event"] == "outcome")
    denied = {line["id"] for line in guard.lines if line["event"] == "outcome" and line["outcome"] == "denied"}
    reported = {prompt: others for prompt, decision, _, others in world.resolved if decision == "deny"}
    by_guard = {prompt: others for prompt, others in reported.items() if prompt not in run.answered}
    wrong = [prompt for prompt in denied if reported.get(prompt) == 0]
    unlogged = [prompt for prompt in by_guard if prompt not in {line.get("id") for line in guard.lines}]
    if wrong:
        failures.append(f"denied alone: {wrong}")
    if world.longest[0] > options.slots:
        failures.append(f"a duplicate was pending for {world.longest[0]:.1f} s: {world.longest[1]}")
    groups = collections.Counter(
        tuple(row["request"][field] for field in ("command", "agentId", "sessionKey", "cwd")) for row in listed
    )
    if any(count > 1 for count in groups.values()):
        failures.append(f"duplicates at the end: {groups}")
    if sorted(decided) != sorted(over) or len(set(over)) != len(over):
        failures.append(f"{len(decided)} decisions, {len(over)} outcomes")
    if unlogged:
        failures.append(f"denials that are not in the log: {unlogged}")
    if events["connected"] != restarts + 1:
        failures.append(f"{events['connected']} connections, {restarts} restarts")
    if code != 0:
        failures.append(f"exit code {code}")
    if samples[-1][2] > samples[0][2]:
        failures.append(f"open files: {samples[0][2]} at the start, {samples[-1][2]} at the end")
    print(f"{options.minutes} minutes, {restarts} restarts, {run.made} prompts, {world.requested} events requested")
    print(f"denied {len(denied)}, of the person {len(run.answered)}, wrong {len(wrong)}")
    print(f"longest time with two prompts while following: {world.longest[0]:.1f} s; at the end {len(listed)} pending")
    print(f"resolved by: {dict(collections.Counter(by for _, _, by, _ in world.resolved))}")
    print(f"log: {dict(events)}; outcomes {dict(outcomes)}")
    print(f"VmRSS each minute, kB: {[sample[0] for sample in samples]}")
    print(f"open files each minute: {[sample[2] for sample in samples]}")
    print(f"CPU {samples[-1][1]:.1f} s in all; {events['connected']} connections; exit code {code}")
    print(f"\nMeasured on {machine()}.")
    for failure in failures:
        print(f"FAILED: {failure}")
    sys.exit(bool(failures))


def main():
    parser = argparse.ArgumentParser(description="Runs the guard against a real gateway that restarts.")
    parser.add_argument("--clearance", required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--restart", type=float, default=4)
    parser.add_argument("--rate", type=float, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slots", type=float, default=20, help="seconds in which a duplicate must be gone")
    parser.add_argument("--release", default="2026.9.6")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clearance-soak-") as name:
        check(options, *asyncio.run(soak(options, pathlib.Path(name))))


if __name__ == "__main__":
    main()
