"""JSON Web Tokens: where they may be, which are refused, and the end of the session that they let in."""

import base64
import json
import time

import jwt
import pytest

import fakebroker
import mqttbytes
import tokens
from harness import eventually
from mqttbytes import VERSIONS
from refusals import admitted, code, expect_refused
from tokens import jwk, key_set, token


def gateway(rig, location="", keys=None, brokers=None, **options):
    path = rig.path("keys") / "keys"
    content = key_set(jwk("ES256", "k1")) if keys is None else keys
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return rig.gateway(
        brokers or [rig.fake(fakebroker.keep_open)], location=f"auth_jwt_key_file {path}; {location}", **options
    )


@pytest.mark.parametrize("algorithm", tokens.ALGORITHMS)
def test_algorithm(rig, algorithm):
    one = gateway(rig, keys=key_set(jwk(algorithm, "k1")))
    admitted(rig, one, username="u", password=token(algorithm, kid="k1").encode()).close()
    assert one.ended_count(1)[0]["auth_method"] == "jwt"
    other = token(algorithm, kid="k1", sub="other").rsplit(".", 1)[0] + "." + token(algorithm).rsplit(".", 1)[1]
    expect_refused(rig, one, "token_refused", username="u", password=other.encode())


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_pem(rig, algorithm):
    one = gateway(rig, keys=tokens.public_pem(algorithm))
    admitted(rig, one, username="u", password=token(algorithm).encode())


PLACES = {
    "password": lambda text: {"username": "u", "password": text.encode()},
    "username": lambda text: {"username": text},
    "query:token": lambda text: {"path": f"/mqtt?a=1&token={text}"},
    "cookie:session": lambda text: {"extra": [f"Cookie: a=1; session={text}"]},
    "header:x-token": lambda text: {"extra": [f"X-Token: {text}"]},
    "header:authorization": lambda text: {"extra": [f"Authorization: Bearer {text}"]},
    "subprotocol": lambda text: {"protocols": f"mqtt, {text}"},
}


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("place", PLACES)
def test_place(rig, place, tls):
    """Found at its place, refused when it is forged there, missing elsewhere; and never in a log."""
    one = gateway(rig, f"auth_jwt_token {place};", tls=rig.certificate if tls else None)
    good, forged = token(), token(signed_with=_other_key())
    admitted(rig, one, tls=tls or None, **PLACES[place](good)).close()
    expect_refused(rig, one, "token_refused", tls=tls or None, **PLACES[place](forged))
    expect_refused(rig, one, "credentials_missing", tls=tls or None)
    for text in (good, forged):
        assert text not in one.access_path.read_text() and text not in one.output()


def _other_key():
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _with_header(header):
    """A token with this header, and the signature of another."""
    good = token().split(".")
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return ".".join([head, *good[1:]])


def _confused():
    """RSA's public key in PEM as the secret of HMAC."""
    import hashlib
    import hmac

    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(b'{"sub":"c"}').rstrip(b"=")
    signature = hmac.new(tokens.public_pem("RS256"), head + b"." + body, hashlib.sha256).digest()
    return (head + b"." + body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


BAD = {
    "expired": (lambda: token(lifetime=-5), "expired"),
    "not valid yet": (lambda: token(nbf=int(time.time()) + 100), "not valid yet"),
    "alg none": (lambda: jwt.encode({"sub": "c"}, None, algorithm="none"), "none"),
    "alg None": (lambda: _with_header({"alg": "None"}), "alg"),
    "unknown alg": (lambda: _with_header({"alg": "XX256"}), "alg"),
    "crit": (lambda: _with_header({"alg": "ES256", "crit": ["b64"], "b64": False}), "crit"),
    "algorithm confusion": (_confused, "alg"),
    "unknown kid": (lambda: token(kid="k9"), "kid"),
    "oversized": (lambda: token(x="y" * 9000), "8192"),
    "no token": (lambda: "geheim", "parts"),
    "garbage": (lambda: "a.b.c", "malformed"),
    "five parts": (lambda: token() + ".x.y", "parts"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("make, words", BAD.values(), ids=BAD)
def test_refusal(rig, version, make, words):
    """The log says why, without the token."""
    broker = rig.fake()
    keys = key_set(jwk("ES256", "k1"), jwk("RS256", "r1"))
    one = gateway(rig, keys=keys, brokers=[broker])
    text = make()
    expect_refused(rig, one, "token_refused", version, username="u", password=text.encode())
    assert words in one.output() and text not in one.output()
    assert broker.connections == []


def test_a_public_key_in_pem_is_no_secret(rig):
    """Algorithm confusion in its classical form: the file that everybody may read, used as the secret of HMAC."""
    one = gateway(rig, keys=tokens.public_pem("RS256"))
    admitted(rig, one, username="u", password=token("RS256").encode())
    expect_refused(rig, one, "token_refused", 5, username="u", password=_confused().encode())


REQUIREMENTS = [
    ("iss=https://id.example", {"iss": "https://id.example"}, True),
    ("iss=https://id.example", {"iss": "https://id.example/"}, False),
    ("iss=https://id.example", {}, False),
    ("aud=mqtt", {"aud": "mqtt"}, True),
    ("aud=mqtt", {"aud": ["web", "mqtt"]}, True),
    ("aud=mqtt", {"aud": ["web"]}, False),
    ("sub=$mqtt_client_id", {"sub": "c"}, True),
    ("sub=$mqtt_client_id", {"sub": "d"}, False),
    ("sub=$mqtt_username", {"sub": "u"}, True),
    ("tenant=$arg_tenant", {"tenant": "t1"}, True),
    ("tenant=$arg_missing", {"tenant": ""}, False),
    ("admin=true", {"admin": True}, True),
    ("level=3", {"level": 3}, True),
    ("level", {"level": 0}, True),
    ("level", {}, False),
]


@pytest.mark.parametrize("requirement, claims, isAllowed", REQUIREMENTS)
def test_requirement(rig, requirement, claims, isAllowed):
    one = gateway(rig, f"auth_jwt_require {requirement};")
    options = {"path": "/mqtt?tenant=t1", "username": "u", "password": token(**claims).encode()}
    if isAllowed:
        admitted(rig, one, **options)
    else:
        expect_refused(rig, one, "not_authorized", **options)


def test_leeway(rig):
    one = gateway(rig, "auth_jwt_leeway 1h;")
    admitted(rig, one, username="u", password=token(lifetime=-5).encode())
    expect_refused(rig, one, "token_refused", username="u", password=token(lifetime=-3700).encode())


# Applications

@pytest.mark.parametrize("version", VERSIONS)
def test_mqttjs(rig, version):
    """A token as the password, over wss: connect, an error with the code, and at the end of the token its reason."""
    one = gateway(rig, brokers=[rig.mosquitto()], tls=rig.certificate)
    url = f"wss://localhost:{one.tls_port}/mqtt"
    options = {"protocolVersion": version, "username": "u", **({"protocolId": "MQIsdp"} if version == 3 else {})}
    bad = rig.node(url, connect=False, password=token(lifetime=-5), **options)
    assert bad.event("error")["code"] == code("token_refused", version)
    bad.event("close")
    short = rig.node(url, password=token(lifetime=3), **options)
    if version == 5:
        assert short.event("disconnect")["reason"] == 0xA0
    short.event("close")
    one.ended(status_reason="token_expired")


@pytest.mark.parametrize("version", VERSIONS)
def test_paho(rig, version):
    """A token in the query, as where the application cannot set the password."""
    one = gateway(rig, "auth_jwt_token query:token;", brokers=[rig.mosquitto()])
    good = rig.paho(one.port, version, "good", path=f"/mqtt?token={token()}")
    assert not good.reason.is_failure
    bad = rig.paho(one.port, version, "bad", path=f"/mqtt?token={token(lifetime=-5)}")
    # paho shows the codes of 3.x as their 5.0 namesakes.
    assert bad.reason.is_failure and bad.reason.value == code("token_refused", 5)
    one.ended(status_reason="token_refused")


# The end of a token

@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_ends_with_its_token(rig, version):
    """5.0: DISCONNECT 0xA0 (Maximum connect time) first; then the Close; and the broker publishes the Will."""
    broker = rig.mosquitto()
    one = gateway(rig, brokers=[broker])
    watcher = rig.paho(one.port, 4, "watcher", username="u", password=token(sub="watcher"))
    watcher.subscribe("wills/#")
    peer = admitted(
        rig, one, version, username="u", password=token(lifetime=2).encode(), will=("wills/c", b"gone"), client_id="c"
    )
    goodbye = mqttbytes.goodbye(0xA0, "the credentials have expired") if version == 5 else b""
    peer.expect_close(1008, before=goodbye)
    one.ended(status_reason="token_expired", mqtt_client_id="c")
    assert watcher.message().payload == b"gone"


def test_a_session_whose_client_is_busy_ends_too(rig):
    """Traffic does not prolong it."""
    one = gateway(rig, brokers=[rig.mosquitto()])
    peer = admitted(rig, one, 4, username="u", password=token(lifetime=2).encode())
    began = time.monotonic()
    try:
        while time.monotonic() - began < 20:
            peer.send_mqtt(mqttbytes.PINGREQ)
            if peer.read_frame().opcode == 8:
                break
    except (ConnectionError, AssertionError):
        pass
    one.ended(status_reason="token_expired")
    assert time.monotonic() - began < 10


# Key files, several methods

def test_a_changed_key_file_counts_while_the_gateway_runs(rig):
    one = gateway(rig, keys=key_set(jwk("ES256", "k1")))
    path = one.config.split("auth_jwt_key_file ")[1].split(";")[0]
    expect_refused(rig, one, "token_refused", username="u", password=token("EdDSA", kid="k2").encode())
    open(path, "w").write("{ broken")
    eventually(lambda: "the previous keys stay in use" in one.output(), "a line about the broken file")
    admitted(rig, one, username="u", password=token(kid="k1").encode())
    open(path, "w").write(key_set(jwk("EdDSA", "k2")))

    def accepted():
        peer = rig.peer(one)
        peer.upgrade()
        peer.send_mqtt(mqttbytes.connect(4, "c", username="u", password=token("EdDSA", kid="k2").encode()))
        return peer.read_packet()[3] == 0

    eventually(accepted, "the new key")
    expect_refused(rig, one, "token_refused", username="u", password=token(kid="k1").encode())


@pytest.mark.parametrize("satisfy", ["any", "all"])
def test_satisfy(rig, satisfy):
    """Tokens in the query, and a password: one is enough, or both must be right."""
    from test_auth_password import sluice_passwd

    users = sluice_passwd(rig.path("users"), {"u": "geheim"})
    one = gateway(rig, f"auth_jwt_token query:token; auth_password_file {users}; satisfy {satisfy};")
    both = {"path": f"/mqtt?token={token()}", "username": "u", "password": b"geheim"}
    token_alone = {"path": f"/mqtt?token={token()}"}
    password_alone = {"username": "u", "password": b"geheim"}
    wrong_password = {**both, "password": b"wrong"}
    admitted(rig, one, **both).close()
    assert one.ended_count(1)[0]["auth_method"] == ("jwt" if satisfy == "any" else "jwt+password_file")
    if satisfy == "any":
        for options in (token_alone, password_alone, wrong_password):
            admitted(rig, one, **options)
        expect_refused(rig, one, "credentials_refused", username="u", password=b"wrong")
    else:
        expect_refused(rig, one, "credentials_missing", **token_alone)
        expect_refused(rig, one, "credentials_missing", **password_alone)
        expect_refused(rig, one, "credentials_refused", **wrong_password)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_token_or_a_password_in_the_same_field(rig, version):
    """People come with passwords and services with tokens, both as the password."""
    from test_auth_password import sluice_passwd

    users = sluice_passwd(rig.path("users"), {"u": "geheim"})
    one = gateway(rig, f"auth_password_file {users};")
    admitted(rig, one, version, "person", username="u", password=b"geheim").close()
    assert one.ended(mqtt_client_id="person")["auth_method"] == "password_file"
    admitted(rig, one, version, "service", username="s", password=token().encode()).close()
    assert one.ended(mqtt_client_id="service")["auth_method"] == "jwt"
    # The last method asked, the password file, is the one that has denied.
    expect_refused(rig, one, "credentials_refused", version, username="u", password=b"wrong")
    expect_refused(rig, one, "credentials_refused", version, username="u", password=token(lifetime=-5).encode())
    expect_refused(rig, one, "credentials_missing", version)
