"""Headless browsers of $WORK/debian, and a site of HTTP/2 with WebSockets (RFC 8441) that notes what they do."""

import json
import os
import queue
import ssl
import subprocess
import threading
from pathlib import Path
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes, Settings

from peer import *

ROOT = Path(os.environ["WORK"], "debian")


class Browser:
    """`with Browser("chromium", url):` opens the page for as long."""

    def __init__(self, name, url):
        home = ROOT / f"tmp/{name}"
        home.mkdir(parents=True, exist_ok=True)
        self.command = {
            "chromium": ["/usr/lib/chromium/chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                         "--ignore-certificate-errors", "--disable-background-networking", f"--user-data-dir=/tmp/{name}"],
            "firefox": ["/usr/lib/firefox-esr/firefox-esr", "--headless", "--no-remote", "--profile", f"/tmp/{name}"],
        }[name] + [url]
        policies = ROOT / "usr/lib/firefox-esr/distribution/policies.json"
        if name == "firefox":
            policies.parent.mkdir(exist_ok=True)
            (ROOT / "tmp/ca.crt").write_bytes(Path("ca.crt").read_bytes())
            policies.write_text(json.dumps({"policies": {"Certificates": {"Install": ["/tmp/ca.crt"]}}}))

    def __enter__(self):
        log = open("browser.log", "ab")
        self.process = subprocess.Popen(["bash", "-c", 'in_debian "$@"', "bash", *self.command], stdout=log, stderr=log)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Site:
    """Serves `page`, a script, at `url`. `websocket(connection, stream)` answers an extended CONNECT, and
    `closed(connection, stream)` what follows a Close of the browser. `notes` has (number of the connection, what, stream);
    what the page hands to `say()` is in `said`.
    """

    def __init__(self, page, websocket=None, closed=None, streams=100):
        say = "const say = what => fetch('/said?' + encodeURIComponent(JSON.stringify(what)));"
        self.page = f"<!doctype html><link rel=icon href=data:,><script>{say}{page}</script>".encode()
        self.websocket, self.closed, self.streams = websocket, closed, streams
        self.notes, self.said = [], queue.Queue()
        self.listener = listen(120)
        self.port = self.listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}/"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain("site.crt", "site.key")
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        threading.Thread(target=self._accept, daemon=True).start()

    def hears(self):
        return self.said.get(timeout=60)

    def _accept(self):
        for number in range(1, 1000):
            plain, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(plain, number), daemon=True).start()

    def _serve(self, plain, number):
        try:
            plain.settimeout(120)
            connection = self.context.wrap_socket(plain, server_side=True)
            protocol = connection.selected_alpn_protocol()
            self.notes.append((number, protocol, 0))
            if protocol == "h2":
                self._http2(connection, number)
            else:
                self.notes.append((number, read_head(connection).split(" ")[0], 0))
        except (OSError, EOFError):
            pass
        self.notes.append((number, "end", 0))

    def _http2(self, socket, number):
        server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        server.local_settings = Settings(client=False, initial_values={
            SettingCodes.ENABLE_CONNECT_PROTOCOL: 1, SettingCodes.MAX_CONCURRENT_STREAMS: self.streams,
        })
        server.initiate_connection()
        socket.sendall(server.data_to_send())
        while data := socket.recv(65536):
            for event in server.receive_data(data):
                if isinstance(event, RequestReceived):
                    self._request(server, number, event.stream_id, dict(event.headers))
                elif isinstance(event, DataReceived):
                    server.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    if event.data and event.data[0] & 15 == CLOSE:
                        self.notes.append((number, "Close", event.stream_id))
                        if self.closed:
                            self.closed(server, event.stream_id)
                elif isinstance(event, (StreamEnded, StreamReset, ConnectionTerminated)):
                    self.notes.append((number, type(event).__name__, getattr(event, "stream_id", 0)))
            socket.sendall(server.data_to_send())

    def _request(self, server, number, stream, fields):
        self.notes.append((number, f"{fields[':method']} {fields.get(':protocol', fields[':path'][:5])}", stream))
        if fields[":method"] == "CONNECT":
            self.websocket(server, stream)
            return
        path, _, said = fields[":path"].partition("?")
        if path == "/said":
            self.said.put(json.loads(unquote(said)))
        body = self.page if path == "/" else b""
        kind = [("content-type", "text/html; charset=utf-8")] if body else []
        server.send_headers(stream, [(":status", "200"), ("content-length", str(len(body))), *kind])
        server.send_data(stream, body, end_stream=True)


def opened(server, stream):
    """The answer that opens the WebSocket."""
    server.send_headers(stream, [(":status", "200"), ("sec-websocket-protocol", "mqtt")])
