"""The JSON API, written: what it changes is changed, logged, and outlasts what it should."""

import json
import urllib.parse

import pytest

import fakebroker
import mqttbytes
from harness import eventually
from openapi import Api
from reloads import reload


def peer_path(api, index=0):
    peer = api.get("upstreams")["upstreams"][0]["peers"][index]
    return f"upstreams/brokers/peers/{urllib.parse.quote(peer['address'], safe='')}"


# Ending connections


@pytest.mark.parametrize("version", [4, 5])
def test_a_kick_by_id(rig, version):
    api = Api(rig, [rig.fake(fakebroker.echo)])
    peer, other = (rig.opened(api.gateway, version, client_id=name) for name in ("kicked", "other"))
    (one,) = api.connections("?client_id=kicked")
    assert api.ask("DELETE", f"connections/{one['id']}")[0] == 204
    peer.expect_close(1008, before=mqttbytes.goodbye(0x98, "closed by the operator") if version == 5 else b"")
    line = api.gateway.ended(mqtt_client_id="kicked")
    assert line["status_reason"] == "kicked"
    assert "ended the connection " + one["id"] in api.gateway.output() and "token in line 1" in api.gateway.output()
    end = api.get(f"connections/{one['id']}")["end"]
    assert end["cause"] == "kicked" and end["side"] == "gateway" and end["websocket_code"] == 1008
    assert end["mqtt_reason"] == (0x98 if version == 5 else None)
    assert api.ask("DELETE", f"connections/{one['id']}")[0] == 404
    other.send_mqtt(mqttbytes.publish("t", b"still here", version=version))
    assert other.read_packet()


def test_a_kick_by_filter(rig):
    api = Api(rig, [rig.fake()])
    for number in range(200):
        rig.opened(api.gateway, client_id=f"{'a' if number % 2 else 'b'}{number}")
    assert api.problem("DELETE", "connections")[0] == 400
    assert api.problem("DELETE", "connections?limit=5")[0] == 400
    assert api.change("DELETE", "connections?client_id=a*") == (200, {"closed": 100})
    eventually(lambda: api.get("connections?client_id=a*")["total"] == 0, "they are gone")
    assert api.get("connections?client_id=b*")["total"] == 100
    # The connection that asks is among those that match, and gets its answer.
    assert api.change("DELETE", "connections?address=127.0.0.1") == (200, {"closed": 100})
    eventually(lambda: api.get("status")["ends"].get("kicked") == 200, "they are counted")
    assert "ended 100 connections that match client_id=a*" in api.gateway.output()


# Peers


def test_a_drained_peer_gets_nothing_until_it_is_put_back(rig):
    brokers = [rig.fake(), rig.fake()]
    api = Api(rig, brokers)
    path = peer_path(api)
    _, peer = api.change("PATCH", path, {"drain": True})
    assert peer["state"] == "draining" and peer["changed"] == {"drain": True} and peer["share"] == 0
    eventually(lambda: api.get(path)["state"] == "draining", "both loops know")
    for number in range(10):
        rig.opened(api.gateway, client_id=f"c{number}")
    assert [len(broker.connections) for broker in brokers] == [0, 10]
    # A reload does not undo it.
    reload(api.gateway)
    assert api.get(path)["changed"] == {"drain": True}
    rig.opened(api.gateway, client_id="after")
    assert not brokers[0].connections
    _, peer = api.change("PATCH", path, {"drain": None})
    assert peer["state"] == "up" and peer["changed"] == {} and not peer["drain"]
    for number in range(4):
        rig.opened(api.gateway, client_id=f"d{number}")
    assert brokers[0].connections
    assert "changed the server" in api.gateway.output() and " drain; asked for by token in line 1" in api.gateway.output()


def test_weight_and_max_conns(rig):
    brokers = [rig.fake(), rig.fake()]
    api = Api(rig, brokers, upstream="least_conn;", worker_threads=1)
    _, peer = api.change("PATCH", peer_path(api), {"weight": 3, "max_conns": 5})
    assert peer["weight"] == 3 and peer["share"] == 0.75 and peer["changed"] == {"weight": 3, "max_conns": 5}
    for number in range(8):
        rig.opened(api.gateway, client_id=f"c{number}")
    first, second = api.get("upstreams")["upstreams"][0]["peers"]
    assert (first["sessions"], second["sessions"]) == (5, 3)
    assert first["state"] == "full" and first["share"] == 0 and second["share"] == 1
    _, peer = api.change("PATCH", peer_path(api), {"max_conns": None})
    assert peer["changed"] == {"weight": 3} and peer["state"] == "up"


@pytest.mark.parametrize(
    "body, status, detail",
    [
        (b"", 400, "not JSON"), (b"{", 400, "not JSON"), (b'{"weight":1,"weight":2}', 400, "twice"),
        (b"[" * 100, 400, "deep"), (b"[]", 422, "must be an object"), (b"{}", 422, "changes nothing"),
        (b'{"weigth":1}', 422, 'no member "weigth"; known: weight, max_conns, down, drain'),
        (b'{"weight":0}', 422, "weight: must be a whole number from 1 to 65535"),
        (b'{"weight":65536}', 422, "weight:"), (b'{"weight":1.5}', 422, "weight:"), (b'{"weight":"2"}', 422, "weight:"),
        (b'{"weight":99999999999999999999}', 422, "weight:"), (b'{"max_conns":-1}', 422, "max_conns:"),
        (b'{"down":1}', 422, "down: must be true or false"), (b'{"drain":"yes"}', 422, "drain:"),
        (b'{"weight":2,"drain":"yes"}', 422, "drain:"),
    ],
)  # fmt: skip
def test_changes_that_are_refused_change_nothing(rig, body, status, detail):
    api = Api(rig, [rig.fake()])
    path = peer_path(api)
    assert api.problem("PATCH", path, body)[0] == status
    assert detail in api.problem("PATCH", path, body)[1]
    assert api.get(path)["changed"] == {}


# Reload


def test_reload(rig):
    api = Api(rig, [rig.fake()])
    assert api.change("POST", "reload") == (200, {"generation": 2})
    state = api.get("status")["generation"]
    assert state["number"] == 2 and state["reloads"] == {"succeeded": 1, "failed": 0}
    api.gateway.config_path.write_text("worker_threads nonsense;\n")
    status, detail = api.problem("POST", "reload")
    assert status == 422 and "worker_threads" in detail and "stays in use" in detail
    state = api.get("status")["generation"]
    assert state["number"] == 2 and state["reloads"] == {"succeeded": 1, "failed": 1}
    assert "worker_threads" in state["last_failure"]["detail"]
    assert "API: reloads the configuration; asked for by token in line 1, client 127.0.0.1" in api.gateway.output()


# Who is allowed


@pytest.mark.parametrize(
    "method, path", [("DELETE", "connections/0123456789abcdef"), ("DELETE", "connections?q=a"), ("POST", "reload"),
                     ("PATCH", "upstreams/brokers/peers/127.0.0.1%3A1")],
)  # fmt: skip
def test_changes_need_the_directive_and_credentials(rig, method, path):
    api = Api(rig, [rig.fake()], write=False)
    status, detail = api.problem(method, path, b"{}" if method == "PATCH" else None)
    assert status == 403 and "api write=on" in detail
    api = Api(rig, [rig.fake()])
    assert api.problem(method, path, token="")[0] == 401
    assert api.problem(method, path, token="wrong-token-wrong-token-wrong")[0] == 401
    assert api.get("status")["generation"]["number"] == 1
