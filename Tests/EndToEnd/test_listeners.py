"""Listening addresses: both families, a wildcard beside its addresses, unix sockets that change hands, silent peers."""

import fcntl
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import termios

import pytest

import harness
import mqttbytes
import proxyheader
from gateway import site
from harness import BINARY, DEADLINE, eventually

NO_IPV6 = [sys.executable, pathlib.Path(__file__).with_name("noipv6.py")]


def opens(rig, host, port, **options):
    """Whether a client gets through there."""
    try:
        peer = rig.peer((host, port), **options)
    except ConnectionRefusedError:
        return False
    peer.open_mqtt()
    return True


def server(listen, broker, name="", extra=""):
    lines = "".join(f"    listen {one};\n" for one in listen)
    return f"server {{\n{lines}    {name and f'server_name {name};'}\n{extra}\n    location /mqtt {{ mqtt_pass {broker.address}; }}\n}}\n"


# Both families


@pytest.mark.parametrize(
    "lines, families",
    [
        (["{}"], (True, True)),
        (["*:{}"], (True, False)),
        (["0.0.0.0:{}"], (True, False)),
        (["[::]:{}"], (False, True)),
        (["{}", "[::]:{}"], (True, True)),
        (["[::]:{}", "{}"], (True, True)),
        (["*:{}", "[::]:{}"], (True, True)),
    ],
)
def test_families_of_a_port(rig, lines, families):
    """A port alone is every address; `*` is IPv4 alone, `[::]` IPv6 alone; nginx's pair is both."""
    port = harness.free_port()
    rig.gateway([rig.fake()], listen=[line.format(port) for line in lines])
    assert (opens(rig, "127.0.0.1", port), opens(rig, "::1", port)) == families


def test_the_pair_of_lines_in_one_server_and_the_port_alone_in_another(rig):
    """Both names are served on both families."""
    port, brokers = harness.free_port(), [rig.fake(), rig.fake()]
    names = ("one.example", "two.example")
    config = server([port, f"[::]:{port}"], brokers[0], names[0]) + server([port], brokers[1], names[1])
    gateway = rig.gateway(config="access_log access.log json;\n" + config)
    for host in ("127.0.0.1", "::1"):
        for name, broker in zip(names, brokers):
            peer = rig.peer((host, port))
            peer.upgrade(host=name)
            peer.send_mqtt(mqttbytes.connect(4, f"{host} {name}") + mqttbytes.disconnect())
            peer.read_packet()
            peer.expect_close(1000)
            peer.socket.close()
            assert gateway.ended(mqtt_client_id=f"{host} {name}")["upstream_addr"] == broker.address


@pytest.mark.parametrize("line, starts", [("{}", True), ("[::]:{}", False)])
def test_a_kernel_without_ipv6(rig, line, starts):
    """A port alone makes do with IPv4, and says so once; a line that insists on IPv6 is an error."""
    port = harness.free_port()
    gateway = rig.gateway([rig.fake()], listen=[line.format(port)], wrapper=NO_IPV6, wait=starts)
    if starts:
        assert opens(rig, "127.0.0.1", port)
        eventually(lambda: "[notice] the kernel has no IPv6" in gateway.output(), "a line about it")
        assert gateway.output().count("no IPv6") == 1
        assert f"running: 2 loops, ws *:{port}\n" in gateway.output()
    else:
        gateway.expected_exit = 1
        assert gateway.process.wait() == 1
        assert f"listen [::]:{port}: socket: Address family not supported by protocol" in gateway.output()


# A wildcard and addresses of its port


@pytest.mark.parametrize(
    "wildcard, specific, other",
    [
        ("*:{}", "127.0.0.2:{}", "127.0.0.1"),
        ("[::]:{}", "[::1]:{}", "2001:db8::1"),
        ("{}", "127.0.0.2:{}", "127.0.0.1"),
        ("{}", "127.0.0.2:{}", "::1"),
        ("{}", "[::1]:{}", "2001:db8::1"),
        ("{}", "[::1]:{}", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("wildcard_first", [True, False])
def test_wildcard_and_address(rig, wildcard, specific, other, wildcard_first):
    """As in nginx, the address that the client connects to chooses the server, and what is said of it counts: here TLS
    and the header of the PROXY protocol."""
    namespace = rig.namespace()
    namespace.add_address("2001:db8::1")
    with namespace.entered():
        port, brokers = harness.free_port(), [rig.fake(), rig.fake()]
        pair = f"ssl_certificate {rig.certificate.certificate}; ssl_certificate_key {rig.certificate.key};"
        trust = "set_real_ip_from 127.0.0.1; set_real_ip_from ::1;"
        servers = [
            server([wildcard.format(port)], brokers[0]),
            server([f"{specific.format(port)} ssl proxy_protocol"], brokers[1], extra=pair + trust),
        ]
        gateway = rig.gateway(config="access_log access.log json;\n" + "".join(servers[:: 1 if wildcard_first else -1]))
        plain = rig.peer((other, port))
        plain.open_mqtt(client_id="plain")
        fronted = rig.peer((specific.rpartition(":")[0].strip("[]"), port))
        fronted.send(proxyheader.v2(("192.0.2.7", 7), ("192.0.2.8", 8)))
        fronted.socket = rig.certificate.client_context().wrap_socket(fronted.socket, server_hostname="localhost")
        fronted.open_mqtt(client_id="fronted")
    address = plain.socket.getsockname()[0]
    for peer in (plain, fronted):
        peer.send_mqtt(mqttbytes.disconnect())
        peer.expect_close(1000)
        peer.socket.close()
    lines = [gateway.ended(mqtt_client_id=name) for name in ("plain", "fronted")]
    assert [line["upstream_addr"] for line in lines] == [broker.address for broker in brokers]
    assert [line["remote_addr"] for line in lines] == [address, "192.0.2.7"]
    assert ["ssl_protocol" in line for line in lines] == [False, True]


def test_a_port_that_another_has_taken_on_one_family(rig):
    """Half a port is no port."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        path = rig.path("config") / "sluice.conf"
        path.write_text(site([rig.fake()], listen=[port]))
        result = subprocess.run([BINARY, "-c", path], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert result.returncode == 1
    assert f"listen [::]:{port}: bind: Address already in use" in result.stderr


# Unix sockets


def test_a_unix_socket_that_changes_hands(rig):
    """The next gateway takes the path over while this one drains; it stays when this one ends."""
    path = str(rig.path("socket") / "gateway.sock")
    old = rig.gateway([rig.fake()], listen=[f"unix:{path}"], main="worker_shutdown_timeout 1h;")
    peer = rig.opened(old)
    old.send_signal(signal.SIGQUIT)
    eventually(lambda: not harness.is_listening(path), "the old one no longer listens")
    new = rig.gateway([rig.fake()], listen=[f"unix:{path}"])
    rig.opened(new)
    assert old.stop() == 0
    peer.socket.close()
    assert os.path.exists(path)
    rig.opened(new)
    assert new.stop() == 0
    assert not os.path.exists(path)


def test_too_few_descriptors_to_share_a_unix_socket(rig):
    """Each loop has one of its own: the start says what it could not get."""
    folder = rig.path("socket")
    path = folder / "sluice.conf"
    path.write_text(site([rig.fake()], listen=[f"unix:{folder}/gateway.sock"], worker_threads=200))
    result = subprocess.run(
        [BINARY, "-c", path],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
    )
    assert result.returncode == 1
    assert f"listen unix:{folder}/gateway.sock: dup: Too many open files" in result.stderr
    assert not os.path.exists(folder / "gateway.sock")


# Silent peers


def connected(pid, port):
    """Duplicates of a process's connected TCP sockets that have `port` at one end."""
    process, found = os.pidfd_open(pid), []
    for entry in os.listdir(f"/proc/{pid}/fd"):
        if not os.readlink(f"/proc/{pid}/fd/{entry}").startswith("socket:"):
            continue
        one = socket.socket(fileno=harness.descriptor_of(process, int(entry)))
        try:
            ends = (one.getsockname(), one.getpeername())
        except OSError:
            ends = ()
        if any(isinstance(end, tuple) and end[1] == port for end in ends):
            found.append(one)
        else:
            one.close()
    os.close(process)
    return found


@pytest.mark.parametrize("leg, cause", [("client", "client_lost"), ("broker", "broker_lost")])
def test_tcp_notices_that_a_peer_is_gone(rig, leg, cause):
    """With no ping of WebSocket and no keep alive of MQTT: TCP asks after a minute, four times, and ends the session. Here it
    is told to ask sooner."""
    namespace = rig.namespace()
    with namespace.entered():
        broker = rig.fake()
        gateway = rig.gateway([broker], location="websocket_ping 0;")
        peer = rig.opened(gateway, keepalive=0)
        port = gateway.port if leg == "client" else broker.port
        sockets = connected(gateway.pid, port)
        assert len(sockets) == 1
        for one in sockets:
            options = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT]
            assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert [one.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 15, 4]
            for option in options:
                one.setsockopt(socket.IPPROTO_TCP, option, 1)
            # While something waits to be acknowledged TCP sends that again instead, for a quarter of an hour.
            eventually(lambda: not int.from_bytes(fcntl.ioctl(one, termios.TIOCOUTQ, bytes(4)), sys.byteorder), "all sent")
            one.close()
        namespace.blackhole("127.0.0.1", port)
        if leg == "broker":
            peer.read_close()
            peer.socket.close()
        assert gateway.ended(status_reason=cause)
        namespace.heal("127.0.0.1", port)
