"""A wrong file is named with its line, and neither a lint nor a server lets it pass."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tirek.app import create_app
from tirek.catalog.errors import CatalogError
from tirek.config import ROOT, Config, Keys

TIREK = Path(sysconfig.get_path("scripts")) / "tirek"
# What a hurried hand does to a published questionnaire, which lint says so, and at which line: the
# damaged one, or the one with this text.
PLANTED = """
a scored item is reversed       | gad-7 scoring           | reverse: []            => reverse: [q4]              | sign      |
an item moves to another scale  | psc-17-y scoring        | [q1, q3, q7, q13, q17] => [q2, q3, q7, q13, q17]     | one-scale |
a range is too narrow           | phq-a scoring           | range: [0, 27]         => range: [0, 26]             | range     |
an option weighs otherwise      | phq-a structure         | {code: "3", weight: 3} => {code: "3", weight: 4}     | weight    |
a band ends short of the range  | gad-7 interpretation    | {id: severe, le: 21}   => {id: severe, le: 20}       | bands     |
a critical item waits           | phq-a interpretation    | at: answer             => at: complete               | names     | structure {id: q9,
a symptom counts from 2 only    | phq-a scoring           | q9: 1}                 => q9: 2}                     | case      | cases id: one-hot-q9-1
a golden case expects otherwise | who-5 cases             | index: {value: 52      => index: {value: 48          | case      | cases id: worked-33322
a Latin letter in a Kazakh word | gad-7 wording.kk        | Іштей                  => Iштей                      | alphabet  |
a text in one language only     | who-5 wording.ru        | q5.topic:              => q6.topic:                  | parity    |
a key stands twice              | who-5 structure         | subject: child         => id: who-5                  | format    |
a formula instead of a method   | gad-7 scoring           | method: sum_prorated   => method: "q1 + q2"          | format    |
a published cut-off is changed  | psc-17-p interpretation | {scale: total, ge: 15} => {scale: total, ge: 16}     | release   | release part: interpretation
"""  # noqa: E501 - one fault, one line
FAULTS = [
    pytest.param(*cells, id=name)
    for name, *cells in (map(str.strip, line.split("|")) for line in PLANTED.strip().splitlines())
]


def plant(path, old, new):
    """Damage a file; return the line that is damaged."""
    before = path.read_text("utf-8")
    assert old in before, f"{old!r} is not in {path.name}: mend the test"
    path.write_text(before.replace(old, new, 1), "utf-8")
    return line_of(before, old)


def line_of(whole, text):
    return whole[: whole.index(text)].count("\n") + 1


def tirek(*words, **settings):
    return subprocess.run(
        words,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(("file", "change", "lint", "at"), FAULTS)
def test_lint_names_file_and_line_of_a_planted_fault(tmp_path, file, change, lint, at):
    instrument, part = file.split()
    old, new = (half.strip() for half in change.split("=>"))
    folder = copytree(ROOT / "instruments" / instrument / "1", tmp_path / instrument / "1")
    line = plant(folder / f"{part}.yaml", old, new)
    if at:
        part, text = at.split(maxsplit=1)
        line = line_of((folder / f"{part}.yaml").read_text("utf-8"), text)
    done = tirek(TIREK, "instruments", "lint", "--root", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    place = rf"\S*/{instrument}/1/{re.escape(part)}\.yaml:{line}: \[{lint}\] .+"
    assert [told for told in done.stdout.splitlines() if re.fullmatch(place, told)], done.stdout


def test_lint_is_silent_about_an_undamaged_copy(tmp_path):
    copytree(ROOT / "instruments", tmp_path / "instruments")
    done = tirek(TIREK, "instruments", "lint", "--root", tmp_path / "instruments")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def site(tmp_path):
    """A checkout of its own: the program and everything that it reads."""
    for folder in ("instruments", "content", "protocols"):
        copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


WRONG = [
    ("instruments/phq-a/1/scoring.yaml", "q9: 1}", "q9: 2}", "symptoms is 0, expected 1"),
    ("instruments/phq-a/1/interpretation.yaml", "{item: q12, ge: 1}", "{item: q14, ge: 1}", "q14"),
    (
        "content/courses/calm-parent/course.yml",
        "  - good-enough",
        "  - good-enugh",
        "names no such text",
    ),
    ("protocols/screening.yaml", "status: ", "state: ", "field 'status' is missing"),
]


@pytest.mark.parametrize(("name", "old", "new", "reason"), WRONG)
def test_no_application_is_made_of_a_wrong_file(site, name, old, new, reason):
    plant(site / name, old, new)
    # Nobody answers at this address, and nobody has to.
    config = Config(keys=Keys.parse(Keys.fresh()), root=site)
    with pytest.raises(CatalogError, match=reason) as raised:
        create_app(config, "postgresql+psycopg://127.0.0.1:1/nowhere")
    assert raised.value.line > 0


def test_serve_names_the_wrong_file_before_anything_starts(site):
    copytree(ROOT / "platform", site / "platform", ignore=ignore_patterns("__pycache__", "static"))
    wrong = site / "instruments" / "phq-a" / "1" / "interpretation.yaml"
    line = plant(wrong, "{item: q12, ge: 1}", "{item: q14, ge: 1}")
    done = tirek(
        *(sys.executable, "-m", "tirek.cli", "serve"),
        PYTHONPATH=str(site / "platform"),
        TIREK_VAR=str(site / "var"),
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{wrong}:{line}: [names] there is no item 'q14'\n"
    assert not (site / "var" / "pg").exists()
