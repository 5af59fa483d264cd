"""Copies of the real courses, small enough to be spoilt one by one."""

from pathlib import Path
from shutil import copy, copytree

CONTENT = Path(__file__).resolve().parents[1] / "content"
COURSE = "calm-parent"


def one_course(folder: Path, course: str = COURSE) -> Path:
    """One course in both languages with the glossary and the sources; no memos."""
    root = folder / "content"
    for part in ("courses", "kk", "ru"):
        copytree(CONTENT / part / course, root / part / course)
    for name in ("glossary.yml", "sources.bib.yml"):
        copy(CONTENT / name, root / name)
    return root


def plant(path: Path, old: str, new: str) -> None:
    """Put `new` where `old` stands first."""
    text = path.read_text(encoding="utf-8")
    assert old in text, "the fault must be planted, not missed"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
