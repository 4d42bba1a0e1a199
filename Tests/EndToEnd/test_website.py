"""The web application beside MQTT: try_files, index, alias, types, gzip_static, error_page, return, add_header, expires."""

import email.utils
import gzip
import os
import time

import pytest

import harness

from website import get

SPA = b"<title>app</title>"
FILES = {
    "index.html": SPA,
    "about.html": b"about",
    "404.html": b"<p>nothing here</p>",
    "denied.html": b"<p>not for you</p>",
    "assets/app.js": b"console.log(1)" * 10,
    "assets/style.css": b"body {}",
    "docs/start.htm": b"start",
    "docs/index.htm": b"docs",
    "empty/.keep": b"",
    "UPPER.HTML": b"upper",
    "name.with.dots": b"dots",
    "sp ace.txt": b"space",
}

CONFIG = """
types { text/html html htm; text/javascript js; text/css css; text/x-dots DOTS; }
default_type application/x-unknown;
server {
    listen LISTEN;
    server_name first.example;
    root ROOT;
    add_header X-Server yes;
    error_page 404 /404.html;
    access_log access.log json;

    location / { try_files $uri $uri.html $uri/ =404; index index.htm index.html; }
    location = /index.html { add_header Cache-Control no-cache; }
    location /app/ { try_files $uri /index.html; }
    location ^~ /assets/ { gzip_static on; expires 1h; add_header X-Path $uri; add_header X-Always "a b" always; }
    location /img/ { alias ROOT/assets/; types { } gzip_static always; error_page 404 =200 /about.html; }
    location = /robots.txt { alias ROOT/about.html; default_type text/plain; expires epoch; }
    location /denied/ { deny all; error_page 403 /denied.html; }
    location /loop/ { try_files /none /loop/again; }
    location /moved/ { error_page 404 =301 https://other.example/; expires -1; }
    location /changed/ { error_page 404 = /teapot; }
    location /plain/ { error_page 404 /none-such.html; add_header X-Plain 1 always; }

    location /old/ { return 301 https://$host$request_uri; add_header X-Moved 1; }
    location = /teapot { return 418 "short $request_method of $host:$server_port\\n"; add_header X-Tea 1; }
    location = /gone { return 410; }
    location = /ok { return 200 '{"a":"$arg_a"}'; default_type application/json; expires max; }
    location = /nothing { return 204; }
    location = /login { return /?next=$uri$is_args$args; }
    location = /double { return 308 $arg_to; }
}
server { listen LISTEN; server_name second.example; return 301 https://$host$request_uri; }
server { listen LISTEN; server_name third.example; return 404; add_header X-All 1 always; }
"""


class Site:
    def __init__(self, rig):
        self.rig = rig
        self.root = rig.path("www")
        for name, data in FILES.items():
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).write_bytes(data)
        (self.root / "assets/app.js.gz").write_bytes(gzip.compress(FILES["assets/app.js"]))
        port = harness.free_port()
        text = CONFIG.replace("ROOT", str(self.root)).replace("LISTEN", f"127.0.0.1:{port}")
        self.gateway = rig.gateway(config=text)
        self.peer = rig.peer(self.gateway)

    def get(self, path, *fields, **options):
        return self.peer.ask(get(path, *fields, **{"host": "first.example", **options}))


@pytest.fixture
def website(rig):
    return Site(rig)


def seen(response):
    return response.status, response["Content-Type"], response.body


def test_files(website):
    """try_files with a name, an ending, a folder and a status; types; several names for index; no listing."""
    html, js, unknown = "text/html", "text/javascript", "application/x-unknown"
    missing = (404, html, FILES["404.html"])
    for path, expected in {
        "/about.html": (200, html, b"about"),
        "/about": (200, html, b"about"),
        "/": (200, html, SPA),
        "/index.html": (200, html, SPA),
        "/docs/": (200, html, b"docs"),
        "/docs/start.htm": (200, html, b"start"),
        "/UPPER.HTML": (200, html, b"upper"),
        "/name.with.dots": (200, "text/x-dots", b"dots"),
        "/sp%20ace.txt": (200, unknown, b"space"),
        "/assets/app.js": (200, js, FILES["assets/app.js"]),
        "/app/": (200, html, SPA),
        "/app/a/deep/link?x=1": (200, html, SPA),
        "/none": missing,
        "/none/": missing,
        "/about.html/": missing,
        "/img/app.js": (200, unknown, (website.root / "assets/app.js.gz").read_bytes()),
        "/img/style.css": (200, unknown, b"body {}"),
        "/robots.txt": (200, "text/plain", b"about"),
    }.items():
        assert seen(website.get(path)) == expected, path
    response = website.get("/docs?a=b")
    assert (response.status, response["Location"]) == (301, "/docs/?a=b")
    assert website.get("/empty/").status == 403
    assert website.get("/assets/").status == 403


def test_paths_that_would_leave_the_root(website):
    """Dots in any disguise are no way out, and neither are links."""
    secret = website.rig.path("secret") / "secret.txt"
    secret.write_text("secret")
    os.symlink(secret, website.root / "link.txt")
    os.symlink(secret.parent, website.root / "folder")
    os.symlink("about.html", website.root / "inside.html")
    os.symlink(website.root / "about.html", website.root / "absolute.html")
    os.symlink("/dev/zero", website.root / "zero")
    os.mkfifo(website.root / "fifo")
    name = secret.parent.name
    for path in [
        "/link.txt", "/folder/secret.txt", "/folder/", "/zero", "/fifo", f"/../{name}/secret.txt",
        f"/%2e%2e/{name}/secret.txt", f"/..%2f{name}%2fsecret.txt", f"/app/%2e%2e/%2e%2e/{name}/secret.txt",
        f"/assets../{name}/secret.txt", f"/img../../{name}/secret.txt", "/..%5c..%5cetc/passwd", "/about.html%00.txt",
    ]:  # fmt: skip
        response = website.rig.peer(website.gateway).ask(get(path, host="first.example"))
        assert response.status in (400, 403, 404), (path, response)
        assert b"secret" not in response.body
    assert website.get("/inside.html").body == b"about"
    assert website.get("/absolute.html").body == b"about"


def test_gzip_static(website):
    packed = (website.root / "assets/app.js.gz").read_bytes()
    plain = website.get("/assets/app.js")
    assert plain["Content-Encoding"] is None and plain["Vary"] == "Accept-Encoding"
    for accept, is_packed in {
        "gzip": True, "GZIP": True, "br, gzip;q=0.5": True, "x-gzip": True, "*": True, "gzip;q=0": False, "*;q=0": False,
        "gzip;q=0.000": False, "identity": False, "*, gzip;q=0": False, "gzip; q=1.0": True, "gzipp": False, "": False,
    }.items():  # fmt: skip
        response = website.get("/assets/app.js", f"Accept-Encoding: {accept}")
        assert response.body == (packed if is_packed else FILES["assets/app.js"]), accept
        assert response["Content-Encoding"] == ("gzip" if is_packed else None)
        assert response["Content-Type"] == "text/javascript" and response["Vary"] == "Accept-Encoding"
        assert (response["ETag"] == plain["ETag"]) != is_packed
    other = website.get("/assets/style.css", "Accept-Encoding: gzip")
    assert other.body == b"body {}" and other["Content-Encoding"] is None and other["Vary"] == "Accept-Encoding"
    assert website.get("/about.html", "Accept-Encoding: gzip")["Vary"] is None
    always = website.get("/img/app.js")
    assert always["Content-Encoding"] == "gzip" and always["Vary"] is None and always.body == packed


def test_expires_and_headers(website):
    response = website.get("/assets/app.js")
    later = email.utils.parsedate_to_datetime(response["Expires"]).timestamp()
    assert abs(later - time.time() - 3600) < 60 and response["Cache-Control"] == "max-age=3600"
    assert response["X-Path"] == "/assets/app.js" and response["X-Always"] == "a b"
    assert response["X-Server"] is None  # another add_header replaces those outside
    missing = website.get("/assets/none.js")
    assert missing.status == 404 and missing["X-Path"] is None and missing["X-Always"] is None  # those of /404.html
    assert missing["X-Server"] is None and missing["Expires"] is None
    assert website.get("/about")["X-Server"] == "yes"
    # The index is another location's.
    for path in ("/", "/index.html", "/app/x"):
        response = website.get(path)
        assert response["Cache-Control"] == "no-cache" and response["X-Server"] is None, path
    robots = website.get("/robots.txt")
    assert (robots["Expires"], robots["Cache-Control"]) == ("Thu, 01 Jan 1970 00:00:01 GMT", "no-cache")
    ok = website.get("/ok")
    assert (ok["Expires"], ok["Cache-Control"]) == ("Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000")
    assert website.get("/gone")["X-Server"] is None
    third = website.get("/", host="third.example")
    assert third.status == 404 and third["X-All"] == "1"


def test_error_pages(website):
    page = website.get("/denied/x")
    assert (page.status, page.body, page["Content-Type"]) == (403, FILES["denied.html"], "text/html")
    assert page["ETag"] is page["Last-Modified"] is page["Accept-Ranges"] is None
    assert seen(website.get("/img/none.png")) == (200, "text/html", b"about")
    moved = website.get("/moved/x")
    assert (moved.status, moved["Location"]) == (301, "https://other.example/")
    assert moved["X-Server"] == "yes"
    changed = website.get("/changed/x")
    assert changed.status == 418 and changed.body.startswith(b"short GET of first.example:")
    plain = website.get("/plain/x")
    assert plain.status == 404 and plain.body.startswith(b"404 Not Found") and plain["X-Plain"] == "1"
    assert website.get("/loop/x").status == 500
    missing = website.get("/none", method="POST", *["Content-Length: 0"])
    assert missing.status == 405 and missing["Allow"] == "GET, HEAD"
    gone = website.get("/gone")
    assert (gone.status, gone.reason) == (410, "Gone")


def test_return(website):
    moved = website.get("/old/a%20b/?x=%41&y=/")
    assert (moved.status, moved["Location"]) == (301, "https://first.example/old/a%20b/?x=%41&y=/")
    assert moved["X-Moved"] == "1" and moved["X-Server"] is None
    absolute = website.get("http://First.Example:99/old/x?y")
    assert absolute["Location"] == "https://first.example/old/x?y"
    tea = website.get("/teapot")
    assert (tea.status, tea["X-Tea"]) == (418, None)
    assert tea["Content-Type"] == "application/x-unknown"
    ok = website.get("/ok?a=%22b")
    assert seen(ok) == (200, "application/json", b'{"a":""b"}')
    assert website.get("/ok", method="POST", *["Content-Length: 0"]).status == 200
    nothing = website.get("/nothing")
    assert nothing.status == 204 and nothing["Content-Length"] is None and nothing["Content-Type"] is None
    login = website.get("/login?a=b")
    assert (login.status, login["Location"]) == (302, "/?next=/login?a=b")
    second = website.get("/any/%2e/path", host="second.example")
    assert (second.status, second["Location"]) == (301, "https://second.example/any/%2e/path")
    assert website.get("/double?to=//evil.example/%0d%0aX:1")["Location"] == "/evil.example/%0D%0AX:1"


def test_log_lines(website):
    for path in ("/about", "/none", "/gone", "/old/x", "/ok"):
        website.get(path)
    website.peer.close()
    lines = [(line["uri"], line["http_status"], line["status_reason"]) for line in website.gateway.ended_count(5)]
    assert lines == [
        ("/about", 200, "served"),
        ("/none", 404, "request_refused"),
        ("/gone", 410, "request_refused"),
        ("/old/x", 301, "served"),
        ("/ok", 200, "served"),
    ]
