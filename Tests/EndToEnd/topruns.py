"""Runs of `sluice top` without a terminal, and what they print."""

import os
import subprocess

import harness


def run(*arguments, env=None, text=True, **options):
    """Runs it without a terminal."""
    return subprocess.run(
        [harness.BINARY, "top", *map(str, arguments)], capture_output=True, text=text, timeout=60,
        env={key: value for key, value in os.environ.items() if not key.startswith("SLUICE_")} | (env or {}), **options
    )  # fmt: skip


def printed(*arguments, **options):
    result = run(*arguments, **options)
    assert result.returncode == 0 and result.stderr == "", result
    return result.stdout


def refused(words, *arguments, status=1, **options):
    """It says why, and never shows a secret."""
    result = run(*arguments, **options)
    assert result.returncode == status and words in result.stderr and result.stdout == "", result
    assert "geheim" not in result.stderr
    return result.stderr


def table(text, first):
    """The table whose titles begin with `first`, as dictionaries."""
    block = next(block for block in text.split("\n\n") if block.split()[0] == first)
    titles, *rows = [line.split() for line in block.splitlines()]
    assert all(len(row) == len(titles) for row in rows), block
    return [dict(zip(titles, row)) for row in rows]


def figures(text):
    return dict(line.split(" ") for line in text.split("\n\n")[0].splitlines())


# Names that somebody chose to do harm to whoever looks at them.
HOSTILE = [
    "\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\u202egnirts", "你好，世界你好，世界", "e\u0301\u0302\u0303\u0304\u0305x",
    "\u0301first", "a\u200db\u2066", "tab\tnew\nline\r", "\x9b2J", "x" * 5000, "", " ", "😀👩‍👩‍👧🇩🇪", "\\x1B", "\U000e0041", "한글\u1112\u1161",
]  # fmt: skip
