#!/usr/bin/env python3
"""reference.py: completes the entries of docs/configuration.md, and fails if one of them has no example.

Each entry begins with Syntax, Default, Context and Since. A new entry may leave Since out: it becomes the version that is
being made. DocumentationTests compares all of them with the directive table.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/configuration.md"
BUILD = ROOT / "Sources/Gateway/Process/Build.swift"

version = re.search(r'version = "(\d+\.\d+)', BUILD.read_text())[1]
text = PAGE.read_text()
text = re.sub(r"(?m)^(Context: [^\n]*\n)```", rf"\1Since:   {version}\n```", text)
PAGE.write_text(text)

missing = []
for entry in re.split(r"(?m)^(?=###? )", text):
    head = re.match(r"### (\w+)([^\n]*)\n\n```text\nSyntax: ", entry)
    examples = re.findall(r"(?ms)^```nginx\n(.*?)^```", entry)
    if head and not any(re.search(rf"(?m)(^|[{{;])\s*{head[1]}\b", example) for example in examples):
        missing.append(head[1] + head[2])
if missing:
    sys.exit(f"docs/configuration.md: no example of {', '.join(missing)}")
