"""A world to play in: copied for every run, watched after every step, and moved through time.

    ground = build(server, template, keys)
    with ground.copy() as play:
        with play.acting(ground.people["specialist"]) as unit: ...
        play.let_pass(timedelta(minutes=20))
        assert not play.violations()

Time is PostgreSQL's own `now()`, which nobody can set without moving the whole machine's clock, and
the rules refuse to bring a single clock nearer in a way that would leave its referral behind. So
`let_pass` moves everything that was ever written into the past, by the same stretch, in one
transaction of the tables' owner with its triggers off. All that any rule, sweep or question ever
does with times is to compare them with each other and with `now()`; to them the two are the same.
What this cannot show is a clock that jumps in the middle of a transaction (F9, F10: campaign).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from uuid import UUID, uuid4

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from tests.builders_referral import an_administration
from tests.conftest import Server
from tests.world import (
    HOME,
    Adult,
    SchoolWorld,
    World,
    a_vault,
    a_world,
    an_adult,
    the_catalog,
)
from tirek.config import Keys
from tirek.domain.people import Actor, Role
from tirek.domain.scope import Scope
from tirek.services import invariants
from tirek.services.invariants import Violation
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Authority, DutyPost, ServiceArea, SupportCenter
from tirek.storage.session import app_engine, open_session

# What is written down for good and is no part of the play, or has no time of its own.
UNMOVED = ("audit_entries", "audit_links", "audit_heads", "alembic_version", "flags")
# Tables by which it is told whether a step changed anything.
WATCHED = (
    "cases", "signals", "referrals", "referral_events", "deadlines", "breaches", "notices",
    "outbox", "deliveries", "approvals", "plans", "outcome_notes", "contact_attempts",
    "assessment_notes", "conflicts", "legal_decisions",
)  # fmt: skip


@dataclass(frozen=True)
class Child:
    """A pupil of the play, and a questionnaire on which flags may be raised."""

    id: UUID
    school: SchoolWorld
    actor: Actor
    key: AdministrationKey


@dataclass
class Ground:
    """The world as it stands before the first step, in a database that is copied for each run."""

    server: Server
    database: str
    world: World
    people: dict[str, Adult]
    children: list[Child]
    centers: list[UUID]
    classrooms: dict[UUID, UUID]

    @contextmanager
    def copy(self) -> Iterator["Play"]:
        """A database of its own for one run."""
        play = self.begin()
        try:
            yield play
        finally:
            play.end()

    def begin(self) -> "Play":
        name = f"{self.server.name}_p{uuid4().hex[:10]}"
        url = self.server.create(name, self.database)
        return Play(self, name, _reader(url), app_engine(url))


@dataclass
class Play:
    """One run in its own database."""

    ground: Ground
    name: str
    owner: Engine
    engine: Engine
    passed: timedelta = field(default_factory=timedelta)

    def end(self) -> None:
        self.owner.dispose()
        self.engine.dispose()
        self.ground.server.drop(self.name)

    @contextmanager
    def acting(self, who: Adult | Actor, *, crashes: bool = False) -> Iterator[Unit]:
        """One request of somebody; with `crashes` the process dies just before COMMIT."""
        actor = who.actor if isinstance(who, Adult) else who
        with open_session(self.engine, actor.scope) as session:
            yield self.ground.world.unit(actor, session)
            if crashes:
                session.rollback()
            else:
                session.commit()

    @contextmanager
    def system(self) -> Iterator[Unit]:
        """A transaction that sees every row: the sweeps, the relay, and the reader of the test."""
        with open_session(self.engine, Scope.system()) as session:
            yield self.ground.world.unit(session=session)
            session.commit()

    def violations(self) -> list[Violation]:
        """What breaks a promise now."""
        with Session(self.owner) as session:
            return invariants.violations(session, self.ground.world.catalog.protocol)

    def fingerprint(self) -> str:
        """Changes when any row that matters does."""
        asked = " UNION ALL ".join(
            # A row that is written bears the number of the transaction that wrote it.
            f"SELECT '{table}', count(*), sum(hashtext(t.xmin::text || t.ctid::text))"  # noqa: S608 - our own words
            f" FROM {table} t"
            for table in WATCHED
        )
        with self.owner.connect() as connection:
            return repr(sorted(tuple(row) for row in connection.execute(text(asked))))

    def let_pass(self, stretch: timedelta) -> None:
        """Move everything that was ever written into the past by the same stretch."""
        with self.owner.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for table, columns in self._times.items():
                moved = ", ".join(f"{one} = {one} - :by" for one in columns)
                connection.execute(text(f"UPDATE {table} SET {moved}"), {"by": stretch})  # noqa: S608 - our own words
        self.passed += stretch

    @cached_property
    def _times(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        with self.owner.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a"
                    " ON a.attrelid = c.oid WHERE c.relkind = 'r' AND NOT c.relispartition"
                    " AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0"
                    " AND NOT a.attisdropped AND a.atttypid = 'timestamptz'::regtype"
                )
            ).all()
        for table, column in rows:
            if table not in UNMOVED:
                found.setdefault(table, []).append(column)
        return found


def _reader(url: str) -> Engine:
    """The tables' owner, who sees everything and is asked the same questions after every step."""
    options = "-c plan_cache_mode=force_generic_plan -c jit=off"
    return create_engine(
        url, pool_size=1, max_overflow=1, connect_args={"prepare_threshold": 0, "options": options}
    )


def build(server: Server, template: str, keys: Keys) -> Ground:
    """Build the world once, in a database that no run ever touches."""
    name = f"{server.name}_g{uuid4().hex[:8]}"
    url = server.create(name, template)
    engine = app_engine(url)
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), a_vault(keys), schools=2, pupils=3, coded=3)
        people = _people(world)
        centers = [world.home.id, world.neighbour.id, _third_center(world, people)]
        _authorities(session)
        session.commit()
    children = [
        Child(pupil.id, school, pupil.actor, an_administration(engine, world, pupil))
        for school in world.schools
        for pupil in school.pupils
    ]
    classrooms = {school.id: school.classroom.id for school in world.schools}
    engine.dispose()
    return Ground(server, name, world, people, children, centers, classrooms)


def _people(world: World) -> dict[str, Adult]:
    unit = world.unit()
    first, second = world.schools
    people = {
        "specialist": world.home.specialist,
        "supervisor": world.home.supervisor,
        "colleague": an_adult(unit, Role.PSC_SPECIALIST, support_center_id=world.home.id),
        "neighbour": world.neighbour.specialist,
        "neighbours head": world.neighbour.supervisor,
        "psychologist": first.psychologist,
        "second psychologist": an_adult(unit, Role.PSYCHOLOGIST, school_id=first.id),
        "pedagogue": an_adult(unit, Role.SOCIAL_PEDAGOGUE, school_id=first.id),
        "other psychologist": second.psychologist,
        "other pedagogue": an_adult(unit, Role.SOCIAL_PEDAGOGUE, school_id=second.id),
        "deputy director": an_adult(unit, Role.DEPUTY_DIRECTOR, school_id=first.id),
        "guardian": first.guardian,
        "coordinator": an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=HOME),
        "last responder": an_adult(unit, Role.NATIONAL_DUTY),
        "national duty": an_adult(unit, Role.NATIONAL_DUTY),
    }
    for post, who, region in (
        ("last_responder", "last responder", HOME),
        ("national_duty", "national duty", None),
    ):
        account = people[who].account
        unit.session.add(DutyPost(post=post, region_iso=region, account_id=account.id, rank=1))
    for who in ("specialist", "supervisor", "neighbour", "psychologist"):
        account = people[who].account
        account.phone_sealed = unit.vault.seal_secret(
            "+77010000000", "accounts", "phone_sealed", str(account.id)
        )
    unit.session.flush()
    return people


def _third_center(world: World, people: dict[str, Adult]) -> UUID:
    """A PSC of the same region, asked when neither home nor neighbour can."""
    unit = world.unit()
    center = SupportCenter(region_iso=HOME, name_kk="Үшінші ПҚО", name_ru="Третий ЦПП")
    unit.session.add(center)
    unit.session.flush()
    unit.session.add(
        ServiceArea(district_id=world.home.district.id, priority=3, support_center_id=center.id)
    )
    for name, role in (("third", Role.PSC_SPECIALIST), ("thirds head", Role.PSC_SUPERVISOR)):
        people[name] = an_adult(unit, role, support_center_id=center.id)
    return center.id


def _authorities(session: Session) -> None:
    for kind in ("guardianship", "child_rights"):
        session.add(
            Authority(
                region_iso=HOME,
                kind=kind,
                name_kk="Орган",
                name_ru="Орган",
                email=f"{kind}@example.org",
            )
        )
    session.flush()
