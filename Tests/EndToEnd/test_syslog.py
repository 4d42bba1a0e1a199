"""access_log and error_log to a syslog server: RFC 5424 over UDP and unix sockets, byte for byte and to a real rsyslogd."""

import json
import re
import signal
import socket

import pytest

import mqttbytes
from bytepeer import request
from gateway import site
from harness import eventually
from reloads import reload
from syslogs import Receiver, Rsyslog


def config_of(rig, *, access="access.log json", error="stderr debug", main="", **options):
    text = site([rig.fake()], main=main, **options)
    text = text.replace("access_log access.log json;", f"access_log {access};")
    return text.replace("error_log stderr debug;", f"error_log {error};")


def session(rig, gateway, client_id, **options):
    peer = rig.peer(gateway)
    peer.open_mqtt(4, client_id, **options)
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)


def receivers(rig):
    return [
        ("udp", rig.keep(Receiver())),
        ("unix", rig.keep(Receiver(unix=rig.path("syslog") / "log"))),
        ("udp6", rig.keep(Receiver(family=socket.AF_INET6))),
    ]


@pytest.mark.parametrize("kind", ["udp", "udp6", "unix"])
def test_a_message_for_each_line(rig, kind):
    """RFC 5424 §6: the header with nginx's defaults, and the line as a file would have it."""
    receiver = dict(receivers(rig))[kind]
    main = "log_format short '$mqtt_client_id $status_reason \"$http_user_agent\"';"
    gateway = rig.gateway(config=config_of(rig, access=f"syslog:server={receiver.server} short", main=main))
    session(rig, gateway, "ada")
    message = receiver.next()
    assert message.text == 'ada client_disconnect "-"'
    assert (message.facility, message.severity, message.tag, message.kind) == (23, 6, "sluice", "access")
    assert (message.host, message.pid) == (socket.gethostname(), gateway.pid)


def test_parameters(rig):
    receiver = rig.keep(Receiver())
    server = f"syslog:server={receiver.server},facility=local0,severity=notice,tag=Edge_1,nohostname"
    gateway = rig.gateway(config=config_of(rig, access=f"{server} json"))
    session(rig, gateway, "ada")
    message = receiver.next()
    assert (message.facility, message.severity, message.tag, message.host) == (16, 5, "Edge_1", "-")
    line = json.loads(message.text)
    assert (line["mqtt_client_id"], line["status_reason"]) == ("ada", "client_disconnect")
    # The time of the header is that of the line.
    assert message.time[:19] == line["time"][:19]


def test_the_error_log_has_the_severity_of_its_level(rig):
    receiver = rig.keep(Receiver(unix=rig.path("syslog") / "log"))
    gateway = rig.gateway(config=config_of(rig, error=f"syslog:server={receiver.server},facility=daemon info"))
    message = receiver.next()
    assert message.text.startswith("[notice] sluice is running: ")
    assert (message.facility, message.severity, message.kind) == (3, 5, "error")
    peer = rig.peer(gateway)
    assert peer.ask(request("/none")).status == 404
    message = receiver.until("request refused: 404")
    assert message.severity == 6
    assert re.match(r"\[info\] [0-9a-f]{16} client 127\.0\.0\.1:\d+: request refused: 404", message.text)
    gateway.stop()
    assert receiver.until("sluice has ended").severity == 5


@pytest.mark.parametrize("kind, limit", [("udp", 2048), ("unix", 8192)])
def test_a_line_that_is_too_long_is_cut(rig, kind, limit):
    """RFC 5424 §6.1: a message has at most as many octets as receivers take. JSON stays JSON."""
    receiver = dict(receivers(rig))[kind]
    server = f"location /text {{ root .; access_log syslog:server={receiver.server} long; }}"
    main = "log_format long '$uri'; client_header_buffer_size 32k;"
    gateway = rig.gateway(config=config_of(rig, access=f"syslog:server={receiver.server} json", main=main, server=server))
    for start in ("/text?", "/mqtt?"):
        target = start + "ab" * 6000
        assert rig.peer(gateway).ask(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).status >= 400
        message = receiver.next()
        if start == "/text?":
            assert len(receiver.datagrams[-1]) > limit - 4
            shown = message.text
        else:
            line = json.loads(message.text)
            assert (line["remote_addr"], line["status_reason"]) == ("127.0.0.1", "request_refused")
            shown = line["uri"]
        assert len(receiver.datagrams[-1]) <= limit
        assert shown.endswith("…") and target.startswith(shown[:-1]) and len(shown) > 100


def test_a_server_that_goes_and_comes_back(rig):
    """A unix socket that disappears, as when rsyslog is started again: lines are dropped and counted, then it goes on."""
    path = rig.path("syslog") / "log"
    gateway = rig.gateway(config=config_of(rig, access=f"syslog:server=unix:{path} json"))
    session(rig, gateway, "lost")
    note = f"lines for syslog:server=unix:{path},facility=local7,severity=info,tag=sluice are being dropped: sendto: "
    eventually(lambda: note + "No such file or directory" in gateway.output(), "the note that lines are dropped")
    receiver = rig.keep(Receiver(unix=path))

    def back():
        session(rig, gateway, "back")
        assert json.loads(receiver.next().text)["mqtt_client_id"] == "back"
        return "[warn] 1 line for syslog:" in gateway.output()

    eventually(back, "the note that they are taken again")
    receiver.close()  # the path stays, and nobody is there
    session(rig, gateway, "lost")
    eventually(lambda: "dropped: sendto: Connection refused" in gateway.output(), "the note")
    path.unlink()
    receiver = rig.keep(Receiver(unix=path))
    session(rig, gateway, "again")
    assert json.loads(receiver.next().text)["mqtt_client_id"] == "again"


def test_a_server_that_reads_nothing_holds_up_nobody(rig):
    """Its queue is full: clients are served, and the other log is written."""
    receiver = rig.keep(Receiver(unix=rig.path("syslog") / "log"))
    main = f"log_format long '{'x' * 4000} $uri';"
    config = config_of(rig, access=f"syslog:server={receiver.server} long", main=main)
    gateway = rig.gateway(config=config)
    peer = rig.peer(gateway)
    for index in range(600):
        assert peer.ask(request(f"/{index}", drop=("Upgrade", "Connection"))).status == 404
    eventually(lambda: "dropped: it does not take them fast enough" in gateway.output(), "the note")
    first = receiver.next()
    assert first.text.endswith(" /0")


def test_usr1_and_reload(rig):
    """USR1 makes a new socket; a reload goes to the new server, and an open session to its own."""
    first, second = rig.keep(Receiver()), rig.keep(Receiver())
    gateway = rig.gateway(config=config_of(rig, access=f"syslog:server={first.server} json"))
    gateway.send_signal(signal.SIGUSR1)
    eventually(lambda: "opening the logs again" in gateway.output(), "USR1")
    session(rig, gateway, "one")
    assert '"one"' in first.next().text
    old = rig.opened(gateway, client_id="old")
    reload(gateway, gateway.config_path.read_text().replace(first.server, second.server))
    session(rig, gateway, "two")
    assert '"two"' in second.next().text
    old.send_mqtt(mqttbytes.disconnect())
    old.expect_close(1000)
    assert '"old"' in first.next().text


def test_a_name_is_resolved_when_the_configuration_is_loaded(rig):
    receiver = rig.keep(Receiver())
    gateway = rig.gateway(config=config_of(rig, access=f"syslog:server=localhost:{receiver.port} json"))
    session(rig, gateway, "ada")
    assert '"ada"' in receiver.next().text
    wrong = gateway.config_path.read_text().replace("localhost", "none.invalid")
    gateway.config_path.write_text(wrong)
    gateway.send_signal(signal.SIGHUP)
    eventually(lambda: "reload: cannot resolve none.invalid" in gateway.output(), "the refusal")


# rsyslogd


@pytest.mark.parametrize("kind", ["udp", "unix"])
def test_rsyslog(rig, kind):
    """A real server understands each part, across its own restart."""
    rsyslog = rig.keep(Rsyslog(rig.path("rsyslog")))
    server = rsyslog.server if kind == "udp" else f"unix:{rsyslog.unix}"
    config = config_of(
        rig, access=f"syslog:server={server},tag=edge json", error=f"syslog:server={server},facility=daemon notice"
    )
    gateway = rig.gateway(config=config)
    running = rsyslog.message("sluice is running")
    assert running["pri"] == str(3 * 8 + 5) and running["msgid"] == "error"
    name = 'a"b\\c\nd\x1b[31m\u2028é😀|'
    session(rig, gateway, name)
    message = rsyslog.message("client_disconnect")
    assert json.loads(message["msg"])["mqtt_client_id"] == name
    assert message["time"].startswith(json.loads(message["msg"])["time"][:19])
    expected = {
        "pri": str(23 * 8 + 6), "protocol-version": "1", "hostname": socket.gethostname(), "app-name": "edge",
        "procid": str(gateway.pid), "msgid": "access", "structured-data": "-",
    }  # fmt: skip
    assert {key: message[key] for key in expected} == expected
    rsyslog.stop()
    rsyslog.start()

    def again():
        session(rig, gateway, "after")
        return any('"after"' in message["msg"] for message in rsyslog.messages())

    eventually(again, "a message after the restart")
