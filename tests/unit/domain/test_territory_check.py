"""The checker finds every empty room, and only those."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.catalog.protocols import load_protocol
from tirek.domain.clocks import Clock
from tirek.domain.ladder import Post, Rung
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee
from tirek.domain.territory_check import (
    AUTHORITIES,
    Center,
    Territory,
    called,
    check,
    holders,
    reached_at,
)

PROTOCOL = load_protocol(Path(__file__).parents[3] / "protocols")
START = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
OWN = Center("own", 1, is_open=True, staff=2, heads=1)
NEIGHBOUR = Center("neighbour", 2, is_open=True, staff=2, heads=1)
FULL = Territory("KZ-10", "school 1", 1, 1, (OWN, NEIGHBOUR), 1, 1, 1)
EMPTY = Territory("KZ-10", "school 0", 0, 0, (), 0, 0, 0, frozenset())

few = st.integers(0, 2)
centers = st.lists(
    st.builds(
        Center,
        st.just("center"),
        st.none() | st.integers(1, 3),
        is_open=st.booleans(),
        staff=few,
        heads=few,
    ),
    max_size=3,
)
territories = st.builds(
    Territory,
    region=st.just("KZ-10"),
    school=st.just("school 1"),
    psychologists=few,
    social_pedagogues=few,
    centers=centers.map(tuple),
    coordinators=few,
    last_responders=few,
    national_duty=few,
    authorities=st.frozensets(st.sampled_from(sorted(AUTHORITIES))),
)
rungs = st.lists(
    st.lists(st.sampled_from(Post), min_size=1, max_size=2, unique=True), min_size=1, max_size=4
).map(
    lambda posts: (
        *(Rung(n, Clock(minutes=10 * n), tuple(one), False) for n, one in enumerate(posts, 1)),  # noqa: FBT003
        Rung(len(posts) + 1, Clock(minutes=1000), (), True),  # noqa: FBT003
    )
)
protocols = st.builds(
    lambda level, ladder, overdue: replace(
        PROTOCOL,
        levels=PROTOCOL.levels
        | {level: replace(PROTOCOL.rule(level), ladder=ladder, overdue=overdue)},
    ),
    st.sampled_from(tuple(PROTOCOL.levels)),
    rungs,
    rungs,
)


def _places(territory: Territory) -> set[tuple[Level, str]]:
    return {(finding.level, finding.rung) for finding in check(PROTOCOL, [territory])}


def test_a_territory_with_everybody_has_no_finding():
    assert not check(PROTOCOL, [FULL])


def test_a_territory_with_nobody_is_found_on_every_level_and_rung():
    places = _places(EMPTY)
    for level, rule in PROTOCOL.levels.items():
        assert (level, "receiver") in places
        assert (level, "ladder") in places
        assert {(level, f"notice {notice.kind}") for notice in rule.notices} <= places
        for rung in rule.ladder:
            assert ((level, f"ladder {rung.number}") in places) is not rung.is_breach


@pytest.mark.parametrize(
    ("territory", "places"),
    [
        (replace(FULL, national_duty=0), {"immediate ladder 3", "high ladder 4", "overdue 3"}),
        (replace(FULL, psychologists=0), set()),
        (
            replace(FULL, psychologists=0, social_pedagogues=0),
            {"immediate notice adult_at_school", "high notice psychologist_informed"},
        ),
        (replace(FULL, centers=(replace(OWN, is_open=False), NEIGHBOUR)), set()),
        (replace(FULL, centers=(replace(OWN, staff=0), NEIGHBOUR)), {"medium ladder 2"}),
        (replace(FULL, centers=(replace(OWN, is_open=False),)), {"immediate receiver"}),
        (
            replace(FULL, authorities=frozenset({Addressee.GUARDIANSHIP})),
            {"immediate notice child_rights"},
        ),
    ],
)
def test_one_vacancy_is_found_where_it_matters(territory: Territory, places: set[str]):
    found = {f"{level} {rung}" for level, rung in _places(territory)}
    assert all(any(place in one for one in found) for place in places)
    assert bool(found) is bool(places)


def test_a_vacancy_beside_somebody_is_no_empty_rung():
    # The head of the center stands on the same rung as the psychologist.
    assert not _places(replace(FULL, psychologists=0))
    assert not _places(replace(FULL, last_responders=0)) - {(Level.HIGH, "ladder 3")}


def test_a_school_without_a_psychologist_is_answered_for_by_its_center():
    rule = PROTOCOL.rule(Level.MEDIUM)
    assert holders(Post.DUTY, rule, replace(FULL, psychologists=0)) == OWN.staff


@given(protocols, territories)
def test_without_a_finding_somebody_is_called_at_once_and_on_every_rung(protocol, territory):
    found = check(protocol, [territory])
    for level, rule in protocol.levels.items():
        if any(finding.level is level for finding in found):
            continue
        assert reached_at(rule, territory, START, protocol.calendar) == START
        for rung in (*rule.ladder, *rule.overdue):
            assert rung.is_breach or called(rung, rule, territory)


@given(protocols, territories)
def test_somebody_is_reached_before_the_breach_or_it_is_said_that_nobody_is(protocol, territory):
    places = {(finding.level, finding.rung) for finding in check(protocol, [territory])}
    for level, rule in protocol.levels.items():
        reached = reached_at(rule, territory, START, protocol.calendar)
        if reached is None:
            assert {(level, "receiver"), (level, "ladder")} <= places
        else:
            assert START <= reached < rule.ladder[-1].due(START, protocol.calendar)


@given(territories)
def test_more_people_never_make_a_finding(territory):
    better = replace(
        territory,
        psychologists=territory.psychologists + 1,
        last_responders=territory.last_responders + 1,
        centers=(OWN, *territory.centers),
    )
    assert _places(better) <= _places(territory)


def test_a_finding_is_one_line_of_places():
    line = check(PROTOCOL, [replace(FULL, national_duty=0)])[0].sentence
    assert line == "KZ-10, school 1: immediate: ladder 3: calls nobody: national_duty vacant"
