"""The error log: one line an event, with connection, client and upstream server; storms of equal messages are folded."""

import re

import pytest

import fakebroker
import harness
import mqttbytes
from bytepeer import request
from gateway import site
from harness import eventually

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
CLIENT = r"[0-9a-f]{16} client 127\.0\.0\.1:\d+"


def gateway_at(rig, level, brokers=None, **options):
    config = site(brokers or [rig.fake()], **options)
    return rig.gateway(config=config.replace("error_log stderr debug;", f"error_log stderr {level};"))


def refusals(rig, gateway, count):
    """As many equal messages, each about another client."""
    for _ in range(count):
        assert rig.peer(gateway).ask(request("/none")).status == 404


def refused(gateway):
    return [line for line in gateway.output().splitlines() if "request refused: 404" in line]


def test_a_line_names_connection_client_and_server(rig):
    broker = rig.fake()
    gateway = gateway_at(rig, "info", [broker])
    peer = rig.opened(gateway, client_id="c")
    peer.send_mqtt(mqttbytes.connect(4, "again"))
    peer.expect_close(1002, before=None)
    line = gateway.ended(mqtt_client_id="c")
    expected = rf"{TIME} \[info\] {line['connection_id']} client 127\.0\.0\.1:{line['remote_port']}, upstream server "
    expected += rf"{broker.address}: the client violated the MQTT protocol: "
    eventually(lambda: re.search(expected, gateway.output()), lambda: f"the line:\n{gateway.output()}")


def test_a_server_that_breaks_a_rule_is_named_once(rig):
    broker = rig.fake(fakebroker.accept_then_send(b"\x10\x00"))
    gateway = gateway_at(rig, "warn", [broker])
    rig.opened(gateway, client_id="c").expect_close(1011, before=None)
    gateway.ended(status_reason="broker_protocol_error")
    expected = rf"{TIME} \[warn\] {CLIENT}: upstream server {broker.address} violated the MQTT protocol\n"
    eventually(lambda: re.search(expected, gateway.output()), lambda: f"the line:\n{gateway.output()}")


def test_a_storm_is_folded_with_its_number(rig):
    """Five lines, then one with the number and the last client, when the time is over."""
    gateway = gateway_at(rig, "info")
    refusals(rig, gateway, 40)
    assert all(re.fullmatch(rf"{TIME} \[info\] {CLIENT}: request refused: 404, .*", line) for line in refused(gateway))
    assert len(refused(gateway)) == 5 * len({line[:19] for line in refused(gateway)}) or len(refused(gateway)) <= 10
    before = len(refused(gateway))
    assert before < 40
    pattern = rf"{TIME} \[info\] {CLIENT}: request refused: 404, [^\n]* \(repeated (\d+) times in the last 1\d s\)\n"
    # The period is ten seconds, whatever comes meanwhile.
    found = eventually(lambda: re.search(pattern, gateway.output()), "the summary", timeout=harness.DEADLINE + 12)
    assert int(found.group(1)) == 40 - before
    # Another message was never held back, and the storm begins again.
    refusals(rig, gateway, 1)
    eventually(lambda: len(refused(gateway)) == before + 2, "the next line")


def test_the_end_writes_what_is_folded(rig):
    gateway = gateway_at(rig, "info")
    refusals(rig, gateway, 30)
    assert gateway.stop() == 0
    lines = refused(gateway)
    repeated = re.search(r"\(repeated (\d+) times in the last \d+ s\)$", lines[-1])
    assert repeated and int(repeated.group(1)) + len(lines) - 1 == 30
    assert gateway.output().splitlines()[-1].endswith(lines[-1]) or "sluice has ended" in gateway.output()


def test_at_debug_everything_is_written(rig):
    gateway = gateway_at(rig, "debug")
    refusals(rig, gateway, 30)
    eventually(lambda: len(refused(gateway)) == 30, lambda: f"{len(refused(gateway))} lines of 30")
    assert "repeated" not in gateway.output()


@pytest.mark.parametrize("name", ["a\n2026-11-21T00:00:00.000Z [error] forged", "\x1b[31m", "\u2028forged", "\u202eabc"])
def test_what_a_client_chose_is_escaped(rig, name):
    gateway = gateway_at(rig, "info", location="websocket_origins https://a.example;")
    head = request("/mqtt")[:-2] + b"Origin: https://" + name.replace("\n", "\t").encode() + b"\r\n\r\n"
    assert rig.peer(gateway).ask(head).status in (400, 403)
    gateway.ended_count(1)
    eventually(lambda: "refused: 40" in gateway.output(), "the line")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", gateway.output())
