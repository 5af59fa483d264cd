"""What lints and golden cases find in a draft, in words for the methodologist.

Ids, keys and numbers stay as they stand in the files; what somebody else's words say (an
importer's `todo`, a message of the YAML parser) is marked as English where it has no translation.
"""

import re
from collections.abc import Callable, Iterator

from flask_babel import gettext
from markupsafe import Markup, escape

from tirek.web.oversight.finding_sentences import SENTENCES

# Beyond this a reason is somebody's page of text, which no sentence of ours is.
LONGEST = 2000
_HOLE = re.compile(r"%\((\w+)\)s")
# What is put in for these may hold spaces; an id may not, and so never runs into the sentence.
_WORDY = frozenset(
    {"name", "text", "case", "found", "expected", "values", "known", "items", "scales", "letters"}
    | {"kk", "ru", "says", "are", "english"}
)
ENGLISH = "english"
_LINE = re.compile(r"([a-z.]+:\d+): (.+)", re.DOTALL)


def _pattern(sentence: str) -> re.Pattern[str]:
    """The sentence with anything in its holes; Python quotes a name with either kind of quote."""
    pieces = _HOLE.split(sentence)
    pieces[::2] = [re.escape(words).replace("'", "['\"]") for words in pieces[::2]]
    pieces[1::2] = [f"(?P<{name}>{'.*' if name in _WORDY else '[^ ]*'})" for name in pieces[1::2]]
    return re.compile("".join(pieces), re.DOTALL)


# The sentence with the most words of its own comes first: others may fit by chance.
_PATTERNS = tuple(
    (sentence, _pattern(sentence))
    for sentence in sorted(SENTENCES, key=lambda one: -len(_HOLE.sub("", one)))
)


def find_in_words(reason: str, say: Callable[[str], str] = gettext) -> Markup | None:
    """One reason in the reader's language; None where nobody has written a sentence for it."""
    if len(reason) > LONGEST:
        return None
    for sentence, pattern in _PATTERNS:
        found = pattern.fullmatch(reason)
        if found is not None:
            facts = dict(_facts(found.groupdict(), say))
            return escape(say(sentence)) % facts
    return None


def _facts(said: dict[str, str], say: Callable[[str], str]) -> Iterator[tuple[str, Markup]]:
    """What stands in the holes: sentences of ours in words, others' English marked as such."""
    for name, value in said.items():
        words = find_in_words(value, say)
        yield name, words or (_english(value) if name == ENGLISH else escape(value))


def in_words(reason: str, say: Callable[[str], str] = gettext) -> Markup:
    """One reason for the page; what has no sentence stays English and says so."""
    return find_in_words(reason, say) or _english(reason)


def refused_place_in_words(place: str, say: Callable[[str], str] = gettext) -> Markup:
    """What an upload was refused over: a file, or its line with the reason in words."""
    found = _LINE.fullmatch(place)
    if found is None:
        return escape(place)
    return Markup("{}: {}").format(found[1], in_words(found[2], say))


def _english(text: str) -> Markup:
    return Markup('<span lang="en">{}</span>').format(text)
