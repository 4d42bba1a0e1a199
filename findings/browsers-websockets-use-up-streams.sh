#!/usr/bin/env bash
# Chromium 156 and Firefox ESR 153 (Debian 12), WebSockets over HTTP/2 (RFC 8441): all of an origin share one connection.
# When as many are open as the server's SETTINGS_MAX_CONCURRENT_STREAMS, the next WebSocket waits without an event, and so
# does every request of the page, pictures and fetch() alike; there is no second connection. When one closes, they go on.
# A server with few streams a connection makes pages hang that open many WebSockets: it should allow far more of them.
#
# Seen on 2026-11-28:
#   chromium, 3 of 3 streams are WebSockets, 4 s later: fourth CONNECTING, fetch pending
#   chromium, after two were closed: fourth OPEN, fetch done
#   chromium, connections that carry WebSockets: 1
#   … and the same of firefox
. "$(dirname "$0")/lib.sh"

browsers chromium=156.0.8078.108-1~deb12u1 firefox-esr=153.8.0esr-1~deb12u1
python - <<'PYTHON'
import contextlib
from h2.exceptions import StreamClosedError
from browsers import *

PAGE = """
const later = seconds => new Promise(done => setTimeout(done, 1000 * seconds))
const socket = () => new WebSocket('wss://' + location.host + '/mqtt', 'mqtt')
const open = one => new Promise(done => one.onopen = done)
async function run() {
  const three = []
  for (let count = 0; count < 3; count++) { three.push(socket()); await open(three[count]) }
  const fourth = socket()
  let fetched = 'pending'
  await later(0.5)
  const answer = fetch('/more').then(() => fetched = 'done')
  await later(4)
  const waiting = [fourth.readyState, fetched]
  three[0].close()
  await open(fourth)
  three[1].close()
  await answer
  say([...waiting, fourth.readyState, fetched])
}
run()
"""


def answer_close(server, stream):
    server.send_data(stream, frame(CLOSE, (1000).to_bytes(2, "big")), end_stream=True)
    with contextlib.suppress(StreamClosedError):  # Chromium has ended its side; Firefox never does
        server.reset_stream(stream, 0)


for name in ("chromium", "firefox"):
    site = Site(PAGE, opened, answer_close, streams=3)
    with Browser(name, site.url):
        before, fetch_before, then, fetch_then = site.hears()
    states = ["CONNECTING", "OPEN"]
    carriers = {number for number, what, _ in site.notes if what == "CONNECT websocket"}
    for label, state, fetched, expected in (
        ("3 of 3 streams are WebSockets, 4 s later", before, fetch_before, "fourth CONNECTING, fetch pending"),
        ("after two were closed", then, fetch_then, "fourth OPEN, fetch done"),
    ):
        saw(f"{name}, {label}", f"fourth {states[state]}, fetch {fetched}", expected)
    saw(f"{name}, connections that carry WebSockets", len(carriers), 1)
PYTHON
