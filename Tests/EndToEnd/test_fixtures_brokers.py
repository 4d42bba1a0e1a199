"""The other brokers, HAProxy and the namespaces do by themselves what the tests of the gateway expect of them.

A failure here is a failure of a fixture or of its package, not of the gateway.
"""

import errno
import socket
import subprocess
import threading

import pytest

import gateway
import mqttbytes
import proxyheader
from ejabberd import Ejabberd
from haproxy import HAProxy, receiver, sender
from harness import DEADLINE, eventually, free_port
from proxyheader import tlv, v1, v2
from rabbitmq import RabbitMQ

V4 = (("203.0.113.7", 4711), ("192.0.2.1", 1883))
V6 = (("2001:db8::7", 4712), ("2001:db8::1", 1883))
HEADERS = {
    "v1-ipv4": (v1(*V4), V4[0]),
    "v1-ipv6": (v1(*V6), V6[0]),
    "v2-ipv4": (v2(*V4), V4[0]),
    "v2-ipv6": (v2(*V6, tlvs=tlv(proxyheader.ALPN, b"mqtt") + tlv(proxyheader.UNIQUE_ID, b"a1")), V6[0]),
}
# The two headers that name no address.
UNKNOWN = b"PROXY UNKNOWN\r\n"
LOCAL = v2(command=0x20)


class Client:
    """An MQTT client over plain TCP that keeps its connection; `head` is sent before the CONNECT."""

    def __init__(self, rig, port, version=4, *, head=b"", host="127.0.0.1", **options):
        self.version = version
        self.socket = gateway.connect((host, port))
        rig.keep(self.socket)
        self.socket.sendall(head + mqttbytes.connect(version, **options))
        self._buffer = b""

    def packet(self):
        """The next packet; empty at the end of the stream."""
        while (size := mqttbytes.whole(self._buffer)) is None:
            try:
                data = self.socket.recv(4096)
            except ConnectionResetError:
                return b""
            if not data:
                return b""
            self._buffer += data
        packet, self._buffer = self._buffer[:size], self._buffer[size:]
        return packet

    def code(self):
        """The code of the CONNACK, or None when the connection ends instead."""
        packet = self.packet()
        assert not packet or packet[0] == 0x20
        return packet[3] if packet else None

    def round_trip(self):
        """Sends itself a message through the broker."""
        self.socket.sendall(mqttbytes.subscribe("there/and/back", version=self.version))
        assert self.packet()[0] == 0x90
        self.socket.sendall(mqttbytes.publish("there/and/back", b"payload", version=self.version))
        assert mqttbytes.published(self.packet(), self.version) == ("there/and/back", b"payload")


def restarts(rig, broker, **options):
    """What faults do to a broker: frozen it accepts and is silent, ended it refuses, and it comes back."""
    client = Client(rig, broker.port, **options)
    assert client.code() == 0
    broker.freeze()
    late = Client(rig, broker.port, **options)
    late.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        late.packet()
    late.socket.settimeout(DEADLINE)
    broker.thaw()
    assert late.code() == 0
    for end in (broker.stop, broker.kill):
        end()
        assert client.packet() == b""
        with pytest.raises(ConnectionRefusedError):
            gateway.connect(broker.port)
        broker.start()
        client = Client(rig, broker.port, **options)
        assert client.code() == 0


# Brokers


def test_rabbitmq(rig):
    broker = rig.keep(RabbitMQ(rig.path("rabbitmq")))
    anonymous = Client(rig, broker.port, client_id="anonymous")
    assert anonymous.code() == 0
    anonymous.round_trip()
    guest = Client(rig, broker.port, 3, client_id="guest", username="guest", password="guest")
    assert guest.code() == 0
    assert Client(rig, broker.port, client_id="wrong", username="guest", password="wrong").code() == 4
    assert Client(rig, broker.port, 5, client_id="five").code() is None  # 3.10 has no MQTT 5
    ends = {"anonymous": anonymous.socket.getsockname(), "guest": guest.socket.getsockname()}
    eventually(lambda: broker.connections() == ends, lambda: f"{ends} at the broker: {broker.connections()}")
    restarts(rig, broker)


def test_rabbitmq_sees_the_address_of_a_proxy_header(rig):
    broker = rig.keep(RabbitMQ(rig.path("rabbitmq"), proxy_protocol=True))
    for name, (head, _) in HEADERS.items():
        assert Client(rig, broker.port, head=head, client_id=name).code() == 0, name
    ends = {name: source for name, (_, source) in HEADERS.items()}
    eventually(lambda: broker.connections() == ends, lambda: f"{ends} at the broker: {broker.connections()}")
    for head in (b"", UNKNOWN, LOCAL):  # RabbitMQ takes none of them
        assert Client(rig, broker.port, head=head, client_id="nobody").code() is None, head


CREDENTIALS = {"username": "somebody", "password": "anything"}


def test_ejabberd(rig):
    broker = rig.keep(Ejabberd(rig.path("ejabberd")))
    for version in (4, 5):
        client = Client(rig, broker.port, version, client_id=f"v{version}", **CREDENTIALS)
        assert client.code() == 0
        client.round_trip()
        source = client.socket.getsockname()
        eventually(lambda source=source: source in broker.accepted(), f"{source} at the broker")
    assert Client(rig, broker.port, 4, client_id="nobody").code() == 0x05
    assert Client(rig, broker.port, 5, client_id="nobody").code() == 0x87
    restarts(rig, broker, **CREDENTIALS)


def test_ejabberd_sees_the_address_of_a_proxy_header(rig):
    broker = rig.keep(Ejabberd(rig.path("ejabberd"), proxy_protocol=True))
    for name, (head, source) in HEADERS.items():
        assert Client(rig, broker.port, head=head, client_id=name, **CREDENTIALS).code() == 0, name
        eventually(lambda source=source: source in broker.accepted(), f"{source} at the broker")
    for head in (b"", UNKNOWN):
        assert Client(rig, broker.port, head=head, client_id="nobody", **CREDENTIALS).code() is None, head


# HAProxy


def test_haproxy_receives_proxy_headers(rig):
    broker = rig.mosquitto()
    proxy = rig.keep(HAProxy(rig.path("haproxy"), receiver(broker.port)))

    def logged(head):
        """The log's line of a session after this header."""
        before = len(proxy.ended())
        client = Client(rig, proxy.port, head=head)
        assert client.code() == 0, head
        client.socket.close()
        return eventually(lambda: proxy.ended()[before:], lambda: f"{head} in the log")[0]

    for name, (head, source) in HEADERS.items():
        assert logged(head)["client"] == source, name
    assert [line["unique_id"] for line in proxy.ended()] == ["", "", "", "a1"]
    assert logged(v2(*V4, tlvs=tlv(proxyheader.AUTHORITY, b"gateway.example")))["authority"] == "gateway.example"
    for head in (UNKNOWN, LOCAL):
        assert logged(head)["client"][0] == "127.0.0.1"
    assert Client(rig, proxy.port).code() is None
    eventually(lambda: "does not look like a PROXY protocol header" in proxy.output(), "the log line")


def test_haproxy_sends_proxy_headers(rig):
    broker = rig.mosquitto()
    back = rig.keep(HAProxy(rig.path("haproxy"), receiver(broker.port), name="back"))
    fronts = sender(back.port, 1) + sender(back.port, 2, options="proxy-v2-options crc32c")
    front = rig.keep(HAProxy(rig.path("haproxy"), fronts, name="front"))
    ends = []
    for port in front.ports:
        client = Client(rig, port)
        assert client.code() == 0
        ends.append((client.socket.getsockname(), ("127.0.0.1", port)))
        client.socket.close()
        eventually(lambda: len(back.ended()) == len(ends), "a line in the log")
    assert [(line["client"], line["local"]) for line in back.ended()] == ends


# Namespaces


@pytest.fixture
def namespace(rig):
    return rig.namespace()


def test_a_whole_test_runs_inside_a_namespace(rig, namespace):
    with namespace.entered():
        broker = rig.mosquitto()
        gate = rig.gateway([broker])
        rig.paho(gate.port).subscribe("topic")
    for port in (broker.port, gate.port):
        with pytest.raises(ConnectionRefusedError):
            gateway.connect(port)


def test_a_process_runs_inside_a_namespace(namespace):
    command = namespace.command("ip", "-brief", "link", "show", "hole0")
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("hole0")


@pytest.mark.parametrize("whole", [False, True], ids=["port", "address"])
@pytest.mark.parametrize("address", ["127.0.0.2", "10.0.0.2", "::1", "fd00::2"])
def test_packets_into_a_black_hole_vanish(rig, namespace, address, whole):
    """SYN and data get no answer, an open connection stays open, and it goes on when the hole is closed."""
    port, other = free_port(), free_port()
    if address in ("10.0.0.2", "fd00::2"):
        namespace.add_address(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespace.entered():
        listeners = [rig.keep(socket.create_server((address, one), family=family)) for one in (port, other)]
        ends = [rig.keep(gateway.connect((address, port))), rig.keep(listeners[0].accept()[0])]
        hole = (address,) if whole else (address, port)
        namespace.blackhole(*hole)
        for sending, receiving in (ends, ends[::-1]):
            sending.sendall(b"data")
            receiving.settimeout(0.1)
            with pytest.raises(TimeoutError):
                receiving.recv(4)
        with pytest.raises(TimeoutError):
            gateway.connect((address, port), timeout=0.1)
        if not whole:
            rig.keep(gateway.connect((address, other)))
        namespace.heal(*hole)
        for end in ends:
            end.settimeout(DEADLINE)
            assert end.recv(4) == b"data"


def test_ports_of_a_namespace_run_out(rig, namespace):
    """For a source address and a destination; another source address has its own."""
    namespace.limit_ports(4)
    with namespace.entered():
        target = rig.keep(socket.create_server(("127.0.0.1", free_port()))).getsockname()
        for _ in range(4):
            rig.keep(gateway.connect(target))
        with pytest.raises(OSError) as error:
            gateway.connect(target)
        assert error.value.errno == errno.EADDRNOTAVAIL
        rig.keep(socket.create_connection(target, DEADLINE, source_address=("127.0.0.9", 0)))


def test_the_thread_comes_back_out_of_a_namespace(namespace):
    """Threads that are started inside stay inside."""

    def interfaces():
        return {name for _, name in socket.if_nameindex()}

    found, proceed = [], threading.Event()

    def look():
        proceed.wait(DEADLINE)
        found.append(interfaces())

    with namespace.entered():
        with namespace.entered():
            assert "hole0" in interfaces()
        assert "hole0" in interfaces()
        thread = threading.Thread(target=look)
        thread.start()
    assert "hole0" not in interfaces()
    proceed.set()
    thread.join()
    assert "hole0" in found[0]
