"""The service of auth_http as a server: TLS, restarts, slow and broken answers, and who waits meanwhile."""

import signal

import pytest

import fakebroker
import harness
import mqttbytes
from authserver import AuthServer
from certificates import Authority
from harness import eventually, free_port
from mqttbytes import VERSIONS, connect, publish
from refusals import admitted, code, expect_refused

ALLOW = {"result": "allow"}
DOWN = "auth_unavailable"


def start(rig, location="", broker=None, answer=None, **options):
    service = rig.keep(AuthServer(rig.path("service"), **(answer or {"body": ALLOW})))
    broker = broker or rig.fake(fakebroker.keep_open)
    one = rig.gateway([broker], location=f"auth_http {service.url}; {location}", **options)
    return service, broker, one


def waiting(rig, one, client_id="w", version=4, *, tls=None, **options):
    """A client whose CONNECT is sent, and not answered yet."""
    peer = rig.peer(one, tls=tls)
    peer.upgrade()
    peer.send_mqtt(connect(version, client_id, **options))
    return peer


# Each client has its own answer

@pytest.mark.parametrize("connections", [1, 16])
def test_answers_are_not_mixed_up(rig, connections):
    """300 clients at once, answers in another order than the questions: each goes on under its own name."""
    _, broker, one = start(
        rig, f"auth_http_connections {connections}; auth_http_timeout 20s; auth_timeout 20s;",
        answer={"body": "names", "delay": 0.1 if connections > 1 else 0},
    )  # fmt: skip
    peers = {f"c{index}": waiting(rig, one, f"c{index}") for index in range(300)}
    for peer in peers.values():
        assert peer.read_packet() == mqttbytes.connack(4)
    # A message of each finds the connection that belongs to it.
    for name, peer in peers.items():
        peer.send_mqtt(publish(name))
    expected = {connect(4, f"id-{name}", username=f"user-{name}") + publish(name) for name in peers}
    eventually(
        lambda: {bytes(connection.received) for connection in broker.connections} == expected,
        lambda: f"{len(expected)} connections to the broker, each with its own name",
    )


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_what_follows_the_connect_is_held_in_order(rig, version, tls):
    """More than the gateway holds (64 KiB): the rest stays where it is until the answer is there."""
    _, broker, one = start(rig, answer={"body": ALLOW, "delay": 0.3}, tls=rig.certificate)
    peer = rig.peer(one, tls=tls or None)
    peer.upgrade()
    packets = [publish(f"t{index}", bytes([index]) * 2000, version=version) for index in range(100)]
    hello = connect(version, "c")
    for packet in (hello, *packets):
        peer.send_mqtt(packet)  # that may block, until the answer is there
    assert peer.read_packet()[:1] == b"\x20"
    broker.received(hello + b"".join(packets))


def test_a_client_that_leaves_while_the_service_thinks(rig):
    """Its answer comes to nothing: no broker hears of it, and the connection serves the next one."""
    service, broker, one = start(rig, "auth_http_connections 1;", answer={"body": ALLOW, "delay": 0.3})
    leaving = waiting(rig, one, "leaving")
    eventually(lambda: service.questions, "the question")
    leaving.reset()
    assert one.ended_count(1)[0]["status_reason"] == "client_lost"
    admitted(rig, one, client_id="next")
    assert [mqttbytes.client_id(connection.packets()[0]) for connection in broker.connections] == ["next"]


# Limits

@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_queue_the_next_client_is_told_at_once(rig, version):
    service, _, one = start(rig, "auth_http_connections 1; auth_http_queue 0; auth_http_timeout 20s;")
    service.answer(ALLOW, close="hang")
    first = waiting(rig, one)
    eventually(lambda: service.questions, "the first question")
    expect_refused(rig, one, "auth_busy", version)
    assert len(service.questions) == 1
    first.close()
    assert "[error]" not in one.output(), "a full queue is no failure of the service"


def test_a_full_queue_is_no_failure_that_on_failure_lets_in(rig):
    service, broker, one = start(
        rig, "auth_http_connections 1; auth_http_queue 0; auth_http_timeout 20s; auth_http_on_failure allow;"
    )
    service.answer(ALLOW, close="hang")
    waiting(rig, one)
    eventually(lambda: service.questions, "the first question")
    expect_refused(rig, one, "auth_busy", 5)
    assert broker.connections == []


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_auth_timeout_is_shorter_than_the_service_takes(rig, version, tls):
    service, broker, one = start(
        rig, "auth_timeout 100ms; auth_http_timeout 5s;", answer={"body": ALLOW, "delay": 0.5}, tls=rig.certificate
    )
    line = expect_refused(rig, one, "auth_timeout", version, tls=tls or None)
    assert 0.1 <= line["duration"] < 0.5 * harness.PATIENCE
    assert broker.connections == []
    # The service was not at fault: nothing is said about it.
    assert "[error]" not in one.output()
    assert len(service.questions) == 1


# Broken and slow answers

ANSWERS = {
    # Answer, whether the client is allowed in.
    "a chunked body": (
        dict(body='5\r\n{"res\r\nd\r\nult":"allow"}\r\n0\r\n\r\n',
             headers={"Content-Length": "", "Transfer-Encoding": "chunked"}), True,
    ),
    "no length, up to the end": (dict(body=ALLOW, headers={"Content-Length": ""}, close="after"), True),
    "byte by byte": (dict(body=ALLOW, pace=0.001), True),
    "a byte order mark": (dict(body='\ufeff{"result":"allow"}'), True),
    "an unknown field": (dict(body={**ALLOW, "more": [1, {"a": None}]}), True),
    "slower than the time limit": (dict(body=ALLOW, pace=0.05), False),
    "shorter than its length": (dict(body=ALLOW, headers={"Content-Length": "100"}, close="after"), False),
    "a chunk that does not end": (
        dict(body='12\r\n{"result":"allow"}', headers={"Content-Length": "", "Transfer-Encoding": "chunked"},
             close="after"), False,
    ),
    "a head without end": (dict(body=ALLOW, headers={"X": "y" * 900_000}), False),
    "two objects": (dict(body='{"result":"allow"}{"result":"deny"}'), False),
    "a status that is none": (dict(body=ALLOW, status=99), False),
    "a switch of protocols": (dict(body=ALLOW, status=101), False),
    "JSON that says it is none": (dict(body='{"result":"deny"}', kind="text/plain"), "credentials_refused"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_answer(rig, name):
    answer, expected = ANSWERS[name]
    _, broker, one = start(rig, "auth_http_timeout 500ms;", answer=answer)
    if expected is True:
        admitted(rig, one)
    else:
        expect_refused(rig, one, expected or DOWN)
        assert broker.connections == []


@pytest.mark.parametrize("version", VERSIONS)
def test_an_identifier_of_the_answer_that_the_version_does_not_allow(rig, version):
    """An empty one: refused in 3.1, and in 3.1.1 for a session that is to be kept [MQTT-3.1.3-8]; 5.0 lets the broker
    choose."""
    _, broker, one = start(rig, answer={"body": {**ALLOW, "client_id": ""}})
    if version == 5:
        admitted(rig, one, version, clean=False)
        broker.received(connect(5, "", clean=False))
        return
    refused = waiting(rig, one, version=version, clean=False)
    refused.read_close()
    assert bytes(refused.mqtt) == mqttbytes.connack(version, 0x02)
    refused.close()
    one.ended(status_reason="identity_refused")
    assert broker.connections == []


# Down, and back

@pytest.mark.parametrize("version", VERSIONS)
def test_down_and_back(rig, version):
    """The process ends and a new one takes its port: one line each, however many clients come."""
    service, broker, one = start(rig)
    admitted(rig, one, version, "before")
    service.close()
    service.process.wait()
    for _ in range(5):
        expect_refused(rig, one, DOWN, version)
    back = rig.keep(AuthServer(rig.path("service"), port=service.port, body=ALLOW))
    for _ in range(5):
        admitted(rig, one, version, "after")
    assert len(back.questions) == 5
    output = one.output()
    assert output.count("[error] auth_http") == 1 and output.count("is back") == 1
    assert output.index("[error] auth_http") < output.index("is back")
    assert len(broker.connections) == 6


def test_down_from_the_start(rig):
    """The gateway starts all the same."""
    port = free_port()
    one = rig.gateway([rig.fake(fakebroker.keep_open)], location=f"auth_http http://127.0.0.1:{port}/auth;")
    expect_refused(rig, one, DOWN, 5)
    rig.keep(AuthServer(rig.path("service"), port=port, body=ALLOW))
    admitted(rig, one, 5)


@pytest.mark.parametrize("number, cause", [(signal.SIGTERM, "shutdown"), (signal.SIGQUIT, "drained")])
def test_the_gateway_ends_while_the_service_hangs(rig, number, cause):
    """It waits for no answer, and its clients are told: they come back at once."""
    _, broker, one = start(
        rig, "auth_http_timeout 1m; auth_timeout 1m; auth_http_connections 4;", answer={"body": ALLOW, "close": "hang"},
        main="worker_shutdown_timeout 1s;",
    )  # fmt: skip
    peers = [waiting(rig, one, f"c{index}", 5) for index in range(20)]
    one.send_signal(number)
    for peer in peers:
        peer.expect_close(1001)
    assert one.process.wait() == 0
    assert [line["status_reason"] for line in one.access()] == [cause] * 20
    assert broker.connections == []


# Over TLS

@pytest.mark.parametrize("kind", ["trusted", "not trusted", "another name"])
def test_a_service_over_tls(rig, kind, tmp_path_factory):
    certificate = rig.certificate
    if kind == "another name":
        certificate = rig.authority.issue("elsewhere", "DNS:elsewhere.example")
    trusted = rig.authority
    if kind == "not trusted":
        trusted = Authority(tmp_path_factory.mktemp("other"), "Another authority")
    service = rig.keep(AuthServer(rig.path("service"), tls=certificate, body=ALLOW))
    location = f"auth_http {service.url}; auth_trusted_certificate {trusted.certificate};"
    one = rig.gateway([rig.fake(fakebroker.keep_open)], location=location)
    if kind == "trusted":
        for _ in range(10):
            admitted(rig, one, username="u", password=b"geheim").close()
        assert len({question["connection"] for question in service.questions}) == 1
    else:
        expect_refused(rig, one, DOWN, 5, username="u", password=b"geheim")
        assert service.questions == []
        eventually(lambda: "certificate" in one.output(), "the log line")


# The cache

def test_the_cache_knows_a_question_by_all_that_counts(rig):
    """Not by the port: each client has another one."""
    listen = [f"127.0.0.1:{free_port()}", f"[::1]:{free_port()}"]
    service, _, one = start(rig, "auth_http_cache 1m; auth_http_headers Cookie;", listen=listen)

    def come(version=4, client_id="c", listener=0, **options):
        extra = options.pop("extra", ())
        peer = rig.peer(one.listeners[listener])
        peer.upgrade(extra=extra)
        peer.send_mqtt(connect(version, client_id, **options))
        assert peer.read_packet()[3] == 0

    good = {"username": "u", "password": b"p"}
    different = [
        {**good}, {**good, "version": 5}, {**good, "client_id": "d"}, {**good, "listener": 1}, {"username": "u"}, {},
        {**good, "extra": ["Cookie: a=b"]}, {"username": "", "password": b"p"}, {"username": "up", "password": b""},
    ]  # fmt: skip
    for _ in range(3):
        for options in different:
            come(**options)
    assert len(service.questions) == len(different)


def test_the_cache_holds_no_refusal_and_ends(rig):
    service, _, one = start(rig, "auth_http_cache 1s;", answer={"body": {"result": "deny"}})
    for _ in range(2):
        expect_refused(rig, one, "credentials_refused", username="u", password=b"p")
    service.answer(ALLOW)
    admitted(rig, one, username="u", password=b"p")
    service.answer({"result": "deny"})
    admitted(rig, one, username="u", password=b"p")

    def is_over():
        peer = waiting(rig, one, "c", username="u", password=b"p")
        return peer.read_packet()[3] == code("credentials_refused", 4)

    eventually(is_over, "the end of what was remembered", interval=0.1)
