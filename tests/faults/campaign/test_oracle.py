"""The oracle can say no: each damage that is planted into a clean database is found."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import parse_qs
from uuid import UUID

import psycopg
import pytest

from tests.faults.campaign.oracle import Expectation, Fate, Wrong, expect, judge
from tests.faults.campaign.plans import BY_NAME, CALM
from tests.faults.campaign.postgres import Postgres
from tests.faults.campaign.template import Sitting, Template, build
from tests.world import a_vault, the_catalog
from tirek.config import Config
from tirek.domain.instruments import Answer
from tirek.domain.people import Actor, Role
from tirek.domain.scope import Scope
from tirek.services import administrations, runs
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.session import app_engine, open_session

PUPILS = 100
Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return build(tmp_path_factory.mktemp("campaign") / "template", PUPILS, seed=5, workers=1)


@pytest.fixture(scope="module")
def postgres(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Everybody but the last two has finished, and every message has left."""
    folder = tmp_path_factory.mktemp("run")
    template.copy_to(folder)
    server = Postgres(folder)
    server.start()
    engine = app_engine(server.url())
    config = Config.from_env({"TIREK_VAR": str(folder)})
    with open_session(engine, Scope.system()) as session:
        unit = Unit(session, the_catalog(), a_vault(config.keys), Actor(None))
        for sitting in template.sittings()[:-2]:
            _finish(unit, sitting)
            session.commit()
    engine.dispose()
    with server.connect() as connection:
        connection.execute("UPDATE outbox SET done_at = now()")
    yield server
    server.stop()


@pytest.fixture
def connection(postgres: Postgres) -> Iterator[Connection]:
    """A transaction in which no trigger stands in the way of damage; it is rolled back."""
    with postgres.connect() as opened, opened.transaction(force_rollback=True):
        opened.execute("SET LOCAL session_replication_role = replica")
        yield opened


@pytest.fixture(scope="module")
def expectations(template: Template) -> list[Expectation]:
    sittings = template.sittings()
    done = [expect(one.plan, asdict(one), Fate.ACKED) for one in sittings[:-2]]
    return done + [expect(one.plan, asdict(one), Fate.UNKNOWN) for one in sittings[-2:]]


def test_a_clean_database_is_clean(connection: Connection, expectations: list[Expectation]) -> None:
    verdict = judge(connection, expectations)
    assert not verdict.findings, verdict
    assert verdict.completed == PUPILS - 2


@dataclass(frozen=True)
class Damage:
    """What is done to a clean database, and how the oracle must call it."""

    name: str
    statements: str
    wrong: Wrong
    what: str


# One row of each kind, whichever comes first.
PICKS = {
    "signal": "(SELECT id FROM signals ORDER BY id LIMIT 1)",
    "leg": "(SELECT id FROM referrals ORDER BY id LIMIT 1)",
    "centers": "(SELECT id FROM referrals WHERE receiver = 'support_center' ORDER BY id LIMIT 1)",
    "notice": "(SELECT id FROM notices ORDER BY id LIMIT 1)",
    "flag": "(SELECT flag_id FROM signals ORDER BY id LIMIT 1)",
    "run": "(SELECT administration_id FROM flags ORDER BY id LIMIT 1)",
}
DAMAGES = (
    Damage("a referral is gone",
        "DELETE FROM referrals WHERE id = {leg}", Wrong.LOST, "a referral is missing"),
    Damage("a second case",
        "INSERT INTO cases (id, student_id, school_id, level, closed_at) SELECT"
        " gen_random_uuid(), student_id, school_id, level, now() FROM cases LIMIT 1",
        Wrong.DOUBLED, "a second case"),
    Damage("a closed case",
        "UPDATE cases SET closed_at = now() WHERE id = (SELECT id FROM cases LIMIT 1)",
        Wrong.LOST, "no open case"),
    Damage("a signal is gone",
        "DELETE FROM signals WHERE id = {signal}", Wrong.LOST, "a flag without its signal"),
    Damage("a notice is gone",
        "DELETE FROM notices WHERE id = {notice}", Wrong.LOST, "a notice is missing"),
    Damage("a notice twice",
        "CREATE TEMP TABLE twice ON COMMIT DROP AS SELECT * FROM notices LIMIT 1;"
        " UPDATE twice SET id = gen_random_uuid(), signal_id = (SELECT id FROM signals"
        " WHERE id NOT IN (SELECT signal_id FROM notices) LIMIT 1);"
        " INSERT INTO notices SELECT * FROM twice",
        Wrong.DOUBLED, "a notice too many"),
    Damage("a flag is gone",
        "DELETE FROM flags WHERE id = {flag}", Wrong.LOST, "a flag is missing"),
    Damage("a flag of another level",
        "UPDATE flags SET level = 'review' WHERE id = {flag}", Wrong.LOST, "a flag is missing"),
    Damage("a flag of nobody's",
        "INSERT INTO flags (id, school_year, administration_id, student_id, school_id, code,"
        " level, raised_at_step, interpretation_hash) SELECT gen_random_uuid(), school_year,"
        " administration_id, student_id, school_id, 'other', level, raised_at_step,"
        " interpretation_hash FROM flags LIMIT 1",
        Wrong.DOUBLED, "a flag too many"),
    Damage("a score is gone",
        "DELETE FROM scores WHERE id = (SELECT id FROM scores LIMIT 1)",
        Wrong.LOST, "scores are missing"),
    Damage("an answer is gone",
        "DELETE FROM responses WHERE administration_id = {run} AND item_id = 'q1'",
        Wrong.LOST, "answers are missing"),
    Damage("the end was forgotten",
        "UPDATE administrations SET state = 'open', ended_at = NULL WHERE id = {run}",
        Wrong.LOST, "acknowledged, but not complete"),
    Damage("the end was forgotten, what follows was not",
        "UPDATE administrations SET state = 'open', ended_at = NULL WHERE id = {run}",
        Wrong.HALF, "followed by something though not complete"),
    Damage("a state without an event",
        "UPDATE referrals SET state = 'seen' WHERE id = {leg}",
        Wrong.LOST, "events do not fold to the state"),
    Damage("an event is gone",
        "DELETE FROM referral_events WHERE referral_id = {leg}",
        Wrong.LOST, "events do not fold to the state"),
    Damage("closed by time alone",
        "UPDATE referrals SET state = 'closed', closed_at = now(), outcome = 'supported'"
        " WHERE id = {leg}", Wrong.LOST, "the referral has moved without a person"),
    Damage("with another centre",
        "UPDATE referrals SET support_center_id = (SELECT c.id FROM support_centers c WHERE"
        " c.id <> referrals.support_center_id LIMIT 1) WHERE id = {centers}",
        Wrong.LOST, "the referral is with a wrong centre"),
    Damage("of a lower level",
        "UPDATE referrals SET level = 'low' WHERE id = {centers}",
        Wrong.LOST, "the referral has another level"),
    Damage("a later clock",
        "UPDATE referrals SET seen_due_at = seen_due_at + interval '2 hours'"
        " WHERE id = {leg}", Wrong.LOST, "a clock was not set by the database"),
    Damage("nobody is told",
        "DELETE FROM outbox WHERE referral_id = {leg}",
        Wrong.LOST, "nobody is told of the referral"),
    Damage("nobody is told of a notice",
        "DELETE FROM outbox WHERE notice_id = {notice}",
        Wrong.LOST, "nobody is told of a notice"),
    Damage("somebody is told twice",
        "CREATE TEMP TABLE twice ON COMMIT DROP AS SELECT * FROM outbox"
        " WHERE kind = 'referral_waits' LIMIT 1; UPDATE twice SET id = id + 1000000,"
        " dedup = 'again'; INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT * FROM twice",
        Wrong.DOUBLED, "somebody is told of the referral twice"),
    Damage("a message that nobody tried",
        "UPDATE outbox SET done_at = NULL WHERE referral_id = {leg}",
        Wrong.LOST, "a message was never tried"),
    Damage("the audit is silent",
        "DELETE FROM audit_entries WHERE action = 'administration.complete'"
        " AND entity_id = {run}::text", Wrong.LOST, "the end is not in the audit"),
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_is_found(
    connection: Connection, expectations: list[Expectation], damage: Damage
) -> None:
    for statement in damage.statements.format(**PICKS).split(";"):
        connection.execute(statement)
    verdict = judge(connection, expectations)
    found = {(one.wrong, one.what) for one in verdict.findings}
    assert (damage.wrong, damage.what) in found, verdict
    # And nobody else is blamed for it.
    assert len({one.administration for one in verdict.findings}) <= 2, verdict


def test_a_calm_pupil_with_a_referral_is_one_too_many(
    connection: Connection, expectations: list[Expectation], template: Template
) -> None:
    calm = next(one for one in template.sittings() if one.plan in CALM)
    flagged = [one for one in expectations if one.following.legs]
    connection.execute(
        "UPDATE referrals SET student_id = %s WHERE student_id = %s",
        (calm.student, flagged[0].student),
    )
    verdict = judge(connection, expectations)
    assert Wrong.DOUBLED in {one.wrong for one in verdict.findings}
    assert Wrong.LOST in {one.wrong for one in verdict.findings}


def test_a_refusal_must_be_one(connection: Connection, expectations: list[Expectation]) -> None:
    refused = [Expectation(**{**_fields(one), "fate": Fate.REFUSED}) for one in expectations[:1]]
    assert judge(connection, refused).count(Wrong.FALSE) == 1


def test_half_a_page_is_half(
    connection: Connection, expectations: list[Expectation], template: Template
) -> None:
    last = template.sittings()[-1]
    connection.execute(
        "INSERT INTO responses (school_year, administration_id, item_id, sealed, changes)"
        " SELECT school_year, id, 'q99', '', 0 FROM administrations WHERE id = %s",
        (last.id,),
    )
    assert judge(connection, expectations).count(Wrong.HALF) == 1


def _fields(one: Expectation) -> dict[str, object]:
    return {name: getattr(one, name) for name in Expectation.__slots__}


def _finish(unit: Unit, sitting: Sitting) -> None:
    """What the web does with the last page, without the web."""
    row = (
        unit.session.connection()
        .exec_driver_sql(
            "SELECT school_year, student_id, school_id FROM administrations WHERE id = %s",
            (UUID(sitting.id),),
        )
        .one()
    )
    actor = Actor(Role.STUDENT, student_id=row.student_id, school_id=row.school_id)
    pupil = Unit(unit.session, unit.catalog, unit.vault, actor)
    key = AdministrationKey(row.school_year, UUID(sitting.id))
    sent = {name: values[0] for name, values in parse_qs(sitting.body).items()}
    given = {item: Answer.read(sent[item]) for item in BY_NAME[sitting.plan].last}
    administrations.record_responses(pupil, runs.load(pupil, key), given)
    administrations.complete(pupil, runs.load(pupil, key))
