"""RCADS-25, MICS and ORO: printed rows of reference/instruments.md §7, and what may not be read.

Copied by hand from the tables there; they know nothing of `cases.yaml` or of the norms' files.
"""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from tirek.catalog.instruments import load_instruments
from tirek.domain.flagging import critical_flags, flags_for
from tirek.domain.instruments import Answer, Gate, WordingStatus
from tirek.domain.interpretation import Sex
from tirek.domain.norms import Refusal, RefusalReason, standing
from tirek.domain.scoring import ScaleScore, score

INSTRUMENTS = load_instruments(Path(__file__).resolve().parents[2] / "instruments")
RCADS = ("rcads-25", "rcads-25-p")
DEPRESSION = (1, 4, 8, 10, 13, 15, 16, 19, 21, 24)
ANXIETY = (2, 3, 5, 6, 7, 9, 11, 12, 14, 17, 18, 20, 22, 23, 25)


def sheet(codes):
    """Answers by item number."""
    return {f"q{item}": Answer.read(code) for item, code in codes.items()}


def values(name, answers):
    return {one.scale: one.value for one in score(INSTRUMENTS[name], answers)}


def flags(name, answers):
    instrument = INSTRUMENTS[name]
    found = flags_for(instrument, score(instrument, answers), answers)
    return {flag.id: str(flag.level) for flag in found}


def summing(items, total):
    """Codes 3, 3, ... 0 of some items that add up to the total."""
    codes = {}
    for item in items:
        codes[item] = str(min(3, total))
        total -= int(codes[item])
    assert total == 0
    return codes


def proved(instrument):
    """The instrument as if its wordings were validated and its norms named them."""
    wordings = {
        lang: replace(one, status=WordingStatus.VALIDATED)
        for lang, one in instrument.wordings.items()
    }
    norms = tuple(replace(one, langs=("kk", "ru")) for one in instrument.interpretation.norms)
    rules = replace(instrument.interpretation, norms=norms)
    return replace(instrument, wordings=wordings, interpretation=rules)


def t_of(name, scale, raw, sex, age):
    reached = ScaleScore(scale, Fraction(raw), None, 10)
    return standing(proved(INSTRUMENTS[name]), reached, sex, age, "kk").t_unclipped


# US grade - the ages that stand for it - raw depression and anxiety - printed T of the three.
SELF_REPORT = [
    (Sex.FEMALE, (13, 14), 14, 22, (63.64, 64.89, 66.05)),
    (Sex.FEMALE, (15, 16), 18, 25, (72.56, 75.68, 77.29)),
    (Sex.FEMALE, (11, 12), 20, 30, (73.94, 71.67, 74.27)),
    (Sex.MALE, (8, 9, 10), 15, 15, (60.34, 49.73, 54.41)),
]


@pytest.mark.parametrize(("sex", "ages", "depression", "anxiety", "printed"), SELF_REPORT)
def test_the_printed_t_of_rcads_25(sex, ages, depression, anxiety, printed):
    raws = {"depression": depression, "anxiety": anxiety, "total": depression + anxiety}
    for age in ages:
        found = [t_of("rcads-25", scale, raw, sex, age) for scale, raw in raws.items()]
        assert found == pytest.approx(printed, abs=0.005)


# The depression items are the same ten in 25 and 47, and the parents' norms agree.
@pytest.mark.parametrize(
    ("sex", "age", "raw", "printed"), [(Sex.MALE, 13, 9, 67), (Sex.FEMALE, 16, 10, 69)]
)
def test_the_printed_t_of_the_parents_form(sex, age, raw, printed):
    assert round(t_of("rcads-25-p", "depression", raw, sex, age)) == printed


def test_the_two_forms_have_norms_of_their_own():
    found = [t_of(name, "depression", 12, Sex.FEMALE, 11) for name in RCADS]
    assert found == pytest.approx([57.94, 72.73], abs=0.005)


@pytest.mark.parametrize("name", RCADS)
@pytest.mark.parametrize("scale", ["depression", "anxiety", "total"])
def test_rcads_has_a_norm_for_each_sex_at_every_age(name, scale):
    gate = INSTRUMENTS[name].structure.ages
    for age in range(gate.min, gate.max + 1):
        by_sex = [t_of(name, scale, 5, sex, age) for sex in Sex]
        assert None not in by_sex
        assert by_sex[0] != by_sex[1]


@pytest.mark.parametrize("name", [*RCADS, "oro"])
@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_nothing_is_read_from_a_norm_while_the_wording_is_ours(name, lang):
    instrument = INSTRUMENTS[name]
    scale = instrument.interpretation.norms[0].scale
    reached = ScaleScore(scale, Fraction(5), None, 10)
    found = standing(instrument, reached, Sex.FEMALE, 10, lang)
    assert found == Refusal(RefusalReason.WORKING_WORDING)


def test_a_permission_alone_does_not_make_american_norms_kazakhstans():
    made = proved(INSTRUMENTS["rcads-25"])
    made = replace(made, interpretation=INSTRUMENTS["rcads-25"].interpretation)
    reached = ScaleScore("total", Fraction(5), None, 25)
    assert standing(made, reached, Sex.MALE, 12, "ru") == Refusal(RefusalReason.LANGUAGE)


@pytest.mark.parametrize("name", RCADS)
@pytest.mark.parametrize(
    ("scale", "items", "blanks", "total", "expected"),
    [
        ("depression", DEPRESSION, 1, 13, "14.44"),
        ("depression", DEPRESSION, 2, 13, "16.25"),
        ("anxiety", ANXIETY, 2, 20, "23.08"),
    ],
)
def test_the_printed_prorations(name, scale, items, blanks, total, expected):
    codes = summing(items[: len(items) - blanks], total)
    value = values(name, sheet(codes))[scale]
    assert value == Fraction(total * len(items), len(items) - blanks)
    assert float(value) == pytest.approx(float(expected), abs=0.005)


@pytest.mark.parametrize("name", RCADS)
def test_of_two_rules_for_blanks_the_stricter_holds(name):
    # BornInBradford's rule would prorate 12 of 15 anxiety items with sum 20 to 25.0.
    codes = summing(ANXIETY[:12], 20) | summing(DEPRESSION, 13)
    found = values(name, sheet(codes))
    assert (found["anxiety"], found["depression"], found["total"]) == (None, 13, None)
    assert flags(name, sheet(codes))["notScored"] == "review"


@pytest.mark.parametrize("name", RCADS)
@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("0", {}),
        ("1", {"deathThoughts": "medium"}),
        ("2", {"deathThoughts": "medium", "deathThoughtsOften": "immediate"}),
        ("3", {"deathThoughts": "medium", "deathThoughtsOften": "immediate"}),
    ],
)
def test_thoughts_of_death_act_at_the_answer_whatever_the_sums(name, code, raised):
    quiet = sheet(dict.fromkeys(range(1, 26), "0")) | sheet({18: code})
    assert flags(name, quiet) == raised
    found = critical_flags(INSTRUMENTS[name], "q18", Answer.read(code))
    assert {flag.id: str(flag.level) for flag in found} == raised


@pytest.mark.parametrize("name", RCADS)
def test_the_items_are_a_partition_and_no_score_alone_flags_anybody(name):
    scales = {one.id: one.items for one in INSTRUMENTS[name].scoring.scales}
    assert scales["depression"] == tuple(f"q{item}" for item in DEPRESSION)
    assert scales["anxiety"] == tuple(f"q{item}" for item in ANXIETY)
    assert flags(name, sheet(dict.fromkeys(set(range(1, 26)) - {18}, "3") | {18: "0"})) == {}


@pytest.mark.parametrize("name", [*RCADS, "oro"])
def test_what_nobody_has_allowed_yet_is_not_shown(name):
    assert not INSTRUMENTS[name].structure.licence.may["display"]


# Letters answered yes - only non-violent - psychological - any physical - severe - any violent.
MICS = [
    ("", "no", "no", "no", "no", "no"),
    ("AB", "yes", "no", "no", "no", "no"),
    ("ABD", "no", "yes", "no", "no", "yes"),
    ("DFH", "no", "yes", "yes", "no", "yes"),
    ("ABEK", "no", "no", "yes", "yes", "yes"),
    ("H", "no", "yes", "no", "no", "yes"),
]


@pytest.mark.parametrize(("letters", "only", "psy", "phy", "severe", "violent"), MICS)
def test_mics(letters, only, psy, phy, severe, violent):
    codes = {n: str(int(letter in letters)) for n, letter in enumerate("ABCDEFGHIJK", start=1)}
    found = {one.scale: one.band for one in score(INSTRUMENTS["mics-discipline"], sheet(codes))}
    assert (found["discipline"] == "only_nonviolent") is (only == "yes")
    classes = ("psychological", "physical", "severe", "violent")
    assert tuple(found[name] for name in classes) == (psy, phy, severe, violent)


def test_mics_is_read_for_a_school_and_flags_nobody():
    instrument = INSTRUMENTS["mics-discipline"]
    assert instrument.structure.gate is Gate.SCHOOL_LEVEL_ONLY
    assert flags("mics-discipline", sheet(dict.fromkeys(range(1, 13), "1"))) == {}


ORO = ("acceptance_rejection", "cooperation", "symbiosis", "control", "little_loser")


@pytest.mark.parametrize(
    ("yes", "printed"),
    [
        ((), (0, 0, 0, 0, 0)),
        (range(1, 62, 2), (14, 6, 4, 3, 5)),
        (range(1, 21), (10, 2, 3, 2, 4)),
        (range(41, 62), (13, 0, 2, 4, 2)),
        (range(3, 62, 3), (11, 5, 0, 3, 2)),
    ],
)
def test_oro(yes, printed):
    found = values("oro", sheet({item: str(int(item in yes)) for item in range(1, 62)}))
    assert tuple(found[scale] for scale in ORO) == printed


def test_oro_counts_only_9_and_28_twice():
    keyed = [item for scale in INSTRUMENTS["oro"].scoring.scales for item in scale.items]
    assert {item for item in keyed if keyed.count(item) > 1} == {"q9", "q28"}
    assert {*keyed} == {f"q{item}" for item in range(1, 62)}


@pytest.mark.parametrize(
    ("raw", "percentile"), [(0, 0), (6, 0.63), (9, 31.01), (10, 53.79), (32, 100)]
)
def test_oro_percentiles_count_everybody_at_or_below(raw, percentile):
    reached = ScaleScore("acceptance_rejection", Fraction(raw), None, 32)
    found = standing(proved(INSTRUMENTS["oro"]), reached, None, None, "ru")
    assert (found.percentile, found.t, found.is_cumulative) == (percentile, None, True)


def test_the_norms_of_acceptance_are_steps_of_158_people():
    (table,) = [
        one.percentiles
        for one in INSTRUMENTS["oro"].interpretation.norms
        if one.scale == "acceptance_rejection"
    ]
    steps = [float(after[1] - before[1]) * 1.58 for before, after in pairwise(table.rows)]
    assert all(abs(step - round(step)) < 0.15 for step in steps)


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_oro_has_topics_and_a_warning_but_no_question(lang):
    instrument = INSTRUMENTS["oro"]
    assert not instrument.can_be_asked
    assert "1988" in instrument.banner(lang)
    assert "158" in instrument.banner(lang)
    assert not any(key.endswith(".text") for key in instrument.wording(lang).strings)
    assert instrument.text(lang, "q1.text").startswith("[")


def test_only_oro_lacks_its_questions():
    assert [name for name, one in INSTRUMENTS.items() if not one.can_be_asked] == ["oro"]
