"""`watch`: certificates and users are used as soon as they have changed completely."""

import dataclasses
import os
import signal

from harness import eventually
from reloads import broker, pings, reload
from test_auth_password import sluice_passwd
from watched import certificate, is_served, replace, served


class Clock:
    """A file of users that changes: when the gateway has read it, it has looked at all the others, too."""

    def __init__(self, rig, gateway_options):
        self._folder = rig.path("clock")
        self._count = 1
        self.path = sluice_passwd(self._folder, self._users())
        gateway_options["server"] = f"location /clock {{ mqtt_pass brokers; auth_password_file {self.path}; }}"

    def _users(self):
        return {f"user{number}": "secret" for number in range(self._count)}

    def looks(self, gateway, count=3):
        for _ in range(count):
            self._count += 1
            sluice_passwd(self._folder, self._users())
            line = f"{self.path}: {self._count} users"
            eventually(lambda line=line: line in gateway.output(), lambda: f"a look at files:\n{gateway.output()}")


def own_certificate(rig, folder):
    """A copy of the run's certificate that may change."""
    copy = dataclasses.replace(rig.certificate, certificate=folder / "server.crt", key=folder / "server.key")
    copy.certificate.write_text(rig.certificate.certificate.read_text())
    copy.key.write_text(rig.certificate.key.read_text())
    return copy


def watching(rig, folder=None, **options):
    """A gateway with a certificate of its own, and a clock."""
    folder = folder or rig.path("certificates")
    own = own_certificate(rig, folder)
    clock = Clock(rig, options)
    return rig.gateway([broker(rig)], tls=own, **options), own, clock


def test_a_renewed_certificate(rig):
    """Renamed into place, and closed after writing; open sessions go on, and nothing else is loaded."""
    gateway, own, clock = watching(rig)
    session = rig.opened(gateway)
    gateway.config_path.write_text("this is no configuration")
    new = rig.authority.issue("renamed")
    replace(own.key, new.key.read_text())
    replace(own.certificate, new.certificate.read_text())
    is_served(gateway, rig, new.certificate)
    new = rig.authority.issue("written")
    own.key.write_text(new.key.read_text())
    own.certificate.write_text(new.certificate.read_text())
    is_served(gateway, rig, new.certificate)
    eventually(lambda: gateway.output().count(" is in use: ") >= 2, "two generations")
    assert pings(session) and "reload:" not in gateway.output()


def test_a_certificate_that_is_being_written(rig):
    """A part of it is not used, nor complained of, however long the rest takes."""
    gateway, own, clock = watching(rig)
    new = rig.authority.issue("slow")
    text = new.certificate.read_text()
    with own.certificate.open("w") as slow:
        slow.write(text[:300])
        slow.flush()
        own.key.write_text(new.key.read_text())
        clock.looks(gateway)
        assert served(gateway, rig) == certificate(rig.certificate.certificate)
        assert "[error]" not in gateway.output() and "watch:" not in gateway.output()
        slow.write(text[300:])
    is_served(gateway, rig, new.certificate)
    assert "[error]" not in gateway.output()


def test_links_that_lead_elsewhere(rig):
    """As Kubernetes replaces what is mounted: a link to a folder changes, and the files' names stay."""
    mount = rig.path("mount")
    (mount / "..first").mkdir()
    (mount / "..data").symlink_to("..first")
    own_certificate(rig, mount / "..first")
    for name in ("server.crt", "server.key"):
        (mount / name).symlink_to(f"..data/{name}")
    options = {}
    clock = Clock(rig, options)
    own = dataclasses.replace(rig.certificate, certificate=mount / "server.crt", key=mount / "server.key")
    gateway = rig.gateway([broker(rig)], tls=own, **options)
    for number in range(2):
        new = rig.authority.issue(f"mounted{number}")
        (mount / f"..next{number}").mkdir()
        (mount / f"..next{number}" / "server.crt").write_text(new.certificate.read_text())
        (mount / f"..next{number}" / "server.key").write_text(new.key.read_text())
        (mount / "..link").symlink_to(f"..next{number}")
        os.rename(mount / "..link", mount / "..data")
        is_served(gateway, rig, new.certificate)
    clock.looks(gateway, 1)
    assert "[error]" not in gateway.output()


def test_a_certificate_that_cannot_be_used(rig):
    """The old one stays, the log says why, and a better one is used."""
    gateway, own, clock = watching(rig)
    good = certificate(rig.certificate.certificate)
    replace(own.certificate, rig.authority.issue("stranger").certificate.read_text())
    eventually(
        lambda: "[error] watch: " in gateway.output() and "the certificates of before stay in use" in gateway.output(),
        lambda: f"the complaint:\n{gateway.output()}",
    )
    complaints = gateway.output().count("stay in use")
    own.key.unlink()
    clock.looks(gateway)
    assert served(gateway, rig) == good
    assert gateway.output().count("stay in use") == complaints, gateway.output()  # a missing file is no change
    new = rig.authority.issue("better")
    replace(own.certificate, new.certificate.read_text())
    replace(own.key, new.key.read_text())
    is_served(gateway, rig, new.certificate)


def test_users_that_are_being_written(rig):
    """Whoever is not in the file yet stays, and comes in."""
    options = {}
    clock = Clock(rig, options)
    users = sluice_passwd(rig.path("users"), {"alice": "secret", "bob": "secret"})
    gateway = rig.gateway([broker(rig)], location=f"auth_password_file {users};", **options)
    session = rig.opened(gateway, client_id="a", username="bob", password=b"secret")
    text = users.read_text()
    lines = text.splitlines(True)
    with users.open("w") as slow:
        slow.write(lines[0])
        slow.flush()
        clock.looks(gateway)
        assert pings(session)
        assert pings(rig.opened(gateway, client_id="b", username="bob", password=b"secret"))
        slow.write("".join(lines[1:]))
    clock.looks(gateway)
    assert pings(session)


def test_users_in_a_folder_that_was_replaced(rig):
    """Who writes there is seen as before, and whoever is not in the file yet comes in."""
    options = {}
    clock = Clock(rig, options)
    folder = rig.path("users")
    users = sluice_passwd(folder, {"alice": "secret", "bob": "secret"})
    gateway = rig.gateway([broker(rig)], location=f"auth_password_file {users};", **options)
    clock.looks(gateway, 1)
    text = users.read_text()
    folder.rename(folder.with_name("before"))
    folder.mkdir()
    users.write_text(text)
    clock.looks(gateway, 2)
    with users.open("w") as slow:
        slow.write(text.splitlines(True)[0])
        slow.flush()
        clock.looks(gateway, 3)
        assert pings(rig.opened(gateway, client_id="b", username="bob", password=b"secret"))


def test_users_who_are_removed_during_a_drain(rig):
    users = sluice_passwd(rig.path("users"), {"alice": "secret", "bob": "secret"})
    gateway = rig.gateway([broker(rig)], location=f"auth_password_file {users};", main="drain_delay 1h;")
    session = rig.opened(gateway, client_id="a", username="bob", password=b"secret")
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: "draining: " in gateway.output(), "the drain")
    users.write_text(users.read_text().splitlines(True)[0])
    session.expect_close(1008)
    assert gateway.ended(mqtt_client_id="a")["status_reason"] == "access_revoked"


def test_only_what_concerns_certificates_can_refuse_them(rig):
    """A folder of pages that is gone by now is a reload's to complain of."""
    pages = rig.path("pages")
    gateway, own, _ = watching(rig, location=f"}} location /pages {{ root {pages};")
    pages.rmdir()
    new = rig.authority.issue("renewed")
    replace(own.key, new.key.read_text())
    replace(own.certificate, new.certificate.read_text())
    is_served(gateway, rig, new.certificate)


def test_watch_off(rig):
    """Files are read at a reload only, and whoever is missing then is out. Another gateway that watches is the clock."""
    options = {"main": "watch off;"}
    folder = rig.path("certificates")
    own = own_certificate(rig, folder)
    watching_one = rig.gateway([broker(rig)], tls=own)
    users = sluice_passwd(rig.path("users"), {"alice": "secret", "bob": "secret"})
    gateway = rig.gateway([broker(rig)], tls=own, location=f"auth_password_file {users};", **options)
    session = rig.opened(gateway, client_id="a", username="bob", password=b"secret")
    new = rig.authority.issue("later")
    replace(own.certificate, new.certificate.read_text())
    replace(own.key, new.key.read_text())
    users.write_text(users.read_text().splitlines(True)[0])
    is_served(watching_one, rig, new.certificate)
    new = rig.authority.issue("latest")
    replace(own.certificate, new.certificate.read_text())
    replace(own.key, new.key.read_text())
    is_served(watching_one, rig, new.certificate)
    assert pings(session) and served(gateway, rig) == certificate(rig.certificate.certificate)
    assert f"{users}: " not in gateway.output()
    reload(gateway)
    is_served(gateway, rig, new.certificate)
    session.expect_close(1008)
    assert gateway.ended(mqtt_client_id="a")["status_reason"] == "access_revoked"
