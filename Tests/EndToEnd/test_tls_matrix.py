"""Which certificate a client is shown, by its name and by what it can verify; and whose certificates are trusted."""

import json
import ssl
import subprocess

import pytest

import harness
from certificates import Authority
from harness import DEADLINE
from reloads import broker, reload
from test_tls_settings import only, s_client, visit

# What a client asks for, and the server that it gets; None: no name at all.
NAMES = {
    "exact.test": "exact", "EXACT.test": "exact", "a.wild.test": "wild", "a.b.wild.test": "wild", "wild.test": "first",
    "unknown.test": "first", "first.test": "first", None: "first",
}  # fmt: skip
SERVERS = {"first": "first.test", "exact": "exact.test", "wild": "*.wild.test"}

NODE = """
const [port, name, sigalgs, version] = process.argv.slice(1)
const options = {host: '127.0.0.1', port, rejectUnauthorized: false, sigalgs, minVersion: version, maxVersion: version}
if (name !== '-') options.servername = name
const socket = require('tls').connect(options, () => {
    console.log(JSON.stringify(socket.getPeerCertificate().subject.CN)); socket.end() })
socket.on('error', (error) => { console.error(error.message); process.exit(1) })
"""


@pytest.fixture(scope="module")
def certificates(authority):
    return {
        (server, kind): authority.issue(f"{server}-{kind}", f"DNS:{name}", rsa=kind == "rsa")
        for server, name in SERVERS.items() for kind in ("ecdsa", "rsa")
    }  # fmt: skip


@pytest.fixture
def gateway(rig, certificates):
    port, peer = harness.free_port(), broker(rig)
    config = ""
    for server, name in SERVERS.items():
        config += f"server {{\nlisten 127.0.0.1:{port} ssl;\nserver_name {name};\n"
        for kind in ("ecdsa", "rsa"):
            one = certificates[server, kind]
            config += f"ssl_certificate {one.certificate}; ssl_certificate_key {one.key};\n"
        config += f"location /mqtt {{ mqtt_pass 127.0.0.1:{peer.port}; }} }}\n"
    return rig.gateway(config=config)


def shown_to_openssl(gateway, name, kind, version):
    server = ["-servername", name] if name else ["-noservername"]
    algorithms = "ECDSA+SHA256" if kind == "ecdsa" else "RSA-PSS+SHA256:RSA+SHA256"
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.listeners[0][1]}", *server, "-sigalgs", algorithms, version]
    output = subprocess.run(command, input="Q\n", capture_output=True, text=True, timeout=DEADLINE, check=True).stdout
    return output.split("subject=")[1].split("\n")[0].split("CN = ")[1]


def shown_to_node(gateway, name, kind, version):
    algorithms = "ecdsa_secp256r1_sha256" if kind == "ecdsa" else "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"
    version = {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}[version]
    command = ["node", "-e", NODE, str(gateway.listeners[0][1]), name or "-", algorithms, version]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("client", [shown_to_openssl, shown_to_node], ids=["openssl", "node"])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_name_and_the_clients_algorithms_choose_the_certificate(gateway, client, version):
    for name, server in NAMES.items():
        for kind in ("ecdsa", "rsa"):
            if name is None and client is shown_to_node:
                continue  # it sends none for an address only: that is the case of openssl
            assert client(gateway, name, kind, version) == f"{server}-{kind}", (name, kind)


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("devices"), "Devices")


def test_trusted_authorities_are_not_named_to_clients(rig, devices):
    device = devices.issue_client("device-1")
    context = rig.certificate.client_context(device)
    for lines, is_named in (("ssl_client_certificate", True), ("ssl_trusted_certificate", False)):
        gateway = rig.tls_gateway([broker(rig)], server=f"ssl_verify_client on; {lines} {devices.certificate};")
        assert ("CN = Devices" in s_client(gateway, "-tls1_3").stdout) == is_named
        peer = rig.peer(gateway, tls=context)
        peer.open_mqtt(client_id="device")
        peer.close()
        assert gateway.ended(mqtt_client_id="device")["ssl_client_dn"] == "CN=device-1"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_kept_session_keeps_its_certificate(rig, devices, version):
    """As with tickets: who resumes is who has shown the certificate, and other authorities make it worthless."""
    device, other = devices.issue_client(f"kept-{version}"), rig.authority
    lines = f"ssl_session_tickets off; ssl_session_cache shared:TLS:1m; ssl_verify_client on; ssl_client_certificate {devices.certificate};"
    gateway = rig.tls_gateway([broker(rig)], server=lines)
    client = only(rig, version)
    client.load_cert_chain(str(device.certificate), str(device.key))
    session, _, _ = visit(rig, gateway, client)
    assert visit(rig, gateway, client, session)[1]
    line = gateway.ended(ssl_session_reused=True)
    assert line["ssl_client_dn"] == f"CN=kept-{version}"
    changed = gateway.config.replace(f"ssl_client_certificate {devices.certificate};", f"ssl_client_certificate {other.certificate};")
    reload(gateway, changed)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        visit(rig, gateway, client, session)
