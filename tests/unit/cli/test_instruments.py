import io
import json
from pathlib import Path
from shutil import copytree

import pytest

from tirek.catalog.instruments import load_instrument
from tirek.cli import main

INSTRUMENTS = Path(__file__).resolve().parents[3] / "instruments"


@pytest.fixture
def root(tmp_path):
    """Two instruments that are not published yet."""
    for name in ("phq-a", "who-5"):
        copytree(INSTRUMENTS / name, tmp_path / name)
        (tmp_path / name / "1" / "release.yaml").unlink(missing_ok=True)
    return tmp_path


@pytest.fixture
def run(root, capsys):
    def run_command(*words):
        code = main(["instruments", *words, "--root", str(root)])
        return code, *capsys.readouterr()

    return run_command


@pytest.fixture
def score(root, run):
    def score_answers(answers, *words, instrument="phq-a"):
        path = root / "answers.json"
        path.write_text(answers if isinstance(answers, str) else json.dumps(answers), "utf-8")
        return run("score", instrument, "--answers", str(path), *words)

    return score_answers


def row(text):
    return {f"q{n}": None if code == "-" else code for n, code in enumerate(text, start=1)}


def test_list_has_one_line_for_each_instrument(run):
    code, out, _ = run("list")
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["phq-a", "draft", "11-17"],
        ["who-5", "draft", "9-17"],
    ]


def test_show_tells_source_licence_scales_and_flags(run):
    code, out, _ = run("show", "phq-a")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()[1:]} == {
        *("release", "source", "licence", "use", "subject", "item", "scale", "flag")
    }
    assert "selfHarm immediate when q9 >= 1" in out
    assert "selfHarmUnanswered review when q9 is unanswered" in out


def test_show_says_low_cut_offs_as_low(run):
    assert "indexLow low when index <= 50" in run("show", "who-5")[1]


def test_lint_is_silent_about_what_is_right(run):
    assert run("lint") == (0, "", "")
    assert run("lint", "who-5") == (0, "", "")


def test_lint_prints_every_finding_with_its_place(run, root):
    path = root / "who-5" / "1" / "scoring.yaml"
    path.write_text(path.read_text("utf-8").replace("[0, 25]", "[0, 26]"), "utf-8")
    code, out, _ = run("lint")
    assert code == 1
    assert "who-5/1/scoring.yaml:9: [range] raw runs from 0 to 25" in out
    assert run("lint", "phq-a")[0] == 0


def test_lint_of_nothing_is_not_a_success(run, root):
    for path in root.rglob("*.yaml"):
        path.unlink()
    for path in sorted(root.rglob("*"), reverse=True):
        path.rmdir()
    code, _, err = run("lint")
    assert (code, err.count("\n")) == (2, 1)


def test_score_gives_scales_flags_quality_and_pins(score, root):
    answers = {**row("22-2110-0"), "q8": "declined", "q12": "1", "q13": "0"}
    code, out, _ = score(answers, "--lang", "ru", "--age", "14", "--sex", "f", "--json")
    assert code == 0
    found = json.loads(out)
    instrument = load_instrument(root / "phq-a" / "1")
    assert (found["instrument"], found["lang"]) == ("phq-a", "ru")
    assert found["release"] == instrument.release
    assert found["hashes"] == {
        "structure": instrument.hashes.structure,
        "wording": instrument.hashes.wordings["ru"],
        "scoring": instrument.hashes.scoring,
        "interpretation": instrument.hashes.interpretation,
        "release": instrument.hashes.release,
    }
    assert found["scales"]["total"] == {
        "value": 10.285714285714286,
        "state": "computed",
        "reason": None,
        "answered": 7,
        "prorated": True,
        "band": "moderate",
    }
    assert found["scales"]["pattern"]["value"] == 1
    assert found["flags"] == [{"id": "seriousThoughts", "level": "immediate", "at": "answer"}]
    assert found["quality"]["declined"] == 1
    assert found["quality"]["skipped"] == 1
    assert found["quality"]["unseen"] == 2


def test_score_says_why_there_is_no_value(score):
    _, out, _ = score(row("2222---000000"), "--json")
    found = json.loads(out)
    assert found["scales"]["total"] == {
        "value": None,
        "state": "not_computable",
        "reason": "too_many_missing",
        "answered": 6,
        "prorated": False,
        "band": None,
    }
    assert [flag["id"] for flag in found["flags"]] == ["notScored"]


def test_whole_numbers_stay_whole(score):
    _, out, _ = score(row("33333"), "--json", instrument="who-5")
    assert '"value": 60,' in out
    assert json.loads(out)["scales"]["raw"]["value"] == 15


def test_score_reads_stdin(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(row("33333"))))
    code, out, _ = run("score", "who-5", "--answers", "-", "--json")
    assert (code, json.loads(out)["scales"]["index"]["value"]) == (0, 60)


def test_score_can_be_read_by_people_with_its_precision(score):
    code, out, _ = score(row("333333333"), "--sex", "f")
    assert code == 0
    assert "total: 27 (severe)" in out
    assert "true score about 24.8" in out
    assert "past the cut-off of totalHigh (15): 100%" in out
    assert "flag selfHarm: immediate" in out


def test_without_the_sex_there_is_no_precision_by_sex(score):
    assert "true score" not in score(row("333333333"))[1]


def test_score_says_in_words_what_has_no_value(score):
    assert "total: not computable (too_many_missing)" in score(row("2---"))[1]


@pytest.mark.parametrize(
    ("answers", "words", "sentence"),
    [
        ({"q1": "9"}, (), "phq-a q1 has no option '9'."),
        ({"q14": "1"}, (), "phq-a has no item q14."),
        ({"q1": 1}, (), "The answer to q1 must be a text, null or a state, not 1."),
        ({"q1": True}, (), "The answer to q1 must be a text, null or a state, not True."),
        ('{"q1": "1", "q1": "2"}', (), "The answers cannot be read: an item is answered twice."),
        ("[]", (), "The answers must be a JSON object"),
        ("{", (), "The answers cannot be read:"),
        ("", (), "The answers cannot be read:"),
        ("[" * 100_000, (), "The answers cannot be read:"),
        ({}, ("--age", "10"), "phq-a is for ages 11 to 17, not 10."),
        ({}, ("--age", "18"), "phq-a is for ages 11 to 17, not 18."),
        ({}, ("--lang", "en"), "phq-a has no wording in 'en'."),
        ({}, ("--sex", "x"), "tirek instruments score: argument --sex"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(score, answers, words, sentence):
    code, out, err = score(answers, *words, "--json")
    assert (code, out) == (2, "")
    assert err.startswith(sentence)
    assert err.count("\n") == 1


@pytest.mark.parametrize("verb", ["show", "lint", "publish"])
@pytest.mark.parametrize("name", ["mood", "..", "*", "", "phq-a/1"])
def test_an_unknown_instrument_is_refused(run, verb, name):
    code, out, err = run(verb, name)
    assert (code, out, err) == (2, "", f"There is no instrument {name!r}.\n")


def test_a_file_of_answers_that_is_not_there_is_refused(run):
    code, _, err = run("score", "phq-a", "--answers", "/nowhere/answers.json")
    assert (code, err.count("\n")) == (2, 1)


def test_nothing_is_scored_by_an_instrument_that_is_wrong(score, root):
    path = root / "phq-a" / "1" / "scoring.yaml"
    path.write_text(path.read_text("utf-8").replace("[0, 27]", "[0, 26]"), "utf-8")
    code, out, err = score(row("000000000"))
    assert (code, out) == (2, "")
    assert "[range] total runs from 0 to 27" in err


def test_publish_fixes_what_the_files_say(run, root):
    code, out, _ = run("publish", "who-5")
    assert code == 0
    assert out == "who-5 1.0.0+w1.0.0(kk),1.0.0(ru)+s1.0.0+i1.0.0 is published as a pilot.\n"
    assert run("list")[1].splitlines()[1].split()[:2] == ["who-5", "pilot"]
    before = (root / "who-5" / "1" / "release.yaml").read_text("utf-8")
    assert "is published already" in run("publish", "who-5")[1]
    assert (root / "who-5" / "1" / "release.yaml").read_text("utf-8") == before


def test_publish_refuses_other_content_under_a_published_version(run, root):
    run("publish", "who-5")
    path = root / "who-5" / "1" / "interpretation.yaml"
    path.write_text(path.read_text("utf-8").replace("level: low", "level: medium"), "utf-8")
    assert run("lint", "who-5")[0] == 1
    code, out, err = run("publish", "who-5")
    assert (code, out) == (2, "")
    assert err.startswith("who-5: interpretation 1.0.0 is already published with other content;")


def test_publish_refuses_what_a_lint_refuses(run, root):
    path = root / "who-5" / "1" / "scoring.yaml"
    path.write_text(path.read_text("utf-8").replace("[0, 25]", "[0, 26]"), "utf-8")
    code, out, _ = run("publish", "who-5")
    assert code == 1
    assert "[range]" in out
    assert not (path.parent / "release.yaml").exists()
