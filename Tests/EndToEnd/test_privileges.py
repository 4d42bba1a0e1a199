"""What the process gives up, and what it keeps: users, capabilities, system calls, core files."""

import dataclasses
import os
import pathlib
import re
import signal
import socket
import threading

import pytest

import harness
from gateway import site
from harness import eventually
from reloads import broker, pings, reload
from test_auth_password import sluice_passwd
from test_successor import Heir, gateway_of, pid_file
from watched import served

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

NOBODY = 65534
# CAP_DAC_READ_SEARCH and CAP_NET_BIND_SERVICE, linux/capability.h
KEPT = 1 << 2 | 1 << 10
BIND = 1 << 10


def statuses(pid):
    """Of each thread, by its name: what /proc says of its rights. The main thread is `main`."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = dict(re.findall(r"^(\w+):\t(.*)$", (task / "status").read_text(), re.MULTILINE))
        name = "main" if task.name == str(pid) else fields["Name"]
        if harness.IS_SANITIZED and name != "main" and not name.startswith("sluice "):
            continue  # the sanitizer's own thread
        found[name] = fields
    return found


def capabilities(pid, field):
    return {name: int(fields[field], 16) for name, fields in statuses(pid).items()}


def private(path, text):
    """A file that only root can read."""
    path.write_text(text)
    path.chmod(0o600)
    return path


def secrets(rig):
    """A folder that only root can look into, with a certificate and users."""
    folder = rig.path("secrets")
    for suffix in ("crt", "key"):
        source = getattr(rig.certificate, "certificate" if suffix == "crt" else "key")
        private(folder / f"server.{suffix}", source.read_text())
    sluice_passwd(folder, {"alice": "secret"}).chmod(0o600)
    folder.chmod(0o700)
    return folder


def renew(rig, folder, label):
    new = rig.authority.issue(label)
    private(folder / "server.crt", new.certificate.read_text())
    private(folder / "server.key", new.key.read_text())


def rooted(rig, *, main="", **options):
    """A gateway that root has started, with secrets of root's."""
    folder = secrets(rig)
    tls = dataclasses.replace(rig.certificate, certificate=folder / "server.crt", key=folder / "server.key")
    users = folder / "users"
    gateway = gateway_of(
        rig, main=f"user nobody; {main}", tls=tls, location=f"auth_password_file {users};", **options
    )
    return gateway, folder, users


def alice(rig, gateway, **options):
    return rig.opened(gateway, username="alice", password=b"secret", **options)


@needs_root
def test_what_is_left_of_root(rig):
    gateway, _, _ = rooted(rig)
    assert pings(alice(rig, gateway))  # there is a thread that hashes now
    threads = statuses(gateway.pid)
    assert {"main", "sluice loop 0", "sluice loop 1", "sluice log", "sluice hash 0"} <= set(threads)
    for name, fields in threads.items():
        assert fields["Uid"].split() == fields["Gid"].split() == [str(NOBODY)] * 4, (name, fields["Uid"])
        assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2", (name, fields)
        kept = KEPT if name == "main" else 0
        assert int(fields["CapPrm"], 16) == kept and int(fields["CapEff"], 16) == 0, (name, fields)
        assert int(fields["CapInh"], 16) == int(fields["CapAmb"], 16) == 0, (name, fields)
    assert capabilities(gateway.pid, "CapBnd")["main"] == KEPT


@needs_root
def test_secrets_of_root_at_a_reload(rig):
    """Certificates and users that only root can read, and a port below 1024."""
    gateway, folder, users = rooted(rig)
    before = served(gateway, rig)
    session = alice(rig, gateway)
    renew(rig, folder, "renewed")
    sluice_passwd(folder, {"alice": "secret", "bob": "secret"})
    port = next(port for port in range(1023, 512, -1) if not harness.is_listening(port))
    reload(gateway, gateway.config_path.read_text().replace("server {\n", f"server {{\n    listen 127.0.0.1:{port};\n", 1))
    assert served(gateway, rig) != before
    assert pings(rig.opened(("127.0.0.1", port), username="bob", password=b"secret"))
    assert pings(session) and oct(users.stat().st_mode).endswith("600")
    assert set(capabilities(gateway.pid, "CapEff").values()) == {0}


@needs_root
def test_secrets_of_root_in_a_new_process(rig):
    """An upgrade, again and again: the same rights, and filters that do not add up, nor get fewer."""
    gateway, folder, _ = rooted(rig)
    filters = filter_counts(gateway)
    before, running = served(gateway, rig), gateway
    for number in range(1, 4):
        renew(rig, folder, f"renewed{number}")
        running.send_signal(signal.SIGUSR2)
        heir = rig.keep(Heir(gateway, number))
        taken = gateway.output
        eventually(lambda number=number: taken().count("has taken over") >= number, lambda: f"the new process:\n{taken()}")
        eventually(lambda heir=heir: pid_file(gateway) == heir.pid, "the pid file of the new process")
        fields = statuses(heir.pid)
        assert filter_counts(heir) == filters
        assert pathlib.Path(f"/proc/{heir.pid}/mem").owner() == "root"
        for name, one in fields.items():
            assert one["Uid"].split() == [str(NOBODY)] * 4 and one["NoNewPrivs"] == "1", (name, one)
            assert int(one["CapPrm"], 16) == (KEPT if name == "main" else 0), (name, one)
            assert int(one["CapEff"], 16) == int(one["CapAmb"], 16) == 0, (name, one)
        now = served(gateway, rig)
        assert now != before and pings(alice(rig, gateway, client_id=f"alice{number}"))
        before, running = now, heir
    assert gateway.process.wait() == 0


@needs_root
def test_root_by_name_stays_root(rig):
    """As without `user`: every thread has what root has, and the main one not less than those that serve."""
    gateway = gateway_of(rig, main="user root;")
    assert pings(rig.opened(gateway))
    assert set(capabilities(gateway.pid, "CapEff").values()) == {capabilities(os.getpid(), "CapEff")["main"]}


class Asked:
    """Keeps the user ids that sockets of those who connect were opened by; socket(7) has them in /proc/net/tcp."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.users = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            try:
                peer, (_, port) = self._listener.accept()
            except OSError:
                return
            with peer:
                lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
                self.users += [int(line[7]) for line in lines if line[1] == f"0100007F:{port:04X}"]

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()


@needs_root
def test_nobody_is_asked_as_root(rig):
    """Keys are fetched when the process has become its user."""
    asked = rig.keep(Asked())
    keys = f"auth_jwt_jwks_url http://127.0.0.1:{asked.port}/;"
    gateway_of(rig, main="user nobody;", location=keys)
    eventually(lambda: asked.users, "a fetch")
    assert set(asked.users) == {NOBODY}


def filter_counts(gateway):
    """Of the main thread, and of the loops."""
    counts = {name: int(one["Seccomp_filters"]) for name, one in statuses(gateway.pid).items()}
    return counts["main"], counts["sluice loop 0"]


def test_calls_that_are_filtered(rig):
    gateway = gateway_of(rig)
    assert pings(rig.opened(gateway))
    assert all(one["Seccomp"] == "2" and one["NoNewPrivs"] == "1" for one in statuses(gateway.pid).values())
    filters = {name: int(one["Seccomp_filters"]) for name, one in statuses(gateway.pid).items()}
    assert all(count == filters["main"] + 1 for name, count in filters.items() if name != "main"), filters


def test_seccomp_off(rig):
    inherited = statuses(os.getpid())["main"]["Seccomp"]
    gateway = gateway_of(rig, main="seccomp off;")
    assert pings(rig.opened(gateway))
    assert all(one["Seccomp"] == inherited and one["NoNewPrivs"] == "1" for one in statuses(gateway.pid).values())


@needs_root
@pytest.mark.parametrize("has_port_right", [False, True])
def test_started_by_another_user(rig, has_port_right):
    """As systemd starts it, with and without the right to bind low ports: only the main thread keeps it, for reloads."""
    config = site([broker(rig)], main="access_log off;").replace("access_log access.log json;\n", "")
    right = ["--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"] if has_port_right else []
    folder = rig.path("open")
    for place in [folder, *folder.parents[:-2]]:
        if place.owner() == "root":
            place.chmod(place.stat().st_mode | 0o055)
    wrapper = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *right]
    gateway = rig.gateway(config=config, wrapper=wrapper)
    assert pings(rig.opened(gateway))
    permitted = capabilities(gateway.pid, "CapPrm")
    assert permitted.pop("main") == (BIND if has_port_right else 0)
    assert set(permitted.values()) == set(capabilities(gateway.pid, "CapEff").values()) == {0}
    port = next(port for port in range(1023, 512, -1) if not harness.is_listening(port))
    with_port = config.replace("server {\n", f"server {{\n    listen 127.0.0.1:{port};\n", 1)
    if has_port_right:
        reload(gateway, with_port)
        assert pings(rig.opened(("127.0.0.1", port), client_id="low"))
    else:
        gateway.config_path.write_text(with_port)
        gateway.send_signal(signal.SIGHUP)
        eventually(lambda: "Permission denied" in gateway.output(), "the refusal")


@needs_root
def test_started_by_another_user_with_the_right_to_read(rig):
    """As a unit of systemd's with CAP_DAC_READ_SEARCH: secrets of root's at the start, at reloads and upgrades, in no other
    thread."""
    folder = secrets(rig)
    tls = dataclasses.replace(rig.certificate, certificate=folder / "server.crt", key=folder / "server.key")
    config = site([broker(rig)], tls=tls, main="worker_shutdown_timeout 1s;")
    config = config.replace("access_log access.log json;", "access_log off;")
    right = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    wrapper = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *right]
    gateway = rig.gateway(config=config, wrapper=wrapper)
    before = served(gateway, rig)
    for number, renewed in enumerate(["renewed", "again"]):
        renew(rig, folder, renewed)
        if number == 0:
            reload(gateway)
            heir = gateway
        else:
            gateway.send_signal(signal.SIGUSR2)
            heir = rig.keep(Heir(gateway))
            eventually(lambda: "has taken over" in gateway.output(), lambda: gateway.output())
        assert served(gateway, rig) != before
        permitted = capabilities(heir.pid, "CapPrm")
        assert permitted.pop("main") == KEPT & ~BIND and set(permitted.values()) == {0}
        before = served(gateway, rig)
    assert gateway.process.wait() == 0


@pytest.mark.parametrize("main, limit", [("", "0"), ("worker_rlimit_core 1m;", "1048576")])
def test_core_files(rig, main, limit):
    gateway = gateway_of(rig, main=main)
    text = pathlib.Path(f"/proc/{gateway.pid}/limits").read_text()
    assert re.search(r"^Max core file size\s+(\d+)", text, re.MULTILINE).group(1) == limit


@needs_root
@pytest.mark.parametrize("main, owner", [("", "root"), ("worker_rlimit_core 1m;", "nobody")])
def test_others_of_the_same_user_see_no_memory(rig, main, owner):
    """proc(5): what belongs to root there cannot be opened by the process's own user, and no core is left."""
    gateway, _, _ = rooted(rig, main=main)
    assert pings(alice(rig, gateway))  # it has become the user by now
    assert pathlib.Path(f"/proc/{gateway.pid}/mem").owner() == owner
