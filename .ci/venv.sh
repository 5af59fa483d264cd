#!/bin/sh
# Makes .venv with the first Python that is new enough and can make one.
set -eu
found=
for python in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
  found=$python
  "$python" -c 'import ensurepip, venv' 2>/dev/null || continue
  rm -rf .venv
  exec "$python" -m venv .venv
done
if [ -n "$found" ]; then
  echo "$found cannot make virtual environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv) and run make again." >&2
else
  echo "Tirek needs Python 3.11 or newer: install it (Debian, Ubuntu: apt-get install python3 python3-venv) and run make again." >&2
fi
exit 1
