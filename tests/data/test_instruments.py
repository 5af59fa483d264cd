"""The real instruments: every golden case, both languages, and the published worked examples.

The tables below are copied by hand from reference/instruments.md §7 and know nothing of
`cases.yaml`: two people's readings of the same sources, held against one engine.
"""

from fractions import Fraction
from pathlib import Path

import pytest

from tirek.catalog.instrument_files import LANGUAGES, read_files
from tirek.catalog.instruments import folders, load_instruments
from tirek.domain.flagging import critical_flags, flags_for
from tirek.domain.instruments import Answer, ReleaseStatus, WordingStatus
from tirek.domain.interpretation import ItemUnanswered
from tirek.domain.parents import HelpKind
from tirek.domain.scoring import score
from tirek.web.school.words import BAND

ROOT = Path(__file__).resolve().parents[2] / "instruments"
FIRST_SIX = {"who-5", "phq-a", "gad-7", "psc-17-y", "psc-17-p", "hbsc-bullying"}
ABOUT_ONESELF = {"parent-attitudes", "parental-stress", "apq-9"}
ABOUT_THE_CHILD = {"psc-17-p", "rcads-25-p", "mics-discipline", "oro"}
# Read for a whole school only: it flags nobody, and no person's answers are shown to anybody.
SCHOOL_LEVEL = {"mics-discipline"}
INSTRUMENTS = load_instruments(ROOT)
FOLDERS = [pytest.param(path, id=f"{path.parent.name}-{path.name}") for path in folders(ROOT)]
DECLINED = Answer.read("declined")
each_instrument = pytest.mark.parametrize("name", sorted(INSTRUMENTS))


def answers(row):
    """Read one character an item, "-" for a blank; items that follow were never shown."""
    return {
        f"q{number}": Answer.read(None if code == "-" else code)
        for number, code in enumerate(row.replace(",", ""), start=1)
    }


def scores(name, row):
    return {found.scale: found for found in score(INSTRUMENTS[name], answers(row))}


def values(name, row):
    return {scale: found.value for scale, found in scores(name, row).items()}


def flags(name, row):
    sheet = answers(row)
    instrument = INSTRUMENTS[name]
    found = flags_for(instrument, score(instrument, sheet), sheet)
    return {flag.id: str(flag.level) for flag in found}


def test_the_first_six_are_here():
    assert set(INSTRUMENTS) >= FIRST_SIX


def test_parents_have_three_about_themselves():
    assert set(INSTRUMENTS) >= ABOUT_ONESELF


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_golden_case_comes_out_as_its_source_says(folder):
    files, findings = read_files(folder)
    assert findings == []
    # One test for each instrument, not for each of three thousand cases: a failure names its case.
    wrong = [said for case in files.cases for said in case.disagreements(files.instrument)]
    assert wrong == []
    assert files.cases


@each_instrument
def test_an_instrument_is_published_as_a_pilot_that_nobody_has_signed_yet(name):
    folder = ROOT / name / str(INSTRUMENTS[name].major)
    release = read_files(folder)[0].release
    assert release is not None
    assert (release.status, release.signatures) == (ReleaseStatus.PILOT, ())


@each_instrument
def test_kazakh_and_russian_have_the_same_texts(name):
    kazakh, russian = (set(INSTRUMENTS[name].wording(lang).strings) for lang in LANGUAGES)
    assert kazakh == russian


@each_instrument
def test_our_own_wording_never_passes_for_a_validated_one(name):
    found = {wording.status for wording in INSTRUMENTS[name].wordings.values()}
    assert found == {WordingStatus.WORKING}


@each_instrument
def test_every_cut_off_and_every_figure_names_its_source(name):
    rules = INSTRUMENTS[name].interpretation
    for entry in (*rules.flags, *rules.norms, *rules.precision):
        assert len(entry.source) > 10


@each_instrument
def test_every_level_is_left_to_the_methodologists_to_confirm(name):
    for flag in INSTRUMENTS[name].flags:
        if flag.level != "review":
            assert "confirmed by the methodologists" in flag.note


@each_instrument
def test_a_child_and_a_parent_see_no_score(name):
    shown = INSTRUMENTS[name].interpretation.show_to
    if name in SCHOOL_LEVEL:
        assert set(shown.values()) == {"none"}
        return
    about_oneself = name in ABOUT_ONESELF
    assert (shown["child"], shown["parent"]) == (
        ("none", "text_only") if about_oneself else ("text_only", "none")
    )
    assert shown["psychologist"] == ("none" if about_oneself else "full")


@each_instrument
def test_every_band_that_a_psychologist_may_see_has_a_word_of_its_own(name):
    rules = INSTRUMENTS[name].interpretation
    for bands in rules.bands.values() if rules.show_to["psychologist"] == "full" else ():
        said = [str(BAND[band.id]) for band in bands]
        assert len(set(said)) == len(bands)


@each_instrument
def test_nothing_answered_is_reviewed_and_never_scored(name):
    assert set(values(name, "").values()) == {None}
    assert flags(name, "").get("notScored") == (None if name in SCHOOL_LEVEL else "review")


@pytest.mark.parametrize(
    ("name", "ages"),
    [
        ("who-5", (9, 17)),
        ("phq-a", (11, 17)),
        ("gad-7", (12, 17)),
        ("psc-17-y", (11, 17)),
        ("psc-17-p", (4, 17)),
        ("hbsc-bullying", (11, 15)),
        ("parent-attitudes", (3, 17)),
        ("parental-stress", (0, 17)),
        ("apq-9", (6, 17)),
        ("rcads-25", (8, 18)),
        ("rcads-25-p", (8, 18)),
        ("mics-discipline", (1, 14)),
        ("oro", (3, 10)),
        ("ebipq", (11, 18)),
        ("hbsc-teacher-support", (11, 15)),
        ("hbsc-classmate-support", (11, 15)),
        ("kidscreen-10", (8, 18)),
        ("smfq", (8, 17)),
        ("rosenberg", (12, 18)),
    ],
)
def test_the_age_gate(name, ages):
    gate = INSTRUMENTS[name].structure.ages
    assert (gate.min, gate.max) == ages


def test_only_parents_sheets_ask_somebody_else_than_the_child():
    asked = {name: str(found.structure.subject) for name, found in INSTRUMENTS.items()}
    others = {name: subject for name, subject in asked.items() if subject != "child"}
    about_oneself = dict.fromkeys(ABOUT_ONESELF, "parent-about-self")
    about_the_child = dict.fromkeys(ABOUT_THE_CHILD, "parent-about-child")
    assert others == about_the_child | about_oneself


@pytest.mark.parametrize(
    ("row", "raw", "index", "raised"),
    [
        ("33322", 13, 52, {}),
        ("55555", 25, 100, {}),
        ("32332", 13, 52, {}),
        ("21112", 7, 28, {"indexLow": "low", "indexVeryLow": "medium"}),
        ("44444", 20, 80, {}),
        ("33333", 15, 60, {}),
        ("43214", 14, 56, {}),
        ("33222", 12, 48, {"indexLow": "low"}),
        ("22112", 8, 32, {"indexLow": "low"}),
        ("00000", 0, 0, {"indexLow": "low", "indexVeryLow": "medium"}),
    ],
)
def test_who_5(row, raw, index, raised):
    assert values("who-5", row) == {"raw": raw, "index": index}
    assert flags("who-5", row) == raised


def test_who_5_is_not_scored_with_a_blank():
    assert values("who-5", "5555-") == {"raw": None, "index": None}


@pytest.mark.parametrize(
    ("row", "total", "band", "symptoms", "pattern", "item_9"),
    [
        ("000000000", "0", "minimal", 0, 0, False),
        ("111111111", "9", "mild", 1, 0, True),
        ("222220000", "10", "moderate", 5, 2, False),
        ("333333333", "27", "severe", 9, 2, True),
        ("000000001", "1", "minimal", 1, 0, True),
        ("22-2110-0", "72/7", "moderate", 3, 1, False),
        ("022222220", "14", "moderate", 7, 2, False),
    ],
)
def test_phq_a(row, total, band, symptoms, pattern, item_9):
    found = scores("phq-a", row)
    assert (found["total"].value, found["total"].band) == (Fraction(total), band)
    assert (found["symptoms"].value, found["pattern"].value) == (symptoms, pattern)
    assert ("selfHarm" in flags("phq-a", row)) is item_9


def test_phq_a_with_three_blanks_is_not_scored():
    assert set(values("phq-a", "2222---000000").values()) == {None}
    assert flags("phq-a", "2222---000000") == {"notScored": "review"}


@pytest.mark.parametrize(("row", "total"), [("11111222-", "12.375"), ("1111223--", "99/7")])
def test_phq_a_is_prorated_exactly(row, total):
    assert values("phq-a", row)["total"] == Fraction(total)


@pytest.mark.parametrize(
    ("row", "level"),
    [("222220000", None), ("222221000", "medium"), ("222222200", "medium"), ("222222210", "high")],
)
def test_phq_a_levels_of_the_total(row, level):
    raised = flags("phq-a", row)
    assert raised.get("totalHigh", raised.get("totalMedium")) == level


@pytest.mark.parametrize(
    ("row", "flag"),
    [
        ("0000000010000", "selfHarm"),
        ("0000000000010", "seriousThoughts"),
        ("0000000000001", "attemptEver"),
    ],
)
def test_phq_a_critical_items_are_immediate_whatever_the_total(row, flag):
    assert flags("phq-a", row) == {flag: "immediate"}
    assert INSTRUMENTS["phq-a"].is_critical(f"q{row.index('1') + 1}")


@pytest.mark.parametrize(
    ("item", "flag"),
    [
        ("q9", "selfHarmUnanswered"),
        ("q12", "seriousThoughtsUnanswered"),
        ("q13", "attemptEverUnanswered"),
    ],
)
@pytest.mark.parametrize("blank", [None, "skipped", "declined", "unseen"])
def test_phq_a_has_a_person_ask_about_a_blank_critical_item(item, flag, blank):
    sheet = answers("0000000000000") | {item: Answer.read(blank)}
    instrument = INSTRUMENTS["phq-a"]
    (raised,) = flags_for(instrument, score(instrument, sheet), sheet)
    assert (raised.id, raised.level, raised.at) == (flag, "review", "complete")
    assert critical_flags(instrument, item, sheet[item]) == ()


def test_phq_a_lets_its_other_blanks_be():
    assert flags("phq-a", "000000000--00") == {}


@each_instrument
def test_no_critical_item_can_be_left_blank_unseen_by_a_person(name):
    found = INSTRUMENTS[name]
    reviewed = {
        rule.when.item
        for rule in found.flags
        if isinstance(rule.when, ItemUnanswered) and rule.level == "review"
    }
    # What acts at once when it is refused needs no review at the end.
    acting = {item.id for item in found.items if critical_flags(found, item.id, DECLINED)}
    assert reviewed | acting == {item.id for item in found.items if item.critical}


def test_phq_a_leaves_its_last_four_questions_out_of_the_total():
    assert values("phq-a", "0000000001311")["total"] == 0


@pytest.mark.parametrize(
    ("row", "total", "band", "gad2"),
    [
        ("0000000", "0", "minimal", 0),
        ("2222222", "14", "moderate", 4),
        ("1111100", "5", "mild", 2),
        ("3222110", "11", "moderate", 5),
        ("111111-", "7", "mild", 2),
        ("0001111", "4", "minimal", 0),
        ("1111110", "6", "mild", 2),
        ("222111-", "21/2", "moderate", 4),
        ("3333333", "21", "severe", 6),
    ],
)
def test_gad_7(row, total, band, gad2):
    found = scores("gad-7", row)
    assert (found["total"].value, found["total"].band) == (Fraction(total), band)
    assert found["gad2"].value == gad2


@pytest.mark.parametrize(
    ("row", "raised"),
    [
        ("2222200", {}),
        ("3222110", {"totalMedium": "medium"}),
        ("222111-", {"totalMedium": "medium"}),
        ("11111--", {"notScored": "review"}),
    ],
)
def test_gad_7_flags_from_11_as_its_band_does(row, raised):
    assert flags("gad-7", row) == raised


PSC_17 = [
    ("00000000000000000", (0, 0, 0, 0), ""),
    ("22222222222222222", (10, 10, 14, 34), "IAET"),
    ("20200020000020002", (0, 10, 0, 10), "A"),
    ("11111111100000000", (3, 3, 3, 9), ""),
    ("20200020000020001", (0, 9, 0, 9), "A"),
    ("00022012020202020", (0, 1, 14, 15), "ET"),
    ("01000100101000100", (5, 0, 0, 5), "I"),
]
PSC_SCALES = ("internalising", "attention", "externalising", "total")
PSC_FLAGS = {
    "I": ("internalisingLow", "low"),
    "A": ("attentionLow", "low"),
    "E": ("externalisingLow", "low"),
    "T": ("totalMedium", "medium"),
}


@pytest.mark.parametrize("name", ["psc-17-y", "psc-17-p"])
@pytest.mark.parametrize(("row", "expected", "positive"), PSC_17)
def test_psc_17(name, row, expected, positive):
    found = values(name, row)
    assert tuple(found[scale] for scale in PSC_SCALES) == expected
    assert flags(name, row) == dict(PSC_FLAGS[letter] for letter in positive)


@pytest.mark.parametrize("name", ["psc-17-y", "psc-17-p"])
def test_psc_17_counts_up_to_three_blanks_as_zero_and_refuses_four(name):
    assert values(name, "---22222222222222") == dict(zip(PSC_SCALES, (8, 6, 14, 28), strict=True))
    assert set(values(name, "----2222222222222").values()) == {None}
    assert set(values(name, "11--1---000000000").values()) == {None}
    assert flags(name, "----2222222222222") == {"notScored": "review"}


@pytest.mark.parametrize(
    ("row", "yes"),
    [
        ("1,1,1,1", ()),
        ("3,1,1,1", ("victim",)),
        ("5,1,3,1", ("victim", "cyber_victim")),
        ("1,1,4,2", ("cyber_victim",)),
        ("5,5,5,5", ("victim", "perpetrator", "cyber_victim", "cyber_perpetrator")),
        ("2,2,2,2", ()),
    ],
)
def test_hbsc_bullying(row, yes):
    found = scores("hbsc-bullying", row)
    assert {scale for scale, one in found.items() if one.band == "yes"} == set(yes)
    assert [one.value for one in found.values()] == [int(code) for code in row.split(",")]
    levels = sorted(flags("hbsc-bullying", row).values())
    assert levels == sorted("medium" if "victim" in scale else "low" for scale in yes)


def test_hbsc_bullying_scores_each_question_alone():
    found = values("hbsc-bullying", "3-11")
    assert (found["victim"], found["perpetrator"]) == (3, None)
    raised = sorted(flags("hbsc-bullying", "3-11").values())
    assert raised == ["medium", "review"]


SUPPORT = ["hbsc-teacher-support", "hbsc-classmate-support"]


@pytest.mark.parametrize("name", SUPPORT)
@pytest.mark.parametrize(("row", "total"), [("444", 12), ("000", 0), ("013", 4), ("44-", None)])
def test_hbsc_support_is_a_sum_without_a_cut_off(name, row, total):
    assert values(name, row) == {"support": total}
    assert flags(name, row) == ({} if total is not None else {"notScored": "review"})


@pytest.mark.parametrize(
    ("row", "total"),
    [
        ("5511555555", 50),
        ("1155111111", 10),
        ("3333333333", 30),
        ("4523434514", 37),
        ("555155555-", None),
    ],
)
def test_kidscreen_10_is_a_raw_sum_with_two_items_reversed(row, total):
    assert values("kidscreen-10", row) == {"raw": total}


@pytest.mark.parametrize("name", [*SUPPORT, "kidscreen-10", "rosenberg"])
def test_what_has_no_valid_cut_off_has_no_band_and_flags_no_score(name):
    rules = INSTRUMENTS[name].interpretation
    assert [flag.id for flag in rules.flags] == ["notScored"]
    assert not any(rules.bands.values())


@pytest.mark.parametrize(
    ("row", "raised"),
    [
        ("4" + "0" * 13, {"hitOften", "victim"}),
        ("0" * 3 + "4" + "0" * 10, {"threatenedOften", "victim"}),
        ("0" * 7 + "4" + "0" * 6, {"hitsOthersOften", "aggressor"}),
        ("0" * 10 + "4" + "0" * 3, {"threatensOthersOften", "aggressor"}),
        ("0" * 4 + "4" + "0" * 9, {"victim"}),
        ("3" * 14, {"victim", "aggressor"}),
    ],
)
def test_ebipq_asks_for_a_safety_check_at_blows_and_threats_more_than_weekly(row, raised):
    assert set(flags("ebipq", row)) == raised


@pytest.mark.parametrize(
    ("row", "role"),
    [
        ("2-----0 0000000", 1),
        ("111111- 0000000", None),
        ("2000000 000000-", None),
        ("-2----- ----2--", 3),
    ],
)
def test_ebipq_roles_are_not_guessed_at_past_a_blank(row, role):
    assert values("ebipq", row.replace(" ", ""))["role"] == role


PARENTING = ("warmth", "cooperation", "autonomy", "structure", "confidence")
# Sentences that tell of a hard moment: warmth 6 and 16, cooperation 12 and 22, and so on.
HARD_MOMENTS = (6, 8, 10, 12, 14, 16, 19, 20, 22, 23)
AT_BEST = "".join("0" if number in HARD_MOMENTS else "4" for number in range(1, 26))
AT_WORST = "".join("4" if number in HARD_MOMENTS else "0" for number in range(1, 26))


@pytest.mark.parametrize(
    ("row", "value", "band"),
    [
        (AT_BEST, 20, "strength"),
        (AT_WORST, 0, "needs_support"),
        ("2" * 25, 10, "some"),
        ("3" * 25, 11, "some"),
        ("1" * 25, 9, "needs_support"),
    ],
)
def test_parent_attitudes_chooses_lessons_and_flags_no_low_scale(row, value, band):
    found = scores("parent-attitudes", f"{row}00")
    assert {(found[scale].value, found[scale].band) for scale in PARENTING} == {(value, band)}
    assert flags("parent-attitudes", f"{row}00") == {}


@pytest.mark.parametrize("scale", PARENTING)
def test_parent_attitudes_cuts_where_the_answers_words_do(scale):
    bands = INSTRUMENTS["parent-attitudes"].interpretation.bands[scale]
    assert [(band.id, band.le) for band in bands] == [
        ("needs_support", 9),
        ("some", 14),
        ("strength", 20),
    ]


def test_parent_attitudes_bears_one_blank_a_scale():
    assert values("parent-attitudes", f"-{AT_BEST[1:]}00")["warmth"] == 20
    found = values("parent-attitudes", f"-{AT_BEST[1:5]}-{AT_BEST[6:]}00")
    assert (found["warmth"], found["cooperation"]) == (None, 20)


@pytest.mark.parametrize("row", [AT_BEST, AT_WORST])
@pytest.mark.parametrize(
    ("said", "raised"),
    [
        ("10", {"ownDanger": "high"}),
        ("01", {"homeDanger": "immediate"}),
        ("11", {"ownDanger": "high", "homeDanger": "immediate"}),
        ("-0", {"ownDangerUnanswered": "review"}),
        ("0-", {"homeDangerUnanswered": "review"}),
    ],
)
def test_parent_attitudes_leads_danger_to_a_person_whatever_the_scales(row, said, raised):
    assert flags("parent-attitudes", row + said) == raised


@pytest.mark.parametrize(
    ("name", "item", "kind"),
    [
        ("parent-attitudes", "q26", HelpKind.OWN_DANGER),
        ("parent-attitudes", "q27", HelpKind.HOME_DANGER),
        ("apq-9", "q11", HelpKind.OWN_DANGER),
        ("apq-9", "q12", HelpKind.OWN_DANGER),
    ],
)
def test_a_parents_danger_is_called_as_the_call_for_a_person_is(name, item, kind):
    assert INSTRUMENTS[name].item(item).critical == kind


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_parent_reads_for_a_scale_holds_no_figure(lang):
    strings = INSTRUMENTS["parent-attitudes"].wording(lang).strings
    told = {key: text for key, text in strings.items() if key.startswith("picture.")}
    assert len(told) == 3 * len(PARENTING)
    assert not any(letter.isdigit() for text in told.values() for letter in text)


@pytest.mark.parametrize("name", ["parental-stress", "apq-9", "ebipq", "smfq", "rosenberg"])
def test_what_no_author_has_allowed_yet_is_not_shown(name):
    assert not INSTRUMENTS[name].structure.licence.may["display"]


@pytest.mark.parametrize(
    ("row", "total"),
    [
        ("111111111111111111", 50),
        ("333333333333333333", 54),
        ("115511115555555511", 90),
        ("544355453242322144", 38),
        ("55115555111111115-", None),
    ],
)
def test_parental_stress(row, total):
    assert values("parental-stress", row) == {"total": total}
    assert flags("parental-stress", row) == ({} if total else {"notScored": "review"})


@pytest.mark.parametrize(
    ("row", "positive", "inconsistent", "supervision"),
    [
        ("111111111", 3, 3, 3),
        ("521255412", 14, 6, 7),
        ("412145511", 14, 3, 7),
        ("52125541-", 14, None, 7),
    ],
)
def test_apq_9(row, positive, inconsistent, supervision):
    assert values("apq-9", f"{row}111") == {
        "positive": positive,
        "inconsistent": inconsistent,
        "supervision": supervision,
    }


def test_apq_9_adds_no_blows_up():
    found = INSTRUMENTS["apq-9"]
    assert [item.id for item in found.items if not item.is_scored] == ["q10", "q11", "q12"]
    assert values("apq-9", "111111111111") == values("apq-9", "111111111555")


@pytest.mark.parametrize(
    ("last", "raised"),
    [
        ("111", {}),
        ("511", {}),
        ("121", {"headHit": "high"}),
        ("112", {"objectHit": "high"}),
    ],
)
def test_apq_9_leads_blows_to_a_person_from_the_first_one(last, raised):
    assert flags("apq-9", f"511111511{last}") == raised
