"""`pid_file` and `-s`: who runs is said by the lock of the file, not by the number in it."""

import os
import pathlib
import signal
import subprocess

import pytest

import harness
from gateway import site
from harness import BINARY, DEADLINE, eventually

# A process 1 of its own, with a /proc of its own; it ends with the one that started it.
ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


@pytest.fixture
def alone():
    if os.geteuid() != 0:
        pytest.skip("a PID namespace needs root")
    return ALONE


def order(gateway, word, *wrapper):
    """`sluice -s word` for a gateway's configuration."""
    command = [*wrapper, BINARY, "-s", word, "-c", gateway.config_path, "-p", gateway.directory]
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def started(rig, **options):
    """A gateway with a pid file, which holds its number."""
    gateway = rig.gateway([rig.fake()], main="pid_file run.pid;", **options)
    path = gateway.directory / "run.pid"
    eventually(lambda: path.exists() and path.read_text(), "the pid file")
    return gateway, path


def test_a_file_left_from_before_whose_number_is_a_stranger_s(rig):
    """It does not hold up the start, and the stranger gets no signal before, in between or after."""
    gateway = rig.gateway([rig.fake()], main="pid_file run.pid;")
    assert gateway.stop() == 0
    path = gateway.directory / "run.pid"
    stranger = harness.Process(["sleep", "1000"], rig.path("stranger") / "output.log")
    try:
        path.write_text(f"{stranger.pid}\n")
        for word in ("stop", "quit", "reopen"):
            result = order(gateway, word)
            assert result.returncode == 1
            assert f"no running gateway holds it; it is left over from process {stranger.pid}" in result.stderr
        gateway.start()
        eventually(lambda: path.read_text() == f"{gateway.pid}\n", "its own number")
        assert order(gateway, "stop").returncode == 0
        assert gateway.process.wait() == 0
        assert not path.exists() and stranger.is_running
    finally:
        stranger.kill()


def test_a_gateway_that_was_killed_leaves_a_file_that_is_in_nobody_s_way(rig):
    gateway, path = started(rig)
    gateway.process.kill()
    assert path.exists() and order(gateway, "stop").returncode == 1
    gateway.start()
    eventually(lambda: path.read_text() == f"{gateway.pid}\n", "its own number")


def test_two_gateways_with_one_file(rig):
    """The second is refused; the first goes on, and its file stays."""
    first, path = started(rig)
    config = first.directory / "second.conf"
    config.write_text(site([rig.fake()], main="pid_file run.pid;"))
    result = subprocess.run(
        [BINARY, "-c", config, "-p", first.directory], capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 1
    assert f"pid_file {path}: process {first.pid} is running already" in result.stderr
    assert path.read_text() == f"{first.pid}\n"
    rig.opened(first)


def test_a_file_with_another_number_in_it(rig):
    """Whatever is written there, the gateway that holds the file gets the signal."""
    gateway, path = started(rig)
    path.write_text("1\n")
    assert order(gateway, "quit").returncode == 0
    assert gateway.process.wait() == 0


def test_process_1(rig, alone):
    """In a container the gateway is process 1: orders work there, and from outside; not from another container."""
    gateway, path = started(rig, wrapper=alone)
    assert path.read_text() == "1\n"
    inside = pathlib.Path(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read_text().split()[0]
    elsewhere = order(gateway, "stop", *alone)
    assert elsewhere.returncode == 1 and "is not visible from here" in elsewhere.stderr
    for wrapper in ([], ["nsenter", "--pid", "--mount", "--root", "--target", inside]):
        before = gateway.output().count("opening the logs again")
        result = order(gateway, "reopen", *wrapper)
        assert result.returncode == 0, result.stderr
        eventually(lambda: gateway.output().count("opening the logs again") > before, "the signal")
    # With process 1 the kernel ends whoever is left in the namespace, perhaps the command itself before it is through.
    stop = order(gateway, "stop", "nsenter", "--pid", "--mount", "--root", "--target", inside)
    assert stop.returncode in (0, -signal.SIGKILL)
    assert gateway.process.wait() == 0
    assert not path.exists()


@pytest.mark.parametrize("make, reason", [(os.symlink, "it is a link"), (os.link, "the file has other names, too")])
def test_a_link_in_its_place(rig, make, reason):
    """Whoever may write to its folder cannot have root write to, and give away, another file."""
    folder = rig.path("linked")
    (folder / "precious").write_text("precious")
    make(folder / "precious", folder / "run.pid")
    config = folder / "sluice.conf"
    config.write_text(site([rig.fake()], main="pid_file run.pid;"))
    result = subprocess.run(
        [BINARY, "-c", config, "-p", folder], capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 1 and f"pid_file {folder}/run.pid: {reason}" in result.stderr, result.stderr
    assert (folder / "precious").read_text() == "precious"
