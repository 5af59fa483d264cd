"""The methodologist's pages about measurement: who may see them, what they show and hide."""

import csv
import io
import json
from collections.abc import Callable

import pytest
import yaml
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_judged import count, judge
from tests.builders_measured import answer_all, honest
from tests.functional.browser import Browser
from tests.world import World, an_adult
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.people import Role
from tirek.storage.models import (
    AuditEntry,
    MeasurementAlarm,
    MeasurementDraft,
)

NewBrowser = Callable[..., Browser]
WHO = "gad-7"


@pytest.fixture
def author(system: Session, world: World, browser: NewBrowser) -> Browser:
    adult = an_adult(world.unit(), Role.METHODOLOGIST)
    system.commit()
    return browser().sign_in(adult)


def reversed_key(chance: object, instrument: Instrument, language: str) -> dict[str, Answer]:
    """One item with its key turned round."""
    given = dict(honest(chance, instrument, language))  # type: ignore[arg-type]
    codes = [option.code for option in instrument.options("q3")]
    given["q3"] = Answer.read(codes[len(codes) - 1 - codes.index(given["q3"].code or "")])
    return given


@pytest.mark.parametrize("lang", ["en", "kk", "ru"])
def test_before_the_first_night_the_pages_say_what_to_do(author: Browser, lang: str) -> None:
    page = author.open(f"/{lang}/oversight/measurement")
    assert "gad-7" in page.text
    one = author.open(f"/{lang}/oversight/measurement/gad-7")
    assert one.status == 200
    if lang == "en":
        assert "No night has been counted yet" in page.text
        assert "has not been counted yet" in one.text
        assert "Nobody has written down yet" in one.text


@pytest.mark.parametrize("lang", ["en", "kk", "ru"])
def test_what_parents_answer_about_themselves_says_why_it_has_no_figures(
    author: Browser, lang: str
) -> None:
    page = author.open(f"/{lang}/oversight/measurement")
    links = {str(a["href"]) for a in page.html.select("#own + p a")}
    assert f"/{lang}/oversight/measurement/parent-attitudes" in links
    for link in links:
        one = author.open(link)
        assert not one.html.select("form.filters")
        if lang == "en":
            assert "are read by nobody, so nothing is counted" in one.text


def test_only_the_methodologist_sees_them(
    system: Session, world: World, browser: NewBrowser
) -> None:
    others = [
        world.home.specialist,
        world.school.psychologist,
        an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso),
        an_adult(world.unit(), Role.ADMINISTRATOR),
    ]
    system.commit()
    for adult in others:
        one = browser().sign_in(adult)
        for path in ("measurement", "measurement/gad-7", "measurement.csv", "measurement.json"):
            one.open(f"/en/oversight/{path}", status=403)


def test_an_alarm_stands_above_everything_until_somebody_answers(
    engine: Engine, system: Session, world: World, author: Browser
) -> None:
    answer_all(world, world.schools[0], WHO, "ru", 130, answering=reversed_key)
    count(engine, world)
    other = author.open("/en/oversight/feedback")
    assert "about how" in str(other.html)
    page = author.open("/en/oversight/measurement")
    assert "probably a wrong key" in page.text
    assert "q3" in page.text
    row = system.scalars(
        select(MeasurementAlarm).where(MeasurementAlarm.kind == "negative_item_rest")
    ).first()
    assert row is not None
    path = f"/en/oversight/measurement/alarms/{row.id}"
    assert "Write what you found." in author.submit(author.open(path), status=422).text
    author.submit(author.open(path), words="The key was turned round; corrected in 1.0.1.")
    assert "corrected in 1.0.1" in author.open(f"/en/oversight/measurement/{WHO}").text
    assert "corrected in 1.0.1" in author.open(path).text
    assert not author.open(path).html.find("textarea")
    again = author.client.post(path, data={"words": "Another word"})
    assert again.status_code in {400, 409}


def test_one_instrument_shows_its_items_and_its_trend(
    engine: Engine, world: World, author: Browser
) -> None:
    answer_all(world, world.schools[0], WHO, "kk", 60)
    answer_all(world, world.schools[1], WHO, "ru", 60)
    count(engine, world)
    page = author.open(f"/en/oversight/measurement/{WHO}?scale=total")
    rows = page.rows("Items of this scale")
    assert len(rows) == 7
    assert all(float(row[2]) > 0.2 for row in rows)
    assert len(page.rows("Items at equal scores")) == 7
    for lang in ("kk", "ru"):
        own = author.open(f"/en/oversight/measurement/{WHO}?scale=total&lang={lang}")
        assert "60" in own.text
        assert "Items at equal scores" not in own.text


def test_groups_of_fewer_than_ten_stay_hidden_and_cannot_be_subtracted(
    engine: Engine, world: World, author: Browser
) -> None:
    answer_all(world, world.schools[0], WHO, "kk", 40)
    answer_all(world, world.schools[1], WHO, "ru", 9)
    count(engine, world)
    for query in ("lang=ru", "lang=kk", "lang=ru&sex=f"):
        page = author.open(f"/en/oversight/measurement/{WHO}?{query}")
        assert "Too few children in this group" in page.text
    assert "49" in author.open(f"/en/oversight/measurement/{WHO}").text
    rows = table(author, f"measurement.csv?instrument={WHO}")
    assert {row["language"] for row in rows} == {""}
    values = {(row["item"], row["measure"]): row["value"] for row in rows if row["sex"] == ""}
    assert values["", "n"] == "49"


def test_the_files_hold_the_figures_with_their_code_book(
    engine: Engine, world: World, author: Browser
) -> None:
    answer_all(world, world.schools[0], WHO, "kk", 50)
    count(engine, world)
    rows = table(author, "measurement.csv")
    measures = {row["measure"] for row in rows}
    read = json.loads(author.client.get("/en/oversight/measurement.json").text)
    assert [dict(zip(read["columns"], row, strict=True))["measure"] for row in read["rows"]] == [
        row["measure"] for row in rows
    ]
    book = {row["name"] for row in table(author, "measurement-codebook.csv")}
    assert book == set(read["code_book"])
    assert {one for one in measures if not one.startswith("flagged_")} <= book
    students = author.client.get("/en/oversight/measurement.json").text
    assert str(world.school.pupil.id) not in students


def test_conversations_are_held_against_scores(
    engine: Engine, world: World, author: Browser
) -> None:
    crowd = answer_all(world, world.schools[0], WHO, "kk", 80)
    judge(world, crowd)
    other = answer_all(world, world.schools[1], WHO, "ru", 80, seed=5)
    judge(world, other, blind=False)
    count(engine, world)
    page = author.open(f"/en/oversight/measurement/{WHO}?scale=total")
    rows = {row[0]: row for row in page.rows("The flag of this scale against what was found")}
    assert {"All", "who had not read the score", "who had read the score", "Kazakh"} <= set(rows)
    assert "verification bias" in page.text
    assert float(rows["All"][6].split()[0]) > 0.8
    cuts = page.rows("Cut-offs")
    assert cuts[0][1].startswith("100.0")


def test_few_conversations_show_nothing(engine: Engine, world: World, author: Browser) -> None:
    crowd = answer_all(world, world.schools[0], WHO, "kk", 12)
    judge(world, crowd)
    count(engine, world)
    page = author.open(f"/en/oversight/measurement/{WHO}?scale=total")
    assert "Figures are shown from 10 confirmed" in page.text


def test_a_draft_is_published_or_set_aside_by_a_person(
    engine: Engine, system: Session, world: World, author: Browser
) -> None:
    crowd = answer_all(world, world.schools[0], WHO, "kk", 160)
    judge(world, crowd)
    count(engine, world)
    drafts = system.scalars(select(MeasurementDraft)).all()
    assert {(one.language, one.figures["rule"]) for one in drafts} == {
        (lang, rule) for lang in ("", "kk") for rule in ("youden", "sensitivity")
    }
    path = f"/en/oversight/measurement/drafts/{drafts[0].id}"
    assert "Choose what you decide." in author.submit(author.open(path), status=422).text
    page = author.submit(author.open(path), state="published", reason="Agreed at the meeting.")
    assert "Agreed at the meeting." in page.text
    lines = author.client.get(f"{path}.yaml")
    (flag,) = yaml.safe_load(lines.text)
    assert flag["when"]["scale"] == "total"
    actions = system.scalars(select(AuditEntry.action)).all()
    assert "measurement.published" in actions
    count_again = author.client.post(path, data={"state": "set_aside", "reason": "No."})
    assert count_again.status_code in {400, 409}


def table(author: Browser, path: str) -> list[dict[str, str]]:
    answer = author.client.get(f"/en/oversight/{path}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
