"""`tirek content diff`: Kazakh and Russian side by side, and what changed since a revision."""

import shutil
import subprocess
import sys
import textwrap
from argparse import Namespace
from collections.abc import Iterator
from difflib import unified_diff
from html import escape
from itertools import zip_longest
from pathlib import Path

from tirek.catalog.content.pieces import Piece, find_text, pieces, read_text
from tirek.cli.parser import CommandError

LANGUAGES = ("kk", "ru")
NARROWEST = 60
GIT_SECONDS = 20
STYLE = """
body { font: 16px/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; margin: 1rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
td, th { border: 1px solid #999; padding: .5rem .75rem; text-align: left; vertical-align: top; }
th { background: #eee; } .differs { background: #ffe2a8; }
pre { background: #f6f6f6; padding: .75rem; overflow-x: auto; white-space: pre-wrap; }
ins { background: #d6f5d6; text-decoration: none; } del { background: #f8d7d7; }
"""

Row = tuple[Piece | None, Piece | None]


def run_diff(arguments: Namespace) -> int:
    """Print both languages side by side, or write them as a page; 1 if they do not correspond."""
    paths = [_path(arguments.root, lang, arguments.text) for lang in LANGUAGES]
    kazakh, russian = (list(pieces(read_text(path))) for path in paths)
    rows = list(zip_longest(kazakh, russian))
    changes = [_changes(path, arguments.since) for path in paths] if arguments.since else []
    if arguments.html:
        arguments.html.write_text(_page(arguments.text, rows, changes), encoding="utf-8")
    else:
        width = max(NARROWEST, shutil.get_terminal_size().columns)
        sys.stdout.writelines(f"{line}\n" for line in _lines(rows, changes, width))
    return 1 if any(_differences(row) for row in rows) else 0


def _path(root: Path, lang: str, place: str) -> Path:
    path = find_text(root, lang, place)
    if path is None:
        raise CommandError(f"there is no text {place!r} in {lang}: name COURSE/LESSON")
    return path


def _differences(row: Row) -> list[str]:
    """What should be the same in both languages and is not; words may differ."""
    left, right = row
    if left is None or right is None:
        return ["card"]
    names = ("name", "kind", "numbers", "steps", "choices")
    return [name for name in names if getattr(left, name) != getattr(right, name)]


def _counts(row: Row) -> str:
    left, right = row
    if left is None or right is None:
        return f"only in {LANGUAGES[0] if left else LANGUAGES[1]}"
    parts = [f"words {left.words}/{right.words}"]
    parts += [f"numbers {left.numbers} / {right.numbers}"] * (left.numbers + right.numbers != "--")
    parts += [f"steps {left.steps}/{right.steps}"] * bool(left.steps or right.steps)
    parts += [f"choices {left.choices}/{right.choices}"] * bool(left.choices or right.choices)
    return " · ".join(parts)


def _name(row: Row) -> str:
    left, right = row
    names = dict.fromkeys(piece.name for piece in (left, right) if piece)
    return " / ".join(names)


def _lines(rows: list[Row], changes: list[list[str]], width: int) -> Iterator[str]:
    column = (width - 3) // 2
    for row in rows:
        differs = _differences(row)
        mark = f"  << not the same: {', '.join(differs)}" if differs else ""
        yield f"== {_name(row)} · {_counts(row)}{mark}"
        for left, right in zip_longest(*(_wrapped(piece, column) for piece in row), fillvalue=""):
            yield f"{left:<{column}} | {right}".rstrip()
        yield ""
    for lines in changes:
        yield from lines


def _wrapped(piece: Piece | None, width: int) -> list[str]:
    if piece is None:
        return []
    said = [piece.title, *(paragraph.text for paragraph in piece.said)]
    return [line for text in said if text for line in textwrap.wrap(text, width)]


def _changes(path: Path, revision: str) -> list[str]:
    """The lines that changed since the revision; one line that says why where git cannot tell."""
    git = shutil.which("git")
    if git is None:
        return [f"{path.name}: git is not installed, so nobody knows what changed"]
    if revision.startswith("-"):
        raise CommandError(f"{revision!r} is not a revision")
    told = subprocess.run(  # noqa: S603  git as the machine has it; the revision is no option
        [git, "-C", str(path.parent), "show", f"{revision}:./{path.name}"],
        capture_output=True,
        check=False,
        timeout=GIT_SECONDS,
    )
    if told.returncode:
        return [f"{path.name}: git knows no such text at {revision}"]
    before = told.stdout.decode(errors="replace").splitlines()
    now = path.read_text(encoding="utf-8").splitlines()
    name = f"{path.parents[1].name}/{path.parent.name}/{path.name}"
    changed = list(unified_diff(before, now, f"{name} ({revision})", name, lineterm="", n=1))
    return changed or [f"{name}: nothing changed since {revision}"]


def _page(place: str, rows: list[Row], changes: list[list[str]]) -> str:
    body = "\n".join(
        f'<tr{" class=differs" * bool(_differences(row))}><th colspan="2">{escape(_name(row))}'
        f" · {escape(_counts(row))}</th></tr>\n<tr>{''.join(map(_cell, LANGUAGES, row))}</tr>"
        for row in rows
    )
    told = "\n".join(f"<pre>{chr(10).join(map(_coloured, lines))}</pre>" for lines in changes)
    return (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{escape(place)}</title>'
        f"<style>{STYLE}</style><h1>{escape(place)}</h1><table>{body}</table>{told}</html>\n"
    )


def _cell(lang: str, piece: Piece | None) -> str:
    if piece is None:
        return "<td></td>"
    title = f"<h2>{escape(piece.title)}</h2>" if piece.title else ""
    said = "".join(f"<p>{escape(paragraph.shown)}</p>" for paragraph in piece.said)
    return f'<td lang="{lang}">{title}{said}</td>'


def _coloured(line: str) -> str:
    if line.startswith("+") and not line.startswith("+++"):
        return f"<ins>{escape(line)}</ins>"
    if line.startswith("-") and not line.startswith("---"):
        return f"<del>{escape(line)}</del>"
    return escape(line)
