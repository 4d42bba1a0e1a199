"""`sluice passwd`: what it asks, what it writes, what it refuses, and that nobody ever sees half a file."""

import concurrent.futures
import os
import pty
import resource
import signal
import stat
import subprocess
import termios

import pytest

import harness
from harness import eventually


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def passwd(*arguments, password="geheim\n", **options):
    """Runs it without a terminal."""
    text = password if isinstance(password, bytes) else password.encode()
    return subprocess.run(
        [harness.BINARY, "passwd", *map(str, arguments)], input=text, capture_output=True, timeout=60, **options
    )


def changed(*arguments, **options):
    result = passwd(*arguments, **options)
    assert result.returncode == 0, result.stderr.decode()
    return result


def refused(words, *arguments, status=1, **options):
    """It says why in one line, and never shows the password."""
    result = passwd(*arguments, **options)
    message = result.stderr.decode()
    assert result.returncode == status, message
    assert words in message and "geheim" not in message, message
    return message


def is_right(path, user, password):
    """htpasswd -v reads the file as other servers do."""
    command = ["htpasswd", "-v", "-b", path, user, password]
    return subprocess.run(command, capture_output=True).returncode == 0


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


# What it writes

def test_create_change_add_delete(folder):
    """A new file has mode 0600; every user's line stays where it is."""
    path = folder / "users"
    changed("-c", path, "alice")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    changed(path, "bob", password="b\n")
    first = path.read_text().splitlines()
    assert [line.split(":")[0] for line in first] == ["alice", "bob"]
    changed(path, "alice", password="anders\n")
    second = path.read_text().splitlines()
    assert second[0].startswith("alice:") and second[0] != first[0] and second[1] == first[1]
    assert is_right(path, "alice", "anders") and not is_right(path, "alice", "geheim") and is_right(path, "bob", "b")
    changed("-D", path, "alice", password="")
    assert path.read_text().splitlines() == first[1:]
    assert names(folder) == ["users"]


def test_salts_are_fresh(folder):
    """The same password of two users does not show."""
    path = folder / "users"
    changed("-c", path, "alice")
    changed(path, "bob")
    one, other = (line.split(":")[1] for line in path.read_text().splitlines())
    assert one[:7] == other[:7] == "$2y$10$" and one[7:29] != other[7:29]


@pytest.mark.parametrize("algorithm, prefix", [("bcrypt", "$2y$"), ("sha512", "$6$"), ("yescrypt", "$y$")])
def test_algorithm(folder, algorithm, prefix):
    path = folder / "users"
    changed("-c", "--algorithm", algorithm, path, "alice")
    assert path.read_text().startswith(f"alice:{prefix}")


def test_comments_mode_and_line_ends_stay(folder):
    path = folder / "users"
    path.write_bytes(b"# staff\r\nalice:$2y$05$x:note\r\n\r\n  \r\n# machines\r\nbob:y")
    path.chmod(0o640)
    changed(path, "alice")
    changed(path, "carol")
    lines = path.read_bytes().split(b"\r\n")
    assert lines[0] == b"# staff" and lines[1].startswith(b"alice:$2y$10$") and lines[1].endswith(b":note")
    assert lines[2:6] == [b"", b"  ", b"# machines", b"bob:y"]
    assert lines[6].startswith(b"carol:$2y$") and lines[7:] == [b""]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_owner_stays(folder):
    """A file of the gateway's user that root changes can still be read by that user."""
    path = folder / "users"
    changed("-c", path, "alice")
    owner = (65534, 65534) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(path, *owner)
    changed(path, "bob")
    assert (path.stat().st_uid, path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (*owner, 0o600)


def test_a_link_stays_a_link(folder):
    (folder / "real").mkdir()
    path = folder / "users"
    path.symlink_to("real/users")
    refused("link", path, "alice")
    changed("-c", folder / "real" / "users", "alice")
    changed(path, "bob")
    assert path.is_symlink() and names(folder / "real") == ["users"]
    assert is_right(folder / "real" / "users", "bob", "geheim")


def test_a_relative_path(folder):
    changed("-c", "users", "alice", cwd=folder)
    assert is_right(folder / "users", "alice", "geheim")


def test_many_at_once_lose_nothing(folder):
    """Eight change the file at the same time; who reads it meanwhile sees whole files only."""
    path = folder / "users"
    changed("-c", path, "first")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(changed, path, f"user{index}", password=f"p{index}\n") for index in range(24)]
        while not all(one.done() for one in running):
            text = path.read_text()
            assert text.startswith("first:$2y$") and text.endswith("\n"), "half a file"
            assert all(len(line.split(":")[1]) == 60 for line in text.splitlines()), "half a line"
    for one in running:
        one.result()
    assert sorted(line.split(":")[0] for line in path.read_text().splitlines()) == sorted(
        ["first", *(f"user{index}" for index in range(24))]
    )
    assert all(is_right(path, f"user{index}", f"p{index}") for index in range(24))
    assert names(folder) == ["users"]


def test_only_one_of_many_creates(folder):
    """-c never overwrites what somebody else has created in the meantime."""
    path = folder / "users"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda index: passwd("-c", path, f"user{index}"), range(8)))
    assert [one.returncode for one in results].count(0) == 1, [one.stderr for one in results]
    assert len(path.read_text().splitlines()) == 1 and names(folder) == ["users"]


# What it takes, and refuses

@pytest.mark.parametrize(
    "given, password",
    [
        (b"geheim", "geheim"),
        (b"geheim\n", "geheim"),
        (b"geheim\r\n", "geheim"),
        (b"geheim\nmore\n", "geheim"),
        (b" a b \n", " a b "),
        (b"a:b\n", "a:b"),
        ("pässwörd\n".encode(), "pässwörd"),
        (b"x" * 72 + b"\n", "x" * 72),
    ],
    ids=["no end", "LF", "CRLF", "two lines", "blanks", "colon", "UTF-8", "72 bytes"],
)
def test_standard_input(folder, given, password):
    """One line, without its end, exactly."""
    path = folder / "users"
    changed("-c", path, "alice", password=given)
    assert is_right(path, "alice", password)
    assert not is_right(path, "alice", password[:-1])


@pytest.mark.parametrize(
    "given, words",
    [
        (b"", "no password"),
        (b"\n", "the password is empty"),
        (b"geheim\x00x\n", "NUL"),
        (b"x" * 73 + b"\n", "sha512"),
        (b"x" * 5000 + b"\n", "longer than"),
    ],
    ids=["nothing", "empty", "NUL", "73 bytes", "5000 bytes"],
)
def test_a_password_that_cannot_be(folder, given, words):
    """The file stays as it is."""
    path = folder / "users"
    changed("-c", path, "alice")
    before = path.read_bytes()
    refused(words, path, "alice", password=given)
    assert path.read_bytes() == before and names(folder) == ["users"]


def test_sha512_takes_long_passwords(folder):
    path = folder / "users"
    changed("-c", "--algorithm", "sha512", path, "alice", password="x" * 200 + "\n")
    assert is_right(path, "alice", "x" * 200) and not is_right(path, "alice", "x" * 199)


@pytest.mark.parametrize(
    "user, words",
    [
        ("", "empty"),
        ("a:b", "colon"),
        ("#a", "#"),
        ("a\nroot", "control"),
        ("a\x7f", "control"),
        ("\ufeffa", "order mark"),
    ],
    ids=["empty", "colon", "comment", "new line", "DEL", "byte order mark"],
)
def test_a_user_that_cannot_be(folder, user, words):
    """Nobody gets a second line into the file through a name."""
    refused(words, "-c", folder / "users", user, status=64)
    assert names(folder) == []


def test_a_file_that_is_there_or_is_not(folder):
    path = folder / "users"
    refused("no such file", path, "alice")
    refused("no such file", "-D", path, "alice")
    changed("-c", path, "alice")
    before = path.read_bytes()
    refused("the file exists", "-c", path, "bob")
    refused("no such user", "-D", path, "bob")
    refused("-c and -D", "-c", "-D", path, "alice", status=64)
    refused("algorithm", "--algorithm", "md5", path, "alice", status=64)
    refused("regular file", folder, "alice")
    refused("open", "-c", folder / "missing" / "users", "alice")
    assert path.read_bytes() == before and names(folder) == ["users"]


def test_the_password_is_no_argument(folder):
    refused("Unexpected argument", "-c", folder / "users", "alice", "anders", status=64)
    assert names(folder) == []


@pytest.mark.skipif("tsan" in str(harness.BINARY), reason="the thread sanitizer itself needs files that the limit forbids")
def test_a_disk_that_takes_no_more(folder):
    """The old file stays whole, and nothing else is left."""
    path = folder / "users"
    changed("-c", path, "alice")
    before = path.read_bytes()

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, len(before) + 10))

    refused("write: File too large", path, "bob", preexec_fn=limit, restore_signals=False)
    assert path.read_bytes() == before and names(folder) == ["users"]


# At a terminal

class Terminal:
    """`sluice passwd` at a terminal of its own."""

    def __init__(self, *arguments):
        self.master, slave = pty.openpty()
        self.shown = b""
        self.child = subprocess.Popen(
            [harness.BINARY, "passwd", *map(str, arguments)], stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
        )  # fmt: skip
        self.slave = slave
        os.set_blocking(self.master, False)

    def expect(self, text):
        eventually(lambda: text in self.read(), lambda: f"{text!r} on the terminal, there is {self.shown!r}")

    def read(self):
        try:
            self.shown += os.read(self.master, 4096)
        except (BlockingIOError, OSError):
            pass
        return self.shown

    def type(self, text):
        """After a prompt: by then the terminal shows nothing that is typed."""
        os.write(self.master, text)

    def shows_what_is_typed(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def wait(self):
        status = self.child.wait(harness.DEADLINE)
        self.read()
        return status

    def close(self):
        if self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGKILL)
            self.child.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal(folder):
    opened = []

    def open_one(*arguments):
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_terminal_asks_twice_and_shows_nothing(folder, terminal):
    one = terminal("-c", folder / "users", "alice")
    one.expect(b"Password for alice: ")
    assert not one.shows_what_is_typed()
    one.type(b"geheim\n")
    one.expect(b"Repeat the password: ")
    assert not one.shows_what_is_typed()
    one.type(b"geheim\n")
    assert one.wait() == 0
    assert b"geheim" not in one.shown and one.shows_what_is_typed()
    assert is_right(folder / "users", "alice", "geheim")


def test_terminal_two_that_differ(folder, terminal):
    one = terminal("-c", folder / "users", "alice")
    one.expect(b"Password for alice: ")
    one.type(b"geheim\n")
    one.expect(b"Repeat the password: ")
    one.type(b"gehiem\n")
    assert one.wait() == 1
    assert b"the two passwords differ" in one.shown and one.shows_what_is_typed()
    assert names(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_terminal_is_as_before_after_a_signal(folder, terminal, number):
    """^C at the prompt: the shell behind it shows again what is typed."""
    one = terminal("-c", folder / "users", "alice")
    one.expect(b"Password for alice: ")
    os.kill(one.child.pid, number)
    assert one.wait() == 1
    assert one.shows_what_is_typed() and names(folder) == []
