"""Which words of an item leave the house: its text if the licence says so, else its topic."""

from tirek.catalog.exchange.foreign import ExchangeError
from tirek.catalog.exchange.wanted import Wanted
from tirek.domain.instruments import Instrument


def languages(instrument: Instrument, wanted: Wanted) -> tuple[str, ...]:
    """The languages that go out; raise ExchangeError for one that the instrument lacks."""
    if wanted.lang is None:
        return tuple(sorted(instrument.wordings))
    if wanted.lang not in instrument.wordings:
        raise ExchangeError(instrument.id, f"has no wording in {wanted.lang!r}")
    return (wanted.lang,)


def item_text(instrument: Instrument, lang: str, item: str) -> str:
    """The text of an item, or its topic where the licence keeps the text at home."""
    may = instrument.structure.licence.may.get("export_wording", False)
    key = f"{item}.text"
    strings = instrument.wording(lang).strings
    return strings[key] if may and key in strings else strings[f"{item}.topic"]


def leading_text(instrument: Instrument, lang: str, key: str) -> str | None:
    """The sentence that stands before the questions, where it is ours to give."""
    may = instrument.structure.licence.may.get("export_wording", False)
    return instrument.wording(lang).strings.get(key) if may else None
