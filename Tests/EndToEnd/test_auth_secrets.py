"""No password, token, hash or key of any method is in a log, on the terminal, or in an answer: a search for all."""

import subprocess

import fakebroker
import harness
import mqttbytes
import tokens
from authserver import AuthServer
from test_auth_password import sluice_passwd

PASSWORDS = ["right-Passw0rd", "wrong-Passw0rd", "binary-Passw0rd"]
FORMAT = (
    "log_format all '$uri $http_authorization $http_x_token $http_sec_websocket_protocol $http_cookie $cookie_session"
    " $arg_token $mqtt_client_id $mqtt_username $auth_method $jwt_claim_sub $http_referer';"
)


def tokens_of_every_kind():
    """Accepted, expired, forged."""
    good = tokens.token(sub="subject", secret="claim-s3cret")
    expired = tokens.token(lifetime=-10)
    forged = good[:-10] + "A" * 10
    return [good, expired, forged]


def clients(rig, gateway, path, texts):
    """Each method with right and wrong credentials, in every version; whatever becomes of them."""
    for version in mqttbytes.VERSIONS:
        for password in PASSWORDS:
            yield version, dict(username="alice", password=password.encode()), {}
        yield version, dict(username="alice", password=b"\xff" + PASSWORDS[2].encode()), {}
        for text in texts:
            yield version, dict(username="u", password=text.encode()), {}
            yield version, dict(username=text), {}
            yield version, {}, dict(path=f"{path}?a=1&token={text}&b=2")
            yield version, {}, dict(extra=[f"Cookie: a=1; session={text}"])
            yield version, {}, dict(extra=[f"Authorization: Bearer {text}"])
            yield version, {}, dict(extra=[f"X-Token: {text}"])
            yield version, {}, dict(protocols=f"mqtt, {text}")


def test_no_secret_is_anywhere(rig):
    texts = tokens_of_every_kind()
    users = sluice_passwd(rig.path("users"), {"alice": PASSWORDS[0]})
    keys = rig.path("keys") / "jwks.json"
    keys.write_text(tokens.key_set(tokens.jwk("ES256"), tokens.jwk("HS256", "h1")))
    service = rig.keep(AuthServer(rig.path("service"), body={"result": "deny", "reason": "unknown"}))
    gateway = rig.gateway(
        [rig.fake(fakebroker.keep_open)],
        main=FORMAT,
        server="access_log format.log all;",
        location=f"""
        auth_password_file {users};
        auth_jwt_key_file {keys};
        auth_jwt_token password username query:token cookie:session header:authorization header:x-token subprotocol;
        auth_http {service.url};
        auth_http_set_header X-Api-Key api-k3y;
        mqtt_set_connect user_property:who $jwt_claim_sub;
        """,
    )
    count = 0
    for version, credentials, request in clients(rig, gateway, "/mqtt", texts):
        peer = rig.peer(gateway)
        peer.upgrade(request.pop("path", "/mqtt"), **request)
        peer.send_mqtt(mqttbytes.connect(version, f"c{count}", **credentials))
        answer = peer.read_packet()
        for text in texts + PASSWORDS:
            assert text.encode() not in answer
        peer.reset()
        count += 1
    # Requests that are refused before there is any session: a wrong path, a wrong method, a wrong origin.
    for head in ("GET /nowhere", "POST /mqtt", "GET /mqtt"):
        peer = rig.peer(gateway)
        peer.send(f"{head}?token={texts[0]} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {texts[0]}\r\n\r\n".encode())
        peer.response()
        peer.reset()
    service.answer(status=500)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(5, "last", username="alice", password=PASSWORDS[1].encode()))
    peer.read_close()
    written = gateway.directory / "format.log"
    harness.eventually(lambda: written.exists() and written.read_text().count("\n") >= count, "the access log")
    gateway.stop()
    secrets = [
        *texts, *PASSWORDS, "claim-s3cret", users.read_text().split(":")[1].strip(), tokens.jwk("HS256")["k"],
        *(part for text in texts for part in text.split(".")[1:]),
    ]  # fmt: skip
    shown = gateway.output() + written.read_text()
    for secret in secrets:
        assert secret not in shown, f"{secret[:12]}… is in a log"
    assert "api-k3y" not in shown
    assert "subject" in shown and "***" in shown, "the logs show nothing at all"


def test_the_test_of_a_configuration_shows_none(rig):
    """-t and -T name files, not what is in them."""
    users = sluice_passwd(rig.path("users"), {"alice": PASSWORDS[0]})
    keys = rig.path("keys") / "jwks.json"
    keys.write_text(tokens.key_set(tokens.jwk("HS256", "h1"), {"kty": "oct", "k": "c2hvcnQ", "kid": "too-short"}))
    config = rig.path("config") / "sluice.conf"
    config.write_text(
        f"server {{ listen 127.0.0.1:1; location / {{ mqtt_pass 127.0.0.1:2; auth_password_file {users};"
        f" auth_jwt_key_file {keys}; }} }}"
    )
    result = subprocess.run([harness.BINARY, "-T", "-c", config], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    shown = result.stdout + result.stderr
    for secret in (users.read_text().split(":")[1].strip(), tokens.jwk("HS256")["k"], "c2hvcnQ"):
        assert secret not in shown
