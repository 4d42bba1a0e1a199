"""Certificates for one run, made with the `openssl` command."""

import dataclasses
import pathlib
import ssl
import subprocess


@dataclasses.dataclass(frozen=True)
class Certificate:
    certificate: pathlib.Path
    key: pathlib.Path
    authority: pathlib.Path

    def client_context(self):
        """A client that trusts the authority of this run."""
        return ssl.create_default_context(cafile=str(self.authority))


class Authority:
    """A certificate authority in `directory`."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.certificate = self.directory / "ca.crt"
        self.key = self.directory / "ca.key"
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=Sluice test authority", "-keyout", self.key, "-out", self.certificate,
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def issue(self, label, names="DNS:localhost,IP:127.0.0.1,IP:::1", *, rsa=False):
        """A server certificate with these subject alternative names."""
        key, signing, certificate = (self.directory / f"{label}.{end}" for end in ("key", "csr", "crt"))
        algorithm = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        self._openssl(
            "req", "-newkey", *algorithm, "-nodes", "-subj", f"/CN={label}", "-keyout", key, "-out", signing,
            "-addext", f"subjectAltName={names}",
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", signing, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", "2", "-copy_extensions", "copy", "-out", certificate,
        )  # fmt: skip
        return Certificate(certificate, key, self.certificate)

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=self.directory)
