#!/usr/bin/env bash
# deb.sh: builds dist/sluice_VERSION_ARCH.deb from the release (release.sh). Its dependencies are those of the system that
# it is built on: build on the oldest Debian that is to run it.
#
#   SLUICE_RELEASE  the folder of a release that is there already
#   DEB_VERSION     the version of the package (the gateway's)
#   DEBFULLNAME, DEBEMAIL  who answers for it
set -euo pipefail
. "$(dirname "$0")/lib.sh"

for tool in dpkg-deb dpkg-shlibdeps; do
    command -v "$tool" >/dev/null || fail "$tool is not installed (apt-get install dpkg-dev)"
done
[ -n "${SLUICE_RELEASE:-}" ] || scripts/release.sh
release=$(release_folder)
version=${DEB_VERSION:-$(gateway_version)}
architecture=$(dpkg --print-architecture)
package=dist/sluice_${version}_$architecture.deb
maintainer="${DEBFULLNAME:-The Sluice authors} <${DEBEMAIL:-sluice@localhost}>"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
root=$tree/root documents=$tree/root/usr/share/doc/sluice

install_files() {
    BINARY=$release/sluice DESTDIR=$root PREFIX=/usr SYSCONFDIR=/etc scripts/install.sh >/dev/null
    install -d "$documents/examples"
    cp -R conf/examples/. deploy/prometheus deploy/grafana "$documents/examples/"
    cp deploy/README.md "$documents/README.md"
    cp deploy/debian/copyright "$documents/copyright"
    gzip -9n <CHANGELOG.md >"$documents/NEWS.gz"
    changelog | gzip -9n >"$documents/changelog.gz"
    if [ -f deploy/sluice.8 ]; then
        install -d "$root/usr/share/man/man8"
        gzip -9n <deploy/sluice.8 >"$root/usr/share/man/man8/sluice.8.gz"
    fi
    find "$root" -type d -exec chmod 755 {} +
    find "$root" -type f ! -path "$root/usr/bin/*" -exec chmod 644 {} +
}

changelog() {
    printf 'sluice (%s) unstable; urgency=medium\n\n  * See NEWS.gz.\n\n' "$version"
    printf ' -- %s  %s\n' "$maintainer" "$(git log -1 --format=%cD 2>/dev/null || date -R)"
}

# What the program is linked with, as packages that hold it, and libcurl, which it loads itself (CCurlShims_load) and dpkg-shlibdeps
# cannot see: auth_http is to work wherever the package is installed, also without what it only recommends.
dependencies() {
    mkdir -p "$tree/shlibs/debian"
    printf 'Source: sluice\n\nPackage: sluice\nArchitecture: any\n' >"$tree/shlibs/debian/control"
    (cd "$tree/shlibs" && dpkg-shlibdeps -O "$root/usr/bin/sluice" 2>"$tree/shlibs.log") |
        sed -n -e 's/^shlibs:Depends=\(.*\)/\1, libcurl4 (>= 7.87)/p'
}

control() {
    local shlibs size
    shlibs=$(dependencies)
    [ -n "$shlibs" ] || fail "dpkg-shlibdeps does not know the libraries' packages: $(cat "$tree/shlibs.log")"
    install -d "$root/DEBIAN"
    install -m 755 deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm "$root/DEBIAN/"
    (cd "$root" && find etc -type f -printf '/%p\n' | sort) >"$root/DEBIAN/conffiles"
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    size=$(du -sk --exclude=DEBIAN "$root" | cut -f 1)
    sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$architecture/" -e "s/@SIZE@/$size/" -e "s/@SHLIBS@/$shlibs/" \
        -e "s/@MAINTAINER@/$maintainer/" \
        deploy/debian/control.in >"$root/DEBIAN/control"
}

install_files
control
mkdir -p dist
dpkg-deb --build --root-owner-group "$root" "$package" >/dev/null
done_ "$package ($(du -k "$package" | cut -f 1) KiB): $(sed -n 's/^Depends: //p' "$root/DEBIAN/control")"
