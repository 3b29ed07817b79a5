"""Writes the documents that validate.py measures on: python3 benches/documents.py DIRECTORY

The same bytes every time. A process of its own, so that the one that measures stays small.

small.json          2 KB, nine entries of three agents
small-broken.json   the same with one misspelt value: what every validator must refuse
large.json          50 MB, 300,000 entries of twelve agents
large-broken.json   the same with 6,000 errors: every fiftieth entry, six kinds in turn

All compact: indented, as a gateway writes them, 300,000 entries would pass clearance's limit of 64 MiB.
"""

import json
import pathlib
import random
import sys

ENTRIES = 300_000
AGENTS = 12
ERRORS = 6_000
NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z

PROGRAMS = ["git", "rg", "cargo", "npm", "python3", "curl", "jq", "kubectl", "ls", "sed"]
FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/home/*/.local/bin", "~/Projects/**/bin"]
ARGUMENTS = ["status --short", "log --oneline -20", "build --release", "-n TODO src", "--version", "get pods -A"]
HAND_WRITTEN = [r"^status( --short)?$", r"^(log|show)( --oneline)?( -\d+)?$", r"^--version$", r"^get (pods|nodes)\b"]


def entry(draw, roll):
    """One entry: a third from "Allow always", a twelfth with a hand-written expression, three in five ever used."""
    pick = lambda words: words[roll(len(words))]  # noqa: E731
    program = pick(PROGRAMS)
    made = {"id": uuid(draw), "pattern": f"{pick(FOLDERS)}/{program}"}
    if roll(3) == 0:
        made["source"] = "allow-always"
        made["argPattern"] = f"sha256:cwd-argv:v1:{draw.getrandbits(256):064x}"
    elif roll(8) == 0:
        made["argPattern"] = pick(HAND_WRITTEN)
    if roll(5) < 3:
        made["lastUsedAt"] = NOON + roll(10**10)
        if roll(3) > 0:
            made["lastUsedCommand"] = f"{program} {pick(ARGUMENTS)}"
        if roll(2) == 0:
            made["lastResolvedPath"] = f"/usr/bin/{program}"
    return made


def uuid(draw):
    digits = f"{draw.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def document(agents, entries):
    draw = random.Random(1)
    roll = lambda sides: draw.getrandbits(32) % sides  # noqa: E731
    names = ["main", "ops", "build", *(f"worker-{number}" for number in range(1, agents - 2))]
    policy = {"security": "allowlist", "ask": "on-miss"}
    made = {name: {**policy, "allowlist": [entry(draw, roll) for _ in range(entries // agents)]} for name in names}
    defaults = {"security": "deny", "ask": "on-miss", "askFallback": "deny"}
    return {"version": 1, "defaults": defaults, "agents": made}


def unknown_field(entry):
    entry["lastUsed"] = NOON


def wrong_type(entry):
    entry["id"] = 42


def blank_pattern(entry):
    entry["pattern"] = "  "


def bad_source(entry):
    entry["source"] = "allow-once"


def negative_last_used_at(entry):
    entry["lastUsedAt"] = -1


def missing_pattern(entry):
    del entry["pattern"]


MISTAKES = [unknown_field, wrong_type, blank_pattern, bad_source, negative_last_used_at, missing_pattern]


def broken(made):
    """One error in every fiftieth entry."""
    entries = [entry for agent in made["agents"].values() for entry in agent["allowlist"]]
    for number in range(ERRORS):
        MISTAKES[number % len(MISTAKES)](entries[number * (len(entries) // ERRORS)])
    return made


def write(path, made):
    path.write_text(json.dumps(made, separators=(",", ":")) + "\n")


def main(directory):
    small = document(3, 9)
    write(directory / "small.json", small)
    small["agents"]["ops"]["security"] = "alowlist"
    write(directory / "small-broken.json", small)
    large = document(AGENTS, ENTRIES)
    write(directory / "large.json", large)
    write(directory / "large-broken.json", broken(large))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
