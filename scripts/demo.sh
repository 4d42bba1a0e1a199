#!/usr/bin/env bash
# demo.sh [--check]: two bridged mosquitto brokers, the gateway in front of them with wss, ws and a page, and the
# proof that a message passes through all of it. Runs until Ctrl-C, or with --check ends after the proof.
# Leaves .demo/ with the certificates (used again) and the build; everything else goes away with it.
#
#   SLUICE_DEMO_WSS_PORT (8084)   SLUICE_DEMO_WS_PORT (8083)   SLUICE_DEMO_ADMIN_PORT (9090)
#   SLUICE   a gateway binary to use instead of building one
set -euo pipefail
. "$(dirname "$0")/lib.sh"
export PATH="$PATH:/usr/sbin:/sbin"

WSS=${SLUICE_DEMO_WSS_PORT:-8084}
WS=${SLUICE_DEMO_WS_PORT:-8083}
ADMIN=${SLUICE_DEMO_ADMIN_PORT:-9090}
CERTIFICATES=$ROOT/.demo
RUN='' gateway='' brokers=() up=no
patience=$(awk -v factor="${SLUICE_TEST_PATIENCE:-1}" 'BEGIN { print 10 * factor }')

main() {
    trap stop EXIT
    trap interrupted INT TERM HUP
    scripts/setup.sh build demo
    require_port "$WSS" SLUICE_DEMO_WSS_PORT
    require_port "$WS" SLUICE_DEMO_WS_PORT
    require_port "$ADMIN" SLUICE_DEMO_ADMIN_PORT
    [ -n "${SLUICE:-}" ] || build
    [ -x "$SLUICE" ] || fail "There is no gateway binary at $SLUICE"
    scripts/certificates.sh "$CERTIFICATES"
    RUN=$(mktemp -d "$CERTIFICATES/run.XXXXXX")
    start_brokers
    start_gateway
    say "Proof: one message, published and received through the gateway"
    python3 scripts/demo_check.py --wss "$WSS" --ws "$WS" --ca "$CERTIFICATES/ca.crt" \
        --broker-log "$RUN/broker-1.log" --broker-log "$RUN/broker-2.log" ||
        fail_with "The proof failed." "$RUN"/*.log
    if [ "${1:-}" = --check ]; then
        finish_check
    else
        up=yes
        explain
        watch_over
    fi
}

require_port() {
    local owner
    case $1 in
    '' | *[!0-9]*) fail "$2 must be a port number, not \"$1\"." ;;
    esac
    if [ "$1" -lt 1 ] || [ "$1" -gt 65535 ]; then
        fail "$2 must be a port number from 1 to 65535, not $1."
    fi
    if owner=$(scripts/ports.py owner "$1"); then
        fail "Port $1 is in use: $owner listens on it." \
            "Stop that, or choose another port:  $2=18084 make demo"
    fi
}

build() {
    require_swift
    if [ ! -x .build/release/sluice ]; then
        say "Building the gateway; a first build takes one to three minutes"
    else
        say "Building what changed"
    fi
    swift build -c release --product sluice --explicit-target-dependency-import-check error ||
        fail "The build failed; see the compiler's message above."
    SLUICE=$ROOT/.build/release/sluice
}

# fill FILE NAME=VALUE…: FILE of conf/demo with the values in place of @NAME@.
fill() {
    local text pair
    text=$(<"conf/demo/$1")
    shift
    for pair in "$@"; do text=${text//"@${pair%%=*}@"/"${pair#*=}"}; done
    printf '%s\n' "$text"
}

start_brokers() {
    local number port ports
    read -ra ports <<<"$(scripts/ports.py free 2 "$WSS" "$WS" "$ADMIN")"
    say "Brokers: mosquitto on 127.0.0.1:${ports[0]} and 127.0.0.1:${ports[1]}, bridged to each other"
    BROKER_1=${ports[0]} BROKER_2=${ports[1]}
    fill broker.conf PORT="$BROKER_1" >"$RUN/broker-1.conf"
    fill bridge.conf NAME="demo-$BROKER_1" OTHER="$BROKER_2" >>"$RUN/broker-1.conf"
    fill broker.conf PORT="$BROKER_2" >"$RUN/broker-2.conf"
    for number in 2 1; do
        # A session of its own, so that Ctrl-C reaches this script alone and it stops them in order.
        setsid mosquitto -c "$RUN/broker-$number.conf" >"$RUN/broker-$number.log" 2>&1 &
        brokers+=($!)
        port=BROKER_$number
        scripts/ports.py wait "${!port}" $! "$patience" ||
            fail_with "Broker $number did not start." "$RUN/broker-$number.log"
    done
}

start_gateway() {
    local port
    TOKEN=$(openssl rand -hex 16)
    (umask 077 && printf '%s\n' "$TOKEN" >"$RUN/tokens")
    fill sluice.conf RUN="$RUN" ROOT="$ROOT" CERTIFICATES="$CERTIFICATES" WSS="$WSS" WS="$WS" ADMIN="$ADMIN" \
        BROKER_1="$BROKER_1" BROKER_2="$BROKER_2" >"$RUN/sluice.conf"
    if ! grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; then
        sed -i '/listen \[::1\]/d' "$RUN/sluice.conf"
    fi
    say "Gateway: wss on $WSS, ws on $WS, dashboard on $ADMIN"
    "$SLUICE" -t -c "$RUN/sluice.conf" >"$RUN/gateway.log" 2>&1 ||
        fail_with "The gateway refuses its configuration." "$RUN/gateway.log"
    setsid "$SLUICE" -c "$RUN/sluice.conf" >"$RUN/gateway.log" 2>&1 &
    gateway=$!
    for port in "$WSS" "$WS" "$ADMIN"; do
        scripts/ports.py wait "$port" "$gateway" "$patience" ||
            fail_with "The gateway does not listen on $port." "$RUN/gateway.log" "$RUN/error.log"
    done
}

explain() {
    cat <<TEXT

${BOLD}Sluice is up.${PLAIN}

  Page      http://localhost:$WS/
            https://localhost:$WSS/   (the browser warns: it does not know the authority .demo/ca.crt)
  MQTT      ws://localhost:$WS/mqtt
            wss://localhost:$WSS/mqtt
  Dashboard http://localhost:$ADMIN/   (token for changes: $TOKEN)
  Brokers   127.0.0.1:$BROKER_1 and 127.0.0.1:$BROKER_2, plain MQTT, bridged; clients take turns

With MQTT.js, in another terminal (npm install mqtt, or Debian's node-mqtt with NODE_PATH=/usr/share/nodejs):

cat > hello.js <<'JS'
const mqtt = require('mqtt')
const ca = require('fs').readFileSync('$CERTIFICATES/ca.crt')
const client = mqtt.connect('wss://localhost:$WSS/mqtt', { ca })
client.on('connect', () => {
  client.subscribe('sensors/temperature', () => client.publish('sensors/temperature', 'Hello World'))
})
client.on('message', (topic, message) => {
  console.log(topic + ': ' + message)
  client.end()
})
client.on('error', (error) => console.error(error.message))
JS
node hello.js

The access log, one line of JSON for each HTTP request and each MQTT session, at its end:

  tail -f '$RUN/access.log'

Ctrl-C stops everything.
TEXT
}

# Waits for Ctrl-C; a part that ends by itself ends the demo.
watch_over() {
    local part
    wait -n "$gateway" "${brokers[@]}" || true
    up=no
    kill -0 "$gateway" 2>/dev/null || fail_with "The gateway ended by itself." "$RUN/gateway.log" "$RUN/error.log"
    for part in 1 2; do
        kill -0 "${brokers[2 - part]}" 2>/dev/null || fail_with "Broker $part ended by itself." "$RUN/broker-$part.log"
    done
}

finish_check() {
    local status=0
    stop_process "$gateway" || status=$?
    [ $status -eq 0 ] || fail_with "The gateway ended with status $status when asked to stop." "$RUN/gateway.log"
    gateway=''
    say "The demo works."
}

# fail_with MESSAGE FILE…: the message, the last lines of the files, exit 1.
fail_with() {
    local message=$1 file
    shift
    for file in "$@"; do
        [ -s "$file" ] || continue
        printf -- '--- last lines of %s\n' "${file##*/}" >&2
        tail -n 20 "$file" >&2
    done
    fail "$message"
}

# Ends a child and gives its status; by force when it takes too long.
stop_process() {
    local tenth=0
    kill -TERM "$1" 2>/dev/null || true
    while kill -0 "$1" 2>/dev/null; do
        [ $tenth -lt 100 ] || kill -KILL "$1" 2>/dev/null || true
        tenth=$((tenth + 1))
        sleep 0.1
    done
    wait "$1"
}

stop() {
    local process
    trap '' INT TERM HUP
    for process in $gateway "${brokers[@]}"; do stop_process "$process" || true; done
    [ -z "$RUN" ] || rm -rf "$RUN"
}

interrupted() {
    [ $up = yes ] || exit 130
    printf '\n'
    say "Stopping"
    exit 0
}

main "$@"
