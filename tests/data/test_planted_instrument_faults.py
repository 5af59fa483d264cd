# ruff: noqa: E501 - one fault a line
"""Each fault that would make a score silently wrong, planted alone in a copy of a real instrument, is found.

By the command that authors and CI run, with the file, the line and one sentence. Every copy is an
unpublished draft, so that the hashes of the release cannot do the work of the lints; only the
faults of a release are planted beside it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest

from tests.finding_words import without_words
from tirek.cli import main

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"
FOUND = re.compile(r"(.+?):(\d+): \[([a-z-]+)\] (.+)")

Change = Callable[[str], str]


@dataclass(frozen=True)
class Fault:
    """What is done to one file of an instrument, and where and as what it must be found."""

    name: str
    file: str
    change: Change
    lint: str
    # Words on the line that must be named.
    at: str
    # Where it is found, if that is another file of the instrument.
    found_in: str | None = None
    # The rule that a golden case must point at, as words on its line.
    rule: str | None = None
    is_published: bool = False

    @property
    def instrument(self) -> str:
        """The instrument whose copy is damaged."""
        return self.file.split("/")[0]

    @property
    def part(self) -> str:
        """The part that is damaged."""
        return self.file.split("/")[1]


def put(*pairs: tuple[str, str]) -> Change:
    """Each `new` where its `old` stands first."""

    def change(text: str) -> str:
        for old, new in pairs:
            assert old in text, f"{old!r} is not there: the fault must be planted, not missed"
            text = text.replace(old, new, 1)
        return text

    return change


def every(old: str, new: str) -> Change:
    """`new` wherever `old` stands."""

    def change(text: str) -> str:
        assert old in text, f"{old!r} is not there: the fault must be planted, not missed"
        return text.replace(old, new)

    return change


def cut(start: str, end: str) -> Change:
    """Without what stands from `start` to just before the next `end`."""

    def change(text: str) -> str:
        first = text.index(start)
        return text[:first] + text[text.index(end, first + len(start)) :]

    return change


def string(key: str, new: str) -> Change:
    """Another text under one key of a wording."""

    def change(text: str) -> str:
        changed, found = re.subn(rf'(?m)^  {re.escape(key)}: ".*"$', f'  {key}: "{new}"', text)
        assert found == 1, key
        return changed

    return change


def within(key: str, old: str, new: str) -> Change:
    """`new` for `old` inside the text of one key of a wording."""

    def change(text: str) -> str:
        (line,) = re.findall(rf'(?m)^  {re.escape(key)}: ".*"$', text)
        assert old in line, (key, old)
        return text.replace(line, line.replace(old, new, 1), 1)

    return change


def case_gone(text: str, value: str) -> str:
    """Without the golden cases in which the total is this value."""
    kept = [c for c in re.split(r"(?m)^(?=- id: )", text) if f"total: {{value: {value}," not in c]
    return "".join(kept)


def exchanged(key: str, other: str) -> Change:
    """The texts of two keys in each other's place."""

    def change(text: str) -> str:
        first, second = (
            re.findall(rf'(?m)^  {re.escape(one)}: (".*")$', text)[0] for one in (key, other)
        )
        head = text.replace(f"  {key}: {first}", f"  {key}: {second}", 1)
        return head.replace(f"  {other}: {second}", f"  {other}: {first}", 1)

    return change


def misread(key: str) -> Change:
    """One text as it looks when its UTF-8 was opened as Latin-1 and saved."""

    def change(text: str) -> str:
        (line,) = re.findall(rf'(?m)^  {re.escape(key)}: "(.*)"$', text)
        return text.replace(line, line.encode().decode("latin-1"), 1)

    return change


def hashes_of(part: str, old: str, new: str) -> Change:
    """Another sha256 for one part under `parts`, while `history` keeps the true one."""

    def change(text: str) -> str:
        head, history = text.split("history:\n")
        (line,) = re.findall(rf"(?m)^.*part: {part},.*$", head)
        assert old in line
        return head.replace(line, line.replace(old, new, 1)) + "history:\n" + history

    return change


ITEM_9 = "{id: q9, type: single, options: days, required: soft, worse: high, critical: selfHarm}"
EBIPQ_V, EBIPQ_A = "[q1, q2, q3, q4, q5, q6, q7]", "[q8, q9, q10, q11, q12, q13, q14]"
A_NORM = 'norms:\n  - {id: x, scale: %s, population: "pupils", lang: [kk], year: 2020, n: 500, sex: null, mean: %s, sd: 4, source: "Author 2020, table 1", confidence: S, status: imported}'

FAULTS = [
    # The key.
    Fault("two items swapped between scales", "psc-17-y/scoring", put(("[q2, q6,", "[q4, q6,"), ("[q4, q5,", "[q2, q5,")), "case", "- id: one-hot-q2-1", "cases", "- id: internalising"),
    Fault("two items swapped between what was done to a child and by it", "ebipq/scoring", put((EBIPQ_V, EBIPQ_V.replace("q7", "q14")), (EBIPQ_A, EBIPQ_A.replace("q14", "q7"))), "case", "- id: one-hot-q7-1", "cases", "- id: victimisation"),
    Fault("a reversed item lost", "kidscreen-10/scoring", put(("reverse: [q3, q4]", "reverse: [q3]")), "sign", "items: [q1,"),
    Fault("all reversed items lost", "rosenberg/scoring", put(("reverse: [q2, q5, q6, q8, q9]", "reverse: []")), "case", "- id: worked-3033003003", "cases", "- id: total"),
    Fault("the reversed items of another form's order", "rosenberg/scoring", put(("reverse: [q2, q5, q6, q8, q9]", "reverse: [q3, q5, q8, q9, q10]")), "case", "- id: worked-2122112112", "cases", "- id: total"),
    Fault("a plain item reversed", "gad-7/scoring", put(("reverse: []", "reverse: [q4]")), "sign", "reverse: [q4]"),
    Fault("an item in no scale", "psc-17-y/scoring", put(("q13, q17]", "q13]")), "one-scale", "scales:"),
    Fault("an item in two scales", "psc-17-y/scoring", put(("[q1, q3, q7", "[q1, q2, q3, q7")), "one-scale", "[q1, q2, q3"),
    Fault("an item twice in one scale", "smfq/scoring", put(("q12, q13]", "q12, q12]")), "one-scale", "q12, q12]"),
    Fault("an item of no form", "hbsc-teacher-support/scoring", put(("[q1, q2, q3]", "[q1, q2, q4]")), "names", "[q1, q2, q4]"),
    Fault("the worse end of an unscored item flipped", "phq-a/structure", put(("{id: q10, type: single, options: yesno, required: soft, worse: high", "{id: q10, type: single, options: yesno, required: soft, worse: low")), "sign", "{id: q10,"),
    Fault("a range of another coding", "rosenberg/scoring", put(("range: [0, 30]", "range: [10, 40]")), "range", "range: [10, 40]"),
    Fault("a step that skips values", "smfq/scoring", put(("step: 1", "step: 2")), "range", "step: 2"),
    Fault("an option's weight changed", "phq-a/structure", put(('{code: "2", weight: 2}', '{code: "2", weight: 3}')), "weight", "weight: 3"),
    Fault("options and weights of another printing", "smfq/structure", put(('{code: "0", weight: 0}', '{code: "0", weight: 2}'), ('{code: "2", weight: 2}', '{code: "2", weight: 0}')), "weight", 'code: "0", weight: 2'),
    Fault("an any-item threshold one too high", "ebipq/scoring", put(("q5: 2", "q5: 3")), "case", "- id: one-hot-q5-2", "cases", "- id: victim_any"),
    Fault("roles read the wrong way round", "ebipq/scoring", put(("from: victim_any", "from: aggression_any"), ("beside: aggression_any", "beside: victim_any")), "case", "- id: worked-20000000000000", "cases", "- id: role"),
    Fault("a symptom's own threshold lost", "phq-a/scoring", put(("q9: 1}", "q9: 2}")), "case", "- id: one-hot-q9-1", "cases", "- id: symptoms"),
    Fault("an index of another multiple", "who-5/scoring", put(("factor: 4", "factor: 5")), "range", "range: [0, 100]"),
    # Blanks.
    Fault("a blank counted as zero", "smfq/scoring", put(("max: 0, blank_as: none", "max: 1, blank_as: zero")), "case", "- id: one-blank-q1-skipped", "cases", "- id: total"),
    Fault("a blank silently left out of a sum", "gad-7/scoring", put(("max: 0, blank_as: none", "max: 1, blank_as: none")), "format", "max: 1, blank_as: none"),
    Fault("a rule for blanks looser than the source", "phq-a/scoring", put(("max: 2, blank_as: prorate", "max: 3, blank_as: prorate")), "case", "- id: worked-2222xxx00", "cases", "- id: total"),
    Fault("a rule for blanks stricter than the source", "psc-17-y/scoring", every("max: 3", "max: 2"), "golden", "# Golden", "cases"),
    Fault("a blank that answers an any-item rule with no", "ebipq/scoring", put(("max: 6, blank_as: none", "max: 6, blank_as: zero")), "format", "blank_as: zero"),
    Fault("a rule for blanks that needs no answer", "ebipq/scoring", put(("max: 6", "max: 7")), "blanks", "max: 7"),
    Fault("a scored item that is never asked again", "smfq/structure", put(("{id: q4, type: single, options: fit, required: soft", "{id: q4, type: single, options: fit, required: never")), "blank", "{id: q4,"),
    Fault("rounding of the score itself", "phq-a/scoring", put(("round: none, band_round", "round: half_up, band_round")), "case", "- id: worked-22x2110x0", "cases", "- id: total"),
    # Bands, cut-offs, flags.
    Fault("a hole between bands", "gad-7/interpretation", put(("{id: moderate, le: 14}", "{id: moderate, le: 9}")), "bands", "id: moderate"),
    Fault("a hole above the last band", "phq-a/interpretation", put(("{id: severe, le: 27}", "{id: severe, le: 26}")), "bands", "id: severe"),
    Fault("a band's edge moved by one", "gad-7/interpretation", put(("{id: mild, le: 9}", "{id: mild, le: 10}")), "case", "- id: total-10", "cases", "- id: total"),
    Fault("a strict cut-off instead of an inclusive one", "smfq/interpretation", put(("ge: 12}", "ge: 13}")), "case", "- id: ones-12", "cases", "- id: totalMedium"),
    Fault("a cut-off the wrong way round", "who-5/interpretation", put(("{scale: index, le: 28}", "{scale: index, ge: 28}")), "case", "- id: all-min", "cases", "- id: indexVeryLow"),
    Fault("a strict comparison", "smfq/interpretation", put(("ge: 12}", "gt: 11}")), "format", "gt: 11}"),
    Fault("a flag that nobody can reach", "gad-7/interpretation", put(("ge: 11}", "ge: 22}")), "cut-off", "- id: totalMedium"),
    Fault("a critical item without a flag", "phq-a/interpretation", cut("  - id: seriousThoughts\n", "  - id: attemptEver\n"), "names", "{id: q12,", "structure"),
    Fault("an item that acts and is not declared critical", "phq-a/structure", put((ITEM_9, ITEM_9.replace(", critical: selfHarm", ""))), "names", "{id: q9,"),
    Fault("a critical flag at the end instead of at the answer", "ebipq/interpretation", put(("at: answer", "at: complete")), "names", "{id: q1,", "structure"),
    Fault("a critical item that may stay blank unseen", "ebipq/interpretation", put(("{item: q11, is: unanswered}", "{item: q12, is: unanswered}")), "blank", "{id: q11,", "structure"),
    Fault("a critical flag from another answer on", "ebipq/interpretation", put(("{item: q4, ge: 4}", "{item: q4, ge: 3}")), "case", "- id: critical-alone-abandoned-q4-3", "cases", "- id: threatenedOften"),
    Fault("a level that does not exist", "ebipq/interpretation", put(("level: medium", "level: urgent")), "format", "level: urgent"),
    Fault("a flag on a scale that does not exist", "hbsc-bullying/interpretation", put(("{scale: perpetrator,", "{scale: offender,")), "names", "{scale: offender,"),
    # Norms.
    Fault("a percentile that falls while the score rises", "oro/interpretation", put(("raw: 12, percentile: 77.21", "raw: 12, percentile: 67.21")), "norms", "raw: 12,"),
    Fault("a row missing in a table of norms", "oro/interpretation", put(("        - {raw: 12, percentile: 77.21}\n", "")), "norms", "rows:"),
    Fault("a norm for a scale that does not exist", "smfq/interpretation", put(("norms: []", A_NORM % ("sum", 5))), "names", "scale: sum"),
    Fault("a norm whose mean is no score", "smfq/interpretation", put(("norms: []", A_NORM % ("total", 50))), "norms", "mean: 50"),
    Fault("a reliability in per cent", "who-5/interpretation", put(("reliability: 0.80", "reliability: 80")), "norms", "reliability: 80"),
    # Words.
    Fault("Latin i in Kazakh", "gad-7/wording.kk", within("q3.text", "Біресе", "Бiресе"), "alphabet", "q3.text"),
    Fault("Latin h in Kazakh", "kidscreen-10/wording.kk", string("title", "Жaһан, hәм апта"), "alphabet", "title"),
    Fault("a Kazakh letter in Russian", "smfq/wording.ru", within("q3.text", "такая", "такаі"), "alphabet", "q3.text"),
    Fault("mojibake in Latin-1", "rosenberg/wording.ru", misread("q3.text"), "format", "q3.text"),
    Fault("mojibake in Windows-1251", "rosenberg/wording.ru", lambda text: text.replace("В целом", "В целом".encode().decode("cp1251"), 1), "alphabet", "q1.text"),
    Fault("Russian in the Kazakh place", "smfq/wording.kk", string("q10.text", "Мне было одиноко."), "parity", "q10.text"),
    Fault("two options exchanged in Kazakh", "psc-17-y/wording.kk", exchanged("often.0", "often.1"), "order", "often.1"),
    Fault("two options exchanged in Russian", "gad-7/wording.ru", exchanged("days.1", "days.2"), "order", "days.2"),
    Fault("options the other way round in one language", "rosenberg/wording.kk", lambda text: exchanged("fit.1", "fit.2")(exchanged("fit.0", "fit.3")(text)), "order", "fit.0"),
    Fault("yes and no exchanged in one language", "asq/wording.ru", exchanged("yesno.0", "yesno.1"), "order", "yesno.0"),
    Fault("an empty text", "smfq/wording.kk", string("q10.text", " "), "parity", "q10.text"),
    Fault("two items with one text", "smfq/wording.ru", string("q10.text", "Меня ничего не радовало."), "parity", "q10.text"),
    Fault("two scales with one name", "ebipq/wording.kk", string("scale.aggression", "Әлімжеттік көру: қосынды (0–28)"), "parity", "scale.aggression"),
    Fault("an option without words", "kidscreen-10/wording.ru", lambda text: re.sub(r"  often\.3: .*\n", "", text), "parity", "strings:"),
    Fault("a band's words missing in a language", "parent-attitudes/wording.ru", lambda text: re.sub(r"  picture\.warmth\.some: .*\n", "", text), "parity", "strings:"),
    Fault("another cut-off told in one language", "smfq/wording.kk", within("flag.totalMedium", "12", "13"), "numbers", "flag.totalMedium"),
    Fault("another range told in one language", "rosenberg/wording.ru", within("scale.total", "0–30", "10–40"), "numbers", "scale.total"),
    Fault("a wording for another structure", "rosenberg/wording.kk", put(('structure: "^1.0.0"', 'structure: "^2.0.0"')), "parts", "structure: "),
    Fault("a wording of another instrument", "hbsc-teacher-support/wording.kk", put(("instrument: hbsc-teacher-support", "instrument: hbsc-classmate-support")), "parts", "instrument: "),
    Fault("our own words called the holder's", "smfq/wording.kk", put(("status: working", "status: authorised")), "evidence", "approvers: "),
    # The form.
    Fault("a key that stands twice", "smfq/scoring", put(("    method: sum\n", "    method: sum\n    method: mean\n")), "format", "method: mean"),
    Fault("a code used for two options", "kidscreen-10/structure", put(('{code: "3", weight: 3}', '{code: "2", weight: 3}')), "ids", 'code: "2", weight: 3'),
    Fault("items out of order", "ebipq/structure", put(("{id: q2,", "{id: q3,"), ("{id: q3, type: single, options: times, required: soft, worse: high}\n  - {id: q4", "{id: q2, type: single, options: times, required: soft, worse: high}\n  - {id: q4")), "ids", "{id: q3,"),
    Fault("an age gate that lets nobody in", "smfq/structure", put(("{min: 8, max: 17}", "{min: 17, max: 8}")), "parts", "ages: "),
    Fault("a licence without a holder", "ebipq/structure", lambda text: re.sub(r"  holder: .*", '  holder: ""', text), "format", "  holder: "),
    Fault("a licence that does not say what is allowed", "ebipq/structure", put(("display: false, ", "")), "format", "may: "),
    Fault("an item that waits for a later one", "asq/structure", put(("  - {id: q4, type: single, options: yesno, required: soft, worse: high, critical: selfHarm}", "  - {id: q4, type: single, options: yesno, required: soft, worse: high, critical: selfHarm, show_if: {any: [{item: q5, ge: 1}]}}")), "show-if", "{id: q4,"),
    Fault("an age gate a year too wide", "rosenberg/structure", put(("{min: 12, max: 18}", "{min: 11, max: 18}")), "golden", "ages: "),
    Fault("a critical item that is never asked again", "ebipq/structure", put(("required: soft, worse: high, critical: beingHurt", "required: never, worse: high, critical: beingHurt")), "blank", "{id: q1,"),
    # Golden cases.
    Fault("no case on the lower side of a cut-off", "smfq/cases", lambda text: case_gone(text, "11"), "cut-off", "- id: totalMedium", "interpretation"),
    Fault("no case at a cut-off", "smfq/cases", lambda text: case_gone(text, "8"), "cut-off", "- id: totalLow", "interpretation"),
    Fault("no case of a critical item alone in an abandoned run", "ebipq/cases", cut("- id: critical-alone-abandoned-q4-4\n", "- id: critical-alone-sent-q4"), "golden", "# Golden"),
    Fault("a case with an unknown option", "smfq/cases", put(('q1: "2"', 'q1: "3"')), "names", 'q1: "3"'),
    Fault("a case that expects what the key does not give", "smfq/cases", put(("total: {value: 26,", "total: {value: 25,")), "case", "- id: worked-2222222222222", None, "- id: total"),
    Fault("a case that leaves a scale unsaid", "ebipq/cases", lambda text: re.sub(r"      role: .*\n", "", text, count=1), "golden", "- id: worked-00000000000000"),
    # Releases.
    Fault("a released part edited", "smfq/interpretation", put(("level: low", "level: medium")), "release", "part: interpretation", "release", is_published=True),
    Fault("a new version that was not published", "smfq/scoring", put(('version: "1.0.0"', 'version: "1.0.1"')), "release", "part: scoring", "release", is_published=True),
    Fault("a manifest mended by hand, the version not raised", "smfq/release", hashes_of("scoring", 'sha256: "', 'sha256: "0'), "release", "part: scoring", is_published=True),
    Fault("an approved release that one person signed", "smfq/release", put(("status: pilot", "status: approved"), ("signatures: []", 'signatures: [{by: "A", date: "2026-11-22"}]')), "format", "status: approved", is_published=True),
]  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of instruments/, once: each test takes its fault out again."""
    return copytree(INSTRUMENTS, tmp_path_factory.mktemp("planted") / "instruments")


@pytest.fixture
def planted(copy: Path) -> Iterator[Callable[[Fault], Path]]:
    """Plants one fault, and takes it out at the end; returns the instrument's folder."""
    before: dict[Path, bytes] = {}

    def plant(fault: Fault) -> Path:
        folder = copy / fault.instrument / "1"
        before.update({path: path.read_bytes() for path in folder.iterdir()})
        if not fault.is_published:
            (folder / "release.yaml").unlink(missing_ok=True)
        path = folder / f"{fault.part}.yaml"
        text = path.read_text(encoding="utf-8")
        changed = fault.change(text)
        assert changed != text, "the fault must be planted, not missed"
        path.write_text(changed, encoding="utf-8")
        return folder

    yield plant
    for path, content in before.items():
        path.write_bytes(content)


def found(
    root: Path, instrument: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[tuple[str, ...]]]:
    code = main(["instruments", "lint", instrument, "--root", str(root)])
    lines = capsys.readouterr().out.splitlines()
    matched = [FOUND.fullmatch(line) for line in lines]
    assert all(matched), lines
    assert without_words(match[4] for match in matched if match) == []
    return code, [match.groups() for match in matched if match]


def line(folder: Path, part: str, number: str) -> str:
    return (folder / f"{part}.yaml").read_text(encoding="utf-8").split("\n")[int(number) - 1]


def test_more_than_enough_faults_are_planted() -> None:
    assert len(FAULTS) >= 30
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("instrument", sorted({fault.instrument for fault in FAULTS}))
def test_a_copy_has_no_fault_before(
    copy: Path, instrument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(copy, instrument, capsys) == (0, [])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found_at_its_line(
    planted: Callable[[Fault], Path], fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = planted(fault)

    code, findings = found(folder.parents[1], fault.instrument, capsys)

    part = fault.found_in or fault.part
    place = f"/{fault.instrument}/1/{part}.yaml"
    ours = [one for one in findings if one[0].endswith(place) and one[2] == fault.lint]
    assert code == 1
    named = [one for one in ours if fault.at in line(folder, part, one[1])]
    assert named, findings[:10]
    for _path, _number, _lint, reason in named:
        assert not re.search(r"[.!?] \S", reason), "one sentence"
    assert fault.rule is None or any(fault.rule in _rule(folder, one[3]) for one in named), named


def _rule(folder: Path, reason: str) -> str:
    """The line of the rule that a golden case points at."""
    pointed = re.search(r"\((scoring|interpretation)\.yaml:(\d+)\)$", reason)
    assert pointed, reason
    return line(folder, pointed.group(1), pointed.group(2))
