"""`sluice convert`: the files of Tests/ConvertTests/files, which nginx takes, become what the gateway takes, and serve."""

import os
import re
import subprocess

import pytest

import harness
from harness import REPOSITORY, free_port
from website import get

FILES = REPOSITORY / "Tests/ConvertTests/files"
CASES = sorted(path.stem for path in FILES.glob("[0-9]*.conf"))
# nginx Plus: Debian's nginx has none of its directives.
PLUS = {"17-plus-mqtt"}
# Names of machines, which both programs look up when they test a file.
HOSTS = re.compile(r"(?<![\w.])(hivemq\.internal\.example|broker\.example\.com|vernemq|rabbit3|tbmq)(?=:\d)")


def convert(*arguments, **options):
    return subprocess.run([harness.BINARY, "convert", *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)


@pytest.fixture
def folder(rig):
    """What the files name: certificates, a password file, logs, folders."""
    folder = rig.path("convert")
    certs = folder / "certs"
    certs.mkdir()
    for name in ("fullchain", "server", "emqx", "broker", "all", "home", "privkey"):
        for ending in ("pem", "crt"):
            (certs / f"{name}.{ending}").write_bytes(rig.certificate.certificate.read_bytes())
        (certs / f"{name}.key").write_bytes(rig.certificate.key.read_bytes())
    (certs / "privkey.pem").write_bytes(rig.certificate.key.read_bytes())
    (certs / "devices-ca.crt").write_bytes(rig.authority.certificate.read_bytes())
    (certs / "revoked.pem").write_bytes(rig.authority.revoke().read_bytes())
    parameters = "genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out".split()
    subprocess.run(["openssl", *parameters, certs / "dhparam.pem"], check=True, capture_output=True)
    (certs / "dhparams.pem").write_bytes((certs / "dhparam.pem").read_bytes())
    (folder / "htpasswd").write_text("a:$2y$05$zTjbFFv4CFNPZpzzfcpIDuLMQXz9pFMKhv3jpyuFIyFyrsxMTdVYm\n")
    (folder / "mime.types").write_text("types { text/html html htm; application/javascript js; }\n")
    (folder / "options-ssl-nginx.conf").write_bytes((FILES / "options-ssl-nginx.conf").read_bytes())
    for name in ("www", "site", "files", "logs"):
        (folder / name).mkdir()
    return folder


def placed(text, folder):
    """The text with paths and names of this machine."""
    text = HOSTS.sub("127.0.0.1", text)
    text = re.sub(r"/var/log/(nginx|sluice)/", f"{folder}/logs/", text)
    text = re.sub(r"/srv/app/dist|/srv/site|/srv/files/?", f"{folder}/www/", text)
    text = text.replace("/run/nginx.pid", f"{folder}/nginx.pid").replace("/run/sluice.pid", f"{folder}/sluice.pid")
    return text


def as_nginx(text, folder):
    """A file for `nginx -t`: a site's file is a part of http."""
    if not re.search(r"(?m)^events", text):
        text = f"events {{ }}\nhttp {{\n{text}\n}}\n"
    user = "" if re.search(r"(?m)^user ", text) or os.geteuid() != 0 else "user root;\n"
    pid = "" if re.search(r"(?m)^pid ", text) else f"pid {folder}/nginx.pid;\n"
    module = "/usr/lib/nginx/modules/ngx_stream_module.so"
    load = f"load_module {module};\n" if "stream {" in text else ""
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return load + user + pid + re.sub(r"(?m)^http \{", f"http {{ {temporary}", text)


@pytest.mark.parametrize("name", [name for name in CASES if name not in PLUS])
def test_nginx_takes_the_original(folder, name):
    path = folder / "nginx.conf"
    path.write_text(as_nginx(placed((FILES / f"{name}.conf").read_text(), folder), folder))
    result = subprocess.run(["nginx", "-t", "-p", folder, "-c", path], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", CASES)
def test_the_gateway_takes_the_result(folder, name):
    path = folder / "sluice.conf"
    text = placed((FILES / f"{name}.converted").read_text(), folder)
    path.write_text(text)
    result = subprocess.run([harness.BINARY, "-t", "-c", path, "-p", folder], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, f"{result.stderr}\n{text}"


# Sessions


def moved(rig, folder, name, ports, *arguments):
    """A gateway with what becomes of a file, whose ports in `listen` are others."""
    text = placed((FILES / f"{name}.conf").read_text(), folder)
    text = re.sub(r"(?m)^\s*(user|pid|error_log|worker_rlimit_nofile) .*\n", "", text)
    text = re.sub(r"(?m)^\s*listen \[::\].*\n", "", text)
    text = re.sub(r"(?m)^(\s*listen )(\d+)", lambda match: f"{match[1]}127.0.0.1:{ports[match[2]]}", text)
    (folder / "nginx.conf").write_text(text)
    result = convert(*arguments, folder / "nginx.conf")
    assert result.returncode == 0, result.stderr
    return rig.gateway(config=re.sub(r"(ssl_\w+|root) +(?=certs|www)", rf"\g<0>{folder}/", result.stdout))


def message_passes(first, second):
    first.subscribe("t", 1)
    second.publish("t", b"across", 1)
    assert first.message().payload == b"across"


def test_websockets_of_mosquitto(rig, folder):
    broker, plain, tls = rig.mosquitto(), free_port(), free_port()
    gateway = moved(rig, folder, "01-mosquitto-websockets", {"80": plain, "443": tls}, "--broker-port", broker.port)
    context = rig.certificate.client_context()
    message_passes(rig.paho(tls, tls=context), rig.paho(tls, 5, tls=context))
    response = rig.peer(("127.0.0.1", plain)).ask(get("/a?b=c"))
    assert (response.status, response["Location"]) == (301, "https://localhost/a?b=c")
    assert gateway.process.is_running


def test_tcp_and_tls_of_stream(rig, folder):
    broker, plain, tls = rig.mosquitto(), free_port(), free_port()
    text = (FILES / "03-stream-tcp-and-tls.conf").read_text()
    assert "10.0.2.1:1883" in text
    gateway = moved(rig, folder, "03-stream-tcp-and-tls", {"1883": plain, "8883": tls})
    gateway.stop()
    config = gateway.config.replace("10.0.2.1:1883", broker.address)
    gateway = rig.gateway(config=config)
    context = rig.certificate.client_context()
    message_passes(
        rig.paho(plain, transport="tcp", host="127.0.0.1"), rig.paho(tls, 5, tls=context, transport="tcp", host="localhost")
    )


def test_site_and_mqtt_of_certbots_file(rig, folder):
    broker, plain, tls = rig.mosquitto(), free_port(), free_port()
    (folder / "www/index.html").write_bytes(b"<title>app</title>")
    gateway = moved(rig, folder, "05-certbot-and-web-app", {"80": plain, "443": tls}, "--broker-port", broker.port)
    context = rig.certificate.client_context()
    message_passes(rig.paho(tls, tls=context), rig.paho(tls, 5, tls=context))
    page = rig.peer(gateway.tls_address, tls=context).ask(get("/devices/42"))
    assert (page.status, page.body, page["X-Frame-Options"]) == (200, b"<title>app</title>", "DENY")


# The command


def test_summary_and_output_file(folder):
    path = folder / "out.conf"
    result = convert("-o", path, FILES / "05-certbot-and-web-app.conf")
    assert (result.returncode, result.stdout) == (0, "")
    assert re.match(r"sluice: \S+05-certbot\S+: \d+ directives carried over, \d+ not needed, 6 not carried over: gzip \(", result.stderr)
    assert re.search(r"05-certbot\S+conf:23: this rule kept requests out; look at the comment", result.stderr)
    assert path.read_text().count("server {") == 2
    again = convert("-o", path, FILES / "05-certbot-and-web-app.conf")
    assert again.returncode == 1 and f"{path} cannot be written: File exists" in again.stderr


def test_standard_input_and_includes(folder):
    text = (FILES / "05-certbot-and-web-app.conf").read_text()
    result = convert("--prefix", FILES, "-", input=text)
    assert result.returncode == 0 and "le_nginx_SSL" in result.stdout
    result = convert("--prefix", folder / "www", "-", input=text)
    assert result.returncode == 0
    assert re.search(r"(?m)# .*: include \S+options-ssl-nginx.conf;\n *# +it cannot be read here", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["missing.conf"], 1, "missing.conf: the file cannot be read: No such file or directory"),
        ([], 64, "FILE"),
        (["--broker-port", "0", "a.conf"], 64, "port from 1 to 65535"),
    ],
)
def test_errors(tmp_path, arguments, status, words):
    result = convert(*arguments, cwd=tmp_path)
    assert result.returncode == status and words in result.stderr, result.stderr


def test_a_file_without_anything_for_us(tmp_path):
    result = convert("-", input="events { }\n")
    assert result.returncode == 1 and "nothing of it is for Sluice" in result.stderr
