#!/usr/bin/env bash
# lint.sh: format (.swift-format, strictly), imports (a target may import only what Package.swift allows it),
# file lengths, wording, shell scripts, Python. Runs all of it, then fails if any failed.
# shellcheck disable=SC2317  # check runs the functions by their names
set -euo pipefail
. "$(dirname "$0")/lib.sh"
require_swift

SWIFT=${SWIFT:-swift}
MAXIMUM_LINES=400
failed=0

check() {
    local name=$1
    shift
    say "$name"
    "$@" || { complain "$name: see above"; failed=1; }
}

format() { "$SWIFT" format lint --strict --parallel --recursive Package.swift Sources Tests; }

imports() { "$SWIFT" build --build-tests --explicit-target-dependency-import-check error; }

lengths() {
    find Sources Tests scripts findings -type f \( -name '*.swift' -o -name '*.py' -o -name '*.sh' -o -name '*.js' \) -print0 |
        xargs -0 awk -v most="$MAXIMUM_LINES" '
            FNR == most + 1 { print FILENAME ": more than " most " lines"; long = 1 }
            END { exit long }'
}

shell() {
    if ! command -v shellcheck >/dev/null; then
        complain "shellcheck is not installed (apt-get install shellcheck)"
        return 1
    fi
    shellcheck --external-sources --source-path=SCRIPTDIR:SCRIPTDIR/.. scripts/*.sh findings/*.sh .ci/run
}

python() { python3 -m compileall -q scripts/*.py findings/*.py Tests/EndToEnd; }

check "Format" format
check "Imports" imports
check "File lengths" lengths
check "Wording" scripts/lint-words.sh
check "Shell scripts" shell
check "Python" python
exit $failed
