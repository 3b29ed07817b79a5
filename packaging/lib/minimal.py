"""A minimal Debian system in a folder: the place where packages are installed, run and removed."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from lib.project import fail, run, tool

SUITE = "bookworm"
# Beside the minimal system: what shows manual pages and completions, and what installs wheels and RPM packages.
READERS = ["man-db", "bash-completion", "fish", "zsh", "python3-venv", "rpm"]
# Beside that: what runners of CI have, and a compiler of C.
RUNNERS = ["ca-certificates", "curl", "gcc", "git", "libc6-dev", "pipx"]
# What tools of the system write about their own work: databases, logs and caches.
RECORDS = [
    "var/lib/dpkg", "var/lib/apt", "var/lib/rpm", "root/.rpmdb", "usr/lib/sysimage", "var/cache", "var/log",
    "etc/ld.so.cache", "root/.npm", "root/.cache", "tmp", "work", "dev", "proc",
]


def cached(name, make):
    """A system that is made once."""
    cache = Path(os.environ.get("CLEARANCE_CACHE", Path.home() / ".cache/clearance")) / "minimal"
    path = cache / name
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        began = time.monotonic()
        make(unfinished)
        unfinished.rename(path)
        print(f"made {path} ({time.monotonic() - began:.0f} s)", flush=True)
    return path


def bare():
    def make(path):
        debootstrap = tool("debootstrap", "apt-get install debootstrap")
        run(debootstrap, "--variant=minbase", SUITE, path, stdout=subprocess.DEVNULL)

    return cached(SUITE, make)


def extended(name, base, packages):
    """A system with more packages of Debian."""

    def make(path):
        run("cp", "--archive", "--reflink=auto", base(), path)
        shutil.copy("/etc/resolv.conf", path / "etc/resolv.conf")
        environment = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
        install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        for command in [["apt-get", "update"], install, ["apt-get", "clean"]]:
            run("chroot", path, *command, **quiet)

    return cached(f"{SUITE}-{name}", make)


def readable():
    return extended("readable", bare, READERS)


def runner():
    return extended("runner", readable, RUNNERS)


class System:
    """A copy of a system, without a network but the loopback. Folders of this machine are read only there: {path: path there}."""

    def __init__(self, base, mounts=None):
        self.mounts = mounts or {}
        self.folder = tempfile.TemporaryDirectory(prefix="clearance-", dir=base.parent)
        self.root = Path(self.folder.name) / "root"
        run("cp", "--archive", "--reflink=auto", base, self.root)
        (self.root / "work").mkdir()

    def bring(self, *paths):
        """Copies files to the folder that commands run in."""
        for path in paths:
            shutil.copy(path, self.root / "work")

    def run(self, command, code=0, **variables):
        """Runs a shell command there. Returns what it prints."""
        environment = {"HOME": "/root", "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **variables}
        # These mounts end with the process.
        mounts = [f"mount -t proc proc '{self.root}/proc'"]
        for path, there in self.mounts.items():
            mounts.append(f"mkdir -p '{self.root}/{there}' && mount --bind -o ro '{path}' '{self.root}/{there}'")
        shell = f"exec chroot '{self.root}' /bin/bash -ec 'cd /work; exec /bin/bash -e -o pipefail'"
        inside = " && ".join(["ip link set lo up", *mounts, shell])
        result = subprocess.run(
            ["unshare", "--net", "--mount", "--pid", "--fork", "sh", "-c", inside],
            input=command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        if result.returncode != code:
            fail(f"`{command}` ended with {result.returncode}, and not with {code}:\n{result.stdout}")
        return result.stdout

    def files(self):
        """Every path, with its kind and size, but what tools record about their own work."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            folder = Path(folder)
            inside = str(folder.relative_to(self.root))
            if inside in RECORDS:
                folders.clear()
                continue
            for name in [*folders, *files]:
                path = folder / name
                if str(path.relative_to(self.root)) not in RECORDS:
                    status = path.lstat()
                    found[str(path.relative_to(self.root))] = (status.st_mode, 0 if path.is_dir() else status.st_size)
        return found
