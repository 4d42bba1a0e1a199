"""Prometheus, and what it makes of a gateway's page of metrics."""

import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

import harness
from harness import DEADLINE, REPOSITORY, eventually
from service import Service

DEPLOY = REPOSITORY / "deploy"
# The location of the page, for `server` of `gateway.site`.
METRICS = "location = /metrics { metrics; }"
_OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def fetch(gateway, *, accept="text/plain"):
    """The page's text, and its Content-Type."""
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=DEADLINE) as response:
        return response.read().decode(), response.headers["Content-Type"]


def families(gateway, *, openmetrics=False):
    """What a parser reads of the page: the families, by name."""
    text, _ = fetch(gateway, accept=_OPENMETRICS if openmetrics else "text/plain")
    return {family.name: family for family in (parse_openmetrics if openmetrics else parse_text)(text)}


class Page:
    """The samples of a page, as they were at one time."""

    def __init__(self, gateway):
        self.families = families(gateway)
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def value(self, name, **labels):
        """The one sample with exactly these labels; 0 if there is none."""
        return self.samples.get((name, frozenset(labels.items())), 0)

    def sum(self, name, **labels):
        """All samples that have these labels."""
        wanted = set(labels.items())
        return sum(value for (own, pairs), value in self.samples.items() if own == name and wanted <= pairs)

    def by(self, name, label):
        """The sums that are not 0, by a label's values."""
        found = {}
        for (own, pairs), value in self.samples.items():
            if own == name and value:
                key = dict(pairs)[label]
                found[key] = found.get(key, 0) + value
        return found

    def counters(self):
        """Everything that may never fall."""
        kinds = {name: family.type for name, family in self.families.items()}
        return {
            key: value for key, value in self.samples.items()
            if key[0].endswith(("_total", "_bucket", "_sum", "_count")) and kinds.get(key[0], "counter") != "gauge"
        }


def promtool(*arguments, **options):
    """Runs promtool and expects it to find nothing wrong; returns its output."""
    result = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, timeout=DEADLINE * 3, check=False, **options
    )
    assert result.returncode == 0 and not result.stderr, f"{result.stdout}\n{result.stderr}"
    return result.stdout


class Prometheus(Service):
    """Debian's Prometheus with the scrape file and the rules of deploy/, which scrapes `gateway` every two seconds."""

    kind = "prometheus"

    def __init__(self, directory, gateway):
        super().__init__(directory, "prometheus")
        self.port = harness.free_port()
        shutil.copy(DEPLOY / "prometheus/sluice-alerts.yml", self.directory)
        text = (DEPLOY / "prometheus/sluice-scrape.yml").read_text()
        for old, new in {"interval: 15s": "interval: 2s", "127.0.0.1:8090": f"127.0.0.1:{gateway.port}"}.items():
            assert old in text
            text = text.replace(old, new)
        config = self.directory / "prometheus.yml"
        config.write_text(text)
        command = [
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.directory}/data",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
        ]
        self.run(command, self._is_ready)

    def _is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=DEADLINE) as response:
                return response.status == 200
        except OSError:  # 503 while it loads its data, too
            return False

    def get(self, path, **parameters):
        """The data of an answer of its API."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=DEADLINE) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None

    def query(self, expression):
        """The result now: a list of (labels, value)."""
        return [(entry["metric"], float(entry["value"][1])) for entry in self.get("query", query=expression)["result"]]

    def eventually(self, expression, value):
        """Waits until an expression with one result has this value."""
        eventually(
            lambda: [found for _, found in self.query(expression)] == [value],
            lambda: f"{expression} == {value}, it is {self.query(expression)}",
            timeout=DEADLINE * 3,
        )
