"""Every address: guarded or said to be public; nobody reaches what is not theirs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, IntegerConverter, Rule, UUIDConverter

from tests.builders_referral import SELF_HARM, SOME_WORRY, a_pupil_answers, legs
from tests.functional.browser import Browser
from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.domain.permissions import GRANTED, Permission
from tirek.storage.models import (
    AuditEntry,
    Notice,
    OutboxMessage,
    ReviewTask,
)
from tirek.web.access import PUBLIC, REQUIRES

NewBrowser = Callable[..., Browser]


POST_ONLY = {
    "acknowledge", "confirm_notice", "drill_answer", "duty_add", "duty_remove", "endpoint_add",
    "endpoint_renew", "endpoint_switch", "invitation_revoke", "join_child", "logout",
    "own_child_remove", "phone", "reply", "retry", "roster_settings", "star", "place", "again",
    "certificate_issue", "reminders_stop", "reminders_end",
    "shift_add", "shift_remove", "sms_receipt",
}  # fmt: skip
# These look at nothing: whoever has left a form is led back to the list of their own.
LEAD_BACK = {"psc.drill_answer_left", "psc.phone_left", "psc.shift_remove_left"}
# Where a parent who has no account yet, or has lost the way into it, comes in; the last says that
# an account is gone.
DOORS = {
    "parent.register", "parent.registered", "parent.forgot", "parent.forgot_sent", "parent.errand",
    "parent.join", "parent.join_other", "parent.account_deleted", "parent.talk_link",
}  # fmt: skip
STAFF_AREAS = ("admin", "oversight", "parent", "psc", "school")


def guarded(app: Flask) -> Iterator[tuple[Rule, object]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield rule, getattr(app.view_functions[rule.endpoint], REQUIRES, None)


def test_every_view_names_a_permission_or_says_that_it_is_public(built: Flask) -> None:
    silent = [rule.endpoint for rule, needed in guarded(built) if needed is None]
    assert silent == []


def test_every_view_of_staff_and_parents_needs_a_permission(built: Flask) -> None:
    open_ones = {
        rule.endpoint
        for rule, needed in guarded(built)
        if needed == PUBLIC and rule.endpoint.split(".")[0] in STAFF_AREAS
    }
    assert open_ones == DOORS


def test_nobody_known_finds_every_door_open(app: Flask, browser: NewBrowser) -> None:
    stranger = browser()
    statuses = {
        one.endpoint: stranger.client.get(one.path).status_code
        for one in addresses(app, "parent")
        if one.method == "GET" and one.endpoint in DOORS
    }
    # A link without its secret is as good as one that was used.
    assert (statuses.pop("parent.errand"), statuses.pop("parent.talk_link")) == (410, 404)
    assert set(statuses.values()) == {200}


def test_nothing_changes_by_following_a_link(built: Flask) -> None:
    """Steps are POST only, so that no picture and no prefetch takes one."""
    for rule, _needed in guarded(built):
        if rule.endpoint.split(".")[-1] in POST_ONLY:
            assert rule.methods == {"POST", "OPTIONS"}, rule.endpoint


def test_every_permission_is_somebodys_and_every_role_is_listed() -> None:
    assert set(GRANTED) == set(Role)
    assert set().union(*GRANTED.values()) == set(Permission)


# A region's people have some of the permissions that these pages need, and still may not come in.
WHOLE_COUNTRY = {"admin": {Permission.VIEW_TECHNICAL}}


@dataclass(frozen=True)
class Address:
    """One method and path of a rule, and which objects it names."""

    method: str
    path: str
    objects: frozenset[str]
    endpoint: str = ""


def addresses(app: Flask, area: str, given: Mapping[str, object] | None = None) -> list[Address]:
    """Every address of a person's area, with the ids that are given put in."""
    return [
        address
        for rule, _needed in guarded(app)
        if rule.endpoint.split(".")[0] == area
        for address in addresses_of(rule, given or {})
    ]


def addresses_of(rule: Rule, given: Mapping[str, object]) -> list[Address]:
    values = {name: _value(rule, name, given) for name in rule.arguments}
    path = rule.build(values, append_unknown=False)
    assert path is not None, rule
    return [
        Address(method, path[1], frozenset(rule.arguments - {"lang"}), rule.endpoint)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def _value(rule: Rule, name: str, given: Mapping[str, object]) -> object:
    if name == "lang":
        return "en"
    if name in given:
        return given[name]
    converter = rule._converters[name]  # noqa: SLF001 - werkzeug keeps them there only
    if isinstance(converter, UUIDConverter):
        return uuid4()
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 2026 if isinstance(converter, IntegerConverter) else "x"


@pytest.fixture
def flagged(engine: Engine, system: Session, world: World) -> dict[str, object]:
    """A child of the first school with everything that follows from its answers."""
    a_pupil_answers(engine, world, SELF_HARM)
    key = a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    a_pupil_answers(engine, world, {"q1": "1"}, instrument="who-5", to_the_end=True)
    found = legs(system, world.school.pupil)
    center = next(leg for leg in found if leg.receiver == "support_center")
    return {
        "referral_id": center.id,
        "notice_id": system.scalars(select(Notice.id)).first(),
        "student_id": world.school.pupil.id,
        "classroom_id": world.school.classroom.id,
        "assignment_id": world.school.assignments["phq-a"].id,
        "administration_id": key.id,
        "task_id": system.scalars(select(ReviewTask.id)).one(),
    }


def answer_to(browser: Browser, address: Address) -> int:
    """The status at the end of an address, with a token of the browser's own where it is a POST."""
    if address.method == "GET":
        return browser.client.get(address.path, follow_redirects=True).status_code
    page = browser.open("/en/privacy")
    token = page.html.find("input", attrs={"name": "csrf_token"})
    sent = {"csrf_token": token["value"], "version": "1"} if token else {}  # type: ignore[index]
    return browser.client.post(address.path, data=sent).status_code


def test_another_centres_objects_do_not_exist_and_asking_is_written_down(
    app: Flask, system: Session, world: World, browser: NewBrowser, flagged: dict[str, object]
) -> None:
    adult = world.neighbour.supervisor
    asked = _refused_all(app, browser().sign_in(adult), "psc", flagged)
    assert len(asked) > 5
    refusals = _refusals(system, adult)
    assert len(refusals) == len(asked)
    assert str(flagged["referral_id"]) in refusals


def test_another_schools_objects_do_not_exist_and_asking_is_written_down(
    app: Flask, system: Session, world: World, browser: NewBrowser, flagged: dict[str, object]
) -> None:
    adult = world.schools[1].psychologist
    asked = _refused_all(app, browser().sign_in(adult), "school", flagged)
    assert len(_refusals(system, adult)) == len(asked)


def _refused_all(
    app: Flask, stranger: Browser, area: str, flagged: Mapping[str, object]
) -> list[Address]:
    asked = [
        one
        for one in addresses(app, area, flagged)
        if one.objects and one.endpoint not in LEAD_BACK
    ]
    answers = {one: answer_to(stranger, one) for one in asked}
    reached = {one: status for one, status in answers.items() if status != 404}
    assert reached == {}
    return asked


def _refusals(system: Session, adult: Adult) -> list[str | None]:
    system.rollback()
    return list(
        system.scalars(
            select(AuditEntry.entity_id).where(
                AuditEntry.outcome == "refused", AuditEntry.account_id == adult.account.id
            )
        )
    )


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.STUDENT}))
def test_a_role_without_the_permission_is_refused_everywhere(
    app: Flask,
    system: Session,
    world: World,
    browser: NewBrowser,
    flagged: dict[str, object],
    role: Role,
) -> None:
    """Also with the ids of real things: the refusal comes before anything is looked up."""
    somebody = browser().sign_in(_with(system, world, role))
    forbidden = [
        one
        for rule, needed in guarded(app)
        if isinstance(needed, Permission)
        and not {needed, *WHOLE_COUNTRY.get(rule.endpoint.split(".")[0], ())} <= GRANTED[role]
        for one in addresses_of(rule, flagged)
    ]
    assert forbidden
    answers = {one: answer_to(somebody, one) for one in forbidden}
    assert {one: status for one, status in answers.items() if status != 403} == {}


def test_another_regions_objects_do_not_exist_and_asking_is_written_down(
    app: Flask, system: Session, world: World, browser: NewBrowser, flagged: dict[str, object]
) -> None:
    """Only what names a referral, a message or a school: lists of the region are its people's."""
    adult = an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.neighbour.region.iso)
    system.commit()
    somebody = browser().sign_in(adult)
    objects = flagged | {
        "message_id": system.scalars(select(OutboxMessage.id)).first(),
        "school_id": world.school.id,
    }
    # Questionnaires and how they measure are no region's: the methodologist's alone.
    theirs = GRANTED[Role.REGIONAL_COORDINATOR]
    asked = [
        one
        for rule, needed in guarded(app)
        if rule.endpoint.startswith("oversight.") and needed in theirs
        for one in addresses_of(rule, objects)
        if one.objects and one.method == "POST"
    ]
    assert len(asked) == 4
    statuses = {one.path: answer_to(somebody, one) for one in asked}
    reply = next(path for path in statuses if "/late/" in path)
    # The form's own field is missing: refused before anything is looked up.
    assert statuses.pop(reply) == 422
    assert set(statuses.values()) == {404}
    assert len(_refusals(system, adult)) == len(statuses)


def _with(system: Session, world: World, role: Role) -> Adult:
    place: dict[str, object] = {}
    if role in {Role.PSYCHOLOGIST, Role.SOCIAL_PEDAGOGUE, Role.DEPUTY_DIRECTOR}:
        place = {"school_id": world.school.id}
    elif role in {Role.PSC_SPECIALIST, Role.PSC_SUPERVISOR}:
        place = {"support_center_id": world.home.id}
    elif role is Role.REGIONAL_COORDINATOR:
        place = {"region_iso": world.home.region.iso}
    adult = an_adult(world.unit(), role, **place)
    system.commit()
    return adult


@pytest.mark.parametrize("area", STAFF_AREAS)
def test_nobody_known_is_asked_to_sign_in(app: Flask, browser: NewBrowser, area: str) -> None:
    stranger = browser()
    for one in addresses(app, area):
        if one.method == "GET" and one.endpoint not in DOORS:
            answer = stranger.client.get(one.path)
            assert answer.status_code == 302, one
            assert "/login" in answer.headers["Location"], one


def test_a_post_without_a_token_changes_nothing(
    app: Flask, world: World, browser: NewBrowser, flagged: dict[str, object]
) -> None:
    somebody = browser().sign_in(world.home.specialist)
    for one in addresses(app, "psc", flagged):
        if one.method == "POST":
            sent = somebody.client.post(one.path, data={"version": "1"})
            assert sent.status_code == 400, one


def test_an_account_that_is_switched_off_is_out_at_once(
    system: Session, world: World, browser: NewBrowser
) -> None:
    somebody = browser().sign_in(world.home.specialist)
    somebody.open("/en/psc")
    account = system.merge(world.home.specialist.account)
    account.is_active = False
    system.commit()
    assert somebody.client.get("/en/psc").status_code == 302


def test_signing_out_ends_it_on_the_server(world: World, browser: NewBrowser) -> None:
    somebody = browser().sign_in(world.home.specialist)
    page = somebody.open("/en/psc")
    cookie = somebody.client.get_cookie("tirek")
    assert cookie is not None
    form = page.html.find("form", action="/en/logout")
    token = form.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[union-attr, index]
    somebody.client.post("/en/logout", data={"csrf_token": token})
    somebody.client.set_cookie("tirek", cookie.value)
    assert somebody.client.get("/en/psc").status_code == 302
