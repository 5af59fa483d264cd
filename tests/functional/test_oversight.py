"""The upper rungs' pages: late, stuck, unmanned and broken, in their own area, without a child."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, SOME_WORRY, a_pupil_answers, acting, the_leg
from tests.functional.browser import Browser, Page
from tests.world import Adult, World, an_adult
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.domain.referral import ConflictKind
from tirek.services import harm, heartbeats, ladder, school_contacts
from tirek.services.harm import Named
from tirek.services.oversight import short
from tirek.services.school_contacts import Contact
from tirek.storage import backdate
from tirek.storage.models import AlarmAnswer, Breach, Deadline, Notice, OutboxMessage

NewBrowser = Callable[..., Browser]
PAGES = ("", "/late", "/breaches", "/drills", "/duty")


@dataclass(frozen=True)
class Above:
    """The people above the two centres of the world."""

    here: Adult
    elsewhere: Adult
    national: Adult
    administrator: Adult


@pytest.fixture
def above(system: Session, world: World) -> Above:
    unit = world.unit()
    made = Above(
        an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso),
        an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=world.neighbour.region.iso),
        an_adult(unit, Role.NATIONAL_DUTY),
        an_adult(unit, Role.ADMINISTRATOR),
    )
    system.commit()
    return made


@pytest.fixture
def late(engine: Engine, owner: Engine, system: Session, world: World, above: Above) -> UUID:
    """An immediate referral of two hours ago that nobody has opened; its whole ladder has rung."""
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(system, world.school.pupil)
    with owner.begin() as connection:
        backdate.switch_rules(connection, on=False)
        connection.execute(text("UPDATE deadlines SET due_at = due_at - interval '2 hours'"))
        connection.execute(text("UPDATE notices SET due_at = due_at - interval '2 hours'"))
        backdate.switch_rules(connection, on=True)
    system.rollback()
    ladder.fire_due(world.unit(session=system), 500)
    system.commit()
    return leg.id


def names_nobody(page: Page, world: World) -> None:
    pupil = world.school.pupil.student
    shown = copy(page.html)
    # The letters of a token are random: now and then they spell a question.
    for token in shown.find_all("input", attrs={"name": "csrf_token"}):
        token.decompose()
    for secret in (pupil.school_code, str(pupil.id), pupil.id.hex, "q9", "phq"):
        assert secret not in str(shown), f"{page.url} shows {secret}"


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_works_with_something_on_it_and_names_no_child(
    world: World, above: Above, late: UUID, browser: NewBrowser, path: str, lang: str
) -> None:
    del late
    page = browser(lang).sign_in(above.here).open(f"/{lang}/oversight{path}")
    names_nobody(page, world)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_to_do_when_there_is_nothing(
    above: Above, browser: NewBrowser, path: str
) -> None:
    page = browser().sign_in(above.national).open(f"/en/oversight{path}")
    assert len(page.text) > 100


def test_signing_in_leads_there(above: Above, browser: NewBrowser) -> None:
    for adult, area in (
        (above.here, "oversight"),
        (above.national, "oversight"),
        (above.administrator, "admin"),
    ):
        page = browser().sign_in(adult).open("/en/login")
        assert urlsplit(page.url).path == f"/en/{area}"


def test_a_late_referral_is_seen_in_its_region_and_by_the_national_duty_alone(
    above: Above, late: UUID, browser: NewBrowser
) -> None:
    name = short(late)
    assert name in browser().sign_in(above.here).open("/en/oversight/late").text
    assert name in browser().sign_in(above.national).open("/en/oversight/late").text
    elsewhere = browser().sign_in(above.elsewhere).open("/en/oversight/late")
    assert name not in elsewhere.text
    assert "No referral is late" in elsewhere.text


def test_who_was_called_and_who_comes_next_stands_there(
    above: Above, late: UUID, browser: NewBrowser
) -> None:
    del late
    page = browser().sign_in(above.here).open("/en/oversight/late")
    assert "called: head of the centre, school psychologist" in page.text
    assert "called: national duty" in page.text
    assert "recorded as a broken promise" in page.text


def test_i_have_called_the_centre_is_written_down_by_name(
    system: Session, above: Above, late: UUID, browser: NewBrowser
) -> None:
    somebody = browser().sign_in(above.here)
    page = somebody.open("/en/oversight/late")
    action = str(page.html.find("select", id="reply-1").find_parent("form")["action"])  # type: ignore[union-attr]
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]
    sent = {"csrf_token": token, "reply": "called_center"}
    assert somebody.client.post(action, data=sent).status_code == 303
    after = somebody.open("/en/oversight/late")
    assert f"{above.here.account.display_name}: called the centre" in after.text
    (answer,) = system.scalars(select(AlarmAnswer)).all()
    assert answer.answer == "called_center"
    assert system.get_one(Deadline, answer.deadline_id).referral_id == late
    assert somebody.client.post(action, data=sent | {"reply": "nothing"}).status_code == 422


def test_the_centre_and_the_school_find_it_by_the_number_said_on_the_phone(
    world: World, late: UUID, browser: NewBrowser
) -> None:
    heard = short(late).lower()
    code = world.school.pupil.student.school_code
    at_centre = browser().sign_in(world.home.specialist)
    assert code in at_centre.open(f"/en/psc?code={heard}").text
    assert "Nothing fits" in at_centre.open("/en/psc?code=00000000").text
    page = at_centre.open(f"/en/psc/referrals/{late}")
    assert f"Number of this referral: {short(late)}" in page.text
    at_school = browser().sign_in(world.school.psychologist)
    assert code in at_school.open(f"/en/school/cases?q={heard}").text


def test_nobody_answers_for_another_region(
    system: Session, above: Above, late: UUID, browser: NewBrowser
) -> None:
    stranger = browser().sign_in(above.elsewhere)
    page = stranger.open("/en/oversight")
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]
    answer = stranger.client.post(
        f"/en/oversight/late/{late}", data={"csrf_token": token, "reply": "called_center"}
    )
    assert answer.status_code == 404
    assert system.scalars(select(AlarmAnswer)).all() == []


def test_a_breach_is_listed_filtered_and_has_no_button(
    system: Session, above: Above, late: UUID, browser: NewBrowser
) -> None:
    assert system.scalars(select(Breach.id)).all()
    somebody = browser().sign_in(above.here)
    page = somebody.open("/en/oversight/breaches")
    rows = page.rows("Broken promises")
    assert {row[0] for row in rows} >= {short(late)}
    assert not page.html.find("main").find_all("form", method="post")  # type: ignore[union-attr]
    assert "Nothing fits" in somebody.open("/en/oversight/breaches?level=low").text
    assert "Nothing fits" in somebody.open("/en/oversight/breaches?month=2020-01").text
    # Another region in the address changes nothing.
    other = browser().sign_in(above.elsewhere)
    assert short(late) not in other.open("/en/oversight/breaches?region=KZ-71").text


def test_overdue_notices_are_on_the_operations_page(
    system: Session, world: World, above: Above, late: UUID, browser: NewBrowser
) -> None:
    page = browser().sign_in(above.here).open("/en/oversight")
    found = {short(one) for one in system.scalars(select(Notice.id))}
    assert {row[0] for row in page.rows("Notices overdue")} == found
    rules = world.catalog.protocol.rule(Level.IMMEDIATE).notices
    titles = {one.title["ru"] for one in rules}
    assert {row[1] for row in page.rows("Notices overdue")} <= titles
    # The number said on the phone is found where the notice has to be confirmed.
    centre = browser().sign_in(world.home.specialist).open(f"/en/psc/referrals/{late}")
    assert all(f"Number of this notice: {one}" in centre.text for one in found)
    assert "Late, and nobody has confirmed it:" in centre.text
    elsewhere = browser().sign_in(above.elsewhere).open("/en/oversight")
    assert "every notice was confirmed in time" in elsewhere.text


def test_a_late_notice_is_called_by_its_name_and_the_school_by_its_telephone(
    engine: Engine, world: World, above: Above, late: UUID, browser: NewBrowser
) -> None:
    at_school = browser().sign_in(world.school.psychologist)
    assert "Act first, then confirm with your name. 1 1 late" in at_school.open("/en/school").text
    rules = world.catalog.protocol.rule(Level.IMMEDIATE).notices
    centre = browser().sign_in(world.home.specialist).open(f"/en/psc/referrals/{late}")
    broken = centre.html.find(id="breaches").text  # type: ignore[union-attr]
    assert {one.kind for one in rules if one.title["ru"] in broken} == {one.kind for one in rules}
    somebody = browser().sign_in(above.here)
    with acting(engine, world, world.school.psychologist) as unit:
        school_contacts.keep_own(unit, Contact("+7 700 000 01 01"))
    told = [row[3] for row in somebody.open("/en/oversight").rows("Notices overdue")]
    assert [one for one in told if "+7" in one] == ["The school +7 700 000 01 01"]
    with acting(engine, world, world.home.specialist) as unit:
        pupil = world.school.pupil.id
        harm.name_conflict(unit, pupil, Named(ConflictKind.SCHOOL_STAFF, "A teacher shouts."))
    page = somebody.open("/en/oversight")
    assert not any("+7" in row[3] for row in page.rows("Notices overdue"))


def test_a_late_referral_at_a_school_comes_with_its_telephone(
    engine: Engine, owner: Engine, system: Session, world: World, above: Above, browser: NewBrowser
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    with acting(engine, world, world.school.psychologist) as unit:
        school_contacts.keep_own(unit, Contact("+7 700 000 01 01", "+7 700 000 01 02"))
    with owner.begin() as connection:
        backdate.switch_rules(connection, on=False)
        connection.execute(text("UPDATE deadlines SET due_at = now() - interval '2 hours'"))
        backdate.switch_rules(connection, on=True)
    ladder.fire_due(world.unit(session=system), 500)
    system.commit()
    page = browser().sign_in(above.here).open("/en/oversight/late")
    assert page.html.find("a", href="tel:+77000000102")
    assert world.school.school.name_ru in page.text


@pytest.fixture
def stuck(system: Session, above: Above, late: UUID) -> int:
    """One message about the late referral that does not get through."""
    del late
    message = system.scalars(select(OutboxMessage.id).order_by(OutboxMessage.id)).first()
    assert message is not None
    system.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message)
        .values(
            stuck_at=text("now() - interval '1 hour'"),
            due_at=text("now() + interval '9 minutes'"),
            stuck_owner_id=above.here.account.id,
        )
    )
    system.commit()
    return message


def test_a_stuck_message_has_an_owner_and_is_tried_again(
    system: Session, above: Above, stuck: int, browser: NewBrowser
) -> None:
    somebody = browser().sign_in(above.here)
    page = somebody.open("/en/oversight")
    (row,) = page.rows("Stuck")
    assert row[0].startswith(f"№ {stuck} ")
    assert row[3] == "you"
    somebody.submit(page, f"/messages/{stuck}/retry")
    system.rollback()
    message = system.get_one(OutboxMessage, stuck)
    assert message.due_at <= system.scalars(select(text("now()"))).one()  # type: ignore[call-overload]
    assert message.stuck_at is not None


def test_another_regions_stuck_message_does_not_exist(
    above: Above, stuck: int, browser: NewBrowser
) -> None:
    stranger = browser().sign_in(above.elsewhere)
    page = stranger.open("/en/oversight")
    assert f"№ {stuck}" not in page.text
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]
    path = f"/en/oversight/messages/{stuck}/retry"
    assert stranger.client.post(path, data={"csrf_token": token}).status_code == 404


def test_a_silent_loop_is_an_alarm_in_words(
    owner: Engine, system: Session, above: Above, browser: NewBrowser
) -> None:
    for name in ("relay.deadlines", "relay.outbox", "relay.reconcile"):
        heartbeats.record(system, name)
    system.commit()
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE sweeps SET last_ok_at = now() - interval '3 minutes'"
                " WHERE name <> 'relay.outbox'"
            )
        )
    page = browser().sign_in(above.here).open("/en/oversight")
    assert "Silent for 3 min: rings clocks (relay)" in page.text
    assert "Silent for 3 min: sends messages" not in page.text
    # Made once an hour, so three minutes are nothing.
    assert "looks for what must not exist (relay). Call" not in page.text


def test_a_centre_without_anybody_is_named(
    system: Session, world: World, above: Above, browser: NewBrowser
) -> None:
    center = system.merge(world.home.center)
    center.keeps_roster = True
    system.commit()
    page = browser().sign_in(above.here).open("/en/oversight")
    (row,) = page.rows("Centres that take nobody on now")
    assert row[0] == center.name_ru
    assert row[2] == "nobody is on duty"
    other = browser().sign_in(above.elsewhere).open("/en/oversight")
    assert center.name_ru not in other.text


def test_a_coordinator_keeps_the_last_responders_of_the_own_region(
    world: World, above: Above, browser: NewBrowser
) -> None:
    somebody = browser().sign_in(above.here)
    page = somebody.open("/en/oversight/duty")
    assert "would call nobody" in page.text
    page = somebody.submit(page, "/duty", account=str(world.home.supervisor.account.id))
    (row,) = page.rows("Upper rungs")
    assert row[2] == world.home.supervisor.account.display_name
    offered = {str(one["value"]) for one in page.form("/duty").find_all("option")}
    assert str(world.neighbour.supervisor.account.id) not in offered
    assert world.neighbour.region.iso not in offered
    remove = str(page.html.find("form", action=lambda url: url and "/remove" in url)["action"])  # type: ignore[index]
    stranger = browser().sign_in(above.elsewhere)
    token = stranger.open("/en/oversight").html.find("input", attrs={"name": "csrf_token"})
    sent = {"csrf_token": token["value"]}  # type: ignore[index]
    assert stranger.client.post(remove, data=sent).status_code == 404
    page = somebody.submit(page, "/remove")
    assert "Nobody stands on an upper rung" in page.text


def test_the_national_duty_looks_at_the_rungs_but_changes_none(
    above: Above, browser: NewBrowser
) -> None:
    page = browser().sign_in(above.national).open("/en/oversight/duty")
    assert not page.html.find("main").find_all("form")  # type: ignore[union-attr]
