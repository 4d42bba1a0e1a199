#!/usr/bin/env bash
# try-image.sh: builds the second stage of deploy/docker/Dockerfile with buildah and runs it: as its user, with its command, a
# file system that may not be written to except for /tmp, its health check, a session, and its stop signal. The base image is
# an unpacked Debian 12 and the first stage's result is the release, so no registry is needed. Needs root and buildah.
#
#   SLUICE_RELEASE  the folder of a release that is there already
#   TREES           where the Debian and the images are (.trees)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. scripts/trees.sh
. scripts/images.sh

scripts/setup.sh demo image
[ -n "${SLUICE_RELEASE:-}" ] || scripts/release.sh
release=$(release_folder)
mkdir -p "$TREES"
workplace "$TREES"
trap '[ -z "${container:-}" ] || images rm "$container" >/dev/null 2>&1 || true; end_of_work' EXIT

gateway_image "$release"
container=$(images from --pull-never localhost/sluice)
config() { images inspect --format "$1" "$container"; }
[ "$(config '{{.Docker.Config.StopSignal}}')" = SIGQUIT ] || fail "The image's stop signal is not QUIT."
[ "$(config '{{.Docker.Config.User}}')" = 65532:65532 ] || fail "The image's user is not 65532."

start_broker "$work"
read -r -d '' port admin < <(scripts/ports.py free 2 | tr '\n' ' ') || true
mkdir -m 1777 "$work/tmp"
sed -e "s/broker[12]:1883 resolve/127.0.0.1:$BROKER_PORT/;0,/127.0.0.1:$BROKER_PORT/{//d}" -e "s/listen 8083/listen $port/" \
    -e "s/listen 9090/listen $admin/" deploy/docker/sluice.conf >"$work/sluice.conf"
chmod 644 "$work/sluice.conf"
chmod 755 "$work"
inside=(--user 65532:65532 --cap-drop all --volume "$work/sluice.conf:/etc/sluice/sluice.conf:ro" --volume "$work/tmp:/tmp")
images run "${inside[@]}" "$container" -- /usr/bin/sluice -c /etc/sluice/sluice.conf >"$work/sluice.log" 2>&1 &
runner=$!
PROCESSES+=("$runner")
scripts/ports.py wait "$port" "$runner" 20 || fail "It did not start: $(cat "$work/sluice.log")"
images run "${inside[@]}" "$container" -- /usr/bin/sluice-healthy "$admin" || fail "Its health check says that it is ill."
scripts/try_session.py "$port" || fail "No session: $(cat "$work/sluice.log")"
done_ "its health check is content; a session to a broker of this machine"
images run "${inside[@]}" "$container" -- /usr/bin/sluice -s quit -c /etc/sluice/sluice.conf
wait "$runner" || fail "QUIT ended it with status $?: $(cat "$work/sluice.log")"
! images run "${inside[@]}" "$container" -- /usr/bin/sluice-healthy "$admin" 2>/dev/null || fail "Its health check does not notice."
size=$(du -sm "$(images mount "$container")" | cut -f 1)
done_ "a clean end with status 0; $size MiB with its Debian, stripped of documents"
