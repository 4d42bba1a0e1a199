"""The same directives and the same files, by nginx and by the gateway: the answers are the same."""

import gzip
import os

import pytest

import harness
from harness import eventually, free_port
from website import get

SITE = """
root ROOT;
add_header X-Server yes;
error_page 404 /404.html;
location / { try_files $uri $uri.html $uri/ =404; index index.htm index.html; }
location = /index.html { add_header Cache-Control no-cache; }
location /app/ { try_files $uri /index.html; }
location ^~ /assets/ { gzip_static on; expires 1h; add_header X-Path $uri; add_header X-Always "a b" always; }
location /img/ { alias ROOT/assets/; error_page 404 =200 /about.html; }
location = /robots.txt { alias ROOT/about.html; default_type text/plain; expires epoch; }
location /denied/ { deny all; error_page 403 /about.html; }
location /loop/ { try_files /none /loop/again; }
location /moved/ { error_page 404 =301 https://other.example/; }
location /changed/ { error_page 404 = /teapot; }
location /modified/ { alias ROOT/; expires modified 1d; }
location /old/ { return 301 https://$host$request_uri; add_header X-Moved 1; }
location = /teapot { return 418 "short $request_method of $host"; add_header X-Tea 1; }
location = /gone { return 410; }
location = /ok { return 200 '{"a":"$arg_a"}'; default_type application/json; expires max; }
location = /nothing { return 204; }
location = /login { return http://x.example/?next=$uri$is_args$args; }
"""
COMMON = "types { text/html html htm; text/javascript js; } default_type application/octet-stream;"

PATHS = [
    "/", "/index.html", "/about", "/about.html", "/docs", "/docs/", "/docs?a=b", "/none", "/none/", "/empty/", "/app/x",
    "/assets/app.js", "/assets/none", "/assets/", "/assets", "/img/app.js", "/img/none", "/robots.txt", "/denied/x",
    "/loop/x", "/moved/x", "/changed/x", "/modified/about.html", "/old/a%20b?x=%41", "/teapot", "/gone", "/ok?a=1",
    "/nothing", "/login?a=b", "/about.html/", "//about", "/a/../about", "/%61bout",
]  # fmt: skip
# Fields that are said in other words, or that only the gateway has.
OWN = {"date", "server", "connection", "x-content-type-options"}


@pytest.fixture
def both(rig):
    """A client of each: nginx and the gateway."""
    folder = rig.path("both")
    root = folder / "www"
    for name, data in {
        "index.html": b"<title>app</title>", "about.html": b"about", "404.html": b"not here", "docs/index.htm": b"docs",
        "assets/app.js": b"script", "assets/app.js.gz": gzip.compress(b"script"), "empty/.keep": b"",
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        os.utime(root / name, (1_700_000_000, 1_700_000_000))
    os.chmod(folder, 0o755)
    text = SITE.replace("ROOT", str(root))
    ours, theirs = free_port(), free_port()
    gateway = rig.gateway(config=f"{COMMON}\nserver {{\nlisten 127.0.0.1:{ours};\n{text}}}\n")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{ }}\n"
        f"http {{ {COMMON} access_log off; gzip_vary on; {_temporary(folder)}\n"
        f"server {{ listen 127.0.0.1:{theirs}; absolute_redirect off; {text} }} }}\n"
    )
    process = harness.Process(["nginx", "-p", folder, "-c", folder / "nginx.conf"], folder / "nginx.out")
    process.close = lambda: _stop(process)
    rig.keep(process)
    eventually(lambda: harness.is_listening(theirs), lambda: f"nginx: {process.output()}")
    return Asker(rig, ("127.0.0.1", theirs)), Asker(rig, gateway)


def _temporary(folder):
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{name}_temp_path {folder}/{name};" for name in names)


def _stop(process):
    process.signal(15)
    try:
        process.wait()
    finally:
        process.kill()


class Asker:
    """Asks on a connection of its own each time: nginx closes some after an error without having said so."""

    def __init__(self, rig, address):
        self.rig = rig
        self.address = address

    def ask(self, path, *fields, method="GET"):
        peer = self.rig.peer(self.address)
        peer.send(get(path, *fields, method=method, host="first.example"))
        response = peer.response(is_head=method == "HEAD")
        peer.close()
        return response


def differences(nginx, ours):
    """What differs, in words; the text of an error without a page is each program's own."""
    found = []
    if nginx.status != ours.status:
        return [f"status {nginx.status}, ours {ours.status}"]
    own = set(OWN)
    if not ours["ETag"]:
        own |= {"etag"}  # nginx gives the pages of errors one
    if ours.status >= 300:
        own |= {"content-length", "content-type"}
    elif nginx.body != ours.body:
        found.append(f"content {nginx.body!r}, ours {ours.body!r}")
    for name in sorted({name for name, _ in nginx.fields + ours.fields} - own):
        if nginx.values(name) != ours.values(name):
            found.append(f"{name} {nginx.values(name)}, ours {ours.values(name)}")
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_path(both, method):
    nginx, ours = both
    wrong = {}
    for path in PATHS:
        if found := differences(nginx.ask(path, method=method), ours.ask(path, method=method)):
            wrong[path] = found
    assert not wrong


def test_conditions_and_ranges(both):
    nginx, ours = both
    first = ours.ask("/about")
    tag, date = first["ETag"], first["Last-Modified"]
    assert (tag, date) == (nginx.ask("/about")["ETag"], nginx.ask("/about")["Last-Modified"])
    wrong = {}
    for line in [
        f"If-None-Match: {tag}", f"If-None-Match: W/{tag}", 'If-None-Match: "x"', "If-None-Match: *",
        f"If-Modified-Since: {date}", "If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT", 'If-Match: "x"',
        f"If-Match: {tag}", f"If-Unmodified-Since: {date}", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:01 GMT",
        "Range: bytes=0-1", "Range: bytes=-2", "Range: bytes=3-", "Range: bytes=99-", "Accept-Encoding: gzip",
        "Accept-Encoding: gzip;q=0",
    ]:  # fmt: skip
        for path in ("/about", "/app/x", "/none", "/robots.txt"):
            found = differences(nginx.ask(path, line), ours.ask(path, line))
            found = [text for text in found if "99-" not in line or not text.startswith(("x-", "expires", "cache"))]
            if found:
                wrong[f"{path}, {line}"] = found
    assert not wrong
    packed = nginx.ask("/assets/app.js", "Accept-Encoding: gzip"), ours.ask("/assets/app.js", "Accept-Encoding: gzip")
    assert packed[0].body == packed[1].body and packed[0]["ETag"] == packed[1]["ETag"]
    assert packed[0]["Vary"] == packed[1]["Vary"] == "Accept-Encoding"
