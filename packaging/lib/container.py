"""The container image: an OCI layout, made by umoci without a daemon from Debian's packages and the program."""

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from lib.project import ADDRESS, CARGO, LICENCES, NAME, ROOT, VERSION, epoch, fail, row, run, tool

# What the program needs at run time: the C library, and the certificate authorities.
PACKAGES = ["libc6", "libgcc-s1", "ca-certificates", "netbase", "base-files"]
USER = "65532:65532"
STATE = "var/lib/clearance"
ARCHITECTURES = {"x64": "amd64", "arm64": "arm64"}


def base(root):
    """Unpacks Debian's packages into a folder; there is no shell and no package manager in it."""
    downloads = root.parent / "packages"
    downloads.mkdir()
    # As root: the user of APT's sandbox may not write there.
    apt = [tool("apt-get", "the image is made on Debian"), "-o", "APT::Sandbox::User=root"]
    run(*apt, "download", "-qq", *PACKAGES, cwd=downloads)
    # Where scanners look for the packages of an image without a package manager.
    status = root / "var/lib/dpkg/status.d"
    status.mkdir(parents=True)
    for package in sorted(downloads.glob("*.deb")):
        run("dpkg-deb", "--extract", package, root)
        fields = run("dpkg-deb", "--field", package, capture_output=True).stdout
        (status / package.name.split("_")[0]).write_bytes(fields)
    # Manuals and other programs are no part of it.
    for folder in ["usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/sbin", "usr/bin", "etc/cron.daily"]:
        shutil.rmtree(root / folder, ignore_errors=True)
    for path in (root / "usr/share/doc").glob("*/*"):
        if path.is_file() and path.name != "copyright":
            path.unlink()
    # The script of the package `ca-certificates` would write this file.
    authorities = sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_text("".join(one.read_text().rstrip("\n") + "\n" for one in authorities))
    (root / "etc/passwd").write_text(f"root:x:0:0:root:/root:/sbin/nologin\nclearance:x:{USER}:clearance:/{STATE}:/sbin/nologin\n")
    (root / "etc/group").write_text("root:x:0:\nclearance:x:65532:\n")


def fill(root, program):
    base(root)
    (root / "usr/bin").mkdir(parents=True)
    shutil.copy(program, root / "usr/bin/clearance")
    (root / "usr/bin/clearance").chmod(0o755)
    folder = root / "usr/share/doc/clearance"
    folder.mkdir(parents=True)
    for licence in LICENCES:
        shutil.copy(ROOT / licence, folder)
    # Device keys: gateways know them once they are approved, so they must last.
    state = root / STATE
    state.mkdir(parents=True)
    state.chmod(0o700)
    os.chown(state, 65532, 65532)
    for path in [root, *root.rglob("*")]:
        os.utime(path, (epoch(), epoch()), follow_symlinks=False)


def container(out, program, target):
    if not target.startswith("x86_64") or not target.endswith("-gnu"):
        fail("the image is made of packages of this machine: only for x86_64-unknown-linux-gnu")
    umoci = tool("umoci", "apt-get install umoci")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        root = folder / "root"
        root.mkdir()
        fill(root, program)
        image = folder / "image"
        name = f"{image}:{VERSION}"
        date = subprocess.run(["date", "--utc", "--iso-8601=seconds", f"--date=@{epoch()}"], capture_output=True, text=True)
        date = date.stdout.strip().replace("+00:00", "Z")
        run(umoci, "init", "--layout", image)
        run(umoci, "new", "--image", name)
        history = ["--history.created", date, "--history.author", NAME]
        run(umoci, "insert", "--image", name, *history, root, "/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        labels = {"title": NAME, "version": VERSION, "description": CARGO["description"], "licenses": CARGO["license"]}
        if ADDRESS:
            labels["source"] = ADDRESS
        command = [umoci, "config", "--image", name, "--created", date, *history]
        command += ["--architecture", ARCHITECTURES[row(target)["npm"]["cpu"]], "--os", "linux", "--config.user", USER]
        command += ["--config.entrypoint", "/usr/bin/clearance"]
        command += [word for value in ["queue", "guard", "--ndjson"] for word in ["--config.cmd", value]]
        command += ["--config.env", f"HOME=/{STATE}", "--config.env", f"XDG_STATE_HOME=/{STATE}"]
        command += ["--config.volume", f"/{STATE}"]
        command += [word for key, value in labels.items() for word in ["--config.label", f"org.opencontainers.image.{key}={value}"]]
        run(*command)
        run(umoci, "gc", "--layout", image, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        path = out / f"{NAME}-{VERSION}-{target}.oci.tar"
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
            for one in sorted(image.rglob("*")):
                entry = tar.gettarinfo(one, arcname=str(one.relative_to(image)))
                entry.uid = entry.gid = 0
                entry.uname = entry.gname = "root"
                entry.mtime = epoch()
                with open(one, "rb") if one.is_file() else open(os.devnull, "rb") as content:
                    tar.addfile(entry, content if one.is_file() else None)
        return path
