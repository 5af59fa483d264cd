"""Numbers and dates are the same in both languages: card by card, in titles and on course pages."""

from collections.abc import Iterable, Iterator

from tirek.catalog.content.files import Text, WrittenLesson
from tirek.catalog.content.prose import Paragraph, card_prose, dates, heading, numbers, prose
from tirek.catalog.errors import Finding


def number_findings(first: Text, second: Text) -> Iterator[Finding]:
    """Yield the numbers and days of the second text that the first has not, and the other way."""
    langs = first.writing.lang, second.writing.lang
    here, there = _pieces(second), _pieces(first)
    for name, (line, ours) in here.items():
        if name not in there:
            continue
        theirs = there[name][1]
        for lint, found, wanted in (
            ("numbers", numbers(ours), numbers(theirs)),
            ("dates", dates(ours, langs[1]), dates(theirs, langs[0])),
        ):
            if found != wanted:
                reason = f"{name} has {_listed(found)}, in {langs[0]} {_listed(wanted)}"
                yield Finding(lint, second.path, line, reason)


def _pieces(text: Text) -> dict[str, tuple[int, tuple[Paragraph, ...]]]:
    title = heading(text.title)
    if isinstance(text, WrittenLesson):
        cards = {
            f"card {card.id!r}": (card.line, (heading(card.title), *card_prose(card)))
            for card in text.cards
        }
        return {"the title": (title.line, (title,))} | cards
    return {"the text": (title.line, (title, *prose(text)))}


def _listed(found: Iterable[str]) -> str:
    return ", ".join(found) or "none"
