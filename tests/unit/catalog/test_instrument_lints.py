"""Faults planted into copies of real instruments: each is found where it was planted."""

import re

import pytest

PLANTED = [
    # what, instrument, part, old, new, lint
    ("a key for an item that does not exist", "gad-7", "scoring", "q6, q7]", "q6, q8]", "names"),
    ("a reversed item outside the scale", "gad-7", "scoring", "reverse: []", "reverse: [q9]", "names"),
    ("a cut-off of an unknown scale", "gad-7", "interpretation", "scale: total, ge", "scale: sum, ge", "names"),
    ("a flag on an unknown item", "phq-a", "interpretation", "{item: q12", "{item: q14", "names"),
    ("an unknown option set", "gad-7", "structure", "options: days", "options: weeks", "names"),
    ("a scale read before it is scored", "who-5", "scoring", "from: raw", "from: index", "names"),
    ("a pattern of something that is no count", "phq-a", "scoring", "from: symptoms", "from: total", "names"),
    ("a core item that is not counted", "phq-a", "scoring", "core: [q1, q2]", "core: [q1, q10]", "names"),
    ("a symptom without a threshold", "phq-a", "scoring", "q8: 2, q9: 1}", "q9: 1}", "names"),
    ("an unscored item in a scale", "phq-a", "scoring", "q8, q9]", "q8, q10]", "names"),
    ("a critical item that stays silent", "gad-7", "structure", "{id: q3, type: single,", "{id: q3, critical: x, type: single,", "names"),
    ("a case with an option that does not exist", "gad-7", "cases", 'q1: "1"', 'q1: "4"', "names"),
    ("a case that expects an unknown flag", "gad-7", "cases", "[totalMedium]", "[totalHigh]", "names"),
    ("a case that expects an unknown band", "gad-7", "cases", '"severe"', '"grave"', "names"),
    ("an item that counts twice in its scale", "psc-17-y", "scoring", "[q2, q6, q9", "[q2, q2, q9", "one-scale"),
    ("an item with two scales of its own", "psc-17-y", "scoring", "[q1, q3, q7", "[q2, q3, q7", "one-scale"),
    ("a reversed sign", "gad-7", "scoring", "reverse: []", "reverse: [q4]", "sign"),
    ("a scale whose worse end is forgotten", "who-5", "scoring", "items: [q1, q2, q3, q4, q5]", "items: [q5, q4, q3, q2, q1]", None),
    ("a range that is wrong", "gad-7", "scoring", "range: [0, 21]", "range: [0, 20]", "range"),
    ("a range that starts too low", "hbsc-bullying", "scoring", "range: [1, 5]", "range: [0, 5]", "range"),
    ("steps that do not fill the range", "who-5", "scoring", "step: 4", "step: 3", "range"),
    ("an upper bound that falls back", "gad-7", "interpretation", "{id: mild, le: 9}", "{id: mild, le: 4}", "bands"),
    ("bands that overlap", "gad-7", "interpretation", "{id: moderate, le: 14}", "{id: moderate, le: 8}", "bands"),
    ("a hole at the end of the range", "gad-7", "interpretation", "{id: severe, le: 21}", "{id: severe, le: 20}", "bands"),
    ("bands that leave the range", "gad-7", "interpretation", "{id: severe, le: 21}", "{id: severe, le: 22}", "bands"),
    ("a cut-off that nobody can reach", "gad-7", "interpretation", "- id: totalMedium\n    when: {scale: total, ge: 11}", "- id: totalMedium\n    when: {scale: total, ge: 22}", "cut-off"),
    ("a reliability above one", "who-5", "interpretation", "reliability: 0.80", "reliability: 1.80", "norms"),
    ("a mean outside the scale", "who-5", "interpretation", "mean: 65.6", "mean: 165.6", "norms"),
    ("a spread of nothing", "who-5", "interpretation", "sd: 21.4", "sd: 0", "norms"),
    ("a norm of nobody", "who-5", "interpretation", "n: 4354", "n: 0", "norms"),
    ("figures for one sex only", "phq-a", "interpretation", "sex: m", "sex: null", None),
    ("a text that nothing asks for", "gad-7", "wording.kk", "  q7.topic:", "  q8.topic:", "parity"),
    ("an empty text", "gad-7", "wording.ru", 'recall: "', 'recall: " "  # "', "parity"),
    ("a Latin look-alike in a Kazakh word", "gad-7", "wording.kk", "Іштей", "Iштей", "alphabet"),
    ("a Latin look-alike that stands alone", "gad-7", "wording.ru", " и ", " c ", "alphabet"),
    ("a Kazakh letter in a Russian text", "gad-7", "wording.ru", "две", "дwе", "alphabet"),
    ("broken encoding", "gad-7", "wording.kk", "Іштей", "Ð\u2020штей", "alphabet"),
    ("an item id that stands twice", "gad-7", "structure", "{id: q3,", "{id: q2,", "ids"),
    ("items out of the form's order", "gad-7", "structure", "{id: q7,", "{id: q8,", "ids"),
    ("an option code that stands twice", "gad-7", "structure", '{code: "1"', '{code: "0"', "ids"),
    ("an option called like a state", "gad-7", "structure", '{code: "3"', '{code: "declined"', "ids"),
    ("a scale id that stands twice", "psc-17-y", "scoring", "- id: attention", "- id: internalising", "ids"),
    ("a band id that stands twice", "gad-7", "interpretation", "{id: mild,", "{id: minimal,", "ids"),
    ("a flag id that stands twice", "gad-7", "interpretation", "- id: notScored", "- id: totalMedium", "ids"),
    ("a case id that stands twice", "gad-7", "cases", "- id: all-max", "- id: all-min", "ids"),
    ("the folder of another instrument", "gad-7", "structure", "id: gad-7", "id: gad-8", "parts"),
    ("a major that is not the folder's", "gad-7", "structure", 'version: "1.0.0"', 'version: "2.0.0"', "parts"),
    ("a version of two numbers", "gad-7", "scoring", 'version: "1.0.0"', 'version: "1.0"', "parts"),
    ("no age at all", "gad-7", "structure", "ages: {min: 12", "ages: {min: 19", "parts"),
    ("the wording of another instrument", "gad-7", "wording.kk", "instrument: gad-7", "instrument: phq-a", "parts"),
    ("a wording in another language", "gad-7", "wording.kk", "lang: kk", "lang: ru", "parts"),
    ("a wording of an older structure", "gad-7", "wording.ru", 'structure: "^1.0.0"', 'structure: "^0.9.0"', "parts"),
    ("an unknown field", "gad-7", "structure", "minutes:", "seconds: 9\nminutes:", "format"),
    ("an unknown field of an item", "gad-7", "structure", "{id: q2, type", "{id: q2, wight: 2, type", "format"),
    ("a key that stands twice", "gad-7", "scoring", "quality:", "quality: []\nquality:", None),
    ("an unknown method", "gad-7", "scoring", "method: sum_prorated", "method: sum_of_all", "format"),
    ("code instead of a rule", "gad-7", "scoring", "method: sum_prorated", 'method: "q1 + q2"', "format"),
    ("a silent zero", "gad-7", "scoring", "max: 0, blank_as: none", "max: 2, blank_as: none", "format"),
    ("a sum that prorates", "gad-7", "scoring", "max: 0, blank_as: none", "max: 0, blank_as: prorate", "format"),
    ("a proration that does not", "gad-7", "scoring", "blank_as: prorate", "blank_as: zero", "format"),
    ("blanks below zero", "gad-7", "scoring", "max: 1, blank_as", "max: -1, blank_as", "format"),
    ("a range of one number", "gad-7", "scoring", "range: [0, 21]", "range: [21]", "format"),
    ("an unknown index of quality", "gad-7", "scoring", "[longstring, irv]", "[longstring, lz]", "format"),
    ("an unknown level", "gad-7", "interpretation", "level: medium", "level: urgent", "format"),
    ("a scale flagged before it is scored", "gad-7", "interpretation", "at: complete", "at: answer", "format"),
    ("a scale that is unanswered", "gad-7", "interpretation", "is: not_computable", "is: unanswered", "format"),
    ("an item that is not computable", "phq-a", "interpretation", "is: unanswered", "is: not_computable", "format"),
    ("bands that are no list", "gad-7", "interpretation", "  gad2:\n    - {id: negative, le: 2}\n    - {id: positive, le: 6}", "  gad2: 6", None),
    ("an unquoted code", "gad-7", "structure", '{code: "1"', "{code: 1", "format"),
    ("an unquoted answer", "gad-7", "cases", 'q1: "1"', "q1: 1", "format"),
    ("an option set that is no list", "hbsc-bullying", "structure", "option_sets:", "option_sets:\n  spare: x", None),
    ("a wrong golden value", "gad-7", "cases", "total: {value: 1,", "total: {value: 2,", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("instrument", "part", "old", "new", "lint"),
    [pytest.param(*case, id=what) for what, *case in PLANTED if case[-1]],
)
def test_a_planted_fault_is_found_at_its_line(copy, instrument, part, old, new, lint):  # noqa: PLR0913
    copied = copy(instrument)
    line = copied.replace(part, old, new)
    assert (lint, f"{part}.yaml", line) in copied.found()


def test_the_copies_are_clean_before_they_are_damaged(copy):
    for instrument in {case[1] for case in PLANTED}:
        assert copy(instrument).check() == []
