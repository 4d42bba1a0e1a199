"""A terminal for programs with a screen: a pseudo-terminal, and pyte for what would be seen on it."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios

import pyte

import harness
from harness import eventually

KEYS = {
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "page up": "\x1b[5~", "page down": "\x1b[6~", "enter": "\r", "escape": "\x1b", "backspace": "\x7f", "^C": "\x03",
    "^Z": "\x1a",
}  # fmt: skip


class Terminal:
    """A program at a terminal of its own, which controls it as a login's does."""

    def __init__(self, command, *, columns=80, rows=24, env=None):
        self.master, self.slave = pty.openpty()
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.output = b""
        self._resize(columns, rows)
        os.set_blocking(self.master, False)
        self.before = termios.tcgetattr(self.slave)
        self.child = subprocess.Popen(
            list(map(str, command)), stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | (env or {}),
        )  # fmt: skip

    def _resize(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.read()
        self.screen.resize(rows, columns)
        self._resize(columns, rows)

    def read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except (BlockingIOError, OSError):
                return
            self.output += data
            self.stream.feed(data)

    @property
    def lines(self):
        """What is on the screen, without blanks at the ends of lines."""
        self.read()
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines)

    def expect(self, *texts):
        """Waits until all of them are on the screen."""
        eventually(lambda: all(text in self.text for text in texts), lambda: f"{texts} on the screen:\n{self.text}")

    def expect_gone(self, text):
        eventually(lambda: text not in self.text, lambda: f"no {text!r} on the screen:\n{self.text}")

    def expect_output(self, data):
        """Waits for bytes that were sent to the terminal."""
        eventually(lambda: (self.read(), data in self.output)[1], lambda: f"{data!r} in {self.output[-2000:]!r}")

    def press(self, *keys):
        for key in keys:
            os.write(self.master, KEYS.get(key, key).encode())

    def wait(self):
        """The status that the program ended with."""
        eventually(lambda: (self.read(), self.child.poll() is not None)[1], lambda: f"it has not ended:\n{self.text}")
        self.read()
        return self.child.returncode

    @property
    def is_as_before(self):
        """Settings, screen, cursor and wrapping are what they were."""
        self.read()
        ends = [(b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?7l", b"\x1b[?7h")]
        return termios.tcgetattr(self.slave) == self.before and all(
            self.output.rfind(on) < self.output.rfind(off) or on not in self.output for on, off in ends
        )

    def evidence(self):
        return [("terminal", self.text)]

    def close(self):
        if self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGKILL)
            self.child.wait(harness.DEADLINE)
        os.close(self.master)
        os.close(self.slave)
