"""F14: two people, or a person and a signal, in the same second: one goes first, nothing is lost.

Threads with connections of their own; both wait at a gate, so that both have read the same version.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import SystemRandom
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.builders_referral import version_of
from tests.properties.ground import Ground, Play
from tests.properties.verbs import NOTE, TALKED
from tests.world import Adult, give_consent
from tirek.domain.errors import ConflictError, DomainError
from tirek.domain.levels import Level
from tirek.domain.referral import Outcome
from tirek.services import (
    concerns,
    handovers,
    referral_care,
    referral_endings,
    referral_steps,
    students,
)
from tirek.services.referral_endings import OutcomeWords
from tirek.services.unit import Unit

# 50 of each take a minute and a half.
TIMES = 50 if os.environ.get("TIREK_FAULTS") == "long" else 12
# So long may one of them be late: now this one is first, now that one.
JITTER_SECONDS = 0.02
Work = Callable[[Unit], object]


@pytest.fixture
def crowded(ground: Ground) -> Iterator[tuple[Play, list[UUID]]]:
    """As many pupils more as there are repetitions, each without a case."""
    with ground.copy() as play:
        school, born = ground.world.school, datetime.now(UTC).date().replace(day=1)
        made = []
        with play.system() as unit:
            for number in range(TIMES):
                pupil = students.enrol(
                    unit.session,
                    unit.vault,
                    school.classroom,
                    f"T-{number:02d}",
                    birth_month=born.replace(year=born.year - 14),
                )
                unit.session.flush()
                give_consent(unit, pupil, school.guardian)
                made.append(pupil.id)
        yield play, made


def at_once(play: Play, *who_does: tuple[Adult, Work]) -> list[BaseException | None]:
    """Let everybody go at the same moment, each in a transaction; what each was told."""
    gate, chance = Barrier(len(who_does)), SystemRandom()

    def go(who: Adult, work: Work) -> BaseException | None:
        try:
            with play.acting(who) as unit:
                unit.session.execute(text("SELECT 1"))
                gate.wait(20)
                time.sleep(chance.uniform(0, JITTER_SECONDS))
                work(unit)
        except DomainError as error:
            return error
        return None

    with ThreadPoolExecutor(len(who_does)) as pool:
        # Anything but a refusal in words (a deadlock, a broken rule) is raised here.
        return list(pool.map(lambda one: go(*one), who_does))


def a_concern(play: Play, pupil: UUID, level: Level) -> UUID:
    with play.acting(play.ground.people["pedagogue"]) as unit:
        return concerns.refer(unit, pupil, level, "worried", uuid4())


def another_concern(pupil: UUID, level: Level) -> Work:
    return lambda unit: concerns.refer(unit, pupil, level, "worried again", uuid4())


def step(play: Play, who: Adult, work: Callable[[Unit, int], object], leg: UUID) -> None:
    with play.acting(who) as unit:
        work(unit, version_of(unit, leg))


def version(play: Play, leg: UUID) -> int:
    with play.system() as unit:
        return version_of(unit, leg)


def owner_of(play: Play, leg: UUID) -> UUID:
    with play.owner.connect() as connection:
        found = connection.scalar(
            text("SELECT owner_id FROM referrals WHERE id = :id"), {"id": leg}
        )
    assert isinstance(found, UUID)
    return found


def test_two_psychologists_accept_in_the_same_second(
    crowded: tuple[Play, list[UUID]],
) -> None:
    play, pupils = crowded
    pair = [play.ground.people[name] for name in ("psychologist", "second psychologist")]
    won: Counter[str] = Counter()
    for pupil in pupils:
        leg = a_concern(play, pupil, Level.MEDIUM)
        seen = version(play, leg)
        told = at_once(
            play,
            *((who, lambda u: referral_steps.acknowledge(u, leg, seen)) for who in pair),
        )
        refusals = [error for error in told if error is not None]
        assert len(refusals) == 1, told
        winner = pair[told.index(None)]
        assert isinstance(refusals[0], ConflictError)
        assert refusals[0].winner == winner.account.display_name
        assert owner_of(play, leg) == winner.account.id
        won[winner.account.display_name] += 1
    print(dict(won))
    assert not play.violations()


def test_one_sends_it_on_while_another_accepts(crowded: tuple[Play, list[UUID]]) -> None:
    play, pupils = crowded
    people = play.ground.people
    ends: Counter[str] = Counter()
    for pupil in pupils:
        leg = a_concern(play, pupil, Level.HIGH)
        seen = version(play, leg)
        told = at_once(
            play,
            (people["specialist"], lambda u: referral_steps.acknowledge(u, leg, seen)),
            (people["colleague"], lambda u: handovers.decline(u, leg, seen, NOTE)),
        )
        assert sum(error is None for error in told) == 1, told
        assert all(isinstance(error, ConflictError) for error in told if error)
        ends["accepted" if told[0] is None else "declined"] += 1
    print(dict(ends))
    assert not play.violations()


def test_two_redirects_against_the_next_ones_acceptance(
    crowded: tuple[Play, list[UUID]],
) -> None:
    """Owner and supervisor send it on to different PSCs while a signal comes in."""
    play, pupils = crowded
    people, centers = play.ground.people, play.ground.centers
    ends: Counter[str] = Counter()
    for pupil in pupils:
        leg = a_concern(play, pupil, Level.HIGH)
        step(play, people["specialist"], lambda u, v: referral_steps.acknowledge(u, leg, v), leg)
        seen = version(play, leg)
        told = at_once(
            play,
            (people["specialist"], lambda u: handovers.redirect(u, leg, seen, centers[1], NOTE)),
            (people["supervisor"], lambda u: handovers.redirect(u, leg, seen, centers[2], NOTE)),
            (people["psychologist"], another_concern(pupil, Level.HIGH)),
        )
        assert told[2] is None
        assert sum(error is None for error in told[:2]) <= 1, told
        ends[str([type(error).__name__ for error in told])] += 1
    print(dict(ends))
    assert not play.violations()


def test_a_merge_against_a_new_signal(crowded: tuple[Play, list[UUID]]) -> None:
    play, pupils = crowded
    people = play.ground.people
    ends: Counter[str] = Counter()
    for pupil in pupils:
        urgent = a_concern(play, pupil, Level.HIGH)
        calm = a_concern(play, pupil, Level.MEDIUM)
        assert calm != urgent
        who = people["psychologist"]
        step(play, who, lambda u, v: referral_steps.acknowledge(u, calm, v), calm)
        seen = version(play, calm)
        told = at_once(
            play,
            (who, lambda u: handovers.merge(u, calm, seen, urgent, NOTE)),
            (people["pedagogue"], another_concern(pupil, Level.MEDIUM)),
        )
        assert told[1] is None, told
        assert told[0] is None or isinstance(told[0], ConflictError)
        ends["merged" if told[0] is None else "refused"] += 1
    print(dict(ends))
    assert not play.violations()


def test_an_end_against_a_new_signal(crowded: tuple[Play, list[UUID]]) -> None:
    play, pupils = crowded
    people = play.ground.people
    who, words = people["psychologist"], OutcomeWords(Outcome.SUPPORTED, True, None, NOTE)  # noqa: FBT003
    ends: Counter[str] = Counter()
    for pupil in pupils:
        leg = a_concern(play, pupil, Level.MEDIUM)
        for work in (
            lambda u, v: referral_steps.acknowledge(u, leg, v),
            lambda u, v: referral_care.triage(u, leg, v, Level.MEDIUM, NOTE),
            lambda u, v: referral_care.record_contact(u, leg, v, TALKED),
            lambda u, v: referral_endings.set_outcome(u, leg, v, words),
        ):
            step(play, who, work, leg)
        seen = version(play, leg)
        told = at_once(
            play,
            (who, lambda u: referral_endings.close(u, leg, seen, NOTE)),
            (people["pedagogue"], another_concern(pupil, Level.MEDIUM)),
        )
        assert told[1] is None, told
        assert told[0] is None or isinstance(told[0], ConflictError)
        ends["closed, then reopened" if told[0] is None else "not closed"] += 1
    print(dict(ends))
    with play.owner.connect() as connection:
        open_cases = connection.scalar(text("SELECT count(*) FROM cases WHERE closed_at IS NULL"))
    assert open_cases == len(pupils)
    assert not play.violations()
