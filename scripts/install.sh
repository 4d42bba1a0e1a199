#!/usr/bin/env bash
# install.sh: puts the gateway where DESTDIR, PREFIX and SYSCONFDIR say. A configuration that is there stays. The gateway is
# BINARY, or what an unpacked release holds, or else the release build of this checkout.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

DESTDIR=${DESTDIR:-}
PREFIX=${PREFIX:-/usr/local}
SYSCONFDIR=${SYSCONFDIR:-/etc}
binary=${BINARY:-sluice}
[ -n "${BINARY:-}" ] || [ -f "$binary" ] || binary=.build/release/sluice
[ -x "$binary" ] || fail "$binary is not built yet: \`make build\` first."

# put MODE SOURCE TARGET: one file, with the paths of this installation in it where it is text of ours.
put() {
    local target=$DESTDIR$3
    install -d "${target%/*}"
    if [ "$1" = 755 ]; then
        install -m 755 "$2" "$target"
    else
        sed -e "s|/usr/local/|$PREFIX/|g" -e "s|/etc/sluice/|$SYSCONFDIR/sluice/|g" "$2" >"$target.new"
        chmod "$1" "$target.new"
        mv "$target.new" "$target"
    fi
    done_ "$target"
}

# put_once MODE SOURCE TARGET: only where nothing is.
put_once() {
    if [ -e "$DESTDIR$3" ]; then
        done_ "$DESTDIR$3 (was there, stays as it is)"
    else
        put "$@"
    fi
}

put 755 "$binary" "$PREFIX/bin/sluice"
for file in www/*; do put 644 "$file" "$PREFIX/share/sluice/$file"; done
put 644 deploy/sluice.8 "$PREFIX/share/man/man8/sluice.8"
put_once 644 deploy/sluice.conf "$SYSCONFDIR/sluice/sluice.conf"
put_once 644 deploy/sluice.logrotate "$SYSCONFDIR/logrotate.d/sluice"
put 644 deploy/sluice.service "$PREFIX/lib/systemd/system/sluice.service"
put 644 deploy/sluice.socket "$PREFIX/lib/systemd/system/sluice.socket"
put 644 deploy/sluice.sysusers "$PREFIX/lib/sysusers.d/sluice.conf"
say "deploy/README.md says what comes next: the user, the certificate, the brokers, systemctl."
