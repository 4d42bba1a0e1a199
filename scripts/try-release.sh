#!/usr/bin/env bash
# try-release.sh [SUITE…]: the release (release.sh) in unpacked Debians with nothing but the libraries that it is linked
# with: it loads, says its versions, tests its configuration, and carries a session over TLS and WebSocket to a broker of
# this machine, whose network it shares; QUIT ends it with status 0. Without SUITE: bookworm, trixie and sid. Needs root.
#
#   SLUICE_RELEASE  the folder of a release that is there already
#   TREES           where the Debians are unpacked, once (.trees)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. scripts/trees.sh

# The same libraries have other package names since the 64-bit time of Debian 13.
declare -A LIBRARIES=([bookworm]="libssl3 libcurl4")
NEWER="libssl3t64 libcurl4t64"

[ $# -gt 0 ] || set -- bookworm trixie sid
scripts/setup.sh demo
[ -n "${SLUICE_RELEASE:-}" ] || scripts/release.sh
begin_try
release=$(realpath "${SLUICE_RELEASE:-dist/sluice-$version-$(uname -m)}")

scripts/certificates.sh "$work/certs" >/dev/null
start_broker "$work"

configuration() {
    cat <<END
worker_threads 2;
error_log stderr notice;
upstream brokers { server 127.0.0.1:$BROKER_PORT; }
server {
    listen 127.0.0.1:$1 ssl;
    ssl_certificate certs/server.crt;
    ssl_certificate_key certs/server.key;
    location / { root /opt/sluice/www; }
    location /mqtt { mqtt_pass brokers; }
}
END
}

# memory PID: resident and proportional KiB.
memory() { awk '/^Rss:/ { rss = $2 } /^Pss:/ { pss = $2 } END { print "RSS " rss " KiB, PSS " pss " KiB" }' "/proc/$1/smaps_rollup"; }

try() {
    local suite=$1 folder=$TREES/$1 port process status=0 missing
    tree "$suite"
    # shellcheck disable=SC2086  # words
    packages "$suite" ${LIBRARIES[$suite]:-$NEWER} libnghttp2-14 libcrypt1 zlib1g libstdc++6
    rm -rf "$folder/opt/sluice"
    cp -R "$release" "$folder/opt/sluice"
    cp -R "$work/certs" "$folder/opt/sluice/certs"
    missing=$(within "$suite" ldd /opt/sluice/sluice | grep 'not found' || true)
    [ -z "$missing" ] || fail "Debian $suite lacks: $missing"
    within "$suite" /opt/sluice/sluice -V | paste -sd ' ' | sed "s/^/     /"

    port=$(scripts/ports.py free 1)
    configuration "$port" >"$folder/opt/sluice/try.conf"
    within "$suite" /opt/sluice/sluice -t -p /opt/sluice -c /opt/sluice/try.conf
    enter "$suite" /opt/sluice/sluice -p /opt/sluice -c /opt/sluice/try.conf >"$work/$suite.log" 2>&1 &
    process=$!
    PROCESSES+=("$process")
    scripts/ports.py wait "$port" "$process" 10 || fail "It did not start: $(cat "$work/$suite.log")"
    say "$suite: $(memory "$process") after the start, of $(within "$suite" ldd /opt/sluice/sluice | wc -l) libraries"
    scripts/try_session.py "$port" "$work/certs/ca.crt" || fail "Debian $suite: no session: $(cat "$work/$suite.log")"
    kill -QUIT "$process"
    wait "$process" || status=$?
    [ $status -eq 0 ] || fail "Debian $suite: QUIT ended it with status $status: $(cat "$work/$suite.log")"
    done_ "Debian $suite: a session over TLS and WebSocket, and a clean end"
}

for suite; do try "$suite"; done
