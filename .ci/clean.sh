#!/bin/sh
# Stops every cluster and database server that runs on a folder of var/, then deletes var/ and .venv/.
set -eu
for file in var/cluster/pids.json var/*/cluster/pids.json; do
  [ -f "$file" ] || continue
  # Whoever left them may be killed; what they were doing is in the database.
  PYTHONPATH=platform .venv/bin/python -c 'import sys, pathlib, tirek.cli.cluster.leftovers as left
left.end_leftovers(pathlib.Path(sys.argv[1]))' "${file%/pids.json}" || :
done
for file in var/pg/postmaster.pid var/*/pg/postmaster.pid; do
  [ -f "$file" ] || continue
  pid=$(head -n 1 "$file")
  case "$(ps -o args= -p "$pid" 2>/dev/null || tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || :)" in
    *postgres*"$PWD/${file%/postmaster.pid}"*) kill -INT "$pid" ;;
    *) continue ;;
  esac
  tries=0
  while [ -f "$file" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ]; then
      echo "The database server $pid does not stop; nothing was deleted. Stop it by hand and run make clean again." >&2
      exit 1
    fi
    sleep 0.5
  done
done
rm -rf .venv var
find translations -name '*.mo' -delete 2>/dev/null || :
