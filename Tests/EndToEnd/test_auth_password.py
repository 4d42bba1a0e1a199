"""Password files: those of mosquitto_passwd, htpasswd and `sluice passwd`, and what their clients are told."""

import re
import subprocess

import pytest

import fakebroker
import harness
import mqttbytes
from harness import eventually
from mqttbytes import VERSIONS
from refusals import admitted, code, expect_refused

LOCATION = "auth_password_file users;"


def mosquitto_passwd(folder, users):
    path = folder / "users"
    path.touch()
    for user, password in users.items():
        subprocess.run(["mosquitto_passwd", "-b", path, user, password], check=True, capture_output=True)
    path.chmod(0o600)
    return path


def htpasswd(folder, users, kind="-B", *cost):
    path = folder / "users"
    for user, password in users.items():
        create = [] if path.exists() else ["-c"]
        subprocess.run(["htpasswd", *create, "-b", kind, *cost, path, user, password], check=True, capture_output=True)
    return path


def sluice_passwd(folder, users, *arguments):
    path = folder / "users"
    for user, password in users.items():
        create = [] if path.exists() else ["-c"]
        subprocess.run(
            [harness.BINARY, "passwd", *create, *arguments, path, user], input=password + "\n", text=True, check=True,
            capture_output=True,
        )  # fmt: skip
    return path


FILES = {
    "mosquitto_passwd": mosquitto_passwd,
    "htpasswd -B": htpasswd,
    "htpasswd -2": lambda folder, users: htpasswd(folder, users, "-2"),
    "htpasswd -5": lambda folder, users: htpasswd(folder, users, "-5"),
    "sluice passwd": sluice_passwd,
    "sluice passwd --algorithm sha512": lambda folder, users: sluice_passwd(folder, users, "--algorithm", "sha512"),
    "sluice passwd --algorithm yescrypt": lambda folder, users: sluice_passwd(folder, users, "--algorithm", "yescrypt"),
}


def gateway(rig, users, location=LOCATION, make=mosquitto_passwd, brokers=None, **options):
    """A gateway whose location has this file of users."""
    folder = rig.path("users")
    path = make(folder, users)
    location = location.replace("users;", f"{path};")
    return rig.gateway(brokers or [rig.fake(fakebroker.keep_open)], location=location, **options), path


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_file_of_each_tool(rig, make):
    """Every kind of hash lets the right password in, and no other."""
    one, _ = gateway(rig, {"alice": "geheim", "bob": "pässwörd"}, make=make)
    admitted(rig, one, username="alice", password=b"geheim").close()
    assert one.ended_count(1)[0]["auth_method"] == "password_file"
    admitted(rig, one, username="bob", password="pässwörd".encode())
    expect_refused(rig, one, "credentials_refused", username="alice", password=b"geheim ")
    expect_refused(rig, one, "credentials_refused", username="alice", password=b"")
    expect_refused(rig, one, "credentials_refused", username="bob", password=b"geheim")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "cause, credentials",
    [
        ("credentials_refused", {"username": "alice", "password": b"wrong"}),
        ("credentials_refused", {"username": "mallory", "password": b"geheim"}),
        ("credentials_refused", {"username": "alice"}),
        ("credentials_refused", {"username": "alice", "password": b"geheim\x00"}),
        ("credentials_refused", {"username": "alice", "password": bytes(60_000)}),
        ("credentials_refused", {"username": "", "password": b"geheim"}),
        ("credentials_missing", {}),
    ],
    ids=["wrong", "unknown", "no password", "NUL behind it", "60,000 bytes", "empty name", "nothing"],
)
def test_refusal(rig, version, cause, credentials):
    """The CONNACK of the version, flushed before the close; no broker hears of it."""
    broker = rig.fake()
    one, _ = gateway(rig, {"alice": "geheim"}, brokers=[broker], make=sluice_passwd)
    line = expect_refused(rig, one, cause, version, **credentials)
    assert line["mqtt_username"] == credentials.get("username", "")
    assert broker.connections == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_longest_password_there_can_be(rig, version):
    """65,535 bytes are refused like any other that is wrong, and cost the gateway nothing of note."""
    one, _ = gateway(rig, {"alice": "geheim"}, LOCATION + " mqtt_max_connect_size 128k;")
    expect_refused(rig, one, "credentials_refused", version, username="alice", password=b"g" * 65_535)
    admitted(rig, one, version, username="alice", password=b"geheim")


@pytest.mark.parametrize("version", VERSIONS)
def test_anonymous(rig, version):
    """auth_anonymous lets in who brings nothing, and nobody with a wrong password."""
    one, _ = gateway(rig, {"alice": "geheim"}, LOCATION + " auth_anonymous on;")
    admitted(rig, one, version).close()
    assert one.ended_count(1)[0]["auth_method"] == "anonymous"
    expect_refused(rig, one, "credentials_refused", version, username="alice", password=b"wrong")


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_mqttjs(rig, version, tls):
    """What an application with MQTT.js sees: connect, or an error with the code."""
    one, _ = gateway(rig, {"alice": "geheim"}, brokers=[rig.mosquitto()], tls=rig.certificate)
    url = f"wss://localhost:{one.tls_port}/mqtt" if tls else f"ws://localhost:{one.port}/mqtt"
    options = {"protocolVersion": version, "username": "alice"}
    if version == 3:
        options["protocolId"] = "MQIsdp"
    good = rig.node(url, password="geheim", **options)
    assert good.connack["packet"]["reasonCode" if version == 5 else "returnCode"] == 0
    bad = rig.node(url, connect=False, password="wrong", **options)
    assert bad.event("error")["code"] == code("credentials_refused", version)
    bad.event("close")


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_paho(rig, version, tls):
    """What an application with paho sees in on_connect."""
    one, _ = gateway(rig, {"alice": "geheim"}, brokers=[rig.mosquitto()], tls=rig.certificate)
    port = one.tls_port if tls else one.port
    options = {"username": "alice", "tls": rig.certificate.client_context() if tls else None}
    good = rig.paho(port, version, "good", password="geheim", **options)
    assert not good.reason.is_failure
    bad = rig.paho(port, version, "bad", password="wrong", **options)
    assert bad.reason.is_failure
    # paho shows the codes of 3.x as their 5.0 namesakes: 0x04 is 0x86.
    assert bad.reason.value == code("credentials_refused", 5)


def test_paho_js_falls_back_to_the_same_refusal(rig):
    """Paho JS answers any refusal with a second try as MQTT 3.1 over `mqttv3.1`: the application sees its code."""
    one, _ = gateway(rig, {"alice": "geheim"})
    for version, protocol in ((4, "mqtt"), (3, "mqttv3.1")):
        expect_refused(
            rig, one, "credentials_refused", version, protocols=protocol, username="alice", password=b"wrong"
        )


# The file changes

def test_a_changed_file_counts_while_the_gateway_runs(rig):
    one, path = gateway(rig, {"alice": "geheim"}, make=sluice_passwd)
    admitted(rig, one, username="alice", password=b"geheim")
    sluice_passwd(path.parent, {"alice": "anders", "carol": "neu"})

    def changed():
        peer = rig.peer(one)
        peer.upgrade()
        peer.send_mqtt(mqttbytes.connect(4, "c", username="carol", password=b"neu"))
        return peer.read_packet()[3] == 0

    eventually(changed, "the new user")
    admitted(rig, one, username="alice", password=b"anders")
    # The success that was remembered is forgotten.
    expect_refused(rig, one, "credentials_refused", username="alice", password=b"geheim")


def test_a_broken_file_leaves_the_users_as_they_were(rig):
    one, path = gateway(rig, {"alice": "geheim"})
    path.write_text("alice:$apr1$x$y\n")
    eventually(lambda: f"{path}:1" in one.output(), "a line about the broken file")
    admitted(rig, one, username="alice", password=b"geheim")
    assert one.output().count(f"{path}:1") == 1
    assert "$apr1$x$y" not in one.output()


@pytest.mark.parametrize(
    "line, words",
    [
        ("alice:$apr1$abcdefgh$0123456789012345678901", "MD5"),
        ("alice:{SHA}0123456789012345678901234567=", "SHA-1"),
        ("alice:geheim", "hash"),
        ("alice", "user:hash"),
        (":x", "name"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(rig, line, words):
    """sluice -t says where, what, and what would be right; never the secret."""
    folder = rig.path("users")
    (folder / "users").write_text(f"# users\n{line}\n")
    config = folder / "sluice.conf"
    config.write_text(
        f"server {{ listen 127.0.0.1:1; location / {{ mqtt_pass 127.0.0.1:2; auth_password_file {folder}/users; }} }}"
    )
    result = subprocess.run([harness.BINARY, "-t", "-c", config], capture_output=True, text=True)
    assert result.returncode == 1
    assert f"{folder}/users:2" in result.stderr and re.search(words, result.stderr), result.stderr
    assert line.partition(":")[2] not in result.stderr or len(line.partition(":")[2]) < 3
