"""The tables of docs/clients.md and docs/brokers.md, made from a run: `matrix.py RESULTS.xml [--write]`.

RESULTS.xml is what pytest wrote with `--junit-xml` for test_clients.py and test_brokers.py; `make matrix` does both.
Prints the tables, or with `--write` puts them into the documents, between their markers.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree

from harness import REPOSITORY
from programs import BROKERS, CLIENTS, NAMES, NOT_RUN

MARKERS = ("<!-- matrix: {} -->", "<!-- end of matrix -->")
DOCUMENTS = {"clients": REPOSITORY / "docs/clients.md", "brokers": REPOSITORY / "docs/brokers.md"}


def cases(path):
    """What was run: the case of each test, with `shown`, or `failed`."""
    for test in xml.etree.ElementTree.parse(path).iter("testcase"):
        properties = {one.get("name"): one.get("value") for one in test.iter("property")}
        if "case" in properties:
            failed = test.find("failure") is not None or test.find("error") is not None
            yield json.loads(properties["case"]) | {"shown": "**failed**" if failed else properties["shown"]}


def cell(ran):
    """What a table says of the cases of one scenario: one word for all of them, or by version and transport."""
    by_word = {}
    for case in ran:
        by_word.setdefault(case["shown"], []).append(case)
    if not by_word:
        return "–"
    if len(by_word) == 1:
        return next(iter(by_word))
    return "; ".join(f"{_which(some, ran)}: {word}" for word, some in by_word.items())


def _which(some, ran):
    """The versions and transports of some of the cases, as far as they tell them from the others."""
    words = []
    for key, name in (("version", lambda value: NAMES[value]), ("transport", str)):
        mine = sorted({case.get(key, "") for case in some})
        if mine != sorted({case.get(key, "") for case in ran}):
            words.append(", ".join(name(value) for value in mine))
    return " ".join(words) or "else"


def client_rows(ran):
    yield "client", "from", "MQTT", "over", "sizes", "idle", "Will", "wrong password", "no broker", "drain"
    for client in CLIENTS:
        mine = [case for case in ran if case.get("client") == client.key]
        names = ", ".join(NAMES[version] for version in client.versions)
        start = f"{client.name} {client.version}", client.source, names, ", ".join(client.transports)
        if client.transports == ("tcp",):
            yield *start, f"{cell(mine)}: {client.note}", "", "", "", "", ""
            continue
        scenarios = ("sizes", "idle", "will", "password", "no_broker", "drain")
        said = [cell([case for case in mine if case["scenario"] == scenario]) for scenario in scenarios]
        if client.note:
            said[0] += f" ({client.note})"
        yield *start, *said
    for name, reason in NOT_RUN:
        yield name, "", "", "", f"not run: {reason}", "", "", "", "", ""


def broker_rows(ran):
    yield "broker", "from", "MQTT", "sizes", "Will", "a wrong login", "`health_check`", "`proxy_protocol`"
    for broker in BROKERS:
        mine = [case for case in ran if case.get("broker") == broker.key]
        by = {name: [case for case in mine if case["scenario"] == name] for name in {one["scenario"] for one in mine}}
        proxy = ", ".join(f"{word}: {cell(by[f'proxy_{word}'])}" for word in ("v1", "v2") if f"proxy_{word}" in by)
        messages = by.get("messages", [])
        spoken = [case for case in messages if case["version"] in broker.versions]
        others = [f"{NAMES[case['version']]}: {case['shown']}" for case in messages if case not in spoken]
        names = ", ".join(NAMES[version] for version in broker.versions)
        sizes = cell(spoken).replace("yes", _size(broker.most))
        yield (
            f"{broker.name} {broker.version}", broker.source, "; ".join([names, *others]), sizes,
            cell(by.get("will", [])), cell(by.get("refusal", [])), cell(by.get("health", [])), proxy or "–",
        )  # fmt: skip


def _size(most):
    return f"to {most:,} bytes" if most < 5 << 20 else "all"


def table(rows):
    head, *rest = list(rows)
    lines = [head, ["---"] * len(head), *rest]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def rows_of(kind, text):
    """The first cells of the table that stands between the markers in a document."""
    begin, end = MARKERS[0].format(kind), MARKERS[1]
    block = text.partition(begin)[2].partition(end)[0]
    return [line.split("|")[1].strip() for line in block.strip().splitlines()[2:]]


def replaced(kind, text, new):
    begin, end = MARKERS[0].format(kind), MARKERS[1]
    before, found, rest = text.partition(begin)
    if not found or end not in rest:
        sys.exit(f"no place for the table: it goes between the lines {begin} and {end}")
    return f"{before}{begin}\n{new}{end}{rest.partition(end)[2]}"


def main(path, *options):
    ran = list(cases(path))
    tables = {"clients": table(client_rows(ran)), "brokers": table(broker_rows(ran))}
    for kind, text in tables.items():
        print(text)
        if "--write" in options:
            document = pathlib.Path(DOCUMENTS[kind])
            document.write_text(replaced(kind, document.read_text(), text))


if __name__ == "__main__":
    main(*sys.argv[1:])
