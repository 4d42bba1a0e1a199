#!/usr/bin/env bash
# Chromium 156 and Firefox ESR 153 (Debian 12): a page's first WebSocket to a server that speaks HTTP/2 with WebSockets
# (RFC 8441) and to which there is no connection yet. Chromium offers http/1.1 alone in ALPN; Firefox offers h2, opens an
# HTTP/2 connection for the WebSocket alone, and sends its extended CONNECT there.
# So a server with RFC 8441 has to keep HTTP/1.1 on the same port, and has both kinds of sessions from like pages.
#
# Seen on 2026-11-28:
#   chromium: http/1.1, GET
#   firefox: h2, CONNECT websocket
. "$(dirname "$0")/lib.sh"

browsers chromium=156.0.8078.108-1~deb12u1 firefox-esr=153.8.0esr-1~deb12u1
python - <<'PYTHON'
import time
from browsers import *

for name, expected in (("chromium", "http/1.1, GET"), ("firefox", "h2, CONNECT websocket")):
    broker = Site("", opened)
    site = Site(f"new WebSocket('wss://127.0.0.1:{broker.port}/mqtt', 'mqtt'); say('made')")
    with Browser(name, site.url):
        site.hears()
        time.sleep(5)
    saw(name, ", ".join(what for _, what, _ in broker.notes[:2]), expected)
PYTHON
