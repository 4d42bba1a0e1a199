"""Keys from an address: fetched, rotated, and kept while it is down."""

import concurrent.futures
import socket
import time

import pytest

import fakebroker
import mqttbytes
from harness import eventually, free_port
from refusals import admitted, expect_refused
from tokens import Provider, jwk, key_set, token


def gateway(rig, url, location="", brokers=None, **options):
    return rig.gateway(
        brokers or [rig.fake(fakebroker.keep_open)], location=f"auth_jwt_jwks_url {url}; {location}", **options
    )


def accepted(rig, one, text, client_id="c"):
    peer = rig.peer(one)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(4, client_id, username="u", password=text.encode()))
    return peer.read_packet()[3] == 0


def test_fetched_at_the_start_and_not_for_every_client(rig):
    provider = rig.keep(Provider(key_set(jwk("ES256", "k1"))))
    one = gateway(rig, provider.url)
    for index in range(20):
        admitted(rig, one, 4, f"c{index}", username="u", password=token(kid="k1").encode())
    assert provider.requests == 1


def test_a_client_that_comes_before_the_keys_waits_for_them(rig):
    """The very first connections after the start, while the fetch is under way."""
    provider = rig.keep(Provider(key_set(jwk("ES256", "k1"))))
    one = gateway(rig, provider.url, wait=True)
    admitted(rig, one, username="u", password=token(kid="k1").encode())


def test_rotation_under_load(rig):
    """A new kid in 200 tokens at once: one fetch, everybody is let in, old keys of the set go on."""
    provider = rig.keep(Provider(key_set(jwk("ES256", "k1"))))
    one = gateway(rig, provider.url)
    admitted(rig, one, username="u", password=token(kid="k1").encode())
    _wait_for_floor()
    before = provider.requests
    provider.body = key_set(jwk("ES256", "k1"), jwk("EdDSA", "k2"))
    texts = [token("EdDSA", kid="k2") if index % 2 else token(kid="k1") for index in range(200)]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        results = list(pool.map(lambda pair: accepted(rig, one, pair[1], f"c{pair[0]}"), enumerate(texts)))
    assert all(results), f"{results.count(False)} of 200 were refused"
    assert provider.requests == before + 1


def _wait_for_floor():
    """Between two fetches pass 10 s at least: waits until an unknown kid is worth one again."""
    end = time.monotonic() + 10.5
    eventually(lambda: time.monotonic() >= end, "the floor of 10 s", timeout=20)


def test_unknown_kids_do_not_hammer_the_provider(rig):
    """Whatever tokens clients bring, the next fetch waits for the floor."""
    provider = rig.keep(Provider(key_set(jwk("ES256", "k1"))))
    one = gateway(rig, provider.url)
    admitted(rig, one, username="u", password=token(kid="k1").encode())
    for index in range(50):
        expect_refused(rig, one, "token_refused", username="u", password=token(kid=f"x{index}").encode())
    assert provider.requests <= 2


def test_old_keys_work_while_the_address_is_down(rig):
    provider = Provider(key_set(jwk("ES256", "k1")))
    one = gateway(rig, provider.url, "auth_jwt_jwks_refresh 10s;")
    admitted(rig, one, username="u", password=token(kid="k1").encode())
    provider.close()
    eventually(lambda: "stay in use" in one.output(), "a line about the failed fetch", timeout=30)
    admitted(rig, one, username="u", password=token(kid="k1").encode())
    assert one.output().count("stay in use") == 1
    again = rig.keep(Provider(key_set(jwk("ES256", "k1")), provider.port))
    eventually(lambda: "is available again" in one.output(), "a line that it is back", timeout=60)
    assert again.requests >= 1


@pytest.mark.parametrize("version", [4, 5])
def test_down_at_the_start(rig, version):
    """Nobody can be verified: server unavailable, so that clients try again; then it comes up."""
    port = free_port()
    one = gateway(rig, f"http://127.0.0.1:{port}/jwks.json")
    expect_refused(rig, one, "auth_unavailable", version, username="u", password=token(kid="k1").encode())
    rig.keep(Provider(key_set(jwk("ES256", "k1")), port))
    eventually(lambda: accepted(rig, one, token(kid="k1")), "the keys", timeout=40)


@pytest.mark.parametrize(
    "body, status",
    [("{", 200), ('{"keys":[]}', 200), ("<html>", 200), (key_set(jwk("ES256", "k1")), 500), ("x" * 2_000_000, 200)],
    ids=["broken", "empty", "HTML", "status 500", "2 MB"],
)
def test_an_answer_that_is_no_key_set(rig, body, status):
    provider = rig.keep(Provider(body))
    provider.status = status
    one = gateway(rig, provider.url)
    eventually(lambda: f"auth_jwt_jwks_url {provider.url}" in one.output(), "a line about the answer")
    expect_refused(rig, one, "auth_unavailable", username="u", password=token(kid="k1").encode())


def test_an_address_that_never_answers_is_given_up(rig):
    silent = socket.create_server(("127.0.0.1", 0))
    one = gateway(rig, f"http://127.0.0.1:{silent.getsockname()[1]}/", "auth_timeout 500ms;")
    expect_refused(rig, one, "auth_timeout", 5, username="u", password=token(kid="k1").encode())
    silent.close()


@pytest.mark.parametrize("is_trusted", [True, False], ids=["trusted", "not trusted"])
def test_https(rig, is_trusted):
    """auth_trusted_certificate says who may speak for the provider; without it nobody here can."""
    provider = rig.keep(Provider(key_set(jwk("ES256", "k1")), certificate=rig.certificate))
    trust = f"auth_trusted_certificate {rig.certificate.authority};" if is_trusted else ""
    one = gateway(rig, provider.url, trust)
    options = {"username": "u", "password": token(kid="k1").encode()}
    if is_trusted:
        admitted(rig, one, **options)
        assert provider.requests == 1
    else:
        expect_refused(rig, one, "auth_unavailable", **options)
        assert provider.requests == 0


def test_https_for_another_name(rig):
    """The provider's certificate must be for the host of the address."""
    other = rig.authority.issue("elsewhere", "DNS:elsewhere.example")
    provider = rig.keep(Provider(key_set(jwk("ES256", "k1")), certificate=other))
    one = gateway(rig, provider.url, f"auth_trusted_certificate {rig.certificate.authority};")
    expect_refused(rig, one, "auth_unavailable", username="u", password=token(kid="k1").encode())
    assert provider.requests == 0


def test_a_redirect_is_not_followed(rig):
    """Nor to a file: who answers for the address decides nothing about others."""
    real = rig.keep(Provider(key_set(jwk("ES256", "k1"))))
    provider = rig.keep(Provider(""))
    provider.status, provider.location = 302, real.url
    one = gateway(rig, provider.url)
    expect_refused(rig, one, "auth_unavailable", username="u", password=token(kid="k1").encode())
    assert provider.requests >= 1 and real.requests == 0
