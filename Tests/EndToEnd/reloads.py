"""Reloads of a running gateway, and what they may leave behind."""

import os
import pathlib
import signal
import subprocess

import fakebroker
import harness
import mqttbytes
from bytepeer import request
from harness import DEADLINE, eventually


def generation(gateway):
    """The number of the generation in use."""
    return 1 + gateway.output().count(" is in use: ")


def reload(gateway, config=None):
    """Has the gateway read a configuration, or the one it has, and waits until all loops use it."""
    if config is not None:
        gateway.config_path.write_text(config)
    number = generation(gateway) + 1
    gateway.send_signal(signal.SIGHUP)
    eventually(lambda: f"generation {number} is in use" in gateway.output(), lambda: f"the reload:\n{gateway.output()}")


def refused(gateway, config, reason):
    """A reload that changes nothing; the log says why."""
    gateway.config_path.write_text(config)
    before = gateway.output().count("the running configuration stays")
    gateway.send_signal(signal.SIGHUP)
    eventually(lambda: gateway.output().count("the running configuration stays") > before, "the refusal")
    line = [line for line in gateway.output().splitlines() if "the running configuration stays" in line][-1]
    assert "[error] reload: " in line and reason in line, line


def order(gateway, *arguments):
    command = [harness.BINARY, "-c", gateway.config_path, "-p", gateway.directory, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)


def descriptors(gateway):
    return len(os.listdir(f"/proc/{gateway.pid}/fd"))


def broker(rig):
    """A stand-in that takes every client, and answers pings."""
    return rig.fake(fakebroker.echo)


def pings(peer):
    """Whether a session is alive, from end to end."""
    peer.send_mqtt(mqttbytes.PINGREQ)
    return peer.read_packet() == mqttbytes.PINGRESP


def path_answer(rig, gateway, path):
    """The status of an upgrade at a path."""
    peer = rig.peer(gateway)
    return peer.ask(request(path)).status


def open_files(gateway):
    folder = pathlib.Path(f"/proc/{gateway.pid}/fd")
    found = []
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(folder / name))
        except OSError:
            pass
    return found


def resident(gateway):
    """KiB that the process has in memory."""
    for line in pathlib.Path(f"/proc/{gateway.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
