"""Text from outside as plain text: tags, scripts and control characters never reach a page."""

import re
from html import unescape

BLOCKS = re.compile(r"<(script|style)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
COMMENTS = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
TAGS = re.compile(r"</?[A-Za-z][^<>]*>")
# What only looks like the beginning of a tag is kept, apart from its letter.
OPENINGS = re.compile(r"<(?=[A-Za-z/!?])")
SPACES = re.compile(r"\s+")
MAX_LETTERS = 4000


def plain_text(text: str) -> tuple[str, bool]:
    """Return the words alone on one line, and whether there was anything else than words."""
    bare = unescape(_stripped(text))
    # What was written as &lt;script&gt; is a tag only now; a second pass leaves no third.
    bare = _stripped(bare)
    shown = "".join(letter if letter.isprintable() else " " for letter in bare)
    found = SPACES.sub(" ", shown).strip()[:MAX_LETTERS]
    return found, found != SPACES.sub(" ", text).strip()


def _stripped(text: str) -> str:
    for pattern in (BLOCKS, COMMENTS, TAGS):
        text = pattern.sub(" ", text)
    return OPENINGS.sub("< ", text)
