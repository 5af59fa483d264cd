"""What `tirek measure` prints, and that it refuses in one sentence which names the place."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.domain.measurement.real_answers import bfi, bfi_column, verbal_aggression
from tirek.cli import main


@pytest.fixture
def measure(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(["measure", *words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def write(tmp_path):
    def to_file(text, name="a.csv", encoding="utf-8"):
        content = text if isinstance(text, bytes) else text.encode(encoding)
        (tmp_path / name).write_bytes(content)
        return name

    return to_file


def csv_of(columns, rows):
    cells = [["" if np.isnan(value) else f"{value:g}" for value in row] for row in rows]
    return "\n".join(",".join(row) for row in [columns, *cells]) + "\n"


def figures(answer):
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out)


AGREEABLE = ["A1", "A2", "A3", "A4", "A5"]


def test_reliability_of_real_answers(measure, write):
    write(csv_of(AGREEABLE, bfi("A")))
    words = ("--reverse", "A1", "--min", "1", "--max", "6", "--json")
    found = figures(measure("reliability", "a.csv", *words))
    assert found["alpha"] == {
        "listwise": pytest.approx(0.703756, abs=1e-6),
        "pairwise": pytest.approx(0.703018, abs=1e-6),
        "ci95": pytest.approx([0.6857446, 0.721036], abs=1e-6),
    }
    assert (found["n"], found["k"]) == (2709, 5)
    assert list(found["item_rest"]) == list(found["alpha_if_deleted"]) == AGREEABLE
    promised = {"alpha_standardised", "omega", "mean", "sd", "sem"}
    assert all(isinstance(found[name], float) for name in promised)


def test_a_reader_gets_lines(measure, write):
    write(csv_of(AGREEABLE, bfi("A")))
    code, out, _ = measure("reliability", "a.csv")
    assert code == 0
    assert "  listwise  0.43" in out
    assert out.startswith("n                   2709\n")


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2,3\n2,3,\n3,1,4\n4,4,4\n",
        "\ufeffa;b;c\r\n1;2;3\r\n2;3;\r\n3;1;4,0\r\n4;4;4\r\n",
        'a\tb\tc\n1\t2\t3\n"2"\t3\tNA\n3\t1\t4\n\n4\t4\t4',
        '"a" , "b","c"\n1, 2 ,3\n2,3,NaN\n3,1,4\n4,4,4\n\n',
        "a,b,c\r1,2,3\r2,3,\r3,1,4\r4,4,4\r",
    ],
)
def test_what_spreadsheets_write_is_read_alike(measure, write, text):
    found = figures(measure("reliability", write(text), "--json"))
    assert (found["n"], found["persons"], found["mean"]) == (3, 4, 26 / 3)


def test_items_may_stand_apart_and_other_columns_hold_what_they_like(measure, write):
    write("id,a,note,b\nx,1,ok,2\ny,2,#1,3\nz,3,\u0436,5\n")
    found = figures(measure("reliability", "a.csv", "--items", "b,a", "--json"))
    assert list(found["item_rest"]) == ["b", "a"]


REFUSED = [
    ("", "a.csv is empty."),
    ("\n\n", "a.csv is empty."),
    ("\n1,2\n", "a.csv, line 1: there is no header row."),
    ("1,2\n3,4\n", "a.csv, line 1 holds numbers: a header row with names is needed."),
    ("a,b\n", "a.csv has a header row and nothing below it."),
    ("a,a\n1,2\n", "a.csv, line 1: the column 'a' stands twice."),
    (",a\n1,2\n", "a.csv, line 1: column 1 has no name; name the items with --items."),
    ("a,b\n1,2\n\n3,x\n", "a.csv, line 4, column 'b': 'x' is no number."),
    ("a,b\n1,2\n3,inf\n", "a.csv, line 3, column 'b': 'inf' is no number."),
    ("a,b\n1,2\n3,1_0\n", "a.csv, line 3, column 'b': '1_0' is no number."),
    ("a,b\n1,2,3\n4\n", "a.csv, line 2 has 3 cells, the header has 2."),
    ("a,b\n1,2\n3\n", "a.csv, line 3 has 1 cells, the header has 2."),
    ('a,b\n1,2\n"3,4\n', "a.csv, line 3 has 1 cells, the header has 2."),
    (b"a,b\n1,2\n\xff,3\n", "a.csv, line 3: this is no UTF-8 text."),
    ("a,b\n1,2\n1,3\n", "a.csv: all persons without a blank answered 'a' alike."),
    ("a,b\n1,2\n2,1\n", "a.csv: the sum of the items is the same for everybody."),
    ("a\n1\n2\n", "a.csv: reliability needs at least two items."),
    (
        "a,b\n1,2\n3,\n",
        "a.csv: reliability needs at least two persons without a blank, here are 1 of 2.",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_a_file_is_refused_in_one_sentence(measure, write, text, sentence):
    assert measure("reliability", write(text)) == (2, "", sentence + "\n")


GOOD = "a,b,c,g\n1,2,3,1\n2,3,3,2\n3,1,4,1\n4,4,1,2\n"
WORDS = [
    (["--items", "a,z"], "a.csv, line 1: there is no column 'z'."),
    (["--items", "a,,b"], "A list of columns has an empty name in it: 'a,,b'."),
    (["--items", "a,a"], "A list of columns names 'a' twice."),
    (["--reverse", "z"], "a.csv: --reverse names 'z', which is no item."),
    (["--reverse", "a"], "--reverse needs --min and --max: the ends of the answers' range."),
    (["--min", "4", "--max", "1"], "--min must be below --max."),
    (["--min", "2"], "a.csv, line 2, column 'a': the answer is below 2."),
    (["--max", "3"], "a.csv, line 4, column 'c': the answer is above 3."),
    (["--min", "nan"], "tirek measure reliability: argument --min: invalid number value: 'nan'"),
]


@pytest.mark.parametrize(("words", "sentence"), WORDS)
def test_options_are_refused_in_one_sentence(measure, write, words, sentence):
    assert measure("reliability", write(GOOD), *words) == (2, "", sentence + "\n")


def test_a_file_that_is_not_there(measure):
    code, _, said = measure("reliability", "none.csv")
    assert (code, said) == (2, "none.csv cannot be read: No such file or directory.\n")


TEXTS = st.text(st.sampled_from('a1-.,;"\n\r\t\x00 x\u0436Nn'), max_size=40)
VERBS = [
    ["reliability"],
    ["dif", "--group", "a"],
    ["dif", "--group", "a", "--method", "logistic"],
    ["roc", "--score", "a", "--outcome", "1"],
    ["change"],
    ["careless"],
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, st.sampled_from(VERBS))
def test_nothing_ends_in_a_traceback(measure, write, text, words):
    verb, *options = words
    code, out, err = measure(verb, write("a,b,1\n" + text), *options, "--json")
    if code == 0:
        json.loads(out)
    else:
        assert code == 2
        assert err.endswith("\n")
        assert err.count("\n") == 1


def test_dif_by_both_methods(measure, write):
    rows = np.column_stack([bfi("N"), bfi_column("gender")])
    write(csv_of(["N1", "N2", "N3", "N4", "N5", "sex"], rows))
    mantel = figures(measure("dif", "a.csv", "--group", "sex", "--json"))
    logistic = figures(measure("dif", "a.csv", "--group", "sex", "--method", "logistic", "--json"))
    assert list(mantel) == list(logistic) == ["N1", "N2", "N3", "N4", "N5"]
    assert (mantel["N5"]["df"], logistic["N5"]["df"]) == (1, 2)
    assert {mantel["N1"]["class"], logistic["N1"]["class"]} == {"A"}
    # The item in which women of equal sum answer most otherwise, by either method.
    for found in (mantel, logistic):
        assert max(found, key=lambda item: found[item]["chi2"]) == "N5"
        assert found["N5"]["n_reference"] + found["N5"]["n_focal"] == 2694
    _, out, _ = measure("dif", "a.csv", "--group", "sex")
    assert [line.split()[0] for line in out.splitlines()[1:]] == list(mantel)


def test_dif_needs_two_groups(measure, write):
    write("a,b,g\n0,1,kk\n1,1,ru\n1,0,en\n0,0,\n1,2,kk\n")
    code, _, said = measure("dif", "a.csv", "--group", "g")
    assert code == 2
    assert said == (
        "a.csv, column 'g': two groups are compared, here are 3; name two with --reference and"
        " --focal.\n"
    )
    code, _, said = measure("dif", "a.csv", "--group", "g", "--focal", "fr")
    assert (code, said) == (2, "a.csv, column 'g': there is no group 'fr'.\n")


def test_dif_names_the_item_that_cannot_be_compared(measure, write):
    write("a,b,g\n1,1,kk\n1,0,kk\n1,1,ru\n1,0,ru\n")
    code, _, said = measure("dif", "a.csv", "--group", "g")
    assert code == 2
    assert said.startswith("a.csv: item 'a': ")


def test_dif_can_take_groups_by_name_and_another_match(measure, write):
    rows = "".join(
        f"{answer},{theta},{group}\n"
        for group in ("kk", "ru", "en")
        for theta in (-1.5, 0, 1.5)
        for answer in (0, 1, 2, 0 if theta < 0 else 2)
    )
    write("a,theta,lang\n" + rows)
    words = ("--group", "lang", "--reference", "ru", "--focal", "kk", "--match", "theta", "--json")
    found = figures(measure("dif", "a.csv", *words))
    assert list(found) == ["a"]
    assert (found["a"]["reference"], found["a"]["focal"]) == ("ru", "kk")
    assert found["a"]["chi2"] == pytest.approx(0)
    assert found["a"]["n_focal"] == 12


def test_roc_of_a_small_file(measure, write):
    write("score,outcome\n0,0\n1,0\n2,1\n3,1\n1,1\n,1\n")
    words = ("--score", "score", "--outcome", "outcome", "--prevalence", ".04", "--json")
    found = figures(measure("roc", "a.csv", *words))
    assert found["auc"] == pytest.approx(11 / 12)
    assert (found["n_pos"], found["n_neg"]) == (3, 2)
    best = found["youden"]
    assert (best["cut"], best["sensitivity"], best["specificity"]) == (2, pytest.approx(2 / 3), 1)
    assert [one["cut"] for one in found["cuts"]] == [0, 1, 2, 3]
    assert found["cuts"][1]["ppv_at_prevalence"] == pytest.approx(0.04 / (0.04 + 0.5 * 0.96))


def test_roc_where_low_is_worse_turns_the_cuts(measure, write):
    write("who5,finding\n4,yes\n8,yes\n20,no\n9,no\n")
    words = ("--score", "who5", "--outcome", "finding", "--worse", "low", "--json")
    found = figures(measure("roc", "a.csv", *words))
    assert (found["auc"], found["positive"], found["youden"]["cut"]) == (1, "yes", 8)
    turned = figures(measure("roc", "a.csv", *words, "--positive", "no"))
    assert turned["auc"] == 0


def test_roc_compares_two_scores(measure, write):
    write("x,y,o\n1,3,0\n2,2,0\n3,1,0\n2,1,1\n3,2,1\n4,3,1\n")
    words = ("--score", "x", "--outcome", "o", "--versus", "y", "--json")
    found = figures(measure("roc", "a.csv", *words))["versus"]
    assert found["difference"] == pytest.approx(found["first"]["auc"] - found["second"]["auc"])
    assert 0 < found["p"] < 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("s,o\n1,1\n2,1\n", "an outcome has two values, here are 1."),
        ("s,o\n1,1\n2,0\n3,2\n", "an outcome has two values, here are 3."),
        ("s,o\n,1\n2,0\n", "all persons with a score have the same outcome."),
    ],
)
def test_roc_needs_two_outcomes(measure, write, text, said):
    code, _, err = measure("roc", write(text), "--score", "s", "--outcome", "o")
    assert code == 2
    assert err.endswith(said + "\n")


def test_change_of_the_worked_example(measure, write):
    write("before,after\n18,10\n10,10\n12,19\n3,\n")
    words = ("--sd", "5.5", "--reliability", ".84", "--functional", "5,3", "--clinical", "18,5")
    found = figures(measure("change", "a.csv", *words, "--json"))
    assert found["needed"] == pytest.approx(6.098089, abs=1e-6)
    assert found["cut"] == pytest.approx((3 * 18 + 5 * 5) / 8)
    assert [person["outcome"] for person in found["persons"]] == [
        "improved",
        "unchanged",
        "deteriorated",
        None,
    ]
    assert found["persons"][0]["rci"] == pytest.approx(-2.571297, abs=1e-6)
    turned = figures(measure("change", "a.csv", *words, "--worse", "low", "--json"))
    assert turned["outcomes"] == {
        "recovered": 0,
        "improved": 1,
        "unchanged": 1,
        "deteriorated": 1,
    }


def test_change_takes_what_is_not_given_from_the_file_and_says_so(measure, write):
    write("first,second\n1,2\n5,4\n9,9\n4,5\n")
    found = figures(measure("change", "a.csv", "--json"))
    assert found["sd"] == pytest.approx(np.std([1, 5, 9, 4], ddof=1))
    assert found["reliability"] == pytest.approx(np.corrcoef([1, 5, 9, 4], [2, 4, 9, 5])[0, 1])
    assert (found["sd_from"], found["reliability_from"]) == ("file", "file")


def test_change_is_refused_where_the_file_knows_no_reliability(measure, write):
    code, _, said = measure("change", write("x,y\n1,9\n5,4\n9,1\n"))
    assert code == 2
    assert "is no reliability; give --reliability" in said


def test_careless_answers_stand_out(measure, write):
    write(
        "a,b,c,d,s\n1,1,1,1,4\n1,3,2,4,40\n2,2,3,1,30\n,,,,9\n4,1,3,3,41\n3,3,1,2,36\n2,4,1,1,33\n"
    )
    words = ("--seconds", "s", "--sizes", "2,2", "--json")
    persons = figures(measure("careless", "a.csv", *words))["persons"]
    assert [person["longstring"] for person in persons] == [4, 1, 2, 0, 2, 2, 2]
    assert (persons[0]["irv"], persons[3]["irv"], persons[3]["answered"]) == (0, None, 0)
    assert [person["is_fast"] for person in persons] == [True] + [False] * 6
    assert (persons[3]["mahalanobis"], persons[3]["mahalanobis_rank"]) == (None, 0)
    assert sorted(person["mahalanobis_rank"] for person in persons) == list(range(7))


def test_dif_can_match_by_the_items_that_do_not_differ(measure, write):
    people = verbal_aggression()
    genders = np.array([gender == "M" for gender in people.genders], dtype=float)
    write(csv_of([*people.items, "man"], np.column_stack([people.answers, genders])))
    words = ("--group", "man", "--purify", "--json")
    found = figures(measure("dif", "a.csv", *words))
    assert all(one["has_settled"] for one in found.values())
    for one in found.values():
        assert one["is_matched_by"] is (one["class"] == "A")
    code, _, said = measure("dif", "a.csv", "--group", "man", "--purify", "--match", "S1DoCurse")
    assert code == 2
    assert said == "--purify chooses what people are matched by; --match does so too.\n"
