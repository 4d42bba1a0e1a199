#!/usr/bin/env bash
# try-systemd.sh: boots an unpacked Debian 12 (systemd-nspawn, a network of its own) and lets its systemd run the package's
# units: install, notification, reload, upgrade, watchdog, credentials, socket activation, stop, purge. What is done there is
# in try-systemd-inside.sh. Needs root and systemd-container, not a machine that runs systemd.
#
#   SLUICE_RELEASE  the folder of a release that is there already
#   TREES           where the Debian is unpacked, once (.trees)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. scripts/trees.sh

command -v systemd-nspawn >/dev/null || fail "systemd-nspawn is not installed (apt-get install systemd-container)"
scripts/deb.sh
version=$(gateway_version)
package=$(realpath "dist/sluice_${version}_$(dpkg --print-architecture).deb")
booted=$TREES/booted log=$TREES/booted-boot.log
tree bookworm
say "A Debian 12 to boot, in $booted"
rm -rf --one-file-system "$booted"
cp -a "$TREES/bookworm" "$booted"
packages booted systemd systemd-sysv dbus mosquitto python3 openssl
within booted systemctl disable mosquitto >/dev/null 2>&1 || true
rm -f "$booted/usr/sbin/policy-rc.d"

try=$booted/opt/try
mkdir -p "$try/scripts"
cp scripts/try-systemd-inside.sh scripts/try_session.py scripts/demo_check.py scripts/ports.py "$try/scripts/"
cp "$package" "$try/sluice.deb"
dpkg-deb -R "$package" "$try/newer"
sed -i "s/^Version: .*/Version: $version+1/" "$try/newer/DEBIAN/control"
echo '# of the newer package' >>"$try/newer/etc/sluice/sluice.conf"
dpkg-deb --build --root-owner-group "$try/newer" "$try/newer.deb" >/dev/null
cat >"$booted/etc/systemd/system/try.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
TimeoutStartSec=300
ExecStart=/bin/sh -c '/opt/try/scripts/try-systemd-inside.sh >/opt/try/log 2>&1; systemctl --no-block poweroff'
[Install]
WantedBy=multi-user.target
END
ln -sf ../try.service "$booted/etc/systemd/system/multi-user.target.wants/try.service"

say "Booting it"
# Where this machine does not run systemd there is no cgroup for it: it gets one, in a mount namespace of its own.
# shellcheck disable=SC2016
timeout --signal KILL 400 unshare --mount bash -ec '
    mount --make-rprivate /
    if [ ! -d /run/systemd/system ]; then
        mount -t tmpfs tmpfs /sys/fs/cgroup
        mkdir /sys/fs/cgroup/systemd
        mount -t cgroup -o none,name=systemd,xattr cgroup /sys/fs/cgroup/systemd
        mkdir -p /sys/fs/cgroup/systemd/sluice-try
        echo $$ >/sys/fs/cgroup/systemd/sluice-try/cgroup.procs
    fi
    exec systemd-nspawn --quiet --directory "$0" --boot --register=no --keep-unit --private-network --console=pipe \
        --link-journal=no' "$booted" </dev/null >"$log" 2>&1 || true
[ -e "$try/log" ] || fail "It did not boot." "$(tail -n 20 "$log")"
cat "$try/log"
[ "$(tail -n 1 "$try/log")" = "all of it" ] || fail "See above; the messages of its boot: $log"
done_ "systemd $(within booted systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p') runs the package as the units say"
