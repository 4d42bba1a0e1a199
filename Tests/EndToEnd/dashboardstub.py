"""A gateway that is none: serves the dashboard's page as its sources have it, and the API's answers with figures that move.
For the page's own tests and for looking at it; `test_dashboard_gateway.py` has the real one.

    python3 Tests/EndToEnd/dashboardstub.py [--write] [--token TOKEN] [--connections N] [PORT]
"""

import argparse
import base64
import contextlib
import hashlib
import html
import json
import math
import re
import socket
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

SOURCES = Path(__file__).resolve().parents[2] / "Sources/CDashboard"

HOSTILE = [
    '<img src=x onerror="window.injected=1">',
    "\"'><script>window.injected=1</script>",
    "right-to-left \u202egnp.exe",
    "controls \x01\x1b[31m\x7f\u200b\u2028end",
    "long-" + "x" * 1019,
    "{{script}} ${window.injected=1} &lt;b&gt; \\u003cimg",
    "=cmd|'/c calc'!A1",
    "שלום עולם مرحبا 你好 🦀",
]


def page_parts():
    """The document, the style and the script, composed as CDashboard.c has them."""
    source = (SOURCES / "CDashboard.c").read_text()
    arrays = re.findall(r"static const unsigned char (\w+)\[\] = \{(.*?)\};", source, re.DOTALL)
    return {
        name: "".join((SOURCES / file).read_text() for file in re.findall(r'#embed "([^"]+)"', body)) for name, body in arrays
    }


def page(api="/api/"):
    """The page as a gateway serves it, and its policy."""
    parts = page_parts()
    document = parts["document"].replace("{{api}}", html.escape(api))
    document = document.replace("{{style}}", parts["style"]).replace("{{script}}", parts["script"])
    digest = {
        name: base64.b64encode(hashlib.sha256(parts[name].encode()).digest()).decode() for name in ("style", "script")
    }
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest['script']}'; style-src 'sha256-{digest['style']}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return document.encode(), policy


def iso(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Problem(Exception):
    def __init__(self, status, detail, **fields):
        super().__init__(detail)
        self.status, self.fields = status, fields


class World:
    """What the stub pretends. Attributes may be changed by a test at any time."""

    def __init__(self, connections=1200, write=False, token=None, age=0.0):
        self.start = time.time() - age
        self.write, self.token = write, token
        self.failing = False  # status 503 for everything
        self.reload_problem = None
        self.last_failure = None
        self.generation = 1
        self.reads_need_token = False
        self.requests = []  # (method, path), for tests
        self.changed = {}  # (upstream, peer): {field: value}
        self.kicked = {}
        self.ended = [f"e{index:015x}" for index in range(min(60, connections))]
        self.ids = [f"{index:016x}" for index in range(1, connections + 1)]
        self.names = HOSTILE + [f"sensor-{index:06d}" for index in range(len(HOSTILE), connections)]

    @property
    def now(self):
        return time.time()

    @property
    def uptime(self):
        return self.now - self.start

    # Figures that grow: integrals of waves

    def amount(self, rate, period, phase=0.0):
        t = self.uptime + 4000
        return int(rate * (t + 0.35 * period / 6.283 * math.sin(6.283 * t / period + phase)
                           + 0.12 * 7 / 6.283 * math.sin(6.283 * t / 7 + phase)))

    def status(self):
        current = len(self.ids) - len(self.kicked)
        return {
            "version": "0.1.0", "started_at": iso(self.start), "now": iso(self.now), "uptime": self.uptime, "write": self.write,
            "draining": False,
            "generation": {"number": self.generation, "loaded_at": iso(self.start), "last_failure": self.last_failure,
                           "reloads": {"succeeded": self.generation - 1, "failed": int(self.last_failure is not None)}},
            "process": {"pid": 4711, "memory_bytes": 187_000_000 + int(4e6 * math.sin(self.uptime / 30)), "open_fds": current * 2 + 40,
                        "max_fds": 262144, "cpu_seconds": self.uptime * 0.41 + 2 * math.sin(self.uptime / 9)},
            "loops": [{"index": i, "connections": current // 4, "sessions": current // 4, "turns": 1000, "slow_turns": 3 * (i == 2),
                       "busy_seconds": self.uptime * (0.11 + 0.05 * i) + math.sin(self.uptime / 7 + i), "longest_turn_seconds": 0.0124}
                      for i in range(4)],
            "connections": {"accepted": 48211 + int(self.uptime * 3), "current": current,
                            "by_state": {"open": current - 9, "reading_request": 4, "awaiting_connect": 2, "authenticating": 2, "closing": 1}},
            "sessions": {"current": current - 9 + int(3 * math.sin(self.uptime / 11))},
            "received": {"bytes": self.amount(1.4e6, 90), "packets": self.amount(5200, 90)},
            "sent": {"bytes": self.amount(3.1e6, 130, 2), "packets": self.amount(7900, 130, 2)},
            "ends": {"client_disconnect": 31002 + int(self.uptime), "client_lost": 4120 + int(self.uptime / 4), "client_idle": 310,
                     "served": 2210, "credentials_refused": 913 + int(self.uptime / 6), "origin_refused": 120, "tls_failed": 77,
                     "connect_timeout": 12, "version_refused": 3, "broker_lost": 41, "packet_too_large": 2, "drained": 40},
            "attempt_failures": {"refused": 12, "timeout": 3}, "log_lines_dropped": 0,
        }

    def peers(self):
        table = [
            ("brokers", "least_conn", [("10.0.0.11:1883", "up", 3), ("10.0.0.12:1883", "up", 2), ("10.0.0.13:1883", "unhealthy", 1)]),
            ("europe <eu>", "hash", [("[2001:db8:0:17::a1]:8883", "up", 1), ("unix:/run/mosquitto/a rather long path.sock", "full", 1)]),
        ]
        upstreams = []
        for name, balancer, servers in table:
            peers = []
            for index, (address, state, weight) in enumerate(servers):
                changed = self.changed.get((name, address), {})
                drain = changed.get("drain", False)
                down = changed.get("down", False)
                state = "down" if down else "draining" if drain else state
                peers.append({
                    "address": address, "server": "broker.example.com:1883" if index == 0 else address, "state": state,
                    "backup": False, "down": down, "drain": drain, "weight": changed.get("weight", weight),
                    "effective_weight": changed.get("weight", weight) * (0.4 if index == 1 and name == "brokers" else 1.0),
                    "share": 0.0, "max_conns": changed.get("max_conns", 100 if state == "full" else 0),
                    "sessions": [612, 401, 9][index] + int(4 * math.sin(self.uptime / 5 + index)), "sessions_total": 21000 - 7000 * index,
                    "tries": 21010 - 7000 * index, "failures": {"refused": 9, "timeout": 3} if state == "unhealthy" else {},
                    "checked": name == "brokers", "healthy": state != "unhealthy", "changed": changed,
                })
            able = sum(peer["effective_weight"] for peer in peers if peer["state"] == "up") or 1
            for peer in peers:
                peer["share"] = peer["effective_weight"] / able if peer["state"] == "up" else 0.0
            upstreams.append({"name": name, "balancer": balancer, "sessions": sum(p["sessions"] for p in peers), "peers": peers})
        return upstreams

    # Connections

    def flow(self, index, factor):
        publish = int((index % 97) * factor * (1 + self.uptime / 3))
        by_type = {"publish_qos0": {"packets": publish, "bytes": publish * 120}, "pingreq" if factor < 2 else "pingresp": {"packets": 40, "bytes": 80},
                   "connect" if factor < 2 else "connack": {"packets": 1, "bytes": 60}}
        if index % 3 == 0:
            by_type["publish_qos1"] = {"packets": publish // 2, "bytes": publish * 70}
            by_type["puback"] = {"packets": publish // 3, "bytes": publish}
        return {"bytes": sum(one["bytes"] for one in by_type.values()), "packets": sum(one["packets"] for one in by_type.values()),
                "publish_payload_bytes": publish * 90, "idle": (self.uptime * 1.7 + index) % 40, "waiting_bytes": (index % 13 == 0) * 4096,
                "backpressure": {"count": 0 if index % 13 else 7, "seconds": 0.31 if index % 13 == 0 else 0}, "by_type": by_type}

    def connection(self, index, closed=False):
        identifier = self.ended[index] if closed is True else self.ids[index]
        cause = ["client_disconnect", "client_lost", "credentials_refused", "client_idle", "broker_lost"][index % 5]
        state = "closed" if closed else "awaiting_connect" if index % 331 == 330 else "open"
        tls = {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "group": "X25519", "resumed": index % 3 == 0, "server_name": "mqtt.example.com", "client_cn": ""}
        has_connect = state != "awaiting_connect"
        return {
            "id": identifier, "state": state, "remote_addr": f"192.0.{index // 250 % 250}.{index % 250 + 1}" if index % 9 else f"2001:db8::{index:x}",
            "remote_port": 40000 + index % 20000, "listener": "0.0.0.0:443", "server_name": "mqtt.example.com", "transport": "ws",
            "protocol": "h2" if index % 4 == 0 else "http/1.1", "uri": "/mqtt", "connected_at": iso(self.now - index - 5 - self.uptime),
            "age": index + 5 + self.uptime, "tls": tls if index % 5 else None,
            "websocket": {"subprotocol": "mqtt", "frames_received": 810, "frames_sent": 455, "pings_received": 0, "pings_sent": 12,
                          "pongs_received": 12, "ping_rtt": 0.0231 if index % 2 else None},
            "mqtt": {"version": "5.0" if index % 2 else "3.1.1", "client_id": self.names[index], "username": HOSTILE[0] if index == 0 else f"user{index % 50}" if index % 4 else "",
                     "keepalive": 60, "clean_start": index % 2 == 0, "auth_method": "password", "auth_seconds": 0.0312, "connack_seconds": 0.0021} if has_connect else None,
            "upstream": {"name": "brokers", "peer": ["10.0.0.11:1883", "10.0.0.12:1883"][index % 2], "tries": 1 + (index % 50 == 0)} if has_connect else None,
            "received": self.flow(index, 1), "sent": self.flow(index, 2),
            "end": {"at": iso(self.now - index * 7), "cause": self.kicked.get(identifier, cause), "side": "client", "websocket_code": 1000 if index % 2 else None,
                    "mqtt_reason": 142 if index % 5 == 1 else None} if closed else None,
        }

    SORT = {"client_id": lambda w, i: w.names[i], "username": lambda w, i: (i % 4 != 0, i % 50), "peer": lambda w, i: i % 2,
            "address": lambda w, i: (i // 250, i % 250), "received_bytes": lambda w, i: i % 97, "sent_bytes": lambda w, i: i % 97, "ended": lambda w, i: -i}

    def connections(self, query):
        closed = query.get("state") == "closed"
        gone = {identifier: None for identifier in self.kicked}
        indices = range(len(self.ended)) if closed else [i for i, one in enumerate(self.ids) if one not in gone]
        needle = query.get("q", "").lower()
        if needle:
            indices = [i for i in indices if needle in self.names[i].lower() or needle in f"192.0.{i // 250 % 250}.{i % 250 + 1}"]
        if peer := query.get("peer"):
            indices = [i for i in indices if ["10.0.0.11:1883", "10.0.0.12:1883"][i % 2] == peer]
        if query.get("upstream", "brokers") != "brokers" or query.get("state", "open") not in ("open", "closed"):
            indices = []
        field = query.get("sort", "age")
        key = self.SORT.get(field.lstrip("-"), lambda w, i: i)
        indices = sorted(indices, key=lambda i: key(self, i), reverse=field.startswith("-"))
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 100))
        return {"total": len(indices), "offset": offset, "limit": limit,
                "connections": [self.connection(i, closed) for i in indices[offset : offset + limit]]}

    def certificates(self):
        names = [("mqtt.example.com", 61), ("iot.example.org", 19), ("old.example.net", 3), ("gone.example.net", -2)]
        return [{"server_name": name, "listeners": ["0.0.0.0:443", "[::]:443"], "file": f"/etc/sluice/{name}.pem", "subject": f"CN={name}",
                 "issuer": "CN=R11,O=Let's Encrypt,C=US", "names": [name, f"www.{name}"], "serial": f"0{days & 15}a1", "key": "EC 256",
                 "not_before": iso(self.now - 86400 * 40), "not_after": iso(self.now + days * 86400 + 60), "expires_in": days * 86400 + 60.0}
                for name, days in names]

    # Requests

    def answer(self, method, path, query, body, authorization):
        self.requests.append((method, path, query))
        if self.failing:
            raise Problem(503, "The stub has been told to fail")
        if self.token and (method != "GET" or self.reads_need_token) and authorization != f"Bearer {self.token}":
            raise Problem(401, "This needs a token of api_token_file, as \"Authorization: Bearer TOKEN\"")
        if method != "GET" and not self.write:
            raise Problem(403, "This API is read-only: \"api write=on;\" allows changes")
        parts = [unquote(part) for part in path.split("/")]
        match (method, *parts):
            case ("GET", "status"): return self.status()
            case ("GET", "connections"): return self.connections(query)
            case ("GET", "upstreams"): return {"upstreams": self.peers()}
            case ("GET", "certificates"): return {"certificates": self.certificates()}
            case ("GET", "config"):
                text = "worker_threads 4;\n\nupstream brokers {\n    least_conn;\n    server 10.0.0.11:1883 weight=3;\n}\n\n" + "server {\n    listen 443 ssl;\n}\n" * 20
                return {"generation": self.generation, "loaded_at": iso(self.start), "text": text}
            case ("POST", "reload"):
                if self.reload_problem:
                    self.last_failure = {"at": iso(self.now), "detail": self.reload_problem}
                    raise Problem(422, self.reload_problem)
                self.generation += 1
                return {"generation": self.generation}
            case ("GET", "connections", identifier) if identifier in self.ids:
                return self.connection(self.ids.index(identifier), "kicked" if identifier in self.kicked else False)
            case ("GET", "connections", identifier) if identifier in self.ended:
                return self.connection(self.ended.index(identifier), True)
            case ("DELETE", "connections", identifier) if identifier in self.ids:
                self.kicked[identifier] = "kicked"
                return None
            case ("DELETE", "connections") if query:
                matching = self.connections({**query, "limit": len(self.ids)})["connections"]
                self.kicked.update((one["id"], "kicked") for one in matching)
                return {"closed": len(matching)}
            case ("PATCH", "upstreams", upstream, "peers", peer):
                values = self.changed.setdefault((upstream, peer), {})
                values.update(body)
                for name in [name for name, value in values.items() if value is None]:
                    del values[name]
                return next(p for u in self.peers() if u["name"] == upstream for p in u["peers"] if p["address"] == peer)
        raise Problem(404, f"There is no {path} here")


class Stub:
    """The world as a server; `close` and `open` again at the same port."""

    def __init__(self, world, port=0, api="/api/"):
        self.world, self.port, self.api = world, port, api
        self.kept = set()  # connections that browsers keep open
        self.open()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def open(self):
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                stub.kept.add(self.connection)

            def finish(self):
                stub.kept.discard(self.connection)
                super().finish()

            def log_message(self, *_):
                pass

            def respond(self, status, body, **fields):
                self.send_response(status)
                for name, value in {"Content-Length": len(body), "Cache-Control": "no-store", **fields}.items():
                    self.send_header(name.replace("_", "-"), str(value))
                self.end_headers()
                self.wfile.write(body)

            def handle_any(self):
                target = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if not target.path.startswith(stub.api):
                    document, policy = page(stub.api)
                    return self.respond(200, document, Content_Type="text/html; charset=utf-8", Content_Security_Policy=policy)
                query = {name: values[0] for name, values in parse_qs(target.query).items()}
                try:
                    answer = stub.world.answer(self.command, target.path.removeprefix(stub.api), query,
                                               json.loads(body) if body else None, self.headers.get("Authorization"))
                except Problem as problem:
                    fields = {"WWW_Authenticate": "Bearer"} if problem.status == 401 else {}
                    document = {"type": "about:blank", "title": "Problem", "status": problem.status, "detail": str(problem)}
                    return self.respond(problem.status, json.dumps(document).encode(), Content_Type="application/problem+json", **fields)
                if answer is None:
                    return self.respond(204, b"")
                self.respond(200, json.dumps(answer).encode(), Content_Type="application/json")

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.kept):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", nargs="?", type=int, default=8099)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--token")
    parser.add_argument("--connections", type=int, default=1200)
    options = parser.parse_args()
    print(Stub(World(options.connections, options.write, options.token, age=93784), options.port).url, flush=True)
    threading.Event().wait()
