#!/usr/bin/env bash
# release.sh: builds dist/sluice-VERSION-ARCH.tar.gz: a gateway that needs no Swift where it runs, with its page,
# configuration, systemd units and install.sh. The folder of the same name beside it is what the archive holds.
#
#   STATIC_BUILD  the build folder (.build-static)
#
# Only the Swift runtime is linked in. libssl, libcrypto, libnghttp2, libcrypt and zlib are the system's, which keeps them free
# of known holes. So is libcurl, which is loaded only when a configuration needs it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

require_swift
build=${STATIC_BUILD:-.build-static}
version=$(gateway_version)
[ -n "$version" ] || fail "Sources/Gateway/Process/Build.swift names no version."
name=sluice-$version-$(uname -m)

say "Building $name, with the Swift runtime inside"
swift build -c release --static-swift-stdlib --product sluice --scratch-path "$build"

folder=dist/$name
rm -rf "$folder" "$folder.tar.gz"
install -d "$folder/scripts"
install -m 755 "$build/release/sluice" "$folder/sluice"
strip --strip-all --remove-section=.comment "$folder/sluice"
cp -R www deploy LICENSE CHANGELOG.md "$folder/"
cp scripts/install.sh scripts/lib.sh "$folder/scripts/"

# The same input gives the same archive.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -C dist -c "$name" | gzip -9n >"$folder.tar.gz"
(cd dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
done_ "$folder.tar.gz ($(du -k "$folder.tar.gz" | cut -f 1) KiB; the gateway alone $(du -k "$folder/sluice" | cut -f 1) KiB)"
