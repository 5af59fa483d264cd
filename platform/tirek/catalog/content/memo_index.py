"""What of the memos a reader can find by its words, in each language."""

import html
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tirek.catalog.content.front import LANGUAGES
from tirek.domain.education import Memo
from tirek.domain.search import Document, Passage, SearchIndex

_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")
# A word of the title says more about a memo than one in its middle.
_TITLE, _HEADING, _BODY = 8.0, 4.0, 1.0


def memo_indexes(memos: Iterable[Memo]) -> Mapping[str, SearchIndex]:
    """Return an index of every memo by language."""
    every = tuple(memos)
    return MappingProxyType(
        {lang: SearchIndex(_document(memo, lang) for memo in every) for lang in sorted(LANGUAGES)}
    )


def _document(memo: Memo, lang: str) -> Document:
    text = memo.text(lang)
    passages = [Passage(text.title, _TITLE)]
    for part in text.parts:
        if part.title is not None:
            passages.append(Passage(part.title + ".", _HEADING))
        words = html.unescape(_TAG.sub(" ", part.html))
        passages.append(Passage(_SPACES.sub(" ", words).strip(), _BODY))
    return Document(memo.id, tuple(passages))
