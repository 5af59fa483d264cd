"""Processes of a cluster whose own process was killed: ended before the next one starts."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

FILE = "pids.json"


def note(folder: Path, pids: list[int | None]) -> None:
    """Write down which processes run, each with the moment of its start."""
    known = {str(pid): _started(pid) for pid in pids if pid is not None}
    new = folder / f"{FILE}.new"
    new.write_text(json.dumps(known))
    new.replace(folder / FILE)


def end_leftovers(folder: Path) -> int:
    """End the groups of those that still run; a number that lives on as a stranger is spared."""
    try:
        known: dict[str, str] = json.loads((folder / FILE).read_text())
    except (FileNotFoundError, ValueError):
        return 0
    ended = 0
    for pid, started in known.items():
        if started and _started(int(pid)) == started:
            with suppress(ProcessLookupError):
                os.killpg(int(pid), signal.SIGKILL)
                ended += 1
    (folder / FILE).unlink()
    return ended


def _started(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty when it is gone or nothing tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
