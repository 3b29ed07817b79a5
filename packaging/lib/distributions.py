"""The packages of Debian and RPM distributions. Cargo.toml has their metadata."""

import datetime
import email.utils
import os
import shutil
import tempfile
from pathlib import Path

from lib.project import CARGO, NAME, ROOT, VERSION, epoch, fail, run, tool


def stage(folder, program):
    """A target directory of cargo that has the program of the one release build."""
    release = Path(folder) / "release"
    release.mkdir()
    shutil.copy(program, release / NAME)
    epoch()
    return {**os.environ, "CARGO_TARGET_DIR": str(folder)}


def changelog():
    """The changelog that Debian's policy asks for: where the real one is."""
    fields = CARGO["metadata"]["deb"]
    date = email.utils.format_datetime(datetime.datetime.fromtimestamp(epoch(), datetime.timezone.utc))
    entry = "  * The changes of each release are in /usr/share/doc/clearance/changelog.gz.\n"
    path = ROOT / fields["changelog"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{NAME} ({VERSION}-1) unstable; urgency=medium\n\n{entry}\n -- {fields['maintainer']}  {date}\n")


def made(folder, suffix):
    paths = list(Path(folder).rglob(f"*{suffix}"))
    if len(paths) != 1:
        fail(f"{len(paths)} packages were made")
    return paths[0]


def deb(out, program, target):
    tool("cargo-deb", "cargo install --locked cargo-deb")
    with tempfile.TemporaryDirectory() as folder:
        environment = stage(folder, program)
        changelog()
        run("cargo", "deb", "--no-build", "--no-strip", "--quiet", env=environment)
        path = made(folder, ".deb")
        return Path(shutil.move(path, out / path.name))


def rpm(out, program, target):
    tool("cargo-generate-rpm", "cargo install --locked cargo-generate-rpm")
    with tempfile.TemporaryDirectory() as folder:
        environment = stage(folder, program)
        date = str(epoch())
        run("cargo", "generate-rpm", "--target-dir", folder, "--source-date", date, env=environment)
        path = made(folder, ".rpm")
        return Path(shutil.move(path, out / path.name))
