"""A lesson's blocks as cards: what kind each is, its heading, its choices, its HTML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

from tirek.catalog.content.blocks import Block, Line
from tirek.catalog.content.render import rendered, rendered_inline
from tirek.catalog.errors import CatalogError
from tirek.domain.education import Card, CardKind, Choice

# `:::card{#why}` and `:::card{#how-at-night}` name their kind by the first word of the id.
PLAIN_CARD = "card"
PLAIN_KINDS = {"why": CardKind.WHY, "how": CardKind.HOW}
NAMED_KINDS = {
    "example": CardKind.EXAMPLE,
    "try": CardKind.TRY,
    "check": CardKind.CHECK,
    "help": CardKind.HELP,
}
CHOICE = re.compile(r"\( \) ([a-z])\. (\S.*)")
EXPLANATION = "> "
STEP = re.compile(r"[0-9]+\. ")
FEWEST_CHOICES = 2


@dataclass(frozen=True, slots=True)
class WrittenChoice:
    """One `( ) a. label` with the `> ` line that explains it."""

    shown: Choice
    label: Line
    explanation: Line


@dataclass(frozen=True, slots=True)
class WrittenCard:
    """One card as its readers see it (`shown`), and the lines its author wrote."""

    shown: Card
    line: int
    title: Line
    body: tuple[Line, ...]
    choices: tuple[WrittenChoice, ...]

    @property
    def id(self) -> str:
        """The card's id."""
        return self.shown.id

    @property
    def kind(self) -> CardKind:
        """What the card is for."""
        return self.shown.kind

    @property
    def steps(self) -> int:
        """How many numbered steps the card has."""
        return sum(1 for line in self.body if STEP.match(line.text))


def read_cards(path: Path, blocks: tuple[Block, ...]) -> tuple[WrittenCard, ...]:
    """Return the cards in order; raise CatalogError for an unknown kind or an id used twice."""
    cards: dict[str, WrittenCard] = {}
    for block in blocks:
        card = _card(path, block)
        if card.id in cards:
            raise CatalogError(path, block.line, f"the card id {card.id!r} stands here again")
        cards[card.id] = card
    return tuple(cards.values())


def _card(path: Path, block: Block) -> WrittenCard:
    kind = _kind(block)
    if kind is None:
        raise CatalogError(path, block.line, f"no such card: {block.name}, id {block.id}")
    expected = {"type": "choice"} if kind is CardKind.CHECK else {}
    if block.options != expected:
        raise CatalogError(path, block.line, "a check, and only a check, says 'type=choice'")
    title, below = _heading(path, block)
    body, choices = _split_choices(path, below) if kind is CardKind.CHECK else (below, ())
    shown = Card(
        id=block.id or block.name,
        kind=kind,
        title=title.text,
        html=rendered(path, body),
        choices=tuple(choice.shown for choice in choices),
    )
    return WrittenCard(shown, block.line, title, body, choices)


def _kind(block: Block) -> CardKind | None:
    if block.name == PLAIN_CARD:
        return PLAIN_KINDS.get((block.id or "").split("-")[0])
    if block.id is None and block.name != CardKind.HELP:
        return None
    return NAMED_KINDS.get(block.name)


def _heading(path: Path, block: Block) -> tuple[Line, tuple[Line, ...]]:
    first = block.body[0] if block.body else Line(block.line, "")
    if not first.text.startswith("## "):
        raise CatalogError(path, first.number, "a card starts with '## ' and its heading")
    if not any(line.text.strip() for line in block.body[1:]):
        raise CatalogError(path, block.line, "the card says nothing under its heading")
    return Line(first.number, first.text[3:].strip()), block.body[1:]


def _split_choices(
    path: Path, lines: tuple[Line, ...]
) -> tuple[tuple[Line, ...], tuple[WrittenChoice, ...]]:
    start = next((at for at, line in enumerate(lines) if line.text.startswith("(")), len(lines))
    written = iter([line for line in lines[start:] if line.text.strip()])
    choices = tuple(_choices(path, written))
    if len(choices) < FEWEST_CHOICES:
        raise CatalogError(path, lines[0].number, "a check needs at least 2 choices")
    if "".join(choice.shown.id for choice in choices) != ascii_lowercase[: len(choices)]:
        raise CatalogError(path, choices[0].label.number, "choices are lettered a, b, c in order")
    return lines[:start], choices


def _choices(path: Path, lines: Iterator[Line]) -> Iterator[WrittenChoice]:
    for line in lines:
        choice = CHOICE.fullmatch(line.text.rstrip())
        if choice is None:
            raise CatalogError(path, line.number, "expected '( ) a. ' and the choice")
        reply = next(lines, Line(line.number, ""))
        if not reply.text.startswith(EXPLANATION):
            raise CatalogError(path, reply.number, "every choice is explained by a line '> '")
        label = Line(line.number, choice[2])
        explanation = Line(reply.number, reply.text.removeprefix(EXPLANATION).strip())
        html = rendered_inline(path, label), rendered_inline(path, explanation)
        yield WrittenChoice(Choice(choice[1], *html), label, explanation)
