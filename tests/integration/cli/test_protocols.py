"""`tirek protocols check` and `diff --cases` on a real database."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, the_leg
from tests.integration.services.test_territories import staff_the_upper_rungs
from tests.world import World, a_vault, a_world, the_catalog
from tirek.cli import main
from tirek.config import ROOT, Config

FOLDER = ROOT / "protocols"


@pytest.fixture
def run(config: Config, monkeypatch, capsys):
    monkeypatch.setattr("tirek.cli.protocols.Config.from_env", lambda: config)

    def run_command(*words: str | Path):
        code = main(["protocols", *map(str, words)])
        return code, capsys.readouterr().out

    return run_command


@pytest.fixture
def world(system: Session, config: Config) -> World:
    built = a_world(system, the_catalog(), a_vault(config.keys), pupils=1)
    staff_the_upper_rungs(built)
    system.commit()
    return built


def test_without_a_school_nothing_is_proved(run):
    assert run("check") == (1, "screening 1.1.0: 0 schools, 0 findings.\n")


def test_a_country_that_answers_has_no_finding(run, world: World):
    assert run("check") == (0, "screening 1.1.0: 1 schools, 0 findings.\n")


def test_a_vacancy_is_one_line_with_its_place_and_no_name(run, world: World):
    world.home.supervisor.account.is_active = False
    world.school.psychologist.account.is_active = False
    world.session.commit()
    code, out = run("check")
    school = f"{world.home.region.iso}, {world.school.school.public_code}"
    assert code == 1
    assert (
        f"{school}: immediate: ladder 1: calls nobody: psc_head, school_psychologist vacant\n"
        in out
    )
    assert "@" not in out
    code, out = run("check", "--json")
    page = json.loads(out)
    assert code == 1
    assert page["schools"] == 1
    assert {
        "region": world.home.region.iso,
        "school": world.school.school.public_code,
        "level": "immediate",
        "rung": "ladder 1",
        "reason": "calls nobody: psc_head, school_psychologist vacant",
    } in page["findings"]


def test_a_change_names_the_open_referrals_it_touches(
    run, world: World, engine: Engine, tmp_path: Path
):
    a_pupil_answers(engine, world, SELF_HARM)
    leg = the_leg(world.session, world.school.pupil)
    old = FOLDER / "screening.yaml"
    new = tmp_path / "next.yaml"
    text = old.read_text(encoding="utf-8")
    new.write_text(text.replace("seen: {minutes: 10}", "seen: {minutes: 5}"), encoding="utf-8")
    assert run("diff", "--cases", old, new) == (
        0,
        f"immediate: clock seen: 10 min -> 5 min\nimmediate: 1 open referrals\n  {leg.id}\n",
    )
    _, out = run("diff", "--cases", "--json", old, new)
    assert json.loads(out)["open_referrals"] == {"immediate": [str(leg.id)]}
