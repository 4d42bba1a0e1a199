"""What a browser's own log of its network says about WebSockets over HTTP/2."""

import json
import re
from pathlib import Path


def streams(browser):
    """The extended CONNECTs (RFC 8441) that a browser with `net_log` sent, as (connection, stream); it is closed first,
    as the end of the log is written then."""
    browser.close()
    return _READERS[browser.name](browser.net_log)


def _chromium(path):
    """The log of `--log-net-log`: one line of JSON for each event. The names of events are given by number."""
    text = Path(path).read_text(errors="replace")
    sent = json.loads(re.search(r'"logEventTypes":(\{[^}]*\})', text).group(1))["HTTP2_SESSION_SEND_HEADERS"]
    events = [json.loads(line.rstrip(",]}") + "}") for line in text.splitlines() if ":protocol: websocket" in line]
    return [(event["source"]["id"], event["params"]["stream_id"]) for event in events if event["type"] == sent]


def _firefox(path):
    """The log of `MOZ_LOG=nsHttp:5`."""
    text = Path(f"{path}.moz_log").read_text(errors="replace")
    found = re.findall(r"Http2StreamWebSocket \w+ Stream ID 0x(\w+) \[session=(\w+)\]", text)
    return [(session, int(stream, 16)) for stream, session in found]


_READERS = {"chromium": _chromium, "firefox": _firefox}
