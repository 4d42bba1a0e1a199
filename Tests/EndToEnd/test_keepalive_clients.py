"""Real HTTP clients on connections that are kept open."""

import http.client
import re
import subprocess

import pytest

from harness import DEADLINE
from website import PAGE, Website


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def site(rig, request):
    return Website(rig, is_tls=request.param, server="keepalive_requests 1000000;")


def test_curl(rig, site):
    """One connection for all, answers with and without content among them."""
    data = site.large
    paths = ["/index.html", "/large.bin", "/none", "/folder", "/denied/x", "/mqtt", "/index.html"]
    done = subprocess.run(
        ["curl", "--verbose", "--silent", "--show-error", "--http1.1", "--cacert", rig.certificate.authority,
         *(site.url + path for path in paths)],
        capture_output=True, timeout=DEADLINE * 3, check=True,
    )  # fmt: skip
    shown = done.stderr.decode("latin-1")
    assert shown.count("Re-using existing connection") == len(paths) - 1, shown
    assert re.findall(r"^< HTTP/1.1 (\d+)", shown, re.MULTILINE) == ["200", "200", "404", "301", "403", "426", "200"]
    assert done.stdout.startswith(PAGE + data) and done.stdout.endswith(PAGE)
    assert len({line["connection_id"] for line in site.gateway.ended_count(len(paths))}) == 1


def test_curl_heads_and_posts(rig, site):
    """A HEAD keeps the connection; a POST is answered, and curl opens another one."""
    curl = ["curl", "--verbose", "--silent", "--http1.1", "--cacert", rig.certificate.authority]
    url = site.url + "/index.html"
    heads = subprocess.run([*curl, "--head", url, url], capture_output=True, timeout=DEADLINE, check=True)
    assert heads.stdout.count(b"HTTP/1.1 200 OK") == 2 and b"Re-using existing connection" in heads.stderr
    posts = subprocess.run(
        [*curl, "--data", "x" * 100_000, url, "--next", *curl[1:], url], capture_output=True, timeout=DEADLINE, check=True
    )
    assert re.findall(rb"^< HTTP/1.1 (\d+)", posts.stderr, re.MULTILINE) == [b"405", b"200"]
    assert posts.stdout.endswith(PAGE)


def test_http_client(rig, site):
    """Python's own: it keeps its socket as long as the answers let it."""
    if site.is_tls:
        context = rig.certificate.client_context()
        client = http.client.HTTPSConnection("localhost", site.gateway.tls_port, context=context, timeout=DEADLINE)
    else:
        client = http.client.HTTPConnection("localhost", site.gateway.port, timeout=DEADLINE)
    client.connect()
    rig.keep(client)
    socket = client.sock
    for method, path, status in [
        ("GET", "/index.html", 200), ("HEAD", "/index.html", 200), ("HEAD", "/none", 404), ("GET", "/none", 404),
        ("DELETE", "/index.html", 405), ("GET", "/index.html", 200),
    ]:  # fmt: skip
        client.request(method, path)
        response = client.getresponse()
        content = response.read()
        assert (response.status, bool(content)) == (status, method != "HEAD")
        assert client.sock is socket
    client.request("POST", "/index.html", body=b"x" * 1000)
    assert client.getresponse().status == 405
    assert client.sock is None, "the connection is closed after a body"


def test_ab(rig, site):
    """Many connections, all of them kept (HTTP/1.0 with keep-alive)."""
    done = subprocess.run(
        ["ab", "-k", "-q", "-t", "2", "-n", "1000000", "-c", "16", site.url + "/index.html"],
        capture_output=True, text=True, timeout=DEADLINE * 3, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    def number(label):
        return int(re.search(rf"^{label}:\s+(\d+)", done.stdout, re.MULTILINE).group(1))

    assert number("Complete requests") == number("Keep-Alive requests") > 100, done.stdout
    assert number("Failed requests") == 0 and "Non-2xx" not in done.stdout, done.stdout
