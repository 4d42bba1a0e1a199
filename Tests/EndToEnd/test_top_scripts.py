"""`sluice top` for scripts: what `--once` and `--json` print, where it asks, with which credentials, and what it refuses."""

import base64
import json
import re
import subprocess

import pytest

import harness
import stubapi
import terminal as terminals
from harness import eventually
from stubapi import connection
from topruns import HOSTILE, figures, printed, refused, table


@pytest.fixture
def api(rig):
    return rig.keep(stubapi.StubAPI())


# What it prints

def test_once(api):
    text = printed(api.url, "--once", "--sort", "-client_id")
    assert "\x1b" not in text
    assert figures(text)["sessions"] == "3" and figures(text)["received_bytes"] == "2048"
    assert [row["CLIENT_ID"] for row in table(text, "ID")] == ["client-3", "client-2", "client-1"]
    assert [row["STATE"] for row in table(text, "UPSTREAM")] == ["up", "unhealthy"]
    assert table(text, "CERTIFICATE")[0]["SUBJECT"] == "CN=example.com"
    assert {(row["COUNTED"], row["WHAT"]): row["COUNT"] for row in table(text, "COUNTED")}["end", "client_lost"] == "1"
    again = printed(api.url, "--once", "--sort", "-client_id")
    changes = {"uptime", "received_bytes", "received_packets", "sent_bytes", "sent_packets", "cpu_seconds"}
    assert {name for name, value in figures(text).items() if figures(again)[name] != value} <= changes
    assert [list(row) for row in table(text, "ID")] == [list(row) for row in table(again, "ID")]


def test_hostile_names_for_scripts(api):
    """One line for each connection, whatever is in the names, and each of them one field."""
    api.connections = [
        connection(number, mqtt={"client_id": name, "username": name}) for number, name in enumerate(HOSTILE, 1)
    ]
    text = printed(api.url, "--once", "--sort", "id")
    rows = table(text, "ID")
    assert len(rows) == len(HOSTILE) and all(row["ADDRESS"].startswith("192.0.2.") for row in rows)
    assert rows[0]["CLIENT_ID"] == "\\x1B[2J\\x1B[31mred" and rows[10]["CLIENT_ID"] == "-"
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_once_with_rates(api):
    """It looks twice, so far apart."""
    values = figures(printed(api.url, "--once", "--interval", "100ms"))
    assert values["received_bytes_per_second"] == "2048.0" and values["loops_busy_most"] == "0.500"
    refused("say how far apart with --interval", api.url, "--once", "--sort", "-sent_rate", status=64)


def test_once_ended_filter_limit(api):
    assert table(printed(api.url, "--once", "--ended"), "ID")[0]["CAUSE"] == "client_lost"
    assert [row["USER"] for row in table(printed(api.url, "--once", "--filter", "user2"), "ID")] == ["user2"]
    text = printed(api.url, "--once", "--limit", "2")
    assert len(table(text, "ID")) == 2 and figures(text)["connections_found"] == "3"


def test_once_with_nothing(api):
    api.connections, api.peers, api.certificates = [], [], []
    text = printed(api.url, "--once")
    assert table(text, "ID") == [] and table(text, "UPSTREAM") == []


def test_json_once(api):
    api.connections[0]["mqtt"]["client_id"] = "\x1b\x9b\x7f\n"
    text = printed(api.url, "--once", "--json")
    assert text.count("\n") == 1 and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    value = json.loads(text)
    assert value["connections"]["connections"][0]["mqtt"]["client_id"] == "\x1b\x9b\x7f\n"
    assert value["status"]["version"] == "0.1.0" and value["rates"] is None and value["api"] == api.url


def test_json_stream(api):
    """A line for each interval; one that fails is a line, too, and the next ones go on. It ends when nobody reads."""
    child = subprocess.Popen(
        [harness.BINARY, "top", api.url, "--json", "--interval", "100ms"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert json.loads(child.stdout.readline())["rates"] is None
        value = json.loads(child.stdout.readline())
        assert value["rates"]["received"]["bytes"] == 2048 and value["rates"]["busy"]["1"] == 0.5
        api.answer = (503, "text/plain", b"")
        eventually(lambda: "error" in json.loads(child.stdout.readline()), "a line with the error")
        api.answer = None
        eventually(lambda: "status" in json.loads(child.stdout.readline()), "a line with figures")
        child.stdout.close()
        assert child.wait(harness.DEADLINE) == 0
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


# Where, and who

def test_addresses(api):
    """A host and a port are enough; a slash may be missing; SLUICE_API names it, too."""
    for url in (f"127.0.0.1:{api.port}", f"http://127.0.0.1:{api.port}", api.url.rstrip("/")):
        assert figures(printed(url, "--once"))["sessions"] == "3"
    assert figures(printed("--once", env={"SLUICE_API": api.url}))["sessions"] == "3"


def test_what_is_wrong_with_the_address(api):
    refused(f"there is no API at http://127.0.0.1:{api.port}/x/status: status 404", f"127.0.0.1:{api.port}/x/", "--once")
    refused("is the gateway running", f"127.0.0.1:{harness.free_port()}", "--once")
    refused("is it http?", api.url.replace("http", "https"), "--once")
    refused("neither http nor https", "ftp://a/", "--once", status=64)
    refused("--user", "http://a:geheim@b/", "--once", status=64)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--interval", "1x"], "such as 2s"), (["--interval", "10ms"], "100ms"), (["--sort", "nothing"], "no field"),
        (["--limit", "0"], "1 to 1000"), (["--limit", "x"], "limit"), (["--user", "a:b"], "without a colon"),
        (["--user", "a", "--token-file", "b"], "cannot be combined"), (["--nothing"], "nothing"), (["a", "b"], "unexpected"),
    ],
)  # fmt: skip
def test_command_line(api, arguments, words):
    refused(words, api.url, "--once", *arguments, status=64)


def test_help():
    text = printed("--help")
    assert "Examples:" in text and "--token-file" in text and "-received_rate" in text
    assert "sluice top --help" in subprocess.run([harness.BINARY, "--help"], capture_output=True, text=True).stdout


def test_user(rig):
    api = rig.keep(stubapi.StubAPI(authorization="Basic " + base64.b64encode("opérator:geheim x".encode()).decode()))
    refused("use --user NAME, or --token-file FILE", api.url, "--once")
    refused("not the right one", api.url, "--once", "--user", "opérator", input="anders\n")
    assert figures(printed(api.url, "--once", "--user", "opérator", input="geheim x\n"))["sessions"] == "3"


def test_user_at_a_terminal(rig):
    """The password is asked for once, and not shown."""
    api = rig.keep(stubapi.StubAPI(authorization="Basic " + base64.b64encode(b"operator:geheim").decode()))
    terminal = rig.keep(terminals.Terminal([harness.BINARY, "top", api.url, "--user", "operator"]))
    terminal.expect("Password for operator:")
    terminal.press("geheim\r")
    terminal.expect("sessions", "client-1")
    assert b"geheim" not in terminal.output
    terminal.press("q")
    assert terminal.wait() == 0 and terminal.is_as_before


def test_token(rig):
    api = rig.keep(stubapi.StubAPI(authorization="Bearer geheim.x"))
    path = rig.path("token") / "token"
    path.write_text("  geheim.x\r\n")
    assert figures(printed(api.url, "--once", "--token-file", path))["sessions"] == "3"
    assert figures(printed(api.url, "--once", env={"SLUICE_TOKEN": "geheim.x"}))["sessions"] == "3"
    path.write_text("geheim x\n")
    refused("one word", api.url, "--once", "--token-file", path)
    refused("one word", api.url, "--once", env={"SLUICE_TOKEN": "geheim\nX: y"})
    refused("No such file", api.url, "--once", "--token-file", path.with_name("missing"))
    refused("not the right one", api.url, "--once", env={"SLUICE_TOKEN": "geheim.y"})


def test_https(rig, certificate):
    """The server's certificate is checked, with the authority that is named, or not at all where it is said."""
    api = rig.keep(stubapi.StubAPI(certificate_file=(certificate.certificate, certificate.key)))
    refused("--cacert FILE", api.url, "--once")
    assert figures(printed(api.url, "--once", "--cacert", certificate.authority))["sessions"] == "3"
    assert figures(printed(api.url, "--once", "--insecure"))["sessions"] == "3"
    refused("/nothing.pem", api.url, "--once", "--cacert", "/nothing.pem")
