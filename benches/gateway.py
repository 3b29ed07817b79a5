#!/usr/bin/env python3
"""Compares `clearance approvals get --gateway` with its peers on real gateways; prints rows for docs/performance.md.

    python3 benches/gateway.py [--quick]

Method. As validate.py: whole processes, in rounds of all programs in a random order, one at a time, output to
/dev/null, medians, and in brackets the ratio of the minima. For each release, a separate gateway is started on loopback
with its state in a temporary directory, and stopped at the end. It holds the small document of documents.py.

*bare* (peers/bare) is a compiled client that sends the same frames with its own device key and checks nothing: both
times include the gateway and the kernel. Both have connected before, so that no key is created and no device is paired
during the measurement; clearance gets its credential from the environment, `bare` from its command line. The official
command is that of the gateway's own release; the environment names its state directory, as on a gateway's host.

Only working programs are measured: all three must print the document with the same hash first.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from measure import HERE, NODE_BIN, PEERS, Bar, Work, cache, cargo_build, duration, machine
from measure import openclaw_and_node, rounds, row, run

RELEASES = ["2026.4.14", "2026.9.6"]
TOKEN = "bench-token-0123456789abcdef"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def gateway(node, openclaw, state, port):
    """Runs a gateway with this state directory, which may be that of an earlier one, while the block runs."""
    (state / "home").mkdir(parents=True, exist_ok=True)
    auth = {"mode": "token", "token": TOKEN}
    config = {
        "gateway": {"mode": "local", "bind": "loopback", "port": port, "auth": auth},
        "update": {"checkOnStart": False},
        "agents": {"defaults": {"heartbeat": {"every": "0m"}}},
    }
    (state / "openclaw.json").write_text(json.dumps(config))
    environment = environment_of(node, state) | {
        "OPENCLAW_DISABLE_BONJOUR": "1",
        "OPENCLAW_NO_RESPAWN": "1",
        "OPENCLAW_SKIP_CHANNELS": "1",
        "OPENCLAW_NO_AUTO_UPDATE": "1",
    }
    command = [*openclaw, "gateway", "run", "--port", str(port), "--allow-unconfigured"]
    log = state / "gateway.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait(process, port, log)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait(process, port, log):
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        ready = re.search(r"\[gateway\] ready", re.sub(r"\x1b\[[0-9;]*m", "", log.read_text()))
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                if answer.status == 200 and ready:
                    return
        except OSError:
            pass
        time.sleep(0.5)
    sys.exit(f"the gateway did not start:\n{log.read_text()[-2000:]}")


def environment_of(node, state):
    path = os.pathsep.join([str(node / NODE_BIN), os.environ["PATH"]])
    return {"PATH": path, "HOME": str(state / "home"), "OPENCLAW_STATE_DIR": str(state)}


def printed(command, environment):
    return json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)


def measure(release, clearance, bare, folder, quick):
    node, package = openclaw_and_node(release)
    openclaw = [str(node / NODE_BIN / "node"), str(package / "node_modules/openclaw/openclaw.mjs")]
    state, port = folder / release, free_port()
    key = folder / "key.pem"
    with gateway(node, openclaw, state, port):
        environment = environment_of(node, state) | {"OPENCLAW_GATEWAY_TOKEN": TOKEN}
        get = [clearance, "approvals", "get", f"--gateway=ws://127.0.0.1:{port}", "--json"]
        frames = [bare, f"127.0.0.1:{port}", TOKEN, str(key)]
        official = [*openclaw, "approvals", "get", "--gateway", "--json"]
        store = [clearance, "approvals", "set", f"--gateway=ws://127.0.0.1:{port}", "--downgrade", "--file"]
        # 3: every release drops `commandText`.
        code = subprocess.run([*store, folder / "small.json"], env=environment, stdout=subprocess.DEVNULL).returncode
        if code not in (0, 3):
            sys.exit(f"the document could not be stored: exit {code}")
        hashes = {printed(command, environment)["hash"] for command in (get, frames, official)}
        if len(hashes) != 1:
            sys.exit(f"the three read different documents: {hashes}")
        fast = [Work("clearance", get), Work("bare", frames)]
        rounds(40 if quick else 200, environment, fast)
        slow = [Work("clearance", get), Work(f"openclaw {release} approvals get --gateway", official)]
        rounds(2 if quick else 10, environment, slow)
    what = f"`approvals get` on a gateway {release}"
    return [
        row(what, fast[0].seconds, fast[1].seconds, duration, "the same frames, bare", Bar(1.2)),
        row(what, slow[0].seconds, slow[1].seconds, duration, slow[1].name, Bar(1 / 100)),
    ]


def main():
    parser = argparse.ArgumentParser(description="Measures `clearance approvals get --gateway` beside its peers.")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    quick = parser.parse_args().quick
    clearance, bare = cargo_build(HERE.parent), cargo_build(PEERS / "bare", cache() / "target")
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as name:
        folder = pathlib.Path(name)
        run(sys.executable, HERE / "documents.py", folder)
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / "key.pem")
        rows = [line for release in RELEASES for line in measure(release, clearance, bare, folder, quick)]
    print("\n".join(rows))
    print(f"\nMeasured on {machine()}{'; --quick' if quick else ''}.")


if __name__ == "__main__":
    main()
