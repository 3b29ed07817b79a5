"""Writes the documents for validate.py and limits.py: python3 benches/documents.py DIRECTORY [limits MEBIBYTES]

The output is the same every time. This is a separate process, so that the measuring process stays small.

small.json          2 KB, nine entries of three agents
small-broken.json   the same with one misspelt value, which every validator must reject
large.json          50 MB, 300,000 entries of twelve agents
large-broken.json   the same with 6,000 errors: every fiftieth entry, six kinds in turn

With `limits`:

quiet.json          47 MB, 275,000 entries of eleven agents, in which no lint finds anything
least.json          the smallest document
hostile/*.json      documents that are designed to take much time or memory, each of this many mebibytes

All are compact: with the indentation of a gateway, 300,000 entries would exceed clearance's limit of 64 MiB.
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


def quiet():
    """Every entry is for a different program and restricts its arguments; no lint finds anything."""
    made = document(AGENTS, ENTRIES)
    made["agents"].pop("ops")
    number = 0
    for agent in made["agents"].values():
        for one in agent["allowlist"]:
            number += 1
            one["pattern"] = f"/opt/tools/bin/tool-{number}"
            if "source" not in one and "argPattern" in one:
                one["argPattern"] = r"^get (pods|nodes)$"
    return made


HEAD = '{"version":1,"agents":{"main":{"allowlist":['
ENTRY = '{"pattern":"/opt/tools/bin/tool-#","lastUsedAt":1767268800000,"lastUsedCommand":"tool status --short"},'
# The name, the start, the repeated part (# is a counter), and the end.
HOSTILE = [
    ("same empty key", "{", '"":1,', '"":1}'),
    ("array of numbers", "[", "1,", "1]"),
    ("nested arrays", "", "[", ""),
    ("nested objects", "", '{"a":', ""),
    ("one string", '"', "a", '"'),
    ("one string of escapes", '"', "\\u00e9", '"'),
    ("white space beyond ASCII", "", "\u00a0", ""),
    ("one number", '{"version":', "9", "}"),
    ("comments", "{", "/* # */", '"version":1}'),
    ("comments between elements", "[", "/**/1,", "1]"),
    ("JSON5 keys", "{version:1,", "a#:'\\a',", "}"),
    ("one key, then entries", None, None, None),
    ("entries", HEAD, ENTRY, '{"pattern":"/a"}]}}}'),
    ("entries, all the same", HEAD, ENTRY.replace("#", ""), '{"pattern":"/a"}]}}}'),
    ("entries, all dangerous", HEAD, ENTRY.replace("/opt/tools/bin/tool-#", "/usr/bin/python3.#"), '{"pattern":"/a"}]}}}'),
    ("short entries", HEAD, '{"pattern":"a#"},', '{"pattern":"/a"}]}}}'),
    ("entries with errors", HEAD, ENTRY.replace("pattern", "patern"), '{"pattern":"/a"}]}}}'),
    ("entries with an unknown field", HEAD, ENTRY.replace("lastUsedAt", "lastUsed"), '{"pattern":"/a"}]}}}'),
    ("entries of early releases", HEAD, '"/opt/tools/bin/tool-#",', '"/a"]}}}'),
    ("expressions", HEAD, '{"pattern":"/opt/tool","argPattern":"^((a|b)*(c|d)*)*(#)$","lastUsedCommand":"tool status now"},', '{"pattern":"/a"}]}}}'),
    ("globs", HEAD, '{"pattern":"/' + "*a" * 200 + '#"},', '{"pattern":"/a"}]}}}'),
    ("agents", '{"version":1,"agents":{', '"agent-#":{"security":"allowlist","ask":"on-miss","askFallback":"deny","autoAllowSkills":false},', '"a":{}}}'),
    ("tools", '{"version":1,"agents":{"main":{"mcpTools":[', '{"server":"server","tool":"tool-number-#","source":"allow-always","addedAt":1767268800000.5},', '{"server":"s","tool":"t","source":"allow-always","addedAt":1}]}}}'),
    ("unknown fields", '{"version":1,"agents":{"main":{', '"field-#":"a value that no release of OpenClaw reads",', '"ask":"off"}}}'),
    ("agents twice", '{"version":1,"agents":{', '"a":{},', '"a":{}}}'),
    ("a token at its wrong place", '{"socket":{', '"token":1,', '"token":"x"}}'),
]


def repeated(begin, piece, end, most):
    """Repeats the piece until the size limit."""
    room = most - len(begin.encode()) - len(end.encode())
    if "#" not in piece:
        return begin + piece * (room // len(piece.encode())) + end
    longest = len(piece.encode()) + 6
    return begin + "".join(piece.replace("#", str(number)) for number in range(room // longest)) + end


def limits(directory, mebibytes):
    write(directory / "quiet.json", quiet())
    (directory / "least.json").write_text('{"version":1}')
    (directory / "hostile").mkdir()
    most = mebibytes << 20
    for name, begin, piece, end in HOSTILE:
        if begin is None:
            key = "k" * (most // 2)
            begin = f'{{"version":1,"agents":{{"{key}":{{"allowlist":['
            piece, end = ENTRY.replace("/opt/tools/bin/tool-#", "*"), '{"pattern":"/a"}]}}}'
        text = repeated(begin, piece, end, most)
        suffix = "json5" if "JSON5" in name else "json"
        (directory / "hostile" / f"{name}.{suffix}").write_text(text)


def main(directory):
    small = document(3, 9)
    write(directory / "small.json", small)
    small["agents"]["ops"]["security"] = "alowlist"
    write(directory / "small-broken.json", small)
    large = document(AGENTS, ENTRIES)
    write(directory / "large.json", large)
    write(directory / "large-broken.json", broken(large))


if __name__ == "__main__":
    directory = pathlib.Path(sys.argv[1])
    if sys.argv[2:3] == ["limits"]:
        limits(directory, int(sys.argv[3]))
    else:
        main(directory)
