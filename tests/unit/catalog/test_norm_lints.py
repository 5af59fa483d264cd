"""Faults planted into norms: each is found where it was planted, and sound norms are let be."""

import pytest

# file | what stands there => what is planted | the line that is named, where it is another one
PLANTED = """
oro          | {raw: 9, percentile: 31.01}   => {raw: 9, percentile: 11.01}
oro          | {raw: 10, percentile: 53.79}  => {raw: 10, percentile: 153.79}
oro          | {raw: 32, percentile: 100}    => {raw: 32, percentile: 99}
oro          | status: imported              => status: guessed
oro          | kind: cumulative              => kind: about
rcads-25     | ages: {min: 11, max: 12}      => ages: {min: 12, max: 11}
rcads-25     | ages: {min: 11, max: 12}      => ages: {min: 10, max: 12}
rcads-25     | ages: {min: 11, max: 12}      => ages: {min: 11, max: 13}
rcads-25     | mean: 9.90                    => mean: 39.90
rcads-25     | sd: 4.93                      => sd: 0
rcads-25     | sex: m                        => sex: x
"""
FAULTS = [[cell.strip() for cell in line.split("|", 1)] for line in PLANTED.strip().splitlines()]


@pytest.mark.parametrize(("instrument", "change"), FAULTS)
def test_a_planted_fault_is_found_at_its_line(copy, instrument, change):
    old, new = (half.strip() for half in change.split("=>"))
    copied = copy(instrument)
    copied.replace("interpretation", old, new)
    lines = copied.read("interpretation").splitlines()
    found = [(one.lint, one.line) for one in copied.check() if one.path.stem == "interpretation"]
    assert {lint for lint, _line in found} <= {"norms", "format"}
    # Two groups that overlap are told at the second of them.
    told = {new, f"ages: {{min: {13}"} if "max: 13" in new else {new}
    assert any(part in lines[line - 1] for _lint, line in found for part in told)


def test_a_row_that_is_missing_leaves_a_raw_score_without_a_percentile(copy):
    copied = copy("oro")
    copied.replace("interpretation", "        - {raw: 9, percentile: 31.01}\n", "")
    line = copied.read("interpretation").splitlines().index("      rows:") + 1
    assert ("norms", "interpretation.yaml", line) in copied.found()


def test_a_row_that_stands_twice_is_refused(copy):
    copied = copy("oro")
    row = "        - {raw: 9, percentile: 31.01}\n"
    copied.replace("interpretation", row, row * 2)
    reasons = [one.reason for one in copied.check() if one.lint == "norms"]
    assert reasons == ["one row for each value of acceptance_rejection, 0 to 32"]


def test_one_sex_alone_at_some_age_is_refused(copy):
    copied = copy("rcads-25")
    line = copied.replace("interpretation", "ages: {min: 13, max: 14}", "ages: {min: 13, max: 15}")
    found = [one for one in copied.check() if one.lint == "norms"]
    assert any(one.reason == "depression has figures for one sex only" for one in found)
    assert any(abs(one.line - line) < 10 for one in found)


def test_an_age_between_two_groups_is_named(copy):
    copied = copy("rcads-25")
    text = copied.read("interpretation")
    copied.write("interpretation", text.replace("{min: 13, max: 14}", "{min: 14, max: 14}"))
    reasons = {one.reason for one in copied.check()}
    assert reasons == {"no norm for the ages 13 to 13"}


def test_an_unknown_number_of_people_needs_a_note(copy):
    copied = copy("oro")
    text = copied.read("interpretation")
    start = text.index("    note:", text.index("varga-stolin-1988-control"))
    copied.write("interpretation", text[:start] + text[text.index("\n", start) + 1 :])
    assert "say in a note why n is not known" in {one.reason for one in copied.check()}


def test_a_mean_may_be_left_out_only_beside_a_table(copy):
    copied = copy("rcads-25")
    copied.replace("interpretation", "    mean: 9.90\n", "")
    assert [one.reason for one in copied.check()] == ["field 'mean' is missing"]


@pytest.mark.parametrize("instrument", ["oro", "rcads-25", "rcads-25-p"])
def test_the_norms_as_they_are_pass(copy, instrument):
    assert copy(instrument).check() == []
