"""TLS as nginx's directives set it: key exchange, ciphers, keys, and how sessions are resumed."""

import contextlib
import os
import shutil
import ssl
import subprocess

import pytest

from gateway import connect
from harness import DEADLINE, eventually
from prometheus import Page
from reloads import broker, pings, refused, reload
from test_tls import VERSIONS, context

# What certbot's nginx plugin includes, with an absolute path in the place of its own.
CERTBOT = """
ssl_session_cache shared:le_nginx_SSL:10m;
ssl_session_timeout 1440m;
ssl_session_tickets off;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_prefer_server_ciphers off;
ssl_ciphers "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256";
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=DEADLINE)


def s_client(gateway, *arguments):
    """What `openssl s_client` writes; it ends with its input, after the handshake."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.tls_port}", "-servername", "localhost", *arguments]
    return subprocess.run(command, input="Q\n", capture_output=True, text=True, timeout=DEADLINE, check=False)


def visit(rig, gateway, client, session=None):
    """A request; the TLS session that its client keeps, whether it was resumed, and the protocol (ALPN)."""
    raw = connect(gateway.tls_address)
    with client.wrap_socket(raw, server_hostname="localhost", session=session) as tls:
        tls.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")  # in 1.3 the ticket comes with the first data
        tls.recv(65536)
        return tls.session, tls.session_reused, tls.selected_alpn_protocol()


def only(rig, version):
    return context(rig, minimum_version=version, maximum_version=version)


# What is offered


@pytest.mark.parametrize("curve, name", [("prime256v1", "prime256v1"), ("X25519", "X25519"), ("secp384r1", "secp384r1")])
def test_the_group_is_shown_in_log_and_metrics(rig, curve, name):
    gateway = rig.tls_gateway([broker(rig)], server="location = /metrics { metrics; }")
    result = s_client(gateway, "-groups", curve, "-tls1_3")
    assert result.returncode == 0, result.stderr
    own = context(rig)
    peer = rig.peer(gateway, tls=own)
    peer.open_mqtt(client_id="one")
    peer.close()
    eventually(lambda: name in Page(gateway).by("sluice_tls_handshakes_total", "group"), "the group in the metrics")
    assert gateway.ended(mqtt_client_id="one")["ssl_curve"] == "X25519"


@pytest.mark.parametrize("refused_cipher", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"])
def test_weak_ciphers_are_not_offered(rig, refused_cipher):
    """No CBC, no key exchange without forward secrecy, and none over finite fields without parameters."""
    rsa = rig.authority.issue("rsa-weak", rsa=True)
    gateway = rig.tls_gateway([broker(rig)], server=f"ssl_certificate {rsa.certificate}; ssl_certificate_key {rsa.key};")
    assert s_client(gateway, "-tls1_2", "-cipher", refused_cipher + ":@SECLEVEL=0").returncode != 0
    assert s_client(gateway, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256").returncode == 0


def test_what_certbot_includes_loads_unchanged_and_works(rig):
    """Its DHE ciphers with its parameters; sessions are resumed without tickets, on every loop, and after a reload."""
    folder = rig.path("letsencrypt")
    parameters, include = folder / "ssl-dhparams.pem", folder / "options-ssl-nginx.conf"
    openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", parameters)
    include.write_text(CERTBOT)
    rsa = rig.authority.issue("rsa-certbot", rsa=True)
    server = f"include {include}; ssl_dhparam {parameters}; ssl_certificate {rsa.certificate}; ssl_certificate_key {rsa.key};"
    gateway = rig.tls_gateway([broker(rig)], server=server, worker_threads=2)
    assert "DHE-RSA-AES128-GCM-SHA256" in s_client(gateway, "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256").stdout
    for version in VERSIONS.values():
        client = only(rig, version)
        session, _, _ = visit(rig, gateway, client)
        assert not session.has_ticket or version == ssl.TLSVersion.TLSv1_3
        assert [visit(rig, gateway, client, session)[1] for _ in range(6)] == [True] * 6
        reload(gateway)
        assert visit(rig, gateway, client, session)[1]
    peer = rig.peer(gateway, tls=True)
    peer.open_mqtt(client_id="certbot")
    assert pings(peer)


def test_a_key_with_a_passphrase(rig):
    folder = rig.path("keys")
    phrases, key = folder / "phrases", folder / "locked.key"
    openssl("pkey", "-in", rig.certificate.key, "-aes256", "-passout", "pass:secret", "-out", key)
    phrases.write_text("other\nsecret\n")
    server = f"ssl_password_file {phrases};"
    gateway = rig.tls_gateway([broker(rig)], server=server)
    config = gateway.config.replace(str(rig.certificate.key), str(key))
    reload(gateway, config)
    rig.peer(gateway, tls=True).open_mqtt()
    phrases.write_text("other\nanother\n")
    refused(gateway, config, 'cannot be read with any of the 2 passphrases of "ssl_password_file"')
    rig.peer(gateway, tls=True).open_mqtt()


@pytest.mark.parametrize("line, words", [
    ("ssl_ecdh_curve X25519:nonsense;", '"ssl_ecdh_curve" names a group that this OpenSSL'),
    ("ssl_conf_command Nonsense on;", '"ssl_conf_command" names a command that OpenSSL does not have'),
    ("ssl_dhparam missing.pem;", "missing.pem: No such file or directory"),
    ("ssl_session_ticket_key sluice.conf;", '"ssl_session_ticket_key" '),
    ("ssl_password_file missing;", "missing: No such file or directory"),
])  # fmt: skip
def test_a_wrong_setting_is_named_where_it_stands(rig, line, words):
    gateway = rig.tls_gateway([broker(rig)], server="# here")
    number = 1 + gateway.config[: gateway.config.index("# here")].count("\n")
    refused(gateway, gateway.config.replace("# here", line), words)
    assert f"sluice.conf:{number}:" in gateway.output()
    rig.peer(gateway, tls=True).open_mqtt()


# Sessions


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS.keys())
def test_tickets_are_good_on_every_loop_and_after_reloads(rig, version):
    gateway = rig.tls_gateway([broker(rig)], worker_threads=3)
    client = only(rig, version)
    session, first, _ = visit(rig, gateway, client)
    assert not first
    for _ in range(3):
        assert [visit(rig, gateway, client, session)[1] for _ in range(6)] == [True] * 6
        reload(gateway)
    reload(gateway, gateway.config.replace("listen", "ssl_session_tickets off;\nlisten", 1))
    assert not visit(rig, gateway, client, session)[1]


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS.keys())
def test_ticket_keys_from_files_are_changed_by_a_reload(rig, version):
    """The key before stays in second place for its tickets; when it is gone, a full handshake follows."""
    folder = rig.path("keys")
    today, yesterday = folder / "today.key", folder / "yesterday.key"
    for path, size in ((today, 80), (yesterday, 48)):
        path.write_bytes(os.urandom(size))
    old = f"ssl_session_ticket_key {yesterday};"
    gateway = rig.tls_gateway([broker(rig)], server=old)
    client = only(rig, version)
    session, _, _ = visit(rig, gateway, client)
    assert visit(rig, gateway, client, session)[1]
    reload(gateway, gateway.config.replace(old, f"ssl_session_ticket_key {today};\n{old}"))
    assert visit(rig, gateway, client, session)[1]
    yesterday.write_bytes(os.urandom(80))
    reload(gateway)
    assert not visit(rig, gateway, client, session)[1]


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS.keys())
def test_the_protocol_is_chosen_anew_when_a_session_is_resumed(rig, version):
    """ALPN, RFC 7301 §3.1: the session of an HTTP/2 connection goes on with HTTP/1.1, and the other way round."""
    gateway = rig.tls_gateway([broker(rig)], server="http2 on;")

    shared = only(rig, version)

    def offering(*protocols):
        shared.set_alpn_protocols(list(protocols))
        return shared

    session, _, chosen = visit(rig, gateway, offering("http/1.1"))
    assert chosen == "http/1.1"
    session, resumed, chosen = visit(rig, gateway, offering("h2", "http/1.1"), session)
    assert (resumed, chosen) == (True, "h2")
    _, resumed, chosen = visit(rig, gateway, offering("http/1.1"), session)
    assert (resumed, chosen) == (True, "http/1.1")


# Renewal


def test_a_renewal_that_fails_keeps_the_old_certificate(rig):
    """An empty file, half a file, another's key, no file: each is named, the old one is served, and nobody is cut off."""
    name = rig.directory.name
    live, good, other = (rig.authority.issue(f"{name}-{part}") for part in ("live", "good", "other"))
    old = live.certificate.read_bytes()
    gateway = rig.gateway([broker(rig)], tls=live)

    def served():
        with contextlib.closing(rig.certificate.client_context().wrap_socket(connect(gateway.tls_address), server_hostname="localhost")) as tls:
            return tls.getpeercert(binary_form=True)

    first = served()
    peer = rig.peer(gateway, tls=True)
    peer.open_mqtt(client_id="stays")
    for content, words in (
        (b"", "is empty"),
        (good.certificate.read_bytes()[:300], "cannot be used"),
        (other.certificate.read_bytes(), "does not belong to the certificate"),
        (None, "No such file or directory"),
    ):
        live.certificate.unlink() if content is None else live.certificate.write_bytes(content)
        refused(gateway, gateway.config, words)
        assert served() == first and pings(peer)
    shutil.copy(good.key, live.key)
    live.certificate.write_bytes(good.certificate.read_bytes())
    reload(gateway)
    assert served() != first and pings(peer)
    assert old != live.certificate.read_bytes()
