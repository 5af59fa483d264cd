"""The pages of the upper rungs, administrators and heads of centres, in two languages.

TIREK_SHOTS names a folder for pictures of each page, for people to look at.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import Engine, insert, select, text, update

from tests.browser import people
from tests.browser.conftest import serve
from tests.browser.looking import DESK, PHONE, Window
from tests.browser.visit import Weight
from tests.builders_referral import SELF_HARM, SOME_WORRY, a_pupil_answers
from tests.conftest import Server
from tests.world import Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys
from tirek.domain.delivery import Channel
from tirek.domain.ladder import Post
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.services import drills, duty_places, endpoints, heartbeats, ladder
from tirek.services.oversight import Area
from tirek.storage import backdate
from tirek.storage.models import DutyShift, InstrumentLicence, OutboxMessage, Provider, School
from tirek.storage.session import app_engine, open_session, owner_engine

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
NAMES = {
    Role.REGIONAL_COORDINATOR: "Болат Сейітов",
    Role.NATIONAL_DUTY: "Гүлнар Тасова",
    Role.ADMINISTRATOR: "Дәурен Қалиев",
    Role.PSC_SPECIALIST: "Динара Оспан",
    Role.PSC_SUPERVISOR: "Ерлан Жұманов",
}
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


@dataclass(frozen=True)
class Above:
    """The people whose pages these are."""

    world: World
    adults: dict[str, Adult]


def _story(engine: Engine, owner: Engine, world: World) -> Above:
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
        for role, name in NAMES.items():
            connection.execute(
                text("UPDATE accounts SET display_name = :name WHERE role = :role"),
                {"name": name, "role": role.value},
            )
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
    return Above(world, adults)


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
def site(
    server: Server, template: str, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Above]]:
    name = f"{template}_pages_above"
    url = server.create(name, template)
    engine, owner = app_engine(url), owner_engine(url)
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), a_vault(keys), schools=2, pupils=2, coded=2)
        session.commit()
        above = _story(engine, owner, world)
        for row in session:
            session.refresh(row)
        session.expunge_all()
    config = Config(keys=keys, database_url=url, var_dir=tmp_path_factory.mktemp("var"))
    app = create_app(config, url)
    yield app, above
    app.extensions["tirek"].engine.dispose()
    engine.dispose()
    owner.dispose()
    server.drop(name)


@pytest.fixture(scope="module")
def window_of(chromium: Browser, site: tuple[Flask, Above]) -> Iterator[Callable[[str], Window]]:
    """Everybody's own window; each signs in once."""
    app, above = site
    windows: dict[str, Window] = {}
    with serve(app) as url:

        def window(who: str) -> Window:
            if who not in windows:
                windows[who] = Window(chromium, url)
                windows[who].page.goto(f"{url}/ru/login")
                people.sign_in(windows[who].page, above.adults[who])
            return windows[who]

        yield window
        for opened in windows.values():
            opened.page.context.close()


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize(("name", "who", "path"), PAGES, ids=[name for name, *_ in PAGES])
def test_page(
    name: str, who: str, path: str, lang: str, window_of: Callable[[str], Window]
) -> None:
    window = window_of(who)
    answer = window.page.goto(f"{window.url}/{lang}{path}")
    assert answer is not None
    assert answer.status == 200
    _picture(window, f"{name}-{lang}")
    faults = window.faults(lang, Weight.HEAVY)
    assert not faults, "\n".join([window.page.url, *faults])


def _picture(window: Window, name: str) -> None:
    folder = os.environ.get("TIREK_SHOTS")
    if folder is None:
        return
    for size, word in ((PHONE, "phone"), (DESK, "desk")):
        wide = size if size is DESK else {"width": 360, "height": 740}
        window.page.set_viewport_size(wide)  # type: ignore[arg-type]
        picture = Path(folder) / f"{name.replace(' ', '-')}-{word}.png"
        window.page.screenshot(path=picture, full_page=True)
    window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
