"""Pages of an instrument: what stands on one, and what was sent back from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from flask import abort
from werkzeug.datastructures import MultiDict

from tirek.domain.instruments import (
    Answer,
    AnswerState,
    Instrument,
    UnknownItemError,
    UnknownOptionError,
)

DECLINED = Answer(AnswerState.DECLINED)
SKIPPED = Answer(AnswerState.SKIPPED)


class Sheet(Protocol):
    """What is being filled in, by whomever: an administration, or a report about oneself."""

    @property
    def instrument(self) -> Instrument:
        """Whose questions these are."""

    @property
    def pages(self) -> tuple[tuple[str, ...], ...]:
        """The items of each page."""


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
    """One page of items; `pause` is a calm word after a hard item, the same for everybody."""

    index: int
    count: int
    recall: str | None
    pause: str | None
    items: tuple[ShownItem, ...]
    may_decline: bool

    @property
    def is_last(self) -> bool:
        """Whether the questionnaire ends with this page."""
        return self.index == self.count - 1


def wording_lang(instrument: Instrument, page_lang: str) -> str:
    """The wording to show on a page of this language; instruments speak Kazakh and Russian."""
    return page_lang if page_lang in instrument.wordings else "ru"


def build_page(run: Sheet, index: int, lang: str, known: Mapping[str, Answer]) -> ItemsPage:
    """Lay out page `index` (from 0) in a wording language; 404 beyond the last one."""
    pages = run.pages
    if not 0 <= index < len(pages):
        abort(404)
    instrument, strings = run.instrument, run.instrument.wordings[lang].strings
    numbers = {item.id: number for number, item in enumerate(instrument.items, start=1)}
    before = pages[index - 1] if index else ()
    hard = next((instrument.item(item).critical for item in before), None)
    return ItemsPage(
        index=index,
        count=len(pages),
        recall=strings.get("recall"),
        pause=strings.get(f"safety.{hard}") if hard else None,
        items=tuple(
            ShownItem(
                item,
                numbers[item],
                strings[f"{item}.text"],
                _options(instrument, item, strings),
                _chosen(known.get(item)),
            )
            for item in pages[index]
        ),
        may_decline=instrument.structure.may_decline,
    )


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
    return [item for item in run.pages[index] if known.get(item, SKIPPED) == SKIPPED]


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
