#!/bin/sh
# Fails when translations/ no longer holds what the code and the templates say.
set -eu
[ -d translations ] || exit 0
new=$(mktemp)
trap 'rm -f "$new"' EXIT
.venv/bin/pybabel --quiet extract -F pyproject.toml --no-location --sort-output -o "$new" .
same() { sed '/^"POT-Creation-Date:/d' "$1"; }
if [ "$(same "$new")" != "$(same translations/messages.pot)" ]; then
  echo "translations/messages.pot is stale: make translations" >&2
  exit 1
fi
.venv/bin/pybabel --quiet update -N --check -i translations/messages.pot -d translations
