"""`make demo` (scripts/demo.sh) and the scripts under it, on ports of the test's own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
# Long enough for a build of what changed since; the binary itself stands ready before the suite begins.
SECONDS = 120 * float(os.environ.get("SLUICE_TEST_PATIENCE", "1"))


@pytest.fixture
def environment():
    """The environment of one demo, on three free ports; afterwards nothing of that demo may be left running."""
    ports = subprocess.check_output([SCRIPTS / "ports.py", "free", "3"], text=True).split()
    runs = set((ROOT / ".demo").glob("run.*"))
    names = ("SLUICE_DEMO_WSS_PORT", "SLUICE_DEMO_WS_PORT", "SLUICE_DEMO_ADMIN_PORT")
    yield os.environ | dict(zip(names, ports)) | {"NO_COLOR": "1"}
    assert started_with(f"SLUICE_DEMO_WSS_PORT={ports[0]}") == []
    assert set((ROOT / ".demo").glob("run.*")) <= runs, "the demo left its folder behind"


def started_with(variable: str) -> list[str]:
    """The command lines of all processes that have this variable in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # it has gone, or belongs to another user
    return found


def run(command: list, environment: dict) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS
    )


def test_check_proves_the_demo_and_stops_everything(environment):
    result = run([SCRIPTS / "demo.sh", "--check"], environment)
    url = f"wss://localhost:{environment['SLUICE_DEMO_WSS_PORT']}/mqtt"
    assert result.returncode == 0, result.stdout
    proof = re.search(rf"^Proof: broker (\d) -> bridge -> broker (\d), both clients over {url}$", result.stdout, re.M)
    assert proof, result.stdout
    assert {proof[1], proof[2]} == {"1", "2"}


# Speaks to the gateway with the page's own client; Node.js lacks only what the browser's window has.
PAGE_CLIENT = """
globalThis.WebSocket = require('ws')
globalThis.CustomEvent ??= class extends Event {
  constructor(type, options) { super(type); this.detail = options.detail }
}
import('./client.js').then(({ Client }) => {
  const client = new Client(process.argv[2], { clientId: 'page-client' })
  client.addEventListener('connected', () => client.subscribe('page/#'))
  client.addEventListener('subscribed', ({ detail }) => {
    console.log('subscribed', detail.filter, detail.refused)
    client.publish('page/long', 'ä'.repeat(20000), { qos: 1 })
  })
  client.addEventListener('message', ({ detail }) => {
    console.log(detail.topic, detail.bytes, detail.qos, detail.retain, detail.payload.text === 'ä'.repeat(1000) + '…')
    client.close()
  })
  client.addEventListener('closed', ({ detail }) => console.log(detail.reason))
})
"""


def test_its_clients_work_until_it_is_interrupted(environment, tmp_path):
    """The program that it prints, as printed, and the page's own client."""
    demo = subprocess.Popen(
        [SCRIPTS / "demo.sh"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # An interrupt that the parent ignores would be ignored by a shell and could not be trapped.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        output = read_until(demo, "Ctrl-C stops everything.")
        program = re.search(r"<<'JS'\n(.*)^JS$", output, re.M | re.S)
        assert program, output
        (tmp_path / "hello.js").write_text(program[1])
        node_path = ":".join(filter(None, [os.environ.get("NODE_PATH"), "/usr/share/nodejs"]))
        hello = run(["node", tmp_path / "hello.js"], environment | {"NODE_PATH": node_path})
        assert (hello.returncode, hello.stdout) == (0, "sensors/temperature: Hello World\n")
        for source in ("client.js", "packets.js", "reasons.js"):
            shutil.copy(ROOT / "www" / source, tmp_path)
        (tmp_path / "package.json").write_text('{"type": "module"}')
        (tmp_path / "page.cjs").write_text(PAGE_CLIENT)
        url = f"ws://localhost:{environment['SLUICE_DEMO_WS_PORT']}/mqtt"
        page = run(["node", tmp_path / "page.cjs", url], environment | {"NODE_PATH": node_path})
        assert page.stdout == "subscribed page/# false\npage/long 40000 1 false true\nyou disconnected\n"
        log = re.search(r"tail -f '(.*)'", output)
        assert log, output
        assert Path(log[1]).stat().st_size > 0
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=SECONDS)
        assert demo.returncode == 0, rest
    finally:
        if demo.poll() is None:
            demo.terminate()
            demo.wait(SECONDS)


def read_until(process: subprocess.Popen, line: str) -> str:
    """All output up to this line; the process ends the wait by ending."""
    output = ""
    deadline = time.monotonic() + SECONDS
    for text in process.stdout:
        output += text
        if text.strip() == line:
            return output
        assert time.monotonic() < deadline, output
    raise AssertionError(f"ended with status {process.wait()} and without {line!r}:\n{output}")


@pytest.mark.parametrize("variable", ["SLUICE_DEMO_WSS_PORT", "SLUICE_DEMO_WS_PORT", "SLUICE_DEMO_ADMIN_PORT"])
def test_a_taken_port_is_named_with_its_owner(environment, variable):
    with socket.create_server(("127.0.0.1", int(environment[variable]))):
        result = run([SCRIPTS / "demo.sh", "--check"], environment)
    assert result.returncode == 1
    assert f"Port {environment[variable]} is in use" in result.stdout
    assert f"process {os.getpid()} listens on it" in result.stdout
    assert f"{variable}=" in result.stdout


@pytest.mark.parametrize("port", [" ", "mqtt", "0", "65536"])
def test_a_port_that_is_none_is_refused(environment, port):
    result = run([SCRIPTS / "demo.sh", "--check"], environment | {"SLUICE_DEMO_WS_PORT": port})
    assert result.returncode == 1
    assert "SLUICE_DEMO_WS_PORT must be a port number" in result.stdout


def test_an_old_swift_is_refused(environment, tmp_path):
    swift = tmp_path / "swift"
    swift.write_text("#!/bin/sh\necho 'Swift version 6.1.3 (swift-6.1.3-RELEASE)'\n")
    swift.chmod(0o755)
    environment = {name: value for name, value in environment.items() if name != "SLUICE"}
    result = run([SCRIPTS / "demo.sh", "--check"], environment | {"PATH": f"{tmp_path}:{environment['PATH']}"})
    assert result.returncode == 1
    assert f"Swift 6.1.3 is too old: {swift}" in result.stdout
    assert "6.2 or newer" in result.stdout


def test_a_missing_package_without_root_is_told_with_the_command(tmp_path):
    for name in ("bash", "dirname", "grep", "sed"):
        (tmp_path / name).symlink_to(shutil.which(name))
    for name, text in (("id", "echo 1000"), ("apt-get", "exit 1"), ("python3", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    result = run([tmp_path / "bash", SCRIPTS / "setup.sh", "test"], {"PATH": str(tmp_path)})
    assert result.returncode == 1, result.stdout
    assert "needs root; there is no sudo" in result.stdout
    assert re.search(r"apt-get install .*\bnodejs\b", result.stdout)


def test_certificates_are_used_again_until_one_is_lost(tmp_path):
    names = ["ca.crt", "ca.key", "server.crt", "server.key"]

    def made() -> list[bytes]:
        result = run([SCRIPTS / "certificates.sh", tmp_path], dict(os.environ))
        assert result.returncode == 0, result.stdout
        return [(tmp_path / name).read_bytes() for name in names]

    first = made()
    assert made() == first
    (tmp_path / "server.crt").unlink()
    second = made()
    assert all(old != new for old, new in zip(first, second))
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([*names, "lock"])
    assert [oct((tmp_path / name).stat().st_mode & 0o077) for name in ("ca.key", "server.key")] == ["0o0", "0o0"]


def test_the_last_line_counts_what_failed_and_what_never_ended(tmp_path):
    (tmp_path / "unit.jsonl").write_text(
        "".join(f'{{"kind":"test","payload":{{"kind":"function","id":"{name}"}}}}\n' for name in "abcd")
        + "".join(
            f'{{"kind":"event","payload":{{"kind":"{kind}","testID":"{test}"}}}}\n'
            for kind, test in [
                ("testEnded", "a"),
                ("issueRecorded", "b"),
                ("testEnded", "b"),
                ("testSkipped", "c"),
                ("testStarted", "d"),
            ]
        )
    )
    (tmp_path / "e2e.xml").write_text(
        '<testsuites><testsuite><testcase classname="f" name="ok"/>'
        '<testcase classname="f" name="bad"><failure/></testcase></testsuite></testsuites>'
    )
    result = run([sys.executable, SCRIPTS / "tally.py", tmp_path, "unit=1", "e2e=1"], dict(os.environ))
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == "2 passed, 4 failed"
    assert "unit: d: never ended" in result.stdout


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("unit=0", "unit: the runner ended with status 0 and left no result"),
        ("e2e=2", "e2e: the runner ended with status 2 and left no result"),
        ("setup=1", "setup: ended with status 1"),
    ],
)
def test_a_runner_that_did_not_run_is_a_failure(tmp_path, step, reason):
    result = run([sys.executable, SCRIPTS / "tally.py", tmp_path, step], dict(os.environ))
    assert (result.returncode, result.stdout) == (1, f"{reason}\n0 passed, 1 failed\n")
