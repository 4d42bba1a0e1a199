# shellcheck shell=bash
# Container images without a registry, for the scripts that try them: buildah keeps them in $TREES/images. Sourced after
# trees.sh; needs root.

export BUILDAH_ISOLATION=chroot

STORE=$TREES/images
BASE=docker.io/library/debian:bookworm-slim

# What runs is under the folder work (workplace).
work=
images() { buildah --storage-driver vfs --root "$STORE" --runroot "$work/run" "$@"; }

# base_image: the base of our Dockerfile from an unpacked Debian 12 of its own, once: what the other trees have been given
# would hide what the Dockerfile forgets.
base_image() {
    local base
    ! images inspect --type image "$BASE" >/dev/null 2>&1 || return 0
    tree bookworm base
    say "A base image from $TREES/base"
    base=$(images from scratch)
    tar -C "$TREES/base" --exclude=./opt/* --exclude=./var/cache/apt/* --exclude=./usr/share/doc/* -cf "$work/base.tar" .
    images add --quiet "$base" "$work/base.tar" / >/dev/null
    images commit --quiet --rm "$base" "$BASE" >/dev/null
    rm "$work/base.tar"
}

# build_image NAME FOLDER: from FOLDER/Dockerfile, with FOLDER as its context and this machine's network.
build_image() {
    images build --quiet --format docker --pull-never --network host -f "$2/Dockerfile" -t "$1" "$2" >"$work/build.log" 2>&1 ||
        fail "buildah could not build $1." "$(tail -n 20 "$work/build.log")"
}

# gateway_image RELEASE: the second stage of deploy/docker/Dockerfile, with the folder RELEASE in the place of the first's
# result, as the image sluice.
gateway_image() {
    local context=$work/gateway
    base_image
    say "The second stage of the Dockerfile"
    mkdir -p "$context/deploy"
    cp -R deploy/docker "$context/deploy/"
    cp -R "$1" "$context/release"
    awk '/^FROM / { stage++ } stage == 2' deploy/docker/Dockerfile |
        sed 's|--from=build /release/|release/|' >"$context/Dockerfile"
    build_image sluice "$context"
}
