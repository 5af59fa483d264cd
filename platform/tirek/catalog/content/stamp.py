"""Hashes of a tool: of the source a translation follows, of the text that was read aloud."""

import re
from pathlib import Path

from tirek.catalog.content.files import WrittenLesson
from tirek.catalog.content.pieces import read_text
from tirek.catalog.errors import CatalogError

HASH_LINE = re.compile(r"^source_hash: .*$", re.MULTILINE)
RECORDED = re.compile(r"(^audio: .*?text_hash: )[^},\s]+", re.MULTILINE)
SINCE_LINE = re.compile(r"^outdated_since: .*\n", re.MULTILINE)


def recorded(path: Path) -> str:
    """Return the file's text saying that its recording is of today's words."""
    text = read_text(path.resolve())
    written = path.read_text(encoding="utf-8")
    if not isinstance(text, WrittenLesson) or text.front.recording is None:
        raise CatalogError(path, 1, "this text names no recording")
    return RECORDED.sub(rf"\g<1>{text.digest}", written, count=1)


def stamped(path: Path) -> str:
    """Return the file's text with today's hash of its source; raise CatalogError at an original."""
    path = path.resolve()
    text = read_text(path)
    if not text.writing.is_translation:
        raise CatalogError(path, 1, "this text is an original: there is nothing to stamp")
    home = path.parents[2] / text.writing.source_lang / path.parent.name
    line = f"source_hash: {read_text(home / path.name).digest}"
    written = path.read_text(encoding="utf-8")
    return SINCE_LINE.sub("", HASH_LINE.sub(line, written, count=1), count=1)
