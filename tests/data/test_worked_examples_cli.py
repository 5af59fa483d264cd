"""Every worked example of reference/instruments.md §7, through the command that people run.

A line: answers in item order ("-" is a blank) | scales, as `name value band` | flags raised.
Answers, totals and bands are the reference's own figures; flags follow its cut-offs at our levels.
PHQ-A's rows end in four answers "no" that are not in the total, APQ-9's in the three on corporal
punishment, all "never", MICS's in the attitude.
"""

import io
import json
import subprocess
import sysconfig
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from tirek.catalog.instruments import load_instrument
from tirek.cli import instruments, main

TIREK = Path(sysconfig.get_path("scripts")) / "tirek"
PSC_17 = """
00000000000000000 | internalising 0 negative, attention 0 negative, externalising 0 negative, total 0 negative |
22222222222222222 | internalising 10 positive, attention 10 positive, externalising 14 positive, total 34 positive | internalisingLow low, attentionLow low, externalisingLow low, totalMedium medium
20200020000020002 | internalising 0 negative, attention 10 positive, externalising 0 negative, total 10 negative | attentionLow low
11111111100000000 | internalising 3 negative, attention 3 negative, externalising 3 negative, total 9 negative |
20200020000020001 | internalising 0 negative, attention 9 positive, externalising 0 negative, total 9 negative | attentionLow low
11--1---000000000 | internalising -, attention -, externalising -, total - | notScored review
00022012020202020 | internalising 0 negative, attention 1 negative, externalising 14 positive, total 15 positive | externalisingLow low, totalMedium medium
01000100101000100 | internalising 5 positive, attention 0 negative, externalising 0 negative, total 5 negative | internalisingLow low
"""  # noqa: E501 - one example, one line
WORKED = {
    "who-5": """
33322 | raw 13, index 52 adequate  |
55555 | raw 25, index 100 adequate |
32332 | raw 13, index 52 adequate  |
21112 | raw 7, index 28 very_low   | indexLow low, indexVeryLow medium
44444 | raw 20, index 80 adequate  |
33333 | raw 15, index 60 adequate  |
43214 | raw 14, index 56 adequate  |
3332- | raw -, index -             | notScored review
""",
    "phq-a": """
000000000 0000 | total 0 minimal, symptoms 0, pattern 0 neither      |
111111111 0000 | total 9 mild, symptoms 1, pattern 0 neither         | selfHarm immediate
222220000 0000 | total 10 moderate, symptoms 5, pattern 2 major      |
333333333 0000 | total 27 severe, symptoms 9, pattern 2 major        | selfHarm immediate, totalHigh high, totalMedium medium
000000001 0000 | total 1 minimal, symptoms 1, pattern 0 neither      | selfHarm immediate
2222---00 0000 | total -, symptoms -, pattern -                      | notScored review
22-2110-0 0000 | total 72/7 moderate, symptoms 3, pattern 1 other    |
022222220 0000 | total 14 moderate, symptoms 7, pattern 2 major      | totalMedium medium
3322100-0 0000 | total 12.375 moderate, symptoms 4, pattern 1 other  | totalMedium medium
332210--0 0000 | total 99/7 moderate, symptoms 4, pattern 1 other    | totalMedium medium
00000000- 0000 | total 0 minimal, symptoms 0, pattern 0 neither      | selfHarmUnanswered review
000000000 001- | total 0 minimal, symptoms 0, pattern 0 neither      | seriousThoughts immediate, attemptEverUnanswered review
000000000 00-1 | total 0 minimal, symptoms 0, pattern 0 neither      | attemptEver immediate, seriousThoughtsUnanswered review
""",  # noqa: E501 - one example, one line
    "gad-7": """
0000000 | total 0 minimal, gad2 0 negative      |
2222222 | total 14 moderate, gad2 4 positive    | totalMedium medium
1111100 | total 5 mild, gad2 2 negative         |
3222110 | total 11 moderate, gad2 5 positive    | totalMedium medium
111111- | total 7 mild, gad2 2 negative         |
0001111 | total 4 minimal, gad2 0 negative      |
1111110 | total 6 mild, gad2 2 negative         |
222111- | total 10.5 moderate, gad2 4 positive  | totalMedium medium
22211-- | total -, gad2 4 positive              | notScored review
""",
    "psc-17-y": PSC_17,
    "psc-17-p": PSC_17,
    "hbsc-bullying": """
1111 | victim 1 no, perpetrator 1 no, cyber_victim 1 no, cyber_perpetrator 1 no     |
3111 | victim 3 yes, perpetrator 1 no, cyber_victim 1 no, cyber_perpetrator 1 no    | victim medium
5131 | victim 5 yes, perpetrator 1 no, cyber_victim 3 yes, cyber_perpetrator 1 no   | victim medium, cyberVictim medium
1142 | victim 1 no, perpetrator 1 no, cyber_victim 4 yes, cyber_perpetrator 2 no    | cyberVictim medium
5555 | victim 5 yes, perpetrator 5 yes, cyber_victim 5 yes, cyber_perpetrator 5 yes | victim medium, perpetrator low, cyberVictim medium, cyberPerpetrator low
5-31 | victim 5 yes, perpetrator -, cyber_victim 3 yes, cyber_perpetrator 1 no      | victim medium, cyberVictim medium, notScored review
""",  # noqa: E501 - one example, one line
    "ebipq": """
00000000000000 | victimisation 0, aggression 0, victim_any 0 no, aggression_any 0 no, role 0 uninvolved |
20000000000000 | victimisation 2, aggression 0, victim_any 1 yes, aggression_any 0 no, role 1 victim    | victim medium
30100001200000 | victimisation 4, aggression 3, victim_any 1 yes, aggression_any 1 yes, role 3 bully_victim | victim medium, aggressor low
44444440000000 | victimisation 28, aggression 0, victim_any 1 yes, aggression_any 0 no, role 1 victim   | victim medium, hitOften medium, threatenedOften medium
01010011101011 | victimisation 3, aggression 5, victim_any 0 no, aggression_any 0 no, role 0 uninvolved |
00000000002000 | victimisation 0, aggression 2, victim_any 0 no, aggression_any 1 yes, role 2 aggressor | aggressor low
""",  # noqa: E501 - one example, one line
    "smfq": """
0000000000000 | total 0 negative  |
2222222222222 | total 26 positive | totalLow low, totalMedium medium
1111111000000 | total 7 negative  |
1010101010101 | total 7 negative  |
1111111100000 | total 8 positive  | totalLow low
22222211000-0 | total -           | notScored review
""",
    "rosenberg": """
3333333333 | total 15 |
3033003003 | total 30 |
2122112112 | total 20 |
""",
    "parental-stress": """
111111111111111111 | total 50 |
333333333333333333 | total 54 |
115511115555555511 | total 90 |
544355453242322144 | total 38 |
55115555111111115- | total -  | notScored review
""",
    "apq-9": """
111111111 111 | positive 3, inconsistent 3, supervision 3 |
521255412 111 | positive 14, inconsistent 6, supervision 7 |
412145511 111 | positive 14, inconsistent 3, supervision 7 |
52125541- 111 | positive 14, inconsistent -, supervision 7 | notScored review
""",
    "mics-discipline": """
00000000000 0 | nonviolent 0 no, psychological 0 no, physical 0 no, severe 0 no, violent 0 no, discipline 0 neither |
11000000000 0 | nonviolent 1 yes, psychological 0 no, physical 0 no, severe 0 no, violent 0 no, discipline 1 only_nonviolent |
11010000000 0 | nonviolent 1 yes, psychological 1 yes, physical 0 no, severe 0 no, violent 1 yes, discipline 3 both |
00010101000 0 | nonviolent 0 no, psychological 1 yes, physical 1 yes, severe 0 no, violent 1 yes, discipline 2 only_violent |
11001000001 0 | nonviolent 1 yes, psychological 0 no, physical 1 yes, severe 1 yes, violent 1 yes, discipline 3 both |
00000001000 0 | nonviolent 0 no, psychological 1 yes, physical 0 no, severe 0 no, violent 1 yes, discipline 2 only_violent |
""",  # noqa: E501 - one example, one line
    "oro": """
0000000000000000000000000000000000000000000000000000000000000 | acceptance_rejection 0, cooperation 0, symbiosis 0, control 0, little_loser 0 |
1010101010101010101010101010101010101010101010101010101010101 | acceptance_rejection 14, cooperation 6, symbiosis 4, control 3, little_loser 5 |
1111111111111111111100000000000000000000000000000000000000000 | acceptance_rejection 10, cooperation 2, symbiosis 3, control 2, little_loser 4 |
0000000000000000000000000000000000000000111111111111111111111 | acceptance_rejection 13, cooperation 0, symbiosis 2, control 4, little_loser 2 |
0010010010010010010010010010010010010010010010010010010010010 | acceptance_rejection 11, cooperation 5, symbiosis 0, control 3, little_loser 2 |
""",  # noqa: E501 - one example, one line
}
EXAMPLES = [
    pytest.param(name, *map(str.strip, line.split("|")), id=f"{name}-{line.split('|')[0].strip()}")
    for name, lines in WORKED.items()
    for line in lines.strip().splitlines()
]
ONE_OF_EACH = [next(e for e in reversed(EXAMPLES) if e.values[0] == name) for name in WORKED]
# Who is 13 is too old for this one.
AGES = {"oro": "7"}
# Reading an instrument tries all its golden cases: once for each is enough in one process.
load_once = cache(load_instrument)
# Too many blanks is the only reason these examples know.
NOTHING = {"value": None, "state": "not_computable", "reason": "too_many_missing", "band": None}


def asked(name, lang="kk", age=None):
    age = age or AGES.get(name, "13")
    words = ("instruments", "score", name, "--answers", "-", "--lang", lang, "--age", age)
    return [*words, "--sex", "f", "--json"]


def written(row):
    codes = row.replace(" ", "")
    return json.dumps({f"q{n}": None if code == "-" else code for n, code in enumerate(codes, 1)})


def expected(scales):
    found = {}
    for cell in scales.split(","):
        name, value, *band = cell.split()
        found[name] = NOTHING if value == "-" else _computed(Fraction(value), *band)
    return found


def _computed(value, band=None):
    return {"value": float(value), "state": "computed", "reason": None, "band": band}


def agrees(out, scales, flags):
    found = json.loads(out)
    told = {name: {key: one[key] for key in NOTHING} for name, one in found["scales"].items()}
    assert told == expected(scales)
    raised = [f"{flag['id']} {flag['level']}" for flag in found["flags"]]
    assert sorted(raised) == sorted(flag.strip() for flag in flags.split(",") if flag)


@pytest.fixture
def run(monkeypatch, capsys):
    def run_command(words, said):
        monkeypatch.setattr(instruments, "load_instrument", load_once)
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        return main(words), *capsys.readouterr()

    return run_command


def tirek(words, said):
    done = subprocess.run(
        [TIREK, *words], input=said, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize(("name", "row", "scales", "flags"), EXAMPLES)
def test_a_worked_example_comes_out_as_in_the_reference(run, name, row, scales, flags, lang):
    code, out, err = run(asked(name, lang), written(row))
    assert (code, err) == (0, "")
    assert json.loads(out)["lang"] == lang
    agrees(out, scales, flags)


@pytest.mark.parametrize(("name", "row", "scales", "flags"), ONE_OF_EACH)
def test_the_installed_command_says_the_same(name, row, scales, flags):
    code, out, err = tirek(asked(name), written(row))
    assert (code, err) == (0, "")
    agrees(out, scales, flags)


WRONG = [
    pytest.param(asked("phq-a"), '{"q1": "4"}', "phq-a q1 has no option '4'.", id="option"),
    pytest.param(asked("phq-a"), '{"q14": "1"}', "phq-a has no item q14.", id="item"),
    pytest.param(asked("phq-a", age="10"), "{}", "phq-a is for ages 11 to 17, not 10.", id="young"),
    pytest.param(asked("who-5", age="18"), "{}", "who-5 is for ages 9 to 17, not 18.", id="old"),
    pytest.param(asked("gad-7", "en"), "{}", "gad-7 has no wording in 'en'.", id="language"),
    pytest.param(asked("gad-7"), '{"q1": ', "The answers cannot be read: ", id="json"),
    pytest.param(asked("phq-9"), "{}", "There is no instrument 'phq-9'.", id="instrument"),
]


@pytest.mark.parametrize(("words", "said", "sentence"), WRONG)
def test_what_cannot_be_scored_is_refused_in_one_sentence(run, words, said, sentence):
    refused(run(words, said), sentence)


@pytest.mark.parametrize(("words", "said", "sentence"), [WRONG[0], WRONG[5]])
def test_the_installed_command_refuses_the_same(words, said, sentence):
    refused(tirek(words, said), sentence)


def refused(told, sentence):
    code, out, err = told
    assert (code, out) == (2, "")
    assert err.startswith(sentence)
    assert (err.count("\n"), err[-2:]) == (1, ".\n")


@pytest.mark.parametrize("name", sorted(WORKED))
def test_no_wrong_answer_is_scored_as_another(run, name):
    for code in ("9", "-1", "00", "0.0", " 0", "\uff11", "yes"):
        refused(run(asked(name), json.dumps({"q1": code})), f"{name} q1 has no option ")
