"""HTTP/2 connections of before a reload: what they carry goes on, and what is new goes elsewhere."""

import time

import fakebroker
import h2client
from h2client import Site
from harness import eventually
from reloads import descriptors, reload


def test_an_old_connection_takes_no_later_streams(rig):
    """It is told so at once; a request that was on its way is served, and a later one, which would be served by the settings of
    before, is not: nobody keeps a door open that was closed since."""
    site = Site(rig, fakebroker.echo)
    client = site.client()
    first = client.mqtt("first")
    reload(site.gateway, site.gateway.config.replace("location /mqtt {", "location /moved {"))
    client.until(lambda: client.goaways == [(h2client.EVERY_STREAM, 0)], "the announcement, without a request")
    begun = time.monotonic()
    client.mqtt("on-its-way")

    def has_passed():
        first.echo()
        return time.monotonic() > begun + 1.2

    eventually(has_passed, "a time in which all that was on its way has come")
    late = client.websocket()
    late.wait(lambda one: one.reset is not None, "the refusal")
    assert late.reset == 7 and not late.fields  # REFUSED_STREAM: the client may send it again elsewhere
    first.echo()
    assert site.client().get("/mqtt").status == 404


def test_an_old_connection_without_streams(rig):
    """A request that comes too late there is refused, and the connection closed."""
    site = Site(rig, fakebroker.echo, server='location /a { return 200 "a"; }')
    client, other = site.client(), site.client()
    assert client.get("/a").status == 200
    session = other.mqtt("clock")
    reload(site.gateway)
    client.until(lambda: client.goaways == [(h2client.EVERY_STREAM, 0)], "the announcement")
    begun = time.monotonic()

    def has_passed():
        session.echo()
        return time.monotonic() > begun + 1.2

    eventually(has_passed, "a time in which all that was on its way has come")
    late = client.request("/a")
    assert client.ended()[1] == 0
    assert not late.fields


class Reloading:
    """A TLS context with a reload before the handshake, once the gateway has taken the connection."""

    def __init__(self, site):
        self._site = site
        self._context = h2client.context(site.rig.certificate)
        self._before = descriptors(site.gateway)

    def wrap_socket(self, *arguments, **options):
        eventually(lambda: descriptors(self._site.gateway) > self._before, "the connection")
        reload(self._site.gateway)
        return self._context.wrap_socket(*arguments, **options)


def test_a_connection_that_was_no_http2_yet(rig):
    """It is told with its first stream."""
    site = Site(rig, fakebroker.echo)
    client = site.client(context=Reloading(site))
    client.mqtt("first").echo()
    client.until(lambda: client.goaways == [(h2client.EVERY_STREAM, 0)], "the announcement")
