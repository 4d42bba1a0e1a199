"""deploy/sluice.8: mandoc finds nothing wrong with it, and it says what the command line says of itself."""

import re
import subprocess

import pytest

import harness
from harness import REPOSITORY

PAGE = REPOSITORY / "deploy/sluice.8"
# Where the page describes each command.
SECTIONS = {(): "DESCRIPTION", ("passwd",): "sluice passwd", ("top",): "sluice top", ("convert",): "sluice convert"}


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)


def help_of(*command):
    result = run(harness.BINARY, *command, "--help")
    assert result.returncode == 0, result.stderr
    return result.stdout


def section(name):
    text = PAGE.read_text()
    match = re.search(rf"(?ms)^\.S[hs] {name}\n(.*?)(?=^\.S[hs] |\Z)", text)
    assert match, f"there is no section {name}"
    return match[1]


def test_mandoc_finds_nothing_wrong():
    result = run("mandoc", "-T", "lint", "-W", "style", PAGE)
    found = [line for line in (result.stdout + result.stderr).splitlines() if "mandoc.db" not in line]
    assert not found
    assert "sluice convert" in run("mandoc", "-T", "utf8", PAGE).stdout


@pytest.mark.parametrize("command", SECTIONS, ids=lambda command: command[0] if command else "gateway")
def test_options_are_those_of_the_command(command):
    options = set(re.findall(r"(?m)^  (-\w|--[\w-]+)", help_of(*command)))
    options |= {"--help"} if "-h" in options else set()
    items = re.findall(r"(?m)^\.It Fl (.*)$", section(SECTIONS[command]))
    words = [word for item in items for word in re.findall(r"(?:^|Fl |, Fl )(-?[\w-]+)", item)]
    assert {f"-{word}" for word in words} == options


def test_signals_are_those_of_the_help():
    text = re.search(r"(?s)Signals: (.*?)\n\n", help_of())[1]
    named = set(re.findall(r"\b[A-Z]{3}[A-Z0-9]*\b", text))
    items = re.findall(r"(?m)^\.It Dv (.*)$", section("SIGNALS"))
    assert {word for item in items for word in item.split(" , ")} == named


def test_orders_of_s_are_those_of_the_help():
    values = re.search(r"\(values: ([^)]*reload[^)]*)\)", " ".join(help_of().split()))[1].split(", ")
    line = re.search(r"(?m)^\.Fl s Cm (.*)$", PAGE.read_text())[1]
    assert sorted(line.split(" | ")) == sorted(values)
