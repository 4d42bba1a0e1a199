"""OCSP stapling (RFC 6066 §8): a good response is sent, and any other is named in the log."""

import datetime
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from harness import DEADLINE, eventually
from reloads import broker, reload
from test_tls_settings import openssl, s_client


class Responder:
    """An authority's answers, made without a server by `openssl ocsp`."""

    def __init__(self, rig):
        self.authority, self.folder = rig.authority, rig.path("ocsp")
        self.index = self.folder / "index.txt"

    def serial(self, certificate):
        out = subprocess.run(
            ["openssl", "x509", "-noout", "-serial", "-in", certificate], capture_output=True, text=True, timeout=DEADLINE, check=True
        ).stdout
        return out.strip().split("=")[1]

    def answer(self, certificate, name, *, revoked=False, signer=None):
        """The file of a response that is good for a day."""
        state = "R\t301231000000Z\t261101000000Z" if revoked else "V\t301231000000Z\t"
        self.index.write_text(f"{state}\t{self.serial(certificate)}\tunknown\t/CN=any\n")
        query, response = self.folder / "query.der", self.folder / name
        openssl("ocsp", "-issuer", self.authority.certificate, "-cert", certificate, "-no_nonce", "-reqout", query)
        signer = signer or (self.authority.certificate, self.authority.key)
        openssl(
            "ocsp", "-index", self.index, "-CA", self.authority.certificate, "-rsigner", signer[0], "-rkey", signer[1],
            "-reqin", query, "-respout", response, "-ndays", 1,
        )  # fmt: skip
        return response

    def answer_until(self, certificate, name, seconds):
        """As `answer`, good from an hour ago until so many seconds from now, which may be past."""
        def load(path):
            return x509.load_pem_x509_certificate(path.read_bytes())

        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = now - datetime.timedelta(hours=1), now + datetime.timedelta(seconds=seconds)
        authority = load(self.authority.certificate)
        key = serialization.load_pem_private_key(self.authority.key.read_bytes(), None)
        builder = ocsp.OCSPResponseBuilder().responder_id(ocsp.OCSPResponderEncoding.HASH, authority).add_response(
            cert=load(certificate), issuer=authority, algorithm=hashes.SHA256(), cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=begin, next_update=end, revocation_time=None, revocation_reason=None,
        )  # fmt: skip
        response = self.folder / name
        response.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
        return response


@pytest.fixture
def responder(rig):
    return Responder(rig)


def stapled(gateway, *arguments):
    """The state that the response gives; None: none came."""
    output = s_client(gateway, "-status", *arguments).stdout
    if "OCSP Response Status: successful" not in output:
        assert "OCSP response: no response sent" in output, output
        return None
    return output.split("Cert Status: ")[1].split()[0]


def settings(rig, *files):
    return f"ssl_stapling on; ssl_trusted_certificate {rig.authority.certificate}; " + "".join(
        f"ssl_stapling_file {file}; " for file in files
    )


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_good_response_is_sent_to_clients_that_ask(rig, responder, version):
    good = responder.answer(rig.certificate.certificate, "good.ocsp")
    gateway = rig.tls_gateway([broker(rig)], server=settings(rig, good))
    assert stapled(gateway, version) == "good"
    assert "OCSP Response" not in s_client(gateway, version).stdout
    rig.peer(gateway, tls=True).open_mqtt()
    assert "ssl_stapling" not in gateway.output()


def test_each_certificate_has_its_own(rig, responder):
    rsa = rig.authority.issue("rsa-stapled", rsa=True)
    files = [responder.answer(one.certificate, f"{one.certificate.stem}.ocsp") for one in (rsa, rig.certificate)]
    pair = f"ssl_certificate {rsa.certificate}; ssl_certificate_key {rsa.key};"
    gateway = rig.tls_gateway([broker(rig)], server=settings(rig, *files) + pair)
    for algorithm in ("ECDSA", "RSA"):
        assert stapled(gateway, "-tls1_2", "-cipher", f"ECDHE+a{algorithm}") == "good"
    reload(gateway, gateway.config.replace(f"ssl_stapling_file {files[0]};", ""))
    assert stapled(gateway, "-tls1_2", "-cipher", "ECDHE+aRSA") is None
    assert stapled(gateway, "-tls1_2", "-cipher", "ECDHE+aECDSA") == "good"


def test_a_response_that_is_not_good_is_not_sent(rig, responder):
    """Revoked, about another certificate, signed by another, garbage, missing: the log says what, and TLS works."""
    own, other = rig.certificate.certificate, rig.authority.issue("other-stapled")
    garbage = responder.folder / "garbage.ocsp"
    garbage.write_bytes(b"\x30\x03abc")
    gateway = rig.tls_gateway([broker(rig)], server="# here")
    for file, words in (
        (responder.answer(own, "revoked.ocsp", revoked=True), "says that the certificate is revoked"),
        (responder.answer(other.certificate, "other.ocsp"), "is about another certificate"),
        (responder.answer(own, "foreign.ocsp", signer=(other.certificate, other.key)), "is not signed by the authority"),
        (responder.answer_until(own, "expired.ocsp", -600), "has expired"),
        (garbage, "is no OCSP response"),
        (responder.folder / "missing.ocsp", "No such file or directory"),
    ):
        reload(gateway, gateway.config.replace("# here", settings(rig, file)))
        line = [line for line in gateway.output().splitlines() if str(file) in line][-1]
        assert "[warn]" in line and '"ssl_stapling_file" ' in line and words in line, line
        assert stapled(gateway) is None
    good = responder.answer(own, "good.ocsp")
    reload(gateway, gateway.config.replace("# here", f"ssl_stapling on; ssl_stapling_file {good};"))
    assert "cannot be verified without the certificate of the authority" in gateway.output()
    reload(gateway, gateway.config.replace("# here", "ssl_stapling on;"))
    assert 'there is no "ssl_stapling_file"' in gateway.output()
    reload(gateway, gateway.config.replace("# here", settings(rig, good)))
    assert stapled(gateway) == "good"


def test_a_response_is_not_sent_beyond_its_time(rig, responder):
    """It has run out while the gateway ran: a client that asks gets none, and no stale one."""
    short = responder.answer_until(rig.certificate.certificate, "short.ocsp", 4)
    gateway = rig.tls_gateway([broker(rig)], server=settings(rig, short))
    assert stapled(gateway) == "good"
    eventually(lambda: stapled(gateway) is None, "the end of its time")
