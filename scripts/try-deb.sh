#!/usr/bin/env bash
# try-deb.sh: the package (deb.sh) in an unpacked Debian 12: installs it with apt-get, runs it with the user, folders and
# command lines of sluice.service (there is no systemd in such a tree), reloads it, upgrades it to a newer package with a
# changed configuration in place, removes and purges it. Nothing may be left but the user. Then it installs the same package
# in Debian 13 and sid. Needs root.
#
#   SLUICE_RELEASE  the folder of a release that is there already
#   TREES           where the Debian is unpacked, once (.trees)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. scripts/trees.sh

SUITE=bookworm
scripts/setup.sh demo
scripts/deb.sh
package=$(package_file)
workplace "${TMPDIR:-/tmp}"

tree $SUITE
folder=$TREES/$SUITE
conf=$folder/etc/sluice/sluice.conf
within $SUITE apt-get -q purge --yes sluice >>"$folder.log" 2>&1 || true
within $SUITE deluser --quiet --system sluice >/dev/null 2>&1 || true
# What it needs is there before, so that only its own files make the difference.
read -ra needs < <(dpkg-deb -f "$package" Depends | sed -e 's/([^)]*)//g' -e 's/,//g')
packages $SUITE "${needs[@]}" logrotate

# files: all files of the tree, without what apt, dpkg and adduser keep about every package.
files() {
    (cd "$folder" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/cache -o \
        -path ./var/lib/apt -o -path ./var/log/apt -o -path ./opt -o -path ./root \) -prune -o -print) |
        grep -vE '^\./(etc/(passwd|group|shadow|gshadow|subuid|subgid)-|var/log/(dpkg|alternatives)\.log)$' | sort
}

# as_unit COMMAND…: as sluice.service starts it.
as_unit() {
    within $SUITE install -d -o sluice -g sluice /run/sluice
    enter $SUITE setpriv --reuid sluice --regid sluice --init-groups --no-new-privs "$@"
}

apt_install() {
    within $SUITE apt-get -q -o Dpkg::Options::=--force-confold install --yes --no-install-recommends "$1" \
        >"$work/apt.log" 2>&1 || fail "apt-get could not install $1: $(cat "$work/apt.log")"
}

# session PORT WHAT
session() {
    scripts/try_session.py "$1" || fail "No session $2: $(cat "$work/sluice.log")"
    done_ "a session $2"
}

start_broker "$work"
newer_package "$package" "$work/newer" "$folder/opt/newer.deb" etc/sluice/sluice.conf etc/logrotate.d/sluice
cp "$package" "$folder/opt/sluice.deb"
files >"$work/before"

apt_install /opt/sluice.deb
(as_unit /usr/bin/sluice -t -c /etc/sluice/sluice.conf)
done_ "installed; the configuration of the package is good"

read -r -d '' port other admin < <(scripts/ports.py free 3 | tr '\n' ' ') || true
sed -i -e "s/127.0.0.1:1883/127.0.0.1:$BROKER_PORT/" -e "s/listen 8083/listen $port/" -e "s/:9090/:$admin/" "$conf"
as_unit /usr/bin/sluice -c /etc/sluice/sluice.conf >"$work/sluice.log" 2>&1 &
process=$!
PROCESSES+=("$process")
scripts/ports.py wait "$port" "$process" 10 || fail "It did not start: $(cat "$work/sluice.log")"
session "$port" "after the start"

sed -i "s/listen $port/listen $other/" "$conf"
within $SUITE /usr/bin/sluice -s reload -c /etc/sluice/sluice.conf
scripts/ports.py wait "$other" "$process" 10 || fail "The reload opened no port: $(cat "$work/sluice.log")"
session "$other" "after the reload, on its new port"

cp "$conf" "$work/kept.conf"
apt_install /opt/newer.deb
cmp "$conf" "$work/kept.conf" || fail "The upgrade has changed the configuration."
[ -e "$conf.dpkg-dist" ] || fail "The newer configuration is not beside it."
grep -q 'of the newer package' "$folder/etc/logrotate.d/sluice" || fail "An untouched file was not replaced."
session "$other" "with the old process, after the package's upgrade"
within $SUITE /usr/bin/sluice -s upgrade -c /etc/sluice/sluice.conf # as postinst does where systemd runs
for _ in $(seq 100); do
    successor=$(cat "$folder/run/sluice/sluice.pid")
    [ -z "$successor" ] || [ "$successor" = "$process" ] || break # empty while it is being written
    sleep 0.1
done
[[ -n "$successor" && "$successor" != "$process" ]] || fail "No new process has taken over: $(cat "$work/sluice.log")"
PROCESSES+=("$successor")
wait "$process" || fail "The old process did not end well: $(cat "$work/sluice.log")"
session "$other" "with the new process; the changed configuration was kept"
[ -s "$folder/var/log/sluice/access.log" ] || fail "There is no access log."
within $SUITE logrotate --state /tmp/logrotate --force /etc/logrotate.d/sluice || fail "logrotate does not like its file."
[ -s "$folder/var/log/sluice/access.log.1" ] || fail "logrotate has not moved the log."
kill -QUIT "$successor"
tail --pid "$successor" -f /dev/null

within $SUITE apt-get -q remove --yes sluice >"$work/apt.log" 2>&1 || fail "remove: $(cat "$work/apt.log")"
if [ ! -e "$conf" ] || [ -e "$folder/usr/bin/sluice" ]; then
    fail "Removing has taken the configuration, or left the program."
fi
within $SUITE apt-get -q purge --yes sluice >"$work/apt.log" 2>&1 || fail "purge: $(cat "$work/apt.log")"
rm -rf "$folder/run/sluice" # systemd removes a RuntimeDirectory itself
files | diff "$work/before" - || fail "The files above are left, or gone."
done_ "removed and purged: nothing is left"

for suite in trixie sid; do
    tree "$suite"
    cp "$package" "$TREES/$suite/opt/sluice.deb"
    packages "$suite" /opt/sluice.deb
    within "$suite" /usr/bin/sluice -V >"$work/versions" || fail "It does not run in Debian $suite."
    within "$suite" apt-get -q purge --yes sluice >>"$TREES/$suite.log" 2>&1
    done_ "Debian $suite takes the same package: $(paste -sd ' ' "$work/versions")"
done
