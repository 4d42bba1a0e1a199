"""`sluice top` against answers made by the test: what is on the screen, what keys do, how it ends.
test_top_scripts.py has what it prints, test_top_gateway.py the same with a gateway and its clients."""

import os
import re
import signal

import pytest
import wcwidth

import harness
import stubapi
import terminal as terminals
from harness import eventually
from stubapi import connection, peer
from topruns import HOSTILE, refused


@pytest.fixture
def api(rig):
    return rig.keep(stubapi.StubAPI())


@pytest.fixture
def top(rig, api):
    """Starts it at a terminal; waits for the first screen."""

    def start(*arguments, url=api.url, **options):
        arguments = ("--interval", "100ms", *arguments)
        terminal = rig.keep(terminals.Terminal([harness.BINARY, "top", url, *arguments], **options))
        terminal.expect("sessions", "quit")
        return terminal

    return start


def column(terminal, text):
    """The columns at which a text is on the screen."""
    lines = [line for line in terminal.screen.display if text in line]
    return {sum(max(0, wcwidth.wcwidth(one)) for one in line[: line.index(text)]) for line in lines}


# The screen

@pytest.mark.parametrize("columns, rows", [(40, 10), (80, 24), (200, 50)])
def test_any_size(top, columns, rows):
    terminal = top("--sort", "client_id", columns=columns, rows=rows)
    terminal.expect("CLIENT ID", "client-1", "client-3", "1 of 3")
    assert terminal.lines[0].startswith("sluice 0.1.0") and terminal.lines[-1].startswith("1 of 3")
    terminal.press("q")
    assert terminal.wait() == 0 and terminal.is_as_before


def test_resize(top):
    """Columns come and go with the room, and nothing of the larger screen is left."""
    terminal = top(columns=160, rows=30)
    terminal.expect("UPSTREAM", "MQTT", "AGE")
    terminal.resize(40, 10)
    terminal.expect_gone("AGE")
    terminal.expect("CLIENT ID", "1 of 3")
    eventually(lambda: terminal.lines[-1].startswith("1 of 3"), lambda: terminal.text)
    assert len(terminal.lines) == 10
    terminal.resize(160, 30)
    terminal.expect("MQTT", "AGE")


def test_rates_of_the_second(api, top):
    """From differences of what the gateway counts, over its own time."""
    terminal = top(columns=120)
    terminal.expect("in 2.0KB/s  7 packets/s  out 2.0KB/s  7 packets/s  cpu 10%", "0:[###.......] 25%", "1:[#####.....] 50%")


def test_sort_and_reverse(api, top):
    api.connections[0]["received"] = api.connections[0]["received"] | {"bytes": 10**6}
    terminal = top("--sort", "client_id", columns=160)

    def order():
        return re.findall(r"client-\d", terminal.text)

    terminal.expect("+CLIENT ID")
    assert order() == ["client-1", "client-2", "client-3"]
    terminal.press("r")
    terminal.expect("-CLIENT ID")
    assert order() == ["client-3", "client-2", "client-1"]
    terminal.press("s")
    terminal.expect("+USER")
    terminal.press("<", "S")
    terminal.expect_gone("+USER")
    for _ in range(20):
        if "-IN " in terminal.text:
            break
        before = terminal.text
        terminal.press(">")
        eventually(lambda: terminal.text != before, lambda: terminal.text)
    terminal.expect("-IN ")
    eventually(lambda: order() == ["client-1", "client-3", "client-2"], lambda: terminal.text)
    eventually(lambda: any("sort=-received_bytes" in path for path in api.asked), lambda: api.asked)


def test_filter(api, top):
    """What is typed is a part of client id, user or address; the API looks for it, too."""
    terminal = top()
    terminal.press("/", "user2q")
    terminal.expect("filter: user2q_")
    terminal.press("backspace", "enter")
    terminal.expect("client-2", "filter: user2", "1 of 1")
    terminal.expect_gone("client-1")
    eventually(lambda: any(path.endswith("&q=user2") for path in api.asked), lambda: api.asked)
    terminal.press("escape")
    terminal.expect("client-1", "client-3", " of 3")
    terminal.press("/", "nobody")
    terminal.press("enter")
    terminal.expect('no connection with "nobody"')


def test_select_and_detail(top):
    terminal = top("--sort", "client_id", rows=45)
    terminal.press("j", "down")
    terminal.expect("3 of 3")
    terminal.press("k")
    terminal.expect("2 of 3")
    terminal.press("enter")
    terminal.expect("client-2  connection 0000000000000002", "CONNACK after      2.00 ms", "publish_qos1        18    1.9K")
    terminal.press("escape")
    terminal.expect("2 of 3")
    terminal.press("end")
    terminal.expect("3 of 3")
    terminal.press("home")
    terminal.expect("1 of 3")


def test_pages(api, top):
    api.connections = [connection(number, mqtt={"client_id": f"c{number:03}"}) for number in range(1, 200)]
    terminal = top("--sort", "client_id")
    terminal.expect("1 of 199", "c001")
    terminal.press("page down")
    terminal.expect_gone("1 of 199")
    terminal.press("page down", "end")
    terminal.expect("199 of 199", "c199")
    terminal.press("page up", "g")
    terminal.expect("1 of 199", "c001")


def test_upstreams_and_ended_and_help(api, top):
    api.peers = [peer(f"10.0.0.{number}:1883", failures={"timeout": 2}) for number in range(1, 4)]
    terminal = top(columns=160)
    terminal.press("u")
    terminal.expect("10.0.0.3:1883", "timeout 2")
    terminal.expect_gone("CLIENT ID")
    terminal.press("e")
    terminal.expect("CAUSE", "client_lost", "09:29:58Z", "client_disconnect 3")
    terminal.press("enter")
    terminal.expect("closed  client-9", "MQTT reason        142")
    terminal.press("escape", "?")
    terminal.expect("sluice top: keys", "any key: back")
    terminal.press("x", "c")
    terminal.expect("CLIENT ID", "client-1")


def test_a_connection_that_goes(api, top):
    terminal = top("--sort", "client_id")
    terminal.press("enter")
    terminal.expect("connection 0000000000000001")
    api.connections.pop(0)
    terminal.expect("the gateway no longer knows it")
    terminal.press("escape")
    terminal.expect("1 of 2", "client-2")


def test_pause(api, top):
    terminal = top()
    terminal.press("p")
    terminal.expect("PAUSED")
    asked = len(api.asked)
    terminal.press("s", "r", "j")
    terminal.expect("2 of 3")
    assert len(api.asked) <= asked + 4, "a round that was under way"
    api.connections = [connection(7)]
    terminal.press("p")
    terminal.expect("client-7")


def test_interval(top):
    terminal = top(columns=120)
    terminal.expect("every 0.1s")
    terminal.press("+")
    terminal.expect("every 0.2s")
    terminal.press("+")
    terminal.expect("every 0.5s")
    terminal.press("-")
    terminal.expect("every 0.2s")


# What clients chose

@pytest.mark.parametrize("columns", [60, 80, 133])
def test_hostile_names(api, top, columns):
    """Nothing of them is obeyed, and no column moves: states stand under each other in a real emulator."""
    api.connections = [
        connection(number, mqtt={"client_id": name, "username": name}, uri=name, server_name=name)
        for number, name in enumerate(HOSTILE, 1)
    ]
    terminal = top("--sort", "id", columns=columns, rows=40)
    terminal.expect(f"1 of {len(HOSTILE)}", "192.0.2.17")
    assert len(column(terminal, "192.0.2.")) == 1, terminal.text
    assert len(column(terminal, " open ")) == 1, terminal.text
    assert "\\x1B[2J" in terminal.text and b"\x1b]0;" not in terminal.output and b"\xc2\x9b" not in terminal.output
    terminal.read()
    for forbidden in ("\u202e", "\u200d", "\u2066", "\x9b", "\U000e0041"):
        assert forbidden.encode() not in terminal.output
    # Of escapes there are only ours.
    sequences = set(re.findall(rb"\x1b[^A-Za-z]*[A-Za-z]", terminal.output))
    assert all(re.fullmatch(rb"\x1b\[(\?(1049|25|7)[hl]|2J|K|\d+G|\d+;1H|(0|1|2|7|1;31|31|32|33|1;37;41)m)", one) for one in sequences), sequences
    terminal.press("enter")
    terminal.expect("Esc back", "\\x1B[2J")


def test_hostile_api(rig, api, top):
    """An answer that is no API's does not end it: it says so, and goes on when there is one again."""
    terminal = top(columns=160)
    for answer, words in [
        ((200, "application/json", b"[" * 100_000), "not valid JSON"),
        ((200, "application/json", b"{}"), "not what this version"),
        ((200, "text/html", b"hello"), "is no API"),
        ((500, "text/plain", b"\x1b[2J"), "status 500"),
        ((401, "application/problem+json", b'{"detail":"\\u001b[2J no"}'), "\\x1B[2J no"),
    ]:
        api.answer = answer
        terminal.expect("no answer for", words)
        assert "client-1" in terminal.text, "the last figures stay"
    api.answer = None
    terminal.expect_gone("no answer")


def test_many_connections(api, top):
    api.connections = [connection(number) for number in range(1, 1001)]
    terminal = top("--limit", "1000", "--sort", "id", "--interval", "2s")
    terminal.expect("1 of 1000")
    terminal.press("G")
    terminal.expect("1000 of 1000", "client-1000")
    terminal.press("q")
    assert terminal.wait() == 0


# Colours

@pytest.mark.parametrize("env, has_color", [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_no_color(top, env, has_color):
    terminal = top(env=env)
    terminal.expect("unhealthy")
    assert bool(re.search(rb"\x1b\[[0-9;]*3[0-7]", terminal.output)) == has_color


# How it ends

@pytest.mark.parametrize("keys", [["q"], ["^C"], ["/", "x", "^C"], ["enter", "q"]])
def test_keys_that_end_it(top, keys):
    terminal = top()
    terminal.press(*keys)
    assert terminal.wait() == 0 and terminal.is_as_before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signals_that_end_it(top, number):
    terminal = top()
    os.kill(terminal.child.pid, number)
    assert terminal.wait() == 0 and terminal.is_as_before


def test_stopped_from_outside(top):
    """After SIGSTOP and SIGCONT the whole screen is drawn again."""
    terminal = top()
    os.kill(terminal.child.pid, signal.SIGSTOP)
    os.waitpid(terminal.child.pid, os.WUNTRACED)
    terminal.screen.reset()
    os.kill(terminal.child.pid, signal.SIGCONT)
    terminal.expect("sluice 0.1.0", "client-1")
    terminal.press("q")
    assert terminal.wait() == 0 and terminal.is_as_before


def test_suspended_in_a_shell(rig, api):
    """^Z gives the shell its terminal back; fg takes it again."""
    shell = rig.keep(terminals.Terminal(["bash", "--norc", "--noprofile", "-i"], env={"PS1": "ready> "}))
    shell.expect("ready>")
    shell.press(f"{harness.BINARY} top {api.url} --interval 100ms\r")
    shell.expect("sessions", "client-1")
    for _ in range(2):
        shell.output = b""
        shell.press("^Z")
        shell.expect_output(b"\x1b[?1049l")
        shell.expect_output(b"Stopped")
        shell.press("stty -a\r")
        shell.expect_output(b"ready>")
        eventually(lambda: (shell.read(), re.search(rb"(?<!-)\bicanon\b", shell.output))[1], lambda: shell.output)
        assert re.search(rb"(?<!-)\bisig\b", shell.output)
        shell.screen.reset()
        shell.press("fg\r")
        shell.expect("sluice 0.1.0", "client-1")
    shell.output = b""
    shell.press("q")
    shell.expect_output(b"ready>")
    shell.press("exit\r")
    assert shell.wait() == 0


def test_terminal_that_goes(rig, api):
    """The window is closed: the process does not stay."""
    terminal = terminals.Terminal([harness.BINARY, "top", api.url])
    try:
        terminal.expect("sessions")
        os.close(terminal.slave)
        os.close(terminal.master)
        terminal.child.wait(harness.DEADLINE)
    finally:
        if terminal.child.poll() is None:
            terminal.child.kill()
            terminal.child.wait()
    assert terminal.child.returncode == 0


def test_no_gateway_leaves_the_terminal_alone(rig):
    port = harness.free_port()
    terminal = rig.keep(terminals.Terminal([harness.BINARY, "top", f"127.0.0.1:{port}"], columns=200))
    assert terminal.wait() == 1 and b"\x1b" not in terminal.output
    terminal.expect(f"http://127.0.0.1:{port}/api/status", "is the gateway running")


def test_without_a_terminal(api):
    refused("use --once or --json", api.url)
    refused("use --once or --json", api.url, env={"TERM": "dumb"})


# The gateway goes

def test_gateway_restarts(rig, api, top):
    terminal = top(columns=120)
    api.close()
    terminal.expect("no answer for", "trying again")
    assert "client-1" in terminal.text
    second = stubapi.StubAPI(api.port)
    second.close_first, api.close = None, second.close
    second.started, second.uptime, second.connections = "2026-11-21T10:00:00.000Z", 1.0, [connection(8)]
    terminal.expect("client-8")
    terminal.expect_gone("no answer")
