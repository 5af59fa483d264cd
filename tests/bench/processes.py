"""CPU seconds of a process and of everything it started, from /proc."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """User and system time of `root`, its living descendants, and their dead children."""
    return sum(_ticks(pid) for pid in _tree(root)) / TICKS


def _tree(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += parents.get(pid, [])
    return found


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The command's name may hold spaces and brackets; the fields begin after the last one.
    return text.rpartition(")")[2].split()


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return sum(int(value) for value in fields[11:15]) if fields else 0
