# shellcheck shell=bash
# Unpacked Debians in $TREES (.trees), for the scripts that try a release. Sourced after lib.sh; needs root.

TREES=$(realpath -m "${TREES:-.trees}")
DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# tree SUITE: makes the smallest tree of a suite unless it is there, with the package lists of today.
tree() {
    local folder=$TREES/$1
    [ "$(id -u)" -eq 0 ] || fail "An unpacked Debian needs root."
    scripts/setup.sh fresh
    if [ ! -e "$folder/etc/sluice-tree" ]; then
        say "Debian $1 into $folder; takes some minutes, once"
        rm -rf --one-file-system "$folder"
        mkdir -p "$TREES"
        debootstrap --variant=minbase --include=ca-certificates "$1" "$folder" "$DEBIAN_MIRROR" >"$folder.log" 2>&1 ||
            fail "debootstrap could not unpack Debian $1" "Its messages are in $folder.log"
        # No service of it is started here.
        printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
        chmod +x "$folder/usr/sbin/policy-rc.d"
        touch "$folder/etc/sluice-tree"
    fi
    cp /etc/hosts /etc/resolv.conf "$folder/etc/"
    within "$1" apt-get -q -o Acquire::Check-Valid-Until=false update >>"$folder.log" 2>&1 ||
        say "apt-get update failed in $folder; trying with the lists that are there."
}

# within SUITE COMMAND…: runs it in the tree, with this machine's network, /proc and /dev. Its mounts end with it.
within() { (enter "$@"); }

# enter SUITE COMMAND…: the same in the place of this shell, so that `enter … &` is the command's own process.
enter() {
    local folder=$TREES/$1
    shift
    # shellcheck disable=SC2016
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive unshare --mount bash -c '
        for shared in /proc /dev; do mount --rbind "$shared" "$0$shared" || exit 1; done
        exec chroot "$0" "$@"' "$folder" "$@"
}

# packages SUITE PACKAGE…: installs them.
packages() {
    local suite=$1
    shift
    within "$suite" apt-get -q -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$@" \
        >>"$TREES/$suite.log" 2>&1 || fail "apt-get could not install $* in Debian $suite" "See $TREES/$suite.log"
}

# The version that the sources have.
gateway_version() { sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/Gateway/Process/Build.swift; }

# begin_try: sets version, and work, a folder that goes with the script, as do the PROCESSES.
begin_try() {
    PROCESSES=()
    # shellcheck disable=SC2034  # for the script that calls this
    version=$(gateway_version)
    work=$(mktemp -d)
    trap end_try EXIT
}

end_try() {
    local process
    for process in "${PROCESSES[@]}"; do kill "$process" 2>/dev/null || true; done
    rm -rf "$work"
}

# start_broker FOLDER: a mosquitto of this machine; sets BROKER_PORT and appends to PROCESSES.
start_broker() {
    BROKER_PORT=$(scripts/ports.py free 1)
    printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$BROKER_PORT" >"$1/broker.conf"
    mosquitto -c "$1/broker.conf" >"$1/broker.log" 2>&1 &
    PROCESSES+=($!)
    scripts/ports.py wait "$BROKER_PORT" $! 10 || fail "mosquitto did not start: $(cat "$1/broker.log")"
}
