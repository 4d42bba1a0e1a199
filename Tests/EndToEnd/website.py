"""Files beside the gateway, and plain HTTP requests for them."""

import functools

import fakebroker

PAGE = b"<p>hello</p>"


class Website:
    """A gateway with a plain and a TLS listener that serves files, and MQTT at /mqtt."""

    def __init__(self, rig, *, is_tls=False, behaviour=fakebroker.echo, server="", **options):
        self.rig = rig
        self.is_tls = is_tls
        self.root = rig.path("www")
        (self.root / "index.html").write_bytes(PAGE)
        (self.root / "folder").mkdir()
        self.broker = rig.fake(behaviour)
        self.gateway = rig.tls_gateway(
            [self.broker],
            server=f"""
                location / {{ root {self.root}; }}
                location /denied {{ root {self.root}; deny all; }}
                {server}""",
            **options,
        )

    def peer(self, **options):
        """A byte-exact client; over TLS where the site was made so."""
        return self.rig.peer(self.gateway, tls=self.is_tls or None, **options)

    @property
    def url(self):
        """With the name of the certificate."""
        if self.is_tls:
            return f"https://localhost:{self.gateway.tls_port}"
        return f"http://localhost:{self.gateway.port}"

    @functools.cached_property
    def large(self):
        """Five megabytes, at /large.bin."""
        data = self.rig.random.randbytes(5_000_000)
        (self.root / "large.bin").write_bytes(data)
        return data

    def log(self, count):
        """What the access log says of `count` requests, and there are no more: uri and status."""
        lines = self.gateway.ended_count(count)
        assert len(lines) == count, lines
        return [(line["uri"], line.get("http_status")) for line in lines]


def get(path="/index.html", *fields, method="GET", http="HTTP/1.1", host="localhost"):
    """A request head; `fields` are whole lines."""
    return "\r\n".join([f"{method} {path} {http}", f"Host: {host}", *fields, "", ""]).encode()


def is_page(response):
    """Whether it is the front page, whole."""
    return response.status == 200 and response.body == PAGE and response["Content-Length"] == str(len(PAGE))


def expect_kept(peer):
    """The connection serves one more request."""
    response = peer.ask(get())
    assert is_page(response) and response["Connection"] is None, response
