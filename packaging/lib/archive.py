"""The archive of a release, its checksums, and what is made from both: the Homebrew formula."""

from lib.project import ADDRESS, CARGO, NAME, ROOT, TARGETS, VERSION, documentation, fail, sha256, tarball

SUMS = "SHA256SUMS"


def name(target):
    return f"{NAME}-{VERSION}-{target}"


def archive(out, program, target):
    """The program with its manual pages, completions, recipes and licences: what `cargo binstall` and the action get."""
    members = {f"{name(target)}/{NAME}": (program.read_bytes(), 0o755)}
    members |= {f"{name(target)}/{path}": (content, 0o644) for path, content in documentation().items()}
    path = out / f"{name(target)}.tar.gz"
    tarball(path, members)
    return path


def sums(out):
    """The checksums of everything in a folder, in the form that `sha256sum --check` reads."""
    paths = sorted(path for path in out.iterdir() if path.is_file() and path.name != SUMS)
    path = out / SUMS
    path.write_text("".join(f"{sha256(one)}  {one.name}\n" for one in paths))
    return path


def formula(out, address=ADDRESS):
    """The Homebrew formula of the archives in a folder."""
    if not address:
        fail("a formula has the address of the release: set `repository` in Cargo.toml")
    text = (ROOT / "packaging/homebrew/clearance.rb").read_text()
    values = {
        "VERSION": VERSION,
        "ADDRESS": address,
        "LICENCES": ", ".join(f'"{name}"' for name in CARGO["license"].split(" OR ")),
        "DESCRIPTION": CARGO["description"].split(":")[0],
    }
    for target in (entry["target"] for entry in TARGETS):
        built = out / f"{name(target)}.tar.gz"
        if f"@{target}@" in text:
            if not built.exists():
                fail(f"{built} is missing: the formula has its checksum")
            values[target] = sha256(built)
    for marker, value in values.items():
        text = text.replace(f"@{marker}@", value)
    path = out / "clearance.rb"
    path.write_text(text)
    return path

