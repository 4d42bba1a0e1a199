"""A gateway's API that is none: answers of the contract's form, made by the test, for `sluice top`."""

import http.server
import json
import ssl
import threading
import urllib.parse

import harness

STARTED = "2026-11-21T09:00:00.000Z"


def connection(number, **fields):
    """A connection as the API has it; `fields` replace what is at the top, `mqtt` and `end` what is in them."""
    traffic = {
        "bytes": 1000 * number, "packets": 10 * number, "publish_payload_bytes": 900 * number, "idle": 1.0 * number,
        "waiting_bytes": 0, "backpressure": {"count": 0, "seconds": 0},
        "by_type": {"connect": {"packets": 1, "bytes": 40}, "publish_qos1": {"packets": 9 * number, "bytes": 960 * number}},
    }  # fmt: skip
    mqtt = {
        "version": "5.0", "client_id": f"client-{number}", "username": f"user{number}", "keepalive": 60, "clean_start": True,
        "auth_method": "password", "auth_seconds": 0.0105, "connack_seconds": 0.002,
    }  # fmt: skip
    value = {
        "id": f"{number:016x}", "state": "open", "remote_addr": f"192.0.2.{number % 250 + 1}", "remote_port": 50000 + number,
        "listener": "127.0.0.1:8083", "server_name": "example.com", "transport": "ws", "protocol": "http/1.1", "uri": "/mqtt",
        "connected_at": STARTED, "age": 100.0 + number,
        "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "group": "X25519", "resumed": False, "server_name": "example.com",
                "client_cn": ""},
        "websocket": {"subprotocol": "mqtt", "frames_received": 3, "frames_sent": 4, "pings_received": 0, "pings_sent": 1,
                      "pongs_received": 1, "ping_rtt": 0.0012},
        "mqtt": mqtt | fields.pop("mqtt", {}),
        "upstream": {"name": "brokers", "peer": "10.0.0.1:1883", "tries": 1},
        "received": traffic, "sent": dict(traffic), "end": None,
    }  # fmt: skip
    return value | fields


def peer(address="10.0.0.1:1883", **fields):
    value = {
        "address": address, "server": address, "state": "up", "backup": False, "down": False, "drain": False, "weight": 1,
        "effective_weight": 1.0, "share": 0.5, "max_conns": 0, "sessions": 3, "sessions_total": 10, "tries": 12,
        "failures": {"refused": 1}, "checked": True, "healthy": True, "changed": {},
    }  # fmt: skip
    return value | fields


def certificate(**fields):
    value = {
        "server_name": "example.com", "listeners": ["0.0.0.0:443"], "file": "certs/a.crt", "subject": "CN=example.com",
        "issuer": "CN=authority", "names": ["example.com"], "serial": "01", "key": "EC 256", "not_before": STARTED,
        "not_after": "2027-11-21T09:00:00.000Z", "expires_in": 31536000.0,
    }  # fmt: skip
    return value | fields


class StubAPI:
    """Serves `status`, `connections`, `ended`, `peers` and `certificates`, which a test may change at any time.

    `asked` has the paths with queries. Each look at the status is one second later than the last. `answer`, if set, is what
    every request is answered: (status, content type, body).
    """

    def __init__(self, port=None, *, certificate_file=None, authorization=None):
        self.connections = [connection(number) for number in (1, 2, 3)]
        self.ended = [
            connection(
                9, state="closed",
                end={"at": "2026-11-21T09:29:58.000Z", "cause": "client_lost", "side": "client", "websocket_code": None,
                     "mqtt_reason": 142},
            )
        ]  # fmt: skip
        self.peers = [peer(), peer("10.0.0.2:1883", state="unhealthy", healthy=False, share=0.0)]
        self.certificates = [certificate()]
        self.started = STARTED
        self.uptime = 100.0
        self.traffic = {"received": {"bytes": 0, "packets": 0}, "sent": {"bytes": 0, "packets": 0}}
        self.step = {"bytes": 2048, "packets": 7}
        self.asked = []
        self.answer = None
        self.authorization = authorization
        self.credentials = []
        self.lock = threading.Lock()
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                stub.serve(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_):
                """A client that has gone is none."""

        self.server = Server(("127.0.0.1", port or harness.free_port()), Handler)
        self.port = self.server.server_port
        scheme = "http"
        if certificate_file:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate_file)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            scheme = "https"
        self.url = f"{scheme}://localhost:{self.port}/api/" if certificate_file else f"{scheme}://127.0.0.1:{self.port}/api/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # Answers

    def serve(self, handler):
        with self.lock:
            self.asked.append(handler.path)
            self.credentials.append(handler.headers.get("Authorization"))
            status, kind, body = self.respond(handler)
        handler.close_connection = not self.thread.is_alive()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def respond(self, handler):
        if self.answer:
            return self.answer
        if self.authorization and handler.headers.get("Authorization") != self.authorization:
            return self.problem(401, "Unauthorized", "credentials are needed")
        url = urllib.parse.urlsplit(handler.path)
        if not url.path.startswith("/api/"):
            return 404, "text/html", b"<html>not found</html>"
        query = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query).items()}
        name = url.path.removeprefix("/api/")
        if name == "status":
            return self.json(self.status())
        if name == "connections":
            return self.json(self.listing(query))
        if name.startswith("connections/"):
            found = [one for one in self.connections + self.ended if one["id"] == name.removeprefix("connections/")]
            return self.json(found[0]) if found else self.problem(404, "Not Found", "there is no such connection")
        if name == "upstreams":
            return self.json({"upstreams": [{"name": "brokers", "balancer": "round_robin", "sessions": 3, "peers": self.peers}]})
        if name == "certificates":
            return self.json({"certificates": self.certificates})
        return self.problem(404, "Not Found", f"there is no {name}")

    def json(self, value):
        # Indented: a line of `--json` must be one all the same.
        return 200, "application/json", json.dumps(value, indent=1).encode()

    def problem(self, status, title, detail):
        value = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        return status, "application/problem+json", json.dumps(value).encode()

    def status(self):
        self.uptime += 1
        for way in self.traffic.values():
            for name in way:
                way[name] += self.step[name]
        for one in self.connections:
            one["age"] += 1
        return {
            "version": "0.1.0", "started_at": self.started, "now": "2026-11-21T09:30:00.125Z", "uptime": self.uptime,
            "write": False, "draining": False,
            "generation": {"number": 1, "loaded_at": STARTED, "reloads": {"succeeded": 0, "failed": 0}, "last_failure": None},
            "process": {"pid": 1, "memory_bytes": 10 << 20, "open_fds": 30, "max_fds": 1024, "cpu_seconds": self.uptime / 10},
            "loops": [
                {"index": 0, "connections": 1, "sessions": 1, "turns": 1, "busy_seconds": self.uptime / 4, "slow_turns": 0,
                 "longest_turn_seconds": 0.001},
                {"index": 1, "connections": 1, "sessions": 1, "turns": 1, "busy_seconds": self.uptime / 2, "slow_turns": 0,
                 "longest_turn_seconds": 0.001},
            ],
            "connections": {"accepted": 10, "current": len(self.connections), "by_state": {"open": len(self.connections)}},
            "sessions": {"current": len(self.connections)}, **self.traffic, "ends": {"client_disconnect": 3, "client_lost": 1},
            "attempt_failures": {"refused": 1}, "log_lines_dropped": 0,
        }  # fmt: skip

    def listing(self, query):
        rows = list(self.ended if query.get("state") == "closed" else self.connections)
        text = query.get("q", "")
        rows = [
            one for one in rows if any(text in part for part in
            (one["mqtt"]["client_id"], one["mqtt"]["username"], one["remote_addr"]))
        ]  # fmt: skip
        limit = int(query.get("limit", 100))
        return {"total": len(rows), "offset": 0, "limit": limit, "connections": rows[:limit]}
