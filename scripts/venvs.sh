#!/usr/bin/env bash
# venvs.sh [LIST…]: makes the virtual environments of Tests/EndToEnd/clients/venvs.txt and of the other lists in
# .venv-clients (or $SLUICE_VENVS), each once and again when its line changed. Needs .venv, whose pip installs into all.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

folder=${SLUICE_VENVS:-.venv-clients}
missing=()
while read -r name requirements; do
    case $name in '' | '#'*) continue ;; esac
    [ "$(cat "$folder/$name/requirements.txt" 2>/dev/null)" = "$requirements" ] || missing+=("$name $requirements")
done < <(cat Tests/EndToEnd/clients/venvs.txt "$@")
[ ${#missing[@]} -gt 0 ] || exit 0

made=0
for line in "${missing[@]}"; do
    read -r name requirements <<<"$line"
    made=$((made + 1))
    say "Client library $made of ${#missing[@]} into $folder: $requirements"
    rm -rf "${folder:?}/$name"
    "$(venv_python)" -m venv --without-pip "$folder/$name"
    read -ra words <<<"$requirements"
    .venv/bin/python -m pip --python "$folder/$name" install --quiet --disable-pip-version-check "${words[@]}" ||
        fail "pip could not install $requirements" "Its message is above."
    printf '%s\n' "$requirements" >"$folder/$name/requirements.txt"
done
