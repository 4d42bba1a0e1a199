"""Clients that come without a pause while something changes, each with one request on a connection of its own."""

import collections
import errno
import socket
import threading

from bytepeer import request
from harness import DEADLINE

# What connect(2) says of an address that nobody listens on.
_NOT_THERE = (errno.ECONNREFUSED, errno.ENOENT)


class Callers:
    """`count` threads that call `address` until `close`. Counted in `results`: "answered"; "refused" when the connection
    was never made; "lost" when it was, and got no answer."""

    def __init__(self, address, *, count=4):
        self.address = address
        self.results = collections.Counter()
        self.faults = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._stop.is_set():
            result, fault = self._call()
            self.results[result] += 1
            if fault:
                self.faults.append(fault)

    def _call(self):
        is_unix = isinstance(self.address, str)
        with socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET) as connection:
            connection.settimeout(DEADLINE)
            try:
                connection.connect(self.address)
            except OSError as error:
                return ("refused", None) if error.errno in _NOT_THERE else ("lost", repr(error))
            try:
                connection.sendall(request(extra=("Connection: close",), drop=("Connection", "Upgrade")))
                answer = connection.recv(4096)
            except OSError as error:
                return "lost", repr(error)
            return ("answered", None) if answer.startswith(b"HTTP/1.1 ") else ("lost", f"{answer!r}")

    def close(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.results
