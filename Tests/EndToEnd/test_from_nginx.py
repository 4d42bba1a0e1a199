"""conf/examples/from-nginx.conf, run: what an operator who comes from nginx starts from."""

import gzip
import re

import pytest

import fakebroker
from harness import REPOSITORY, free_port
from website import get

SCRIPT = b"client.subscribe('t');" * 20


class Moved:
    """The example with free ports, this run's certificate and three brokers of the test."""

    def __init__(self, rig, brokers):
        self.folder = rig.path("moved")
        for name, data in {
            "www/index.html": b"<title>app</title>",
            "www/404.html": b"not here",
            "www/assets/app.1f2e.js": SCRIPT,
            "www/assets/app.1f2e.js.gz": gzip.compress(SCRIPT),
            "certs/fullchain.pem": rig.certificate.certificate.read_bytes(),
            "certs/privkey.pem": rig.certificate.key.read_bytes(),
        }.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(data)
        self.plain, self.tls, self.second = (free_port() for _ in range(3))
        text = (REPOSITORY / "conf/examples/from-nginx.conf").read_text()
        ports = {"80": self.plain, "443": self.tls, "8084": self.second}
        text = re.sub(r"(?m)^(\s*listen )(\d+)", lambda match: f"{match[1]}127.0.0.1:{ports[match[2]]}", text)
        text = re.sub(r"emqx([123])\.example:1883", lambda match: brokers[int(match[1]) - 1].address, text)
        text = re.sub(r"(?m)^(\s*access_log) .*", r"\1 access.log json;", text)
        text = re.sub(r"(?m)^(\s*(?:root|ssl_certificate|ssl_certificate_key)\s+)", rf"\1{self.folder}/", text)
        text = text.replace("worker_threads auto;", "worker_threads 1;\nerror_log stderr info;")
        text = text.replace("example.com www.example.com", "localhost")
        self.gateway = rig.gateway(config=text)
        self.rig = rig

    def peer(self, port):
        context = None if port == self.plain else self.rig.certificate.client_context()
        return self.rig.peer(("127.0.0.1", port), tls=context)


@pytest.fixture
def moved(rig):
    return Moved(rig, [rig.fake(fakebroker.serve) for _ in range(3)])


def test_port_80_leads_to_443(moved):
    response = moved.peer(moved.plain).ask(get("/a?b=c"))
    assert (response.status, response["Location"]) == (301, "https://localhost/a?b=c")


def test_the_site(moved):
    for port in (moved.tls, moved.second):
        peer = moved.peer(port)
        for path in ("/", "/index.html", "/devices/42"):
            page = peer.ask(get(path))
            assert (page.status, page.body) == (200, b"<title>app</title>")
            assert page["Cache-Control"] == "no-cache" and page["Strict-Transport-Security"] == "max-age=63072000"
        script = peer.ask(get("/assets/app.1f2e.js", "Accept-Encoding: gzip, br"))
        assert gzip.decompress(script.body) == SCRIPT and script["Cache-Control"] == "max-age=315360000"
        missing = peer.ask(get("/assets/app.0000.js"))
        assert (missing.status, missing.body) == (404, b"not here") and missing["Strict-Transport-Security"]


def test_sessions_go_to_the_brokers_by_weight(rig):
    brokers = [rig.fake(fakebroker.serve) for _ in range(3)]
    moved = Moved(rig, brokers)
    for number in range(10):
        moved.peer((moved.tls, moved.second)[number % 2]).open_mqtt(4, f"client-{number}")
    assert [len(broker.connections) for broker in brokers] == [6, 2, 2]


def test_paho_on_both_ports(rig):
    """A real client and a real broker."""
    broker = rig.mosquitto()
    moved = Moved(rig, [broker] * 3)
    first = rig.paho(moved.tls, tls=rig.certificate.client_context()).subscribe("t", 1)
    second = rig.paho(moved.second, tls=rig.certificate.client_context())
    second.publish("t", b"across", 1)
    assert first.message().payload == b"across"
