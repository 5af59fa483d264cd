"""`tirek protocols show` and `diff`: no database is asked."""

import json
from pathlib import Path

import pytest

from tirek.cli import main
from tirek.config import ROOT

FOLDER = ROOT / "protocols"


@pytest.fixture
def run(capsys):
    def run_command(*words: str | Path):
        code = main(["protocols", *map(str, words)])
        return code, *capsys.readouterr()

    return run_command


@pytest.fixture
def draft(tmp_path: Path):
    """A copy under another name, with one change."""

    def write(old: str, new: str) -> Path:
        text = (FOLDER / "screening.yaml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "draft.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def test_show_prints_every_level_and_says_what_nobody_has_confirmed(run):
    code, out, _ = run("show")
    assert code == 0
    assert out.startswith("screening 1.1.0, effective from 2026-11-22: to be confirmed by a lawyer")
    assert "  ladder 1, 10 min: psc_head, school_psychologist\n" in out
    assert "  overdue 1, at once: owner, duty, psc_head\n" in out
    assert "  order-742: not confirmed: " in out


def test_show_for_programs_holds_the_same(run):
    code, out, _ = run("show", "--json")
    page = json.loads(out)
    assert code == 0
    assert page["levels"]["immediate"]["ladder"][-1] == "60 min: breach record"
    assert not any(page["acts"].values())


def test_diff_of_a_file_with_itself_is_one_sentence(run):
    path = FOLDER / "screening.yaml"
    assert run("diff", path, path) == (0, "The two say the same.\n", "")


def test_diff_names_what_changes_before_and_after(run, draft):
    new = draft("contact: {working_days: 3}", "contact: {working_days: 2}")
    code, out, _ = run("diff", FOLDER / "screening.yaml", new)
    assert code == 0
    assert out == "medium: clock contact: 3 working days -> 2 working days\n"


def test_diff_shortens_texts_for_people_and_keeps_them_whole_for_programs(run, draft):
    new = draft("Мектеп психологына хабарлама", "Психологқа хабарлама")
    _, out, _ = run("diff", FOLDER / "screening.yaml", new)
    assert out.startswith("high: notice psychologist_informed: text: ")
    assert out.count("…") == 2
    _, out, _ = run("diff", "--json", FOLDER / "screening.yaml", new)
    (change,) = json.loads(out)["changes"]
    assert "Подробности есть только внутри системы." in change["after"]


def test_a_draft_with_a_fault_is_refused_in_one_sentence(run, draft):
    new = draft("      - {after: {minutes: 60}, posts: [], breach: true}\n", "")
    code, out, err = run("diff", FOLDER / "screening.yaml", new)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "draft.yaml:70: the last rung must be a breach record" in err
