#!/usr/bin/env bash
# test.sh [--sanitize address|thread] unit|e2e…: runs the suites, all of each, whatever fails.
# The last line on standard output is "N passed, M failed", the sum of all; the status is 1 unless M is 0.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

sanitizer='' scratch=.build configuration=release
flags=(--explicit-target-dependency-import-check error)
runner=()
if [ "${1:-}" = --sanitize ]; then
    sanitizer=$2
    shift 2
    configuration=debug
    export SLUICE_TEST_PATIENCE=${SLUICE_TEST_PATIENCE:-4}
    . scripts/sanitize.sh
fi
flags+=(--scratch-path "$scratch")
limit=$(awk -v patience="${SLUICE_TEST_PATIENCE:-1}" 'BEGIN { print 1200 * patience }') # seconds for the whole suite
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
verdict=("$results")

run_unit() {
    local status=0
    say "Unit tests${sanitizer:+ ($sanitizer sanitizer)}"
    "${runner[@]}" swift test "${flags[@]}" --disable-xctest --event-stream-output-path "$results/unit.jsonl" || status=$?
    verdict+=("unit=$status")
}

# Makes .venv again only when its list of packages changed.
make_venv() {
    local list=Tests/EndToEnd/requirements.txt
    cmp -s "$list" .venv/requirements.txt && return
    say "Python packages of $list into .venv"
    rm -rf .venv
    "$(venv_python)" -m venv .venv &&
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$list" &&
        cp "$list" .venv/requirements.txt
}

run_e2e() {
    local status=0
    say "End-to-end tests${sanitizer:+ ($sanitizer sanitizer)}"
    if [ -z "${SLUICE:-}" ]; then
        "${runner[@]}" swift build -c "$configuration" --product sluice "${flags[@]}" || status=$?
        SLUICE=$ROOT/$scratch/$configuration/sluice
        export SLUICE
    fi
    [ $status -ne 0 ] || make_venv || status=$?
    if [ $status -eq 0 ]; then
        # An interrupt lets pytest stop what it started and write its results; a test that hangs ends so, too.
        "${runner[@]}" timeout --foreground --signal INT --kill-after 60 "$limit" \
            .venv/bin/python -m pytest Tests/EndToEnd --junit-xml "$results/e2e.xml" || status=$?
    fi
    verdict+=("e2e=$status")
}

require_swift
scripts/setup.sh build demo test || verdict+=("setup=$?")
for suite in "$@"; do
    case $suite in
    unit | e2e) "run_$suite" ;;
    *) fail "test.sh knows unit and e2e, not \"$suite\"." ;;
    esac
done
if [ -n "$sanitizer" ]; then
    sanitizer_reports || verdict+=("reports=$?")
fi
python3 scripts/tally.py "${verdict[@]}"
