"""Limits: who is refused and how, that places are given back, and what outlives a reload."""

import socket

import pytest

import fakebroker
import harness
import mqttbytes
import proxyheader
from bytepeer import request
from gateway import connect, site
from h2client import Site
from harness import eventually
from operator_side import OperatorSide
from rawpeer import raw_gateway, raw_peer
from reloads import broker, pings, reload

CODES = {  # cause: the code for 5.0 and that for 3.1 and 3.1.1
    "connection_limit": (0x97, 0x03),
    "connect_rate": (0x9F, 0x03),
    "pending_connects": (0x89, 0x03),
    "memory_limit": (0x89, 0x03),
}
REASONS = {
    "connection_limit": b"too many connections",
    "connect_rate": b"too many CONNECTs",
    "pending_connects": b"the gateway is busy",
}


def answered(rig, gateway, client_id="c", version=5, *, raw=False, source=None, **options):
    """A client that has sent its CONNECT, and the code of its CONNACK."""
    peer, answer = asked(rig, gateway, client_id, version, raw=raw, source=source, **options)
    return peer, answer[3]


def asked(rig, gateway, client_id, version, *, raw=False, source=None, **options):
    """The same, and the CONNACK."""
    peer = raw_peer(rig, gateway, source=source) if raw else rig.peer(gateway, source=source)
    if not raw:
        peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(version, client_id, **options))
    return peer, peer.read_packet()


def refused(rig, gateway, cause, client_id="c", version=5, *, raw=False, **options):
    """A client whose CONNECT is refused for this cause, as its version is told so; the log names it."""
    peer, answer = asked(rig, gateway, client_id, version, raw=raw, **options)
    assert answer[3] == CODES[cause][0 if version == 5 else 1]
    assert (REASONS[cause] in answer) == (version == 5)
    port = peer.socket.getsockname()[1]
    if raw:
        peer.expect_end()
    else:
        peer.expect_close(1013)
    assert gateway.ended(remote_port=port)["status_reason"] == cause


def opens(rig, gateway, *arguments, **options):
    """A client that is accepted."""
    peer, code = answered(rig, gateway, *arguments, **options)
    assert code == 0
    return peer


def leave(gateway, peer):
    """The client goes, and its session has ended."""
    port = peer.socket.getsockname()[1]
    peer.close()
    gateway.ended(remote_port=port)


def is_closed_at_once(connection):
    """Whether the other side ends a connection that has said nothing."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def read_all(connection):
    """Waits until the other side has ended a connection."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass


# limit_connections


def test_connections_of_an_address(rig):
    """The one too many gets 503 before its upgrade; other addresses go on; whoever leaves makes room."""
    gateway = rig.gateway([broker(rig)], location="limit_connections per=ip 2;")
    first, second = opens(rig, gateway, "a"), opens(rig, gateway, "b")
    for _ in range(3):
        answer = rig.peer(gateway).ask(request())
        assert answer.status == 503 and answer["Retry-After"] == "10"
    eventually(lambda: [x["status_reason"] for x in gateway.access()] == ["connection_limit"] * 3, "the log")
    other = opens(rig, gateway, "c", source="127.0.0.2")
    leave(gateway, first)
    third = opens(rig, gateway, "d")
    assert rig.peer(gateway).ask(request()).status == 503
    assert all(pings(peer) for peer in (second, third, other))


@pytest.mark.parametrize("version", mqttbytes.VERSIONS)
@pytest.mark.parametrize("raw", [False, True], ids=["ws", "mqtt"])
def test_connections_of_a_client_identifier(rig, version, raw):
    line = "limit_connections per=client_id 1;"
    gateway = raw_gateway(rig, [broker(rig)], server=line) if raw else rig.gateway([broker(rig)], location=line)
    first = opens(rig, gateway, "a", version, raw=raw)
    refused(rig, gateway, "connection_limit", "a", version, raw=raw)
    opens(rig, gateway, "b", version, raw=raw)
    leave(gateway, first)
    opens(rig, gateway, "a", version, raw=raw)


def test_connections_of_a_user(rig):
    """Whatever the addresses; a client without a user name is not limited by it."""
    gateway = rig.gateway([broker(rig)], location="limit_connections per=username 2; limit_connections per=ip 50;")
    for name in ("a", "b"):
        opens(rig, gateway, name, username="u", source="127.0.0.2")
    refused(rig, gateway, "connection_limit", "c", username="u")
    opens(rig, gateway, "d", username="v")
    for number in range(4):
        opens(rig, gateway, f"n{number}")


def test_connections_of_a_server(rig):
    """All locations together count for a limit of the server; one of a location replaces it there."""
    pool = broker(rig)
    gateway = rig.gateway(
        [pool], server="limit_connections per=server 2; location /b { mqtt_pass brokers; }"
        " location /c { mqtt_pass brokers; limit_connections per=server 1; }")  # fmt: skip
    status = lambda path: rig.peer(gateway).ask(request(path)).status  # noqa: E731
    assert [status(path) for path in ("/mqtt", "/b", "/b", "/mqtt", "/c", "/c")] == [101, 101, 503, 503, 101, 503]


def test_connections_of_all_servers(rig):
    """What main says counts for all servers together, except for `per=server`, which counts each."""
    second = harness.free_port()
    text = f"server {{ listen 127.0.0.1:{second}; location /mqtt {{ mqtt_pass brokers; }} }}"
    limits = "limit_connections per=ip 3; limit_connections per=server 2;"
    gateway = rig.gateway(config=site([broker(rig)], main=limits) + text)
    eventually(lambda: "sluice is running" in gateway.output(), "the start")
    peers = [rig.peer(gateway), rig.peer(gateway), rig.peer(("127.0.0.1", second)), rig.peer(("127.0.0.1", second))]
    assert [peer.ask(request()).status for peer in peers] == [101, 101, 101, 503]
    assert rig.peer(gateway).ask(request()).status == 503
    assert rig.peer(("127.0.0.1", second), source="127.0.0.2").ask(request()).status == 101
    assert rig.peer(("127.0.0.1", second), source="127.0.0.2").ask(request()).status == 503


def test_connections_without_websocket(rig):
    """There is no request to refuse: the CONNECT is."""
    gateway = raw_gateway(rig, [broker(rig)], server="limit_connections per=ip 1;")
    first = opens(rig, gateway, "a", raw=True)
    refused(rig, gateway, "connection_limit", "b", raw=True)
    opens(rig, gateway, "c", raw=True, source="127.0.0.2")
    leave(gateway, first)
    opens(rig, gateway, "d", raw=True)


@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "TLS"])
def test_streams_count_as_connections(rig, is_tls):
    """The refusal of an extended CONNECT has no Content-Type, at which Firefox would give up the connection."""
    site = Site(rig, fakebroker.echo, is_tls=is_tls, location="limit_connections per=ip 2;")
    client = site.client()
    first, second = client.mqtt("a"), client.mqtt("b")
    third = client.websocket().wait(lambda stream: stream.is_over, "the refusal")
    assert third.status == 503 and third.fields["retry-after"] == "10" and "content-type" not in third.fields
    second.echo()
    first.send_packet(mqttbytes.disconnect(5))
    assert first.closed() == 1000
    first.end()
    first.over()
    site.gateway.ended(mqtt_client_id="a")
    client.mqtt("c").echo()


def test_a_lowered_limit_is_for_new_sessions(rig):
    """Those that are there are counted on, and go on."""
    gateway = rig.gateway([broker(rig)], location="limit_connections per=ip 3;")
    peers = [opens(rig, gateway, name) for name in "abc"]
    reload(gateway, gateway.config.replace("per=ip 3", "per=ip 2"))
    assert all(pings(peer) for peer in peers)
    leave(gateway, peers[0])
    assert rig.peer(gateway).ask(request()).status == 503
    leave(gateway, peers[1])
    opens(rig, gateway, "d")
    reload(gateway, gateway.config.replace("limit_connections per=ip 3;", ""))
    for name in "efg":
        opens(rig, gateway, name)


# limit_connect_rate


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("raw", [False, True], ids=["ws", "mqtt"])
def test_a_burst_of_connects(rig, version, raw):
    """As many as the burst and one more; of another address as many again."""
    line = "limit_connect_rate per=ip 1/h burst=3;"
    gateway = raw_gateway(rig, [broker(rig)], server=line) if raw else rig.gateway([broker(rig)], location=line)
    for source in (None, "127.0.0.2"):
        for number in range(4):
            opens(rig, gateway, f"c{number}", version, raw=raw, source=source)
        refused(rig, gateway, "connect_rate", "one-more", version, raw=raw, source=source)


def test_connects_of_a_client(rig):
    gateway = rig.gateway([broker(rig)], location="limit_connect_rate per=client_id 1/h;")
    opens(rig, gateway, "a")
    refused(rig, gateway, "connect_rate", "a")
    opens(rig, gateway, "b")


def test_connects_come_back_with_time(rig):
    gateway = rig.gateway([broker(rig)], location="limit_connect_rate per=server 5/s;")
    opens(rig, gateway, "a")
    codes = set()
    eventually(lambda: codes.add(answered(rig, gateway)[1]) or codes >= {0, 0x9F}, lambda: f"both answers: {codes}")


def test_a_reload_gives_no_burst_back(rig):
    gateway = rig.gateway([broker(rig)], location="limit_connect_rate per=ip 1/h burst=1;")
    opens(rig, gateway, "a")
    opens(rig, gateway, "b")
    reload(gateway)
    refused(rig, gateway, "connect_rate", "c")


# limit_handshake_rate


def test_new_connections_of_an_address(rig):
    """What is above the rate is closed before TLS costs anything."""
    gateway = rig.tls_gateway([broker(rig)], server="limit_handshake_rate per=ip 1/h burst=4;")
    for _ in range(5):
        rig.peer(gateway, tls=True, source="127.0.0.7").upgrade()
    for _ in range(3):
        with connect(gateway.tls_address, source="127.0.0.7") as refusal:
            assert is_closed_at_once(refusal)
    eventually(lambda: "connection refused: handshake_rate" in gateway.output(), "the log")
    rig.peer(gateway, tls=True, source="127.0.0.8").upgrade()
    assert gateway.stop() == 0
    assert "handshake_rate 3" in gateway.output()


@pytest.mark.parametrize("directive", ["limit_handshake_rate", "limit_connect_rate"])
def test_whoever_is_over_its_own_limit_uses_up_nobody_elses(rig, directive):
    """However often one address tries, others have the rate of all, also where that is written first."""
    gateway = raw_gateway(rig, [broker(rig)], server=f"{directive} per=server 1/h burst=3; {directive} per=ip 1/h;")
    opens(rig, gateway, raw=True, source="127.0.0.7")
    for _ in range(6):
        with connect(gateway.address, source="127.0.0.7") as refusal:
            refusal.sendall(mqttbytes.connect(5, "c"))
            read_all(refusal)
    for number in (8, 9, 10):
        opens(rig, gateway, raw=True, source=f"127.0.0.{number}")


def test_whoever_has_enough_sessions_uses_up_nobody_elses_rate(rig):
    gateway = raw_gateway(
        rig, [broker(rig)], server="limit_connect_rate per=server 1/h burst=2; limit_connections per=ip 1;")  # fmt: skip
    opens(rig, gateway, "a", raw=True, source="127.0.0.7")
    for _ in range(4):
        refused(rig, gateway, "connection_limit", raw=True, source="127.0.0.7")
    opens(rig, gateway, "b", raw=True, source="127.0.0.8")


def test_new_connections_behind_a_front(rig):
    """Each client of a front is counted by its own address."""
    gateway = rig.gateway(
        [broker(rig)], main="set_real_ip_from 127.0.0.0/8; set_real_ip_from ::1;", server="limit_handshake_rate per=ip 1/h burst=1;",
        listen=[f"127.0.0.1:{harness.free_port()} proxy_protocol"])  # fmt: skip

    def client(address):
        peer = rig.peer(gateway)
        peer.send(proxyheader.v2((address, 1000), ("::1" if ":" in address else "192.0.2.9", 443)))
        return peer

    for address in ("192.0.2.1", "192.0.2.2", "::ffff:192.0.2.3", "::ffff:192.0.2.4"):
        for _ in range(2):
            client(address).upgrade()
        assert is_closed_at_once(client(address).socket)


def test_new_connections_of_a_front_that_names_its_clients(rig):
    """It is not one client: its connections are those of all."""
    gateway = rig.gateway(
        [broker(rig)], main="set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;",
        server="limit_handshake_rate per=ip 1/h burst=1;", listen=[f"127.0.0.1:{harness.free_port()}"])  # fmt: skip
    for number in range(5):
        rig.peer(gateway).upgrade(extra=[f"X-Real-IP: 192.0.2.{number}"])
    for _ in range(2):
        rig.peer(gateway, source="127.0.0.2").upgrade()
    with connect(gateway.address, source="127.0.0.2") as refusal:
        assert is_closed_at_once(refusal)


# limit_pending_connects


def test_connects_that_wait(rig):
    """A broker that is silent makes others wait, up to the limit; then there is room again."""
    waiting = rig.fake(fakebroker.silent)
    gateway = rig.gateway([waiting], location="limit_pending_connects 2; upstream_connack_timeout 1s; upstream_tries 1;")
    peers = [rig.peer(gateway) for _ in range(2)]
    for number, peer in enumerate(peers):
        peer.upgrade()
        peer.send_mqtt(mqttbytes.connect(5, f"waits{number}"))
    eventually(lambda: len(waiting.connections) == 2, "both at the broker")
    for version in mqttbytes.VERSIONS:
        refused(rig, gateway, "pending_connects", f"v{version}", version)
    for peer in peers:
        assert peer.read_packet()[3] == 0x88
    peer, code = answered(rig, gateway, "later")
    assert code == 0x88, "it has waited, too"


def test_open_sessions_do_not_wait(rig):
    gateway = rig.gateway([broker(rig)], location="limit_pending_connects 1;")
    for number in range(5):
        opens(rig, gateway, f"c{number}")


# What the operator sees


def test_metrics(rig):
    side = OperatorSide(rig, [broker(rig)], location="limit_connections per=ip 1; limit_connect_rate per=client_id 1/h;")
    opens(rig, side.gateway, "a")
    assert rig.peer(side.gateway).ask(request()).status == 503
    text = side.ask("GET", "/metrics")[2].decode()
    assert 'sluice_limit_refusals_total{limit="connections",per="ip"} 1\n' in text
    assert 'sluice_limit_refusals_total{limit="memory",per="all"} 0\n' in text
    assert 'sluice_ends_total{cause="connection_limit"} 1\n' in text


def test_a_thousand_addresses_leave_nothing(rig):
    """All of 127.1.x.y: each gets its session, and memory stays flat (the table itself has its own test)."""
    gateway = rig.gateway([broker(rig)], location="limit_connections per=ip 1;", listen=[f"127.0.0.1:{harness.free_port()}"])
    for number in range(1000):
        with connect(gateway.address, source=f"127.1.{number // 250}.{number % 250 + 1}") as connection:
            connection.sendall(request())
            assert connection.recv(65_536).startswith(b"HTTP/1.1 101 ")
            connection.shutdown(socket.SHUT_RDWR)
    gateway.ended_count(1000)
    assert {line["status_reason"] for line in gateway.access()} == {"client_lost"}
