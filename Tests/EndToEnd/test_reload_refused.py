"""What a reload does not do: a configuration that is wrong changes nothing, and some things take a restart."""

import os
import signal

import harness
from harness import eventually
from refusals import admitted
from reloads import broker, generation, order, path_answer, pings, refused, reload
from test_auth_password import sluice_passwd


# What does not work changes nothing


def test_a_bad_configuration_changes_nothing(rig):
    gateway = rig.gateway([broker(rig)], main="pid_file run.pid;")
    peer = rig.opened(gateway, client_id="old")
    good = gateway.config
    line = 1 + good[: good.index("upstream brokers")].count("\n")
    unreadable = good.replace("mqtt_pass brokers;", "mqtt_pass brokers; auth_password_file missing;")
    for config, reason in (
        (good.replace("upstream brokers {", "upstraem brokers {"), f"sluice.conf:{line}:1: unknown directive"),
        (good.replace("access_log access.log", "access_log missing/access.log"), "missing/access.log: No such file"),
        (good.replace("mqtt_pass brokers", "mqtt_pass name.invalid:1883"), "cannot resolve name.invalid"),
        (unreadable, "auth_password_file"),
    ):
        refused(gateway, config, reason)
        result = order(gateway, "-s", "reload")
        assert result.returncode == 1 and reason in result.stderr, result
        assert path_answer(rig, gateway, "/mqtt") == 101
    assert pings(peer)
    assert generation(gateway) == 1 and gateway.output().count("the running configuration stays in use") == 4


def test_a_password_file_that_cannot_be_read_any_more(rig):
    """Each time it is asked for: the file, not what is left of it in memory, decides."""
    path = sluice_passwd(rig.path("users"), {"alice": "secret"})
    gateway = rig.gateway([broker(rig)], location=f"auth_password_file {path};")
    path.rename(path.with_suffix(".away"))
    for _ in range(2):
        refused(gateway, gateway.config, f"auth_password_file {path}: cannot be read")
    admitted(rig, gateway, username="alice", password=b"secret")
    path.with_suffix(".away").rename(path)
    reload(gateway)


def test_what_takes_a_restart_is_named_and_the_rest_is_in_use(rig):
    gateway = rig.gateway([broker(rig)], main="pid_file run.pid;")
    config = gateway.config.replace("worker_threads 2;", "worker_threads 3; auth_hash_threads 2;")
    reload(gateway, config.replace("run.pid", "other.pid").replace("location /mqtt", "location /new"))
    for directive in ("worker_threads", "auth_hash_threads", "pid_file"):
        text = f"[warn] reload: {directive} has changed, which needs a restart; everything else is in use"
        eventually(lambda: text in gateway.output(), text)
    assert path_answer(rig, gateway, "/new") == 101
    assert (gateway.directory / "run.pid").exists() and not (gateway.directory / "other.pid").exists()
    gateway.config_path.write_text(gateway.config)  # for whoever stops it by its pid file


def test_the_error_log_moves_and_its_level_changes(rig):
    gateway = rig.gateway([broker(rig)])
    gateway.config_path.write_text(gateway.config.replace("error_log stderr debug", "error_log error.log notice"))
    gateway.send_signal(signal.SIGHUP)
    log = gateway.directory / "error.log"
    eventually(lambda: log.exists() and "generation 2 is in use" in log.read_text(), "the line in the new log")
    rig.opened(gateway).close()
    gateway.ended_count(1)
    assert "[debug]" not in log.read_text() and "generation 2" not in gateway.output()
    log.rename(log.with_suffix(".1"))
    gateway.send_signal(signal.SIGUSR1)
    eventually(log.exists, "the log opened again")


def test_a_log_that_the_user_cannot_open(rig):
    """What root could open at the start, `user` may not: that is said, and nothing changes. The test's folder is root's own."""
    gateway = rig.gateway([broker(rig)], main="user nobody;")
    peer = rig.opened(gateway)
    other = gateway.config.replace("access_log access.log", "access_log other.log")
    if os.geteuid() == 0:
        refused(gateway, other, "Permission denied; the gateway is user nobody now;")
    else:
        reload(gateway, other)
    assert pings(peer)


# The command


def test_reload_by_command(rig):
    gateway = rig.gateway([broker(rig)], main="pid_file run.pid;")
    eventually((gateway.directory / "run.pid").exists, "the pid file")
    result = order(gateway, "-s", "reload")
    assert (result.returncode, result.stderr) == (0, "")
    eventually(lambda: generation(gateway) == 2, "the reload")


def test_a_gateway_that_ends_reloads_nothing(rig):
    gateway = rig.gateway([broker(rig)])
    rig.opened(gateway)
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: not harness.is_listening(gateway.port), "the listener closed")
    gateway.send_signal(signal.SIGHUP)
    eventually(lambda: "the gateway is stopping" in gateway.output(), "the warning")
    assert gateway.stop() == 0
