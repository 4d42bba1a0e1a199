"""Who is allowed to use the operator's side: addresses, Host, Origin, tokens and passwords, by real requests."""

import base64
import http.client
import subprocess

import pytest

from harness import BINARY, DEADLINE, eventually, free_port

TOKEN = "0123456789abcdef0123"
REFUSED = {401, 403, 405, 421, 429}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def basic(username, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


@pytest.fixture
def operators(rig):
    """A password file as `sluice passwd` makes it: alice, with the password "secret"."""
    path = rig.path("files") / "operators"
    command = [BINARY, "passwd", "-c", path, "alice"]
    subprocess.run(command, input="secret\n", text=True, check=True, timeout=DEADLINE)
    return path


def start(rig, api="api write=on;", server="", formats=""):
    port = free_port()
    path = rig.path("tokens") / "tokens"
    path.write_text(f"# of the test\n{TOKEN}\n")
    main = f"""
    {formats}
    server {{
        listen 127.0.0.1:{port};
        server_name ops.example.com *.ops.example.net;
        api_token_file {path};
        {server}
        location = /metrics {{ metrics; }}
        location /api/ {{ {api} }}
        location / {{ dashboard; }}
    }}
    """
    gateway = rig.gateway([rig.fake()], main=main)
    gateway.token_path = path
    return gateway, port


def ask(port, method="GET", path="/api/status", host=None, **fields):
    """The answer to one request."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    client.putrequest(method, path, skip_host=True)
    for name, value in ({"Host": host or f"127.0.0.1:{port}"} | fields).items():
        client.putheader(name.replace("_", "-"), value)
    client.endheaders()
    response = client.getresponse()
    response.content = response.read()
    client.close()
    return response


def is_admitted(*arguments, **fields):
    return ask(*arguments, **fields).status not in REFUSED


@pytest.mark.parametrize("host", ["localhost", "[::1]:1", "192.0.2.1", "ops.example.com", "a.b.ops.example.net:99"])
def test_own_names(rig, host):
    _, port = start(rig)
    for path in ("/metrics", "/api/status", "/"):
        assert is_admitted(port, path=path, host=host)


@pytest.mark.parametrize("host", ["evil.example", "ops.example.net", "localhost.evil.example", "0x7f.1"])
def test_rebound_names(rig, host):
    """DNS rebinding: a page of evil.example whose name now leads to 127.0.0.1 sends its own name."""
    gateway, port = start(rig)
    for path in ("/metrics", "/api/status", "/"):
        answer = ask(port, path=path, host=host, **BEARER)
        assert (answer.status, b"server_name" in answer.content) == (421, True)
    assert "operator's side: refused, 421, client 127.0.0.1" in gateway.output()


def test_changes_need_a_token_and_our_own_origin(rig):
    _, port = start(rig)
    path = "/api/connections/0123456789abcdef"
    answer = ask(port, "DELETE", path)
    assert (answer.status, answer.getheader("WWW-Authenticate")) == (401, 'Bearer realm="Sluice"')
    assert ask(port, "DELETE", path, Authorization="Bearer 0123456789abcdef0124").status == 401
    assert is_admitted(port, "DELETE", path, **BEARER)
    assert is_admitted(port, "DELETE", path, Origin=f"http://127.0.0.1:{port}", **BEARER)
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{port + 1}", f"https://127.0.0.1:{port}"):
        assert ask(port, "DELETE", path, Origin=origin, **BEARER).status == 403
    assert ask(port, "DELETE", path, Sec_Fetch_Site="cross-site", **BEARER).status == 403


def test_an_api_that_only_reads(rig):
    _, port = start(rig, api="api;")
    assert is_admitted(port)
    assert ask(port, "POST", "/api/reload", Content_Length="0", **BEARER).status == 403
    answer = ask(port, "POST", "/metrics", Content_Length="0")
    assert (answer.status, answer.getheader("Allow")) == (405, "GET, HEAD")


def test_password_or_token(rig, operators):
    gateway, port = start(rig, server=f'auth_basic "Our \\"gateway\\""; auth_basic_user_file {operators};')
    answer = ask(port)
    assert answer.status == 401
    challenges = answer.headers.get_all("WWW-Authenticate")
    assert challenges[0] == r'Basic realm="Our \"gateway\"", charset="UTF-8"' and challenges[1].startswith("Bearer ")
    assert is_admitted(port, **basic("alice", "secret"))
    assert is_admitted(port, "DELETE", "/api/connections/0", **basic("alice", "secret"))
    assert is_admitted(port, **BEARER)
    assert ask(port, **basic("alice", "Secret")).status == 401
    assert ask(port, **basic("bob", "secret")).status == 401
    output = gateway.output()
    assert "refused, user alice, client 127.0.0.1, wrong password" in output and "unknown user" in output
    assert "secret" not in output.replace(str(operators), "") and TOKEN not in output


def test_those_who_guess_wait(rig, operators):
    _, port = start(rig, server=f"auth_basic Sluice; auth_basic_user_file {operators};")
    statuses = [ask(port, **basic("alice", f"guess {number}")).status for number in range(12)]
    assert statuses[:10] == [401] * 10 and 429 in statuses
    answer = ask(port, **basic("alice", "secret"))
    assert answer.status == 429 and int(answer.getheader("Retry-After")) in range(1, 6)
    assert is_admitted(port, **BEARER)


def test_a_token_is_revoked(rig):
    gateway, port = start(rig)
    assert is_admitted(port, **BEARER)
    gateway.token_path.write_text("another-token-of-the-test\n")
    eventually(lambda: ask(port, **BEARER).status == 401, "the token is no longer valid")
    assert is_admitted(port, Authorization="Bearer another-token-of-the-test")
    gateway.token_path.write_text("short\n")
    eventually(lambda: "the previous tokens stay in use" in gateway.output(), "the error is logged")
    assert is_admitted(port, Authorization="Bearer another-token-of-the-test")


def test_credentials_are_in_no_log(rig, operators):
    """Not even where a format asks for the field."""
    gateway, port = start(
        rig, server=f"auth_basic Sluice; auth_basic_user_file {operators}; access_log fields.log fields;",
        formats="log_format fields '$uri $http_authorization';",
    )  # fmt: skip
    for credentials in (BEARER, basic("alice", "secret"), basic("alice", "wrong"), {"Authorization": "Bearer wrong-token"}):
        ask(port, **credentials)
    log = gateway.directory / "fields.log"
    eventually(lambda: log.exists() and log.read_text() == "/api/status ***\n" * 4, lambda: log.read_text())
    assert not {"wrong-token", TOKEN, "YWxp"} & set(gateway.output().replace(",", " ").split())
