#!/usr/bin/env bash
# try-compose.sh: deploy/docker/compose.yaml as podman-compose reads it, in a network of its own: both brokers and the gateway
# come up, sessions, the health check, the dashboard's port from outside, a broker that is lost, and a stop. The image of
# the gateway is that of try-image.sh; Debian's mosquitto takes the place of the image eclipse-mosquitto:2, so that no registry is
# needed. Needs root, and podman 4 with netavark.
#
#   SLUICE_RELEASE  the folder of a release that is there already
#   TREES           where the Debian and the images are (.trees)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. scripts/trees.sh
. scripts/images.sh

FURTHER=() # arguments of podman-compose

main() {
    scripts/setup.sh demo image compose
    [ -n "${SLUICE_RELEASE:-}" ] || scripts/release.sh
    mkdir -p "$TREES"
    workplace "$TREES"
    gateway_image "$(release_folder)"
    broker_image
    # Ports, bridges, packet filters and all processes of the containers go with these namespaces. unshare takes no signals.
    trap 'kill -KILL "$!" 2>/dev/null; exit 130' INT TERM HUP
    unshare --net --mount --pid --fork --kill-child --mount-proc "$0" --inside "$work" <&0 &
    wait $!
}

broker_image() {
    say "An image with Debian's mosquitto"
    mkdir "$work/broker"
    printf 'listener 1883\nallow_anonymous true\n' >"$work/broker/mosquitto-no-auth.conf"
    cat >"$work/broker/Dockerfile" <<END
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends mosquitto && rm -rf /var/lib/apt/lists/*
COPY mosquitto-no-auth.conf /mosquitto-no-auth.conf
USER mosquitto
END
    build_image docker.io/library/eclipse-mosquitto:2 "$work/broker"
}

inside() {
    work=$1
    ip link set lo up
    # crun takes version 1 or version 2 of control groups, and not both.
    ! mountpoint --quiet /sys/fs/cgroup/unified || umount --lazy /sys/fs/cgroup/unified
    mkdir "$work/networks"
    # Its own store, which finds our images; podman keeps where it ran last in a store.
    cat >"$work/podman" <<END
#!/bin/sh
exec podman --root "$work/containers" --runroot "$work/run" --tmpdir "$work/tmp" --storage-driver vfs \\
    --storage-opt "vfs.imagestore=$STORE" --cgroup-manager cgroupfs --events-backend file \\
    --network-backend netavark --network-config-dir "$work/networks" "\$@"
END
    chmod +x "$work/podman"
    # Where root may not raise its own limit (a container, say), the gateway gets that one.
    if ! (ulimit -n 400000) 2>/dev/null; then
        say "This machine allows $(ulimit -Hn) descriptors, and not the file's 400000"
        printf 'services:\n  gateway:\n    ulimits:\n      nofile: %s\n      nproc: %s\n' "$(ulimit -Hn)" "$(ulimit -Hu)" >"$work/limits.yaml"
        FURTHER=(-f "$work/limits.yaml")
    fi
    trap 'compose down || true' EXIT

    compose up --detach --no-build || fail "It does not come up: $(tail -n 20 "$work/compose.log")"
    eventually session || fail "No session." "$(tail -n 20 "$work/compose.log")" "$(gateway_log)"
    eventually healthy 2 || fail "Not both brokers are healthy: $(figures)"
    eventually pod healthcheck run docker_gateway_1 >/dev/null || fail "Its health check says that it is ill."
    done_ "two brokers and the gateway; a session; its health check is content; the dashboard's port answers"

    pod stop docker_broker1_1 >/dev/null
    eventually healthy 1 || fail "A lost broker is not noticed: $(figures)"
    for _ in 1 2 3 4; do session || fail "No session with one broker." "$(gateway_log)"; done
    done_ "one broker is stopped: every session goes to the other"

    compose stop || fail "It does not stop: $(tail -n 20 "$work/compose.log")"
    state=$(pod inspect --format '{{.State.Status}}/{{.State.ExitCode}}' docker_gateway_1)
    [ "$state" = exited/0 ] || fail "After the stop: $state" "$(gateway_log)"
    done_ "a stop: QUIT, as the image says, and status 0"
}

gateway_log() { pod logs docker_gateway_1 2>&1 | tail -n 20; }

pod() { "$work/podman" "$@"; }

compose() {
    podman-compose --podman-path "$work/podman" -f deploy/docker/compose.yaml "${FURTHER[@]}" "$@" >>"$work/compose.log" 2>&1
}

eventually() {
    for _ in $(seq 100); do ! "$@" 2>/dev/null || return 0; sleep 0.2; done
    return 1
}

session() { scripts/try_session.py 8083; }

figures() { python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9090/metrics", timeout=5).read().decode())'; }

# healthy COUNT: so many brokers get sessions.
healthy() { [ "$(figures | grep -c '^sluice_upstream_peer_up{.* 1$')" = "$1" ]; }

if [ "${1:-}" = --inside ]; then inside "$2"; else main; fi
