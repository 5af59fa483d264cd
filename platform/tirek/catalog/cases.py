"""cases.yaml: golden cases, answers with the scores and flags they must give."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import Document, Node, ScalarNode, SequenceNode
from tirek.domain.flagging import Flag, critical_flags, flags_for
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.interpretation import Sex
from tirek.domain.scoring import Reason, ScaleScore, score


@dataclass(frozen=True, slots=True)
class Expected:
    """What one scale must come out as: a value and its band, or a reason for none."""

    value: Fraction | None
    band: str | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What comes out otherwise than a case expects, and the scale or the flags it is about."""

    reason: str
    scale: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """Answers and what they must give; an abandoned run gives only flags raised at an answer."""

    id: str
    line: int
    source: str
    answers: Mapping[str, Answer]
    scales: Mapping[str, Expected]
    flags: tuple[str, ...]
    age: int | None = None
    sex: Sex | None = None
    lang: str | None = None
    abandoned_after: str | None = None
    note: str | None = None

    @property
    def was_abandoned(self) -> bool:
        """Whether the child stopped before the end."""
        return self.abandoned_after is not None

    def raised(self, instrument: Instrument, scores: tuple[ScaleScore, ...]) -> tuple[Flag, ...]:
        """Return the flags that these answers really raise."""
        if not self.was_abandoned:
            return flags_for(instrument, scores, self.answers)
        return tuple(
            flag
            for item, answer in self.answers.items()
            for flag in critical_flags(instrument, item, answer)
        )

    def disagreements(self, instrument: Instrument) -> list[Disagreement]:
        """Return everything that comes out otherwise than expected."""
        scores = score(instrument, self.answers)
        found = {s.scale: Expected(s.value, s.band, s.reason) for s in scores}
        wrong = [
            Disagreement(
                f"case {self.id}: {scale} is {_say(found[scale])}, expected {_say(expected)}", scale
            )
            for scale, expected in self.scales.items()
            if found[scale] != expected
        ]
        flags = tuple(sorted({flag.id for flag in self.raised(instrument, scores)}))
        if flags != self.flags:
            reason = f"case {self.id}: flags are {list(flags)}, expected {list(self.flags)}"
            wrong.append(Disagreement(reason, flags=tuple(sorted({*flags} ^ {*self.flags}))))
        return wrong


def read_cases(document: Document) -> tuple[GoldenCase, ...]:
    """Return the typed cases, or raise CatalogError."""
    if not isinstance(document.root, SequenceNode):
        raise CatalogError(document.path, document.root.line, "expected a list of cases")
    return tuple(_case(Fields(document.path, node)) for node in document.root.items)


def _case(fields: Fields) -> GoldenCase:
    with fields, fields.fields("expect") as expect:
        return GoldenCase(
            id=fields.text("id"),
            line=fields.mapping.line,
            source=fields.text("source"),
            answers=fields.named("answers", lambda node: _answer(fields.path, node)),
            scales=expect.named("scales", lambda node: _expected(Fields(fields.path, node))),
            flags=expect.texts("flags"),
            age=fields.maybe_integer("age"),
            sex=fields.maybe_choice("sex", Sex),
            lang=fields.maybe_text("lang"),
            abandoned_after=fields.maybe_text("abandoned_after"),
            note=fields.maybe_text("note"),
        )


def _answer(path: Path, node: Node) -> Answer:
    if isinstance(node, ScalarNode) and (node.value is None or isinstance(node.value, str)):
        return Answer.read(node.value)
    raise CatalogError(path, node.line, "an answer is a quoted code, a state's word or null")


def _expected(fields: Fields) -> Expected:
    with fields:
        reason = fields.maybe_choice("not_computable", Reason)
        if reason:
            return Expected(None, None, reason)
        return Expected(fields.exact("value"), fields.maybe_text("band"), None)


def _say(expected: Expected) -> str:
    if expected.value is None:
        return f"not computable ({expected.reason})"
    return f"{expected.value} ({expected.band})" if expected.band else str(expected.value)
