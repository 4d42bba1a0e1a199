"""A service of the operator's decides: what it is told, what its answers come to, and what happens when it fails."""

import base64
import time

import pytest

import fakebroker
import mqttbytes
from authserver import AuthServer
from harness import eventually, free_port
from mqttbytes import VERSIONS
from refusals import admitted, code, expect_refused

ALLOW = {"result": "allow"}


def start(rig, location="", brokers=None, answer=ALLOW, **options):
    """A service and a gateway that asks it."""
    service = rig.keep(AuthServer(rig.path("service"), body=answer))
    one = rig.gateway(
        brokers or [rig.fake(fakebroker.keep_open)], location=f"auth_http {service.url}; {location}", **options
    )
    return service, one


# Answers that nobody has agreed on


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "kind, body",
    [
        ("text/html", "<html><body><h1>200 OK, but from a proxy</h1></body></html>"), ("text/plain", "denied"),
        ("text/plain", "false"), ("text/plain", "no"), ("", "0"),
    ],
)  # fmt: skip
def test_unknown_content_lets_nobody_in(rig, version, kind, body):
    """A 2xx answer that is neither JSON nor empty nor a known word is the service's failure."""
    service, one = start(rig)
    service.answer(body, kind=kind)
    expect_refused(rig, one, "auth_unavailable", version, username="alice", password=b"secret")
    eventually(lambda: f'starting with "{body[:40]}"' in one.output(), "what came, in the log")


# The question

@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_question(rig, version, tls):
    service, one = start(
        rig, "auth_http_headers Cookie X-Chosen; auth_http_set_header X-Api-Key abc;", server="server_name localhost;",
        tls=rig.certificate if tls else None,
    )  # fmt: skip
    peer = admitted(
        rig, one, version, "web-1", tls=tls or None, username="älice", password=b"geheim",
        extra=["Cookie: a=b", "X-Chosen: 1", "X-Other: 2"],
    )  # fmt: skip
    question = service.questions[0]
    assert question["method"] == "POST"
    assert question["headers"]["content-type"] == "application/json"
    assert question["headers"]["x-api-key"] == "abc"
    assert service.asked == [
        {
            "client_id": "web-1", "username": "älice", "password": "geheim", "remote_addr": "127.0.0.1",
            "remote_port": peer.socket.getsockname()[1], "ssl_client_cn": None,
            "protocol_version": {3: "3.1", 4: "3.1.1", 5: "5.0"}[version], "server_name": "localhost",
            "headers": {"cookie": "a=b", "x-chosen": "1"},
        }
    ]  # fmt: skip


def test_question_without_credentials_and_with_binary_ones(rig):
    service, one = start(rig)
    admitted(rig, one, 5, "c")
    admitted(rig, one, 5, "c", username='q"\\', password=b"\xff\x00\x01")
    first, second = service.asked
    assert (first["username"], first["password"]) == (None, None) and "password_base64" not in first
    assert (second["username"], second["password"]) == ('q"\\', None)
    assert base64.b64decode(second["password_base64"]) == b"\xff\x00\x01"


# The answer

DENY = "credentials_refused"
DOWN = "auth_unavailable"
ANSWERS = [
    (dict(body=ALLOW), None),
    (dict(body=ALLOW, kind="text/plain"), None),
    (dict(status=204), None),
    (dict(body="welcome", kind="text/plain"), DOWN),
    (dict(body="allow", kind="text/plain"), None),
    (dict(body={"result": "deny"}), DENY),
    (dict(body={"result": "deny", "reason": "banned"}, status=200), DENY),
    (dict(body="deny", kind="text/plain"), DENY),
    (dict(body={"result": "ignore"}), "credentials_missing"),
    (dict(status=401), DENY),
    (dict(status=403), "not_authorized"),
    (dict(status=302, headers={"Location": "/elsewhere"}), DOWN),
    (dict(status=404), DOWN),
    (dict(status=500, body=ALLOW), DOWN),
    (dict(status=503), DOWN),
    (dict(body='{"result":'), DOWN),
    (dict(body='{"result":"allow"} x'), DOWN),
    (dict(body='{"result":"deny","result":"allow"}'), DOWN),
    (dict(body="[]"), DOWN),
    (dict(body={}), DOWN),
    (dict(body={"result": True}), DOWN),
    (dict(body={"result": "yes"}), DOWN),
    (dict(body={"result": "allow", "username": 5}), DOWN),
    (dict(body={"result": "allow", "client_id": ["a"]}), DOWN),
    (dict(body={"result": "allow", "expires_at": "tomorrow"}), DOWN),
    (dict(body={"result": "allow", "expires_at": 1000}), DENY),
    (dict(body={"result": "allow", "username": "a\x00b"}), DOWN),
    (dict(body={"result": "allow", "username": None, "client_id": None, "expires_at": None}), None),
    (dict(body=" " * 100_000 + '{"result":"allow"}'), DOWN),
    (dict(body="[" * 60_000), DOWN),
    (dict(close="before"), DOWN),
]


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("answer, cause", ANSWERS, ids=[str(row[0])[:48] for row in ANSWERS])
def test_answer(rig, answer, cause, version):
    broker = rig.fake(fakebroker.keep_open)
    service, one = start(rig, brokers=[broker])
    service.answer(**answer)
    if cause is None:
        admitted(rig, one, version, username="u", password=b"geheim")
    else:
        expect_refused(rig, one, cause, version, username="u", password=b"geheim")
        assert broker.connections == []
    assert "geheim" not in one.output()


SEEN = [(dict(body={"result": "deny"}), DENY), (dict(status=403), "not_authorized"), (dict(status=500), DOWN)]


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_mqttjs_and_paho_see_the_refusal(rig, version, tls):
    service, one = start(rig, brokers=[rig.mosquitto()], tls=rig.certificate)
    port = one.tls_port if tls else one.port
    url = f"ws{'s' if tls else ''}://localhost:{port}/mqtt"
    options = {"protocolVersion": version, "username": "u", "password": "p"}
    if version == 3:
        options["protocolId"] = "MQIsdp"
    own = {"username": "u", "password": "p", "tls": rig.certificate.client_context() if tls else None}
    rig.node(url, **options)
    assert not rig.paho(port, version, "p1", **own).reason.is_failure
    for answer, cause in SEEN:
        service.answer(**answer)
        bad = rig.node(url, connect=False, **options)
        assert bad.event("error")["code"] == code(cause, version)
        # paho shows the codes of 3.x as their 5.0 namesakes.
        assert rig.paho(port, version, "p2", **own).reason.value == code(cause, 5)
        one.ended(status_reason=cause)


@pytest.mark.parametrize("version", [4, 5])
def test_names_of_the_answer_reach_the_broker(rig, version):
    """And a 5.0 client that sent no identifier is told which one it has (5.0 §3.2.2.3.7)."""
    broker = rig.fake(fakebroker.keep_open)
    service, one = start(
        rig, brokers=[broker], answer={**ALLOW, "username": "tenant/alice", "client_id": "given-1"}
    )
    peer = rig.peer(one)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(version, "", username="alice", password=b"geheim"))
    answer = peer.read_packet()
    assert answer[0] == 0x20 and answer[3] == 0
    assert (b"\x12\x00\x07given-1" in answer) == (version == 5)
    broker.received(mqttbytes.connect(version, "given-1", username="tenant/alice", password=b"geheim"))


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_expires_at_ends_the_session(rig, version, tls):
    _, one = start(rig, answer={**ALLOW, "expires_at": int(time.time()) + 2}, tls=rig.certificate)
    peer = admitted(rig, one, version, tls=tls or None)
    peer.expect_close(1008, before=mqttbytes.goodbye(0xA0, "the credentials have expired") if version == 5 else b"")
    assert one.ended(status_reason="token_expired")["auth_method"] == "http"


# Failures

@pytest.mark.parametrize("on_failure", ["refuse", "allow", "ignore"])
@pytest.mark.parametrize("version", VERSIONS)
def test_on_failure(rig, on_failure, version):
    """`ignore` leaves it to the other methods: here to a file that knows nobody of that name."""
    users = rig.path("users") / "users"
    users.write_text("")
    service, one = start(rig, f"auth_http_on_failure {on_failure}; auth_password_file {users};")
    service.close()
    options = {"username": "u", "password": b"p"}
    if on_failure == "allow":
        admitted(rig, one, version, **options)
    else:
        cause = DOWN if on_failure == "refuse" else DENY
        expect_refused(rig, one, cause, version, **options)


def test_the_operator_reads_once_that_it_fails_and_once_that_it_is_back(rig):
    service, one = start(rig)
    service.answer(status=500)
    for _ in range(5):
        expect_refused(rig, one, DOWN)
    service.answer(ALLOW)
    for _ in range(5):
        admitted(rig, one)
    assert one.output().count("[error] auth_http") == 1 and "status 500" in one.output()
    assert one.output().count("is available again") == 1


def test_a_service_that_hangs(rig):
    """auth_http_timeout, and auth_timeout where that is shorter."""
    service, one = start(rig, "auth_http_timeout 200ms;")
    service.answer(close="hang")
    expect_refused(rig, one, DOWN, 5)
    service, one = start(rig, "auth_http_timeout 30s; auth_timeout 200ms;")
    service.answer(close="hang")
    expect_refused(rig, one, "auth_timeout", 5)


def test_a_full_queue_is_told_as_busy(rig):
    service, one = start(rig, "auth_http_connections 1; auth_http_queue 1; auth_http_timeout 20s;")
    service.answer(close="hang")
    waiting = []
    for index in range(2):
        peer = rig.peer(one)
        peer.upgrade()
        peer.send_mqtt(mqttbytes.connect(5, f"w{index}"))
        waiting.append(peer)
    eventually(lambda: service.questions, "the first question")

    def busy():
        peer = rig.peer(one)
        peer.upgrade()
        peer.send_mqtt(mqttbytes.connect(5, "late"))
        peer.socket.settimeout(1)
        return peer.read_packet()[3] == 0x89

    eventually(busy, "CONNACK 0x89")
    expect_refused(rig, one, "auth_busy", 4)


def test_a_client_that_leaves_while_it_waits_is_not_asked_about(rig):
    service, one = start(rig, "auth_http_connections 1;")
    service.answer(ALLOW, delay=0.5)
    first = rig.peer(one)
    first.upgrade()
    first.send_mqtt(mqttbytes.connect(4, "first"))
    eventually(lambda: service.questions, "the first question")
    for index in range(10):
        leaving = rig.peer(one)
        leaving.upgrade()
        leaving.send_mqtt(mqttbytes.connect(4, f"leaving{index}"))
        leaving.reset()
    one.ended_count(10)
    admitted(rig, one, 4, "last")
    assert [question["client_id"] for question in service.asked] == ["first", "last"]


# Connections

def test_connections_are_kept(rig):
    service, one = start(rig)
    for index in range(50):
        admitted(rig, one, 4, f"c{index}").close()
    assert len({question["connection"] for question in service.questions}) <= 2


def test_a_dead_connection_costs_no_client(rig):
    """The service has closed what was kept, or closes after each answer."""
    service, one = start(rig)
    for _ in range(10):
        admitted(rig, one)
        service.drop_connections()
    service.answer(ALLOW, close="after")
    for _ in range(20):
        admitted(rig, one)


def test_a_service_that_breaks_every_connection_is_tried_twice(rig):
    """Once on the connection that was kept, once on a fresh one, and no further."""
    service, one = start(rig)
    admitted(rig, one)
    service.answer(close="before")
    expect_refused(rig, one, DOWN, username="u")
    assert [question["connection"] for question in service.questions] == [1, 1, 2]


def test_cache(rig):
    """An answer holds for the same question. The address is a part of it: a unix socket's clients have none."""
    path = rig.path("socket") / "s"
    service, one = start(rig, "auth_http_cache 1m;", listen=[f"unix:{path}", f"127.0.0.1:{free_port()}"])

    def connect(password):
        peer = rig.peer(str(path))
        peer.open_mqtt(4, "c", username="u", password=password)

    for password in (b"p", b"p", b"other", b"p", b"other"):
        connect(password)
    assert [question["password"] for question in service.asked] == ["p", "other"]
    service.answer({"result": "deny"})
    connect(b"p")


def test_a_thousand_clients_at_a_slow_service(rig):
    """100 ms for each answer, 1,000 CONNECTs at once: all are let in, and an open session is served meanwhile."""
    service, one = start(rig, "auth_http_connections 256; auth_http_timeout 20s; auth_timeout 20s;",
                         brokers=[rig.fake(fakebroker.echo)])  # fmt: skip
    other = admitted(rig, one, 4, "other")
    service.answer(ALLOW, delay=0.1)
    peers = []
    for index in range(1000):
        peer = rig.peer(one)
        peer.upgrade()
        peers.append(peer)
    for index, peer in enumerate(peers):
        peer.send_mqtt(mqttbytes.connect(4, f"c{index}"))
    pongs = 0
    left = list(peers)
    while left:
        other.send_mqtt(mqttbytes.PINGREQ)
        assert other.read_packet() == mqttbytes.PINGRESP
        pongs += 1
        assert left[0].read_packet()[:4] == b"\x20\x02\x00\x00"
        left = left[1:]
    assert pongs == 1000
    assert len(service.questions) == 1001
    # 1,000 at 256 a time and 100 ms each take 0.4 s at least: many were under way at once.
    assert len({question["connection"] for question in service.questions}) <= 257
    for peer in peers:
        peer.close()
    one.ended_count(1000)
    assert one.stop() == 0
    assert "longer than 5 ms" in one.output()
