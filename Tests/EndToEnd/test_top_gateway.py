"""`sluice top` with a gateway, brokers and clients: its figures are theirs."""

import json
import re
import subprocess
import threading

import pytest

import harness
import terminal as terminals
from harness import eventually
from operator_side import TOKEN, OperatorSide
from topruns import figures, printed, refused, table


@pytest.fixture
def broker(rig):
    return rig.mosquitto()


def url(side):
    return f"http://127.0.0.1:{side.port}/api/"


def start(rig, side, *arguments, columns=200, rows=30, **options):
    command = [harness.BINARY, "top", url(side), "--interval", "200ms", *arguments]
    terminal = rig.keep(terminals.Terminal(command, columns=columns, rows=rows, **options))
    terminal.expect("sessions", "quit")
    return terminal


def test_figures_are_the_clients(rig, broker):
    """Sessions, packets and the broker of clients that published known numbers at QoS 1."""
    side = OperatorSide(rig, [broker])
    for number in range(3):
        client = rig.paho(side.gateway.port, 5, f"counted-{number}", username=f"user{number}")
        for _ in range(number + 1):
            client.publish("a/b", b"x" * 100, qos=1)

    def listed():
        return table(printed(url(side), "--once", "--filter", "counted-", "--sort", "client_id"), "ID")

    # CONNECT and the PUBLISH packets; CONNACK and as many PUBACK.
    eventually(lambda: [int(row["OUTPKT"]) for row in listed()] == [2, 3, 4], listed)
    rows = listed()
    assert [row["CLIENT_ID"] for row in rows] == ["counted-0", "counted-1", "counted-2"]
    assert [row["USER"] for row in rows] == ["user0", "user1", "user2"]
    assert all(row["STATE"] == "open" and row["MQTT"] == "5.0" and row["PEER"] == broker.address for row in rows)
    assert [int(row["INPKT"]) for row in rows] == [2, 3, 4]
    text = printed(url(side), "--once", "--filter", "user2")
    assert figures(text)["sessions"] == "3" and [row["CLIENT_ID"] for row in table(text, "ID")] == ["counted-2"]
    assert [(row["PEER"], row["STATE"], row["SESSIONS"]) for row in table(text, "UPSTREAM")] == [(broker.address, "up", "3")]


def test_live(rig, broker):
    """Traffic shows as rates, a client by its packets, and one that goes with its cause."""
    side = OperatorSide(rig, [broker])
    client = rig.paho(side.gateway.port, 4, "alive").subscribe("a/b", 1)
    terminal = start(rig, side)
    terminal.expect("alive", "open", broker.address)
    stop = threading.Event()

    def publish():
        while not stop.is_set():
            client.client.publish("a/b", b"x" * 1000, qos=1).wait_for_publish(harness.DEADLINE)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        terminal.expect_gone("in 0B/s")
        eventually(lambda: re.search(r"in [\d.]+[KM]B/s  [\d.]+k? packets/s  out [\d.]+[KM]B/s", terminal.text), terminal.text)
        eventually(lambda: re.search(r"alive .* [\d.]+[KM] +[\d.]+[KM] ", terminal.text), lambda: terminal.text)
        terminal.press("enter")
        terminal.expect("open  alive", "publish_qos1", "puback", "subscribe", "connack", "each second")
        terminal.press("escape")
    finally:
        stop.set()
        thread.join()
    client.cut()
    terminal.press("e")
    terminal.expect("CAUSE", "alive", "client_lost")
    terminal.press("enter")
    terminal.expect("closed  alive", "cause              client_lost")
    terminal.press("q")
    assert terminal.wait() == 0 and terminal.is_as_before


def test_sort_and_filter_are_the_apis(rig, broker):
    side = OperatorSide(rig, [broker])
    for name in ("b", "c", "a"):
        rig.paho(side.gateway.port, 4, f"sorted-{name}")
    rig.paho(side.gateway.port, 4, "other")

    def order(*arguments):
        return [row["CLIENT_ID"] for row in table(printed(url(side), "--once", "--filter", "sorted-", *arguments), "ID")]

    assert order("--sort", "client_id") == ["sorted-a", "sorted-b", "sorted-c"]
    assert order("--sort", "-client_id", "--limit", "2") == ["sorted-c", "sorted-b"]
    assert order("--sort", "-age") == ["sorted-b", "sorted-c", "sorted-a"]


@pytest.mark.parametrize(
    "field",
    ["id", "age", "client_id", "username", "address", "upstream", "peer", "state", "received_bytes", "sent_bytes",
     "received_packets", "sent_packets", "received_idle", "sent_idle", "backlog"],
)  # fmt: skip
def test_every_field_is_one_of_the_apis(rig, broker, field):
    side = OperatorSide(rig, [broker])
    rig.paho(side.gateway.port, 4, "alone")
    for order in (field, "-" + field):
        assert [row["CLIENT_ID"] for row in table(printed(url(side), "--once", "--sort", order), "ID") if row["CLIENT_ID"] != "-"] == ["alone"]
    printed(url(side), "--once", "--interval", "100ms", "--sort", "-sent_rate")


def test_hostile_client_ids(rig):
    """With a broker that takes what mosquitto refuses."""
    side = OperatorSide(rig, [rig.fake()])
    names = ["\x1b[2J\x1b[31mred", "\u202egnirts", "你好世界", "a\u0301\u0302\u0303", "x" * 200]
    peers = [rig.opened(side.gateway, 4, name) for name in names]
    terminal = start(rig, side, "--sort", "age", columns=120)
    terminal.expect("\\x1B[2J", "\\xE2\\x80\\xAEgni", "你好世界", "xxx~")
    assert b"\x1b[31mred" not in terminal.output and "\u202e".encode() not in terminal.output
    listed = [row["CLIENT_ID"] for row in table(printed(url(side), "--once"), "ID")]
    assert "\\x1B[2J\\x1B[31mred" in listed and "你好世界" in listed
    value = json.loads(printed(url(side), "--once", "--json"))
    found = {one["mqtt"]["client_id"] for one in value["connections"]["connections"] if one["mqtt"]}
    assert {names[0], names[2]} <= found and len(peers) == len(names)


def test_gateway_restarts(rig, broker):
    """Its last figures stay while it is away; then come those of the new process."""
    side = OperatorSide(rig, [broker])
    rig.opened(side.gateway, 4, "before")
    terminal = start(rig, side)
    terminal.expect("before")
    side.gateway.stop()
    terminal.expect("no answer for", "before")
    side.gateway.start()
    rig.opened(side.gateway, 4, "after")
    terminal.expect("after")
    terminal.expect_gone("no answer")
    terminal.expect_gone("before")


def test_credentials(rig, broker):
    """auth_basic: a user with a password, or a token; without them it says what to do."""
    users = rig.path("users") / "users"
    subprocess.run([harness.BINARY, "passwd", "-c", users, "alice"], input=b"geheim\n", check=True)
    side = OperatorSide(rig, [broker], admin=f"auth_basic Operators; auth_basic_user_file {users};")
    refused("use --user NAME, or --token-file FILE", url(side), "--once")
    refused("not the right one", url(side), "--once", "--user", "alice", input="anders\n")
    assert figures(printed(url(side), "--once", "--user", "alice", input="geheim\n"))["version"] == "0.1.0"
    token = users.with_name("token")
    token.write_text(TOKEN + "\n")
    assert figures(printed(url(side), "--once", "--token-file", token))["version"] == "0.1.0"
    assert figures(printed(url(side), "--once", env={"SLUICE_TOKEN": TOKEN}))["version"] == "0.1.0"


def test_other_locations(rig, broker):
    """Whatever the URL leads to, the message says what it is not."""
    side = OperatorSide(rig, [broker])
    base = f"http://127.0.0.1:{side.port}"
    refused("a location with `api;`", f"{base}/metrics/", "--once")
    refused("a location with `api;`", f"{base}/", "--once")
    refused("a location with `api;`", f"http://{side.gateway.address[0]}:{side.gateway.port}/", "--once")


def test_certificates(rig, broker):
    side = OperatorSide(rig, [broker], tls=True)
    rows = table(printed(url(side), "--once"), "CERTIFICATE")
    assert rows and all(float(row["EXPIRES_IN"]) > 0 for row in rows)


def test_streaming(rig, broker):
    """Every line is an object with the four answers."""
    side = OperatorSide(rig, [broker])
    child = subprocess.Popen(
        [harness.BINARY, "top", url(side), "--json", "--interval", "100ms"], stdout=subprocess.PIPE, text=True
    )
    try:
        values = [json.loads(child.stdout.readline()) for _ in range(3)]
        assert all({"at", "api", "status", "upstreams", "certificates", "connections", "rates"} == set(one) for one in values)
        assert values[0]["rates"] is None and values[2]["rates"]["busy"]
    finally:
        child.stdout.close()
        child.kill()
        child.wait()
