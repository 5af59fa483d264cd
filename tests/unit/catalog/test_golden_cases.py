"""Golden cases: what they must hold, and that they are held against the engine."""

import re

import pytest


def keep_only(copied, case_id):
    """Throw away every golden case but one."""
    cases = re.split(r"(?m)^(?=- id: )", copied.read("cases"))
    (kept,) = (case for case in cases if case.startswith(f"- id: {case_id}\n"))
    copied.write("cases", kept)


def reasons(copied, lint):
    return " ".join(found.reason for found in copied.check() if found.lint == lint)


def test_a_value_that_the_engine_does_not_give_is_found_at_its_case(copy):
    copied = copy("gad-7")
    line = copied.replace("cases", "- id: all-min", "- id: all-min")
    copied.replace("cases", "total: {value: 0,", "total: {value: 1,")
    found = [x for x in copied.check() if x.lint == "case"]
    assert [(x.path.name, x.line) for x in found] == [("cases.yaml", line)]
    rule = copied.replace("scoring", "- id: total", "- id: total")
    said = f"case all-min: total is 0 (minimal), expected 1 (minimal) (scoring.yaml:{rule})"
    assert found[0].reason == said


def test_a_wrong_band_is_found(copy):
    copied = copy("gad-7")
    copied.replace("cases", '"severe"', '"mild"')
    assert "total is 21 (severe), expected 21 (mild)" in reasons(copied, "case")


def test_a_flag_that_is_not_raised_is_found(copy):
    copied = copy("gad-7")
    copied.replace("cases", "flags: []", "flags: [totalMedium]")
    rule = copied.replace("interpretation", "- id: totalMedium", "- id: totalMedium")
    said = f"flags are [], expected ['totalMedium'] (interpretation.yaml:{rule})"
    assert said in reasons(copied, "case")


def test_a_score_where_none_is_due_is_found(copy):
    copied = copy("gad-7")
    copied.replace("cases", "total: {value: 0, band", "total: {not_computable: out_of_range} #")
    assert "expected not computable (out_of_range)" in reasons(copied, "case")


def test_a_changed_key_is_caught_by_the_cases(copy):
    copied = copy("psc-17-y")
    copied.replace("scoring", "[q2, q6, q9, q11, q15]", "[q3, q6, q9, q11, q15]")
    copied.replace("scoring", "[q1, q3, q7, q13, q17]", "[q1, q2, q7, q13, q17]")
    assert {lint for lint, *_ in copied.found()} == {"case"}


@pytest.mark.parametrize("value", [10, 11, 12])
def test_a_cut_off_without_a_case_beside_it_is_found(copy, value):
    copied = copy("gad-7")
    text = re.sub(rf"total: {{value: {value},", "total: {value: 99,", copied.read("cases"))
    copied.write("cases", text)
    flag = copied.replace("interpretation", "- id: totalMedium", "- id: totalMedium")
    assert ("cut-off", "interpretation.yaml", flag) in copied.found()
    assert f"no golden case gives total {value}" in reasons(copied, "cut-off")


def test_a_flag_that_no_case_raises_is_found(copy):
    copied = copy("gad-7")
    copied.write("cases", copied.read("cases").replace("[notScored]", "[]"))
    flag = copied.replace("interpretation", "- id: notScored", "- id: notScored")
    assert ("cut-off", "interpretation.yaml", flag) in copied.found()


@pytest.mark.parametrize(
    "what",
    [
        "all answers at the highest weight",
        "every scored item blank",
        *(f"q{number} alone off its best end" for number in range(1, 10)),
        "2 blanks in total (scale)",
        "3 blanks in total (scale)",
        "2 blanks in symptoms (scale)",
    ],
)
def test_a_kind_of_case_that_is_missing_is_named(copy, what):
    copied = copy("phq-a")
    keep_only(copied, "all-min")
    assert f"no case with {what}" in reasons(copied, "golden")


def test_the_lowest_answers_are_a_case_too(copy):
    copied = copy("phq-a")
    keep_only(copied, "all-max")
    assert "no case with all answers at the lowest weight" in reasons(copied, "golden")


def test_blanks_are_tried_over_the_form_where_the_rule_is_form_wide(copy):
    copied = copy("psc-17-y")
    keep_only(copied, "all-min")
    found = reasons(copied, "golden")
    assert "no case with 3 blanks in attention (form)" in found
    assert "no case with 4 blanks in attention (form)" in found


@pytest.mark.parametrize("flag", ["selfHarm", "seriousThoughts", "attemptEver"])
def test_a_critical_item_is_tried_alone_in_an_abandoned_run(copy, flag):
    copied = copy("phq-a")
    keep_only(copied, "all-max")
    assert f"no abandoned case in which {flag} alone is raised" in reasons(copied, "golden")


def test_a_case_says_what_becomes_of_every_scale(copy):
    copied = copy("gad-7")
    copied.replace("cases", "      gad2: {value: 0", "      # gad2: {value: 0")
    assert "case all-min does not say gad2" in reasons(copied, "golden")


def test_a_case_of_an_age_outside_the_gate_is_found(copy):
    copied = copy("gad-7")
    copied.replace("cases", "age: 12", "age: 11")
    assert "of an age that the instrument does not admit" in reasons(copied, "golden")


def test_an_abandoned_case_does_not_go_on(copy):
    copied = copy("phq-a")
    copied.replace("cases", "abandoned_after: q9", "abandoned_after: q8")
    assert "goes on after q8" in reasons(copied, "golden")
