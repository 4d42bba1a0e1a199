#!/usr/bin/env bash
# Firefox ESR 153 (Debian 12), a WebSocket over HTTP/2 (RFC 8441) that the server refuses with 403: if the answer has a
# content-type field, Firefox gives up the whole connection (GOAWAY, then it closes it), and with it what it would have
# carried next; without that field it goes on with it. The body makes no difference.
# A server that refuses WebSockets over HTTP/2 does well to send no content-type, which error pages have by habit.
#
# Seen on 2026-11-28:
#   403 with content-type, the page: 1006
#   403 with content-type: the connection is given up
#   403 without, the page: 1006
#   403 without: the connection goes on
. "$(dirname "$0")/lib.sh"

browsers firefox-esr=153.8.0esr-1~deb12u1
python - <<'PYTHON'
import time
from browsers import *

PAGE = """
const socket = new WebSocket('wss://' + location.host + '/mqtt', 'mqtt')
socket.onclose = event => setTimeout(() => say(event.code), 1000)
"""


def refusal(*fields):
    def answer(server, stream):
        server.send_headers(stream, [(":status", "403"), *fields])
        server.send_data(stream, b"no", end_stream=True)

    return answer


for label, answer, expected in (
    ("403 with content-type", refusal(("content-type", "text/plain")), "the connection is given up"),
    ("403 without", refusal(), "the connection goes on"),
):
    site = Site(PAGE, answer)
    with Browser("firefox", site.url):
        saw(f"{label}, the page", site.hears(), 1006)
        time.sleep(1)
        notes = list(site.notes)
    connection = next(number for number, what, _ in notes if what == "CONNECT websocket")
    ended = (connection, "ConnectionTerminated", 0) in notes or (connection, "end", 0) in notes
    saw(label, "the connection is given up" if ended else "the connection goes on", expected)
PYTHON
