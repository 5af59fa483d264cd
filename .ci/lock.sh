#!/bin/sh
# requirements*.in -> requirements*.txt, in a throw-away environment; one set of versions for Python 3.11 and newer.
set -eu
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools"
"$tools/bin/python" -m pip --disable-pip-version-check --quiet install uv
compile() {
  "$tools/bin/uv" pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
    --no-header --no-emit-index-url --no-emit-find-links "$@"
}
compile requirements.in -o requirements.txt
compile -c requirements.txt requirements-test.in -o requirements-test.txt
compile -c requirements.txt -c requirements-test.txt requirements-bench.in -o requirements-bench.txt
if grep -nE '://|^--' requirements.txt requirements-test.txt requirements-bench.txt; then
  echo "A lock file names a host or an option of this machine (see the lines above): do not commit it." >&2
  exit 1
fi
