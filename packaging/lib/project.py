"""The facts that every package has in common: name, version, licence, address, program, date."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"]
TARGETS = json.loads((ROOT / "packaging/targets.json").read_text())


def fail(message):
    """Ends with an error of the user or of a tool."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def run(*command, **options):
    """Runs a command, and ends with its error if it fails."""
    result = subprocess.run(command, cwd=options.pop("cwd", ROOT), **options)
    if result.returncode != 0:
        fail(f"`{' '.join(map(str, command))}` ended with {result.returncode}")
    return result


def package():
    """What Cargo.toml says."""
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--no-deps", "--offline", "--format-version", "1"]
    return json.loads(run(*command, capture_output=True).stdout)["packages"][0]


CARGO = package()
NAME = CARGO["name"]
VERSION = CARGO["version"]
# Empty until the address is known. Cargo.toml is the only place that has it.
ADDRESS = CARGO["repository"] or ""


def tool(name, install):
    """The path of a tool that a package needs."""
    path = shutil.which(name)
    if path is None:
        fail(f"{name} is not installed: {install}")
    return path


def epoch():
    """The time that packages have: SOURCE_DATE_EPOCH, or that of the commit, so that two builds are the same."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        git = ["git", "log", "-1", "--format=%ct"]
        given = subprocess.run(git, cwd=ROOT, capture_output=True, text=True).stdout.strip() or "0"
        os.environ["SOURCE_DATE_EPOCH"] = given
    return int(given)


def row(target):
    """The row of a target in targets.json."""
    rows = [row for row in TARGETS if row["target"] == target]
    if not rows:
        fail(f"{target} is not in packaging/targets.json")
    return rows[0]


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def tarball(path, members):
    """Writes a tar.gz that depends on its contents alone. members: {name: (bytes, mode)}."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(members):
            content, mode = members[name]
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), mode, epoch()
            entry.uname = entry.gname = "root"
            tar.addfile(entry, io.BytesIO(content))
    # The header of gzip would have a name and a time.
    Path(path).write_bytes(gzip.compress(buffer.getvalue(), compresslevel=9, mtime=0))


def documentation():
    """What a package has beside the program: {path in the archive: bytes}."""
    found = {name: (ROOT / name).read_bytes() for name in [*LICENCES, "README.md", "CHANGELOG.md"]}
    for folder in ["completions", "contrib"]:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file():
                found[str(path.relative_to(ROOT))] = path.read_bytes()
    return found
