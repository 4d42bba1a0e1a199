"""`allow` and `deny`: decided by the address alone, before any broker or any method is asked."""

import pytest

import fakebroker
from authserver import AuthServer
from bytepeer import request
from harness import free_port
from mqttbytes import VERSIONS
from refusals import admitted, code, expect_refused


def start(rig, location="", **options):
    broker = rig.fake(fakebroker.keep_open)
    return broker, rig.gateway([broker], location=location, **options)


IPV4 = [
    ("deny all;", False),
    ("allow 127.0.0.0/8; deny all;", True),
    ("allow 127.0.0.1; deny all;", True),
    ("allow 127.0.0.1/32; deny all;", True),
    ("allow 127.0.0.0/31; deny all;", True),
    ("allow 127.0.0.2/31; deny all;", False),
    ("allow 127.0.0.2; deny all;", False),
    ("allow 0.0.0.0/0; deny all;", True),
    ("deny 127.0.0.1; allow all;", False),
    ("allow all; deny 127.0.0.1;", True),
    ("deny 127.0.0.1; allow 127.0.0.0/8;", False),
    ("allow 127.0.0.1; deny 127.0.0.0/8;", True),
    # None matches: allowed.
    ("deny 10.0.0.0/8;", True),
    ("allow 10.0.0.0/8;", True),
    # Another family.
    ("deny ::1;", True),
    ("deny ::/0;", True),
    ("deny unix:;", True),
    ("allow ::/0; allow unix:; deny all;", False),
]


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("rules, is_allowed", IPV4)
def test_ipv4(rig, rules, is_allowed, version, tls):
    broker, one = start(rig, rules, tls=rig.certificate if tls else None)
    if is_allowed:
        admitted(rig, one, version, tls=tls or None)
    else:
        expect_refused(rig, one, "address_refused", version, tls=tls or None)
        assert broker.connections == []


OTHERS = [
    # Rules, the kind of listener, allowed.
    ("allow ::1; deny all;", "ipv6", True),
    ("allow ::1/128; deny all;", "ipv6", True),
    ("allow ::/127; deny all;", "ipv6", True),
    ("allow ::2/127; deny all;", "ipv6", False),
    ("allow 2001:db8::/32; deny all;", "ipv6", False),
    ("allow 0.0.0.0/0; deny all;", "ipv6", False),
    ("deny ::/0;", "ipv6", False),
    ("deny 0.0.0.0/0; deny unix:;", "ipv6", True),
    ("allow unix:; deny all;", "unix", True),
    ("deny unix:;", "unix", False),
    ("deny 0.0.0.0/0; deny ::/0;", "unix", True),
    ("allow 127.0.0.1; allow ::1; deny all;", "unix", False),
    ("deny all;", "unix", False),
]


@pytest.mark.parametrize("rules, kind, is_allowed", OTHERS)
def test_ipv6_and_unix(rig, rules, kind, is_allowed):
    path = rig.path("socket") / "s"
    listen = {"ipv6": f"[::1]:{free_port()}", "unix": f"unix:{path}"}[kind]
    broker, one = start(rig, rules, listen=[listen])
    if is_allowed:
        admitted(rig, one)
    else:
        line = expect_refused(rig, one, "address_refused")
        assert line["remote_addr"] == {"ipv6": "::1", "unix": "unix:"}[kind]
        assert broker.connections == []


def test_each_listener_of_a_server_by_its_clients(rig):
    path = rig.path("socket") / "s"
    _, one = start(
        rig, "allow ::1; allow unix:; deny all;",
        listen=[f"127.0.0.1:{free_port()}", f"[::1]:{free_port()}", f"unix:{path}"],
    )  # fmt: skip
    expect_refused(rig, one, "address_refused")
    rig.peer(one.listeners[1]).open_mqtt()
    rig.peer(str(path)).open_mqtt()


# What is inherited

INHERITED = [
    # main, server, location, allowed.
    ("deny all;", "", "", False),
    ("", "deny all;", "", False),
    # A list of an inner block replaces the outer one as a whole.
    ("deny all;", "allow 127.0.0.1;", "", True),
    ("deny all;", "", "allow 10.0.0.0/8;", True),
    ("", "deny 127.0.0.1;", "allow all;", True),
    ("allow all;", "allow all;", "deny all;", False),
    ("deny 127.0.0.1;", "deny 10.0.0.0/8; allow all;", "deny 10.0.0.0/8;", True),
    ("allow 127.0.0.1; deny all;", "", "deny 127.0.0.1;", False),
]


@pytest.mark.parametrize("main, server, location, is_allowed", INHERITED)
def test_inherited(rig, main, server, location, is_allowed):
    _, one = start(rig, location, main=main, server=server)
    if is_allowed:
        admitted(rig, one)
    else:
        expect_refused(rig, one, "address_refused")


# Beside the methods

@pytest.mark.parametrize("satisfy", ["any", "all"])
@pytest.mark.parametrize("version", VERSIONS)
def test_no_method_is_asked_about_an_address_that_is_denied(rig, version, satisfy):
    """Whatever `satisfy` says, that joins the methods alone."""
    service = rig.keep(AuthServer(rig.path("service"), body={"result": "allow"}))
    method = f"satisfy {satisfy}; auth_http {service.url}; auth_anonymous on;"
    _, one = start(rig, f"deny 127.0.0.1; {method}")
    expect_refused(rig, one, "address_refused", version, username="u", password=b"p")
    expect_refused(rig, one, "address_refused", version)
    assert service.questions == []
    # And an address that is allowed is no method that lets anybody in.
    service.answer({"result": "deny"})
    _, one = start(rig, f"allow 127.0.0.1; deny all; {method}")
    expect_refused(rig, one, "credentials_refused", version, username="u", password=b"p")
    assert len(service.questions) == 1


def test_the_rules_are_the_locations(rig):
    """Two paths of one server."""
    broker = rig.fake(fakebroker.keep_open)
    one = rig.gateway([broker], location="deny all;", server="location /open { mqtt_pass brokers; }")
    admitted(rig, one, path="/open")
    expect_refused(rig, one, "address_refused")


# What applications see

@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_mqttjs_and_paho_see_the_refusal(rig, version, tls):
    one = rig.gateway([rig.mosquitto()], location="deny 127.0.0.0/8; deny ::1;", tls=rig.certificate)
    port = one.tls_port if tls else one.port
    options = {"protocolVersion": version, **({"protocolId": "MQIsdp"} if version == 3 else {})}
    node = rig.node(f"ws{'s' if tls else ''}://127.0.0.1:{port}/mqtt", connect=False, **options)
    assert node.event("error")["code"] == code("address_refused", version)
    context = rig.certificate.client_context() if tls else None
    paho = rig.paho(port, version, "p", tls=context, host="127.0.0.1")
    # paho shows the codes of 3.x as their 5.0 namesakes: 0x05 is 0x87.
    assert paho.reason.value == code("address_refused", 5)
    lines = one.ended_count(2)
    assert {line["status_reason"] for line in lines} == {"address_refused"}


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_paho_js_falls_back_to_the_same_refusal(rig, tls):
    """Any refusal makes Paho JS try once more, at once, as MQTT 3.1: subprotocol mqttv3.1, MQIsdp, level 3. The
    application is shown the second answer."""
    _, one = start(rig, "deny all;", tls=rig.certificate)
    for version, protocol, name in ((4, "mqtt", "3.1.1"), (3, "mqttv3.1", "3.1")):
        line = expect_refused(rig, one, "address_refused", version, tls=tls or None, protocols=protocol)
        assert line["mqtt_version"] == name
    peer = rig.peer(one, tls=tls or None)
    assert peer.upgrade(protocols="mqttv3.1")["Sec-WebSocket-Protocol"] == "mqttv3.1"


# Files

def site_with_files(rig, server):
    root = rig.path("www")
    (root / "index.html").write_text("hello")
    (root / "open").mkdir()
    (root / "open" / "index.html").write_text("open")
    return rig.gateway([rig.fake(fakebroker.keep_open)], server=server.replace("ROOT", str(root)))


def get(rig, one, target, method="GET", listener=0):
    peer = rig.peer(one.listeners[listener])
    peer.send(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    response = peer.response() if method == "GET" else None
    status = response.status if response else int(peer.read_to_end().split(b" ")[1])
    peer.close()
    return status, response.body if response else b""


def test_files(rig):
    """403 there: a browser shows it. Nothing tells whether the file exists."""
    one = site_with_files(
        rig, "deny 127.0.0.1; location / { root ROOT; } location /open/ { allow all; root ROOT; }"
    )
    assert get(rig, one, "/")[0] == 403
    assert get(rig, one, "/index.html", "HEAD")[0] == 403
    refusals = [get(rig, one, target) for target in ("/index.html", "/missing", "/open")]
    assert refusals == [refusals[0]] * 3 and refusals[0][0] == 403
    assert b"hello" not in refusals[0][1]
    for line in one.ended_count(5):
        assert (line["http_status"], line["status_reason"]) == (403, "address_refused")
    assert get(rig, one, "/open/") == (200, b"open")
    # An inherited rule, and a WebSocket: that is answered by the CONNACK.
    expect_refused(rig, one, "address_refused")


def test_files_over_ipv6_and_unix(rig):
    path = rig.path("socket") / "s"
    root = rig.path("www")
    (root / "index.html").write_text("hello")
    one = rig.gateway(
        [rig.fake()], listen=[f"127.0.0.1:{free_port()}", f"[::1]:{free_port()}", f"unix:{path}"],
        server=f"location / {{ root {root}; deny ::1; allow 127.0.0.1; deny all; }}",
    )  # fmt: skip
    assert [get(rig, one, "/", listener=index)[0] for index in range(3)] == [200, 403, 403]


def test_an_upgrade_at_a_location_of_files(rig):
    """No WebSocket there in any case; the address is looked at all the same."""
    one = site_with_files(rig, "location / { deny all; root ROOT; }")
    assert rig.peer(one).ask(request("/")).status == 403
