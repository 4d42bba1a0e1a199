"""Conditional requests, ranges and HEAD for files, alone and mixed on one connection that is kept."""

import email.utils
import os
import subprocess

import pytest

from harness import eventually
from website import PAGE, Website, get

MODIFIED = 1_700_000_001
DATE = "Tue, 14 Nov 2023 22:13:21 GMT"
BEFORE = "Tue, 14 Nov 2023 22:13:20 GMT"
TAG = f'"{MODIFIED:x}-{len(PAGE):x}"'


@pytest.fixture(params=["plain", "TLS"])
def website(rig, request):
    site = Website(rig, is_tls=request.param == "TLS")
    os.utime(site.root / "index.html", (MODIFIED, MODIFIED + 0.5))
    return site


def test_validators(website):
    response = website.peer().ask(get())
    assert response["ETag"] == TAG and response["Last-Modified"] == DATE and response["Accept-Ranges"] == "bytes"


CONDITIONS = {
    "If-None-Match": (f"If-None-Match: {TAG}", 304),
    "If-None-Match, weak": (f'If-None-Match: "x", W/{TAG}', 304),
    "If-None-Match, another": ('If-None-Match: "x"', 200),
    "If-Modified-Since": (f"If-Modified-Since: {DATE}", 304),
    "If-Modified-Since, before": (f"If-Modified-Since: {BEFORE}", 200),
    "If-Match": (f"If-Match: {TAG}", 200),
    "If-Match, another": ('If-Match: "x"', 412),
    "If-Unmodified-Since": (f"If-Unmodified-Since: {DATE}", 200),
    "If-Unmodified-Since, before": (f"If-Unmodified-Since: {BEFORE}", 412),
    "a range": ("Range: bytes=0-2", 206),
    "a range of nothing": ("Range: bytes=1000-", 416),
}


def test_conditions_mixed_on_one_connection(website):
    """Every condition, by GET and by HEAD, all sent before any answer is read."""
    peer = website.peer()
    asked = [(line, status, method) for line, status in CONDITIONS.values() for method in ("GET", "HEAD")]
    peer.send(b"".join(get("/index.html", line, method=method) for line, _, method in asked))
    for line, status, method in asked:
        if method == "HEAD" and line.startswith("Range"):
            status = 200  # RFC 9110 §14.2: Range is for GET
        response = peer.response(is_head=method == "HEAD")
        assert response.status == status, (line, method, response)
        if status == 304:
            assert response.body == b"" and response["Content-Length"] is None and response["Content-Type"] is None
            assert response["ETag"] == TAG
        if status in (200, 206, 304):
            assert response["Last-Modified"] == DATE
    assert peer.ask(get()).body == PAGE
    peer.close()
    assert len(website.log(len(asked) + 1)) == len(asked) + 1


def test_ranges(website):
    data = website.large
    peer = website.peer()
    size = len(data)
    for value, part in {
        "0-0": data[:1], "100-199": data[100:200], f"{size - 10}-": data[-10:], "-10": data[-10:], "1-": data[1:],
        f"0-{size}": data, "200000-4200000": data[200_000:4_200_001],
    }.items():  # fmt: skip
        response = peer.ask(get("/large.bin", f"Range: bytes={value}"))
        assert response.status == 206 and response.body == part, value
        first = data.index(part) if len(part) > 9 else 0
        assert response["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{size}"
    several = peer.ask(get("/large.bin", "Range: bytes=0-1,5-6"))
    assert several.status == 200 and several.body == data and several["Content-Range"] is None
    nothing = peer.ask(get("/large.bin", f"Range: bytes={size}-"))
    assert nothing.status == 416 and nothing["Content-Range"] == f"bytes */{size}"
    tag = nothing["ETag"] or peer.ask(get("/large.bin", method="GET"))["ETag"]
    assert peer.ask(get("/large.bin", "Range: bytes=0-1", f"If-Range: {tag}")).status == 206
    assert peer.ask(get("/large.bin", "Range: bytes=0-1", 'If-Range: "x"')).body == data


def test_curl_continues_and_compares(website):
    """A real client: a download that is continued, and one that is not needed."""
    data = website.large
    target = website.rig.path("curl") / "large.bin"
    target.write_bytes(data[:1_234_567])
    ca = ["--cacert", website.rig.authority.certificate] if website.is_tls else []
    command = ["curl", "--silent", "--show-error", "--fail", *ca, "--output", target]
    subprocess.run([*command, "--continue-at", "-", f"{website.url}/large.bin"], check=True)
    assert target.read_bytes() == data
    moment = email.utils.formatdate(os.stat(website.root / "large.bin").st_mtime, usegmt=True)
    shown = subprocess.run(
        [*command, "--time-cond", moment, "--write-out", "%{http_code}", f"{website.url}/large.bin"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert shown.stdout == "304" and target.read_bytes() == data


def test_a_file_that_is_replaced_is_another(website):
    peer = website.peer()
    tag = peer.ask(get())["ETag"]
    assert peer.ask(get("/index.html", f"If-None-Match: {tag}")).status == 304
    (website.root / "new").write_bytes(PAGE + b"!")
    os.rename(website.root / "new", website.root / "index.html")
    response = peer.ask(get("/index.html", f"If-None-Match: {tag}"))
    assert response.status == 200 and response.body == PAGE + b"!"


def test_a_root_that_is_switched_is_served_within_a_second(rig):
    """A deployment that points a link to its new release."""
    releases = rig.path("releases")
    for name in ("1", "2"):
        (releases / name).mkdir()
        (releases / name / "index.html").write_text(name)
    os.symlink("1", releases / "current")
    gateway = rig.gateway([rig.fake()], server=f"location / {{ root {releases}/current; }}")
    peer = rig.peer(gateway)
    assert peer.ask(get("/")).body == b"1"
    os.symlink("2", releases / "new")
    os.rename(releases / "new", releases / "current")
    eventually(lambda: peer.ask(get("/")).body == b"2", "the new release")
