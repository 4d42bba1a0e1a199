"""testssl.sh and sslscan, which operators run against their sites, find nothing weak in what the gateway offers by default."""

import json
import subprocess
import xml.etree.ElementTree

import pytest

from harness import DEADLINE
from reloads import broker

# About the certificate of the run's own authority, its zone in the DNS, and what the local openssl cannot try.
NOT_OURS = {"cert_revocation", "DNS_CAArecord", "engine_problem", "RC4", "scanTime", "cert_expirationStatus", "cert_notBefore"}


@pytest.fixture
def gateway(rig):
    """As shipped, with a certificate of either kind."""
    rsa = rig.authority.issue("rsa-scan", rsa=True)
    return rig.tls_gateway([broker(rig)], server=f"ssl_certificate {rsa.certificate}; ssl_certificate_key {rsa.key};")


def test_testssl_finds_no_weakness(rig, gateway):
    result = rig.path("testssl") / "findings.json"
    command = [
        "testssl", "--quiet", "--color", "0", "--warnings", "off", "--fast", "--jsonfile", result, "--connect-timeout", "10",
        "--openssl-timeout", "10", "--add-ca", rig.certificate.authority, "-p", "-s", "-f", "-U", f"127.0.0.1:{gateway.tls_port}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=20 * DEADLINE, check=False, cwd=result.parent)
    findings = {one["id"]: one for one in json.loads(result.read_text())}
    weak = [
        one for one in findings.values() if one["severity"] not in ("OK", "INFO") and one["id"] not in NOT_OURS
    ]
    assert weak == [], done.stdout
    for protocol, words in (("TLS1", "not offered"), ("TLS1_1", "not offered"), ("TLS1_2", "offered"), ("TLS1_3", "offered")):
        assert findings[protocol]["finding"].startswith(words), findings[protocol]
    for name in ("heartbleed", "CCS", "ROBOT", "secure_client_renego", "SWEET32", "LOGJAM", "LUCKY13", "BEAST"):
        assert findings[name]["severity"] in ("OK", "INFO"), findings[name]


def test_sslscan_sees_only_what_mozilla_recommends(gateway):
    command = ["sslscan", "--xml=-", "--no-colour", f"127.0.0.1:{gateway.tls_port}"]
    done = subprocess.run(command, capture_output=True, timeout=5 * DEADLINE, check=True)
    scan = xml.etree.ElementTree.fromstring(done.stdout)
    ciphers = {one.get("cipher") for one in scan.iter("cipher")}
    assert ciphers == {
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
    }  # fmt: skip
    assert {one.get("name").split()[0] for one in scan.iter("group")} == {"x25519", "secp256r1", "secp384r1"}
    enabled = {f"{one.get('type')} {one.get('version')}" for one in scan.iter("protocol") if one.get("enabled") == "1"}
    assert enabled == {"tls 1.2", "tls 1.3"}
    assert scan.find(".//renegotiation").get("supported") == "0"
    # An sslscan whose OpenSSL has no compression does not look for it.
    assert all(one.get("supported") == "0" for one in scan.iter("compression"))
