# shellcheck shell=bash
# What the scripts share. Sourced after `set -euo pipefail`; works from the root of the checkout.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    BOLD=$'\e[1m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
    BOLD='' GREEN='' PLAIN=''
fi

say() { printf '%s==>%s %s\n' "$BOLD" "$PLAIN" "$*"; }
done_() { printf '%s ok %s %s\n' "$GREEN" "$PLAIN" "$*"; }
complain() { printf 'error: %s\n' "$*" >&2; }

# fail MESSAGE [LINE…]: the message, what to do about it, exit 1.
fail() {
    complain "$1"
    shift
    [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
    exit 1
}

# The version that the sources say.
gateway_version() { sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/Gateway/Process/Build.swift; }

# The folder of the release: SLUICE_RELEASE, or what release.sh makes.
release_folder() { realpath "${SLUICE_RELEASE:-dist/sluice-$(gateway_version)-$(uname -m)}"; }

# Puts a Swift toolchain on PATH that is new enough for Package.swift, or says what is wrong.
require_swift() {
    local folder version
    if ! command -v swift >/dev/null; then
        for folder in /opt/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
            [ -x "$folder/swift" ] && PATH="$folder:$PATH" && break
        done
    fi
    command -v swift >/dev/null || fail "swift is not installed, or not on PATH." \
        "Sluice needs Swift 6.2 or newer: https://www.swift.org/install/linux/"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1) || true
    [ -n "$version" ] || fail "\`swift --version\` does not name a version: $(command -v swift)"
    if [ "$(printf '6.2\n%s\n' "$version" | sort -V | head -n 1)" != 6.2 ]; then
        fail "Swift $version is too old: $(command -v swift)" \
            "Sluice needs Swift 6.2 or newer: https://www.swift.org/install/linux/"
    fi
}

# The first Python that can make a virtual environment, or nothing.
venv_python() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}
