"""Command line, signals, logs, process: what an operator of nginx expects."""

import datetime
import os
import pwd
import re
import signal
import subprocess

import pytest

import fakebroker
import harness
import mqttbytes
from bytepeer import CLOSE
from crowd import Crowd
from gateway import site
from harness import BINARY, DEADLINE, eventually
from mqttbytes import connect, publish


def run(*arguments, **options):
    """`sluice` with these arguments, to its end."""
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE, check=False, **options
    )


def written(rig, config):
    """A folder with this configuration, and the path of the file."""
    folder = rig.path("config")
    path = folder / "sluice.conf"
    path.write_text(config)
    return folder, path


# Versions


def test_version():
    result = run("-v")
    assert result.returncode == 0
    assert re.search(r"sluice[ /]\d+\.\d+", result.stdout + result.stderr)


def test_versions_of_everything():
    result = run("-V")
    assert result.returncode == 0
    text = result.stdout + result.stderr
    for name in ("sluice", "Swift", "OpenSSL", "nghttp2"):
        assert re.search(rf"{name}\D{{0,12}}\d+\.\d+", text, re.IGNORECASE), f"{name} is missing in {text!r}"


def test_help():
    result = run("--help")
    assert result.returncode == 0 and "-c" in result.stdout


def test_unknown_option():
    result = run("--frobnicate")
    assert result.returncode != 0 and "frobnicate" in result.stderr


# Starting


def test_port_taken(rig):
    """One line that says which address, and that it is in use."""
    broker = rig.fake()
    folder, path = written(rig, site([broker], listen=[f"127.0.0.1:{broker.port}"]))
    result = run("-c", path, "-p", folder)
    assert result.returncode != 0
    assert f"127.0.0.1:{broker.port}" in result.stderr and "in use" in result.stderr


def test_missing_configuration(rig):
    result = run("-c", rig.directory / "none.conf")
    assert result.returncode != 0 and "none.conf" in result.stderr


def test_configuration_under_the_prefix(rig):
    """Without -c: conf/sluice.conf under the prefix."""
    folder = rig.path("prefix")
    (folder / "conf").mkdir()
    (folder / "conf" / "sluice.conf").write_text(site([rig.fake()]))
    assert run("-t", "-p", folder).returncode == 0


def test_error_in_the_configuration_stops_the_start(rig):
    folder, path = written(rig, "worker_thread 2;\n")
    result = run("-c", path, "-p", folder)
    assert result.returncode == 1
    assert f"{path}:1:1" in result.stderr and "worker_threads" in result.stderr


@pytest.mark.parametrize("count, threads", [("1", 1), ("3", 3), ("auto", os.cpu_count())])
def test_worker_threads(rig, count, threads):
    gateway = rig.gateway([rig.mosquitto()], worker_threads=count)
    for index in range(6):
        rig.opened(gateway, client_id=f"client{index}").subscribe("t")
    assert threads <= harness.status(gateway.pid, "Threads") <= threads + 3


# Ends


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_tells_the_clients(rig, number):
    """A Close 1001, to 5.0 clients DISCONNECT 0x8B first; exit status 0."""
    gateway = rig.gateway([rig.fake()])
    three, five = rig.opened(gateway, 4, "three"), rig.opened(gateway, 5, "five")
    gateway.send_signal(number)
    for peer, told in ((three, b""), (five, mqttbytes.goodbye(0x8B, "server shutting down"))):
        closed = peer.read_close()
        assert (bytes(peer.mqtt), closed.close_code) == (told, 1001)
        peer.send_frame(CLOSE, closed.payload)
    for peer in (three, five):
        peer.expect_end()
    assert gateway.process.wait() == 0
    assert [line["status_reason"] for line in gateway.access()] == ["shutdown", "shutdown"]


def test_stop_lets_the_will_fire(rig):
    """The broker sees a lost connection and publishes the Will: nobody has disconnected in order."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    watcher = rig.keep(broker.subscribe("wills"))
    rig.opened(gateway, will=("wills", "stopped"))
    assert gateway.stop() == 0
    assert watcher.messages() == [("wills", b"stopped")]


def test_stop_with_clients_in_every_phase(rig):
    """Nobody can hold up the stop."""
    gateway = rig.tls_gateway([rig.fake(fakebroker.silent)])
    rig.peer(gateway)
    rig.peer(gateway).send(b"GET /mqtt")
    rig.peer(gateway.tls_address)
    rig.peer(gateway).upgrade()
    waiting = rig.peer(gateway)
    waiting.upgrade()
    waiting.send_mqtt(connect(4, "waiting"))
    assert gateway.stop() == 0


def test_stop_releases_the_port_at_once(rig):
    gateway = rig.gateway([rig.fake()])
    rig.opened(gateway)
    assert gateway.stop() == 0
    gateway.start()
    rig.opened(gateway)


def test_unix_socket_of_a_listener_is_removed(rig):
    path = str(rig.path("socket") / "gateway.sock")
    gateway = rig.gateway([rig.fake()], listen=[f"unix:{path}"])
    assert gateway.stop() == 0
    assert not os.path.exists(path)


def test_stale_unix_socket_is_replaced(rig):
    """After a crash the socket file is still there."""
    path = str(rig.path("socket") / "gateway.sock")
    gateway = rig.gateway([rig.fake()], listen=[f"unix:{path}"])
    gateway.process.kill()
    assert os.path.exists(path)
    gateway.start()
    rig.opened(gateway)


def test_quit_drains(rig):
    """No new clients; those who are there go on until they leave; then exit 0."""
    broker = rig.fake(fakebroker.echo)
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: not harness.is_listening(gateway.port), "the listener closed")
    message = publish("t", "still served")
    peer.send_mqtt(message)
    assert peer.read_packet() == message
    assert gateway.process.is_running
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    assert gateway.process.wait() == 0


def test_quit_ends_within_worker_shutdown_timeout(rig):
    gateway = rig.gateway([rig.fake()], main="worker_shutdown_timeout 400ms;")
    peer = rig.opened(gateway, 5)
    gateway.send_signal(signal.SIGQUIT)
    peer.expect_close(1001, before=mqttbytes.goodbye(0x8B, "server shutting down"))
    assert gateway.process.wait() == 0
    assert gateway.access()[0]["status_reason"] == "drained"


def test_a_drain_of_many_is_even(rig):
    """Each quarter of the window closes a quarter of the sessions, except for what a busy machine shifts."""
    gateway = rig.gateway([rig.fake()], main="worker_shutdown_timeout 4s;")
    crowd = rig.keep(Crowd(gateway.address))
    assert all(client.is_accepted for client in crowd.connect(400, rate=400))
    gateway.send_signal(signal.SIGQUIT)
    assert gateway.process.wait() == 0
    lines = gateway.access()
    assert [line["status_reason"] for line in lines] == ["drained"] * 400
    times = sorted(datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")) for line in lines)
    # The first one is closed at once, and stands for the begin.
    quarters = [int((time - times[0]).total_seconds()) for time in times]
    counts = [quarters.count(quarter) for quarter in range(4)]
    assert all(60 <= count <= 140 for count in counts), counts


def test_stop_of_more_than_one_turn_closes(rig):
    """A few at a time, all at once: nobody waits for the window of a drain, and each is told."""
    gateway = rig.gateway([rig.fake()], worker_threads=1, main="worker_shutdown_timeout 1h;")
    crowd = rig.keep(Crowd(gateway.address))
    clients = crowd.connect(300, rate=400)
    assert all(client.is_accepted for client in clients)
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: not harness.is_listening(gateway.port), "the listener closed")
    assert gateway.stop() == 0
    eventually(lambda: all(client.is_over for client in clients), "the end of all clients")
    assert {client.close_code for client in clients} == {1001}


def test_quit_without_clients_ends_at_once(rig):
    gateway = rig.gateway([rig.fake()])
    assert gateway.stop(signal.SIGQUIT) == 0


def test_term_during_drain_stops(rig):
    gateway = rig.gateway([rig.fake()])
    rig.opened(gateway)
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: not harness.is_listening(gateway.port), "the listener closed")
    assert gateway.stop() == 0


# Signals by command


def test_pid_file_and_signals_by_command(rig):
    gateway = rig.gateway([rig.fake()], main="pid_file run.pid;")
    pid_file = gateway.directory / "run.pid"
    eventually(lambda: pid_file.exists() and pid_file.read_text().strip(), "the pid file")
    assert int(pid_file.read_text()) == gateway.pid
    target = ("-c", gateway.config_path, "-p", gateway.directory)
    assert run("-s", "reopen", *target).returncode == 0
    assert run("-s", "quit", *target).returncode == 0
    assert gateway.process.wait() == 0
    assert not pid_file.exists()
    again = run("-s", "stop", *target)
    assert again.returncode != 0 and "run.pid" in again.stderr


def test_stop_by_command(rig):
    gateway = rig.gateway([rig.fake()], main="pid_file run.pid;")
    eventually((gateway.directory / "run.pid").exists, "the pid file")
    assert run("-s", "stop", "-c", gateway.config_path, "-p", gateway.directory).returncode == 0
    assert gateway.process.wait() == 0


def test_unknown_signal_by_command(rig):
    result = run("-s", "explode")
    assert result.returncode != 0 and "explode" in result.stderr


# Logs


def session(rig, gateway, client_id):
    peer = rig.opened(gateway, client_id=client_id)
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)


def test_usr1_reopens_logs(rig):
    """What logrotate does: rename, then USR1."""
    config = site([rig.fake()]).replace("error_log stderr debug;", "error_log error.log info;")
    gateway = rig.gateway(config=config)
    session(rig, gateway, "before")
    gateway.ended(mqtt_client_id="before")
    for name in ("access.log", "error.log"):
        (gateway.directory / name).rename(gateway.directory / f"{name}.1")
    gateway.send_signal(signal.SIGUSR1)
    eventually(lambda: (gateway.directory / "access.log").exists(), "the new access log")
    eventually(lambda: (gateway.directory / "error.log").exists(), "the new error log")
    session(rig, gateway, "after")
    gateway.ended(mqtt_client_id="after")
    assert [line["mqtt_client_id"] for line in gateway.access()] == ["after"]
    assert "after" not in (gateway.directory / "access.log.1").read_text()


def test_access_log_in_json(rig):
    """Promise 4: who, from where, to which broker, how much, how long, why it ended."""
    broker = rig.fake(fakebroker.echo)
    gateway = rig.gateway([broker])
    peer = rig.peer(gateway)
    port = peer.socket.getsockname()[1]
    first = connect(5, "ada-1", username="ada", password="secret")
    message = publish("t", "hello", version=5)
    peer.open_mqtt(5, "ada-1", username="ada", password="secret")
    peer.send_mqtt(message)
    peer.read_packet()
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    line = gateway.ended(mqtt_client_id="ada-1")
    expected = {
        "remote_addr": "127.0.0.1", "mqtt_username": "ada", "mqtt_version": "5.0", "upstream_name": "brokers",
        "upstream_addr": f"127.0.0.1:{broker.port}", "status_reason": "client_disconnect", "uri": "/mqtt",
    }  # fmt: skip
    assert {key: line[key] for key in expected} == expected
    assert int(line["remote_port"]) == port
    assert int(line["packets_in"]) == 3 and int(line["packets_out"]) == 2
    assert int(line["bytes_in"]) >= len(first) + len(message) and int(line["bytes_out"]) >= len(message)
    assert 0 <= float(line["duration"]) < 60
    assert line["connection_id"]
    assert "secret" not in gateway.access_path.read_text() + gateway.output(), "passwords are never logged"


def test_access_log_escapes_what_the_client_chose(rig):
    """A client id cannot forge a line or a field."""
    gateway = rig.gateway([rig.fake()])
    nasty = 'a"b\\c\nd\x01\u2028é'
    peer = rig.opened(gateway, client_id=nasty)
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    assert gateway.ended(mqtt_client_id=nasty)
    assert len(gateway.access()) == 1


def test_access_log_of_a_named_format(rig):
    main = "log_format short '$mqtt_client_id $status_reason' ' $upstream_addr \"$http_user_agent\" $arg_k';"
    broker = rig.fake()
    config = site([broker], main=main).replace("access_log access.log json;", "access_log access.log short;")
    gateway = rig.gateway(config=config)
    peer = rig.peer(gateway)
    peer.upgrade("/mqtt?k=v", extra=['User-Agent: test"\x80'])
    peer.send_mqtt(connect(4, "named"), mqttbytes.disconnect())
    peer.expect_close(1000, before=mqttbytes.connack())
    eventually(lambda: gateway.access_path.exists() and gateway.access_path.read_text().endswith("\n"), "a line")
    text = gateway.access_path.read_text()
    assert text.startswith(f'named client_disconnect 127.0.0.1:{broker.port} "test')
    assert text.count("\n") == 1 and '"test""' not in text


def test_access_log_off_and_inherited(rig):
    broker = rig.fake()
    extra = f"location /quiet {{ mqtt_pass 127.0.0.1:{broker.port}; access_log off; }}"
    gateway = rig.gateway([broker], server=extra)
    peer = rig.peer(gateway)
    peer.open_mqtt(client_id="unseen", path="/quiet")
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    session(rig, gateway, "seen")
    gateway.ended(mqtt_client_id="seen")
    assert [line["mqtt_client_id"] for line in gateway.access()] == ["seen"]


def test_full_disk_does_not_stop_the_service(rig):
    """/dev/full refuses every write."""
    config = site([rig.fake()]).replace("access_log access.log json;", "access_log /dev/full json;")
    gateway = rig.gateway(config=config)
    for index in range(20):
        session(rig, gateway, f"client{index}")


def test_user(rig):
    """Root binds the sockets, then becomes the user; anybody else stays who he is."""
    gateway = rig.gateway([rig.fake()], main="user nobody;")
    rig.opened(gateway)
    own = os.geteuid()
    assert harness.status(gateway.pid, "Uid") == (own or pwd.getpwnam("nobody").pw_uid)
