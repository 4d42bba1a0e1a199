"""Fixtures: what a test starts, and how it is ended and shown when the test fails.

A test asks for `rig`, and starts from it what it needs; everything is ended in reverse order, so that clients go
before the gateway and the gateway before the brokers. The gateway's end is part of every test: it must exit with 0 and
must not have told of a crash.
"""

import contextlib
import itertools
import os
import random
import re

import pytest

import fakebroker
import harness
from bytepeer import BytePeer
from certificates import Authority
from gateway import Gateway, site
from mosquitto import Mosquitto
from namespaces import Namespace
from nodeclient import NodeClient
from pahoclient import PahoClient


def pytest_report_header(config):
    return f"sluice: {harness.BINARY}; patience {harness.PATIENCE:g}; SLUICE_TEST_SEED={harness.SEED}"


def pytest_sessionstart(session):
    if not os.access(harness.BINARY, os.X_OK):
        raise pytest.UsageError(f"no gateway at {harness.BINARY}: build it, or name it with SLUICE=PATH")


class Rig:
    """Everything a test has started."""

    def __init__(self, directory, authority, certificate, name):
        self.directory = directory
        self.authority = authority
        self.certificate = certificate
        self.random = random.Random(f"{harness.SEED} {name}")
        self.witnesses = []
        self._stack = contextlib.ExitStack()
        self._numbers = itertools.count(1)  # some tests start things from several threads

    def path(self, label):
        """A new folder."""
        folder = self.directory / f"{label}{next(self._numbers)}"
        folder.mkdir()
        return folder

    def keep(self, thing):
        """Closes `thing` at the end of the test."""
        self._stack.callback(thing.close)
        if hasattr(thing, "evidence"):
            self.witnesses.append(thing)
        return thing

    def close(self):
        self._stack.close()

    def evidence(self):
        """What a failing test prints of everything that was started."""
        return [section for witness in self.witnesses for section in witness.evidence()]

    # Servers

    def gateway(self, brokers=None, *, config=None, arguments=(), wrapper=(), wait=True, **options):
        """A gateway in front of `brokers` (see `gateway.site`), or with a whole configuration text."""
        if config is None:
            config = site(brokers, **options)
        gateway = self.keep(Gateway(self.path("gateway"), config, arguments=arguments, wrapper=wrapper, start=False))
        gateway.start(wait)
        return gateway

    def tls_gateway(self, brokers, **options):
        """The same with a plain and a TLS listener."""
        return self.gateway(brokers, tls=self.certificate, **options)

    def mosquitto(self, **options):
        folder = self.path("mosquitto")
        return self.keep(Mosquitto(folder, name=options.pop("name", folder.name), **options))

    def namespace(self):
        """A network of the test's own; see namespaces.py. Without root there is none, and the test is shown as skipped."""
        if os.geteuid() != 0:
            pytest.skip("a network namespace needs root")
        return self.keep(Namespace())

    def fake(self, behaviour=fakebroker.serve, **options):
        return self.keep(fakebroker.FakeBroker(behaviour, **options))

    # Clients

    def peer(self, target, *, tls=None, **options):
        """A byte-exact client of a gateway, or of an address; `tls=True` trusts the run's authority."""
        context = self.certificate.client_context() if tls is True else tls
        if isinstance(target, Gateway):
            target = target.tls_address if context else target.address
        return self.keep(BytePeer(target, tls=context, **options))

    def opened(self, target, version=4, client_id="byte-peer", **options):
        """A byte-exact client with an open MQTT session."""
        peer = self.peer(target)
        peer.open_mqtt(version, client_id, **options)
        return peer

    def paho(self, port, version=4, client_id="", **options):
        return self.keep(PahoClient(port, version, client_id, **options))

    def node(self, url, **options):
        """MQTT.js in a Node process; see nodeclient.py."""
        return self.keep(NodeClient(self.path("node"), url, self.certificate.authority, **options))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority):
    return authority.issue("server")


@pytest.fixture
def rig(request, authority, certificate, tmp_path_factory):
    # Unix socket paths have room for 108 bytes: the folder's name is kept short.
    folder = tmp_path_factory.mktemp(re.sub(r"\W+", "", request.node.originalname)[:24])
    rig = Rig(folder, authority, certificate, request.node.name)
    request.node.stash[_RIG] = rig
    yield rig
    rig.close()


_RIG = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    rig = item.stash.get(_RIG, None)
    if report.failed and rig:
        report.sections.extend(rig.evidence())
    return report
