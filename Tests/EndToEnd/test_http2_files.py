"""Files and the operator's side over HTTP/2, with curl, nghttp and h2load, and frame by frame."""

import json
import re
import subprocess

import pytest

import fakebroker
import h2client
import mqttbytes
from h2client import INITIAL_WINDOW_SIZE, Client, Site, ws_close
from harness import DEADLINE, eventually
from operator_side import TOKEN, OperatorSide

BIG = 24 << 20


@pytest.fixture
def root(rig):
    root = rig.path("www")
    (root / "index.html").write_text("<p>hello</p>")
    (root / "small.txt").write_text("small\n")
    (root / "empty.txt").write_text("")
    (root / "random.bin").write_bytes(rig.random.randbytes(3_000_000))
    with open(root / "big.bin", "wb") as file:
        file.truncate(BIG)
    return root


@pytest.fixture
def site(rig, root):
    return Site(rig, fakebroker.echo, server=f"location / {{ root {root}; }}")


def run(*command, **options):
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, timeout=DEADLINE * 6, **options)  # fmt: skip
    assert result.returncode == 0, (command, result.stdout[-2000:], result.stderr[-2000:])
    return result.stdout


# Tools


def curl(rig, url, *options):
    return run("curl", "-sS", "--http2", "--cacert", rig.certificate.authority, *options, url)


def test_curl(rig, site, root):
    url = f"https://localhost:{site.gateway.tls_port}"
    shown = ["-w", "%{http_version} %{http_code} %{size_download}"]
    assert curl(rig, url + "/small.txt", *shown) == b"small\n2 200 6"
    assert curl(rig, url + "/", *shown) == b"<p>hello</p>2 200 12"
    assert curl(rig, url + "/random.bin") == (root / "random.bin").read_bytes()
    assert curl(rig, url + "/none", "-o", "/dev/null", *shown).startswith(b"2 404")
    assert curl(rig, url + "/empty.txt", *shown) == b"2 200 0"
    head = curl(rig, url + "/random.bin", "--head").decode()
    assert head.startswith("HTTP/2 200") and "content-length: 3000000" in head
    curl(rig, url + "/big.bin", "-o", "/dev/null", "--limit-rate", "40M")
    assert {line["http_version"] for line in site.gateway.access()} == {"2.0"}


def test_curl_by_prior_knowledge(site):
    url = f"http://127.0.0.1:{site.gateway.port}/small.txt"
    assert run("curl", "-sS", "--http2-prior-knowledge", "-w", "%{http_version}", url) == b"small\n2"
    # An offer to upgrade (h2c) is not taken up, as RFC 9113 has dropped it.
    assert run("curl", "-sS", "--http2", "-w", "%{http_version}", url) == b"small\n1.1"


def test_curl_with_many_at_once(rig, site):
    urls = [f"https://localhost:{site.gateway.tls_port}/{name}" for name in ("small.txt", "random.bin") for _ in range(30)]
    arguments = [part for url in urls for part in ("-o", "/dev/null", url)]
    shown = run(
        "curl", "-sS", "--http2", "--parallel", "--parallel-max", "60", "--cacert", rig.certificate.authority, "-w",
        "%{http_version} %{http_code} %{size_download}\n", *arguments).decode()  # fmt: skip
    assert sorted(shown.split("\n")[:-1]) == ["2 200 3000000"] * 30 + ["2 200 6"] * 30


def test_nghttp(rig, site, root):
    url = f"https://localhost:{site.gateway.tls_port}"
    assert run("nghttp", "--no-verify-peer", url + "/random.bin") == (root / "random.bin").read_bytes()
    shown = run("nghttp", "-nv", "--no-verify-peer", url + "/small.txt", url + "/none").decode()
    shown = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "SETTINGS_ENABLE_CONNECT_PROTOCOL(0x08):1" in shown
    assert sorted(re.findall(r":status: (\d+)", shown)) == ["200", "404"]
    # It says GOAWAY before it closes: that is no fault.
    site.gateway.ended_count(3)
    assert site.gateway.stop() == 0
    assert {line["status_reason"] for line in site.gateway.access()} == {"served", "request_refused"}
    assert len(site.gateway.access()) == 3


@pytest.mark.parametrize("window_bits", [16, 30])
def test_h2load(site, window_bits):
    """Ten connections of 50 streams."""
    shown = run(
        "h2load", "-n", 5000, "-c", 10, "-m", 50, "-w", window_bits, "-W", window_bits,
        f"https://localhost:{site.gateway.tls_port}/small.txt").decode()  # fmt: skip
    assert re.search(r"5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed, 0 errored, 0 timeout", shown), shown
    assert "status codes: 5000 2xx" in shown


def test_keepalive_requests(rig, root):
    """A connection ends after so many requests, in order: what GOAWAY does not exclude is served."""
    site = Site(rig, fakebroker.echo, server=f"location / {{ root {root}; }}", main="keepalive_requests 10;")
    client = site.client()
    streams = [client.request("/small.txt") for _ in range(15)]
    last, code = client.ended()
    assert code == 0 and last >= streams[9].number
    assert client.goaways[0] == (h2client.EVERY_STREAM, 0)
    assert {bytes(stream.data) for stream in streams if stream.number <= last} == {b"small\n"}


# Frame by frame


def test_a_file(site):
    client = site.client()
    stream = client.get("/small.txt")
    assert (stream.status, bytes(stream.data)) == (200, b"small\n")
    assert stream.fields["content-length"] == "6" and stream.fields["content-type"].startswith("text/plain")
    assert not {"connection", "transfer-encoding", "keep-alive"} & stream.fields.keys()
    assert all(name == name.lower() for name in stream.fields)
    assert stream.trace == ["HEADERS", "DATA", "END_STREAM"]
    line = site.gateway.ended(uri="/small.txt")
    assert line["http_version"] == "2.0" and line["http_status"] == 200 and line["scheme"] == "https"


def test_head(site):
    client = site.client()
    for path, size in (("/random.bin", "3000000"), ("/small.txt", "6"), ("/empty.txt", "0")):
        stream = client.get(path, method="HEAD")
        assert stream.status == 200 and stream.fields["content-length"] == size
        assert stream.trace == ["HEADERS", "END_STREAM"]


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/none", 404), ("POST", "/small.txt", 405), ("GET", "/../small.txt", 400), ("GET", "/%2e%2e/etc/passwd", 400),
    ("CONNECT", "/small.txt", 501), ("OPTIONS", "/small.txt", 405),
])  # fmt: skip
def test_other_answers(site, method, path, status):
    client = site.client()
    stream = client.get(path, method=method)
    if stream.status is None:
        assert stream.reset == h2client.PROTOCOL_ERROR and method == "CONNECT"
    else:
        assert stream.status == status, (stream.fields, bytes(stream.data))
    assert client.get("/small.txt").status == 200


def test_content_that_nobody_asked_for(site):
    """It is dropped, the answer comes, and the connection goes on; a megabyte does not use up its window."""
    client = site.client()
    for _ in range(5):
        stream = client.request("/small.txt", "POST", end=False)
        part = bytes(8000)
        for _ in range(40):
            if stream.is_over:
                break
            client.send(stream.number, part)
            client.read(0.001)
        stream.over()
        assert stream.status == 405
    assert client.get("/small.txt").status == 200


@pytest.mark.parametrize("window", [1000, 16_385, 65_535, 1 << 24])
def test_windows(site, root, window):
    client = site.client(settings={INITIAL_WINDOW_SIZE: window})
    stream = client.get("/random.bin", timeout=DEADLINE * 4)
    assert stream.data == (root / "random.bin").read_bytes()


def test_a_window_that_opens_late(site):
    """Byte by byte, then all of it."""
    client = site.client(settings={INITIAL_WINDOW_SIZE: 0}, gives_credit=False)
    stream = client.request("/small.txt").wait(lambda stream: stream.fields, "the head")
    for count in range(1, 7):
        client.answered()
        assert stream.size == count - 1
        client.open_window(stream, 1)
    stream.over()
    assert bytes(stream.data) == b"small\n"


def test_many_at_once(site, root):
    client = site.client(window=1 << 30)
    random = (root / "random.bin").read_bytes()
    streams = [client.request("/random.bin" if number % 10 == 0 else "/small.txt") for number in range(200)]
    for number, stream in enumerate(streams):
        stream.wait(lambda stream: stream.is_over, "its end", DEADLINE * 4)
        assert stream.data == (random if number % 10 == 0 else b"small\n")


def test_small_files_pass_a_large_one(site):
    """Streams take turns: none waits until an older one is complete."""
    client = site.client(window=1 << 30, settings={INITIAL_WINDOW_SIZE: 1 << 30})
    big = client.request("/big.bin")
    big.is_counted = True
    big.wait(lambda stream: stream.size > 100_000, "its beginning")
    assert client.get("/small.txt").status == 200
    assert not big.is_over
    big.wait(lambda stream: stream.is_over, "its end", DEADLINE * 4)
    assert big.size == BIG


def test_a_session_beside_a_large_file(site):
    """One that was open before, and one that comes while the file is sent."""
    client = site.client(window=1 << 30, settings={INITIAL_WINDOW_SIZE: 1 << 30})
    before = client.mqtt("before")
    big = client.request("/big.bin")
    big.is_counted = True
    big.wait(lambda stream: stream.size > 100_000, "its beginning")
    before.echo()
    client.mqtt("after").echo()
    assert not big.is_over
    big.wait(lambda stream: stream.is_over, "its end", DEADLINE * 4)
    before.echo()


def test_a_file_that_is_reset(site):
    client = site.client(gives_credit=False)
    for _ in range(20):
        big = client.request("/big.bin").wait(lambda stream: stream.size > 0, "its beginning")
        big.cancel()
    client.answered()
    assert client.get("/small.txt").status == 200
    client.close()
    lines = site.gateway.ended_count(21)
    assert [line["status_reason"] for line in lines].count("client_lost") == 20


def test_a_file_that_becomes_shorter(site, root):
    """RST_STREAM says that the response is not whole; the connection goes on."""
    client = site.client(gives_credit=False)
    stream = client.request("/big.bin").wait(lambda stream: stream.size >= 65_535, "the first window")
    with open(root / "big.bin", "r+b") as file:
        file.truncate(100_000)
    client.open_window(stream, 1 << 20)
    stream.wait(lambda stream: stream.is_over, "its end")
    assert stream.reset is not None and stream.size < BIG
    assert client.get("/small.txt").status == 200


# The operator's side


@pytest.fixture
def operator(rig):
    """The operator's side, and a client of HTTP/2 for it."""
    side = OperatorSide(rig, [rig.fake(fakebroker.echo)])
    side.h2 = rig.keep(Client(side.port))
    return side


BEARER = ("authorization", f"Bearer {TOKEN}")


def test_metrics_and_the_dashboard(operator):
    stream = operator.h2.get("/metrics")
    assert stream.status == 200 and b"sluice_build_info" in stream.data
    assert stream.fields["content-type"].startswith("text/plain")
    assert operator.h2.get("/metrics", method="HEAD").trace == ["HEADERS", "END_STREAM"]
    page = operator.h2.get("/")
    assert page.status == 200 and b"<html" in page.data.lower()


def test_the_api(rig, operator):
    client = operator.h2
    assert client.get("/api/connections/none", method="DELETE").status == 401
    status = client.get("/api/status", BEARER)
    assert status.status == 200 and json.loads(status.data)["version"]
    rig.opened(operator.gateway, client_id="c")
    (one,) = json.loads(client.get("/api/connections?client_id=c", BEARER).data)["connections"]
    ended = client.get(f"/api/connections/{one['id']}", BEARER, method="DELETE")
    assert ended.status == 204 and ended.size == 0
    assert operator.gateway.ended(mqtt_client_id="c")["status_reason"] == "kicked"


@pytest.mark.parametrize("length", [True, False], ids=["content-length", "no content-length"])
@pytest.mark.parametrize("parts", [1, 10])
def test_content(operator, length, parts):
    """A PATCH whose content comes in one DATA frame or many."""
    client = operator.h2
    peer = operator.get("/api/upstreams")["upstreams"][0]["peers"][0]["address"]
    body = json.dumps({"drain": True}).encode()
    fields = [BEARER, ("content-type", "application/json"), *([("content-length", str(len(body)))] if length else [])]
    path = f"/api/upstreams/brokers/peers/{peer}"
    stream = client.request(path, "PATCH", *fields, end=False)
    size = len(body) // parts + 1
    for start in range(0, len(body), size):
        client.answered()
        stream.send(body[start : start + size], end=start + size >= len(body))
    stream.over()
    assert stream.status == 200, bytes(stream.data)
    assert json.loads(stream.data)["changed"] == {"drain": True}


def test_too_much_content(operator):
    client = operator.h2
    fields = [BEARER, ("content-type", "application/json")]
    stream = client.get("/api/trace", *fields, ("content-length", "1000000"), method="POST", body=b"")
    assert stream.status in (400, 413, None)
    stream = client.request("/api/trace", "POST", *fields, end=False)
    for _ in range(12):
        if stream.is_over:
            break
        client.send(stream.number, bytes(8000))
        client.read(0.01)
    stream.over()
    assert stream.status == 413
    assert client.get("/metrics").status == 200


def test_content_that_does_not_come(rig):
    """It has `client_header_timeout`; then 408."""
    side = OperatorSide(rig, [rig.fake()], main="client_header_timeout 300ms;")
    client = rig.keep(Client(side.port))
    stream = client.request("/api/trace", "POST", BEARER, ("content-type", "application/json"), end=False)
    stream.over()
    assert stream.status == 408


def test_a_trace(rig, operator):
    """Lines as they come, beside other requests on the same connection, until it is cancelled."""
    client = operator.h2
    body = json.dumps({"client_id": "traced"}).encode()
    stream = client.request("/api/trace", "POST", BEARER, ("content-type", "application/json"), body=body)
    stream.wait(lambda stream: b"\n" in stream.data, "the first line")
    assert stream.status == 200 and stream.fields["content-type"] == "application/jsonl"
    peer = rig.opened(operator.gateway, client_id="traced")
    peer.send_mqtt(mqttbytes.publish("a/b", b"seen"))
    stream.wait(lambda stream: b"a/b" in stream.data, "the packet")
    assert client.get("/metrics").status == 200
    assert not stream.is_over
    stream.cancel()
    client.answered()
    eventually(lambda: json.loads(client.get("/api/status", BEARER).data), "the API goes on")


def test_a_trace_that_ends_by_itself(rig, operator):
    client = operator.h2
    body = json.dumps({"client_id": "traced", "seconds": 1}).encode()
    stream = client.request("/api/trace", "POST", BEARER, ("content-type", "application/json"), body=body).over()
    assert stream.has_ended, bytes(stream.data)


def test_a_session_ends_while_a_file_is_sent(site):
    client = site.client(gives_credit=False)
    session = client.mqtt()
    big = client.request("/big.bin").wait(lambda stream: stream.size >= 65_535, "the first window")
    session.send(ws_close(1000), end=True)
    session.over()
    assert not big.is_over
    client.open_window(big, 10_000)
    big.wait(lambda stream: stream.size >= 75_535, "more of the file")
