"""Headless browsers, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/): Firefox itself, Chromium by its driver."""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

from websockets.sync.client import connect

import harness
from harness import DEADLINE, eventually

PROGRAMS = {"chromium": "chromedriver", "firefox": "firefox-esr"}

# What a page is watched for from its first script on.
WATCH = """() => {
    window.troubles = [];
    document.addEventListener("securitypolicyviolation", event =>
        window.troubles.push(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    window.addEventListener("error", event => window.troubles.push(`error: ${event.message}`));
    window.addEventListener("unhandledrejection", event => window.troubles.push(`rejection: ${event.reason}`));
}"""

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Right": "\ue014", "Shift": "\ue008",
        "Backspace": "\ue003", "Space": " ", "End": "\ue010", "Home": "\ue011"}


class Browser:
    """One window. `name` is chromium or firefox; `directory` gets its profile and its output. It trusts the certificate
    `authority`, and with `net_log` writes down what it does on the network: see netlog.py."""

    def __init__(self, name, directory, *, size=(1280, 900), scheme="light", authority=None, net_log=False):
        self.name, self.directory = name, Path(directory)
        self.authority, self.net_log = authority, self.directory / "net.log" if net_log else None
        self.messages = []  # of the console: warnings and errors
        self._number = 0
        self._stack = contextlib.ExitStack()
        program = shutil.which(PROGRAMS[name])
        assert program, f"{PROGRAMS[name]} is not installed"
        getattr(self, f"_start_{name}")(program, scheme)
        self.call("session.subscribe", events=["log.entryAdded"])
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]
        self.call("script.addPreloadScript", functionDeclaration=WATCH)
        self.renew(*size)

    def _start_firefox(self, program, scheme):
        profile = self.directory / "profile"
        self._trust(profile)
        override = {"dark": 0, "light": 1}[scheme]
        (profile / "user.js").write_text(
            f'user_pref("layout.css.prefers-color-scheme.content-override", {override});\n'
            'user_pref("browser.shell.checkDefaultBrowser", false);\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
            'user_pref("network.captive-portal-service.enabled", false);\nuser_pref("app.normandy.enabled", false);\n'
        )
        command = [program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"]
        log = {"MOZ_LOG": "timestamp,sync,nsHttp:5,nsWebSocket:4", "MOZ_LOG_FILE": str(self.net_log)} if self.net_log else {}
        self._run(command, log)
        found = self._printed(r"WebDriver BiDi listening on (ws://\S+)")
        self._connect(f"{found}/session")
        self.call("session.new", capabilities={})

    def _start_chromium(self, program, scheme):
        self._trust(self.directory / ".pki/nssdb")
        self._run([program, "--port=0"], {"HOME": str(self.directory)})
        port = self._printed(r"started successfully on port (\d+)")
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                     f"--user-data-dir={self.directory / 'profile'}", "--disable-background-networking"]
        if self.net_log:
            arguments += [f"--log-net-log={self.net_log}", "--net-log-capture-mode=IncludeSensitive"]
        if scheme == "dark":
            arguments.append("--force-dark-mode")
        wanted = {"webSocketUrl": True, "browserName": "chrome", "goog:chromeOptions": {"args": arguments}}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/session", json.dumps({"capabilities": {"alwaysMatch": wanted}}).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60 * harness.PATIENCE) as answer:
            session = json.load(answer)["value"]
        self.session = f"http://127.0.0.1:{port}/session/{session['sessionId']}"
        self._connect(session["capabilities"]["webSocketUrl"])

    def _connect(self, url):
        self.socket = self._stack.enter_context(connect(url, max_size=None, compression=None, proxy=None))

    def _trust(self, folder):
        """A new folder with the certificates that the browser trusts beside its own."""
        folder.mkdir(parents=True)
        if self.authority:
            add = ["-A", "-n", "authority of the test", "-t", "C,,", "-i", self.authority]
            for command in (["-N", "--empty-password"], add):
                subprocess.run(["certutil", "-d", f"sql:{folder}", *command], check=True, capture_output=True)

    def _run(self, command, environment={}):
        self.process = harness.Process(command, self.directory / "browser.log", start_new_session=True,
                                       env={**os.environ, **environment})

    def _printed(self, pattern):
        found = eventually(lambda: re.search(pattern, self.process.output()), lambda: f"the start of {self.name}: {self.process.output()}",
                           timeout=DEADLINE * 6)
        return found.group(1)

    def close(self):
        try:
            if self.name == "chromium":
                urllib.request.urlopen(urllib.request.Request(self.session, method="DELETE"), timeout=DEADLINE).close()
            else:
                self.call("browser.close")
            self._stack.close()
        except Exception:  # it may be over already; what remains is ended below
            pass
        if self.process.is_running:
            self.process.signal(signal.SIGTERM)
        try:
            self.process.wait()
        finally:
            self.process.kill()

    # Commands

    def call(self, method, **parameters):
        self._number += 1
        number = self._number
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=DEADLINE * 3))
            if message.get("type") == "event":
                entry = message["params"]
                if entry.get("level") in ("warn", "error"):
                    self.messages.append(entry.get("text"))
            elif message.get("id") == number:
                if message["type"] == "error":
                    raise AssertionError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]

    def open(self, url):
        self.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def renew(self, width=1280, height=900):
        """Another tab in the place of the one that was used. It has the focus, without which no key activates a button:
        Firefox gives it neither to its first page nor to one that is opened in the same tab."""
        old, self.context = self.context, self.call("browsingContext.create", type="tab")["context"]
        self.call("browsingContext.close", context=old)
        self.messages.clear()
        self.resize(width, height)

    def js(self, expression):
        """The value of an expression, which may be a promise; through JSON."""
        answer = self.call("script.evaluate", expression=f"(async () => JSON.stringify(await ({expression})) ?? 'null')()",
                           target={"context": self.context}, awaitPromise=True)
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def until(self, expression, timeout=DEADLINE * 2):
        """Waits until an expression is true in the page; returns its value."""
        return eventually(lambda: self.js(expression), lambda: f"{expression}; the page says:\n{self.text()[:3000]}\n{self.troubles()}",
                          timeout=timeout, interval=0.05)

    def text(self, selector="body"):
        return self.js(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def resize(self, width, height, ratio=1):
        self.call("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height}, devicePixelRatio=ratio)

    def screenshot(self, path, whole=False):
        answer = self.call("browsingContext.captureScreenshot", context=self.context, origin="document" if whole else "viewport")
        Path(path).write_bytes(base64.b64decode(answer["data"]))

    def keys(self, *names):
        """Presses keys one after the other: names of KEYS, or characters. "Shift+Tab" holds Shift."""
        actions = []
        for name in names:
            held = [KEYS["Shift"]] if name.startswith("Shift+") else []
            key = KEYS.get(name.removeprefix("Shift+"), name)
            actions += [{"type": "keyDown", "value": one} for one in [*held, key]]
            actions += [{"type": "keyUp", "value": one} for one in [key, *held]]
        self.call("input.performActions", context=self.context, actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def type(self, text):
        self.keys(*text)

    def move(self, selector, x=0.5, y=0.5, click=False):
        """Moves the pointer over an element, and clicks."""
        box = self.js(f"(element => {{ element.scrollIntoView({{block: 'nearest'}}); return element.getBoundingClientRect() }})"
                      f"(document.querySelector({json.dumps(selector)}))")
        actions = [{"type": "pointerMove", "x": int(box["x"] + box["width"] * x), "y": int(box["y"] + box["height"] * y)}]
        if click:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.call("input.performActions", context=self.context, actions=[
            {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}])

    def click(self, selector):
        self.move(selector, click=True)

    def troubles(self):
        """Violations of the policy, errors of scripts, and what the console warns of."""
        return self.js("window.troubles") + self.messages
