"""Pages of an instrument: what stands on one, and what was sent back from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from flask import abort
from werkzeug.datastructures import MultiDict

from tirek.domain.administration import Path, page_after, page_before
from tirek.domain.instruments import (
    SKIPPED,
    Answer,
    AnswerState,
    Instrument,
    UnknownItemError,
    UnknownOptionError,
)

DECLINED = Answer(AnswerState.DECLINED)


class Sheet(Protocol):
    """What is being filled in, by whomever: an administration, or a report about oneself."""

    @property
    def instrument(self) -> Instrument:
        """Whose questions these are."""

    @property
    def pages(self) -> tuple[tuple[str, ...], ...]:
        """The items of each page."""

    @property
    def most_pages(self) -> int | None:
        """How many pages there can be at most; None where that is known already."""

    def path(self, known: Mapping[str, Answer]) -> Path:
        """The pages that are shown after these answers, in their order."""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item in the reader's language, with the answer it already has."""

    id: str
    number: int
    text: str
    options: tuple[tuple[str, str], ...]
    chosen: str | None


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """One page of items; `pause` is a calm word after a hard item, the same for everybody.

    `place` (from 0), `count` and `all_items` speak of what is asked of this person.
    """

    place: int
    count: int
    all_items: int
    # Whether `count` is only the most that there can be.
    is_open_ended: bool
    recall: str | None
    pause: str | None
    items: tuple[ShownItem, ...]
    may_decline: bool
    # Whether the questionnaire ends with this page, whatever is answered on it.
    is_last: bool


def wording_lang(instrument: Instrument, page_lang: str) -> str:
    """The wording to show on a page of this language; instruments speak Kazakh and Russian."""
    return page_lang if page_lang in instrument.wordings else "ru"


def build_page(run: Sheet, index: int, lang: str, known: Mapping[str, Answer]) -> ItemsPage:
    """Lay out page `index` (from 0) in a wording language; 404 where nothing is asked."""
    instrument, strings = run.instrument, run.instrument.wordings[lang].strings
    shown = run.path(known)
    if index not in shown:
        abort(404)
    items = [item for page in shown.values() for item in page]
    before = page_before(shown, index)
    hard = next((instrument.item(item).critical for item in shown[before]), None)
    return ItemsPage(
        place=[*shown].index(index),
        count=run.most_pages or len(shown),
        all_items=run.most_pages or len(items),
        is_open_ended=run.most_pages is not None,
        recall=strings.get("recall"),
        pause=strings.get(f"safety.{hard}") if hard and before != index else None,
        items=tuple(
            ShownItem(
                item,
                items.index(item) + 1,
                strings[f"{item}.text"],
                _options(instrument, item, strings),
                _chosen(known.get(item)),
            )
            for item in shown[index]
        ),
        may_decline=instrument.structure.may_decline,
        is_last=run.most_pages is None and index == len(run.pages) - 1,
    )


def is_asked(sheet: Sheet, index: int, known: Mapping[str, Answer]) -> bool:
    """Whether a page asks anything after these answers; 404 beyond the last page."""
    if not 0 <= index < len(sheet.pages):
        abort(404)
    return index in sheet.path(known)


def following(sheet: Sheet, index: int, known: Mapping[str, Answer]) -> int | None:
    """The next page, or after the last one a page that was jumped over; None at the end."""
    return page_after(sheet.path(known), known, index)


def preceding(sheet: Sheet, index: int, known: Mapping[str, Answer]) -> int:
    """The page to which the back button leads."""
    return page_before(sheet.path(known), index)


def read_answers(run: Sheet, index: int, sent: MultiDict[str, str]) -> dict[str, Answer]:
    """The answers sent from page `index`; items left blank are absent, strange codes are a 422."""
    pages = run.pages
    if not 0 <= index < len(pages):
        abort(404)
    return {item: read_answer(run, item, sent[item]) for item in pages[index] if sent.get(item)}


def read_answer(run: Sheet, item: str, sent: str) -> Answer:
    """One answer to one item; 422 when the instrument has no such item or option."""
    answer = DECLINED if sent == DECLINED.state.value else Answer(AnswerState.ANSWERED, sent)
    try:
        run.instrument.weight(item, answer)
    except (UnknownItemError, UnknownOptionError):
        abort(422)
    return answer


def blanks(run: Sheet, index: int, known: Mapping[str, Answer]) -> list[str]:
    """Items of a page to which nothing has been said at all, in order."""
    asked = run.path(known).get(index, ())
    return [item for item in asked if known.get(item, SKIPPED) == SKIPPED]


def _options(
    instrument: Instrument, item: str, strings: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    prefix = instrument.item(item).options
    return tuple(
        (option.code, strings[f"{prefix}.{option.code}"]) for option in instrument.options(item)
    )


def _chosen(answer: Answer | None) -> str | None:
    if answer is None:
        return None
    return answer.code if answer.is_answered else _aside(answer)


def _aside(answer: Answer) -> str | None:
    return DECLINED.state.value if answer == DECLINED else None
