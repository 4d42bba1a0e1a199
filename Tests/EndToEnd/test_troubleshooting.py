"""docs/troubleshooting.md: each of its log lines is what the gateway writes when that goes wrong."""

import re

import pytest

import symptoms
from harness import REPOSITORY

PAGE = REPOSITORY / "docs/troubleshooting.md"
BLOCKS = dict(re.findall(r"<!-- symptom: (\w+) -->\n```text\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))


def general(line):
    """The line without what differs from run to run: times, identifiers, addresses, numbers, folders."""
    line = re.sub(r"\d{4}-\d\d-\d\dT\S+Z", "TIME", line)
    line = re.sub(r"\b[0-9a-f]{16}\b", "ID", line)
    line = re.sub(r"(?<![\w/])/[\w./-]*/", "/", line)
    line = re.sub(r"\b\d+\.\d+\.\d+\.\d+:\d+", "ADDRESS", line)
    return re.sub(r"(?<=:)\d+(?=:)", "N", line)


def test_every_symptom_is_on_the_page():
    assert set(BLOCKS) == set(symptoms.ALL)


@pytest.mark.parametrize("name", symptoms.ALL)
def test_lines_are_written(rig, name):
    output = [general(line) for line in symptoms.ALL[name](rig).splitlines()]
    for line in BLOCKS[name].splitlines():
        wanted, is_cut = general(line), line.endswith("…")
        found = [said for said in output if (said.startswith(wanted[:-1]) if is_cut else said == wanted)]
        assert found, f"{wanted}\nis not among\n" + "\n".join(output)


def test_reasons_and_links_are_there():
    """What the table of ends names is in the list of reasons; metrics and fields are those of their pages."""
    reasons = set(re.findall(r"(?m)^\| `(\w+)` \|", (REPOSITORY / "docs/logs.md").read_text()))
    rows = re.findall(r"(?m)^\| (`.*?) \|", PAGE.read_text().split("## Sessions end")[1].split("## Messages")[0])
    named = {word for row in rows[1:] for word in re.findall(r"`(\w+)`", row)}
    assert len(named) >= 15 and named <= reasons | {"websocket_ping"}
    metrics = (REPOSITORY / "docs/metrics.md").read_text()
    assert all(name in metrics for name in re.findall(r"`(sluice_\w+)`", PAGE.read_text()))
