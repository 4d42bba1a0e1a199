"""docs/migrating.md: what it shows of nginx and HAProxy they take, and what it shows of `sluice convert` is what that prints."""

import re
import subprocess

import pytest

import harness
from harness import REPOSITORY
from test_convert import as_nginx, convert

PAGE = REPOSITORY / "docs/migrating.md"


def block(name):
    found = re.findall(rf"<!-- migrating: {re.escape(name)} -->\n```\w+\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{PAGE} has {len(found)} blocks {name}"
    return found[0]


@pytest.fixture
def folder(rig):
    folder = rig.path("migrating")
    (folder / "both.pem").write_bytes(rig.certificate.certificate.read_bytes() + rig.certificate.key.read_bytes())
    (folder / "app").mkdir()
    (folder / "logs").mkdir()
    return folder


def placed(text, rig, folder):
    words = {
        "/etc/ssl/example.com.crt": rig.certificate.certificate,
        "/etc/ssl/example.com.key": rig.certificate.key,
        "/etc/haproxy/example.com.pem": folder / "both.pem",
        "/srv/app": folder / "app",
        "/var/log/sluice": folder / "logs",
    }
    for word, value in words.items():
        text = text.replace(word, str(value))
    return text


def test_convert_prints_what_the_page_shows(folder):
    (folder / "nginx.conf").write_text(block("nginx.conf"))
    result = convert("nginx.conf", cwd=folder)
    assert (result.stdout, result.stderr) == (block("sluice.conf"), block("summary"))


@pytest.mark.parametrize("name", ["sluice.conf", "from-haproxy.conf"])
def test_the_gateway_takes_both_results(rig, folder, name):
    path = folder / "sluice.conf"
    path.write_text(placed(block(name), rig, folder))
    result = subprocess.run([harness.BINARY, "-t", "-c", path, "-p", folder], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


def test_nginx_takes_its_own(rig, folder):
    path = folder / "nginx.conf"
    path.write_text(as_nginx(placed(block("nginx.conf"), rig, folder), folder))
    result = subprocess.run(["nginx", "-t", "-p", folder, "-c", path], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


def test_haproxy_takes_its_own(rig, folder):
    path = folder / "haproxy.cfg"
    path.write_text(placed(block("haproxy.cfg"), rig, folder))
    result = subprocess.run(["haproxy", "-c", "-f", path], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
