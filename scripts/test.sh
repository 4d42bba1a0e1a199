#!/usr/bin/env bash
# test.sh [--sanitize address|thread] unit|e2e|endure|matrix…: runs the suites, all of each, whatever fails.
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
limit=$(awk -v patience="${SLUICE_TEST_PATIENCE:-1}" 'BEGIN { print 3300 * patience }') # seconds for the whole suite
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

# Builds the gateway unless SLUICE names one, and makes the virtual environments.
prepare_e2e() {
    if [ -z "${SLUICE:-}" ]; then
        "${runner[@]}" swift build -c "$configuration" --product sluice "${flags[@]}" || return
        SLUICE=$ROOT/$scratch/$configuration/sluice
        export SLUICE
    fi
    make_venv && scripts/venvs.sh
}

# run_pytest NAME ARGUMENT…: an interrupt lets pytest stop what it started and write its results; a test that hangs
# ends so, too.
run_pytest() {
    local name=$1
    shift
    "${runner[@]}" timeout --foreground --signal INT --kill-after 60 "$limit" \
        .venv/bin/python -m pytest "$@" --junit-xml "$results/$name.xml"
}

run_e2e() {
    local status=0
    say "End-to-end tests${sanitizer:+ ($sanitizer sanitizer)}"
    prepare_e2e && run_pytest e2e Tests/EndToEnd || status=$?
    verdict+=("e2e=$status")
}

# What happens in years; prints what was counted.
run_endure() {
    local status=0
    say "Endurance"
    prepare_e2e && run_pytest endure -m endurance -s Tests/EndToEnd/test_endurance.py || status=$?
    verdict+=("endure=$status")
}

# Every client, broker and front, those of Debian sid, too; then writes the tables of docs/clients.md and docs/brokers.md.
run_matrix() {
    local status=0 suite=Tests/EndToEnd
    export SLUICE_SID=${SLUICE_SID:-$ROOT/.sid}
    export TMPDIR=/tmp # the configurations of what runs in the tree lie where it sees them
    say "Clients, brokers and fronts, in $SLUICE_SID, too"
    prepare_e2e && scripts/venvs.sh "$suite/fronts.txt" && scripts/sid.sh make "$SLUICE_SID" &&
        run_pytest matrix -m "" "$suite"/test_{clients,client_frames,brokers,fronts}.py || status=$?
    if [ -e "$results/matrix.xml" ]; then
        .venv/bin/python "$suite/matrix.py" "$results/matrix.xml" --write || status=$?
    fi
    verdict+=("matrix=$status")
}

require_swift
purposes=(build demo test)
[[ " $* " != *" matrix "* ]] || purposes+=(matrix)
scripts/setup.sh "${purposes[@]}" || verdict+=("setup=$?")
for suite in "$@"; do
    case $suite in
    unit | e2e | endure | matrix) "run_$suite" ;;
    *) fail "test.sh knows unit, e2e, endure and matrix, not \"$suite\"." ;;
    esac
done
if [ -n "$sanitizer" ]; then
    sanitizer_reports || verdict+=("reports=$?")
fi
python3 scripts/tally.py "${verdict[@]}"
