"""A client of HTTP/2 and of WebSocket over it (RFC 8441), on the `h2` package: it sends what it is told to, rules or not, and
keeps every frame that has come, as bytes."""

import socket
import ssl
import struct
import time

import h2.config
import h2.connection
import h2.events
import h2.settings
import hpack

import harness
import mqttbytes
from h2frames import *  # noqa: F403: tests take all of it from here
from h2stream import Stream


class Client:
    """One connection. `settings`: of the client's own; `gives_credit`: whether windows are opened again; `window`: that of
    the connection, which h2 begins at 65,535; `waits`: for the server's SETTINGS."""

    def __init__(
        self, port, *, context=None, host="localhost", authority=None, settings=None, gives_credit=True,
        window=15 << 20, source=None, prefix=b"", waits=True, receive_buffer=None,
    ):  # fmt: skip
        raw = socket.socket()
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(harness.DEADLINE)
        if source:
            raw.bind((source, 0))
        raw.connect(("127.0.0.1", port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.source_port = raw.getsockname()[1]
        if prefix:
            raw.sendall(prefix)
        if context:
            raw = context.wrap_socket(raw, server_hostname=host)
            assert raw.selected_alpn_protocol() == "h2", raw.selected_alpn_protocol()
        self.socket = raw
        self.authority = authority or host
        self.scheme = "https" if context else "http"
        self.gives_credit = gives_credit
        self.streams = {}
        self.frames = []
        self.pings = []  # payloads that the server has answered
        self.is_closed = False
        self._buffer = bytearray()
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True, header_encoding="utf-8", validate_outbound_headers=False,
                normalize_outbound_headers=False, validate_inbound_headers=True,
            )  # fmt: skip
        )
        self.h2.local_settings = h2.settings.Settings(
            client=True, initial_values={ENABLE_PUSH: 0, INITIAL_WINDOW_SIZE: 65_535, **(settings or {})})
        self.h2.initiate_connection()
        if window > 65_535:
            self.h2.increment_flow_control_window(window - 65_535)
        self.flush()
        if waits:
            self.until(lambda: self.settings, "the SETTINGS of the server")

    # What has come

    def of(self, kind):
        """The frames of a kind."""
        return [one for one in self.frames if one.kind == kind]

    @property
    def settings(self):
        """The values of the SETTINGS frames of the server, all together."""
        merged = {}
        for one in self.of(SETTINGS):
            if not one.flags & ACK:
                merged.update(one.settings)
        return merged

    @property
    def goaways(self):
        """(last stream, code) of each GOAWAY."""
        return [(one.last_stream, one.code) for one in self.of(GOAWAY)]

    # Bytes

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def send_bytes(self, data):
        """Bytes past the state machine: frames that no client should send. False: the gateway has closed the connection."""
        try:
            self.flush()
            self.socket.sendall(data)
            return True
        except (OSError, ssl.SSLError):
            return False

    def read(self, timeout=0.05):
        """Takes what comes within `timeout` seconds. False: nothing came."""
        if self.is_closed:
            return False
        self.socket.settimeout(timeout)
        try:
            data = self.socket.recv(262_144)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return False
        except (OSError, ssl.SSLError):
            data = b""
        finally:
            self.socket.settimeout(harness.DEADLINE)
        if not data:
            self.is_closed = True
            return True
        self._buffer += data
        self._take_frames()
        try:
            self.flush()
        except (OSError, ssl.SSLError):
            self.is_closed = True
        return True

    def _take_frames(self):
        position = 0
        while len(self._buffer) >= position + 9:
            size = int.from_bytes(self._buffer[position : position + 3], "big")
            if len(self._buffer) < position + 9 + size:
                break
            raw = bytes(self._buffer[position : position + 9 + size])
            position += 9 + size
            one = Frame(raw[3], raw[4], int.from_bytes(raw[5:9], "big") & EVERY_STREAM, raw[9:])
            stream = self.streams.get(one.stream)
            if one.kind == DATA and len(one.payload) > 256:  # kept short; `Stream` has them
                self.frames.append(Frame(DATA, one.flags, one.stream, one.payload[:16]))
            else:
                self.frames.append(one)
            if one.kind == RST_STREAM and stream:
                stream.reset = one.code
            if one.ends_stream and stream:
                stream.has_ended = True
            if one.kind == GOAWAY:
                continue  # h2 would take no further frame
            for event in self.h2.receive_data(raw):
                self._take(event)
        del self._buffer[:position]

    def _take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        match event:
            case h2.events.PingAckReceived():
                self.pings.append(event.ping_data)
            case h2.events.ResponseReceived() if stream:
                stream.fields = dict(event.headers)
            case h2.events.DataReceived() if stream:
                stream.take(event.data)
                if not self.gives_credit or stream.keeps_credit:
                    stream.unread += event.flow_controlled_length
                elif event.flow_controlled_length and not stream.is_over:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def until(self, check, what, timeout=harness.DEADLINE):
        end = time.monotonic() + timeout
        while not check():
            says = lambda: f"{what() if callable(what) else what}; the last frames: {self.frames[-6:]}"  # noqa: E731
            assert not self.is_closed, f"the connection ended before {says()}"
            assert time.monotonic() < end, f"not within {timeout:g} s: {says()}"
            self.read()

    def settle(self, progress, quiet=25):
        """Reads until a number has stopped growing."""
        last, same = progress(), 0
        while same < quiet:
            self.read(0.02)
            last, same = (progress(), 0) if progress() != last else (last, same + 1)
        return last

    def answered(self, payload=None):
        """All that was sent has been taken: a PING was answered."""
        payload = payload or struct.pack(">Q", len(self.pings) + 1)
        self.h2.ping(payload)
        self.flush()
        self.until(lambda: payload in self.pings, "the answer to a PING")
        return self

    def ended(self, timeout=harness.DEADLINE):
        """Waits for the end of the connection; what the last GOAWAY says, if one has come."""
        self.until(lambda: self.is_closed, "the end of the connection", timeout)
        return self.goaways[-1] if self.goaways else None

    # Requests

    def request(self, path="/", method="GET", *fields, authority=None, end=True, body=b""):
        """A request; returns its stream."""
        head = request_fields(path, method, *fields, authority=authority or self.authority, scheme=self.scheme)
        return self.begin(head, end and not body, body)

    def websocket(self, path="/mqtt", *fields, authority=None, protocols="mqtt", end=False):
        """An extended CONNECT (RFC 8441 §5.1); returns its stream."""
        head = connect_fields(
            path, *fields, authority=authority or self.authority, scheme=self.scheme, protocols=protocols)  # fmt: skip
        return self.begin(head, end)

    def begin(self, head, end=False, body=b""):
        number = self.h2.get_next_available_stream_id()
        stream = self.streams[number] = Stream(self, number)
        self.h2.send_headers(number, head, end_stream=end)
        if body:
            self.h2.send_data(number, body, end_stream=True)
        self.flush()
        return stream

    def get(self, path="/", *fields, method="GET", authority=None, body=b"", timeout=harness.DEADLINE):
        """The whole answer to a request."""
        stream = self.request(path, method, *fields, authority=authority, body=body)
        return stream.wait(lambda stream: stream.is_over, f"the answer to {path}", timeout)

    def mqtt(self, client_id="h2", path="/mqtt", *fields, version=5, authority=None, protocols="mqtt", **options):
        """A session whose CONNECT has been accepted; the CONNACK has been taken off its packets."""
        stream = self.websocket(path, *fields, authority=authority, protocols=protocols).opened()
        stream.send_packet(mqttbytes.connect(version, client_id, **options))
        assert stream.connack() == 0, bytes(stream.packets).hex(" ")
        del stream.packets[: mqttbytes.whole(stream.packets)]
        return stream

    def send(self, number, data, end=False):
        """Data as far as the windows allow; waits for more where they do not."""
        view = memoryview(data)
        while len(view):
            room = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size)
            if room <= 0:
                self.flush()
                self.until(lambda: self.h2.local_flow_control_window(number) > 0, f"credit for stream {number}")
                continue
            part, view = view[:room], view[room:]
            self.h2.send_data(number, bytes(part), end_stream=end and not len(view))
        self.flush()

    def open_window(self, stream, size):
        """WINDOW_UPDATE for a stream, and for the bytes of it that were read."""
        self.h2.increment_flow_control_window(size, stream.number)
        stream.unread = max(0, stream.unread - size)
        self.flush()

    def change_window(self, size):
        """SETTINGS_INITIAL_WINDOW_SIZE, and its acknowledgement."""
        self.h2.update_settings({INITIAL_WINDOW_SIZE: size})
        self.flush()
        self.answered()

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass


class RawClient(Client):
    """The same for hostile clients: only the preface and SETTINGS are sent by themselves; every other frame is the test's, with
    stream numbers of its own. Nothing that comes is understood beyond its frame."""

    def __init__(self, port, **options):
        self.encoder = hpack.Encoder()
        self.number = -1
        super().__init__(port, **options)

    def block(self, fields):
        """A field block of the connection's compression context."""
        return self.encoder.encode(fields)

    def next_stream(self):
        self.number += 2
        return self.number

    def headers(self, fields, flags=END_HEADERS | END_STREAM, stream=None):
        return frame(HEADERS, stream or self.next_stream(), self.block(fields), flags)

    def _take_frames(self):
        position = 0
        while len(self._buffer) >= position + 9:
            size = int.from_bytes(self._buffer[position : position + 3], "big")
            if len(self._buffer) < position + 9 + size:
                break
            raw = bytes(self._buffer[position : position + 9 + size])
            position += 9 + size
            one = Frame(raw[3], raw[4], int.from_bytes(raw[5:9], "big") & EVERY_STREAM, raw[9:])
            self.frames.append(one)
            if one.kind == PING and one.flags & ACK:
                self.pings.append(one.payload)
        del self._buffer[:position]

    def answered(self, payload=None):
        payload = payload or struct.pack(">Q", 1 + len(self.pings))
        assert self.send_bytes(frame(PING, 0, payload))
        self.until(lambda: payload in self.pings, "the answer to a PING")
        return self

    def statuses(self):
        """`:status` of each response, by stream; the field blocks must be read in their order, and once."""
        decoder, found = hpack.Decoder(), {}
        for one in self.of(HEADERS):
            found.setdefault(one.stream, int(dict(decoder.decode(one.payload))[":status"]))
        return found


def context(certificate=None, protocols=("h2", "http/1.1")):
    """A TLS context that offers `protocols`, and trusts the authority of `certificate`."""
    made = certificate.client_context() if certificate else ssl._create_unverified_context()
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


class Site:
    """A gateway with a plain and a TLS listener, before one broker."""

    def __init__(self, rig, behaviour, is_tls=True, **options):
        self.rig = rig
        self.is_tls = is_tls
        self.broker = rig.fake(behaviour)
        self.gateway = rig.tls_gateway([self.broker], **options)

    def client(self, kind=Client, **options):
        """A connection of HTTP/2: by ALPN over TLS, by prior knowledge without."""
        if self.is_tls:
            options.setdefault("context", context(self.rig.certificate))
        return self.rig.keep(kind(self.gateway.tls_port if self.is_tls else self.gateway.port, **options))
