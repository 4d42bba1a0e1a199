"""nginx, HAProxy, Envoy and Caddy in front of the gateway, with the configurations of docs/fronts.md, which has all of them."""

import dataclasses
import os
import re

import harness
from harness import REPOSITORY
from programs import VENVS, in_sid
from service import Service

PAGE = REPOSITORY / "docs/fronts.md"
PORTS = ("443", "1883", "8083", "8084", "8085", "8443")


def block(name):
    """The configuration that stands after `<!-- front: NAME -->`."""
    found = re.findall(rf"<!-- front: {name} -->\n```\w+\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{PAGE} has {len(found)} configurations {name}"
    return found[0]


@dataclasses.dataclass(frozen=True)
class Kind:
    """One program in one version, with one configuration of the page."""

    config: str
    version: str
    rfc8441: bool = False  # whether browsers use it

    @property
    def program(self):
        return self.config.split("-")[0]

    @property
    def is_in_matrix(self):
        return self.version not in ("1.22", "2.6")

    @property
    def names_clients(self):
        """Whether the client's address comes in a field, which anybody can write."""
        return self.config.endswith(("http", "h2"))

    def __str__(self):
        return f"{self.config}-{self.version}"


KINDS = (
    Kind("nginx-http", "1.22"), Kind("nginx-tcp", "1.22", True),
    Kind("haproxy-http", "2.6", True), Kind("haproxy-h2", "2.6", True), Kind("haproxy-proxy", "2.6"), Kind("haproxy-tcp", "2.6", True),
    Kind("nginx-http", "1.30"), Kind("nginx-tcp", "1.30", True),
    Kind("haproxy-http", "3.2", True), Kind("haproxy-h2", "3.2", True), Kind("haproxy-proxy", "3.2"), Kind("haproxy-tcp", "3.2", True),
    Kind("envoy-http", "1.40"), Kind("envoy-h2", "1.40", True), Kind("envoy-tcp", "1.40", True),
    Kind("caddy-http", "2.11"), Kind("caddy-proxy", "2.11"),
)  # fmt: skip


class Setting:
    """The values of one run for those of the page: ports, certificates, names, folders."""

    def __init__(self, rig, site, broker_port):
        self.ports = {port: str(harness.free_port()) for port in PORTS} | {"1883": str(broker_port)}
        both = rig.path("pem") / "both.pem"
        both.write_text(rig.certificate.certificate.read_text() + rig.certificate.key.read_text())
        self.words = {
            "/etc/haproxy/example.com.pem": both,
            "/etc/ssl/example.com.pem": rig.certificate.certificate,
            "/etc/ssl/example.com.key": rig.certificate.key,
            "/etc/ssl/certs/ca-certificates.crt": rig.certificate.authority,
            "certs/server.crt": rig.certificate.certificate,
            "certs/server.key": rig.certificate.key,
            "/var/www/html": site,
            "0.0.0.0": "127.0.0.1",
            "example.com": "localhost",
        }

    def __call__(self, text):
        text = re.sub(rf"\b({'|'.join(PORTS)})\b", lambda found: self.ports[found.group()], text)
        for word, value in self.words.items():
            text = text.replace(word, str(value))
        return text

    @property
    def port(self):
        return int(self.ports["443"])


class Front(Service):
    def __init__(self, directory, kind, setting):
        super().__init__(directory, str(kind))
        self.kind, self.port = f"front {kind}", setting.port
        self.what, self.setting = kind, setting
        self.config = self.directory / "front.conf"
        self.run(getattr(self, f"_{kind.program}")(setting(block(kind.config))), lambda: harness.is_listening(self.port),
                 env={**os.environ, "HOME": str(self.directory), "XDG_DATA_HOME": str(self.directory)}, cwd=self.directory)

    def _within(self, *command):
        return in_sid(*command) if self.what.is_in_matrix else command

    def _nginx(self, text):
        head = f"daemon off;\nuser root;\npid {self.directory}/nginx.pid;\nerror_log stderr;\nevents {{ }}\n"
        if text.startswith("stream"):
            head = f"load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n{head}"
        else:
            if self.what.version == "1.22":  # as the page says
                text = text.replace("    http2  on;\n", "").replace(" ssl;\n", " ssl http2;\n", 1)
            temporary = "".join(f"{one}_temp_path {self.directory}/{one};\n" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            text = f"http {{\naccess_log off;\n{temporary}{text}}}\n"
        self.config.write_text(head + text)
        return self._within("nginx", "-e", "stderr", "-c", str(self.config), "-p", str(self.directory))

    def _haproxy(self, text):
        self.config.write_text(text)
        return self._within("haproxy", "-db", "-f", str(self.config))

    def _envoy(self, text):
        self.config.write_text(text)
        program = next((VENVS / "envoy-1.40.0").glob("lib/*/site-packages/envoy/_bin/envoy"))
        return [program, "-c", self.config.rename(self.config.with_suffix(".yaml")), "--concurrency", "1", "--use-dynamic-base-id", "-l", "warning"]

    def _caddy(self, text):
        site = f"https://localhost:{self.port} {{\n    tls {self.setting.words['/etc/ssl/example.com.pem']} {self.setting.words['/etc/ssl/example.com.key']}\n"
        self.config.write_text("{\n    admin off\n    auto_https off\n}\n" + text.replace("localhost {\n", site, 1))
        return [VENVS / "caddy-2.11.7/bin/caddy", "run", "--adapter", "caddyfile", "--config", self.config]
