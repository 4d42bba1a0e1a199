"""`POST trace`: the packets of one client while they pass."""

import base64
import json
import socket
import threading

import pytest

import fakebroker
import mqttbytes
from harness import DEADLINE, eventually
from operator_side import TOKEN, OperatorSide


class Lines:
    """The lines of a trace, read by a thread while they come."""

    def __init__(self, side, **wanted):
        self.connection = side.connection(timeout=DEADLINE * 3)
        self.connection.request(
            "POST",
            "/api/trace",
            body=json.dumps(wanted),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers["Content-Type"] == "application/jsonl"
        assert self.response.headers["Transfer-Encoding"] == "chunked"
        self.all = [json.loads(self.response.readline())]
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            while line := self.response.readline():
                self.all.append(json.loads(line))
        except (OSError, ValueError, AttributeError):
            pass  # closed by the test

    def of(self, direction):
        return [line for line in list(self.all) if line.get("direction") == direction]

    def ended(self):
        """The last line, once the answer is over."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        return self.all[-1]

    def close(self):
        self.connection.sock.shutdown(socket.SHUT_RDWR)  # the reader holds it open
        self.connection.close()


@pytest.fixture
def side(rig):
    return OperatorSide(rig, [rig.fake(fakebroker.echo)])


@pytest.mark.parametrize("version", [4, 5])
def test_a_client_that_comes_is_seen_from_its_connect_to_its_end(rig, side, version):
    lines = Lines(side, client_id="traced", seconds=60, payload=True)
    assert lines.all[0] == {
        "trace": "began",
        "client_id": "traced",
        "seconds": 60,
        "max_bytes": 1 << 20,
        "payload": True,
    }
    other = rig.peer(side.gateway)
    other.open_mqtt(version, "other")
    peer = rig.peer(side.gateway)
    peer.open_mqtt(version, "traced", username="alice", password=b"very secret")
    peer.send_mqtt(mqttbytes.publish("a/b", b"hello", version=version, qos=1, packet_id=7))
    assert peer.read_packet()[0] == 0x32
    other.send_mqtt(mqttbytes.publish("a/b", b"not ours", version=version))
    peer.send_mqtt(mqttbytes.disconnect(version=version))
    eventually(lambda: any(line.get("type") == "end" for line in list(lines.all)), "the end of the session")
    received, sent = lines.of("received"), lines.of("sent")
    assert [line["type"] for line in received] == ["connect", "publish", "disconnect"]
    assert [line["type"] for line in sent] == ["connack", "publish", "end"]
    publish = received[1]
    assert (publish["topic"], publish["qos"], publish["packet_id"]) == ("a/b", 1, 7)
    assert publish["payload_bytes"] == 5 and base64.b64decode(publish["payload_base64"]) == b"hello"
    assert received[0]["client_id"] == "traced" and received[0]["mqtt_version"] == ("5.0" if version == 5 else "3.1.1")
    assert sent[-1]["cause"] == "client_disconnect"
    text = json.dumps(lines.all)
    assert "secret" not in text and "bm90IG91cnM" not in text and "alice" not in text
    lines.close()


def test_a_session_that_is_there_joins_by_its_address_without_payloads(rig, side):
    peer = rig.opened(side.gateway, 4, "before")
    lines = Lines(side, address="127.0.0.1", seconds=60)
    peer.send_mqtt(mqttbytes.publish("t", b"x" * 100_000))
    peer.read_packet()
    eventually(lambda: lines.of("sent"), "a line")
    (line,) = lines.of("received")
    assert line["topic"] == "t" and line["payload_bytes"] == 100_000 and "payload_base64" not in line
    lines.close()
    # The gateway notices that nobody reads on.
    eventually(lambda: side.gateway.output().count("is traced for") == 1, "the notice")
    peer.send_mqtt(mqttbytes.publish("t", b"y"))
    peer.read_packet()


def test_time_and_size_end_it(rig, side):
    assert Lines(side, client_id="nobody", seconds=1).ended() == {"trace": "ended", "reason": "time"}
    peer = rig.opened(side.gateway, 4, "busy")
    lines = Lines(side, client_id="busy", seconds=60, max_bytes=2048)
    for _ in range(20):
        peer.send_mqtt(mqttbytes.publish("t", b"x"))
        peer.read_packet()
    assert lines.ended() == {"trace": "ended", "reason": "size"}
    assert sum(len(json.dumps(line)) for line in lines.all) < 4096


def test_what_is_wrong_with_a_request_is_said(rig, side):
    for body, part in [
        ({}, "client_id"),
        ({"client_id": "a", "address": "::1"}, "either"),
        ({"address": "example.com"}, "IPv4 or IPv6"),
        ({"client_id": "a", "seconds": 0}, "1 to 3600"),
        ({"client_id": "a", "max_bytes": "1"}, "whole number"),
        ({"client_id": "a", "payload": 1}, "true or false"),
        ({"client_id": "a", "depth": 1}, "depth"),
    ]:
        status, detail = side.problem("POST", "/api/trace", body)
        assert status == 422 and part in detail, (body, detail)
    assert side.problem("POST", "/api/trace", b"[")[0] == 400
    assert side.problem("POST", "/api/trace", {"client_id": "a"}, token=None)[0] == 401
    four = [Lines(side, client_id=f"{number}", seconds=60) for number in range(4)]
    assert side.problem("POST", "/api/trace", {"client_id": "a"})[0] == 429
    four[0].close()
    eventually(lambda: side.ask("POST", "/api/trace", {"client_id": "a", "seconds": 1})[0] == 200, "a place")
    for lines in four[1:]:
        lines.close()


def test_a_gateway_that_stops_ends_it(rig, side):
    lines = Lines(side, client_id="nobody", seconds=600)
    side.gateway.stop()
    lines._thread.join(DEADLINE)
    assert not lines._thread.is_alive()
