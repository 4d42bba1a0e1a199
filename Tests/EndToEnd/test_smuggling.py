"""Requests whose end two parties could see in different places: each is refused or ends its connection, and what follows it is
never answered as a request. A front that disagrees with the gateway would otherwise hand one client's answer to another."""

import pytest

from website import Website, expect_kept, get

HIDDEN = get("/hidden")
LENGTH = f"Content-Length: {len(HIDDEN)}"
CHUNKED = "Transfer-Encoding: chunked"


def post(*lines, http="HTTP/1.1"):
    return get("/", *lines, method="POST", http=http)


def raw(text):
    return text.encode("latin-1")


CASES = {
    # Where the content ends
    "both lengths": (400, post(LENGTH, CHUNKED) + b"0\r\n\r\n"),
    "both lengths, the other way round": (400, post(CHUNKED, LENGTH) + b"0\r\n\r\n"),
    "a length and a coding nobody knows": (400, post(LENGTH, "Transfer-Encoding: x")),
    "the same length twice": (400, post(LENGTH, LENGTH)),
    "the same length twice in a list": (400, post(f"{LENGTH}, {len(HIDDEN)}")),
    "a length in hexadecimal": (400, post("Content-Length: 0x10")),
    "a negative length": (400, post("Content-Length: -1")),
    "no length": (400, post("Content-Length:")),
    "a length and a parameter": (400, post(f"{LENGTH};x")),
    "a length with a space inside": (400, post("Content-Length: 1 0")),
    "a length with a NUL": (400, post(LENGTH + "\0")),
    "a length with a vertical tab": (400, post("Content-Length: \v5")),
    "a length of GET": (400, get("/", LENGTH)),
    "a length of HEAD": (400, get("/", LENGTH, method="HEAD")),
    "a coding with a vertical tab": (400, post("Transfer-Encoding: \vchunked")),
    "a coding of 1.0": (400, post(CHUNKED, "Connection: keep-alive", http="HTTP/1.0")),
    "two codings": (405, post("Transfer-Encoding: chunked, identity")),
    "two fields of codings": (405, post(CHUNKED, "Transfer-Encoding: identity")),
    "chunked in quotes": (405, post('Transfer-Encoding: "chunked"')),
    "an empty coding": (405, post("Transfer-Encoding:")),
    "a chunk size with a sign": (405, post(CHUNKED) + b"+0\r\n\r\n"),
    "a negative chunk size": (405, post(CHUNKED) + b"-1\r\n"),
    "a chunk size with a prefix": (405, post(CHUNKED) + b"0x0\r\n\r\n"),
    "a chunk size too large": (405, post(CHUNKED) + b"ffffffffffffffff0\r\n\r\n"),
    "no chunk size": (405, post(CHUNKED) + b"\r\n\r\n"),
    "a chunk size with a bare LF": (405, post(CHUNKED) + b"0\n\n"),
    "a chunk extension with a bare LF": (405, post(CHUNKED) + b"0;a\nb\r\n\r\n"),
    "a trailer that looks like a request": (405, post(CHUNKED) + b"0\r\n"),
    # Where a line, a name or a value ends
    "bare LF": (400, b"GET / HTTP/1.1\nHost: localhost\n\n"),
    "bare LF after a field": (400, raw(f"POST / HTTP/1.1\r\nHost: localhost\r\nX: a\n{LENGTH}\r\n\r\n")),
    "bare LF before the end": (400, raw("POST / HTTP/1.1\r\nHost: localhost\r\n\n")),
    "bare CR in a value": (400, raw(f"POST / HTTP/1.1\r\nHost: localhost\r\nX: a\r{LENGTH}\r\n\r\n")),
    "a folded field": (400, post("X: a", f" {LENGTH}")),
    "a folded coding": (400, post("Transfer-Encoding:", " chunked")),
    "a folded first field": (400, raw(f"POST / HTTP/1.1\r\n {LENGTH}\r\nHost: localhost\r\n\r\n")),
    "a space before the colon": (400, post(f"Content-Length : {len(HIDDEN)}")),
    "a tab before the colon": (400, post("Transfer-Encoding\t: chunked")),
    "a name with a NUL": (400, post("Content\0-Length: 5")),
    "a name in UTF-8": (400, post("Cont\u00ebnt-Length: 5")),
    "no name": (400, post(": 5")),
    "no colon": (400, post("Content-Length 5")),
    "a NUL in a value": (400, post("X: a\0b")),
    # The request line
    "two spaces": (400, raw("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    "a tab for a space": (400, raw("GET\t/\tHTTP/1.1\r\nHost: localhost\r\n\r\n")),
    "a space in the target": (400, raw("GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    "a version in lower case": (400, raw("GET / http/1.1\r\nHost: localhost\r\n\r\n")),
    "no version": (400, raw("GET /\r\n\r\n")),
    "two versions": (400, raw("GET / HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    "version 1.10": (400, raw("GET / HTTP/1.10\r\nHost: localhost\r\n\r\n")),
    "two hosts": (400, get("/", "Host: localhost")),
    "a host with a comma": (400, get("/", host="localhost, other")),
    "a host with a path": (400, get("/", host="localhost/x")),
    "no host": (400, raw("GET / HTTP/1.1\r\n\r\n")),
}


@pytest.mark.parametrize("name", CASES)
def test_what_follows_is_not_answered(rig, name):
    status, data = CASES[name]
    site = Website(rig)
    peer = site.peer()
    expect_kept(peer)
    peer.send(data + HIDDEN + HIDDEN)
    response = peer.response(is_head=data.startswith(b"HEAD"))
    assert (response.status, response["Connection"]) == (status, "close"), response
    peer.expect_end()
    assert [line[1] for line in site.log(2)] == [200, status]
    assert "hidden" not in site.gateway.output()


CODINGS = {
    "an underscore": "Transfer_Encoding: chunked",
    "a letter that looks the same": "Tr\u00e0nsfer-Encoding: chunked",
    "a prefix": "X-Transfer-Encoding: chunked",
}


@pytest.mark.parametrize("name", CODINGS)
def test_content_of_other_fields_is_no_content(rig, name):
    """Such a request has no content, and what another party takes for its content is no request."""
    site = Website(rig)
    peer = site.peer()
    peer.send(get("/", CODINGS[name], method="POST") + f"{len(HIDDEN):x}\r\n".encode() + HIDDEN + b"\r\n0\r\n\r\n")
    statuses = [peer.response().status]
    if statuses == [405]:
        statuses.append(peer.response().status)
    assert statuses[-1] == 400
    peer.expect_end()
    assert "hidden" not in site.gateway.output()
