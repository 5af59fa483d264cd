"""What differs between two versions of a protocol, in words that a methodologist can check."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tirek.domain.clocks import Clock
from tirek.domain.ladder import Rung
from tirek.domain.legal_ground import GroundRule
from tirek.domain.levels import Level
from tirek.domain.protocols import LevelRule, NoticeRule, Protocol

CLOCKS = ("seen", "acknowledged", "contact", "assessment", "plan")


@dataclass(frozen=True, slots=True)
class Change:
    """One fact before and after; None where it was not there or is gone.

    `level` is None for a fact about the whole protocol, such as an act that was confirmed.
    """

    level: Level | None
    what: str
    before: str | None
    after: str | None


def changes(old: Protocol, new: Protocol) -> tuple[Change, ...]:
    """Every fact that is not the same, the most urgent level first."""
    before, after = dict(facts(old)), dict(facts(new))
    both = dict.fromkeys((*before, *after))
    order = [*Level, None]
    found = (
        Change(level, what, before.get((level, what)), after.get((level, what)))
        for level, what in sorted(both, key=lambda key: order.index(key[0]))
    )
    return tuple(change for change in found if change.before != change.after)


def touched_levels(found: tuple[Change, ...]) -> tuple[Level, ...]:
    """The levels whose open referrals would go on under other rules."""
    levels = {change.level for change in found}
    return tuple(level for level in Level if level in levels)


Fact = tuple[tuple[Level | None, str], str]


def facts(protocol: Protocol) -> Iterator[Fact]:
    """All that a protocol says, one short fact at a time."""
    yield (None, "version"), protocol.version
    yield (None, "effective from"), protocol.effective_from.isoformat()
    yield (None, "status"), protocol.status
    for act in protocol.legal_grounds.values():
        yield (None, f"act {act.id}"), "confirmed" if act.confirmed else "not confirmed"
    for level, rule in protocol.levels.items():
        for what, value in _of_level(rule):
            yield (level, what), value
    for level in protocol.levels:
        rows = [row for row in protocol.ground_rules if row.level is level]
        # The first row that fits decides, so their order is a fact as well.
        yield (level, "what may be done: order of rows"), ", ".join(row.why for row in rows)
        for row in rows:
            yield (level, f"what may be done: {row.why}"), _row(row)


def _of_level(rule: LevelRule) -> Iterator[tuple[str, str]]:
    yield "receiver", rule.receiver.value
    for name in CLOCKS:
        yield f"clock {name}", clock_words(getattr(rule, name))
    for name, ladder in (("ladder", rule.ladder), ("overdue", rule.overdue)):
        for rung in ladder:
            yield f"{name} {rung.number}", rung_words(rung)
    for notice in rule.notices:
        yield f"notice {notice.kind}", notice_words(notice)
        yield f"notice {notice.kind}: text", _texts(notice.title) + " | " + _texts(notice.body)
    yield "next steps: text", _texts(rule.next_steps)


def clock_words(clock: Clock | None) -> str:
    """A time limit, such as "10 min" or "3 working days"; None is at once."""
    if clock is None:
        return "at once"
    if clock.minutes:
        return f"{clock.minutes} min"
    return f"{clock.working_days} working day{'s' if clock.working_days > 1 else ''}"


def rung_words(rung: Rung) -> str:
    """When a rung comes and whom it calls."""
    called = [*rung.posts, *(["breach record"] if rung.is_breach else [])]
    return f"{clock_words(rung.after)}: {', '.join(called)}"


def notice_words(notice: NoticeRule) -> str:
    """To whom a notice goes, how soon, and on what act."""
    return f"{notice.addressee}, {clock_words(notice.clock)}, {notice.legal_ground}"


def _row(row: GroundRule) -> str:
    conditions = {
        "signals": row.signals,
        "guardian": row.guardian,
        "assent": row.assent,
        "guardian named": row.guardian_named,
        "child asks": row.child_asks,
        "from age": row.from_age,
    }
    when = "; ".join(
        f"{name} {', '.join(sorted(value)) if isinstance(value, frozenset) else value}"
        for name, value in conditions.items()
        if value is not None
    )
    permits = ", ".join(sorted(row.permits)) or "nothing"
    return f"{when or 'always'}: {row.ground} ({row.legal_ground}): {permits}"


def _texts(texts: Mapping[str, str]) -> str:
    return " / ".join(texts.values())
