#!/usr/bin/env bash
# try-release.sh [SUITE…]: the release (release.sh) in unpacked Debians with nothing but the libraries that it is linked
# with: it loads, says its versions, tests its configuration, and carries a session over TLS and WebSocket to a broker of
# this machine, whose network it shares; QUIT ends it with status 0. Without libcurl it refuses auth_http, with it a reload takes it. Without SUITE: bookworm, trixie and sid. Needs root.
#
#   SLUICE_RELEASE  the folder of a release that is there already
#   TREES           where the Debians are unpacked, once (.trees)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. scripts/trees.sh

# The same libraries have other package names since the 64-bit time of Debian 13.
declare -A LIBRARIES=([bookworm]=libssl3) CURL=([bookworm]=libcurl4)
NEWER=libssl3t64 NEWER_CURL=libcurl4t64

[ $# -gt 0 ] || set -- bookworm trixie sid
scripts/setup.sh demo
[ -n "${SLUICE_RELEASE:-}" ] || scripts/release.sh
release=$(release_folder)
workplace "${TMPDIR:-/tmp}"

scripts/certificates.sh "$work/certs" >/dev/null
start_broker "$work"

# configuration PORT [DIRECTIVE]
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
    location /mqtt { mqtt_pass brokers; ${2:-} }
}
END
}

# memory PID: resident and proportional KiB.
memory() { awk '/^Rss:/ { rss = $2 } /^Pss:/ { pss = $2 } END { print "RSS " rss " KiB, PSS " pss " KiB" }' "/proc/$1/smaps_rollup"; }

# with_curl SUITE PORT PROCESS: auth_http before and after libcurl is installed, while the gateway runs.
with_curl() {
    local suite=$1 log=$work/$1.log asking=$TREES/$1/opt/sluice/asking.conf
    configuration "$2" "auth_http http://127.0.0.1:1/;" >"$asking"
    within "$suite" /opt/sluice/sluice -t -p /opt/sluice -c /opt/sluice/asking.conf 2>"$work/test.log" &&
        fail "Debian $suite: auth_http is taken without libcurl"
    grep 'libcurl cannot be loaded' "$work/test.log" || fail "Debian $suite: $(cat "$work/test.log")"
    packages "$suite" "${CURL[$suite]:-$NEWER_CURL}"
    cp "$asking" "$TREES/$suite/opt/sluice/try.conf"
    kill -HUP "$3"
    # shellcheck disable=SC2016
    timeout 20 bash -c 'until grep -q "generation 2 is in use" "$0"; do sleep 0.1; done' "$log" ||
        fail "Debian $suite: a reload with auth_http is refused: $(cat "$log")"
    say "$suite: $(memory "$3") with libcurl, after a reload"
}

try() {
    local suite=$1 folder=$TREES/$1 port process status=0 missing
    tree "$suite"
    within "$suite" apt-get -q purge --yes "${CURL[$suite]:-$NEWER_CURL}" >>"$folder.log" 2>&1 || true # from an earlier run
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
    with_curl "$suite" "$port" "$process"
    kill -QUIT "$process"
    wait "$process" || status=$?
    [ $status -eq 0 ] || fail "Debian $suite: QUIT ended it with status $status: $(cat "$work/$suite.log")"
    done_ "Debian $suite: a session over TLS and WebSocket, and a clean end"
}

for suite; do try "$suite"; done
