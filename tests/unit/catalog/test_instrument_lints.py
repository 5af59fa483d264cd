"""Faults planted into copies of real instruments: each is found where it was planted."""

import pytest

# lint | file | what stands there => what is planted
PLANTED = """
names     | gad-7 scoring                | q6, q7]              => q6, q8]
names     | gad-7 scoring                | reverse: []          => reverse: [q9]
names     | gad-7 interpretation         | scale: total, ge     => scale: sum, ge
names     | gad-7 interpretation         | {scale: total, is    => {scale: sum, is
names     | gad-7 interpretation         | gad2:                => gad3:
names     | gad-7 structure              | options: days        => options: weeks
names     | gad-7 structure              | {id: q3, type        => {id: q3, critical: harm, type
names     | gad-7 cases                  | q1: "1"              => q1: "4"
names     | gad-7 cases                  | q1: "1"              => q9: "1"
names     | gad-7 cases                  | [totalMedium]        => [totalHigh]
names     | gad-7 cases                  | band: "severe"       => band: "grave"
names     | gad-7 cases                  | gad2: {value: 6      => gad3: {value: 6
names     | phq-a interpretation         | {item: q12           => {item: q14
names     | phq-a interpretation         | scale: total         => scale: sum
names     | phq-a structure              | critical: selfHarm}  => not_scored: false}
names     | phq-a scoring                | from: symptoms       => from: total
names     | phq-a scoring                | core: [q1, q2]       => core: [q1, q10]
names     | phq-a scoring                | q8: 2, q9: 1}        => q9: 1}
names     | phq-a scoring                | q8, q9]              => q8, q10]
names     | who-5 scoring                | from: raw            => from: index
names     | who-5 interpretation         | scale: index         => scale: indices
one-scale | psc-17-y scoring             | [q2, q6, q9          => [q2, q2, q9
one-scale | psc-17-y scoring             | [q1, q3, q7          => [q2, q3, q7
sign      | gad-7 scoring                | reverse: []          => reverse: [q4]
range     | gad-7 scoring                | range: [0, 21]       => range: [0, 20]
range     | gad-7 scoring                | range: [0, 21]       => range: [0, 22]
range     | hbsc-bullying scoring        | range: [1, 5]        => range: [0, 5]
range     | phq-a scoring                | range: [0, 9]        => range: [0, 10]
range     | who-5 scoring                | range: [0, 100]      => range: [0, 25]
range     | who-5 scoring                | step: 4              => step: 3
format    | who-5 scoring                | step: 4              => step: 0
format    | gad-7 scoring                | items: [q1, q2]      => items: []
format    | gad-7 scoring                | range: [0, 21]       => range: [21, 0]
range     | gad-7 scoring                | step: 1              => step: 3
weight    | phq-a structure              | {code: "1", weight: 1} => {code: "1", weight: 2}
bands     | gad-7 interpretation         | {id: mild, le: 9}    => {id: mild, le: 4}
threshold | phq-a scoring                | q8: 2, q9: 1}        => q8: 4, q9: 1}
threshold | phq-a scoring                | q8: 2, q9: 1}        => q8: 2, q9: 0}
show-if   | asq structure                | {item: q3, is: refused} => {item: q2, is: refused}
blanks    | phq-a scoring                | max: 2, blank_as: none => max: 9, blank_as: none
blanks    | psc-17-y scoring             | max: 3, blank_as: zero => max: 17, blank_as: zero
blank     | phq-a structure              | soft, worse: high, crit => never, worse: high, crit
golden    | gad-7 structure              | {min: 12, max: 17}   => {min: 11, max: 17}
golden    | gad-7 structure              | {min: 12, max: 17}   => {min: 12, max: 18}
bands     | gad-7 interpretation         | {id: moderate, le: 14} => {id: moderate, le: 8}
bands     | gad-7 interpretation         | {id: severe, le: 21} => {id: severe, le: 20}
bands     | gad-7 interpretation         | {id: severe, le: 21} => {id: severe, le: 22}
norms     | who-5 interpretation         | mean: 65.6           => mean: 165.6
norms     | who-5 interpretation         | sd: 21.4             => sd: 0
norms     | who-5 interpretation         | n: 4354              => n: 0
norms     | who-5 interpretation         | reliability: 0.80    => reliability: 1.80
parity    | gad-7 wording.kk             | q7.topic:            => q8.topic:
parity    | gad-7 wording.ru             | end: "               => end: " " # "
parity    | parent-attitudes wording.ru  | picture.warmth.some: => picture.warmth.sum:
alphabet  | gad-7 wording.kk             | Іштей                => Iштей
alphabet  | gad-7 wording.kk             | Іштей                => Їштей
alphabet  | gad-7 wording.kk             | Іштей                => Ð†ÑˆÑ‚ÐµÐ¹
alphabet  | gad-7 wording.kk             | Іштей                => \ufffdштей
numbers   | gad-7 wording.kk             | Қосынды 11 не        => Қосынды 10 не
numbers   | phq-a wording.ru             | "13 вопросов         => "12 вопросов
alphabet  | gad-7 wording.ru             | q1.text: "           => q1.text: "c
alphabet  | gad-7 wording.ru             | q1.text: "           => q1.text: "Қандай
ids       | gad-7 structure              | {id: q3,             => {id: q2,
ids       | gad-7 structure              | {id: q7,             => {id: q8,
ids       | gad-7 structure              | {code: "1"           => {code: "0"
ids       | gad-7 structure              | {code: "3"           => {code: "declined"
ids       | gad-7 interpretation         | {id: mild,           => {id: minimal,
ids       | gad-7 interpretation         | id: notScored        => id: totalMedium
ids       | gad-7 cases                  | id: all-max          => id: all-min
ids       | psc-17-y scoring             | id: attention        => id: internalising
parts     | gad-7 structure              | id: gad-7            => id: gad-8
parts     | gad-7 structure              | version: "1.0.0"     => version: "2.0.0"
parts     | gad-7 structure              | {min: 12             => {min: 19
parts     | gad-7 scoring                | version: "1.0.0"     => version: "1.0"
parts     | gad-7 wording.kk             | instrument: gad-7    => instrument: phq-a
parts     | gad-7 wording.kk             | lang: kk             => lang: ru
parts     | gad-7 wording.ru             | structure: "^1.0.0"  => structure: "^0.9.0"
parts     | gad-7 wording.ru             | structure: "^1.0.0"  => structure: "^1.1.0"
parts     | gad-7 wording.ru             | structure: "^1.0.0"  => structure: "1.0.0"
format    | gad-7 structure              | minutes:             => seconds:
format    | gad-7 structure              | {id: q2, type        => {id: q2, wight: 2, type
format    | gad-7 structure              | audio: none          => audio: loud
format    | gad-7 structure              | type: single         => type: matrix
format    | gad-7 structure              | {code: "1"           => {code: 1
format    | gad-7 structure              | worse: high          => worse: no
format    | gad-7 scoring                | sum_prorated         => "q1 + q2"
format    | gad-7 scoring                | max: 0, blank_as: none  => max: 2, blank_as: none
format    | gad-7 scoring                | max: 0, blank_as: none  => max: 0, blank_as: prorate
format    | gad-7 scoring                | blank_as: prorate    => blank_as: zero
format    | gad-7 scoring                | max: 0, blank_as: none => max: 0, blank_as: zero
format    | gad-7 scoring                | max: 1, blank_as     => max: -1, blank_as
format    | gad-7 scoring                | else: not_computable => else: zero
format    | gad-7 scoring                | range: [0, 21]       => range: [21]
format    | gad-7 scoring                | [longstring, irv]    => [longstring, lz]
format    | gad-7 interpretation         | level: medium        => level: urgent
format    | gad-7 interpretation         | at: complete         => at: answer
format    | gad-7 interpretation         | is: not_computable   => is: unanswered
format    | gad-7 interpretation         | source: "Mossman     => source: "" # "
format    | phq-a interpretation         | is: unanswered       => is: not_computable
format    | gad-7 cases                  | q1: "1"              => q1: 1
format    | gad-7 cases                  | value: 1,            => value: "one",
"""
FAULTS = [[cell.strip() for cell in line.split("|", 2)] for line in PLANTED.strip().splitlines()]


@pytest.mark.parametrize(("lint", "file", "change"), FAULTS)
def test_a_planted_fault_is_found_at_its_line(copy, lint, file, change):
    instrument, part = file.split()
    old, new = (half.strip() for half in change.split("=>"))
    copied = copy(instrument)
    line = copied.replace(part, old, new)
    found = copied.found()
    if new == "seconds:":  # the first thing missing is said of the whole file
        line = 1
    assert (lint, f"{part}.yaml", line) in found


@pytest.mark.parametrize("instrument", sorted({file.split()[0] for _, file, _ in FAULTS}))
def test_a_copy_is_clean_before_it_is_damaged(copy, instrument):
    assert copy(instrument).check() == []


def test_a_missing_string_is_named(copy):
    copied = copy("gad-7")
    copied.replace("wording.kk", "  q3.text:", "  # q3.text:")
    line = copied.read("wording.kk").splitlines().index("strings:") + 1
    (found,) = copied.check()
    assert (found.lint, found.path.name, found.line) == ("parity", "wording.kk.yaml", line)
    assert "q3.text is missing" in found.reason


def test_a_russian_string_in_the_kazakh_wording_is_found(copy):
    copied = copy("gad-7")
    russian = text_of(copied, "wording.ru", "q3.text")
    line = copied.replace("wording.kk", text_of(copied, "wording.kk", "q3.text"), russian)
    assert ("parity", "wording.kk.yaml", line) in copied.found()


@pytest.mark.parametrize("key", ["scale.gad2", "flag.notScored"])
def test_a_scale_or_a_flag_that_bears_anothers_name_is_found(copy, key):
    copied = copy("gad-7")
    other = {"scale.gad2": "scale.total", "flag.notScored": "flag.totalMedium"}[key]
    name = text_of(copied, "wording.ru", other)
    line = copied.replace("wording.ru", text_of(copied, "wording.ru", key), name)
    assert ("parity", "wording.ru.yaml", line) in copied.found()


def test_a_text_read_in_the_wrong_encoding_is_named_as_such(copy):
    copied = copy("gad-7")
    russian = text_of(copied, "wording.ru", "q3.text").strip('"')
    line = copied.replace("wording.ru", russian, russian.encode().decode("cp1251"))
    found = {(one.lint, one.line, one.reason) for one in copied.check()}
    said = "q3.text: was UTF-8 and has been read as Windows-1251"
    assert ("alphabet", line, said) in found


def test_one_end_of_a_stretch_or_a_number_in_words_is_no_fault(copy):
    copied = copy("gad-7")
    copied.replace("wording.kk", "Қосынды 11 не", "Қосынды 11–21, 11 не")
    copied.replace("wording.ru", "7 вопросов", "Семь вопросов")
    assert copied.check() == []


def test_a_critical_item_that_may_stay_blank_unseen_is_found_at_the_item(copy):
    copied = copy("phq-a")
    line = copied.replace("structure", "{id: q12,", "{id: q12,")
    copied.replace("interpretation", "{item: q12, is: unanswered}", "{item: q11, is: unanswered}")
    assert ("blank", "structure.yaml", line) in copied.found()


def test_a_string_may_be_the_same_when_that_is_declared(copy):
    copied = copy("gad-7")
    russian = text_of(copied, "wording.ru", "days.1")
    copied.replace("wording.kk", text_of(copied, "wording.kk", "days.1"), russian)
    copied.replace("wording.kk", "strings:", "same: [days.1]\nstrings:")
    assert copied.check() == []


def test_a_declaration_that_is_not_true_is_found(copy):
    copied = copy("gad-7")
    line = copied.replace("wording.kk", "strings:", "same: [days.1]\nstrings:")
    assert copied.found() == {("parity", "wording.kk.yaml", line)}


@pytest.mark.parametrize(
    ("instrument", "first", "second"),
    [
        ("gad-7", "q2.text", "q5.text"),
        ("gad-7", "q2.topic", "q5.topic"),
        ("gad-7", "days.1", "days.2"),
        ("phq-a", "days.1", "difficulty.1"),
    ],
)
def test_a_label_shared_by_two_is_found_at_the_second(copy, instrument, first, second):
    copied = copy(instrument)
    shared = text_of(copied, "wording.kk", first)
    line = copied.replace("wording.kk", text_of(copied, "wording.kk", second), shared)
    assert ("parity", "wording.kk.yaml", line) in copied.found()


def text_of(copied, part, key):
    """The line of a string from its quote on."""
    (line,) = (x for x in copied.read(part).splitlines() if x.startswith(f"  {key}: "))
    return line.removeprefix(f"  {key}: ")


def test_a_scale_whose_worse_end_is_forgotten_is_found(copy):
    copied = copy("who-5")
    line = copied.replace("scoring", "items: [q1", "worse: high\n    items: [q1") + 1
    copied.replace("scoring", "    worse: low\n", "")
    assert ("sign", "scoring.yaml", line) in copied.found()


def test_a_critical_item_keyed_the_wrong_way_is_found(copy):
    copied = copy("phq-a")
    line = copied.replace("interpretation", "- id: seriousThoughts", "- id: seriousThoughts")
    copied.replace(
        "structure",
        "{id: q12, type: single, options: yesno, required: soft, worse: high",
        "{id: q12, type: single, options: yesno, required: soft, worse: low",
    )
    assert copied.found() == {("sign", "interpretation.yaml", line)}


def test_an_item_in_no_scale_is_found(copy):
    copied = copy("psc-17-y")
    copied.replace("scoring", "[q1, q3, q7, q13, q17]", "[q1, q3, q7, q13]")
    line = copied.read("scoring").splitlines().index("scales:") + 1
    assert ("one-scale", "scoring.yaml", line) in copied.found()


def test_figures_for_one_sex_only_are_found(copy):
    copied = copy("phq-a")
    line = copied.replace("interpretation", "  - scale: total\n", "  - scale: total\n")
    copied.replace("interpretation", "sex: m", "sex: null")
    assert ("norms", "interpretation.yaml", line) in copied.found()


def test_a_cut_off_that_nobody_can_reach_is_found(copy):
    copied = copy("gad-7")
    line = copied.replace("interpretation", "- id: totalMedium", "- id: totalMedium")
    copied.replace("interpretation", "ge: 11", "ge: 22")
    assert ("cut-off", "interpretation.yaml", line) in copied.found()


def test_a_key_that_stands_twice_is_found_where_it_stands_again(copy):
    copied = copy("gad-7")
    line = copied.replace("scoring", "quality:", "quality: []\nquality:") + 1
    assert copied.found() == {("format", "scoring.yaml", line)}


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("interpretation", "bands:\n", "bands:\n  spare: 6\n"),
        ("structure", "option_sets:\n", "option_sets:\n  spare: 6\n"),
        ("cases", "- id: all-min", "spare: 6\n# - id: all-min"),
    ],
)
def test_a_list_that_is_none_is_refused(copy, part, old, new):
    copied = copy("gad-7")
    copied.replace(part, old, new)
    assert ("format", f"{part}.yaml") in {(lint, name) for lint, name, _ in copied.found()}


@pytest.mark.parametrize("part", ["structure", "scoring", "interpretation", "wording.kk", "cases"])
def test_a_missing_file_is_found(copy, part):
    copied = copy("gad-7")
    (copied.folder / f"{part}.yaml").unlink()
    assert copied.found() == {("format", f"{part}.yaml", 1)}


def test_everything_wrong_with_several_files_is_said_at_once(copy):
    copied = copy("gad-7")
    copied.replace("structure", "minutes:", "seconds:")
    copied.replace("scoring", "sum_prorated", "magic")
    assert {name for _, name, _ in copied.found()} == {"structure.yaml", "scoring.yaml"}


def test_a_folder_that_is_no_number_is_refused(copy):
    copied = copy("gad-7")
    renamed = copied.folder.rename(copied.folder.with_name("one"))
    (found,) = type(copied)(renamed).check()
    assert found.lint == "format"


def test_two_bands_told_in_the_same_words_are_found(copy):
    copied = copy("parent-attitudes")
    for band in ("some", "strength"):
        key = f'picture.warmth.{band}: "'
        line = copied.replace("wording.ru", key, f'{key}Вы рядом." # "')
    assert ("parity", "wording.ru.yaml", line) in copied.found()
