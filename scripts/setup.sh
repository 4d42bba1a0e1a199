#!/usr/bin/env bash
# setup.sh build|demo|test|fresh|matrix|image|boot|compose…: installs the Debian packages that these need and this machine lacks.
# Asks the machine for the thing itself (a command, a library), not for its package, so that what came from
# elsewhere is left alone. With nothing missing it neither needs the network nor root.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
export PATH="$PATH:/usr/sbin:/sbin"

missing=()

# lacks PACKAGE COMMAND…: notes PACKAGE unless COMMAND succeeds.
lacks() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

library() { pkg-config --exists "$1" || dpkg-query -W -f '${db:Status-Abbrev}' "$2" 2>/dev/null | grep -q '^ii'; }

for purpose in "$@"; do
    case $purpose in
    build)
        lacks git command -v git
        lacks ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
        lacks pkg-config command -v pkg-config
        lacks g++ compgen -G '/usr/include/c++/*/memory' # the C++ headers that Swift's own installation asks for
        lacks libssl-dev library openssl libssl-dev
        lacks libnghttp2-dev library libnghttp2 libnghttp2-dev
        lacks zlib1g-dev library zlib zlib1g-dev
        lacks libcurl4-openssl-dev library libcurl libcurl4-openssl-dev
        lacks libcrypt-dev library libcrypt libcrypt-dev
        ;;
    demo)
        lacks mosquitto command -v mosquitto
        lacks mosquitto-clients command -v mosquitto_pub
        lacks openssl command -v openssl
        lacks python3 command -v python3
        ;;
    test)
        # A Node.js from elsewhere stays: nodejs is asked for only where there is no `node` at all.
        lacks nodejs command -v node
        lacks node-mqtt test -d /usr/share/nodejs/mqtt
        lacks node-ws test -d /usr/share/nodejs/ws
        lacks python3-venv venv_python
        lacks apache2-utils command -v htpasswd
        lacks curl command -v curl
        lacks systemd command -v systemd-socket-activate
        lacks faketime command -v faketime
        lacks nghttp2-client command -v h2load # and nghttp
        lacks iproute2 command -v ip
        lacks netbase test -e /etc/protocols
        lacks haproxy command -v haproxy
        lacks nginx command -v nginx
        lacks libnginx-mod-stream test -e /usr/lib/nginx/modules/ngx_stream_module.so
        lacks rsyslog command -v rsyslogd
        lacks chromium-driver command -v chromedriver # and Chromium, which it needs
        lacks firefox-esr command -v firefox-esr
        lacks esbuild command -v esbuild # bundles MQTT.js for them, with these in the place of Node.js's own
        lacks node-buffer test -d /usr/share/nodejs/buffer
        lacks node-process test -d /usr/share/nodejs/process
        lacks node-url test -d /usr/share/nodejs/url
        lacks libnss3-tools command -v certutil # tells both which authority to trust
        lacks prometheus command -v promtool
        lacks rabbitmq-server command -v rabbitmq-server
        lacks ejabberd command -v ejabberdctl
        lacks paho.mqtt.c-examples command -v paho_cs_sub
        lacks testssl.sh command -v testssl
        lacks sslscan command -v sslscan
        lacks systemd command -v systemd-analyze # checks the units; nothing of it is started
        lacks mandoc command -v mandoc
        ;;
    fresh | matrix) lacks debootstrap command -v debootstrap ;;
    image) lacks buildah command -v buildah ;;
    boot) lacks systemd-container command -v systemd-nspawn ;;
    compose)
        lacks podman-compose command -v podman-compose # and podman
        lacks netavark test -x /usr/lib/podman/netavark
        lacks aardvark-dns test -x /usr/lib/podman/aardvark-dns
        lacks crun command -v crun
        lacks iproute2 command -v ip
        ;;
    *) fail "setup.sh knows build, demo, test, fresh, matrix, image, boot and compose, not \"$purpose\"." ;;
    esac
done

[ ${#missing[@]} -gt 0 ] || exit 0

say "Missing: ${missing[*]}"
command -v apt-get >/dev/null || fail "This is not Debian or Ubuntu: there is no apt-get." \
    "Install what these packages hold in your system's way, then try again: ${missing[*]}"
install=(apt-get install --yes --no-install-recommends --no-remove "${missing[@]}")
if [ "$(id -u)" -eq 0 ]; then
    as_root=(env DEBIAN_FRONTEND=noninteractive)
elif command -v sudo >/dev/null; then
    say "Installing needs root: sudo may ask for your password."
    as_root=(sudo env DEBIAN_FRONTEND=noninteractive)
else
    fail "Packages are missing, and installing them needs root; there is no sudo here." \
        "As root:  apt-get update && ${install[*]}"
fi

say "Installing ${missing[*]} with apt-get"
lock=(-o "DPkg::Lock::Timeout=300")
"${as_root[@]}" apt-get "${lock[@]}" -q update || say "apt-get update failed; trying with the lists that are here."
"${as_root[@]}" apt-get "${lock[@]}" -q "${install[@]:1}" || fail "apt-get could not install: ${missing[*]}" \
    "Its message is above. By hand:  apt-get update && ${install[*]}"
for service in rabbitmq-server ejabberd haproxy nginx prometheus rsyslog; do
    case " ${missing[*]} " in
    *" $service "*) say "Debian may have started $service as a service. The tests start their own: to stop that one," \
        "systemctl disable --now $service" ;;
    esac
done
