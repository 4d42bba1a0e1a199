"""The tables of what was run name what the matrix knows, no more and no less."""

import matrix
from programs import BROKERS, CLIENTS, NOT_RUN


def test_documents_name_every_client():
    rows = matrix.rows_of("clients", matrix.DOCUMENTS["clients"].read_text())
    assert rows == [f"{one.name} {one.version}" for one in CLIENTS] + [name for name, _ in NOT_RUN]


def test_documents_name_every_broker():
    rows = matrix.rows_of("brokers", matrix.DOCUMENTS["brokers"].read_text())
    assert rows == [f"{one.name} {one.version}" for one in BROKERS]


def test_documents_tell_of_no_failure():
    """A row that was not run, or that failed, is mended before it is written."""
    for kind, path in matrix.DOCUMENTS.items():
        text = path.read_text().partition(matrix.MARKERS[0].format(kind))[2].partition(matrix.MARKERS[1])[0]
        assert "failed" not in text


def test_a_table_says_where_cases_differ():
    ran = [{"version": version, "transport": one, "shown": "yes"} for version in (3, 4, 5) for one in ("ws", "wss")]
    assert matrix.cell(ran) == "yes"
    ran[4]["shown"] = ran[5]["shown"] = "139"
    assert matrix.cell(ran) == "3.1, 3.1.1: yes; 5.0: 139"
    ran[5]["shown"] = "**failed**"
    assert matrix.cell(ran) == "3.1, 3.1.1: yes; 5.0 ws: 139; 5.0 wss: **failed**"
    assert matrix.cell([]) == "–"


def test_a_document_is_rewritten_between_its_markers():
    begin, end = matrix.MARKERS[0].format("clients"), matrix.MARKERS[1]
    text = f"before\n{begin}\n| old |\n{end}\nbehind\n"
    new = matrix.table([("client", "b"), ("one 1", "x")])
    again = matrix.replaced("clients", text, new)
    assert again == f"before\n{begin}\n{new}{end}\nbehind\n"
    assert matrix.rows_of("clients", again) == ["one 1"]
