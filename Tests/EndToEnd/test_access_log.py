"""The access log: how each session ended, in the words of all three that took part; formats; logs that nobody reads."""

import json
import os
import re
import stat
import subprocess
import sys

import pytest

import fakebroker
import harness
import mqttbytes
from bytepeer import request
from gateway import site
from harness import eventually
from test_auth_password import sluice_passwd


def ended(gateway, client_id, side, code, reason, cause):
    """The line of a session says who closed, with which codes; None: it has no such field."""
    line = gateway.ended(mqtt_client_id=client_id)
    found = tuple(line.get(key) for key in ("close_side", "websocket_close_code", "mqtt_reason_code", "status_reason"))
    assert found == (side, code, reason, cause)
    return line


# Who closed


@pytest.mark.parametrize(
    "version, packet, reason",
    [
        (4, mqttbytes.disconnect(), None), (5, b"\xe0\x00", "0x00"), (5, b"\xe0\x01\x04", "0x04"),
        (5, mqttbytes.disconnect(5, 0x8E), "0x8E"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_the_client_disconnects(rig, version, packet, reason, size):
    """Its reason code, however TCP has cut the packet."""
    gateway = rig.gateway([rig.fake()])
    peer = rig.opened(gateway, version, client_id="c")
    for start in range(0, len(packet), size):
        peer.send_mqtt(packet[start : start + size])
    peer.expect_close(1000)
    ended(gateway, "c", "client", 1000, reason, "client_disconnect")


@pytest.mark.parametrize("payload, code", [(b"", 1005), (b"\x03\xe9", 1001), (b"\x0f\xa0bye", 4000)])
def test_the_client_closes(rig, payload, code):
    """RFC 6455 §7.1.5: the code that it sent, or 1005."""
    gateway = rig.gateway([rig.fake()])
    peer = rig.opened(gateway, 5, client_id="c")
    peer.send_frame(8, payload)
    peer.read_close()
    peer.expect_end()
    ended(gateway, "c", "client", code, None, "client_closed")


def test_the_client_is_lost(rig):
    gateway = rig.gateway([rig.fake()])
    rig.opened(gateway, client_id="c").reset()
    ended(gateway, "c", "client", None, None, "client_lost")


@pytest.mark.parametrize("frames", ["packet", "packets", "stream"])
@pytest.mark.parametrize(
    "packet, reason", [(b"\xe0\x00", "0x00"), (b"\xe0\x01\x8b", "0x8B"), (mqttbytes.disconnect(5, 0x8E), "0x8E")]
)
def test_the_broker_disconnects(rig, frames, packet, reason):
    """Also after another packet in the same block."""
    before = mqttbytes.publish("t", b"last", version=5)

    def behaviour(connection):
        if connection.accept_connect() is not None:
            connection.send(before + packet)

    gateway = rig.gateway([rig.fake(behaviour)], location=f"websocket_frames {frames};")
    peer = rig.opened(gateway, 5, client_id="c")
    peer.expect_close(1000, before=before + packet)
    ended(gateway, "c", "upstream", 1000, reason, "broker_disconnect")


def test_the_broker_is_lost(rig):
    broker = rig.fake(lambda connection: connection.accept_connect())
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway, 5, client_id="c")
    peer.expect_close(1012)
    ended(gateway, "c", "upstream", 1012, None, "broker_lost")


@pytest.mark.parametrize("version, code, name", [(4, 5, "0x05"), (5, 0x87, "0x87")])
def test_the_broker_refuses(rig, version, code, name):
    refusal = mqttbytes.connack(version, code)
    gateway = rig.gateway([rig.fake(fakebroker.answer(refusal))])
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(version, "c"))
    peer.expect_close(1008, before=refusal)
    ended(gateway, "c", "upstream", 1008, name, "refused_by_broker")


@pytest.mark.parametrize("version, name", [(4, "0x05"), (5, "0x87")])
def test_the_gateway_refuses(rig, version, name):
    users = sluice_passwd(rig.path("users"), {"ada": "secret"})
    gateway = rig.gateway([rig.fake()], location=f"auth_password_file {users};")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(version, "c"))
    peer.expect_close(1008, before=None)
    line = ended(gateway, "c", "gateway", 1008, name, "credentials_missing")
    assert line["auth_time"] >= 0 and "upstream_connack_time" not in line and line["upstream_tries"] == 0


@pytest.mark.parametrize("version, reason", [(4, None), (5, "0x82")])
def test_the_gateway_closes(rig, version, reason):
    gateway = rig.gateway([rig.fake()])
    peer = rig.opened(gateway, version, client_id="c")
    peer.send_mqtt(mqttbytes.connect(version, "again"))
    peer.expect_close(1002, before=None)
    ended(gateway, "c", "gateway", 1002, reason, "protocol_error")


def test_nobody_has_said_anything(rig):
    """Requests have a side, and no code."""
    gateway = rig.gateway([rig.fake()])
    assert rig.peer(gateway).ask(request("/none")).status == 404
    line = gateway.ended(uri="/none")
    assert line["close_side"] == "gateway"
    assert not {"websocket_close_code", "mqtt_reason_code", "websocket_protocol"} & line.keys()


# What was measured


def test_facts_of_a_session(rig):
    broker = rig.fake(fakebroker.echo)
    names = ("listener ssl_server_name ssl_session_reused websocket_protocol auth_time upstream_tries "
             "upstream_connack_time close_side websocket_close_code mqtt_reason_code status_reason").split()  # fmt: skip
    main = "log_format facts '" + " ".join("$" + name for name in names) + "';"
    config = site([broker], tls=rig.certificate, main=main, server="access_log facts.log facts;")
    config = config.replace("    location /mqtt {", "    location /json { mqtt_pass brokers; access_log access.log json; }\n"
                            "    location /mqtt {")  # fmt: skip
    gateway = rig.gateway(config=config)
    for path in ("/mqtt", "/json"):
        peer = rig.peer(gateway, tls=True)
        peer.open_mqtt(5, "c", path=path)
        peer.send_mqtt(mqttbytes.disconnect())
        peer.expect_close(1000)
    line = gateway.ended(mqtt_client_id="c")
    host, port = gateway.tls_address
    listener = f"{host}:{port}"
    assert line["listener"] == listener and line["ssl_server_name"] == "localhost"
    assert line["ssl_session_reused"] is False and line["websocket_protocol"] == "mqtt"
    assert 0 < line["upstream_connack_time"] < 10 and "auth_time" not in line
    path = gateway.directory / "facts.log"
    words = eventually(lambda: path.exists() and path.read_text().endswith("\n") and path.read_text().split(), "a line")
    facts = dict(zip(names, words, strict=True))
    assert re.fullmatch(r"\d+\.\d{6}", facts.pop("upstream_connack_time"))
    assert facts == {
        "listener": listener, "ssl_server_name": "localhost", "ssl_session_reused": ".", "websocket_protocol": "mqtt",
        "auth_time": "-", "upstream_tries": "1", "close_side": "client", "websocket_close_code": "1000",
        "mqtt_reason_code": "0x00", "status_reason": "client_disconnect",
    }  # fmt: skip


# Hostile text

HOSTILE = [
    'a"b\\c\nd\r\t', '","admin":true,"x":"', "\x1b[2J\x1b[31mred", "\x9b31m", "\u2028\u2029 forged", "\u202edrowssap",
    "\x01\x7f", "%s%n${jndi}", "x" * 60_000, "😀" * 5_000,
]  # fmt: skip


def test_hostile_text_stays_on_its_line(rig):
    """Client ids, user names, paths and fields: one line each in JSON and in a named format, for any reader."""
    main = "log_format text '[$mqtt_client_id] [$mqtt_username] [$uri] [$http_user_agent] [$cookie_c] [$arg_a]';"
    server = "location /text { mqtt_pass brokers; access_log text.log text; }"
    options = {"main": main + " client_header_buffer_size 64k;", "server": server}
    gateway = rig.gateway([rig.fake()], location="mqtt_max_connect_size 200k;", **options)
    fields = [b"User-Agent: \xff\xfe\"\x9b\\\xe2\x80\xa8\t x", b"Cookie: c=\"\\\x80"]
    for name in HOSTILE:
        for path in ("/mqtt", "/text"):
            peer = rig.peer(gateway)
            head = request(path + "?a=%0a%22%e2%80%a8%ff")
            peer.send(head[:-2] + b"\r\n".join(fields) + b"\r\n\r\n")
            assert peer.response().status == 101
            peer.send_mqtt(mqttbytes.connect(5, name, username=name, password="p"))
            if path == "/text" and len(name.encode()) > 30_000:
                peer.close()  # larger than mqtt_max_connect_size
                continue
            peer.read_packet()
            peer.send_mqtt(mqttbytes.disconnect())
            peer.expect_close(1000)
    gateway.ended_count(len(HOSTILE))
    raw = gateway.access_path.read_bytes()
    # Python's own idea of lines is wider than \n: it has to agree.
    assert len(raw.decode().splitlines()) == len(HOSTILE)
    script = "import json,sys; print(sum(1 for line in sys.stdin if json.loads(line)['mqtt_username'] is not None))"
    parsed = subprocess.run([sys.executable, "-c", script], input=raw, capture_output=True, check=True)
    assert int(parsed.stdout) == len(HOSTILE)
    for name, line in zip(HOSTILE, gateway.access(), strict=True):
        assert name.startswith(line["mqtt_client_id"].rstrip("\ufffd")) and len(line["mqtt_client_id"]) > 0
    path = gateway.directory / "text.log"
    eventually(lambda: path.exists() and path.read_bytes().count(b"\n") == len(HOSTILE), "the lines of the other log")
    text = path.read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]", text)
    assert len(text.decode().splitlines()) == len(HOSTILE)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]", raw)


# Where it is written


def test_several_streams_and_off(rig):
    """HTTP requests where asked, a log for each location, and standard output."""
    config = site([rig.fake()]).replace("access_log access.log json;", "access_log stdout json;")
    folder = rig.path("www")
    (folder / "a.txt").write_text("a")
    extra = (
        f"location /quiet/ {{ root {folder}; access_log off; }}\n    location / {{ root {folder}; access_log access.log; }}\n"
    )
    gateway = rig.gateway(config=config.replace("    location /mqtt {", extra + "    location /mqtt {"))
    peer = rig.peer(gateway)
    for path, status in (("/quiet/a.txt", 404), ("/a.txt", 200)):
        assert peer.ask(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).status == status
    rig.opened(gateway, client_id="seen").close()
    assert gateway.ended(uri="/a.txt")["status_reason"] == "served"
    eventually(lambda: '"mqtt_client_id":"seen"' in gateway.output(), "the line of the session on standard output")
    assert [line["uri"] for line in gateway.access()] == ["/a.txt"]
    assert "/quiet" not in gateway.output()


def test_a_fifo_that_nobody_reads(rig):
    """Clients are served and the error log is written; lines are dropped and counted, and the log goes on with its reader."""
    fifo = rig.path("logs") / "access"
    os.mkfifo(fifo)
    main = f"log_format long '$uri {'x' * 4000}{'y' * 4000}';"
    config = site([rig.fake()], main=main).replace("access_log access.log json;", f"access_log {fifo} long;")
    gateway = rig.gateway(config=config)
    peer = rig.peer(gateway)
    sent = 0

    def dropped():
        return f"lines for {fifo} are being dropped: it does not take them fast enough" in gateway.output()

    head = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
    while not dropped():
        assert sent < 3000, "no line was dropped"
        if sent % 500 == 0:
            peer = rig.peer(gateway)
        peer.send(b"".join(head % number for number in range(sent, sent + 50)))
        assert [peer.response().status for _ in range(50)] == [404] * 50
        sent += 50
    number = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        read = bytearray()

        def note():
            while True:
                try:
                    block = os.read(number, 1 << 20)
                except BlockingIOError:
                    break
                read.extend(block)
                if not block:
                    break
            return re.search(rf"(\d+) lines for {fifo} were dropped: it does not take them", gateway.output())

        lost = int(eventually(note, lambda: f"the note:\n{gateway.output()[-2000:]}").group(1))
        # Each line was written or counted.
        eventually(lambda: note() and read.count(b"\n") + lost == sent, lambda: f"{read.count(bytes([10]))} + {lost}, {sent}")
        found = [int(line.split(b" ")[0][1:]) for line in bytes(read).splitlines()]
        assert found == sorted(set(found)) and found[0] == 0
        assert rig.peer(gateway).ask(head % sent).status == 404
        eventually(lambda: note() and b"/%d x" % sent in read, "a line after it")
    finally:
        os.close(number)


def test_standard_output_that_nobody_reads(rig):
    """A full pipe, which the gateway has not opened: it ends in time all the same."""
    main = f"log_format long '$uri {'x' * 8000}';"
    config = site([rig.fake()], main=main).replace("access_log access.log json;", "access_log stdout long;")
    config = config.replace("error_log stderr debug;", "error_log error.log debug;")
    gateway = rig.gateway(config=config, wait=False)
    gateway.process.kill()  # again, with a pipe
    read, write = os.pipe()
    try:
        command = [harness.BINARY, "-c", gateway.config_path, "-p", gateway.directory]
        gateway.process = harness.Process(command, gateway.directory / "output.log", cwd=gateway.directory, stdout=write,
                                          merge=False)  # fmt: skip
        os.close(write)
        gateway.wait_listening()
        peer = rig.peer(gateway)
        for number in range(100):
            assert peer.ask(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number).status == 404
        rig.opened(gateway, client_id="c").close()
        log = gateway.directory / "error.log"
        eventually(lambda: "ended: client_lost" in log.read_text(), "the error log goes on")
        assert gateway.stop() == 0
        assert "sluice has ended" in log.read_text()
        assert re.search(r"lines for stdout are being dropped|lines for stdout were dropped", log.read_text())
        assert stat.S_ISFIFO(os.fstat(read).st_mode) and os.read(read, 65_536).startswith(b"/0 xxx")
    finally:
        os.close(read)
