"""Password files: those of mosquitto_passwd, htpasswd and `sluice passwd`, and what their clients are told."""

import concurrent.futures
import os
import re
import subprocess
import time

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


@pytest.mark.parametrize("version", VERSIONS)
def test_paho(rig, version):
    """What an application with paho sees in on_connect."""
    one, _ = gateway(rig, {"alice": "geheim"}, brokers=[rig.mosquitto()])
    good = rig.paho(one.port, version, "good", username="alice", password="geheim")
    assert not good.reason.is_failure
    bad = rig.paho(one.port, version, "bad", username="alice", password="wrong")
    assert bad.reason.is_failure
    # paho shows the codes of 3.x as their 5.0 namesakes: 0x04 is 0x86.
    assert bad.reason.value == code("credentials_refused", 5)


def test_paho_js_falls_back_to_the_same_refusal(rig):
    """Paho JS answers any refusal with a second try as MQTT 3.1 over `mqttv3.1`: the application sees that one's code."""
    one, _ = gateway(rig, {"alice": "geheim"})
    for version, protocol in ((4, "mqtt"), (3, "mqttv3.1")):
        expect_refused(
            rig, one, "credentials_refused", version, protocols=protocol, username="alice", password=b"wrong"
        )


# Time

def slow_gateway(rig, users, location="", cost="12", **options):
    """Hashes that take a while: bcrypt of a high cost, on one thread."""
    return gateway(
        rig, users, f"{LOCATION} {location}", lambda folder, users: htpasswd(folder, users, "-B", "-C", cost),
        main="auth_hash_threads 1;", **options,
    )  # fmt: skip


def cpu_seconds(one):
    fields = open(f"/proc/{one.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_fleet_with_one_credential_costs_one_hash(rig):
    """200 clients at once: those that come while it is computed wait for it, the later ones find it remembered."""
    one, _ = slow_gateway(rig, {"fleet": "geheim"})
    begun = cpu_seconds(one)
    admitted(rig, one, username="fleet", password=b"geheim").close()
    one_hash = cpu_seconds(one) - begun
    begun = cpu_seconds(one)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda index: admitted(rig, one, 4, f"c{index}", username="fleet", password=b"geheim"), range(200)))
    spent = cpu_seconds(one) - begun
    assert one_hash > 0.05, "the hash is too quick to tell anything"
    assert spent < 30 * one_hash, f"200 clients took {spent} s, one hash {one_hash} s"


def test_other_clients_do_not_wait_for_a_hash(rig):
    """The loop goes on: pings are answered while hashes run, many times within one of them."""
    one, _ = slow_gateway(
        rig, {"alice": "geheim"}, brokers=[rig.fake(fakebroker.serve)], cost="14", worker_threads=1
    )
    other = admitted(rig, one, username="alice", password=b"geheim")
    waiting = rig.peer(one)
    waiting.upgrade()
    waiting.send_mqtt(mqttbytes.connect(4, "w", username="alice", password=b"other"))
    answered = 0
    waiting.socket.setblocking(False)
    began = time.monotonic()
    while time.monotonic() - began < harness.DEADLINE:
        other.send_frame(9, b"ping")
        while other.read_frame().opcode != 10:
            pass
        answered += 1
        try:
            if waiting.socket.recv(1, 2):  # MSG_PEEK
                break
        except BlockingIOError:
            pass
    waiting.socket.settimeout(harness.DEADLINE)
    waiting.read_close()
    assert bytes(waiting.mqtt) == mqttbytes.connack(4, 4)
    assert answered > 20, f"only {answered} pings were answered while a hash of cost 14 was computed"


def test_overload_is_told(rig):
    """More than the threads can do: some are let in, the others are told busy or late, and nobody hangs."""
    users = {f"u{index}": "geheim" for index in range(8)}
    one, _ = slow_gateway(rig, users, "auth_timeout 2s;", cost="13")

    def attempt(index):
        peer = rig.peer(one)
        peer.upgrade()
        # Wrong passwords: each is a hash of its own.
        peer.send_mqtt(mqttbytes.connect(5, f"c{index}", username=f"u{index % 8}", password=b"wrong%d" % index))
        peer.read_close()
        return peer.mqtt[3]

    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        codes = list(pool.map(attempt, range(60)))
    assert set(codes) <= {0x86, 0x88, 0x89}
    assert 0x86 in codes and (0x88 in codes or 0x89 in codes), codes
    admitted(rig, one, username="u1", password=b"geheim")


def test_what_follows_the_connect_is_held_in_order(rig):
    """3.1.1 §3.1.4: a client may send on without waiting; the broker gets it all, in order, after the decision."""
    broker = rig.fake()
    one, _ = slow_gateway(rig, {"alice": "geheim"}, brokers=[broker])
    packets = [mqttbytes.publish("t", b"%d" % index) for index in range(20)]
    peer = rig.peer(one)
    peer.upgrade()
    hello = mqttbytes.connect(4, "c", username="alice", password=b"geheim")
    peer.send_mqtt(hello)
    for packet in packets:
        peer.send_mqtt(packet)
    assert peer.read_packet()[:1] == b"\x20"
    broker.received(hello + b"".join(packets))


def test_a_client_that_leaves_is_not_looked_at_further(rig):
    """It is waiting behind a hash, and gone before its own begins: no broker hears of it."""
    broker = rig.fake()
    one, _ = slow_gateway(rig, {"alice": "geheim"}, brokers=[broker], cost="13")
    leaving = []
    for index in range(20):
        peer = rig.peer(one)
        peer.upgrade()
        peer.send_mqtt(mqttbytes.connect(4, f"c{index}", username="alice", password=b"wrong%d" % index))
        leaving.append(peer)
    begun = cpu_seconds(one)
    for peer in leaving:
        peer.reset()
    one.ended_count(20)
    assert {line["status_reason"] for line in one.access()} <= {"client_lost", "credentials_refused"}
    admitted(rig, one, username="alice", password=b"geheim")
    # Twenty hashes of cost 13 are several seconds; two or three of them were under way.
    assert cpu_seconds(one) - begun < 4, "those that had left were hashed all the same"
    assert len(broker.connections) == 1


def test_auth_timeout(rig):
    one, _ = slow_gateway(rig, {"alice": "geheim"}, "auth_timeout 20ms;", cost="13")
    expect_refused(rig, one, "auth_timeout", 5, username="alice", password=b"geheim")


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
