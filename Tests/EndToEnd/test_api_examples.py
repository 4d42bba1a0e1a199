"""The commands of docs/api.md, run with the shell and curl."""

import json
import re
import subprocess

import pytest

import fakebroker
from harness import DEADLINE, REPOSITORY
from openapi import Api
from operator_side import TOKEN

TEXT = (REPOSITORY / "docs/api.md").read_text()
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_what_it_says(rig, command):
    broker = rig.fake(fakebroker.echo)
    api = Api(rig, [broker])
    rig.opened(api.gateway, client_id="sensor-7", username="alice")
    command = command.replace("127.0.0.1%3A1883", f"127.0.0.1%3A{broker.port}")
    environment = {"PATH": "/usr/bin:/bin", "API": f"http://127.0.0.1:{api.port}/api", "TOKEN": TOKEN}
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=True, timeout=DEADLINE)
    answer = json.loads(done.stdout)
    assert answer.get("type") != "about:blank", answer
    if "DELETE" in command:
        assert answer == {"closed": 1}


def test_there_are_commands():
    assert len(COMMANDS) >= 8 and all(command.startswith("curl ") for command in COMMANDS)
