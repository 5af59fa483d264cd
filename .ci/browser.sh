#!/bin/sh
# Prints the path of a Chromium for the browser tests; as root on Debian installs one. Prints nothing when there is
# none: the browser tests then skip, unless TIREK_REQUIRE_BROWSER=1. With --find it only looks.
set -eu

find_browser() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    # a name alone proves nothing: Ubuntu's chromium-browser may be only a pointer to a snap
    if path=$(command -v "$name") && "$path" --version >/dev/null 2>&1; then
      echo "$path"
      return
    fi
  done
  return 1
}

if [ -n "${TIREK_CHROMIUM:-}" ]; then
  if [ -x "$TIREK_CHROMIUM" ]; then
    echo "$TIREK_CHROMIUM"
    exit 0
  fi
  echo "TIREK_CHROMIUM names $TIREK_CHROMIUM, which is not a program." >&2
  exit 1
fi
find_browser && exit 0
[ "${1:-}" = --find ] && exit 0

if [ "$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then
  echo "Installing Chromium for the browser tests…" >&2
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if { apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-core; } >"$log" 2>&1; then
    find_browser && exit 0
  fi
  tail -n 5 "$log" >&2
fi
echo "No Chromium here: install chromium or google-chrome, or set TIREK_CHROMIUM to one." >&2
if [ "${TIREK_REQUIRE_BROWSER:-}" = 1 ]; then
  exit 1
fi
echo "The browser tests are skipped." >&2
