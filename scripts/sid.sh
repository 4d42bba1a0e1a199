#!/usr/bin/env bash
# sid.sh make FOLDER | run FOLDER COMMAND…: an unpacked Debian sid, for what is newer there than in Debian 12.
# `make` unpacks it once, with what the matrix needs, and says so; nothing in it is started. `run` runs a command in it
# that shares this machine's /tmp, /proc, /dev and network; the process becomes the command. Both need root.
set -euo pipefail

PACKAGES=(mosquitto mosquitto-clients rabbitmq-server ejabberd nginx libnginx-mod-stream haproxy
    paho.mqtt.c-examples golang-go golang-github-eclipse-paho.golang-dev golang-github-gorilla-websocket-dev golang-golang-x-net-dev)

# The mounts end with the process, as they are in a namespace of its own.
enter() {
    local folder=$1
    shift
    export TMPDIR=/tmp # of what is here, the tree has no other folder for temporary files
    # shellcheck disable=SC2016
    exec unshare --mount bash -c '
        for shared in /tmp /proc /dev; do mount --rbind "$shared" "$0$shared" || exit 1; done
        exec chroot "$0" "$@"' "$folder" "$@"
}

make_tree() {
    local folder=$1 driver=usr/local/lib/sluice-matrix
    if [ ! -e "$folder/usr/bin/apt-get" ]; then
        say "Debian sid into $folder (several hundred megabytes; once)"
        rm -rf "$folder"
        debootstrap --variant=minbase sid "$folder" >"$folder.log" 2>&1 ||
            fail "debootstrap could not unpack Debian sid into $folder" "Its messages are in $folder.log"
    fi
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d" # no service of it is started here
    chmod +x "$folder/usr/sbin/policy-rc.d"
    cp /etc/hosts /etc/resolv.conf "$folder/etc/"
    # shellcheck disable=SC2016
    if ! chroot "$folder" sh -c 'dpkg-query -W "$@" && [ -z "$(dpkg --audit)" ]' sh "${PACKAGES[@]}" >/dev/null 2>&1; then
        say "Into it: ${PACKAGES[*]}"
        (enter "$folder" sh -ec 'export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
            # A mirror may lag behind what the index allows.
            apt-get -o Acquire::Check-Valid-Until=false -q update
            apt-get -o DPkg::Lock::Timeout=300 -q install --yes --no-install-recommends "$@"' sh "${PACKAGES[@]}") \
            >>"$folder.log" 2>&1 || fail "apt-get in $folder could not install them" "Its messages are in $folder.log"
    fi
    if ! cmp -s Tests/EndToEnd/clients/autopaho/main.go "$folder/$driver/main.go"; then
        say "Into it: the driver of autopaho"
        mkdir -p "$folder/$driver"
        cp Tests/EndToEnd/clients/autopaho/main.go "$folder/$driver/main.new.go"
        (enter "$folder" env GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=/var/cache/go \
            go build -o "/$driver/autopaho" "/$driver/main.new.go") || fail "go could not build the driver of autopaho"
        mv "$folder/$driver/main.new.go" "$folder/$driver/main.go"
    fi
}

case ${1:-} in
run)
    shift
    enter "$@"
    ;;
make)
    . "$(dirname "$0")/lib.sh"
    [ "$(id -u)" -eq 0 ] || fail "An unpacked Debian sid needs root." "As root:  make matrix"
    make_tree "$(realpath -m "$2")"
    ;;
*)
    echo "usage: sid.sh make FOLDER | run FOLDER COMMAND…" >&2
    exit 2
    ;;
esac
