#!/usr/bin/env bash
# try-systemd-inside.sh: what try-systemd.sh runs as a service of the Debian that it has booted. /opt/try holds the packages
# and scripts; the broker is Debian's mosquitto on port 1883. Prints what holds; the first thing that does not ends it.
set -euo pipefail
cd /opt/try

ok() { printf ' ok  %s\n' "$*"; }
not() {
    printf 'error: %s\n' "$*"
    systemctl status --no-pager sluice || true
    journalctl --no-pager -u sluice -n 30 || true
    exit 1
}
property() { systemctl show --property "$1" --value sluice.service; }
session() { python3 scripts/try_session.py "$@" || not "no session on port $1"; }
eventually() {
    local tries
    for tries in $(seq 150); do ! "$@" 2>/dev/null || return 0; sleep 0.1; done
    not "$tries tries of: $*"
}
listens() { python3 scripts/ports.py owner "$1" >/dev/null; }
apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Options::=--force-confold install --yes --no-install-recommends "$@" >apt.log 2>&1 ||
        not "apt-get: $(cat apt.log)"
}
# override TEXT: a drop-in of the service.
override() {
    mkdir -p /etc/systemd/system/sluice.service.d
    printf '[Service]\n%b\n' "$1" >/etc/systemd/system/sluice.service.d/try.conf
    systemctl daemon-reload
}
conf=/etc/sluice/sluice.conf

systemctl start mosquitto
apt_install /opt/try/sluice.deb
[ "$(property ActiveState)/$(property Type)" = active/notify ] || not "installing has not started it"
session 8083
descriptors=$(awk '/^Max open files/ { print $4 }' "/proc/$(property MainPID)/limits")
ok "the package has started the service ($descriptors descriptors), which has told that it serves: $(property StatusText)"
ok "exposure: $(systemd-analyze security sluice.service | tail -n 1)"

process=$(property MainPID)
sed -i 's/listen 8083;/listen 8083; listen 8085;/' $conf
systemctl reload sluice
eventually listens 8085
session 8085
cp $conf good.conf
sed -i 's/listen 8085;/listen eight;/' $conf
! systemctl reload sluice 2>/dev/null || not "a faulty configuration was accepted"
cp good.conf $conf
[ "$(property ActiveState)/$(property MainPID)" = "active/$process" ] || not "the reload has changed more than the configuration"
session 8085
ok "reload: a new port; a faulty configuration fails and changes nothing"

sed -i 's/listen 8085;/listen eight;/' $conf
apt_install /opt/try/newer.deb
grep -q 'the old version still runs' apt.log || not "nothing is said of a faulty configuration: $(cat apt.log)"
cp good.conf $conf
[ "$(property ActiveState)/$(property MainPID)" = "active/$process" ] || not "an upgrade with a faulty configuration was not left"
session 8085
invocation=$(property InvocationID) # another one after each start, whoever asks for it
ok "the package's upgrade with a faulty configuration: the old process goes on, and the operator is told"

apt_install --reinstall /opt/try/newer.deb
successor() { [ "$(property MainPID)" != "$process" ] && [ "$(property ActiveState)" = active ]; }
eventually successor
[ "$(property InvocationID)" = "$invocation" ] || not "the upgrade has restarted it"
cmp $conf good.conf || not "the upgrade has changed its configuration"
session 8085
gone() { [ ! -e "/proc/$process" ]; }
eventually gone
[ "$(property ActiveState)" = active ] || not "the end of the old process was taken for the service's"
ok "the package's upgrade: another main process ($process, then $(property MainPID)), the same service, no restart"

override 'WatchdogSec=2s'
systemctl restart sluice
kill -STOP "$(property MainPID)"
restarted() { [ "$(property NRestarts)" = 1 ] && [ "$(property ActiveState)" = active ]; }
eventually restarted
session 8083
ok "the watchdog has restarted a process that hung"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout /etc/sluice/certs/server.key -out /etc/sluice/certs/server.crt 2>/dev/null
chmod 600 /etc/sluice/certs/server.key
override 'LoadCredential=server.key:/etc/sluice/certs/server.key'
cat >>$conf <<'END'
server {
    listen 443 ssl;
    ssl_certificate     /etc/sluice/certs/server.crt;
    ssl_certificate_key /run/credentials/sluice.service/server.key;
    location /mqtt { mqtt_pass brokers; }
}
END
chmod 644 /etc/sluice/certs/server.crt
systemctl restart sluice
session 443 /etc/sluice/certs/server.crt
process=$(property MainPID) invocation=$(property InvocationID)
apt_install --reinstall /opt/try/newer.deb
eventually successor
[ "$(property InvocationID)" = "$invocation" ] || not "the upgrade has restarted it"
session 443 /etc/sluice/certs/server.crt
ok "port 443, with a key that only root can read (LoadCredential), also after an upgrade"

systemctl stop sluice
[ "$(property Result)/$(property ExecMainStatus)" = success/0 ] || not "a stop ended as $(property Result)"
systemctl enable --quiet --now sluice.socket
[ "$(property ActiveState)" = inactive ] || not "it runs though nobody has come"
session 8083 # its first byte starts the service
[ "$(property ActiveState)" = active ] || not "the socket has not started it"
process=$(property MainPID)
systemctl restart sluice & # whoever comes meanwhile waits in the queue
for _ in 1 2 3 4 5; do session 8083; done
wait $!
[ "$(property MainPID)" != "$process" ] || not "it was not restarted"
ok "socket activation: started by the first client; nobody was refused during a restart"

rm -r /etc/systemd/system/sluice.service.d
DEBIAN_FRONTEND=noninteractive apt-get -q purge --yes sluice >apt.log 2>&1 || not "purge: $(cat apt.log)"
! systemctl --quiet is-active sluice.service sluice.socket || not "a unit is still active"
! listens 8083 || not "port 8083 is still open"
left=$(find /etc/systemd /usr/lib/systemd /var/lib/systemd /run/systemd /run/sluice -name '*sluice*' 2>/dev/null) || true
[ -z "$left" ] || not "left: $left"
ok "purged: no unit, no process, no port"
echo "all of it"
