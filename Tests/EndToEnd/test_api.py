"""The JSON API, read: what it says is right, and as docs/openapi.json describes it."""

import json
import urllib.parse

import openapi_spec_validator
import pytest

import fakebroker
import harness
import mqttbytes
from harness import eventually
from openapi import DOCUMENT, Api

ID = "0123456789abcdef"


@pytest.fixture
def api(rig):
    return Api(rig, [rig.fake(fakebroker.echo)])


def test_the_document_is_a_valid_description():
    openapi_spec_validator.validate(DOCUMENT)


def test_the_program_has_the_document_of_the_repository(api):
    assert api.get("openapi.json") == DOCUMENT


@pytest.mark.parametrize("path", ["status", "connections", "upstreams", "certificates", "config", "openapi.json"])
def test_every_list_answers_get_head_and_options(api, path):
    api.get(path)
    status, fields, content = api.ask("HEAD", path)
    assert status == 200 and content == b"" and int(fields["Content-Length"]) > 0
    status, fields, _ = api.ask("PUT", path)
    assert status == 405 and "GET, HEAD" in fields["Allow"] and fields["Allow"].endswith("OPTIONS")


@pytest.mark.parametrize(
    "path, detail",
    [
        ("", "There is nothing at"),
        ("nothing", "openapi.json"),
        ("status/", "There is nothing at"),
        ("connections/xyz", "There is nothing at"),
        (f"connections/{ID}", f"There is no connection {ID}"),
        ("upstreams/none/peers/1.2.3.4:1883", "There is no such upstream"),
        ("upstreams/brokers/peers/1.2.3.4:1883", 'has no peer with the address "1.2.3.4:1883"'),
    ],
)
def test_what_is_not_there(api, path, detail):
    status, text = api.problem("GET", path)
    assert status == 404 and detail in text


@pytest.mark.parametrize(
    "path, detail",
    [
        ("connections?client=a", 'unknown parameter "client"; known: client_id, username'),
        ("connections?limit=0", "limit: must be a number from 1 to 1000"),
        ("connections?limit=1&limit=2", 'the parameter "limit" is there twice'),
        ("connections?offset=-1", "offset: must be a number from 0"),
        ("connections?sort=size", 'cannot sort by "size"'),
        ("connections?state=gone", 'there is no state "gone"; known: proxy_header'),
        ("connections?q=%25%GG", "%25"),
        ("connections?q=%C3", "not UTF-8"),
        ("status?verbose=1", "there are none here"),
        (f"connections/{ID}?q=a", "there are none here"),
    ],
)
def test_queries_that_are_refused(api, path, detail):
    status, text = api.problem("GET", path)
    assert status == 400 and detail in text, text


# Status


def test_status_counts(rig, api):
    before = api.get("status")
    assert before["write"] is True and before["process"]["pid"] == api.gateway.pid
    assert before["generation"] | {"loaded_at": ""} == {
        "number": 1, "loaded_at": "", "reloads": {"succeeded": 0, "failed": 0}, "last_failure": None,
    }  # fmt: skip
    assert [loop["index"] for loop in before["loops"]] == [0, 1]
    clients = [rig.opened(api.gateway, client_id=f"c{number}") for number in range(3)]
    for client in clients:
        client.send_mqtt(mqttbytes.publish("t", b"x" * 100))
        client.read_packet()
    size = len(mqttbytes.publish("t", b"x" * 100))
    now = api.get("status")
    assert now["connections"]["by_state"]["open"] == 3 and now["sessions"]["current"] == 3
    assert now["connections"]["current"] == sum(loop["connections"] for loop in now["loops"])
    assert now["connections"]["accepted"] > before["connections"]["accepted"]
    connects = sum(len(mqttbytes.connect(4, f"c{number}")) for number in range(3))
    assert now["received"] == {"bytes": 3 * size + connects, "packets": 6}
    assert now["sent"] == {"bytes": 3 * size + 3 * 4, "packets": 6}
    clients[0].send_mqtt(mqttbytes.disconnect())
    clients[0].read_to_end()
    eventually(lambda: api.get("status")["ends"].get("client_disconnect") == 1, "the end is counted")
    assert api.get("status")["uptime"] >= before["uptime"]


# Connections


def test_a_connection_is_described(rig):
    api = Api(rig, [rig.fake(fakebroker.echo)], tls=True, server="server_name one.example.com;")
    peer = rig.peer(api.gateway, tls=True)
    peer.open_mqtt(5, "a client", username="alice", keepalive=30)
    peer.send_mqtt(mqttbytes.publish("t", b"payload", version=5))
    peer.read_packet()
    (one,) = api.sessions()
    assert api.get(f"connections/{one['id']}")["id"] == one["id"]
    assert one["state"] == "open" and one["remote_addr"] == "127.0.0.1" and one["end"] is None
    assert one["listener"].endswith(f":{api.gateway.tls_port}") and one["server_name"] == "one.example.com"
    assert one["transport"] == "ws" and one["protocol"] == "http/1.1" and one["uri"] == "/mqtt"
    assert one["tls"]["version"] == "TLSv1.3" and not one["tls"]["resumed"]
    assert one["mqtt"]["client_id"] == "a client" and one["mqtt"]["username"] == "alice"
    assert one["mqtt"]["version"] == "5.0" and one["mqtt"]["keepalive"] == 30
    (pool,) = api.get("upstreams")["upstreams"]
    assert one["upstream"] == {"name": "brokers", "peer": pool["peers"][0]["address"], "tries": 1}
    assert one["received"]["packets"] == 2 and one["sent"]["packets"] == 2


def test_filters_sorting_and_pages(rig, api):
    for number in range(12):
        rig.opened(api.gateway, client_id=f"{'sensor' if number % 3 else 'phone'}-{number:02}", username=f"u{number % 2}")
    # The connection of the question is there, too.
    assert api.get("connections")["total"] == 13
    assert {one["state"] for one in api.connections("?state=answering")} == {"answering"}
    names = [one["mqtt"]["client_id"] for one in api.connections("?client_id=sensor-*&sort=-client_id&limit=3&offset=2")]
    assert names == ["sensor-08", "sensor-07", "sensor-05"]
    assert api.get("connections?client_id=sensor-*&limit=1")["total"] == 8
    assert len(api.connections("?username=u1&q=PHONE")) == 2
    assert len(api.connections("?upstream=brokers&address=127.0.*")) == 12
    assert api.connections("?client_id=sensor") == []
    peers = {one["upstream"]["peer"] for one in api.connections("?state=open")}
    assert len(api.connections("?peer=" + urllib.parse.quote(peers.pop()))) == 12


def test_what_a_client_chose_comes_back_as_it_was(rig, api):
    names = ['a"b\\c', "</script><script>", "caf\u00e9 \U0001f600", "a*b", "a b+c&d=e", "\u202eabc"]
    for name in names:
        rig.opened(api.gateway, version=5, client_id=name)
    assert sorted(one["mqtt"]["client_id"] for one in api.sessions()) == sorted(names)
    for name in names:
        (one,) = api.connections("?" + urllib.parse.urlencode({"client_id": name, "state": "open"}))
        assert one["mqtt"]["client_id"] == name


def test_those_that_ended_last(rig, api):
    peer = rig.opened(api.gateway, client_id="gone")
    (one,) = api.connections("?client_id=gone")
    peer.send_mqtt(mqttbytes.disconnect())
    peer.read_to_end()
    (ended,) = eventually(lambda: api.connections("?state=closed&client_id=gone"), "the end")
    assert ended["id"] == one["id"] and ended["state"] == "closed"
    assert ended["end"]["cause"] == "client_disconnect" and ended["end"]["side"] == "client"
    assert ended["end"]["websocket_code"] == 1000 and ended["end"]["mqtt_reason"] is None
    eventually(lambda: api.connections("?client_id=gone") == [], "its socket is closed")
    assert api.get(f"connections/{one['id']}") == ended


# Certificates and configuration


def test_certificates(rig):
    api = Api(rig, [rig.fake()], tls=True, server="server_name tls.example.com;")
    (one,) = api.get("certificates")["certificates"]
    assert one["file"] == str(rig.certificate.certificate) and one["server_name"] == "tls.example.com"
    assert one["subject"] == "CN=server" and one["issuer"] == "CN=Sluice test authority"
    assert one["names"] == ["localhost"] and one["key"] == "EC 256"
    assert {name.rpartition(":")[2] for name in one["listeners"]} == {str(api.gateway.tls_port)}
    assert 86400 < one["expires_in"] <= 2 * 86400


def test_the_configuration_has_no_secrets(rig):
    location = """
        auth_http http://127.0.0.1:1/check?key=pa55word;
        auth_http_set_header X-Key pa55word;
        mqtt_set_connect password pa55word;
        mqtt_set_connect username $mqtt_username;
    """
    api = Api(rig, [rig.fake()], location=location)
    text = api.get("config")["text"]
    assert "pa55word" not in text and "(hidden)" in text
    assert 'mqtt_set_connect username "$mqtt_username"' in text and "127.0.0.1:1/check" in text
    assert f"listen 127.0.0.1:{api.port};" in text


# Upstreams


def test_upstreams(rig):
    brokers = [rig.fake(), rig.fake()]
    dead = harness.free_port()
    api = Api(
        rig, [f"{brokers[0].address} weight=3", brokers[1].address, f"127.0.0.1:{dead} down"],
        upstream="least_conn;", worker_threads=1,
    )  # fmt: skip
    for number in range(8):
        rig.opened(api.gateway, client_id=f"c{number}")
    (pool,) = api.get("upstreams")["upstreams"]
    assert pool["name"] == "brokers" and pool["balancer"] == "least_conn" and pool["sessions"] == 8
    first, second, third = pool["peers"]
    assert [first["sessions"], second["sessions"], third["sessions"]] == [6, 2, 0]
    assert [peer["share"] for peer in pool["peers"]] == [0.75, 0.25, 0]
    assert [peer["state"] for peer in pool["peers"]] == ["up", "up", "down"]
    assert first["sessions_total"] == 6 and first["tries"] == 6 and first["failures"] == {} and first["changed"] == {}
    path = f"upstreams/brokers/peers/{urllib.parse.quote(first['address'], safe='')}"
    assert api.get(path) == first


def test_a_peer_that_fails_is_unavailable(rig):
    broker, dead = rig.fake(), harness.free_port()
    api = Api(rig, [f"127.0.0.1:{dead}", broker.address], worker_threads=1)
    for number in range(3):
        rig.opened(api.gateway, client_id=f"c{number}")
    (pool,) = api.get("upstreams")["upstreams"]
    first, second = pool["peers"]
    assert first["state"] == "unavailable" and first["share"] == 0 and first["failures"] == {"connect_refused": first["tries"]}
    assert second["state"] == "up" and second["share"] == 1 and second["sessions_total"] == 3
    assert api.get("status")["attempt_failures"] == first["failures"]


def test_a_unix_socket_is_found_by_its_path(rig):
    broker = rig.fake(unix=rig.path("u") / "b")
    api = Api(rig, [broker])
    (pool,) = api.get("upstreams")["upstreams"]
    address = pool["peers"][0]["address"]
    assert address == f"unix:{broker.unix}"
    assert api.get(f"upstreams/brokers/peers/{urllib.parse.quote(address, safe='')}")["address"] == address
