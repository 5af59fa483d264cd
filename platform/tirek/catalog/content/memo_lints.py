"""A memo is one printed page, and the same page in both languages."""

from collections.abc import Iterator

from tirek.catalog.content.files import WrittenMemo
from tirek.catalog.content.front import LANGUAGES
from tirek.catalog.content.memos import MemoFiles
from tirek.catalog.content.prose import headings, prose, words
from tirek.catalog.errors import Finding

TITLE_WORDS = range(2, 8)
# More does not fit one A4 page together with the contacts, seen in print.
MEMO_WORDS = 240


def memo_findings(memo: MemoFiles) -> Iterator[Finding]:
    """Yield what makes a memo too long, or another one in the other language."""
    for text in memo.texts.values():
        yield from _size(text)
    first, second = (memo.texts.get(lang) for lang in LANGUAGES)
    if first is not None and second is not None:
        yield from _unequal(first, second)


def _size(text: WrittenMemo) -> Iterator[Finding]:
    title = len(words(headings(text)[:1]))
    if title not in TITLE_WORDS:
        reason = f"the title has {title} words, not {TITLE_WORDS[0]} to {TITLE_WORDS[-1]}"
        yield Finding("title", text.path, text.title.number, reason)
    count = len(words((*headings(text), *prose(text))))
    if count > MEMO_WORDS:
        reason = f"{count} words do not fit one page, more than {MEMO_WORDS}"
        yield Finding("size", text.path, text.title.number, reason)


def _unequal(one: WrittenMemo, other: WrittenMemo) -> Iterator[Finding]:
    lang = one.writing.lang
    if len(one.parts) != len(other.parts):
        reason = f"{len(other.parts)} parts, {len(one.parts)} in {lang}"
        yield Finding("cards", other.path, other.title.number, reason)
        return
    for left, right in zip(one.parts, other.parts, strict=True):
        if left.steps != right.steps:
            line = (right.title or other.title).number
            reason = f"{right.steps} steps in this part, {left.steps} in {lang}"
            yield Finding("steps", other.path, line, reason)
