"""What deploy/ holds: checked with the tools of its users, as far as a machine without a cluster or a container engine can.
The gateway itself is asked about every configuration. `make try-release` and `make try-deb` run the rest."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

import harness
from programs import VENVS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/sluice"
PYTHON = VENVS / "deploy-1/bin/python"


def run(*command, **options):
    return subprocess.run(
        [str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, **options
    )


def rendered(folder=DEPLOY, cases=CHART / "ci"):
    result = subprocess.run(
        [PYTHON, ROOT / "Tests/EndToEnd/manifests.py", folder, cases], text=True, capture_output=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def cases():
    return rendered()


def of_kind(found, kind):
    return next((document for document in found if document["kind"] == kind), None)


def is_valid(text, folder, certificate=None):
    """What `-t` says of a configuration whose files are where a container has them."""
    if certificate is not None:
        text = text.replace("/etc/sluice/tls/tls.crt", str(certificate.certificate))
        text = text.replace("/etc/sluice/tls/tls.key", str(certificate.key))
    text = text.replace("/usr/share/sluice/www", str(ROOT / "www")).replace("/usr/local/share/sluice/www", str(ROOT / "www"))
    text = text.replace("/var/log/sluice", str(folder)).replace("broker1:", "127.0.0.1:").replace("broker2:", "127.0.0.2:")
    text = re.sub(r"worker_rlimit_nofile \d+;", "", text)
    text = text.replace("127.0.0.1:1883 resolve", "127.0.0.1:1883").replace("127.0.0.2:1883 resolve", "127.0.0.2:1883")
    path = folder / "sluice.conf"
    path.write_text(text)
    result = run(harness.BINARY, "-t", "-c", path)
    assert result.returncode == 0, result.stdout


# Kubernetes and Helm


def test_every_configuration_of_kubernetes_and_of_the_chart_loads(cases, rig):
    assert {"kubernetes", "plain", "everything", "own-config"} <= cases.keys()
    for found in cases.values():
        text = of_kind(found, "ConfigMap")["data"]["sluice.conf"]
        is_valid(text.replace(".cluster.local:1883 resolve", ".invalid:1883 resolve"), rig.path("case"), rig.certificate)


def test_the_pod_outlives_its_drain(cases):
    for name, found in cases.items():
        text = of_kind(found, "ConfigMap")["data"]["sluice.conf"]
        pod = of_kind(found, "Deployment")["spec"]["template"]["spec"]
        window = int(re.search(r"worker_shutdown_timeout\s+(\d+)s;", text)[1])
        delay = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
        assert pod["terminationGracePeriodSeconds"] > delay + window + 10, name


def test_ports_and_probes_are_those_of_the_configuration(cases):
    for name, found in cases.items():
        text = of_kind(found, "ConfigMap")["data"]["sluice.conf"]
        container = of_kind(found, "Deployment")["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        listened = {int(port) for port in re.findall(r"listen\s+(\d+)", text)}
        assert set(ports.values()) == listened, name
        assert of_kind(found, "Service")["spec"]["ports"][0]["targetPort"] in ports, name
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            request = container[probe]["httpGet"]
            # A pod without brokers gets no clients, and is not restarted for them.
            answer = "health;" if probe == "readinessProbe" else "return 200 "
            location = re.search(rf"location = {request['path']} +\{{([^}}]*)\}}", text)
            assert location and answer in location[1] and request["port"] in ports, (name, probe)


def test_the_metric_of_the_autoscaler_is_one_of_ours(cases):
    metrics = (ROOT / "docs/metrics.md").read_text()
    for name in ("kubernetes", "everything"):
        scaler = of_kind(cases[name], "HorizontalPodAutoscaler")
        assert f"`{scaler['spec']['metrics'][0]['pods']['metric']['name']}`" in metrics


@pytest.mark.parametrize("fault, reason", [("replicas: two", "integer"), ("replicaz: 2", "replicaz")])
def test_a_manifest_with_a_fault_is_found(tmp_path, fault, reason):
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    path = tmp_path / "deploy/kubernetes/deployment.yaml"
    path.write_text(path.read_text().replace("replicas: 2", fault))
    with pytest.raises(AssertionError, match=reason):
        rendered(tmp_path / "deploy", CHART / "ci")


@pytest.mark.parametrize("values", ["brokers: []", "replica: 3", "drain: {seconds: 2m}", "service: {type: Ingress}"])
def test_the_chart_refuses_values_that_make_no_sense(tmp_path, values):
    (tmp_path / "case.yaml").write_text(values)
    with pytest.raises(AssertionError, match="case.yaml"):
        rendered(DEPLOY, tmp_path)


# Container image


def test_the_dockerfile_is_clean_and_copies_what_is_there():
    dockerfile = DEPLOY / "docker/Dockerfile"
    result = run(VENVS / "deploy-1/bin/hadolint", dockerfile)
    assert result.returncode == 0, result.stdout
    lines = dockerfile.read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    for words in copied:
        for source in (word for word in words if not word.startswith("--")):
            assert (ROOT / source).exists(), source
    assert os.access(DEPLOY / "docker/healthy", os.X_OK)


def test_the_image_has_every_library_that_the_gateway_is_linked_with_or_loads():
    packages = {
        "libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3", "libnghttp2.so.14": "libnghttp2-14",
        "libz.so.1": "zlib1g", "libcurl.so.4": "libcurl4", "libcrypt.so.1": "libcrypt1", "libstdc++.so.6": "libstdc++6",
    }
    base = re.compile(r"lib(c|m|gcc_s|dl|pthread|rt)\.so|ld-linux|lib(swift|dispatch|Blocks|Foundation|_)")  # or of Swift
    needed = re.findall(r"NEEDED +(\S+)", run("objdump", "-p", harness.BINARY).stdout)
    final = (DEPLOY / "docker/Dockerfile").read_text().split("\nFROM ")[-1]
    assert "libssl.so.3" in needed and "libcurl.so.4" not in needed
    needed.append("libcurl.so.4")
    for library in (library for library in needed if not base.match(library)):
        assert re.search(rf"\s{re.escape(packages[library])}\s", final), library


def test_the_images_configuration_loads(tmp_path):
    is_valid((DEPLOY / "docker/sluice.conf").read_text(), tmp_path)


def test_the_compose_file_fits_the_images_configuration():
    folder = DEPLOY / "docker"
    text = (folder / "sluice.conf").read_text()
    services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    gateway = services["gateway"]
    assert (folder / gateway["build"]["context"] / gateway["build"]["dockerfile"]).resolve() == folder / "Dockerfile"
    window = int(re.search(r"worker_shutdown_timeout\s+(\d+)s;", text)[1])
    assert int(gateway["stop_grace_period"].removesuffix("s")) > window + 10
    assert {port.split(":")[-1] for port in gateway["ports"]} == set(re.findall(r"listen (\d+);", text))
    assert set(re.findall(r"server ([\w.]+):1883", text)) == services.keys() - {"gateway"} == set(gateway["depends_on"])
    for volume in gateway["volumes"]:
        assert (folder / volume.split(":")[0]).is_file()


def test_the_health_check_of_the_image(rig):
    gateway = rig.gateway([1], server="location = /health { health; }\nlocation = /ill { return 503; }")
    healthy = DEPLOY / "docker/healthy"
    assert run(healthy, gateway.port).returncode == 0
    assert run(healthy, gateway.port, "/ill").returncode != 0
    assert run(healthy, harness.free_port()).returncode != 0


# Installation


@pytest.fixture
def installed(tmp_path):
    """What `make install` puts there, with the prefix in the test's own folder so that the unit's program exists."""
    environment = os.environ | {"BINARY": str(harness.BINARY), "PREFIX": f"{tmp_path}/usr", "SYSCONFDIR": f"{tmp_path}/etc"}
    result = run(ROOT / "scripts/install.sh", env=environment)
    assert result.returncode == 0, result.stdout
    return tmp_path, environment


def test_installing_again_keeps_the_configuration(installed):
    folder, environment = installed
    conf = folder / "etc/sluice/sluice.conf"
    is_valid(conf.read_text().replace(f"{folder}/usr/share/sluice/www", str(ROOT / "www")), folder)
    conf.write_text("# mine\n")
    assert "stays as it is" in run(ROOT / "scripts/install.sh", env=environment).stdout
    assert conf.read_text() == "# mine\n"
    assert os.access(folder / "usr/bin/sluice", os.X_OK)


def test_systemd_knows_every_line_of_the_units(installed):
    units = installed[0] / "usr/lib/systemd/system"
    result = run("systemd-analyze", "verify", "--man=no", units / "sluice.service", units / "sluice.socket")
    assert (result.returncode, result.stdout.strip()) == (0, "")
    service = units / "sluice.service"
    service.write_text(service.read_text().replace("ProtectHome=yes", "ProtectHomes=yes"))
    assert "ProtectHomes" in run("systemd-analyze", "verify", "--man=no", service).stdout


def test_the_service_is_exposed_no_more_than_the_documents_say(installed):
    unit = installed[0] / "usr/lib/systemd/system/sluice.service"
    result = run("systemd-analyze", "security", "--offline=yes", unit)
    level = re.search(r"Overall exposure level for sluice.service: ([\d.]+)", result.stdout)
    said = re.search(r"exposure level of ([\d.]+)", (DEPLOY / "README.md").read_text())
    assert level and said, result.stdout
    assert float(level[1]) <= float(said[1])


def test_the_units_socket_is_what_the_configuration_listens_on():
    socket = (DEPLOY / "sluice.socket").read_text()
    ports = {match for match in re.findall(r"^ListenStream=.*:(\d+)$", socket, re.M)}
    assert ports == set(re.findall(r"^ {4}listen (\d+);", (DEPLOY / "sluice.conf").read_text(), re.M))


# Documents


def test_haproxy_accepts_what_the_page_on_growing_shows(tmp_path):
    blocks = re.findall(r"(?ms)^```haproxy\n(.*?)^```", (ROOT / "docs/scaling.md").read_text())
    assert blocks
    for block in blocks:
        path = tmp_path / "haproxy.cfg"
        path.write_text(block)
        result = run("haproxy", "-c", "-f", path)
        assert result.returncode == 0 and "[WARNING]" not in result.stdout, result.stdout
