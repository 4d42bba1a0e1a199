#!/usr/bin/env bash
# certificates.sh FOLDER: a certificate authority for development and a server certificate for localhost in FOLDER.
# What is there is used again as long as it is valid for another day: ca.crt ca.key server.crt server.key.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

folder=$1
days=365
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

still_good() {
    local file
    for file in ca.crt ca.key server.crt server.key; do [ -s "$folder/$file" ] || return 1; done
    openssl x509 -in "$folder/ca.crt" -noout -checkend 86400 >/dev/null &&
        openssl x509 -in "$folder/server.crt" -noout -checkend 86400 >/dev/null &&
        openssl verify -CAfile "$folder/ca.crt" "$folder/server.crt" >/dev/null 2>&1
}

if still_good; then
    say "Certificates: those of ${folder#"$ROOT"/} are still valid"
    exit 0
fi

say "Certificates: making an authority and a certificate for localhost in ${folder#"$ROOT"/}"
new=$(mktemp -d "$folder/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
umask 077
openssl ecparam -name prime256v1 -genkey -noout -out "$new/ca.key"
openssl ecparam -name prime256v1 -genkey -noout -out "$new/server.key"
openssl req -x509 -new -key "$new/ca.key" -days "$days" -sha256 -subj "/CN=Sluice development CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -out "$new/ca.crt"
openssl req -new -key "$new/server.key" -subj "/CN=localhost" -out "$new/server.csr"
cat >"$new/server.ext" <<'EXTENSIONS'
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EXTENSIONS
openssl x509 -req -in "$new/server.csr" -CA "$new/ca.crt" -CAkey "$new/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days "$days" -sha256 -extfile "$new/server.ext" -out "$new/server.crt" 2>/dev/null
chmod 644 "$new/ca.crt" "$new/server.crt"
for file in ca.key ca.crt server.key server.crt; do mv "$new/$file" "$folder/$file"; done
