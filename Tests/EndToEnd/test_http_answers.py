"""Answers of HTTP: no content for HEAD, Date, queries that are opaque, paths that look odd."""

import email.utils
import http.client
import subprocess
import time

import pytest

from bytepeer import ACCEPT, request
from gateway import connect, site
from harness import eventually

HEADS = {
    "400": b"HEAD /mqtt HTTP/1.1\r\n\r\n",
    "400, a broken head": b"HEAD / HTTP/1.1\nHost: a\n\n",
    "400, empty lines first": b"\r\n\r\nHEAD / HTTP/1.1\r\n\r\n",
    "404": b"HEAD /none.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "405": b"HEAD /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "431": b"HEAD / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    "414": b"HEAD /" + b"x" * 20_000,
    "301": b"HEAD /folder HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "200": b"HEAD /index.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
}


@pytest.fixture
def website(rig):
    root = rig.path("www")
    (root / "index.html").write_text("<p>hello</p>")
    (root / "folder").mkdir()
    return rig.gateway([rig.fake()], server=f"location / {{ root {root}; }}")


def answer(gateway, data):
    """Everything that comes back: head lines and content."""
    with connect(gateway.address) as stream:
        stream.sendall(data)
        received = b""
        while part := stream.recv(65_536):
            received += part
    head, _, content = received.partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), content


def fields(lines):
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}


@pytest.mark.parametrize("name", HEADS)
def test_head_has_no_content(rig, website, name):
    """RFC 9110 §9.3.2: whatever the status; Content-Length is that of GET."""
    lines, content = answer(website, HEADS[name])
    assert lines[0].split()[1] == name[:3]
    assert content == b""
    other, expected = answer(website, HEADS[name].replace(b"HEAD ", b"GET ", 1))
    assert other[0] == lines[0] or name == "405"
    if other[0] == lines[0]:
        assert fields(lines)["content-length"] == fields(other)["content-length"] == str(len(expected))
        assert expected


def test_head_with_strict_clients(rig, website):
    """curl fails when content follows a HEAD; Python's http.client reads it as the next answer."""
    url = f"http://127.0.0.1:{website.port}"
    for path, status in (("/index.html", 200), ("/none.html", 404), ("/mqtt", 426), ("/folder", 301)):
        shown = subprocess.run(
            ["curl", "--silent", "--show-error", "--head", url + path], capture_output=True, text=True, check=True
        ).stdout
        client = http.client.HTTPConnection("127.0.0.1", website.port)
        client.request("HEAD", path)
        response = client.getresponse()
        assert response.read() == b"" and int(response.headers["Content-Length"]) > 0
        assert shown.split()[1] == str(response.status)
        assert response.status in (status, 405)
        client.close()


@pytest.mark.parametrize("path", ["/index.html", "/none.html", "/folder", "/mqtt"])
def test_date(rig, website, path):
    """RFC 9110 §6.6.1."""
    lines, _ = answer(website, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    moment = email.utils.parsedate_to_datetime(fields(lines)["date"])
    assert abs(moment.timestamp() - time.time()) < 60
    assert fields(lines)["date"].endswith(" GMT") and sum(line.startswith("Date:") for line in lines) == 1


def test_head_to_a_tls_port_in_the_clear(rig):
    gateway = rig.tls_gateway([rig.fake()])
    for method, has_content in ((b"HEAD", False), (b"GET", True)):
        with connect(gateway.tls_address) as stream:
            stream.sendall(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
            received = b""
            while part := stream.recv(65_536):
                received += part
        assert received.startswith(b"HTTP/1.1 400 ")
        assert (received.partition(b"\r\n\r\n")[2] != b"") == has_content


@pytest.mark.parametrize("query", ["token=50%", "x=%u00e9", "%", "a=%zz&b=%4"])
def test_query_is_opaque(rig, query):
    """Browsers send a bare % as it is."""
    gateway = rig.gateway([rig.fake()])
    peer = rig.peer(gateway)
    assert peer.ask(request(f"/mqtt?{query}")).status == 101


def test_argument_with_a_bare_percent(rig):
    """Whoever reads it gets it as it came."""
    config = site([rig.fake()], main="""log_format short '"$arg_token" $status_reason';""")
    gateway = rig.gateway(config=config.replace("access.log json", "stdout short"))
    peer = rig.peer(gateway)
    peer.upgrade("/mqtt?token=50%&x=1")
    peer.close()
    eventually(lambda: '"50%" client_lost' in gateway.output(), "the argument in the access log")


@pytest.mark.parametrize("host", ["::1", "fe80::1:8083"])
def test_ipv6_host_without_brackets(rig, website, host):
    """The answer and the log say what is missing."""
    _, content = answer(website, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert b"write [address] or [address]:port" in content
    eventually(lambda: "write [address] or [address]:port" in website.output(), "the hint in the log")


ODD = {
    "/$iothub/websocket": ["/$iothub/websocket", "/%24iothub/websocket", "/$iothub/websocket?api-version=2019-10-01"],
    "/a:b": ["/a:b", "/a%3Ab"],
    "/~user/mqtt": ["/~user/mqtt", "/%7Euser/mqtt"],
    "/@scope/mqtt": ["/@scope/mqtt"],
    "/caf\u00e9": ["/caf%C3%A9"],
}


@pytest.mark.parametrize("path", ODD)
def test_odd_paths(rig, path):
    """In quotes a location takes any path; azure-iot-device asks for one with a `$`."""
    broker = rig.fake()
    gateway = rig.gateway([broker], server=f'location "{path}" {{ mqtt_pass brokers; }}')
    for target in ODD[path]:
        response = rig.peer(gateway).ask(request(target))
        assert response.status == 101 and response["Sec-WebSocket-Accept"] == ACCEPT
