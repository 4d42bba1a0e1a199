#!/usr/bin/env bash
# Firefox ESR 153 (Debian 12), a WebSocket over HTTP/2 (RFC 8441) that the server closes: after the server's Close, its own
# Close and the server's END_STREAM, it sends neither END_STREAM nor RST_STREAM. The page has had its close event, the
# stream is half closed for the server, for as long as the connection lives. Chromium 156 ends its side.
# A server or proxy that counts such streams refuses new ones after as many WebSockets as it allows streams. RST_STREAM
# with NO_ERROR after its END_STREAM frees the stream and is a clean close in both.
#
# Seen on 2026-11-28:
#   firefox, the page: code 1000, clean True
#   firefox, after its Close, in 3 s: nothing
#   chromium, the page: code 1000, clean True
#   chromium, after its Close, in 3 s: StreamEnded
. "$(dirname "$0")/lib.sh"

browsers chromium=156.0.8078.108-1~deb12u1 firefox-esr=153.8.0esr-1~deb12u1
python - <<'PYTHON'
import time
from browsers import *

PAGE = """
const socket = new WebSocket('wss://' + location.host + '/mqtt', 'mqtt')
socket.onclose = event => say([event.code, event.wasClean])
"""


def open_and_close(server, stream):
    opened(server, stream)
    server.send_data(stream, frame(CLOSE, (1000).to_bytes(2, "big")))


for name, expected in (("firefox", "nothing"), ("chromium", "StreamEnded")):
    site = Site(PAGE, open_and_close, lambda server, stream: server.end_stream(stream))
    with Browser(name, site.url):
        code, clean = site.hears()
        saw(f"{name}, the page", f"code {code}, clean {clean}", "code 1000, clean True")
        time.sleep(3)
    connection, _, stream = next(note for note in site.notes if note[1] == "Close")
    ends = [what for *where, what, of in site.notes if where == [connection] and of == stream and what.startswith("Stream")]
    saw(f"{name}, after its Close, in 3 s", ", ".join(ends) or "nothing", expected)
PYTHON
