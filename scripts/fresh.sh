#!/usr/bin/env bash
# fresh.sh: `make demo` and `make test` in a Debian 12 that has nothing but make and what Swift itself wants: a clean
# clone of HEAD, this machine's Swift, a network shared with it. What it proves: that setup.sh names every package.
# fresh.sh COMMAND…: runs COMMAND there instead, in the tree that the last run left, with its checkout as it is.
#
#   FRESH           the folder of the tree (.fresh), created by each run and left for inspection
#   DEBIAN_MIRROR   where it comes from (where this machine has its own packages from)
#
# Needs root. All mounts and processes live in namespaces of their own and go away with them, however this ends.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
export PATH="$PATH:/usr/sbin:/sbin"

TREE=$(realpath -m "${FRESH:-$ROOT/.fresh}")
# shellcheck disable=SC2016  # apt's own placeholders
MIRROR=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    sed 's:/*$::' | grep -m 1 '/debian$')} || fail "Set DEBIAN_MIRROR to a mirror of Debian."
SUITE=bookworm
# The list of swift.org's own image for Debian 12, and make.
PACKAGES=(binutils-gold gcc git libcurl4-openssl-dev libedit-dev libicu-dev libncurses-dev libpython3-dev
    libsqlite3-dev libxml2-dev pkg-config tzdata uuid-dev make)
MARK=$TREE/etc/sluice-fresh # says that the tree is ours to remove
LOG=$TREE/root/demo.log

main() {
    if [ "${1:-}" = --inside ]; then
        shift
        inside "$@"
        return
    fi
    [ "$(id -u)" -eq 0 ] || fail "A tree of its own needs root: sudo make fresh"
    require_swift
    scripts/setup.sh fresh
    # unshare takes neither SIGINT nor SIGTERM; without it the kernel ends all that is inside.
    trap 'kill -KILL $!; exit 130' INT TERM HUP
    unshare --mount --uts --ipc --pid --fork --kill-child "$0" --inside "$@" <&0 &
    wait $!
}

inside() {
    hostname fresh
    if [ $# -gt 0 ]; then
        [ -e "$MARK" ] || fail "There is no tree in $TREE yet: make fresh"
        mount_all
        within "$@"
        return
    fi
    make_tree
    mount_all
    fill_tree
    check_hosts
    demo
    test_
}

make_tree() {
    if [ -e "$TREE" ]; then
        [ -e "$MARK" ] || [ -z "$(ls -A "$TREE")" ] ||
            fail "$TREE is there, and no tree of this script." "Another folder:  FRESH=FOLDER make fresh"
        say "Removing the tree of the last run"
        rm -rf --one-file-system "$TREE"
    fi
    say "Debian 12 into $TREE; takes two minutes or so"
    mkdir -p "$TREE/etc"
    touch "$MARK"
    debootstrap --variant=minbase "$SUITE" "$TREE" "$MIRROR" >"$TREE/debootstrap.log" ||
        fail_log "debootstrap failed." "$TREE/debootstrap.log"
    settings
}

fill_tree() {
    say "What Swift wants of Debian: ${PACKAGES[*]}"
    within apt-get -q update >"$TREE/packages.log" || fail_log "apt-get update failed." "$TREE/packages.log"
    within apt-get -q install --yes --no-install-recommends "${PACKAGES[@]}" >>"$TREE/packages.log" ||
        fail_log "apt-get could not install them." "$TREE/packages.log"
    [ -z "$(git status --porcelain)" ] || say "Only what is committed goes along; this checkout has changes."
    git clone --quiet --no-local "$ROOT" "$TREE/root/sluice"
}

# What Debian's installer writes, and how this machine reaches Debian, PyPI and the repositories of Swift packages.
settings() {
    local authorities name value
    printf '%s\n' '127.0.0.1 localhost' '127.0.1.1 fresh' '' \
        '::1 localhost ip6-localhost ip6-loopback' 'ff02::1 ip6-allnodes' 'ff02::2 ip6-allrouters' >"$TREE/etc/hosts"
    echo fresh >"$TREE/etc/hostname"
    echo "deb $MIRROR $SUITE main" >"$TREE/etc/apt/sources.list"
    # No service of Debian's starts: its port would be this machine's.
    printf '#!/bin/sh\nexit 101\n' >"$TREE/usr/sbin/policy-rc.d"
    chmod +x "$TREE/usr/sbin/policy-rc.d"
    apt-config dump | grep -E '^Acquire::(http|https|Check)' >"$TREE/etc/apt/apt.conf.d/90host" || true
    [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$TREE/etc/pip.conf"
    while read -r name value; do
        git config --file "$TREE/root/.gitconfig" --add "$name" "$value"
    done < <(git config --get-regexp '^(url\..*\.insteadof|http\.proxy)$' || true)
    authorities=${GIT_SSL_CAINFO:-${PIP_CERT:-${SSL_CERT_FILE:-}}}
    [ -z "$authorities" ] || cp "$authorities" "$TREE/etc/host-authorities.crt"
}

mount_all() {
    local device folder
    mount --bind "$TREE" "$TREE" # so that the root is a mount, without which it has no mount namespaces
    bind "$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")" "$TREE/opt/swift"
    mount -t proc proc "$TREE/proc"
    mount -t sysfs sysfs "$TREE/sys"
    mount -t tmpfs -o mode=755 dev "$TREE/dev"
    mkdir "$TREE"/dev/{pts,shm}
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$TREE/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$TREE/dev/shm"
    ln -s pts/ptmx "$TREE/dev/ptmx"
    ln -s /proc/self/fd "$TREE/dev/fd"
    ln -s fd/0 "$TREE/dev/stdin"
    ln -s fd/1 "$TREE/dev/stdout"
    ln -s fd/2 "$TREE/dev/stderr"
    for device in null zero full random urandom tty; do
        : >"$TREE/dev/$device"
        mount --bind "/dev/$device" "$TREE/dev/$device"
    done
    # Repositories that git takes from a folder of this machine instead.
    while read -r folder; do
        [ ! -d "$folder" ] || bind "$folder" "$TREE$folder"
    done < <(git config --get-regexp '^url\..*\.insteadof$' | sed -n 's/^url\.\(\/.*\)\.insteadof .*/\1/p' | sort -u)
}

bind() {
    mkdir -p "$2"
    mount --bind "$1" "$2"
    mount -o remount,bind,ro "$2"
}

# within COMMAND…: runs it in the tree's checkout with an environment of its own.
within() {
    local name environment
    environment=(HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "TERM=${TERM:-dumb}"
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/swift/usr/bin)
    for name in $(compgen -e); do
        case $name in
        http_proxy | https_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY | PIP_* | SLUICE_TEST_*)
            environment+=("$name=${!name}") ;;
        esac
    done
    if [ -e "$TREE/etc/host-authorities.crt" ]; then
        environment+=(GIT_SSL_CAINFO=/etc/host-authorities.crt PIP_CERT=/etc/host-authorities.crt)
    fi
    # SIGINT works inside even if whoever started this ignores it, as a shell without a terminal does with `&`.
    # shellcheck disable=SC2016  # expanded inside
    chroot "$TREE" /usr/bin/env -i --default-signal=INT "${environment[@]}" \
        /bin/bash -c 'cd /root/sluice 2>/dev/null || cd /root; exec "$@"' bash "$@"
}

# Debian's localhost is ::1 first: the case that a developer's machine often lacks.
check_hosts() {
    [ "$(within getent ahosts localhost | awk 'NR == 1 { print $1 }')" = ::1 ] ||
        say "This machine's loopback has no ::1, so localhost is 127.0.0.1 alone: a part stays unproved."
}

# Runs `make demo` until it says that it is up, then presses Ctrl-C.
demo() {
    local process
    say "make demo"
    : >"$LOG"
    set -m # a process group of its own that hears SIGINT
    within make demo >"$LOG" 2>&1 &
    process=$!
    set +m
    until grep -q 'Sluice is up' "$LOG"; do
        kill -0 "$process" 2>/dev/null || fail_log "make demo ended before its proof." "$LOG"
        sleep 1
    done
    grep -A 5 '==> Proof' "$LOG" | sed '/^$/q'
    kill -INT -- "-$process"
    wait "$process" || true # make says that it was interrupted
    grep -q '==> Stopping' "$LOG" || fail_log "make demo did not stop as Ctrl-C asks." "$LOG"
    done_ "make demo"
}

test_() {
    local log=$TREE/root/test.log status=0 result
    say "make test"
    within make test 2>&1 | tee "$log" || status=$?
    result=$(grep ' passed, ' "$log" | tail -n 1) || true
    [ $status -eq 0 ] || fail "Fresh Debian 12: make demo works, make test does not: ${result:-no result}"
    say "Fresh Debian 12: make demo works, make test: $result"
}

fail_log() {
    tail -n 30 "$2" >&2
    fail "$1" "All of it: $2"
}

main "$@"
