"""libcurl: loaded by the first configuration that needs it, also by a process that is no longer root, and by no other."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from authserver import AuthServer
from gateway import site
from harness import BINARY, DEADLINE, free_port
from refusals import admitted
from reloads import broker, pings, refused, reload
from test_auth_password import sluice_passwd

REMEDY = "; needed is libcurl 7.87 or newer (Debian: libcurl4)"


def mapped(pid):
    """Whether a process has libcurl, or something that only libcurl brings."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    return bool(re.search(r"/lib(curl|gnutls|ldap|gssapi_krb5)[.-]", maps))


def linked():
    return subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout


def as_user():
    """Root becomes somebody else."""
    return "user nobody;" if os.geteuid() == 0 else ""


def directives(kind, url):
    """What needs libcurl, as options of `site`."""
    return {
        "auth_http": {"location": f"auth_http {url};"},
        "auth_jwt_jwks_url": {"location": f"auth_jwt_jwks_url {url};"},
        "health_check": {"upstream": f"health_check type=http port={free_port()};"},
    }[kind]


def faulty(rig, fault):
    """A folder with a libcurl.so.4 that is of no use, and how it is put before the system's."""
    folder = rig.path("libraries")
    library = folder / "libcurl.so.4"
    if fault == "no library":
        library.write_text("no library")
    else:
        shutil.copy(re.search(r"libz\.so\.1 => (\S+)", linked())[1], library)
    return library, f"LD_LIBRARY_PATH={folder}:{os.environ.get('LD_LIBRARY_PATH', '')}"


def run(setting, *arguments):
    command = ["env", setting, BINARY, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)


def test_without_requests_there_is_no_libcurl(rig):
    """Everything else that the same threads and files are for."""
    users = sluice_passwd(rig.path("users"), {"alice": "secret"})
    gateway = rig.tls_gateway(
        [broker(rig)], main="memory_limit 1024g;", location=f"auth_password_file {users};",
        upstream="health_check type=tcp;",
    )  # fmt: skip
    assert pings(rig.opened(gateway, username="alice", password=b"secret"))
    assert not mapped(gateway.pid)
    reload(gateway)
    assert not mapped(gateway.pid)
    assert "curl" not in linked()


@pytest.mark.parametrize("kind", ["auth_http", "auth_jwt_jwks_url", "health_check"])
def test_a_directive_that_sends_requests_brings_it(rig, kind):
    gateway = rig.gateway([broker(rig)], **directives(kind, f"http://127.0.0.1:{free_port()}/"))
    assert mapped(gateway.pid)


def test_a_reload_adds_auth_http(rig):
    """Long after the process has become another user, and its system calls are filtered; sessions go on."""
    service = rig.keep(AuthServer(rig.path("service"), body={"result": "allow"}))
    gateway = rig.gateway([broker(rig)], main=as_user())
    before = rig.opened(gateway, client_id="before")
    assert not mapped(gateway.pid)
    reload(gateway, gateway.config.replace("mqtt_pass brokers;", f"mqtt_pass brokers; auth_http {service.url};"))
    assert mapped(gateway.pid)
    after = admitted(rig, gateway, 5, "after")
    assert pings(before) and pings(after)
    assert [question["client_id"] for question in service.asked] == ["after"]
    # What is there stays: of threads that use it none is asked to give it back.
    reload(gateway, gateway.config)
    assert mapped(gateway.pid) and pings(after)


@pytest.mark.parametrize("kind", ["auth_http", "auth_jwt_jwks_url", "health_check"])
@pytest.mark.parametrize("fault, words", [("no library", "libcurl.so.4: "), ("another", "has no curl_global_init")])
def test_a_start_without_it_says_what_is_needed(rig, kind, fault, words):
    _, setting = faulty(rig, fault)
    folder = rig.path("config")
    url = f"http://127.0.0.1:{free_port()}/"
    name = "health_check type=http" if kind == "health_check" else f"{kind} {url}"
    path = folder / "sluice.conf"
    for options, status in ((directives(kind, url), 1), ({}, 0)):
        path.write_text(site([broker(rig)], **options))
        result = run(setting, "-t", "-c", path, "-p", folder)
        assert result.returncode == status, result
        if status:
            assert f"{name}: libcurl cannot be loaded: " in result.stderr, result.stderr
            assert words in result.stderr and REMEDY in result.stderr, result.stderr
            started = run(setting, "-c", path, "-p", folder)
            assert started.returncode == 1 and REMEDY in started.stderr, started


def test_a_reload_without_it_changes_nothing_and_the_next_one_may(rig):
    library, setting = faulty(rig, "no library")
    service = rig.keep(AuthServer(rig.path("service"), body={"result": "allow"}))
    gateway = rig.gateway([broker(rig)], wrapper=("env", setting))
    before = rig.opened(gateway, client_id="before")
    asks = gateway.config.replace("mqtt_pass brokers;", f"mqtt_pass brokers; auth_http {service.url};")
    for _ in range(2):
        refused(gateway, asks, REMEDY)
    assert not mapped(gateway.pid) and pings(before)
    library.unlink()  # the package is installed
    reload(gateway, asks)
    assert pings(admitted(rig, gateway, 4, "after")) and pings(before)


def test_top_without_it_says_what_is_needed(rig):
    _, setting = faulty(rig, "no library")
    result = run(setting, "top", "--once", f"http://127.0.0.1:{free_port()}/api/")
    assert result.returncode == 1 and REMEDY in result.stderr, result
    assert not result.stdout
