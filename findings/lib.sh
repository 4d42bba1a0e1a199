# shellcheck shell=bash
# What the findings share; each sources it first. Everything happens in $WORK, which goes away at the end together with
# the processes that were started. What runs in Python finds peer.py.
set -euo pipefail
shopt -s nullglob

FINDINGS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=$(mktemp -d)
# Where Debian comes from: as $DEBIAN_MIRROR says, else from where this machine has its own packages.
# shellcheck disable=SC2016  # apt's own placeholders
MIRROR=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    sed 's:/*$::' | grep -m 1 '/debian$')} || { echo "set DEBIAN_MIRROR to a mirror of Debian" >&2; exit 1; }
started=()
cd "$WORK"
export WORK PYTHONPATH=$FINDINGS PYTHONDONTWRITEBYTECODE=1

finish() {
    exec 2>/dev/null # of the processes that are ended here nothing is told
    [ ${#started[@]} -eq 0 ] || kill -KILL "${started[@]}" || true
    wait
    rm -rf --one-file-system "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# saw WHAT SEEN EXPECTED: prints what was seen; ends the finding with status 1 if that is not what it is about.
saw() {
    echo "$1: $2"
    [ "$2" = "$3" ] || { echo "changed: this was $3" >&2; exit 1; }
}

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

# in_debian COMMAND…: becomes the command with $WORK/debian as its root; needs root. What it starts ends with it.
in_debian() {
    [ "$(id -u)" -eq 0 ] || { echo "error: this finding needs root" >&2; exit 1; }
    # shellcheck disable=SC2016  # expanded inside
    exec unshare --mount --pid --fork --kill-child bash -c 'cd "$WORK/debian" &&
        for folder in bin sbin lib lib64; do [ -e $folder ] || ln -s usr/$folder $folder; done &&
        mkdir -p dev proc tmp root && mount --rbind /dev dev && mount -t proc proc proc &&
        exec chroot . /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' bash "$@"
}
export -f in_debian

# browsers NAME=VERSION…: these of Debian 12, and a certificate for 127.0.0.1; browsers.py uses both.
browsers() {
    debian bookworm "$@" bash coreutils dash
    mkdir -p debian/tmp
    # Firefox takes no authority for a server, so there are two certificates.
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=authority 2>openssl.log
    openssl req -newkey rsa:2048 -nodes -keyout site.key -out site.csr -subj /CN=127.0.0.1 2>>openssl.log
    openssl x509 -req -in site.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out site.crt \
        -extfile <(echo subjectAltName=IP:127.0.0.1) 2>>openssl.log
    python_with h2==4.4.1
}

# rabbitmq VERSION: this version of Debian sid with its MQTT plugin and user guest; listens on $port.
rabbitmq() {
    debian sid "rabbitmq-server=$1" bash coreutils dash grep sed
    port=$(free_port)
    mkdir -p debian/etc/rabbitmq debian/var/{lib,log}/rabbitmq
    echo "[rabbitmq_mqtt]." >debian/etc/rabbitmq/enabled_plugins
    printf '%s\n' "listeners.tcp = none" "mqtt.listeners.tcp.1 = 127.0.0.1:$port" "log.console = true" \
        >debian/etc/rabbitmq/rabbitmq.conf
    echo "127.0.0.1 localhost" >debian/etc/hosts
    start broker.log in_debian RABBITMQ_NODENAME=rabbit@localhost "RABBITMQ_DIST_PORT=$(free_port)" \
        ERL_EPMD_ADDRESS=127.0.0.1 "ERL_EPMD_PORT=$(free_port)" "/usr/lib/rabbitmq/lib/rabbitmq_server-${1%-*}/sbin/rabbitmq-server"
    listening "$port"
}

# envoy_proxy FRONT BACK: Envoy, which passes WebSockets from $port on to $backend, where nothing listens yet; with these
# options of its protocol on either side.
envoy_proxy() {
    port=$(free_port) backend=$(free_port)
    cat >envoy.yaml <<YAML
static_resources:
  listeners:
  - address: { socket_address: { address: 127.0.0.1, port_value: $port } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          $1
          upgrade_configs: [{ upgrade_type: websocket }]
          route_config: { virtual_hosts: [{ name: all, domains: ["*"], routes: [
            { match: { prefix: "/" }, route: { cluster: back } }] }] }
          http_filters:
          - name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
  - name: back
    load_assignment: { cluster_name: back, endpoints: [{ lb_endpoints: [
      { endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: $backend } } } }] }] }
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: { $2 }
YAML
    start envoy.log "$WORK"/venv/lib/python3*/site-packages/envoy/_bin/envoy -c envoy.yaml --concurrency 1
    listening "$port"
}

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
