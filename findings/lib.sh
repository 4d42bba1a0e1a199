# shellcheck shell=bash
# What the findings share; each sources it first. Everything happens in $WORK, which goes away at the end together with
# the processes that were started. What runs in Python finds peer.py.
set -euo pipefail
shopt -s nullglob

FINDINGS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=$(mktemp -d)
MIRROR=${DEBIAN_MIRROR:?}
started=()
cd "$WORK"
export WORK PYTHONPATH=$FINDINGS PYTHONDONTWRITEBYTECODE=1

finish() {
    local process
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf --one-file-system "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# start LOG COMMAND…: runs it until the end of the finding; $! is its process.
start() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    started+=($!)
}

# python_with PACKAGE==VERSION…: a virtual environment with these; `python` is its interpreter from then on.
python_with() {
    python3 -m venv "$WORK/venv"
    PATH=$WORK/venv/bin:$PATH
    python -m pip install --quiet --disable-pip-version-check "$@"
}

# debian SUITE PACKAGE=VERSION…: unpacks these and what they need into $WORK/debian, and installs nothing. A version that
# the mirror no longer has is an error: then the finding wants a new look.
debian() {
    local suite=$1 package options apt=$WORK/apt
    shift
    mkdir -p "$apt"/{lists,cache} "$WORK/debian"
    : >"$apt/status"
    echo "deb $MIRROR $suite main" >"$apt/sources.list"
    [ "$suite" = sid ] || echo "deb $MIRROR-security $suite-security main" >>"$apt/sources.list"
    options=(-q -o Dir::State="$apt" -o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status"
        -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::Etc::preferencesparts=/dev/null -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=true)
    if ! apt-get "${options[@]}" update >"$apt/log" 2>&1 ||
        ! apt-get "${options[@]}" install --download-only --yes --no-install-recommends "$@" >>"$apt/log" 2>&1; then
        tail -n 5 "$apt/log" >&2
        echo "error: $suite does not have $* (any more)" >&2
        exit 1
    fi
    for package in "$apt"/cache/archives/*.deb; do dpkg-deb --extract "$package" "$WORK/debian"; done
    /sbin/ldconfig -n "$WORK"/debian/{,usr/}lib/*-linux-gnu
    rm -rf "$apt"
}

# unpacked PROGRAM ARGUMENT…: becomes a program of $WORK/debian with the libraries from there.
unpacked() {
    local root=$WORK/debian program=$1
    shift
    exec "$(find "$root"/{lib64,usr/lib64,lib,usr/lib} -name 'ld-linux-*' 2>/dev/null | head -n 1)" \
        --library-path "$(printf '%s:' "$root"/{,usr/}lib/*-linux-gnu)" "$root/$program" "$@"
}
export -f unpacked

# mosquitto VERSION LINE…: this version of Debian sid, with these lines in its configuration; listens on $port.
mosquitto() {
    debian sid "mosquitto=$1"
    shift
    port=$(free_port)
    printf '%s\n' "user $(id -un)" "listener $port 127.0.0.1" "allow_anonymous true" "$@" >broker.conf
    start broker.log unpacked usr/sbin/mosquitto -c broker.conf
    listening "$port"
}

# free_port: a TCP port of 127.0.0.1 that is free.
free_port() { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# listening PORT: waits until it accepts.
listening() {
    local tenth
    for ((tenth = 0; tenth < 300; tenth++)); do
        (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    echo "error: nothing listens on port $1" >&2
    tail -n 20 "$WORK"/*.log >&2
    exit 1
}
