"""Servers by name: `resolve` looks them up again, every address is a peer, and what is gone drains.

The names stand in a hosts file of the gateway's own: it runs in a mount namespace where /etc/hosts is that file.
"""

import os

import pytest

import fakebroker
import harness
import mqttbytes
from gateway import Gateway, site
from harness import eventually
from reloads import reload
from test_failover import check_all, clients
from test_health_check import serve_probe, unhealthy

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a mount namespace needs root")


class Named(Gateway):
    """A gateway that knows only the names of `hosts`, a dictionary of names and addresses."""

    def __init__(self, directory, config, hosts):
        super().__init__(directory, config, start=False)
        self.hosts_path = self.directory / "hosts"
        self.name(hosts)
        self.start()

    def name(self, hosts):
        """Changes what the names mean, in place: the file stays the one that is mounted."""
        lines = [f"{address} {name}\n" for name, addresses in hosts.items() for address in addresses]
        with open(self.hosts_path, "w", encoding="ascii") as file:
            file.writelines(["127.0.0.1 localhost\n", *lines])

    def start(self, wait=True):
        script = f"mount --bind '{self.hosts_path}' /etc/hosts && exec \"$@\""
        command = [harness.BINARY, "-c", self.config_path, "-p", self.directory]
        self.process = harness.Process(
            ["unshare", "--mount", "sh", "-c", script, "sh", *command], self.directory / "output.log", cwd=self.directory
        )
        if wait:
            self.wait_listening()


class Brokers:
    """A broker on the same port of each address that is asked for."""

    def __init__(self, rig):
        self.rig = rig
        self.port = harness.free_port()
        self.by_address = {}

    def at(self, address):
        if address not in self.by_address:
            self.by_address[address] = self.rig.fake(fakebroker.keep_open, host=address, port=self.port)
        return self.by_address[address]


def named(rig, hosts, *, port, server="brokers.test", parameters="resolve", upstream="resolve_interval 1s;", **options):
    config = site([f"{server}:{port} {parameters}"], upstream=upstream, **options)
    return rig.keep(Named(rig.path("gateway"), config, hosts))


def arrivals(brokers, address, since=0):
    return len(brokers.at(address).connections) - since


def test_every_address_is_a_peer(rig):
    brokers = Brokers(rig)
    addresses = ["127.0.1.1", "127.0.1.2", "127.0.1.3"]
    for address in addresses:
        brokers.at(address)
    gateway = named(rig, {"brokers.test": addresses}, port=brokers.port)
    check_all(clients(gateway, rig).connect(30))
    assert all(abs(arrivals(brokers, address) - 10) <= 2 for address in addresses)


def test_a_new_address_gets_sessions_and_a_removed_one_drains(rig):
    brokers = Brokers(rig)
    first, second, third = "127.0.1.1", "127.0.1.2", "127.0.1.3"
    for address in (first, second, third):
        brokers.at(address)
    gateway = named(rig, {"brokers.test": [first, second]}, port=brokers.port)
    crowd = clients(gateway, rig)
    check_all(crowd.connect(20))
    gateway.name({"brokers.test": [second, third]})
    text = f"brokers.test:{brokers.port} has other addresses, new: {third}:{brokers.port}, gone: {first}:{brokers.port}"
    eventually(lambda: text in gateway.output(), lambda: gateway.output())
    before = arrivals(brokers, first)
    check_all(crowd.connect(20, prefix="later"))
    assert arrivals(brokers, first) == before, "no new session at the removed address"
    assert arrivals(brokers, third) >= 7
    assert not any(client.is_over for client in crowd.clients), "those that were there stay"
    # It comes back to its old place.
    gateway.name({"brokers.test": [first, second, third]})
    eventually(lambda: f"new: {first}:{brokers.port}" in gateway.output(), lambda: gateway.output())
    check_all(crowd.connect(30, prefix="last"))
    assert arrivals(brokers, first, before) >= 7


def test_a_name_that_stops_resolving_keeps_its_peers(rig):
    brokers = Brokers(rig)
    brokers.at("127.0.1.1")
    gateway = named(rig, {"brokers.test": ["127.0.1.1"]}, port=brokers.port)
    crowd = clients(gateway, rig)
    check_all(crowd.connect(5))
    gateway.name({})
    eventually(lambda: "cannot resolve brokers.test" in gateway.output(), lambda: gateway.output())
    check_all(crowd.connect(5, prefix="later"))
    gateway.name({"brokers.test": ["127.0.1.1"]})
    eventually(lambda: f"brokers.test:{brokers.port} resolves again" in gateway.output(), lambda: gateway.output())
    assert gateway.output().count("cannot resolve") == 1, "it is said once"


def test_a_name_that_does_not_resolve_at_the_start(rig):
    """With `resolve` the gateway starts, and the peers come later; without, it says what is wrong."""
    brokers = Brokers(rig)
    brokers.at("127.0.1.1")
    gateway = named(rig, {}, port=brokers.port)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(4, "early"))
    peer.expect_close(1013, before=mqttbytes.connack(4, 3))
    gateway.name({"brokers.test": ["127.0.1.1"]})
    eventually(lambda: "has other addresses" in gateway.output(), lambda: gateway.output())
    check_all(clients(gateway, rig).connect(5))

    config = site([f"nowhere.invalid:{brokers.port}"])
    static = Gateway(rig.path("gateway"), config, start=False)
    static.start(wait=False)
    assert static.process.wait() == 1
    assert "cannot resolve nowhere.invalid" in static.output()


def test_probes_follow_the_addresses(rig):
    brokers = Brokers(rig)
    first, second = "127.0.1.1", "127.0.1.2"
    brokers.at(first), brokers.at(second)
    gateway = named(
        rig,
        {"brokers.test": [first]},
        port=brokers.port,
        upstream="resolve_interval 1s; health_check type=tcp interval=100ms;",
    )
    eventually(lambda: arrivals(brokers, first) >= 3, "probes of the first")
    assert not brokers.at(second).connections
    gateway.name({"brokers.test": [second]})
    eventually(lambda: arrivals(brokers, second) >= 3, "probes of the second")
    count = arrivals(brokers, first)
    eventually(lambda: arrivals(brokers, second) >= 8, "more probes of the second")
    assert arrivals(brokers, first) <= count + 1


def test_an_unhealthy_address_that_goes_and_comes_back(rig):
    """It begins as a new one: nobody has probed it meanwhile."""
    brokers = Brokers(rig)
    first, second = "127.0.1.1", "127.0.1.2"
    ill = rig.fake(fakebroker.close_after_connect, host=first, port=brokers.port)
    brokers.by_address[second] = rig.fake(serve_probe, host=second, port=brokers.port)
    check = "health_check type=mqtt interval=100ms timeout=100ms fails=2 passes=2;"
    gateway = named(
        rig, {"brokers.test": [first, second]}, port=brokers.port, upstream="resolve_interval 1s; " + check
    )
    unhealthy(gateway, ill)
    gateway.name({"brokers.test": [second]})
    eventually(lambda: f"gone: {first}:{brokers.port}" in gateway.output(), lambda: gateway.output())
    ill.behaviour = serve_probe
    gateway.name({"brokers.test": [first, second]})
    eventually(lambda: f"new: {first}:{brokers.port}" in gateway.output(), lambda: gateway.output())
    crowd = clients(gateway, rig)
    check_all(crowd.connect(20))
    names = {mqttbytes.client_id(c.packets()[0]) for c in ill.connections if c.packets()}
    assert any(name.startswith("client") for name in names), names


def test_a_reload_keeps_the_peers_of_a_name_and_goes_on_looking_it_up(rig):
    """Also of a name that does not resolve at that moment; one that comes with the reload is looked up from then on."""
    brokers = Brokers(rig)
    first, second, other = "127.0.1.1", "127.0.1.2", "127.0.1.3"
    for address in (first, second, other):
        brokers.at(address)
    gateway = named(rig, {"brokers.test": [first]}, port=brokers.port, worker_threads=1)
    crowd = clients(gateway, rig)
    check_all(crowd.connect(3))
    gateway.name({"other.test": [other]})
    line = f"server brokers.test:{brokers.port} resolve;"
    reload(gateway, gateway.config.replace(line, f"{line}\nserver other.test:{brokers.port} resolve;"))
    assert "brokers.test: Name or service not known: its peers stay as they were" in gateway.output()
    check_all(crowd.connect(6, prefix="both"))
    assert (arrivals(brokers, first, 3), arrivals(brokers, other)) == (3, 3)
    gateway.name({"brokers.test": [second], "other.test": [other]})
    eventually(lambda: f"new: {second}:{brokers.port}, gone: {first}" in gateway.output(), lambda: gateway.output())
    gateway.name({"brokers.test": [second], "other.test": [first]})
    eventually(lambda: f"new: {first}:{brokers.port}, gone: {other}" in gateway.output(), lambda: gateway.output())
    # Taken out of the file, it is not looked up any more.
    reload(gateway, gateway.config)
    check_all(crowd.connect(4, prefix="one"))
    assert arrivals(brokers, second) == 4
    assert not any(client.is_over for client in crowd.clients), "those that were there stay"
