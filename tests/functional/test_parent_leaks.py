"""Whatever a child has answered, a parent's pages do not change by one letter because of it."""

import re
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule, UUIDConverter

from tests.builders_referral import acting
from tests.functional.test_parent_pages import Parent, fill_in, questionnaire, token
from tests.world import World, an_origin
from tirek.domain.instruments import Answer, AnswerState, Subject
from tirek.domain.levels import Level
from tirek.domain.referral import ConflictKind
from tirek.domain.scope import Scope
from tirek.services import administrations, concerns, harm, runs
from tirek.services.harm import Named
from tirek.services.unit import Unit
from tirek.storage.models import Case, Conflict, FlagRecord, OutboxMessage, Referral
from tirek.storage.session import open_session


@pytest.fixture
def parent(app: Flask, world: World) -> Parent:
    return Parent(app.test_client()).sign_in(world.school.guardian)


# One id for all that is not there, so that two walks ask for the same addresses.
NOBODYS = UUID("00000000-0000-4000-8000-000000000000")
# What each POST about a child is sent with here; GET needs nothing. What a parent does about
# themselves (account, reading, talks, groups) knows nothing of a child's answers.
SENT = {
    "parent.consent": {"decision": "yes"},
    "parent.start": {},
    "parent.answer_page": {"q1": "0"},
    "parent.answer": {"item": "q1", "value": "0"},
    "parent.not_for_me": {"course": "calm-parent", "lesson": "repair"},
    # Ends the questionnaire, so `test_stopping_for_good` sends it.
    "parent.stop": None,
}
# Open to everybody, but a parent who is signed in finds marks of their own on them.
LESSONS = {"public.courses", "public.course", "public.lesson", "public.lesson_on_paper"}


def answer_as_child(engine: Engine, world: World, instrument: str) -> None:
    """The child answers everything in the most worrying way, and finishes."""
    with open_session(engine, Scope.none()) as session:
        unit = Unit(session, world.catalog, world.vault, world.unit().actor)
        code = world.school.pupil.codes[instrument]
        entry = administrations.open_by_code(unit, code, an_origin(), "ru")
        pupil = Unit(session, world.catalog, world.vault, entry.actor)
        run = runs.load(pupil, entry.key)
        administrations.start(pupil, run, "ru")
        worst = {
            item.id: Answer(AnswerState.ANSWERED, run.instrument.options(item.id)[-1].code)
            for item in run.instrument.items
        }
        administrations.record_responses(pupil, run, worst)
        administrations.complete(pupil, run)
        session.commit()


def addresses(rule: Rule, world: World, child: UUID) -> list[str]:
    values = {"lang": "en", "child_id": child, "number": 1}
    values["assignment_id"] = world.school.assignments["psc-17-p"].id
    values |= {"course_id": "calm-parent", "lesson_id": "repair"}
    given = {name: values.get(name) or stand_in(rule, name) for name in rule.arguments}
    made = rule.build(given)
    assert made is not None
    pages = [made[1]]
    if "number" in rule.arguments:
        pages.append(pages[0].removesuffix("1") + "2")
    return pages


def stand_in(rule: Rule, name: str) -> object:
    """What names nothing that exists: a talk, a group, a link of somebody's."""
    is_id = isinstance(rule._converters[name], UUIDConverter)  # noqa: SLF001 - kept there only
    return NOBODYS if is_id else "x"


def walk(app: Flask, parent: Parent, world: World) -> dict[str, str]:
    """Every page of the parents' part, and their lessons, by method and address, in kk and en."""
    seen = {}
    child = world.school.pupil.id
    for rule in app.url_map.iter_rules():
        if not (rule.endpoint.startswith("parent.") or rule.endpoint in LESSONS):
            continue
        for path in addresses(rule, world, child):
            if "GET" in rule.methods:
                for lang in ("kk", "en"):
                    shown = path.replace("/en/", f"/{lang}/")
                    answer = parent.client.get(shown, follow_redirects=True)
                    seen[f"GET {shown}"] = f"{answer.status_code} {plain(answer.text)}"
            if "POST" in rule.methods and SENT.get(rule.endpoint) is not None:
                parent.get("/en/parent")
                answer = parent.client.post(
                    path,
                    data={"csrf_token": token(parent.page), **SENT[rule.endpoint]},
                    follow_redirects=True,
                )
                seen[f"POST {path}"] = f"{answer.status_code} {plain(answer.text)}"
    return seen


def plain(page: str) -> str:
    """The page without what is new each time: tokens, and what was just recorded."""
    page = re.sub(r'(name="csrf_token" value|data-csrf)="[^"]+"', "", page)
    return re.sub(r'(?s)<div class="govuk-notification-banner.*?</div>\s*</div>', "", page)


def forbidden(world: World) -> list[str]:
    """Words that would tell something: a pupil's instruments, items, flags, scales."""
    words = ["phq-a", "gad-7", "psc-17", "who-5", "referral", "Immediate", "score"]
    for instrument in world.catalog.instruments.values():
        words += [flag.id for flag in instrument.flags]
        words += [f">{scale.id}<" for scale in instrument.scoring.scales]
        if instrument.structure.subject is Subject.CHILD:
            for wording in instrument.wordings.values():
                words += [wording.strings["title"]]
                words += [wording.strings[f"{item.id}.text"] for item in instrument.items]
        for wording in instrument.wordings.values():
            words += [text for key, text in wording.strings.items() if key.startswith("flag.")]
    return words


@pytest.mark.parametrize("finished", [False, True])
def test_no_page_of_a_parent_tells_what_the_child_answered(
    app: Flask, engine: Engine, system: Session, parent: Parent, world: World, *, finished: bool
) -> None:
    if finished:
        fill_in(parent, world, "2")
    else:
        parent.get(questionnaire(world))
        parent.send(questionnaire(world))
    walk(app, parent, world)  # so that what the walk itself records is there already
    before = walk(app, parent, world)
    for instrument in ("phq-a", "gad-7", "psc-17-y", "hbsc-bullying"):
        answer_as_child(engine, world, instrument)
    after = walk(app, parent, world)
    assert [one for one in after if after[one] != before[one]] == []
    # The test looks at a child about whom there was much to tell.
    system.expire_all()
    assert {"immediate", "medium"} <= set(system.scalars(select(FlagRecord.level)))
    assert system.scalars(select(Case)).one()
    assert len(system.scalars(select(Referral)).all()) >= 1
    for address, page in after.items():
        told = [word for word in forbidden(world) if word in page]
        assert not told, (address, told)


def test_a_guardian_who_is_named_sees_no_change(
    app: Flask, engine: Engine, system: Session, parent: Parent, world: World
) -> None:
    answer_as_child(engine, world, "phq-a")
    parent.get(questionnaire(world))
    parent.send(questionnaire(world))
    walk(app, parent, world)  # so that what the walk itself records is there already
    before = walk(app, parent, world)
    guardian = world.school.guardian.account.id
    with acting(engine, world, world.home.specialist) as unit:
        named = Named(ConflictKind.GUARDIAN, "The child is afraid of home.", guardian)
        harm.name_conflict(unit, world.school.pupil.id, named)
    with acting(engine, world, world.school.psychologist) as unit:
        concerns.refer(
            unit, world.school.pupil.id, Level.HIGH, "Bruises.", uuid4(), ConflictKind.GUARDIAN
        )
    system.rollback()
    assert len(system.scalars(select(Conflict)).all()) == 2
    told = select(OutboxMessage.id).where(OutboxMessage.account_id == guardian)
    assert system.scalars(told).all() == []
    assert walk(app, parent, world) == before
