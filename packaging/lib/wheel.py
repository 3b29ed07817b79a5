"""The wheel, made by maturin. maturin compiles; here it gets the program of the one release build instead."""

import json
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from lib.project import CARGO, NAME, ROOT, epoch, fail, run, tool

# Answers `cargo rustc` with the program that is there, and passes everything else on to cargo.
SHIM = """#!/bin/sh
if [ "$1" = rustc ]; then cat "$CLEARANCE_ARTIFACT"; else exec "$CLEARANCE_CARGO" "$@"; fi
"""


def artifact(program):
    """What cargo prints about a program that it has compiled."""
    target = {
        "kind": ["bin"], "crate_types": ["bin"], "name": NAME, "src_path": str(ROOT / "src/main.rs"),
        "edition": "2024", "doc": True, "doctest": False, "test": True,
    }
    profile = {"opt_level": "3", "debuginfo": 0, "debug_assertions": False, "overflow_checks": False, "test": False}
    message = {
        "reason": "compiler-artifact", "package_id": CARGO["id"], "manifest_path": str(ROOT / "Cargo.toml"),
        "target": target, "profile": profile, "features": [], "filenames": [str(program)],
        "executable": str(program), "fresh": True,
    }
    return json.dumps(message) + "\n" + json.dumps({"reason": "build-finished", "success": True}) + "\n"


def wheel(out, program, target):
    maturin = tool("maturin", "pip install maturin")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        # pip gives the program the name of the file.
        built = folder / NAME
        shutil.copy(program, built)
        (folder / "artifact.json").write_text(artifact(built))
        (folder / "cargo").write_text(SHIM)
        (folder / "cargo").chmod(stat.S_IRWXU)
        epoch()
        environment = {
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "CLEARANCE_CARGO": tool("cargo", "see rustup.rs"),
            "CLEARANCE_ARTIFACT": str(folder / "artifact.json"),
        }
        command = [maturin, "build", "--quiet", "--release", "--locked", "--target", target]
        # What maturin says about building is of no use here; its errors are.
        place = {"cwd": ROOT / "packaging/pypi", "env": environment, "stderr": subprocess.PIPE}
        result = subprocess.run([*command, "--out", str(folder / "out")], **place)
        if result.returncode != 0:
            fail(result.stderr.decode())
        wheels = list((folder / "out").glob("*.whl"))
        if len(wheels) != 1:
            fail(f"maturin made {len(wheels)} wheels")
        return Path(shutil.move(wheels[0], out / wheels[0].name))
