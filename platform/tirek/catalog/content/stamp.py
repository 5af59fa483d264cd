"""The hash by which a translation says from which state of its source it was made."""

import re
from pathlib import Path

from tirek.catalog.content.files import Text, read_course_page, read_lesson, read_memo
from tirek.catalog.content.memos import FOLDER
from tirek.catalog.content.plan import PAGE_NAME
from tirek.catalog.errors import CatalogError

HASH_LINE = re.compile(r"^source_hash: .*$", re.MULTILINE)
SINCE_LINE = re.compile(r"^outdated_since: .*\n", re.MULTILINE)


def stamped(path: Path) -> str:
    """Return the file's text with today's hash of its source; raise CatalogError at an original."""
    path = path.resolve()
    text = _read(path)
    if not text.writing.is_translation:
        raise CatalogError(path, 1, "this text is an original: there is nothing to stamp")
    home = path.parents[2] / text.writing.source_lang / path.parent.name
    line = f"source_hash: {_read(home / path.name).digest}"
    written = path.read_text(encoding="utf-8")
    return SINCE_LINE.sub("", HASH_LINE.sub(line, written, count=1), count=1)


def _read(path: Path) -> Text:
    if path.parent.name == FOLDER:
        return read_memo(path)
    return read_course_page(path) if path.name == PAGE_NAME else read_lesson(path)
