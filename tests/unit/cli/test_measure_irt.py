import json

import numpy as np
import pytest

from tests.unit.domain.measurement.graded_people import SCIENCE, a_model, answers_of
from tirek.cli import main
from tirek.domain.measurement import eap
from tirek.domain.measurement.graded_fit import fit_graded


@pytest.fixture
def measure(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(["measure", *words])
        return code, *capsys.readouterr()

    return run


def write_answers(path, ids, answers):
    rows = [",".join("" if code < 0 else str(code) for code in row) for row in answers]
    path.write_text("\n".join([",".join(ids), *rows]) + "\n", "utf-8")


@pytest.fixture
def answers(tmp_path):
    """500 people, four items coded 1 to 4, some blanks."""
    numbered = answers_of(SCIENCE, people=500, missing=0.05)
    write_answers(tmp_path / "answers.csv", SCIENCE.ids, np.where(numbered < 0, -1, numbered + 1))
    return numbered


@pytest.fixture
def parameters(tmp_path):
    """Science's parameters, whose codes go from 1 to 4."""
    written = SCIENCE.as_json()
    for parts in written["items"].values():
        parts["codes"] = [1, 2, 3, 4]
    (tmp_path / "parameters.json").write_text(json.dumps(written), "utf-8")
    return written


def test_grm_prints_the_calibration_of_the_file(measure, answers):
    code, out, err = measure("grm", "answers.csv", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    fit = fit_graded(SCIENCE.ids, answers)
    assert found["loglik"] == pytest.approx(fit.loglik)
    assert (found["converged"], found["n"]) == (True, fit.people)
    assert found["items"]["Work"]["a"] == pytest.approx(fit.model.item("Work").a)
    assert found["items"]["Work"]["b"] == pytest.approx(list(fit.model.item("Work").b))
    assert found["items"]["Work"]["codes"] == [1, 2, 3, 4]


def test_grm_shows_a_reader_a_table(measure, answers):
    code, out, _ = measure("grm", "answers.csv")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines() if line.split()} >= {
        *("items", "Comfort", "Work", "loglik", "converged")
    }


def test_eap_places_every_row_of_the_file(measure, answers, parameters):
    code, out, err = measure("eap", "answers.csv", "--parameters", "parameters.json", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    theta, se = eap.estimates(SCIENCE, answers)
    assert [row["theta"] for row in found["rows"]] == pytest.approx(theta.tolist())
    assert [row["se"] for row in found["rows"]] == pytest.approx(se.tolist())
    assert [row["T"] for row in found["rows"]] == pytest.approx((50 + 10 * theta).tolist())
    assert found["prior"] == {"mean": 0, "sd": 1}


def test_what_grm_wrote_eap_reads(measure, answers, tmp_path):
    _, out, _ = measure("grm", "answers.csv", "--json")
    (tmp_path / "fitted.json").write_text(out, "utf-8")
    code, out, _ = measure("eap", "answers.csv", "--parameters", "fitted.json", "--json")
    assert code == 0
    assert len(json.loads(out)["rows"]) == 500


def test_eap_of_some_items_alone(measure, answers, parameters):
    words = ("eap", "answers.csv", "--parameters", "parameters.json", "--json")
    _, out, _ = measure(*words, "--items", "Work,Future")
    blanked = answers.copy()
    blanked[:, [0, 3]] = -1
    expected, _ = eap.estimates(SCIENCE, blanked)
    assert [row["theta"] for row in json.loads(out)["rows"]] == pytest.approx(expected.tolist())


def test_parameters_without_codes_count_from_the_lowest_answer(measure, answers, tmp_path):
    (tmp_path / "plain.json").write_text(json.dumps(SCIENCE.as_json()), "utf-8")
    words = ("eap", "answers.csv", "--parameters", "plain.json", "--json")
    code, out, _ = measure(*words, "--min", "1")
    expected, _ = eap.estimates(SCIENCE, answers)
    assert code == 0
    assert [row["theta"] for row in json.loads(out)["rows"]] == pytest.approx(expected.tolist())
    code, _, err = measure(*words)
    assert code == 2
    assert "the parameters know no such answer" in err


def test_a_reversed_item_has_its_slope_the_other_way(measure, answers):
    plain = json.loads(measure("grm", "answers.csv", "--json")[1])
    every = ("--reverse", ",".join(SCIENCE.ids), "--min", "1", "--max", "4")
    turned = json.loads(measure("grm", "answers.csv", *every, "--json")[1])
    assert turned["loglik"] == pytest.approx(plain["loglik"], abs=1e-5)
    there, back = plain["items"]["Work"], turned["items"]["Work"]
    assert back["b"] == pytest.approx([-value for value in there["b"][::-1]], abs=1e-3)


def test_an_absent_answer_is_refused_or_closed_up(measure, answers, tmp_path):
    holed = np.where(answers == 1, 2, answers)
    write_answers(tmp_path / "holed.csv", SCIENCE.ids, holed)
    code, out, err = measure("grm", "holed.csv", "--json")
    assert (code, out) == (2, "")
    assert "item Comfort: nobody chose answer number 2 of 4" in err
    code, out, _ = measure("grm", "holed.csv", "--json", "--merge-absent")
    assert code == 0
    assert json.loads(out)["items"]["Comfort"]["codes"] == [0, 2, 3]


def test_a_calibration_without_a_maximum_is_told_and_scores_nobody(measure, tmp_path):
    sums = np.random.default_rng(1).integers(0, 4, 300)
    knife = np.stack([sums > bound for bound in (0, 1, 2)], axis=1).astype(int)
    write_answers(tmp_path / "knife.csv", ("q1", "q2", "q3"), knife)
    code, out, err = measure("grm", "knife.csv", "--json")
    assert code == 0
    assert json.loads(out)["converged"] is False
    assert err.startswith("knife.csv: no maximum was found: the slope of")
    (tmp_path / "knife.json").write_text(out, "utf-8")
    code, _, err = measure("eap", "knife.csv", "--parameters", "knife.json")
    assert code == 2
    assert "did not converge" in err


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("q1,q2,q3\n0,1,1\n1,0,2.5\n", "line 3, column 'q3': the answer is no whole number"),
        ("q1,q2\n0,1\n1,0\n", "at least 3 items"),
        ("q1,q2,q3\n0,1,\n1,0,\n", "nobody answered 'q3'"),
        ("q1,q2,q3\n0,1,5\n1,0,90\n", "'q3' has more than 20 different answers"),
        ("q1,q2,q3\n0,1,1\n1,0,1\n", "item q3: there is only one answer"),
    ],
)
def test_grm_refuses_in_one_sentence(measure, tmp_path, rows, sentence):
    (tmp_path / "answers.csv").write_text(rows, "utf-8")
    code, out, err = measure("grm", "answers.csv", "--json")
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("{", "parameters.json is no JSON"),
        ("[]", "parameters are written as"),
        ('{"items": {"Work": {"a": -1, "b": [0]}}}', "item Work: a must be above 0"),
        ('{"items": {"Work": {"a": 1, "b": [0], "codes": [1]}}}', "one code more than thresholds"),
        ('{"items": {"Work": {"a": 1, "b": [0], "codes": ["x", 1]}}}', "codes are whole numbers"),
        ('{"items": {"q9": {"a": 1, "b": [0]}}}', "there is no column 'q9'"),
    ],
)
def test_eap_refuses_in_one_sentence(measure, answers, tmp_path, written, sentence):
    (tmp_path / "parameters.json").write_text(written, "utf-8")
    code, out, err = measure("eap", "answers.csv", "--parameters", "parameters.json")
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_eap_needs_parameters_that_are_there(measure, answers, parameters):
    code, _, err = measure("eap", "answers.csv", "--parameters", "none.json")
    assert code == 2
    assert "none.json cannot be read" in err
    words = ("eap", "answers.csv", "--parameters", "parameters.json", "--items", "Work,q9")
    code, _, err = measure(*words)
    assert code == 2
    assert "there are no parameters for 'q9'" in err


def test_many_items_of_another_file_are_calibrated_too(measure, tmp_path):
    model = a_model(items=10, categories=5)
    numbered = answers_of(model, people=800)
    write_answers(tmp_path / "more.csv", model.ids, numbered)
    found = json.loads(measure("grm", "more.csv", "--json")[1])
    assert [len(parts["b"]) for parts in found["items"].values()] == [4] * 10
