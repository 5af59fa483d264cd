"""Random people take random steps, things break in between, and every promise holds after each.

Run by `test_machine.py` and by the planted bugs. What is drawn are small numbers that pick from
what is there, so a failing run shrinks to a short story and can be told again.
"""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from tests.properties.ground import Child, Ground, Play
from tests.properties.verbs import VERBS, Choice, Leg, Verb, able, legs, people
from tests.world import Adult
from tirek.catalog.messages import load_messages
from tirek.config import ROOT
from tirek.domain.delivery import Channel, ReceiptStatus
from tirek.domain.errors import DomainError
from tirek.domain.flagging import Flag
from tirek.domain.interpretation import Moment
from tirek.domain.levels import Level
from tirek.domain.referral import ConflictKind, Outcome
from tirek.gateways.errors import GatewayError, OutcomeUnknownError, RefusedError
from tirek.services import (
    concerns,
    handovers,
    harm,
    inbox,
    ladder,
    moves,
    notice_steps,
    receipts,
    referral_page,
    referrals,
    second_opinions,
)
from tirek.services.harm import Named
from tirek.services.letters import Letters
from tirek.services.parcels import Packer
from tirek.services.receipts import Carrier, News
from tirek.services.referrals import Subject
from tirek.services.unit import Unit
from tirek.tasks.gateways import Gateways
from tirek.tasks.relay import Relay

LEVELS = (Level.IMMEDIATE, Level.HIGH, Level.MEDIUM, Level.LOW)
OUTCOMES = (Outcome.SUPPORTED, Outcome.SUPPORTED, Outcome.NO_NEED_FOUND, Outcome.FAMILY_REFUSED)
STRETCHES = (1, 3, 11, 16, 61, 300, 24 * 60, 4 * 24 * 60, 15 * 24 * 60, 91 * 24 * 60)
# What our own rules raise and the pages have words for (web.errors).
REFUSED_BY_THE_DATABASE = ("TK001", "TK002", "TK003")
IS_LONG = os.environ.get("TIREK_FAULTS") == "long"
# What a finding is looked at with.
STORY = (
    "SELECT id, referral_id, seq, from_state, to_state, actor_kind, reason_code, level,"
    " triage_level, approval_id FROM referral_events ORDER BY referral_id, seq"
)
# How often what was done, and how it ended: a run that never comes anywhere proves nothing.
SEEN: Counter[str] = Counter()

some = st.integers(0, 11)
rarely = st.sampled_from([False] * 5 + [True])
often = st.sampled_from([True] * 3 + [False])


class Referrals(RuleBasedStateMachine):
    """One run; `ground` is set by whoever runs it."""

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        self.play: Play = self.ground.begin()
        self.flags = 0
        self.was = ""

    def teardown(self) -> None:
        self.play.end()

    # What comes in

    @initialize(child=some, level=st.integers(0, 3), more=st.integers(0, 3))
    def somebody_needs_help(self, child: int, level: int, more: int) -> None:
        self.a_flag(child, level, is_twice=False)
        self.a_flag(child + 1, more, is_twice=False)

    @rule(child=some, level=st.integers(0, 3), is_twice=rarely)
    def a_flag(self, child: int, level: int, *, is_twice: bool) -> None:
        """A questionnaire raises a flag; a page that is sent twice raises it once."""
        who = self.ground.children[child % len(self.ground.children)]
        self.flags += 1
        flag = Flag(f"flag-{self.flags}", LEVELS[level], Moment.ANSWER)
        school = self._scalar("SELECT school_id FROM students WHERE id = :id", id=who.id)
        subject = Subject(who.key.school_year, who.key.id, who.id, school, "hash")
        for turn in range(1 + is_twice):
            before = self.play.fingerprint() if turn else ""
            with self.play.acting(who.actor) as unit:
                referrals.raise_flags(unit, subject, [flag])
            assert not turn or self.play.fingerprint() == before
        SEEN[f"flag {LEVELS[level].value}"] += 1

    @rule(child=some, level=st.integers(0, 3), who=some, is_twice=rarely)
    def a_concern(self, child: int, level: int, who: int, *, is_twice: bool) -> None:
        """Somebody is worried, of the child's school or not; the same page twice is one concern."""
        pupil = self.ground.children[child % len(self.ground.children)]
        adult = self._near(pupil, who)
        mark = uuid4()
        for _ in range(1 + is_twice):
            self._try(
                "concern",
                lambda: self._as(
                    adult, lambda u: concerns.refer(u, pupil.id, LEVELS[level], "worried", mark)
                ),
            )

    # What people do

    @rule(
        leg=some, verb=st.sampled_from(sorted(VERBS)), who=some, right=often,
        level=st.integers(0, 3), outcome=st.integers(0, 3), center=st.integers(0, 2),
        version=st.sampled_from([0] * 8 + [-1, 1]), words=st.sampled_from(["words"] * 9 + [" "]),
        crash=st.sampled_from([None] * 9 + [0, 3, 7, 99]), again=rarely,
    )  # fmt: skip
    def a_step(
        self, leg: int, verb: str, who: int, *, right: bool, level: int, outcome: int, center: int,
        version: int, words: str, crash: int | None, again: bool,
    ) -> None:  # fmt: skip
        """Any step by anybody: taken when it may be, else refused without a trace."""
        found = self._leg(leg)
        if found is None:
            return
        choice = Choice(
            LEVELS[level],
            OUTCOMES[outcome],
            self.ground.centers[center],
            "" if words == " " else words,
        )
        adult = self._right_one(found, VERBS[verb], choice, who) if right else self._anybody(who)
        self._step(verb, found, adult, choice, version=version, crash=crash, again=again)

    @rule(leg=some, who=some, pick=some)
    def a_case_goes_on(self, leg: int, who: int, pick: int) -> None:
        self.the_next_steps(leg, who, pick, number=5)

    @rule(leg=some, who=some)
    def it_is_taken(self, leg: int, who: int) -> None:
        self.the_next_steps(leg, who, pick=0, number=1)

    @rule(leg=some, who=some, pick=some, number=st.integers(2, 9))
    def the_next_steps(self, leg: int, who: int, pick: int, number: int) -> None:
        """Somebody who may takes steps that are open, one after another: so runs come far."""
        for turn in range(number):
            found = self._leg(leg - leg % 4 + 1)
            if found is not None:
                self._next_step(found, who, pick + turn)
                self.every_promise_is_kept()

    @rule(leg=some, who=some, pick=some, at=st.sampled_from([2, 9, 15, 99, 99]))
    def it_crashes(self, leg: int, who: int, pick: int, at: int) -> None:
        """The process dies in the middle of a step that could have been taken."""
        found = self._leg(leg - leg % 4 + 1)
        if found is not None:
            self._next_step(found, who, pick, crash=at)

    def _next_step(self, leg: Leg, who: int, pick: int, crash: int | None = None) -> None:
        for outcome in (Outcome.SUPPORTED, Outcome.FAMILY_REFUSED):
            center = self.ground.centers[pick % len(self.ground.centers)]
            choice = Choice(LEVELS[pick % len(LEVELS)], outcome, center)
            open_steps = [
                name for name, verb in VERBS.items() if self._is_open(leg, verb, choice, who)
            ]
            if open_steps:
                name = open_steps[pick % len(open_steps)]
                adult = self._prepared(leg, VERBS[name], choice, who)
                self._step(name, self._again(leg), adult, choice, crash=crash)
                return

    @rule(leg=some, who=some)
    def a_page_is_opened(self, leg: int, who: int) -> None:
        found, adult = self._leg(leg), self._anybody(who)
        if found is not None:
            self._try(
                "open",
                lambda: self._as(adult, lambda u: referral_page.open_page(u, found.id, "ru")),
            )

    @rule(who=some)
    def the_inbox_is_fetched(self, who: int) -> None:
        adult = self._anybody(who)
        if adult.account.role in {"psc_specialist", "psc_supervisor", "psychologist"}:
            self._try("inbox", lambda: self._as(adult, lambda u: inbox.load(u, inbox.Query())))

    @rule(leg=some, who=some, right=often)
    def it_is_declined(self, leg: int, who: int, *, right: bool) -> None:
        found = self._leg(leg)
        if found is not None:
            adult = self._of_receiver(found, who) if right else self._anybody(who)
            self._try(
                "decline",
                lambda: self._as(
                    adult, lambda u: handovers.decline(u, found.id, found.version, "not ours")
                ),
            )

    @rule(leg=some, into=some, who=some)
    def it_is_merged(self, leg: int, into: int, who: int) -> None:
        found = self._leg(leg)
        if found is None:
            return
        same = [one for one in legs(self.play) if one.case_id == found.case_id]
        target, adult = same[into % len(same)], self._of_receiver(found, who)
        self._try(
            "merge",
            lambda: self._as(
                adult, lambda u: handovers.merge(u, found.id, found.version, target.id, "the same")
            ),
        )

    @rule(leg=some, who=some, level=st.integers(1, 3), is_error=rarely)
    def something_is_proposed(self, leg: int, who: int, level: int, *, is_error: bool) -> None:
        found = self._leg(leg)
        if found is None:
            return
        adult = self._of_receiver(found, who)

        def propose(unit: Unit) -> object:
            if is_error:
                return second_opinions.propose_error(unit, found.id, "a mistake")
            return second_opinions.propose_downgrade(unit, found.id, LEVELS[level], "calmer")

        self._try("propose", lambda: self._as(adult, propose))

    @rule(which=some, who=some, agrees=often)
    def a_proposal_is_decided(self, which: int, who: int, *, agrees: bool) -> None:
        waiting = self._rows("SELECT id, proposed_by FROM approvals WHERE decided_at IS NULL")
        if not waiting:
            return
        chosen, adult = waiting[which % len(waiting)], self._anybody(who)
        done = self._try(
            "decide",
            lambda: self._as(
                adult,
                lambda u: second_opinions.decide(u, chosen.id, agrees=agrees, reason="I have read"),
            ),
        )
        assert not done or adult.account.id != chosen.proposed_by

    @rule(which=some, who=some)
    def a_notice_is_confirmed(self, which: int, who: int) -> None:
        waiting = self._rows("SELECT id FROM notices WHERE confirmed_at IS NULL ORDER BY id")
        if waiting:
            chosen, adult = waiting[which % len(waiting)], self._anybody(who)
            self._try(
                "confirm",
                lambda: self._as(adult, lambda u: notice_steps.confirm_notice(u, chosen.id)),
            )

    # What happens around

    @rule(stretch=st.sampled_from(STRETCHES))
    def time_passes(self, stretch: int) -> None:
        """And the sweep comes round, as it does every few seconds."""
        self.play.let_pass(timedelta(minutes=stretch))
        self.the_sweep()
        SEEN["time"] += 1

    @rule()
    def the_sweep(self) -> None:
        rang = 1
        while rang:
            with self.play.system() as unit:
                rang = ladder.fire_due(unit, 50)
            SEEN["rang"] += rang

    @rule(who=some, is_active=often)
    def somebody_leaves_or_comes_back(self, who: int, *, is_active: bool) -> None:
        adult = self._anybody(who)
        self._write(
            "UPDATE accounts SET is_active = :on WHERE id = :id", on=is_active, id=adult.account.id
        )

    @rule(center=st.integers(0, 2), what=st.sampled_from(["is_open", "is_full", "keeps_roster"]),
          value=st.booleans())  # fmt: skip
    def a_center_changes(self, center: int, what: str, *, value: bool) -> None:
        chosen = self.ground.centers[center]
        self._write(f"UPDATE support_centers SET {what} = :on WHERE id = :id", on=value, id=chosen)  # noqa: S608

    @rule(who=some, hours=st.integers(1, 12))
    def somebody_is_on_duty(self, who: int, hours: int) -> None:
        adult = self._anybody(who)
        if adult.account.support_center_id is not None:
            self._write(
                "INSERT INTO duty_shifts (id, support_center_id, account_id, starts_at, ends_at,"
                " is_deputy) VALUES (gen_random_uuid(), :center, :id, now(),"
                " now() + make_interval(hours => :hours), false)",
                center=adult.account.support_center_id,
                id=adult.account.id,
                hours=hours,
            )

    @precondition(lambda self: self.flags > 3)
    @rule(child=some, by=some, who=some, kind=st.sampled_from(list(ConflictKind)))
    def somebody_is_named(self, child: int, by: int, who: int, kind: ConflictKind) -> None:
        """Somebody may harm the child: what they or their place have goes to somebody else."""
        pupil = self._child(child)
        named = Named(kind, "said by the child", self._anybody(who).account.id)
        self._try(
            "name",
            lambda: self._as(
                self._near(pupil, by), lambda u: harm.name_conflict(u, pupil.id, named)
            ),
        )

    @rule(child=some, by=some, school=st.integers(0, 1))
    def a_child_moves(self, child: int, by: int, school: int) -> None:
        """To the other school, or back; what is open goes along."""
        pupil, to = self._child(child), self.ground.world.schools[school]
        self.flags += 1
        self._try(
            "move",
            lambda: self._as(
                self._near(pupil, by),
                lambda u: moves.move_student(u, pupil.id, to.classroom.id, f"M-{self.flags}"),
            ),
        )

    @rule(fails=st.sampled_from(["no", "no", "failed", "refused", "unknown", "dies"]))
    def the_relay(self, fails: str) -> None:
        """What is due leaves, over gateways that work, fail, fall silent, or kill the process."""
        try:
            claimed = 1
            while claimed:
                claimed = a_relay(self.play, fails).sweep().claimed
                SEEN[f"relay {fails}"] += claimed
        except CrashError:
            SEEN["relay died"] += 1

    @rule(which=some, status=st.sampled_from([*ReceiptStatus, ReceiptStatus.FAILED]))
    def a_receipt(self, which: int, status: ReceiptStatus) -> None:
        """A carrier tells later how it went, perhaps twice, perhaps the opposite of before."""
        sent = self._rows(
            "SELECT reference, channel, provider, provider_reference FROM deliveries"
            " WHERE channel = 'sms' AND (result = 'accepted' OR :any) ORDER BY started_at DESC, id",
            any=which % 4 == 0,
        )
        if sent:
            row = sent[which % len(sent)]
            carrier = Carrier(Channel(row.channel), row.provider)
            news = News(row.reference, status, row.provider_reference)
            self._try("receipt", lambda: self._told(carrier, news))

    @rule(child=some, which=some)
    def an_sms_is_given_up(self, child: int, which: int) -> None:
        """Nobody opens it for three minutes, an SMS leaves, and its carrier says later: in vain."""
        self.a_flag(child, 0, is_twice=False)
        self.time_passes(3)
        self.the_relay("no")
        self.every_promise_is_kept()
        self.a_receipt(which, ReceiptStatus.FAILED)

    def _told(self, carrier: Carrier, news: News) -> None:
        with self.play.system() as unit:
            receipts.record(unit, carrier, news)

    def _near(self, child: Child, number: int) -> Adult:
        """Somebody of the child's school most of the time, else anybody."""
        if number % 4 == 0:
            return self._anybody(number)
        school = self._scalar("SELECT school_id FROM students WHERE id = :id", id=child.id)
        there = [one for one in self.ground.people.values() if one.account.school_id == school]
        return there[number % len(there)]

    def _child(self, number: int) -> Child:
        return self.ground.children[number % len(self.ground.children)]

    # What must hold

    @invariant()
    def every_promise_is_kept(self) -> None:
        now = self.play.fingerprint()
        if now != self.was:
            found = self.play.violations()
            assert not found, (found, self._rows(STORY))
            self.was = now
            SEEN["all promises asked"] += 1

    # How it is done

    def _step(
        self, name: str, leg: Leg, adult: Adult, choice: Choice, *, version: int = 0,
        crash: int | None = None, again: bool = False,
    ) -> None:  # fmt: skip
        verb = VERBS[name]
        may = version == 0 and adult.account.id in able(
            self.play, people(self.play), verb, leg, choice
        )
        before = self.play.fingerprint()

        def take(unit: Unit) -> object:
            return verb.call(unit, leg, leg.version + version, choice)

        if crash is not None:
            self._crash(adult, take, crash)
            assert self.play.fingerprint() == before, "a crash left something behind"
            return
        done = self._try(name, lambda: self._as(adult, take), must=may)
        if not may:
            # Taken already by the same person, or refused: either way nothing has changed.
            assert self.play.fingerprint() == before, (name, "changed what it may not", choice)
        elif again:
            after = self.play.fingerprint()
            self._as(adult, take)
            assert self.play.fingerprint() == after, (name, "was taken twice")
            SEEN["pressed twice"] += 1
        assert done or not may

    def _try(self, name: str, work: Callable[[], object], *, must: bool = False) -> bool:
        """Do it; say whether it was done. A refusal is one that the pages have words for."""
        try:
            work()
        except DomainError as error:
            SEEN[f"{name}: {type(error).__name__}"] += 1
            if must:
                raise AssertionError(f"{name} was refused") from error
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            SEEN[f"{name}: {state}"] += 1
            if must or state not in REFUSED_BY_THE_DATABASE:
                raise
        else:
            SEEN[f"{name}: done"] += 1
            return True
        return False

    def _crash(self, adult: Adult, work: Callable[[Unit], object], at: int) -> None:
        """Die at a statement in the middle, or just before COMMIT."""
        try:
            with self.play.acting(adult, crashes=True) as unit, _dies_at(unit, at):
                work(unit)
        except CrashError:
            SEEN["crashed in the middle"] += 1
        except (DomainError, DBAPIError):
            SEEN["crash came too late"] += 1
        else:
            SEEN["crashed before COMMIT"] += 1

    def _as(self, adult: Adult, work: Callable[[Unit], object]) -> None:
        with self.play.acting(adult) as unit:
            work(unit)

    def _is_open(self, leg: Leg, verb: Verb, choice: Choice, who: int) -> bool:
        asks = replace(verb, ready=VERBS["close"].ready) if verb.before else verb
        return self._able(leg, asks, choice, who) is not None

    def _prepared(self, leg: Leg, verb: Verb, choice: Choice, who: int) -> Adult:
        """Somebody who may take this step, once the owner has written what it asks for."""
        asks = replace(verb, ready=VERBS["close"].ready) if verb.before else verb
        adult = self._able(leg, asks, choice, who)
        assert adult is not None
        if verb.before is not None:
            work = verb.before
            self._as(adult, lambda unit: work(unit, leg))
        return adult

    def _right_one(self, leg: Leg, verb: Verb, choice: Choice, who: int) -> Adult:
        return self._able(leg, verb, choice, who) or self._of_receiver(leg, who)

    def _able(self, leg: Leg, verb: Verb, choice: Choice, who: int) -> Adult | None:
        ids = able(self.play, people(self.play), verb, leg, choice)
        found = [one for one in self.ground.people.values() if one.account.id in ids]
        return found[who % len(found)] if found else None

    def _of_receiver(self, leg: Leg, who: int) -> Adult:
        there = [
            adult
            for adult in self.ground.people.values()
            if (adult.account.support_center_id == leg.support_center_id
                if leg.receiver == "support_center"
                else adult.account.school_id == leg.school_id)
        ]  # fmt: skip
        return there[who % len(there)]

    def _anybody(self, who: int) -> Adult:
        people = list(self.ground.people.values())
        return people[who * 7 % len(people)]

    def _leg(self, number: int) -> Leg | None:
        """Open ones three times out of four."""
        found = legs(self.play)
        wanted = [one for one in found if one.is_open] if number % 4 else found
        return wanted[number % len(wanted)] if wanted else None

    def _again(self, leg: Leg) -> Leg:
        return next(one for one in legs(self.play) if one.id == leg.id)

    def _rows(self, statement: str, **given: Any) -> list[Any]:
        with self.play.owner.connect() as connection:
            return list(connection.execute(text(statement), given))

    def _scalar(self, statement: str, **given: Any) -> Any:
        return self._rows(statement, **given)[0][0]

    def _write(self, statement: str, **given: Any) -> None:
        with self.play.owner.begin() as connection:
            connection.execute(text(statement), given)


@contextmanager
def _dies_at(unit: Unit, at: int):
    """The statement with this number is the last thing that the process does not do."""
    connection = unit.session.connection()
    number = 0

    def count(*_: object) -> None:
        nonlocal number
        number += 1
        if number > at:
            raise CrashError

    event.listen(connection, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", count)


@dataclass(frozen=True)
class Gateway:
    """Mail and SMS that do as they are told."""

    fails: str

    def send(self, _to: str, *_rest: object) -> str:
        """Also what a second word of SMS is: the text."""
        if self.fails == "dies":
            raise CrashError
        if self.fails == "failed":
            raise GatewayError("try again")
        if self.fails == "refused":
            raise RefusedError("never")
        if self.fails == "unknown":
            raise OutcomeUnknownError("it fell silent")
        return uuid4().hex


class CrashError(BaseException):
    """The process dies here."""


def _gateways(fails: str) -> Gateways:
    gateway = Gateway(fails)
    return Gateways(gateway, {"first": gateway, "second": gateway})  # type: ignore[arg-type]


@cache
def _letters() -> Letters:
    return Letters(load_messages(ROOT / "protocols"), "https://tirek.example.kz")


def a_relay(play: Play, fails: str) -> Relay:
    """A relay whose ways out work ("no"), fail, refuse, fall silent, or kill the process."""
    world = play.ground.world
    packer = Packer(_letters(), world.vault, world.catalog.protocol)
    return Relay(play.engine, _gateways(fails), packer)


def profile(*, examples: int, steps: int) -> settings:
    """How long to play; a failing run is told as it was, because shrinking it takes minutes."""
    phases = [Phase.generate]
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=phases,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
