"""What a methodologist is told about a new version of a protocol."""

from dataclasses import replace
from pathlib import Path

import pytest

from tirek.catalog.protocols import load_protocol
from tirek.domain.clocks import Clock
from tirek.domain.ladder import Post
from tirek.domain.levels import Level
from tirek.domain.protocol_change import Change, changes, clock_words, facts, touched_levels
from tirek.domain.protocols import LevelRule, Protocol
from tirek.domain.referral import ReceiverKind

OLD = load_protocol(Path(__file__).parents[3] / "protocols")


def _with(level: Level, **fields: object) -> Protocol:
    rule: LevelRule = replace(OLD.rule(level), **fields)
    return replace(OLD, levels={**OLD.levels, level: rule})


def _of(new: Protocol) -> list[tuple[Level | None, str, str | None, str | None]]:
    return [(one.level, one.what, one.before, one.after) for one in changes(OLD, new)]


def test_the_same_protocol_changes_nothing():
    assert not changes(OLD, OLD)
    assert not touched_levels(())


def test_every_fact_has_a_place_of_its_own():
    places = [place for place, _ in facts(OLD)]
    assert len(set(places)) == len(places)


def test_a_clock_a_receiver_and_a_rung_are_named_before_and_after():
    rule = OLD.rule(Level.MEDIUM)
    first = replace(rule.ladder[0], posts=(Post.DUTY,))
    new = _with(
        Level.MEDIUM,
        contact=Clock(working_days=2),
        receiver=ReceiverKind.SUPPORT_CENTER,
        ladder=(first, *rule.ladder[1:]),
    )
    assert _of(new) == [
        (Level.MEDIUM, "receiver", "school", "support_center"),
        (Level.MEDIUM, "clock contact", "3 working days", "2 working days"),
        (
            Level.MEDIUM,
            "ladder 1",
            "1 working day: duty, social_pedagogue",
            "1 working day: duty",
        ),
    ]
    assert touched_levels(changes(OLD, new)) == (Level.MEDIUM,)


def test_what_comes_or_goes_is_nothing_on_the_other_side():
    notices = OLD.rule(Level.HIGH).notices
    gone = changes(OLD, _with(Level.HIGH, notices=()))
    assert [change.after for change in gone] == [None, None]
    assert {change.what for change in gone} == {
        f"notice {notices[0].kind}",
        f"notice {notices[0].kind}: text",
    }
    back = changes(_with(Level.HIGH, notices=()), OLD)
    assert [(one.before, one.after) for one in back] == [(one.after, one.before) for one in gone]


def test_a_confirmed_act_touches_no_case():
    act = replace(OLD.legal_grounds["order-742"], confirmed=True)
    new = replace(OLD, legal_grounds={**OLD.legal_grounds, act.id: act})
    found = changes(OLD, new)
    assert found == (Change(None, "act order-742", "not confirmed", "confirmed"),)
    assert not touched_levels(found)


def test_a_row_of_what_may_be_done_is_a_fact_of_its_level():
    rows = [
        replace(row, permits=frozenset()) if row.why == "child_said_no" else row
        for row in OLD.ground_rules
    ]
    assert not changes(OLD, replace(OLD, ground_rules=tuple(rows)))
    rows = [row for row in OLD.ground_rules if row.why != "guardian_said_no"]
    found = changes(OLD, replace(OLD, ground_rules=tuple(rows)))
    assert touched_levels(found) == (Level.LOW,)
    assert [change.what for change in found] == [
        "what may be done: order of rows",
        "what may be done: guardian_said_no",
    ]
    assert found[1].before == (
        "guardian refused, withdrawn: statutory_duty (order-377): tell_guardian"
    )
    assert found[1].after is None


def test_levels_stand_from_the_most_urgent_down_and_the_whole_comes_last():
    new = replace(
        OLD,
        version="1.2.0",
        levels={level: replace(rule, plan=Clock(minutes=1)) for level, rule in OLD.levels.items()},
    )
    assert [change.level for change in changes(OLD, new)] == [*OLD.levels, None]


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (None, "at once"),
        (Clock(minutes=90), "90 min"),
        (Clock(working_days=1), "1 working day"),
        (Clock(working_days=3), "3 working days"),
    ],
)
def test_a_limit_in_words(clock, words):
    assert clock_words(clock) == words
