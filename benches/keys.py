#!/usr/bin/env python3
"""Types at random into `clearance queue triage` on a real gateway, and checks what the gateway recorded.

    python3 benches/keys.py --clearance PROGRAM [--keys 10000] [--rate 50] [--seed 1] [--columns 100 --rows 30]
                            [--release 2026.9.6] [--limit 300] [--record FILE]

Needs `pip install pyte websockets cryptography`, beside npm for the gateway (installed once, as for gateway.py; with
OPENCLAW_LAB_CACHE set, from that folder).

Method. A gateway is started on loopback as in gateway.py. A process of its own makes --rate prompts a second, of
about 40 groups at a time that are renewed all the while; some differ only in the agent or in the directory. It also
listens to the gateway's events, and plays another operator: while more than --limit prompts are pending it denies
some at random. Triage runs in a pseudo terminal, which is read all the while, and `pyte` is its screen. Each key is
drawn by a seeded random from what the screen shows: moves, pages, sorts, filters, tags, texts, undo, pasted text, and
a small part that decide (`a`, `A`, `d`, `D`, `x`, `X`, and `d` held down). The seed fixes the draws, but not what
arrives when.

Before a key that decides, `z` is sent, which does nothing but draw a line that says so: with it every earlier key is
handled and drawn. Then the screen is read to its end, and kept beside the key: the id that is shown, the command, the
agent and the directory, how many prompts the row has, or all that a question names. Before half of the `d` and `D`
all ids of the row are read from its full text.

Afterwards each decision that the gateway recorded from triage must belong to a key, which was not undone, was pressed
three seconds before or longer, and whose screen named that prompt: for `a` and `A` the shown id; for `d` a prompt of
the same command, agent and directory that was there before the key (and among the ids, if they were read); for `D`
the same, but not the shown one; for `x` and `X` a prompt of a group that the question named, but none that it keeps.
No key may decide more prompts than the screen said, and what the screen shows for an id must be what was requested. A
decision without such a key is *wrong*. The report after the screen must count the same decisions; *missed* are the
prompts that it calls failed, or gone since another operator decided them. The gateway's own listing at the end must
be what the events add up to, so that no event was lost.

Exit 1 if a decision is wrong, if events are missing, or if the terminal is not restored. The last lines are rows for
docs/performance.md. *Key to screen* is the time from the key until its effect is on the screen, of the keys with a
certain effect; *key to record* is the time from a key to the gateway's event.
"""

import argparse
import asyncio
import base64
import collections
import dataclasses
import fcntl
import hashlib
import json
import multiprocessing
import os
import pathlib
import random
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
import uuid

try:
    import pyte
    import websockets
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
except ImportError as error:
    sys.exit(f"{error}: pip install pyte websockets cryptography")

from gateway import TOKEN, environment_of, free_port, gateway
from measure import NODE_BIN, duration, machine, openclaw_and_node

SCOPES = ["operator.admin", "operator.approvals", "operator.read", "operator.write"]
OTHER = "another operator"
LIVE_GROUPS = 40
AGENTS = ["main", "ops", "data", "web", "build", "night"]
PLACES = ["/srv/app", "/srv/lab", "/home/op/site"]
KINDS = {"a": "allow-once", "A": "allow-always", "d": "deny", "D": "deny", "x": "deny", "X": "deny"}
NO_SUCH_KEY = "This key does nothing."
UNDO = 3.0

# The gateway's side: prompts, events, another operator


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Client:
    """A connection to the gateway."""

    def __init__(self, url, caps=(), on_event=None):
        self.url, self.caps, self.on_event, self.waiting = url, list(caps), on_event, {}

    async def open(self):
        self.socket = await websockets.connect(self.url, max_size=None, open_timeout=60, ping_timeout=120)
        challenge = json.loads(await self.socket.recv())["payload"]
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        device, at, nonce = hashlib.sha256(public).hexdigest(), challenge["ts"], challenge["nonce"]
        scopes = ",".join(SCOPES)
        signed = f"v3|{device}|cli|cli|operator|{scopes}|{at}|{TOKEN}|{nonce}|linux|"
        self.reader = asyncio.create_task(self.read())
        hello = await self.call(
            "connect",
            {
                "minProtocol": 3,
                "maxProtocol": 4,
                "role": "operator",
                "scopes": SCOPES,
                "caps": self.caps,
                "commands": [],
                "permissions": {},
                "auth": {"token": TOKEN},
                "locale": "en-US",
                "userAgent": "bench",
                "client": {"id": "cli", "displayName": OTHER, "version": "0", "platform": "linux", "mode": "cli"},
                "device": {
                    "id": device,
                    "publicKey": b64url(public),
                    "signature": b64url(key.sign(signed.encode())),
                    "signedAt": at,
                    "nonce": nonce,
                },
            },
        )
        if not hello["ok"]:
            sys.exit(f"not connected: {hello['error']}")
        self.protocol = hello["payload"]["protocol"]
        return self

    async def read(self):
        async for raw in self.socket:
            frame = json.loads(raw)
            if frame["type"] == "res":
                answer = self.waiting.pop(frame["id"], None)
                if answer and not answer.done():
                    answer.set_result(frame)
            elif self.on_event:
                self.on_event(frame)

    async def call(self, method, params):
        """The first answer; a second one, of a decision, is not waited for."""
        frame_id, answer = str(uuid.uuid4()), asyncio.get_running_loop().create_future()
        self.waiting[frame_id] = answer
        await self.socket.send(json.dumps({"type": "req", "id": frame_id, "method": method, "params": params}))
        return await asyncio.wait_for(answer, 120)


class Feeder:
    """Makes prompts, notes the events, and denies what is too much."""

    def __init__(self, url, options, log, stop, end):
        self.url, self.options, self.stop, self.end = url, options, stop, end
        self.log = open(log, "w")
        self.random = random.Random(options.seed + 1)
        self.pending, self.groups, self.serial = {}, [], 0
        self.denying, self.made, self.refused, self.times = set(), 0, 0, []

    def note(self, **fields):
        self.log.write(json.dumps({"t": time.monotonic()} | fields) + "\n")

    def heard(self, frame):
        payload = frame.get("payload") or {}
        if frame["event"] == "exec.approval.requested":
            request = payload["request"]
            self.pending[payload["id"]] = time.monotonic()
            fields = {"command": request["command"], "agent": request["agentId"], "cwd": request["cwd"]}
            self.note(what="requested", id=payload["id"], created=payload["createdAtMs"], **fields)
        elif frame["event"] == "exec.approval.resolved":
            self.pending.pop(payload["id"], None)
            self.note(what="resolved", id=payload["id"], decision=payload["decision"], by=payload.get("resolvedBy"))

    def group(self):
        """A command with its agent and directory: one of the last 40, or a new one."""
        if self.groups and self.random.random() < 0.9:
            return self.random.choice(self.groups)
        agent, cwd = self.random.choice(AGENTS), self.random.choice(PLACES)
        if self.groups and self.random.random() < 0.25:
            # The same command of another agent, or in another directory.
            command = self.random.choice(self.groups)[0]
        else:
            self.serial += 1
            command = self.random.choice(
                [
                    f"deploy-site --target item-{self.serial:05}",
                    f"sync-db --from item-{self.serial:05} --verbose",
                    f"rsync -a /srv/export/item-{self.serial:05}/ backup@192.0.2.7:/backup/lab/daily/",
                    f"kubectl rollout restart deployment/item-{self.serial:05} --namespace production",
                    f"make item-{self.serial:05}",
                    f"add-record item-{self.serial:05} dad xXaA",
                ]
            )
        group = (command, agent, cwd)
        if group not in self.groups:
            self.groups = [*self.groups[-LIVE_GROUPS + 1 :], group]
        return group

    async def request(self):
        command, agent, cwd = self.group()
        params = {"command": command, "agentId": agent, "sessionKey": f"agent:{agent}:bench", "host": "gateway"}
        params |= {"cwd": cwd, "security": "allowlist", "ask": "on-miss", "twoPhase": True, "timeoutMs": 1_800_000}
        answer = await self.asking.call("exec.approval.request", params)
        self.made += 1
        if not answer["ok"]:
            self.refused += 1

    async def deny(self, prompt):
        begin = time.monotonic()
        await self.deciding.call("exec.approval.resolve", {"id": prompt, "decision": "deny"})
        self.times.append(time.monotonic() - begin)
        self.denying.discard(prompt)

    async def run(self):
        self.listening = await Client(self.url, ["approvals", "exec-approvals"], self.heard).open()
        self.asking, self.deciding = await Client(self.url).open(), await Client(self.url).open()
        self.note(what="ready")
        self.log.flush()
        begin, number, tasks = time.monotonic(), 0, set()
        while not self.stop.is_set():
            due = begin + number / self.options.rate
            now = time.monotonic()
            if due > now:
                await asyncio.sleep(min(due - now, 0.05))
                continue
            if len(tasks) >= 64:
                # The gateway does not keep up: the rate is lower.
                begin += 0.01
                await asyncio.sleep(0.01)
                continue
            number += 1
            for work in [self.request()] + self.too_many():
                task = asyncio.create_task(work)
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        if tasks:
            await asyncio.wait(tasks, timeout=60)
        seconds, times = time.monotonic() - begin, self.times
        self.note(what="fed", made=self.made, refused=self.refused, seconds=seconds, times=times)
        self.log.flush()
        while not self.end.is_set():
            await asyncio.sleep(0.05)
        # Events that are under way arrive within seconds.
        for _ in range(40):
            listed = await self.listening.call("exec.approval.list", {})
            ids = {prompt["id"] for prompt in listed["payload"]}
            if ids == set(self.pending):
                break
            await asyncio.sleep(0.5)
        self.note(what="listed", ids=sorted(ids))
        self.log.close()

    def too_many(self):
        left = [prompt for prompt in self.pending if prompt not in self.denying]
        if len(left) <= self.options.limit or len(self.denying) >= 16:
            return []
        chosen = self.random.sample(left, 2)
        self.denying.update(chosen)
        return [self.deny(prompt) for prompt in chosen]


def feed(url, options, log, stop, end):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(Feeder(url, options, log, stop, end).run())


# The terminal


class Terminal:
    """Triage in a pseudo terminal."""

    def __init__(self, command, environment, columns, rows, record):
        self.columns, self.rows, self.record = columns, rows, record
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.tail = bytearray()

    def pump(self, seconds):
        """Reads what arrives for at most this long; returns whether something came, at the first of it."""
        ready, _, _ = select.select([self.master], [], [], max(seconds, 0))
        if not ready:
            return False
        data = os.read(self.master, 1 << 16)
        self.tail += data
        if len(self.tail) > 1 << 22:
            del self.tail[: 1 << 21]
        if self.record:
            self.record.write(data)
        self.stream.feed(data)
        return True

    def settle(self, quiet=0.006, most=0.5):
        """Reads until nothing comes for a moment."""
        end = time.monotonic() + most
        while time.monotonic() < end and self.pump(quiet):
            pass

    def until(self, condition, seconds):
        """Reads until the screen meets the condition; returns the seconds, or `None`."""
        begin = time.monotonic()
        while True:
            if condition(self.shown()):
                return time.monotonic() - begin
            left = begin + seconds - time.monotonic()
            if left <= 0 or self.process.poll() is not None and not self.pump(0.2):
                return None
            self.pump(min(left, 0.2))

    def rest(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(end - time.monotonic())

    def shown(self):
        return Shown(self.screen.display, self.columns)

    def write(self, data):
        os.write(self.master, data)


ROW = re.compile(r"^([> ])([* ])(\d+)x\s+(\S*)\s+(in \S+|expired)\s+(\S+)\s+(.*)$")


class Shown:
    """What a screen shows."""

    def __init__(self, lines, columns):
        self.lines, self.columns = lines, columns

    @property
    def notice(self):
        return self.lines[-2].strip()

    @property
    def mode(self):
        hints = self.lines[-1].strip()
        starts = {
            "? help": "list",
            "enter keep": "filter",
            "y yes": "question",
            "s send": "quit",
            "escape back": "text",
            "q end now": "ending",
        }
        return next((mode for start, mode in starts.items() if hints.startswith(start)), "unknown")

    def parts(self):
        """The lines of the list, and those of the prompt under the cursor."""
        body = self.lines[1:-2]
        if self.columns >= 100:
            width = min(self.columns // 2, 90)
            return [line[:width] for line in body], [line[width + 1 :] for line in body]
        rule = next((at for at, line in enumerate(body) if line.startswith("────")), len(body))
        return body[:rule], body[rule + 1 :]

    def rows(self):
        return [found for line in self.parts()[0] if (found := ROW.match(line.rstrip()))]

    def cursor(self):
        return next((row for row in self.rows() if row[1] == ">"), None)

    def fields(self):
        """The labels of the prompt under the cursor with their texts, without white space."""
        return labelled(self.parts()[1])

    def group(self):
        fields = self.fields()
        found = tuple(fields.get(label, [""])[0] for label in ("command", "agent", "in"))
        return found if all(found) else None

    def lead(self):
        return self.fields().get("id", [None])[0]

    def counted(self, what):
        found = re.search(rf"(\d+) {what}", self.lines[0])
        return int(found[1]) if found else 0


def labelled(lines):
    fields, label = collections.defaultdict(list), None
    for line in lines:
        found = re.match(r"^ *([a-z]*) │ (.*)$", line.rstrip())
        if not found:
            label = None
            continue
        if found[1]:
            label = found[1]
            fields[label].append(squeezed(found[2]))
        elif label:
            fields[label][-1] += squeezed(found[2])
    return fields


def squeezed(text):
    return re.sub(r"\s+", "", text)


# The keys


@dataclasses.dataclass
class Press:
    """A key that decides, and what the screen showed."""

    number: int
    kind: str
    at: float
    at_ms: float
    lead: str | None
    group: tuple | None
    lines: list
    # For `x` and `X`: the agent and command of each group, and the ids that are kept.
    named: set = dataclasses.field(default_factory=set)
    kept: set = dataclasses.field(default_factory=set)
    # All ids of the row, if they were read.
    ids: set | None = None
    prompts: int = 0
    state: str = "unclear"
    decided: list = dataclasses.field(default_factory=list)

    def covers(self, prompt, decision, at):
        """Whether this key can have made the decision."""
        if KINDS[self.kind] != decision or self.state not in ("accepted", "unclear") or at < self.at + UNDO - 0.1:
            return False
        if prompt["created"] > self.at_ms:
            return False
        if self.kind in "aA":
            return prompt["id"] == self.lead if self.lead else prompt["group"] == self.group
        if self.kind in "dD":
            listed = self.ids is None or prompt["id"] in self.ids
            kept = self.kind == "D" and prompt["id"] == self.lead
            return prompt["group"] == self.group and listed and not kept
        command, agent, _ = prompt["group"]
        return (agent, command) in self.named and prompt["id"] not in self.kept


class Typist:
    def __init__(self, terminal, options):
        self.terminal, self.options = terminal, options
        self.random = random.Random(options.seed)
        self.sent, self.presses, self.latencies = 0, [], []
        self.counts, self.last_deciding = collections.Counter(), 0.0
        self.mismatches, self.stuck = [], 0

    def key(self, key, count=1):
        """Sends a key, and returns when."""
        at = time.monotonic()
        self.terminal.write(key if isinstance(key, bytes) else key.encode())
        self.sent += count
        return at

    def plain(self, key, name):
        """A key that decides nothing. If it moves the cursor, the time until then counts."""
        before = self.terminal.shown()
        row, lines = before.cursor(), list(before.lines)
        self.counts[name] += 1
        at = self.key(key)
        came = self.terminal.pump(0.06)
        if key == b"\x1b":
            # A terminal takes an escape and a key that follows at once for one key.
            self.terminal.rest(0.04)
        if came:
            self.terminal.settle()
            after = self.terminal.shown()
            moved = after.cursor()
            if name == "move" and row and moved and after.lines != lines and moved[0][1:] != row[0][1:]:
                self.latencies.append(time.monotonic() - at - 0.006)

    def acknowledged(self):
        """Waits until every key is handled and drawn. `None`: the screen is not the list."""
        for _ in range(5):
            if self.terminal.shown().mode != "list":
                return None
            if self.terminal.shown().notice.startswith(NO_SUCH_KEY):
                # Of an earlier one: `g` removes it.
                self.key("g")
                self.terminal.until(lambda shown: not shown.notice.startswith(NO_SUCH_KEY), 2)
            at = self.key("z")
            if self.terminal.until(lambda shown: shown.notice.startswith(NO_SUCH_KEY), 2) is not None:
                self.latencies.append(time.monotonic() - at)
                self.terminal.settle()
                return self.terminal.shown()
        self.stuck += 1
        return None

    def apart(self):
        """Waits until a key is no repetition of the last one."""
        self.terminal.rest(self.last_deciding + 0.25 - time.monotonic())

    def press(self, kind, key):
        """Sends a key that decides, with what the screen shows at this moment."""
        if self.terminal.pump(0):
            self.terminal.settle()
        if self.terminal.shown().mode == "list":
            # Not in the middle of a change.
            self.terminal.until(lambda shown: shown.cursor() and shown.group(), 0.5)
        shown = self.terminal.shown()
        fields = (shown.lead(), shown.group(), list(shown.lines))
        press = Press(len(self.presses), kind, 0.0, 0.0, *fields)
        press.at_ms = time.time() * 1000
        press.at = self.last_deciding = self.key(key)
        self.presses.append(press)
        self.counts[kind] += 1
        return press

    def outcome(self, press):
        """Reads whether the key was accepted."""

        def answered(shown):
            return shown.mode == "list" and shown.notice and not shown.notice.startswith(NO_SUCH_KEY)

        took = self.terminal.until(answered, 2.5)
        # What was read may end in the middle of a line.
        self.terminal.settle()
        notice = self.terminal.shown().notice
        found = re.match(r"(Deny|Allow once|Always allow) (\d+) prompts?.* in 3s\. u undoes it", notice)
        if took is None:
            return
        if found:
            self.latencies.append(took)
            press.state, press.prompts = "accepted", int(found[2])
        else:
            press.state = "refused"
            self.counts[f"refused: {notice[:40]}"] += 1

    def decide(self, kind):
        shown = self.acknowledged()
        row = shown and shown.cursor()
        if not row or not shown.group():
            return
        ids = None
        if kind in "dD" and self.random.random() < 0.5:
            ids = self.full_ids()
            shown = self.acknowledged()
            if not shown or not shown.cursor():
                return
            if ids and shown.lead() not in ids:
                ids = None
        self.apart()
        if kind in "AxX":
            self.ask(kind)
            return
        # Reading the ids and waiting took time: the screen is read again, at the key.
        press = self.press(kind, kind)
        if ids and press.lead in ids:
            press.ids = ids
        self.outcome(press)
        if press.state != "accepted":
            return
        if kind == "d" and self.random.random() < 0.1:
            self.hold(press)
        elif self.random.random() < 0.1:
            self.undo()

    def hold(self, first):
        """The same key again, as a terminal repeats a key that is held down."""
        self.terminal.rest(first.at + 0.45 - time.monotonic())
        second = self.press("d", "dd")
        self.sent += 1
        self.terminal.rest(0.4)
        notice = self.terminal.shown().notice
        if notice.startswith("Undone"):
            second.state = "undone"
            self.counts["held"] += 1
        else:
            # The machine was too slow: it is a second key, or none.
            self.counts["held, unclear"] += 1
            found = re.match(r"Deny (\d+) prompt", notice)
            second.prompts = int(found[1]) if found else 10_000

    def full_ids(self):
        """All ids of the row under the cursor, from its full text; `None`: it could not be read."""
        self.key("\r")
        if self.terminal.until(lambda shown: shown.mode == "text", 2) is None:
            return None
        self.terminal.settle()
        ids, last = set(), None
        for _ in range(40):
            lines = self.terminal.shown().lines
            for line in lines:
                found = re.match(r"^ *also │ (\S+)$", line.rstrip()) or re.match(r"^Prompt (\S+)", line)
                if found:
                    ids.add(found[1])
            if lines == last or not any("more: j shows them" in line for line in lines):
                break
            last = list(lines)
            # A line by `j`: the text says how many lines are left on its last line.
            self.key("j")
            self.terminal.until(lambda shown, last=last: shown.lines != last, 0.5)
            self.terminal.settle()
        else:
            ids = None
        self.counts["text with ids"] += 1
        self.key(b"\x1b")
        self.terminal.until(lambda shown: shown.mode == "list", 2)
        self.terminal.rest(0.03)
        return ids

    def ask(self, kind):
        """A key that asks, and the answer."""
        self.key(kind)
        asked = self.terminal.until(
            lambda shown: shown.mode == "question" or not shown.notice.startswith(NO_SUCH_KEY), 2
        )
        self.terminal.settle()
        self.last_deciding = time.monotonic()
        self.counts[f"{kind}, asked"] += 1
        if asked is None or self.terminal.shown().mode != "question":
            return
        self.apart()
        yes = self.random.random() < 0.7 and not (
            kind in "xX" and any("more: j shows them" in line for line in self.terminal.shown().lines)
        )
        if not yes:
            self.key(b"\x1b" if self.random.random() < 0.5 else "n")
            self.terminal.until(lambda shown: shown.mode == "list", 2)
            self.terminal.rest(0.03)
            return
        press = self.press(kind, "y")
        self.read_question(press)
        self.outcome(press)
        if self.terminal.shown().mode == "question":
            # The row changed just now: the question stays.
            press.state = "refused"
            self.key(b"\x1b")
            self.terminal.until(lambda shown: shown.mode == "list", 2)
            self.terminal.rest(0.03)

    def read_question(self, press):
        lines = [line.rstrip() for line in press.lines[1:-2]]
        if press.kind == "A":
            press.lead = next((found[1] for line in lines if (found := re.match(r"^Prompt (\S+)", line))), None)
            fields = labelled(lines)
            cells = ("command", "agent", "in")
            press.group = tuple(fields[cell][0] if fields.get(cell) else "" for cell in cells)
            return
        press.group = press.lead = None
        agent = None
        for line in lines:
            found = re.match(r"^  deny (\d+)x of agent (\w+)(?:; keeps (\S+))?$", line)
            text = re.match(r"^ +│ (.*)$", line)
            if found:
                agent = found[2]
                press.kept |= {found[3]} - {None}
            elif text and agent:
                press.named.add((agent, squeezed(text[1])))
                agent = None

    def undo(self):
        if self.acknowledged() is None:
            return
        self.counts["u"] += 1
        at = self.key("u")
        answered = self.terminal.until(lambda shown: shown.notice.startswith(("Undone", "Nothing to undo")), 2)
        open_ = [press for press in self.presses if press.state == "accepted" and at - press.at < UNDO + 1.0]
        if answered is None:
            for press in open_:
                press.state = "unclear"
            return
        self.latencies.append(answered)
        found = re.match(r"Undone: (\d+) prompt", self.terminal.shown().notice)
        if not found or not open_:
            return
        # The cursor goes back to the row of the decision, and prompts may be gone from it.
        self.terminal.settle()
        here = self.terminal.shown().group()
        open_.reverse()
        same = [press for press in open_ if press.group and press.group == here]
        undone = (same or [press for press in open_ if press.prompts >= int(found[1])] or open_)[0]
        undone.state = "undone"

    def filter(self):
        words = [word for row in self.terminal.shown().rows() for word in re.findall(r"[\w-]{2,}", row[7])]
        words = [*words, "dad", "xXaA", "item-000", *AGENTS]
        self.plain("/", "filter")
        if self.terminal.until(lambda shown: shown.mode == "filter", 2) is None:
            return
        for letter in self.random.choice(words)[: self.random.randint(1, 10)]:
            self.key(letter)
            self.counts["filter"] += 1
            self.terminal.pump(0.02)
        self.plain(b"\x1b" if self.random.random() < 0.5 else "\r", "filter")
        self.terminal.until(lambda shown: shown.mode == "list", 2)

    def step(self):
        """One key, or a few that belong together."""
        if self.terminal.process.poll() is not None:
            raise RuntimeError(f"triage ended: {self.terminal.process.returncode}")
        shown = self.terminal.shown()
        if shown.mode in ("text", "question", "quit", "filter"):
            leave = {"text": [b"\x1b", "q", "\r"], "filter": ["\r", b"\x1b"]}.get(shown.mode, [b"\x1b"])
            if self.random.random() < 0.5:
                self.plain(self.random.choice(["j", "k", b"\x1b[B", b"\x1b[6~", b"\x1b[5~"]), "scroll")
            else:
                self.plain(self.random.choice(leave), "leave")
            return
        if shown.mode != "list":
            self.terminal.rest(0.05)
            return
        if not shown.rows() and self.random.random() < 0.5:
            self.plain(b"\x1b", "clear")
            return
        row = shown.cursor()
        count = int(row[3]) if row else 0
        recent = [press for press in self.presses[-3:] if press.state == "accepted"]
        fresh = bool(recent) and time.monotonic() - recent[-1].at < UNDO
        tagged = shown.counted("tagged")
        moves = ["j", "k", b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~", "g", "G", "j", "j", "j", b"\x06"]
        choices = {
            "move": 60,
            "sort": 4,
            "filter": 1.5,
            "tag": 6,
            "tag all": 0.3 if tagged else 0.6,
            "clear": 2 + tagged / 4,
            "text": 2,
            "help": 0.5,
            "take in": 3,
            "nothing": 1,
            "paste": 1,
            "cancel": 0.5,
            "undo": 0.5 if fresh else 0.1,
            "a": 4,
            "d": 6 if count > 2 else 3,
            "D": 3 if count > 1 else 0.2,
            "A": 1.2,
            "x": 1.5 if tagged else 0.1,
            "X": 1 if tagged else 0.1,
        }
        # A denial of duplicates takes seconds, and what is decided later waits for it.
        sending = shown.counted("being sent")
        for kind in KINDS:
            choices[kind] *= 0.1 if sending + shown.counted("queued") > 60 else 1
        for kind in "DX":
            choices[kind] *= 0 if sending else 0.4
        chosen = self.random.choices(list(choices), choices.values())[0]
        simple = {"sort": "s", "tag": "t", "tag all": "T", "clear": b"\x1b", "text": "\r", "help": "?", "take in": "r"}
        if chosen == "move":
            self.plain(self.random.choice(moves), "move")
        elif chosen in simple:
            self.plain(simple[chosen], chosen)
        elif chosen == "nothing":
            self.plain(self.random.choice("nhlyvwm5."), "nothing")
        elif chosen == "paste":
            self.plain(b"\x1b[200~ddaxyDA\x1b[201~", "paste")
        elif chosen == "cancel":
            self.plain("c", "cancel")
            self.terminal.rest(0.2)
            if self.terminal.shown().mode != "list":
                self.plain(b"\x1b", "cancel")
        elif chosen == "filter":
            self.filter()
        elif chosen == "undo":
            self.undo()
        else:
            self.decide(chosen)

    def type(self):
        # The first listing.
        self.terminal.until(lambda shown: shown.mode == "list" and shown.rows(), 60)
        while self.sent < self.options.keys:
            self.step()
            if sys.stderr.isatty() and self.sent % 20 == 0:
                print(f"\r{self.sent} of {self.options.keys} keys ", end="", file=sys.stderr)

    def quit(self):
        """Waits until everything is answered, and quits. Returns the exit code."""
        for _ in range(5):
            if self.terminal.shown().mode == "list":
                break
            self.plain(b"\x1b", "leave")
        idle = self.terminal.until(
            lambda shown: not shown.counted("queued") and not shown.counted("being sent"), 300
        )
        if idle is None:
            print(f"decisions were not answered:\n{chr(10).join(self.terminal.shown().lines)}", file=sys.stderr)
        self.key("q")
        end = time.monotonic() + 30
        while self.terminal.process.poll() is None and time.monotonic() < end:
            self.terminal.pump(0.1)
            if self.terminal.shown().mode == "quit":
                self.key("s")
        self.terminal.settle(0.3)
        if self.terminal.process.poll() is None:
            self.terminal.process.kill()
            return "did not end"
        return self.terminal.process.wait()


# The comparison


class Records:
    """What the gateway recorded."""

    def __init__(self, log):
        self.prompts, self.resolved, self.listed, self.fed = {}, [], None, {}
        for line in log.read_text().splitlines():
            record = json.loads(line)
            if record["what"] == "requested":
                group = (squeezed(record["command"]), record["agent"], record["cwd"])
                self.prompts[record["id"]] = record | {"group": group}
            elif record["what"] == "resolved":
                self.resolved.append(record)
            elif record["what"] == "listed":
                self.listed = set(record["ids"])
            elif record["what"] == "fed":
                self.fed = record

    def ours(self):
        return [record for record in self.resolved if OTHER not in str(record["by"])]


def assign(decisions, presses, prompts):
    """Gives each decision a key that covers it, none more than its prompts. Returns the decisions without one."""
    covering = {}
    left = []

    def place(at, seen):
        for press in covering[at]:
            if press.number in seen:
                continue
            seen.add(press.number)
            if press.state == "unclear" or len(press.decided) < press.prompts:
                press.decided.append(at)
                return True
            for other in press.decided:
                if place(other, seen):
                    press.decided.remove(other)
                    press.decided.append(at)
                    return True
        return False

    for at, record in enumerate(decisions):
        prompt = prompts.get(record["id"])
        fits = [press for press in presses if prompt and press.covers(prompt, record["decision"], record["t"])]
        covering[at] = sorted(fits, key=lambda press: press.state == "unclear")
        if not place(at, set()):
            left.append(record)
    return left


def wrong_screens(presses, prompts):
    """Keys whose screen showed another command for an id than what was requested."""
    return [
        press
        for press in presses
        if press.lead in prompts and press.group and press.group != prompts[press.lead]["group"]
    ]


def report(typist, records, code, terminal, options):
    presses, ours = typist.presses, records.ours()
    wrong = assign(ours, presses, records.prompts)
    screens = wrong_screens(presses, records.prompts)
    decided = {record["id"] for record in records.resolved}
    lost = (set(records.prompts) - decided) ^ (records.listed or set())
    accepted = [press for press in presses if press.state == "accepted"]
    unknown = sum(unaccounted(press, records) for press in accepted)
    states = collections.Counter(press.state for press in presses)
    restored = termios.tcgetattr(terminal.slave) == terminal.before and b"\x1b[?1049l" in terminal.tail
    said = told(terminal.tail)
    for record in wrong:
        prompt = records.prompts.get(record["id"])
        print(f"\nWRONG: {record}\n  prompt: {prompt}")
        near = [press for press in presses if press.at < record["t"]]
        near = [press for press in near if record["t"] - press.at < 15][-4:]
        for press in near:
            shown = dataclasses.asdict(press) | {"lines": None}
            print(f"  key: {shown}\n" + "\n".join(f"    |{line}" for line in press.lines))
    for press in screens:
        print(f"\nWRONG SCREEN for {press.lead}: {press.group}, requested: {records.prompts[press.lead]['group']}")
        print("\n".join(f"    |{line}" for line in press.lines))
    print(f"keys by kind: {dict(typist.counts)}", file=sys.stderr)
    by_kind = collections.Counter(press.kind for press in accepted)
    doubtful = sum(len(press.decided) for press in presses if press.state == "unclear")
    print(f"keys that decided: {dict(by_kind)}; states: {dict(states)}", file=sys.stderr)
    print(f"decisions of keys without a clear answer on the screen: {doubtful}", file=sys.stderr)
    print(f"decided by: {dict(collections.Counter(str(record['by']) for record in records.resolved))}", file=sys.stderr)
    print(f"exit code {code}, terminal restored: {restored}, lost events: {len(lost)}", file=sys.stderr)
    print(f"the report says {said}; {unknown} prompts of accepted keys without any decision", file=sys.stderr)
    for kind in by_kind:
        took = [ours[at]["t"] - press.at for press in accepted if press.kind == kind for at in press.decided]
        if took:
            median, longest = statistics.median(took), max(took)
            print(f"  {kind}: key to record, median {median:.1f} s, longest {longest:.1f} s", file=sys.stderr)
    if typist.stuck:
        print(f"{typist.stuck} times `z` was not drawn within ten seconds", file=sys.stderr)
    fed = records.fed
    if fed["times"]:
        median, longest = statistics.median(fed["times"]), max(fed["times"])
        print(f"the other operator waited {median:.2f} s for an answer, at most {longest:.2f} s", file=sys.stderr)
    times = sorted(typist.latencies)
    late = times[min(len(times) - 1, int(len(times) * 0.99))]
    rate = fed["made"] / fed["seconds"]
    waited = sorted(ours[at]["t"] - press.at for press in accepted for at in press.decided) or [0.0]
    names = ["gateway", "keys", "that decided", "undone", "refused", "decided", "wrong", "missed"]
    names += ["key to screen", "key to record"]
    print(f"| {' | '.join(names)} |\n|{' --- |' * len(names)}")
    cells = [
        f"{options.release}, {fed['made'] - fed['refused']:,} prompts, {rate:.0f}/s",
        f"{typist.sent:,}",
        len(accepted) + states["unclear"],
        states["undone"],
        states["refused"],
        f"{len(ours):,}",
        len(wrong) + len(screens) if wrong or screens else "none",
        f"{said['failed']} failed, {said['gone']} gone",
        f"median {duration(statistics.median(times))}, p99 {duration(late)}, longest {duration(times[-1])}",
        f"median {duration(statistics.median(waited))}, longest {duration(waited[-1])}",
    ]
    print(f"| {' | '.join(map(str, cells))} |")
    print(f"\nSeed {options.seed}, {options.columns} by {options.rows}. Measured on {machine()}.")
    agrees = said["decided"] == len(ours)
    if not agrees:
        print(f"the report says {said['decided']} decisions, the gateway recorded {len(ours)}")
    return not wrong and not screens and not lost and agrees and restored and code in (0, 3)


def told(tail):
    """What the report after the screen says: how many prompts are decided, failed, and gone."""
    lines = bytes(tail).rsplit(b"\x1b[?1049l", 1)[-1].decode(errors="replace").splitlines()
    found = collections.Counter()
    for line in lines:
        if folded := re.match(r"(failed|gone) (\d+)x", line):
            found[folded[1]] += int(folded[2])
        elif one := re.match(r"(not decided|not answered|not sent|already gone): ", line):
            found["gone" if one[1] == "already gone" else "failed"] += 1
        elif last := re.match(r"Decided (\d+) prompts?;", line):
            found["decided"] = int(last[1])
    return {name: found[name] for name in ("decided", "failed", "gone")}


def unaccounted(press, records):
    """How many prompts of a key nobody decided. The screen may be a moment late."""
    others = 0
    for record in records.resolved:
        if record["t"] > press.at - 5 and OTHER in str(record["by"]):
            others += gone(press, records.prompts.get(record["id"]))
    return max(0, press.prompts - len(press.decided) - others)


def gone(press, prompt):
    """Whether another operator's decision on the prompt can have been one of this key."""
    if not prompt or prompt["created"] > press.at_ms:
        return False
    if press.kind in "aA":
        return prompt["id"] == press.lead
    if press.kind in "dD":
        return prompt["group"] == press.group
    return (prompt["group"][1], prompt["group"][0]) in press.named


def main():
    parser = argparse.ArgumentParser(description="Types at random into `clearance queue triage` on a real gateway.")
    parser.add_argument("--clearance", required=True, help="the program")
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=50, help="prompts a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rows", type=int, default=30)
    parser.add_argument("--release", default="2026.9.6")
    parser.add_argument("--limit", type=int, default=300, help="pending prompts from which another operator denies")
    parser.add_argument("--record", help="write what the terminal received into this file")
    options = parser.parse_args()
    clearance = str(pathlib.Path(options.clearance).resolve())
    node, package = openclaw_and_node(options.release)
    openclaw = [str(node / NODE_BIN / "node"), str(package / "node_modules/openclaw/openclaw.mjs")]
    with tempfile.TemporaryDirectory(prefix="clearance-bench-", ignore_cleanup_errors=True) as name:
        folder, port = pathlib.Path(name), free_port()
        state, log = folder / options.release, folder / "events.ndjson"
        with gateway(node, openclaw, state, port):
            good = drive(options, clearance, environment_of(node, state), port, log)
    sys.exit(0 if good else 1)


def drive(options, clearance, environment, port, log):
    url = f"ws://127.0.0.1:{port}"
    stop, end = multiprocessing.Event(), multiprocessing.Event()
    feeder = multiprocessing.Process(target=feed, args=(url, options, log, stop, end), daemon=True)
    feeder.start()
    while not (log.exists() and "ready" in log.read_text()):
        if feeder.exitcode is not None:
            sys.exit("the prompts could not be made")
        time.sleep(0.05)
    environment = environment | {"OPENCLAW_GATEWAY_TOKEN": TOKEN, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    command = [clearance, "queue", "triage", f"--gateway={url}"]
    with open(options.record or os.devnull, "wb") as record:
        terminal = Terminal(command, environment, options.columns, options.rows, record)
        typist = Typist(terminal, options)
        try:
            typist.type()
            stop.set()
            code = typist.quit()
        except BaseException:
            print("\n".join(terminal.shown().lines), file=sys.stderr)
            terminal.process.kill()
            raise
        finally:
            stop.set()
            # What was sent last is still to be recorded.
            time.sleep(1)
            end.set()
            feeder.join(60)
    return report(typist, Records(log), code, terminal, options)


if __name__ == "__main__":
    main()
