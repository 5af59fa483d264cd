"""Reads the acts that duties rest on, and the table of what may be done without consent."""

from collections.abc import Container
from enum import StrEnum
from functools import partial
from typing import TypeVar

from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.languages import texts_in
from tirek.domain.legal_ground import Ground, GroundRule, Permission, Said, faults
from tirek.domain.levels import Level
from tirek.domain.protocols import LegalGround
from tirek.domain.referral import SignalKind

E = TypeVar("E", bound=StrEnum)

PROTOCOL_LANGUAGES = ("kk", "ru")
TABLE = "what_may_be_done"


def legal_grounds(fields: Fields) -> dict[str, LegalGround]:
    """Return the acts by the name that the rest of the file calls them."""
    with fields.fields("legal_grounds") as grounds:
        names = tuple(grounds.mapping.entries)
        return {name: _ground(name, grounds) for name in names}


def ground_rules(fields: Fields, acts: Container[str]) -> tuple[GroundRule, ...]:
    """Return the table row by row; refuse one that leaves a child without help or at risk."""
    with fields.fields(TABLE) as levels:
        rows = [
            row
            for level in Level
            if level is not Level.REVIEW
            for row in levels.each(level.value, partial(_rule, level, acts))
        ]
        lines = {(rule.level, rule.why): line for line, rule in rows}
        for line, rule in rows:
            if lines[rule.level, rule.why] != line:
                raise CatalogError(fields.path, line, f"{rule.why!r} stands here a second time")
        for fault in faults([rule for _, rule in rows]):
            line = lines.get(
                (fault.level, fault.why or ""), levels.mapping.key_lines[fault.level.value]
            )
            raise CatalogError(fields.path, line, f"{fault.level}: {fault.reason}")
        return tuple(rule for _, rule in rows)


def _ground(name: str, grounds: Fields) -> LegalGround:
    with grounds.fields(name) as fields:
        confirmed = fields.boolean("confirmed")
        note = fields.maybe_text("note")
        if not confirmed and note is None:
            raise fields.error("confirmed", "an act that nobody has confirmed needs a note")
        return LegalGround(
            name, texts_in(PROTOCOL_LANGUAGES, fields, "title"), confirmed, note or ""
        )


def _rule(level: Level, acts: Container[str], fields: Fields) -> tuple[int, GroundRule]:
    act = fields.text("legal_ground")
    if act not in acts:
        raise fields.error("legal_ground", f"no legal ground {act!r} stands in this file")
    with fields.fields("when") as when:
        signals = _choices(when, "signals", SignalKind)
        guardian, assent = _choices(when, "guardian", Said), _choices(when, "assent", Said)
        named = when.boolean("guardian_named") if when.has("guardian_named") else None
        asks = when.boolean("child_asks") if when.has("child_asks") else None
        from_age = when.maybe_integer("from_age")
    rule = GroundRule(
        why=fields.text("why"),
        level=level,
        ground=fields.choice("ground", Ground),
        legal_ground=act,
        permits=_choices(fields, "permits", Permission) or frozenset(),
        text=texts_in(PROTOCOL_LANGUAGES, fields, "text"),
        signals=signals,
        guardian=guardian,
        assent=assent,
        guardian_named=named,
        child_asks=asks,
        from_age=from_age,
    )
    return fields.mapping.line, rule


def _choices(fields: Fields, name: str, kind: type[E]) -> frozenset[E] | None:
    """The words of a list, None where there is no list."""
    if not fields.has(name):
        return None
    words = fields.texts(name)
    if not set(words) <= set(kind):
        raise fields.error(name, f"{name!r} holds only: {', '.join(kind)}")
    return frozenset(kind(word) for word in words)
