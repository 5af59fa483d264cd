"""The pages of the upper rungs, administrators and heads of centres, in two languages."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, insert, select, text, update

from tests.browser.walk import Ground, Stop, Told, Walk, each_of
from tests.builders_referral import SELF_HARM, SOME_WORRY, a_pupil_answers
from tests.world import Adult, World, an_adult
from tirek.domain.delivery import Channel
from tirek.domain.ladder import Post
from tirek.domain.people import Role
from tirek.services import drills, duty_places, endpoints, heartbeats, ladder
from tirek.services.oversight import Area
from tirek.storage import backdate
from tirek.storage.models import DutyShift, InstrumentLicence, OutboxMessage, Provider, School

ABOVE, ADMIN, HEAD = "above", "admin", "head"
# A permission of a rights-holder that holds today.
LICENCE = UUID(int=25)
# A school whose telephones somebody has entered; the two others have none.
CALLABLE = UUID(int=77)
# Endpoint, who opens it, its path below the language.
PAGES = [
    ("oversight.home", ABOVE, "/oversight"),
    ("oversight.late", ABOVE, "/oversight/late"),
    ("oversight.breaches", ABOVE, "/oversight/breaches"),
    ("oversight.breaches none", ABOVE, "/oversight/breaches?level=low"),
    ("oversight.drills", ABOVE, "/oversight/drills"),
    ("oversight.duty", ABOVE, "/oversight/duty"),
    ("oversight.schools", ABOVE, "/oversight/schools?show=all"),
    ("oversight.school_contact", ABOVE, f"/oversight/schools/{CALLABLE}"),
    ("admin.schools", ADMIN, "/admin/schools"),
    ("admin.school_contact", ADMIN, f"/admin/schools/{CALLABLE}"),
    ("admin.home", ADMIN, "/admin"),
    ("admin.duty", ADMIN, "/admin/duty"),
    ("admin.endpoints", ADMIN, "/admin/endpoints"),
    ("admin.authorities", ADMIN, "/admin/authorities"),
    ("admin.authority", ADMIN, "/admin/authorities/KZ-71/guardianship"),
    ("admin.licences_list", ADMIN, "/admin/licences"),
    ("admin.licence", ADMIN, "/admin/licences/rcads-25"),
    ("admin.licence_revoke", ADMIN, f"/admin/licences/rcads-25/{LICENCE}/revoke"),
    ("psc.roster", HEAD, "/psc/roster"),
    ("psc.drills", HEAD, "/psc/drills"),
]
_PAST = (
    "UPDATE deadlines SET due_at = due_at - interval '65 minutes'",
    "UPDATE notices SET due_at = due_at - interval '65 minutes'",
)
_OLDER_DRILLS = """
    INSERT INTO drills (id, support_center_id, month, started_at, due_at, answered_at, answered_by)
    SELECT gen_random_uuid(), :center, d, d + interval '10 hours',
        d + interval '10 hours 15 minutes',
        d + interval '10 hours' + (n * 97 || ' seconds')::interval, :account
    FROM generate_series(1, 5) n, LATERAL (
        SELECT (date_trunc('month', now()) - (n || ' months')::interval)::date AS d) AS months
"""


def _story(engine: Engine, owner: Engine, world: World) -> Told:
    """Everything that can be late, stuck, silent, empty or broken is so once."""
    unit = world.unit()
    adults = {
        ABOVE: an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso),
        ADMIN: an_adult(unit, Role.ADMINISTRATOR),
        HEAD: world.home.supervisor,
    }
    an_adult(unit, Role.NATIONAL_DUTY)
    world.session.commit()
    for school in world.schools:
        a_pupil_answers(engine, world, SELF_HARM, pupil=school.pupils[0])
        a_pupil_answers(
            engine, world, SOME_WORRY, pupil=school.pupils[1], instrument="gad-7", to_the_end=True
        )
    world.session.rollback()
    with owner.begin() as connection:
        backdate.switch_rules(connection, on=False)
        for statement in _PAST:
            connection.execute(text(statement))
        connection.execute(
            text(_OLDER_DRILLS),
            {"center": world.home.id, "account": world.home.specialist.account.id},
        )
        backdate.switch_rules(connection, on=True)
    _machinery(world, adults[ABOVE])
    world.session.add(
        InstrumentLicence(
            id=LICENCE,
            instrument_id="rcads-25",
            granted_by="Калифорнийский университет, Лос-Анджелес",
            granted_to="Ғылыми-әдістемелік орталық",
            scope="Электронное использование в школах, казахский и русский, некоммерческое",
            evidence="Письмо от 2 сентября 2026 года, папка «Лицензии», лист 14",
            valid_from=date(2026, 9, 2),
            recorded_by=adults[ADMIN].account.id,
        )
    )
    world.session.add(
        School(
            id=CALLABLE,
            district_id=world.home.district.id,
            name_kk="№ 777 мектеп",
            name_ru="Школа № 777",
            public_code="T-777",
            phone="+70000077701",
            urgent_phone="+70000077702",
            address_kk="Мысал көшесі, 77",
            address_ru="ул. Примерная, 77",
            contact_changed_at=unit.now(),
        )
    )
    world.session.commit()
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE sweeps SET last_ok_at = now() - interval '4 minutes' WHERE name = :name"),
            {"name": "celery.deadlines"},
        )
    return Told(world, adults)


def _machinery(world: World, coordinator: Adult) -> None:
    unit, session = world.unit(), world.session
    ladder.fire_due(unit, 500)
    for name in ("relay.outbox", "relay.deadlines", "relay.reconcile", "celery.deadlines"):
        heartbeats.record(session, name, 2)
    stuck = session.scalars(select(OutboxMessage.id).order_by(OutboxMessage.id).limit(2)).all()
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(stuck))
        .values(
            stuck_at=text("now() - interval '3 hours'"),
            attempts=17,
            stuck_owner_id=coordinator.account.id,
        )
    )
    drills.start(unit, world.home.id)
    duty_places.add(
        unit, Area(), Post.LAST_RESPONDER, world.home.region.iso, world.home.supervisor.account.id
    )
    endpoints.add(unit, world.home.id, Channel.WEBHOOK, "https://psc.example.org/tirek", None)
    session.execute(
        insert(Provider),
        [
            {"name": "sms-primary", "channel": "sms", "weight": 80},
            {"name": "sms-backup", "channel": "sms", "weight": 20},
        ],
    )
    center = session.merge(world.home.center)
    center.keeps_roster, center.daily_capacity = True, 25
    now = unit.now()
    session.add(
        DutyShift(
            support_center_id=world.home.id,
            account_id=world.home.specialist.account.id,
            starts_at=now.replace(minute=0) - timedelta(hours=3),
            ends_at=now.replace(minute=0) + timedelta(hours=21),
        )
    )
    session.commit()


@pytest.fixture(scope="module")
def walk(ground: Ground) -> Iterator[Walk]:
    with ground.walk(_story, schools=2, pupils=2, coded=2) as walk:
        yield walk


@each_of(PAGES)
def test_page(page: Stop, lang: str, walk: Walk) -> None:
    walk.look(page, lang)
