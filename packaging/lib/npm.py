"""The npm packages: a launcher, and one package for each platform as an optional dependency."""

import json

from lib.project import ADDRESS, CARGO, LICENCES, NAME, ROOT, TARGETS, VERSION, row, tarball

HERE = ROOT / "packaging/npm"


def platform_name(npm):
    return f"{NAME}-{npm['name']}"


def manifest(name, description, **more):
    """The package.json of one package. It has no scripts: nothing runs when the package is installed."""
    fields = {"name": name, "version": VERSION, "description": description, "license": CARGO["license"]}
    if ADDRESS:
        fields["repository"] = {"type": "git", "url": f"git+{ADDRESS}.git"}
    return {**fields, "preferUnplugged": True, **more}


def text(value):
    return (json.dumps(value, indent=2) + "\n").encode()


def pack(out, name, manifest, files):
    """Writes what `npm pack` would: members below `package/`."""
    members = {f"package/{path}": entry for path, entry in files.items()}
    members["package/package.json"] = (text(manifest), 0o644)
    for licence in LICENCES:
        members[f"package/{licence}"] = ((ROOT / licence).read_bytes(), 0o644)
    path = out / f"{name}-{VERSION}.tgz"
    tarball(path, members)
    return path


def platform(out, program, target):
    """The package that has the program for one platform."""
    npm = row(target)["npm"]
    name = platform_name(npm)
    limits = {"os": [npm["os"]], "cpu": [npm["cpu"]]}
    if "libc" in npm:
        limits["libc"] = [npm["libc"]]
    description = f"The program of {NAME} for {target}; install {NAME} instead"
    files = {
        f"bin/{NAME}": (program.read_bytes(), 0o755),
        "README.md": (f"# {name}\n\n{description}.\n".encode(), 0o644),
    }
    return pack(out, name, manifest(name, description, **limits), files)


def launcher(out):
    """The package that people install."""
    own = manifest(
        NAME,
        CARGO["description"],
        keywords=CARGO["keywords"],
        bin={NAME: "launcher.js", f"{NAME}-path": "path.js"},
        engines={"node": ">=18"},
        optionalDependencies={platform_name(entry["npm"]): VERSION for entry in TARGETS},
    )
    platforms = [{**entry["npm"], "name": platform_name(entry["npm"])} for entry in TARGETS]
    files = {"platforms.json": (text(platforms), 0o644)}
    for name, mode in [("launcher.js", 0o755), ("path.js", 0o755), ("program.js", 0o644), ("README.md", 0o644)]:
        files[name] = ((HERE / name).read_bytes(), mode)
    return pack(out, NAME, own, files)
