"""Certificates for one run, made with the `openssl` command."""

import dataclasses
import datetime
import pathlib
import ssl
import subprocess


@dataclasses.dataclass(frozen=True)
class Certificate:
    certificate: pathlib.Path
    key: pathlib.Path
    authority: pathlib.Path

    def client_context(self, client=None):
        """A client that trusts the authority of this run, and shows the certificate `client`."""
        context = ssl.create_default_context(cafile=str(self.authority))
        if client:
            context.load_cert_chain(str(client.certificate), str(client.key))
        return context


class Authority:
    """A certificate authority in `directory`."""

    def __init__(self, directory, name="Sluice test authority", issuer=None):
        """`issuer` is the authority above this one; without it, it signs itself."""
        self.directory = pathlib.Path(directory)
        self.certificate = self.directory / "ca.crt"
        self.key = self.directory / "ca.key"
        signing = ["-CA", issuer.certificate, "-CAkey", issuer.key] if issuer else []
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate, *signing,
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

    def issue_client(self, label, *, subject=None, names="", days=2):
        """A client certificate. `days` below zero: it has expired."""
        key, signing, certificate = (self.directory / f"{label}.{end}" for end in ("key", "csr", "crt"))
        extensions = ["-addext", f"subjectAltName={names}"] if names else []
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", subject or f"/CN={label}", "-keyout", key, "-out", signing,
            "-addext", "extendedKeyUsage=clientAuth", *extensions,
        )  # fmt: skip
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = sorted([now - datetime.timedelta(days=3), now + datetime.timedelta(days=days)])
        self._database()
        self._openssl(
            "ca", "-batch", "-notext", "-config", self.directory / "ca.cnf", "-in", signing, "-out", certificate,
            "-startdate", f"{begin:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}",
        )  # fmt: skip
        return Certificate(certificate, key, self.certificate)

    def revoke(self, *certificates):
        """Revokes them, and returns the path of a new revocation list."""
        self._database()
        config = ("-config", self.directory / "ca.cnf")
        for one in certificates:
            self._openssl("ca", *config, "-revoke", one.certificate)
        path = self.directory / "ca.crl"
        self._openssl("ca", *config, "-gencrl", "-out", path)
        return path

    def _database(self):
        """What `openssl ca` keeps books in."""
        if (self.directory / "ca.cnf").exists():
            return
        (self.directory / "index.txt").touch()
        (self.directory / "index.txt.attr").write_text("unique_subject = no\n")
        (self.directory / "serial").write_text("1000\n")
        (self.directory / "crlnumber").write_text("01\n")
        (self.directory / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=here\n[here]\ndir={self.directory}\ndatabase=$dir/index.txt\nserial=$dir/serial\n"
            f"crlnumber=$dir/crlnumber\nnew_certs_dir=$dir\ncertificate={self.certificate}\nprivate_key={self.key}\n"
            "default_md=sha256\ndefault_crl_days=2\npolicy=any\ncopy_extensions=copy\n"
            "[any]\ncommonName=optional\norganizationName=optional\n"
        )

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=self.directory)
