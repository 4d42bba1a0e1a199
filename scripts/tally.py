#!/usr/bin/env python3
"""tally.py FOLDER NAME=STATUS…: adds up what the test runners wrote into FOLDER.

unit   unit.jsonl, the event stream of swift-testing; counts test functions.
e2e    e2e.xml, pytest's JUnit file; counts test cases. matrix, endure: the same.
Other names are steps without tests of their own (setup, sanitizer reports): a status but 0 is one failure.

A test that never ended, was skipped, or whose runner left no result counts as failed: nothing ends in a silent
success. The last line is "N passed, M failed"; the exit status is 1 unless M is 0.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def unit_results(file: Path) -> dict[str, str]:
    """Every test function by its id: "passed", or why it did not."""
    results: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # the last line of a process that died while it wrote
        payload = record.get("payload", {})
        kind, test = payload.get("kind"), payload.get("testID")
        if record.get("kind") == "test" and kind == "function":
            results[payload["id"]] = "never ended"
        elif test not in results:
            continue
        elif kind == "issueRecorded" and payload.get("issue", {}).get("isFailure", True):
            results[test] = "failed"
        elif kind == "testSkipped":
            results[test] = "skipped"
        elif kind == "testEnded" and results[test] == "never ended":
            results[test] = "passed"
    return results


def e2e_results(file: Path) -> dict[str, str]:
    """Every test case by its name: "passed", or why it did not."""
    results: dict[str, str] = {}
    for case in ElementTree.parse(file).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), None)
        if outcome or name not in results:
            results[name] = {"failure": "failed", "error": "failed", "skipped": "skipped"}.get(outcome, "passed")
    return results


READERS = {
    "unit": ("unit.jsonl", unit_results),
    "e2e": ("e2e.xml", e2e_results),
    "matrix": ("matrix.xml", e2e_results),
    "endure": ("endure.xml", e2e_results),
}


def main() -> int:
    folder = Path(sys.argv[1])
    passed = 0
    failures: list[str] = []
    for argument in sys.argv[2:]:
        name, status = argument.rsplit("=", 1)
        results: dict[str, str] = {}
        if name in READERS:
            file, read = READERS[name]
            try:
                results = read(folder / file)
            except (OSError, ElementTree.ParseError):
                pass  # no result at all, which is told below
        found = [f"{name}: {test}: {why}" for test, why in sorted(results.items()) if why != "passed"]
        passed += len(results) - len(found)
        if name in READERS and not results:
            found.append(f"{name}: the runner ended with status {status} and left no result")
        elif status != "0" and not found:
            found.append(f"{name}: ended with status {status}")
        failures += found
    for failure in failures:
        print(failure)
    print(f"{passed} passed, {len(failures)} failed", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
