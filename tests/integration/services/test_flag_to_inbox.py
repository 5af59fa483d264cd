"""The main job: an answer of concern is a named PSC's work in the same commit, or nothing is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_referral import (
    ALL_ONE,
    NO_WORRY,
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    accept,
    acting,
    an_administration,
    end,
    legs,
    the_leg,
    work_until,
)
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.instruments import Answer
from tirek.domain.levels import Level
from tirek.services import completion, concerns, inbox, referral_endings, referral_steps, runs
from tirek.services.administrations import complete, record_responses, stop
from tirek.services.inbox import Query
from tirek.services.runs import AdministrationKey
from tirek.storage.models import (
    Account,
    Administration,
    AuditEntry,
    Case,
    FlagRecord,
    Notice,
    OutboxMessage,
    Referral,
    ReferralEvent,
    Response,
    ReviewTask,
    Score,
    Signal,
    SupportCenter,
)

EVERYTHING = (
    Administration, AuditEntry, Case, FlagRecord, Notice, OutboxMessage, Referral,
    ReferralEvent, Response, ReviewTask, Score, Signal,
)  # fmt: skip


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), schools=2, pupils=2, coded=2)
    system.commit()
    return built


def count(session: Session, model: type) -> int:
    return session.scalars(select(func.count()).select_from(model)).one()


def everything(session: Session) -> dict[str, int]:
    session.rollback()
    return {model.__name__: count(session, model) for model in EVERYTHING}


def test_a_critical_answer_is_in_the_territorys_inbox_at_once(
    engine: Engine, system: Session, world: World
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    with acting(engine, world, world.home.specialist) as unit:
        (row,) = inbox.load(unit, Query()).rows
    assert row.level == "immediate"
    # Who fetches the list has been given it.
    assert row.state == "delivered"
    assert row.student_code == world.school.pupil.student.school_code
    assert row.school.id == world.school.id
    leg = the_leg(system, world.school.pupil)
    assert (leg.support_center_id, leg.route_reason) == (world.home.id, "territory")


def test_another_pscs_people_see_nothing_of_it(engine: Engine, world: World) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    with acting(engine, world, world.neighbour.specialist) as unit:
        assert inbox.load(unit, Query()).total == 0
        for model in (Referral, Case, Signal, FlagRecord, Response, Notice, ReferralEvent):
            assert count(unit.session, model) == 0, model


def test_the_clocks_run_from_the_answer(engine: Engine, system: Session, world: World) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(system, world.school.pupil)
    since = [
        due - leg.created_at
        for due in (leg.seen_due_at, leg.acknowledge_due_at, leg.contact_due_at)
    ]
    assert since == [timedelta(minutes=minutes) for minutes in (10, 15, 60)]


def test_the_notices_are_due_with_their_clocks_and_grounds(
    engine: Engine, system: Session, world: World
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(system, world.school.pupil)
    due = {
        notice.kind: (notice.addressee, notice.due_at - leg.created_at, notice.legal_ground)
        for notice in system.scalars(select(Notice))
    }
    hour, quarter = timedelta(hours=1), timedelta(minutes=15)
    assert due == {
        "adult_at_school": ("school", quarter, "order-377"),
        "guardianship": ("guardianship", hour, "order-742"),
        "child_rights": ("child_rights", hour, "order-742"),
    }


def test_everybody_concerned_is_written_to_and_nobody_else(
    engine: Engine, system: Session, world: World
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    system.rollback()
    told = system.execute(
        select(OutboxMessage.kind, Account.id).join(Account, Account.id == OutboxMessage.account_id)
    ).all()
    center = {world.home.specialist.account.id, world.home.supervisor.account.id}
    school = {world.school.psychologist.account.id}
    assert {who for kind, who in told if kind == "referral_waits"} == center
    assert {who for kind, who in told if kind == "notice_due"} == center | school
    assert {kind for kind, _ in told} == {"referral_waits", "notice_due"}


def test_all_of_it_is_one_commit_or_nothing(engine: Engine, system: Session, world: World) -> None:
    key = an_administration(engine, world)
    before = everything(system)
    with pytest.raises(_StoppedError):
        _record_and_stop(engine, world, key)
    assert everything(system) == before


class _StoppedError(Exception):
    """The process ended here."""


def _record_and_stop(engine: Engine, world: World, key: AdministrationKey) -> None:
    with acting(engine, world, world.school.pupil.actor) as unit:
        record_responses(unit, runs.load(unit, key), {"q9": Answer.read("1")})
        raise _StoppedError


def test_repeating_the_answer_changes_nothing(
    engine: Engine, system: Session, world: World
) -> None:
    key = a_pupil_answers(engine, world, SELF_HARM)
    before = everything(system)
    with acting(engine, world, world.school.pupil.actor) as unit:
        record_responses(unit, runs.load(unit, key), {"q9": Answer.read("1")})
    assert everything(system) == before


def test_taking_the_answer_back_takes_no_flag_back(
    engine: Engine, system: Session, world: World
) -> None:
    key = a_pupil_answers(engine, world, SELF_HARM)
    with acting(engine, world, world.school.pupil.actor) as unit:
        record_responses(unit, runs.load(unit, key), {"q9": Answer.read("0")})
    with acting(engine, world, world.school.pupil.actor) as unit:
        stop(unit, runs.load(unit, key))
    assert the_leg(system, world.school.pupil).state == "routed"


def test_a_total_over_the_cut_off_goes_to_the_school_psychologist(
    engine: Engine, system: Session, world: World
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    leg = the_leg(system, world.school.pupil)
    assert (leg.receiver, leg.level, leg.route_reason) == ("school", "medium", "level_rule")
    with acting(engine, world, world.school.psychologist) as unit:
        assert [row.id for row in inbox.load(unit, Query()).rows] == [leg.id]
    for foreign in (world.schools[1].psychologist, world.home.specialist):
        with acting(engine, world, foreign) as unit:
            assert inbox.load(unit, Query()).total == 0
    assert count(system, Notice) == 0


def test_completing_over_a_high_cut_off_and_a_critical_item_makes_one_case(
    engine: Engine, system: Session, world: World
) -> None:
    a_pupil_answers(engine, world, ALL_ONE, to_the_end=True)
    (case,) = system.scalars(select(Case))
    assert case.level == "immediate"
    assert {leg.receiver for leg in legs(system, world.school.pupil)} == {
        "support_center", "school",
    }  # fmt: skip
    codes = set(system.scalars(select(FlagRecord.code)))
    assert {"selfHarm", "totalMedium"} <= codes


def test_nothing_remarkable_opens_nothing(engine: Engine, system: Session, world: World) -> None:
    a_pupil_answers(engine, world, NO_WORRY, instrument="gad-7", to_the_end=True)
    system.rollback()
    for model in (FlagRecord, ReviewTask, Case, Referral, Notice, OutboxMessage):
        assert count(system, model) == 0


def test_too_few_answers_ask_for_a_look_and_never_pass_for_no_risk(
    engine: Engine, system: Session, world: World
) -> None:
    a_pupil_answers(engine, world, {"q1": "0"}, instrument="gad-7", to_the_end=True)
    (task,) = system.scalars(select(ReviewTask))
    assert task.reason == "notScored"
    assert set(system.scalars(select(Score.state))) == {"not_computable"}
    assert count(system, Referral) == 0


def test_an_engine_that_fails_keeps_the_answers_and_asks_for_a_look(
    engine: Engine, system: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = an_administration(engine, world, instrument="gad-7")
    with acting(engine, world, world.school.pupil.actor) as unit:
        given = {item: Answer.read(code) for item, code in SOME_WORRY.items()}
        record_responses(unit, runs.load(unit, key), given)

    def broken(*_given: object) -> None:
        raise ArithmeticError("a defect of the engine")

    monkeypatch.setattr(completion, "score", broken)
    with acting(engine, world, world.school.pupil.actor) as unit:
        complete(unit, runs.load(unit, key))
    system.rollback()
    (task,) = system.scalars(select(ReviewTask))
    assert task.reason == completion.SCORING_FAILED
    assert system.scalars(select(Administration.state)).one() == "completed"
    assert count(system, Response) == len(SOME_WORRY)
    assert count(system, Score) == 0


def test_ten_flags_of_one_child_at_once_open_one_case(
    engine: Engine, system: Session, world: World
) -> None:
    key = an_administration(engine, world)

    def answer(item: str) -> None:
        _record(engine, world, key, item)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(answer, ["q9", "q12", "q13", "q9", "q12", "q13", "q9", "q12", "q13", "q9"]))
    system.rollback()
    (case,) = system.scalars(select(Case))
    leg = the_leg(system, world.school.pupil)
    assert leg.case_id == case.id
    assert sorted(system.scalars(select(FlagRecord.code))) == [
        "attemptEver", "selfHarm", "seriousThoughts",
    ]  # fmt: skip
    assert count(system, Signal) == 3
    # The first signal's notices cover the two others while nobody has confirmed them.
    assert count(system, Notice) == 3
    seqs = list(system.scalars(select(ReferralEvent.seq).order_by(ReferralEvent.seq)))
    assert seqs == list(range(1, leg.version + 1)) == [1, 2, 3]


def _record(engine: Engine, world: World, key: AdministrationKey, item: str) -> None:
    with acting(engine, world, world.school.pupil.actor) as unit:
        record_responses(unit, runs.load(unit, key), {item: Answer.read("1")})


def test_two_signals_in_one_request_join_the_same_leg_twice(
    engine: Engine, system: Session, world: World
) -> None:
    """The last page of a questionnaire records a critical answer and completes in one commit."""
    key = a_pupil_answers(engine, world, SELF_HARM)
    with acting(engine, world, world.school.pupil.actor) as unit:
        for item in ("q12", "q13"):
            record_responses(unit, runs.load(unit, key), {item: Answer.read("1")})
    assert the_leg(system, world.school.pupil).version == 3


def test_a_centre_that_closes_in_the_middle_of_a_page_divides_no_child(
    engine: Engine, system: Session, world: World
) -> None:
    """The critical answer and the end of one page are one child for one centre."""
    key = a_pupil_answers(engine, world, {f"q{number}": "3" for number in range(1, 9)})
    with acting(engine, world, world.school.pupil.actor) as unit:
        record_responses(unit, runs.load(unit, key), {"q9": Answer.read("1")})
        system.get_one(SupportCenter, world.home.id).is_open = False
        system.commit()
        complete(unit, runs.load(unit, key))
    leg = the_leg(system, world.school.pupil)
    assert leg.support_center_id == world.home.id
    assert leg.version >= 2


def test_a_new_signal_raises_the_level_and_brings_clocks_forward_never_back(
    engine: Engine, system: Session, world: World
) -> None:
    pupil = world.school.pupil
    a_pupil_answers(engine, world, ALL_ONE, to_the_end=True)
    center = next(leg for leg in legs(system, pupil) if leg.receiver == "support_center")
    before = (center.level, center.seen_due_at, center.acknowledge_due_at, center.contact_due_at)
    # A further, calmer signal goes to the school's leg and leaves this one as it was.
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    after = next(leg for leg in legs(system, pupil) if leg.receiver == "support_center")
    assert (after.level, after.seen_due_at, after.acknowledge_due_at, after.contact_due_at) == (
        before
    )
    assert len(legs(system, pupil)) == 2


def test_a_signal_after_the_talk_asks_for_another_talk(
    engine: Engine, system: Session, world: World
) -> None:
    pupil = world.school.pupil
    key = a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(system, pupil)
    accept(engine, world, world.home.specialist, leg)
    work_until(engine, world, world.home.specialist, leg, "contacted")
    talked = the_leg(system, pupil)
    assert talked.contacted_at is not None
    first_due = talked.contact_due_at
    with acting(engine, world, pupil.actor) as unit:
        record_responses(unit, runs.load(unit, key), {"q12": Answer.read("1")})
    again = the_leg(system, pupil)
    assert (again.state, again.owner_id) == ("acknowledged", world.home.specialist.account.id)
    assert again.contacted_at is None
    assert again.contact_due_at > first_due


def test_a_signal_soon_after_the_end_opens_the_same_referral_again(
    engine: Engine, system: Session, world: World
) -> None:
    pupil = world.school.pupil
    key = a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(system, pupil)
    accept(engine, world, world.home.specialist, leg)
    end(engine, world, leg, world.home.specialist, world.home.supervisor)
    ended = the_leg(system, pupil)
    assert (ended.state, ended.outcome) == ("closed", "supported")
    first_due = ended.acknowledge_due_at
    with acting(engine, world, pupil.actor) as unit:
        record_responses(unit, runs.load(unit, key), {"q12": Answer.read("1")})
    again = the_leg(system, pupil)
    assert (again.state, again.owner_id, again.outcome) == ("reopened", None, None)
    assert again.acknowledge_due_at > first_due
    assert system.scalars(select(Case.closed_at)).all() == [None]
    # A further signal before anybody has accepted joins it, and puts no clock off.
    version, dues = again.version, (again.acknowledge_due_at, again.contact_due_at)
    with acting(engine, world, world.school.psychologist) as unit:
        concerns.refer(unit, pupil.id, Level.IMMEDIATE, "Worried.", uuid4())
    joined = the_leg(system, pupil)
    assert (joined.state, joined.version) == ("reopened", version + 1)
    assert (joined.acknowledge_due_at, joined.contact_due_at) == dues
    accept(engine, world, world.home.supervisor, joined)
    assert the_leg(system, pupil).state == "acknowledged"


def test_a_closing_and_a_new_signal_at_once_never_lose_the_signal(
    engine: Engine, system: Session, world: World
) -> None:
    pupil = world.school.pupil
    key = a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(system, pupil)
    accept(engine, world, world.home.specialist, leg)
    work_until(engine, world, world.home.specialist, leg, "outcome_set")
    version = the_leg(system, pupil).version

    def finish() -> str:
        try:
            with acting(engine, world, world.home.supervisor) as unit:
                referral_endings.close(unit, leg.id, version, "I agree.")
        except referral_steps.ConflictError:
            return "conflict"
        return "closed"

    with ThreadPoolExecutor(2) as pool:
        closing = pool.submit(finish)
        signal = pool.submit(_record, engine, world, key, "q12")
        signal.result()
        ended = closing.result()
    found = the_leg(system, pupil)
    assert found.closed_at is None
    assert found.state == ("acknowledged" if ended == "conflict" else "reopened")
