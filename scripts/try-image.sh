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

command -v buildah >/dev/null || fail "buildah is not installed (apt-get install buildah)"
PROCESSES=()
scripts/setup.sh demo
[ -n "${SLUICE_RELEASE:-}" ] || scripts/release.sh
version=$(gateway_version)
release=$(realpath "${SLUICE_RELEASE:-dist/sluice-$version-$(uname -m)}")
tree bookworm
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
store=$TREES/images
work=$(mktemp -d "$TREES/image.XXXXXX")
images() { buildah --root "$store" --runroot "$work/run" "$@"; }
finish() {
    for process in "${PROCESSES[@]}"; do kill "$process" 2>/dev/null || true; done
    [ -z "${container:-}" ] || images rm "$container" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

if ! images inspect --type image debian:bookworm-slim >/dev/null 2>&1; then
    say "A base image from $TREES/bookworm"
    base=$(images from scratch)
    tar -C "$TREES/bookworm" --exclude=./opt/* --exclude=./var/cache/apt/* --exclude=./usr/share/doc/* -cf "$work/base.tar" .
    images add --quiet "$base" "$work/base.tar" / >/dev/null
    images commit --quiet --rm "$base" docker.io/library/debian:bookworm-slim >/dev/null
    rm "$work/base.tar"
fi

say "The second stage of the Dockerfile"
mkdir -p "$work/context/deploy"
cp -R deploy/docker "$work/context/deploy/"
cp -R "$release" "$work/context/release"
awk '/^FROM / { stage++ } stage == 2' deploy/docker/Dockerfile | sed 's|--from=build /release/|release/|' >"$work/Dockerfile"
images build --quiet --format docker --pull-never --network host -f "$work/Dockerfile" -t sluice "$work/context" >"$work/build.log" 2>&1 ||
    fail "buildah could not build it." "$(tail -n 20 "$work/build.log")"
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
