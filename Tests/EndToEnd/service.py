"""What all servers that a test starts have in common: how they are ended, frozen and shown."""

import pathlib
import signal

import harness
from harness import DEADLINE, eventually


class Service:
    """A server on `port` of 127.0.0.1, with its `process` once `start` has run; a subclass says how it starts."""

    kind = "server"
    patience = DEADLINE

    def __init__(self, directory, name):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.port = None
        self.process = None

    @property
    def address(self):
        """As an argument of `server`."""
        return f"127.0.0.1:{self.port}"

    def run(self, command, ready, **options):
        """Starts the process and waits until `ready`; what does not become ready is ended."""
        self.process = harness.Process(command, self.directory / f"{self.name}.log", **options)

        def check():
            assert self.process.is_running, f"{self.kind} ended:\n{self.output()}"
            return ready()

        try:
            eventually(check, lambda: f"{self.kind} started:\n{self.output()}", timeout=self.patience)
        except BaseException:
            self.close()
            raise

    def output(self):
        return self.process.output() if self.process else ""

    def stop(self):
        """An orderly end: clients see an end of file."""
        self.process.signal(signal.SIGTERM)
        self.process.wait(self.patience)

    def kill(self):
        self.process.kill()

    def freeze(self):
        """The kernel still accepts for it, but it answers nothing from here on."""
        freeze(self.process)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def close(self):
        if self.process:
            self.process.kill()

    def evidence(self):
        return [(f"{self.kind} {self.name}", self.output()[-8000:])]


def freeze(process):
    """Stops every thread of a process: the signal stops one after the other, and until then they still work."""
    process.signal(signal.SIGSTOP)
    tasks = pathlib.Path(f"/proc/{process.pid}/task")
    eventually(lambda: all(_state(task) == "T" for task in tasks.iterdir()), f"process {process.pid} stopped")


def _state(task):
    """The letter of a thread's state; one that has ended counts as stopped."""
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "T"
