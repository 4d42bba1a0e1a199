"""A client library in a process of its own, driven by lines of JSON: the test's side of `clients/driver.py`."""

import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import threading
import time

import harness
from harness import DEADLINE

DRIVERS = pathlib.Path(__file__).resolve().parent / "clients"

sys.path.append(str(DRIVERS))
from driver import digest, pattern  # noqa: E402, F401 (the same bytes as the drivers make)


class Driven:
    """A driver that runs. Events come as dictionaries with the key `event`."""

    def __init__(self, command, log, env=None):
        # A session of its own: a driver of command line tools has children, which end with it.
        self.process = harness.Process(
            command, log, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, merge=False, start_new_session=True
        )
        self._events = queue.Queue()
        self._kept = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.child.stdout:
            self._events.put(json.loads(line))
        self._events.put({"event": "exit"})

    def command(self, name, **arguments):
        line = json.dumps({"command": name, **arguments}) + "\n"
        self.process.child.stdin.write(line.encode())
        self.process.child.stdin.flush()

    def event(self, *names, timeout=DEADLINE):
        """Waits for the next event with one of these names; others are kept for later."""
        event = self.nothing(*names, timeout=timeout)
        if event is None:
            raise AssertionError(f"no event {' or '.join(names)}; there were {self.seen()}")
        return event

    def nothing(self, *names, timeout):
        """Waits that long for none of these events to come: returns None, or the one that came."""
        for index, kept in enumerate(self._kept):
            if kept["event"] in names:
                return self._kept.pop(index)
        end = time.monotonic() + timeout
        while True:
            try:
                event = self._events.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                return None
            if event["event"] in names:
                return event
            self._kept.append(event)
            if event["event"] == "exit":
                raise AssertionError(f"the client ended; there were {self.seen()}: {self.process.output()[-2000:]}")

    def seen(self):
        """Names of the events that nobody has waited for, and what they say."""
        while not self._events.empty():
            self._kept.append(self._events.get())
        return [{key: value for key, value in one.items() if key != "text"} for one in self._kept]

    def subscribe(self, topic, qos=0):
        """Returns what the library says of it."""
        self.command("subscribe", topic=topic, options={"qos": qos})
        return self.event("subscribed")

    def message(self, timeout=DEADLINE):
        return self.event("message", timeout=timeout)

    def end(self):
        """DISCONNECT, and the end of the process."""
        self.command("end")
        self.event("ended")
        assert self.process.wait() == 0

    def kill(self):
        """kill -9: the kernel closes its sockets."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.kill()

    def close(self):
        self.kill()

    def evidence(self):
        return [("client", self.process.output())]
