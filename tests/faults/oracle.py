"""What must stand in the database, worked out anew from the answers alone, and what does."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.faults.site import Coded, Site
from tests.faults.sitting import DECLINED, SKIPPED, Sitting
from tests.world import the_catalog
from tirek.domain.flagging import Flag, critical_flags, flags_for
from tirek.domain.instruments import Answer, AnswerState, Instrument
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee
from tirek.domain.referral import ReceiverKind
from tirek.domain.scoring import score
from tirek.services import runs
from tirek.services.runs import AdministrationKey

SCHOOL = ReceiverKind.SCHOOL.value


@dataclass(frozen=True)
class Kept:
    """All that the database holds of one pupil's run and of what followed from it."""

    state: str
    answers: dict[str, str]
    changes: int
    follow_up: "FollowUp"


@dataclass
class FollowUp:
    """Counts and values; two of these are compared as a whole."""

    scores: dict[str, tuple[str, Decimal | None]] = field(default_factory=dict)
    score_rows: int = 0
    has_quality: bool = False
    flags: dict[str, str] = field(default_factory=dict)
    reviews: set[str] = field(default_factory=set)
    # Flags that hang on the one open case.
    signals: set[str] = field(default_factory=set)
    cases: int = 0
    case_level: str | None = None
    # Receiver -> how many times a further signal joined its leg.
    legs: dict[str, int] = field(default_factory=dict)
    notices: Counter[str] = field(default_factory=Counter)
    outbox: Counter[str] = field(default_factory=Counter)
    completions_in_audit: int = 0


def agrees(site: Site, sitting: Sitting) -> None:
    """Nothing acknowledged is lost, nothing is half there, nothing is there twice."""
    with site.session() as session:
        kept = read(site, session, sitting.pupil)
        if kept is None:
            assert not sitting.told
            return
        _keeps_word(sitting, kept)
        wanted = _expected(session, site, kept.answers, is_completed=kept.state == "completed")
    assert kept.follow_up == wanted, f"{sitting.pupil.name}:\n{kept.follow_up}\n{wanted}"
    if sitting.doubtful is not None:
        # The pupil may go on from what arrived without ever sending that request again.
        sitting.told |= {
            item: kept.answers[item] for item in sitting.doubtful.answers if item in kept.answers
        }


def is_whole(site: Site, sitting: Sitting) -> None:
    """The run is over and everything is there exactly once."""
    assert sitting.is_thanked, sitting.pupil.name
    agrees(site, sitting)
    with site.session() as session:
        kept = read(site, session, sitting.pupil)
    assert kept is not None
    assert kept.state == "completed"
    assert kept.answers == sitting.plan
    assert kept.changes == 0, "the same answer, sent again, is no change"


def _keeps_word(sitting: Sitting, kept: Kept) -> None:
    name, asked = sitting.pupil.name, sitting.doubtful
    unknown = asked.answers if asked is not None else {}
    for item, value in sitting.told.items():
        allowed = {value, unknown.get(item, value)}
        assert kept.answers.get(item) in allowed, f"{name} lost {item}: {kept.answers}"
    strangers = kept.answers.keys() - sitting.told.keys() - unknown.keys()
    assert not strangers, f"{name} never answered {strangers}"
    new = {item: value for item, value in unknown.items() if sitting.told.get(item) != value}
    arrived = {item for item, value in new.items() if kept.answers.get(item) == value}
    assert arrived in (set(), set(new)), f"{name}: half of a page is there: {arrived} of {new}"
    if sitting.is_completed:
        assert kept.state == "completed", name
    if asked is None or not asked.completes:
        return
    # The page's answers and the end of the run are one commit.
    if new:
        assert (kept.state == "completed") == bool(arrived), f"{name}: {kept.state}, {arrived}"


def read(site: Site, session: Session, pupil: Coded) -> Kept | None:
    """Everything about a pupil; None when the code has not opened anything yet."""
    rows = session.execute(
        text("SELECT school_year, id, state, quality FROM administrations WHERE student_id = :id"),
        {"id": pupil.id},
    ).all()
    assert len(rows) < 2, f"{pupil.name} has {len(rows)} runs"
    if not rows:
        return None
    year, run_id, state, quality = rows[0]
    run = runs.load(site.world.unit(session=session), AdministrationKey(year, run_id))
    ask = _Asker(session, {"student": pupil.id, "run": run_id})
    changes = ask.one(
        "SELECT coalesce(sum(changes), 0) FROM responses WHERE administration_id = :run"
    )
    found = FollowUp(
        scores={
            row.scale: (row.state, row.value) for row in ask.all("SELECT * FROM scores", "run")
        },
        score_rows=len(ask.all("SELECT id FROM scores", "run")),
        has_quality=quality is not None,
        flags={row.code: row.level for row in ask.all("SELECT * FROM flags", "run")},
        reviews={row.reason for row in ask.all("SELECT * FROM review_tasks", "run")},
        completions_in_audit=ask.one(
            "SELECT count(*) FROM audit_entries WHERE entity_id = CAST(:run AS text)"
            " AND action = 'administration.complete'"
        ),
    )
    _read_case(ask, found)
    return Kept(state, {item: _word(one) for item, one in run.answers.items()}, changes, found)


@dataclass(frozen=True)
class _Asker:
    session: Session
    ids: dict[str, Any]

    def all(self, query: str, of: str | None = None) -> list[Any]:
        where = {
            "run": " WHERE administration_id = :run",
            "student": " WHERE student_id = :student",
        }
        return list(self.session.execute(text(query + where.get(of or "", "")), self.ids))

    def one(self, query: str) -> Any:
        return self.session.execute(text(query), self.ids).scalar_one()


def _read_case(ask: _Asker, found: FollowUp) -> None:
    cases = ask.all("SELECT * FROM cases", "student")
    found.cases = len(cases)
    found.case_level = cases[0].level if cases else None
    signals = ask.all(
        "SELECT f.code FROM signals s JOIN flags f ON f.id = s.flag_id"
        " JOIN cases c ON c.id = s.case_id AND c.closed_at IS NULL WHERE s.student_id = :student"
    )
    found.signals = {row.code for row in signals}
    assert len(signals) == len(found.signals)
    for leg in ask.all("SELECT * FROM referrals", "student"):
        assert leg.receiver not in found.legs, "two legs to one receiver"
        # Whoever looks for a pupil's referral in the inbox has fetched it.
        assert leg.state in {"routed", "delivered"}, leg.state
        assert leg.closed_at is None
        events = ask.session.execute(
            text(
                "SELECT seq, from_state, to_state FROM referral_events"
                " WHERE referral_id = :leg ORDER BY seq"
            ),
            {"leg": leg.id},
        ).all()
        assert [event.seq for event in events] == list(range(1, leg.version + 1))
        assert (events[0].from_state, events[0].to_state) == ("created", "routed")
        moves = [event for event in events if event.to_state != event.from_state]
        assert len(moves) == (1 if leg.state == "routed" else 2)
        found.legs[leg.receiver] = leg.version - len(moves)
    found.notices = Counter(row.kind for row in ask.all("SELECT * FROM notices", "student"))
    found.outbox = Counter(
        row.kind
        for row in ask.all(
            "SELECT o.kind FROM outbox o LEFT JOIN referrals r ON r.id = o.referral_id"
            " LEFT JOIN notices n ON n.id = o.notice_id"
            " WHERE coalesce(r.student_id, n.student_id) = :student"
        )
    )


def _expected(
    session: Session, site: Site, answers: Mapping[str, str], *, is_completed: bool
) -> FollowUp:
    """Follow the rules by hand: each critical answer by itself, then what the end adds."""
    instrument = the_catalog().instruments["phq-a"]
    given = {item: _answer(value) for item, value in answers.items()}
    wanted = FollowUp()
    steps = [
        list(critical_flags(instrument, item.id, given[item.id]))
        for item in instrument.items
        if item.id in given and instrument.is_critical(item.id)
    ]
    if is_completed:
        steps.append(_end(instrument, given, wanted))
    people = _people(session, site)
    for flags in steps:
        _follow(wanted, [flag for flag in flags if flag.id not in wanted.flags], people)
    return wanted


def _end(instrument: Instrument, given: Mapping[str, Answer], wanted: FollowUp) -> list[Flag]:
    scores = score(instrument, given)
    wanted.scores = {
        one.scale: (
            one.state.value,
            None
            if one.value is None
            else round(Decimal(one.value.numerator) / Decimal(one.value.denominator), 10),
        )
        for one in scores
    }
    wanted.score_rows = len(scores)
    wanted.has_quality = True
    wanted.completions_in_audit = 1
    return list(flags_for(instrument, scores, given))


def _follow(wanted: FollowUp, fresh: list[Flag], people: Mapping[str, int]) -> None:
    wanted.flags |= {flag.id: flag.level.value for flag in fresh}
    wanted.reviews |= {flag.id for flag in fresh if flag.level is Level.REVIEW}
    fresh = [flag for flag in fresh if flag.level is not Level.REVIEW]
    if not fresh:
        return
    wanted.signals |= {flag.id for flag in fresh}
    wanted.cases = 1
    worst = max((flag.level for flag in fresh), key=lambda level: level.rank)
    if wanted.case_level is None or worst.rank > Level(wanted.case_level).rank:
        wanted.case_level = worst.value
    rule = the_catalog().protocol.rule(worst)
    receiver = rule.receiver.value
    joins = wanted.legs.get(receiver)
    wanted.legs[receiver] = 0 if joins is None else joins + 1
    told = "referral_waits" if joins is None else "signal_added"
    wanted.outbox[told] += people[receiver]
    for notice in rule.notices:
        if notice.kind not in wanted.notices:
            wanted.notices[notice.kind] = 1
            reader = SCHOOL if notice.addressee is Addressee.SCHOOL else receiver
            wanted.outbox["notice_due"] += people[reader]


def _people(session: Session, site: Site) -> dict[str, int]:
    count = "SELECT count(*) FROM accounts WHERE is_active AND "
    center, school = site.world.home.center.id, site.world.school.id
    return {
        ReceiverKind.SUPPORT_CENTER.value: session.execute(
            text(count + "support_center_id = :id"), {"id": center}
        ).scalar_one(),
        SCHOOL: session.execute(
            text(count + "role = 'psychologist' AND school_id = :id"), {"id": school}
        ).scalar_one(),
    }


def _answer(word: str) -> Answer:
    if word in {DECLINED, SKIPPED}:
        return Answer(AnswerState(word))
    return Answer(AnswerState.ANSWERED, word)


def _word(answer: Answer) -> str:
    return answer.code if answer.code is not None else answer.state.value
