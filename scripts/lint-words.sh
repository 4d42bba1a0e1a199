#!/usr/bin/env bash
# lint-words.sh [PATH…]: finds the phrases of scripts/lint-words.txt in sources, documents and messages, prints each as
# file:line with what to write in its place, and fails if there is one. Without a path it looks at the whole checkout.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

WORDS=scripts/lint-words.txt
PLACES=(README.md CHANGELOG.md CONTRIBUTING.md Makefile Package.swift Sources Tests docs conf deploy www scripts findings)
[ $# -eq 0 ] || PLACES=("$@")

# What is searched: text that people wrote. The glossary and the list itself name the phrases on purpose.
files() {
    git ls-files --cached --others --exclude-standard -- "${PLACES[@]}" |
        grep -vE '^(docs/glossary\.md|scripts/lint-words\.(txt|sh)|Package\.resolved)$'
}

found=0
while IFS=$'\t' read -r pattern instead; do
    case $pattern in '' | '#'*) continue ;; esac
    status=0
    grep -qP -- "$pattern" </dev/null || status=$?
    [ $status -le 1 ] || fail "$WORDS: this is not a pattern: $pattern"
    hits=$(files | xargs -d '\n' grep -nHiP --binary-files=without-match -- "$pattern") || true
    [ -n "$hits" ] || continue
    found=1
    while IFS= read -r line; do printf '%s  <- write: %s\n' "$line" "$instead"; done <<<"$hits"
done <"$WORDS"
exit $found
