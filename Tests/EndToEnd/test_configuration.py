"""The configuration, from the command line: -t, -T, and errors that name file, line, column and remedy."""

import json
import pathlib
import pty
import re
import select
import socket
import subprocess

import pytest

import harness
from bytepeer import request
from gateway import site
from harness import BINARY, DEADLINE, REPOSITORY
from tokens import jwk, key_set
from mqttbytes import connect


def check(rig, config, *arguments):
    """`sluice -t` on this text; the result, and the path of the file."""
    folder = rig.path("config")
    path = folder / "sluice.conf"
    path.write_text(config)
    result = subprocess.run(
        [BINARY, *(arguments or ["-t"]), "-c", path, "-p", folder],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    return result, path


GOOD = """
worker_threads 2;
upstream brokers { server 127.0.0.1:1883; }
server {
    listen 127.0.0.1:8083;
    location /mqtt { mqtt_pass brokers; }
}
"""

FAULTS = {
    "unknown directive, with a suggestion": ("worker_thread 2;", "1:1", "worker_threads"),
    "unknown in a location": (GOOD.replace("mqtt_pass brokers;", "mqtt_pas brokers;"), "6:22", "mqtt_pass"),
    "misplaced": ("listen 80;", "1:1", "server"),
    "bad number": ("worker_threads many;", "1:16", "worker_threads"),
    "bad choice": (GOOD.replace("brokers; }\n}", "brokers; websocket_frames foo; }\n}"), "6:", "packet, packets"),
    "bad time": (GOOD.replace("brokers; }\n}", "brokers; mqtt_connect_timeout 5parsecs; }\n}"), "6:", "5parsecs"),
    "bad size": (GOOD.replace("brokers; }\n}", "brokers; mqtt_max_connect_size 1x; }\n}"), "6:", "1x"),
    "bad version": (GOOD.replace("brokers; }\n}", "brokers; mqtt_versions 4; }\n}"), "6:", "3.1.1"),
    "bad address": (GOOD.replace("127.0.0.1:8083", "127.0.0.1:99999"), "5:12", "99999"),
    "no such upstream": (GOOD.replace("mqtt_pass brokers", "mqtt_pass broker"), "6:", "broker"),
    "upstream without server": (GOOD.replace("server 127.0.0.1:1883;", ""), "3:", "brokers"),
    "duplicate": ("worker_threads 1;\nworker_threads 2;" + GOOD.replace("worker_threads 2;", ""), "2:1", "1:1"),
    "missing semicolon": (GOOD.replace("listen 127.0.0.1:8083;", "listen 127.0.0.1:8083"), "", ""),
    "unclosed block": (GOOD.rstrip()[:-1], "4:8", "never closed"),
    "unclosed quote": ('log_format a "b;', "1:14", ""),
    "stray brace": (GOOD + "}", "8:1", "}"),
    "ssl without certificate": (GOOD.replace("8083;", "8083 ssl;"), "5:", "ssl_certificate"),
    "missing include": ("include none.conf;\n" + GOOD, "1:", "none.conf"),
    "server without listen": (GOOD.replace("listen 127.0.0.1:8083;", ""), "4:1", "listen"),
    "unknown variable": ("log_format a '$mqtt_clientid';" + GOOD, "1:", "mqtt_client_id"),
    "unknown log format": ("access_log a.log fancy;" + GOOD, "1:", "fancy"),
    "bad origin": (GOOD.replace("brokers; }\n}", "brokers; websocket_origins example.com; }\n}"), "6:", "example.com"),
    "two locations alike": (GOOD.replace("    location", "    location /mqtt { root w; }\n    location"), "7:", "6:"),
    "not UTF-8": (GOOD.replace("worker_threads 2;", "worker_threads \udcff;"), "2:", ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_error_names_place_and_remedy(rig, name):
    text, place, remedy = FAULTS[name]
    folder = rig.path("config")
    path = folder / "sluice.conf"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = subprocess.run(
        [BINARY, "-t", "-c", path, "-p", folder], capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 1, result
    message = next(line for line in result.stderr.splitlines() if str(path) in line)
    assert f"{path}:{place}" in message
    assert remedy in message.replace(str(path), "")


def test_good_configuration(rig):
    result, path = check(rig, GOOD)
    assert result.returncode == 0, result
    assert str(path) in result.stdout + result.stderr


def test_no_configuration_says_where_it_was_looked_for(rig):
    folder = rig.path("nothing")
    result = subprocess.run(
        [BINARY, "-t", "-p", folder], capture_output=True, text=True, timeout=DEADLINE, check=False
    )  # fmt: skip
    system = pathlib.Path("/etc/sluice/sluice.conf")  # where Sluice is installed it is there, and is taken
    missing = f"neither {folder}/conf/sluice.conf nor {system}: give one with -c"
    assert (str(system) if system.exists() else missing) in result.stderr


def test_t_opens_the_files_it_names(rig):
    """As nginx's -t: a certificate that is not there is found before the reload, not by it."""
    config = GOOD.replace("8083;", "8083 ssl; ssl_certificate none.crt; ssl_certificate_key none.key;")
    result, _ = check(rig, config)
    assert result.returncode == 1 and "none.crt" in result.stderr


def test_key_does_not_match_certificate(rig):
    first, second = rig.authority.issue("first"), rig.authority.issue("second")
    files = f"ssl_certificate {first.certificate}; ssl_certificate_key {second.key};"
    result, _ = check(rig, GOOD.replace("8083;", f"8083 ssl; {files}"))
    assert result.returncode == 1
    assert str(first.certificate) in result.stderr and str(second.key) in result.stderr


def test_certificate_that_is_none(rig):
    good = rig.authority.issue("good")
    broken = rig.path("broken") / "broken.crt"
    broken.write_text("not a certificate")
    files = f"ssl_certificate {broken}; ssl_certificate_key {good.key};"
    result, _ = check(rig, GOOD.replace("8083;", f"8083 ssl; {files}"))
    assert result.returncode == 1 and str(broken) in result.stderr


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=DEADLINE)


WRONG_FILES = {
    "pass phrase": ("key", "has a passphrase", "openssl pkey -in {} -out "),
    "PKCS#12": ("certificate", "is PKCS#12, not PEM", "openssl pkcs12 -in {} -nodes -nokeys -out "),
    "DER": ("certificate", "is DER, not PEM", "openssl x509 -inform der -in {} -out "),
    "UTF-16": ("certificate", "is in UTF-16", "iconv -f UTF-16 -t UTF-8 {} > "),
    "empty": ("key", "is empty", "-----BEGIN PRIVATE KEY-----"),
    "swapped": ("certificate", "contains a key, but no certificate", "certificate and key are swapped"),
    "upside down": ("certificate", "is in the wrong order", "reverse it: awk "),
    "another's": ("key", "does not belong to the certificate", "openssl pkey -pubout -in {}"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_wrong_certificate_is_named_with_what_mends_it(rig, name):
    """-t on a terminal, where OpenSSL would ask for a pass phrase: where it is, what it is, and the command."""
    good, folder = rig.authority.issue("plain"), rig.path("wrong")
    wrong, key = folder / "wrong", rig.authority.issue("other").key
    files = {"certificate": good.certificate, "key": good.key}
    match name:
        case "pass phrase":
            openssl("pkey", "-in", good.key, "-aes256", "-passout", "pass:secret", "-out", wrong)
        case "PKCS#12":
            openssl("pkcs12", "-export", "-in", good.certificate, "-inkey", good.key, "-passout", "pass:", "-out", wrong)
        case "DER":
            openssl("x509", "-in", good.certificate, "-outform", "der", "-out", wrong)
        case "UTF-16":
            wrong.write_text(good.certificate.read_text(), encoding="utf-16")
        case "empty":
            wrong.touch()
        case "swapped":
            wrong.write_bytes(good.key.read_bytes())
            files["key"] = good.certificate
        case "upside down":
            wrong.write_bytes(good.authority.read_bytes() + good.certificate.read_bytes())
        case "another's":
            wrong.write_bytes(key.read_bytes())
    part, message, remedy = WRONG_FILES[name]
    files[part] = wrong
    tls = f"8083 ssl;\n  ssl_certificate {files['certificate']};\n  ssl_certificate_key {files['key']};"
    config = folder / "sluice.conf"
    config.write_text(GOOD.replace("8083;", tls))
    terminal, process_end = pty.openpty()
    with open(terminal, "rb", buffering=0), open(process_end, "wb", buffering=0) as end:
        result = subprocess.run(
            ["setsid", "--ctty", "--wait", BINARY, "-t", "-c", config], stdin=end, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
        assert not select.select([terminal], [], [], 0)[0], "it has asked on the terminal"
    assert result.returncode == 1
    directive, line = ("ssl_certificate", 6) if part == "certificate" else ("ssl_certificate_key", 7)
    assert f'{config}:{line}:3: "{directive}" {wrong} {message}' in result.stderr
    assert remedy.format(wrong) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_bad_cipher_list(rig):
    good = rig.certificate
    files = f"ssl_certificate {good.certificate}; ssl_certificate_key {good.key}; ssl_ciphers NONSENSE;"
    result, _ = check(rig, GOOD.replace("8083;", f"8083 ssl; {files}"))
    assert result.returncode == 1 and "NONSENSE" in result.stderr


def test_standard_streams_may_be_sockets(rig):
    """As under systemd and Docker: /dev/stderr cannot be opened then, and is the stream itself."""
    broker, port = rig.fake(), harness.free_port()
    path = rig.path("streams") / "sluice.conf"
    path.write_text(
        "error_log /dev/stderr info;\naccess_log /dev/stdout json;\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ mqtt_pass 127.0.0.1:{broker.port}; }} }}\n"
    )
    (ours, errors), (ours_out, lines) = socket.socketpair(), socket.socketpair()
    with ours, errors, ours_out, lines:
        for end in (ours, ours_out):
            end.settimeout(DEADLINE)
        process = subprocess.Popen([BINARY, "-c", path], stdin=subprocess.DEVNULL, stdout=lines, stderr=errors)
        try:
            errors.close()
            lines.close()
            assert "[notice]" in ours.recv(4096).decode()
            rig.peer(("127.0.0.1", port)).open_mqtt(client_id="streams", path="/")
        finally:
            process.terminate()
            assert process.wait(DEADLINE) == 0
        assert json.loads(ours_out.makefile().readline())["mqtt_client_id"] == "streams"


def test_link_to_a_socket_names_the_word(rig):
    """Images link their logs to /dev/stderr: what to write is said."""
    folder = rig.path("link")
    (folder / "error.log").symlink_to("/dev/stderr")
    (folder / "sluice.conf").write_text("error_log error.log;\n" + GOOD)
    ours, errors = socket.socketpair()
    with ours:
        with errors:
            result = subprocess.run(
                [BINARY, "-t", "-c", folder / "sluice.conf"], stderr=errors, timeout=DEADLINE, check=False
            )
        assert result.returncode == 1
        ours.settimeout(DEADLINE)
        message = ours.recv(4096).decode()
    assert str(folder / "error.log") in message and 'write "stderr"' in message


def test_include(rig):
    folder = rig.path("include")
    for name, port in (("b", 2), ("a", 1)):
        (folder / f"{name}.conf").write_text(f"server 127.0.0.1:{port};\n")
    result, _ = check(rig, GOOD.replace("server 127.0.0.1:1883;", f"include {folder}/*.conf;"), "-T")
    assert result.returncode == 0
    assert result.stdout.index("127.0.0.1:1") < result.stdout.index("127.0.0.1:2")


def test_error_in_an_included_file_names_that_file(rig):
    folder = rig.path("include")
    (folder / "part.conf").write_text("\n  oops;\n")
    result, _ = check(rig, GOOD + f"include {folder}/part.conf;")
    assert result.returncode == 1 and f"{folder}/part.conf:2:3" in result.stderr


def test_whole_configuration_as_understood(rig):
    """-T: defaults and inheritance resolved; its output is a configuration that means the same."""
    result, _ = check(rig, "websocket_frames stream;\n" + GOOD, "-T")
    assert result.returncode == 0
    for text in ("websocket_frames stream", "upstream brokers", "mqtt_connect_timeout 30s", "127.0.0.1:8083"):
        assert text in " ".join(result.stdout.split()), text
    again, _ = check(rig, result.stdout, "-T")
    assert (again.returncode, again.stdout) == (0, result.stdout)


def test_nothing_is_bound_by_a_test(rig):
    """-t of a running gateway's own file must not fail because the port is taken."""
    gateway = rig.gateway([rig.fake()])
    result = subprocess.run(
        [BINARY, "-t", "-c", gateway.config_path, "-p", gateway.directory],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result


@pytest.mark.parametrize(
    "path", sorted(path.name for path in (REPOSITORY / "conf" / "examples").glob("*.conf")) or ["none there"]
)
def test_examples_load(rig, path):
    """Every example of the repository passes -t once what it names exists."""
    folder = rig.path("prefix")
    text = (REPOSITORY / "conf" / "examples" / path).read_text()
    text = text.replace("/var/log/sluice", str(folder)).replace("/run/", f"{folder}/")
    text = re.sub(r"[a-z0-9-]+\.example(\.com)?:1883", "localhost:1883", text)
    target = folder / path
    target.write_text(text)
    (folder / "www").mkdir()
    for kind, source in (("certificate", rig.certificate.certificate), ("certificate_key", rig.certificate.key)):
        for name in re.findall(rf"^\s*ssl_{kind}\s+([^\s;]+)", text, re.MULTILINE):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(source.read_bytes())
    contents = {
        "ssl_client_certificate": rig.authority.certificate.read_bytes,
        "ssl_crl": lambda: rig.authority.revoke().read_bytes(),
        "auth_password_file": lambda: b"",
        "auth_basic_user_file": lambda: b"",
        "api_token_file": lambda: b"0123456789abcdef\n",
        "auth_jwt_key_file": lambda: key_set(jwk("ES256")).encode(),
    }
    for directive, make in contents.items():
        for name in re.findall(rf"^\s*{directive}\s+([^\s;]+)", text, re.MULTILINE):
            (folder / name).write_bytes(make())
    result = subprocess.run(
        [BINARY, "-t", "-c", target, "-p", folder], capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 0, result.stderr


# Routing, as the configuration says


def test_location_matching(rig):
    """Exact before the longest prefix, as nginx does."""
    pools = {name: rig.fake() for name in ("root", "exact", "short", "long")}
    locations = {"root": "/", "exact": "= /mqtt", "short": "/mqtt", "long": "/mqtt/eu"}
    port = harness.free_port()
    blocks = "".join(
        f"location {locations[name]} {{ mqtt_pass 127.0.0.1:{pool.port}; }}\n" for name, pool in pools.items()
    )
    gateway = rig.gateway(config=f"server {{\nlisten 127.0.0.1:{port};\n{blocks}}}\n")
    expected = {"/": "root", "/mqtt": "exact", "/mqtt/": "short", "/mqtt/eu/1": "long", "/other": "root"}
    for path, name in expected.items():
        before = len(pools[name].connections)
        rig.peer(gateway).open_mqtt(client_id="routed", path=path)
        assert len(pools[name].connections) == before + 1, f"{path} did not go to {name}"


def test_servers_by_name(rig):
    """Host decides among the servers of an address; the first is the default."""
    port = harness.free_port()
    pools = [rig.fake() for _ in range(3)]
    names = ["first.test", "second.test", "*.third.test"]
    config = "".join(
        f"server {{\nlisten 127.0.0.1:{port};\nserver_name {name};\n"
        f"location / {{ mqtt_pass 127.0.0.1:{pool.port}; }}\n}}\n"
        for name, pool in zip(names, pools, strict=True)
    )
    gateway = rig.gateway(config=config)
    hosts = {"first.test": 0, "SECOND.test:80": 1, "a.third.test": 2, "a.b.third.test": 2, "third.test": 0, "x": 0}
    for host, index in hosts.items():
        before = len(pools[index].connections)
        peer = rig.peer(gateway)
        peer.upgrade(host=host)
        peer.send_mqtt(connect(4, "named"))
        peer.read_packet()
        assert len(pools[index].connections) == before + 1, f"{host} did not go to {names[index]}"


def test_directives_are_inherited(rig):
    broker = rig.fake()
    gateway = rig.gateway([broker], main="mqtt_versions 5.0;", server="websocket_subprotocols mqtt;")
    rig.opened(gateway, 5)
    assert rig.peer(gateway).ask(request(protocols="mqttv3.1")).status == 400


def test_many_servers_and_a_large_file(rig):
    ports = [harness.free_port() for _ in range(20)]
    broker = rig.fake()
    config = site([broker], listen=[f"127.0.0.1:{port}" for port in ports]) + "# comment\n" * 10_000
    gateway = rig.gateway(config=config)
    rig.peer(("127.0.0.1", ports[-1])).open_mqtt()
    assert gateway.process.is_running
