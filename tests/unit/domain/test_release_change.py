"""Which step of its version a part must take is decided by its content."""

from collections.abc import Mapping
from pathlib import Path
from time import process_time

import pytest

from tirek.catalog.draft_files import published_files, read_draft
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.release_change import (
    PartChange,
    ReleaseChange,
    Step,
    release_change,
    step_between,
)

ROOT = Path(__file__).parents[3] / "instruments"
PHQ = published_files(ROOT, "phq-a")


def _read(
    files: Mapping[str, str], instrument_id: str = "phq-a", major: int = 1
) -> InstrumentFiles:
    reading = read_draft(instrument_id, major, files)
    assert reading.files is not None, reading.findings
    return reading.files


def _edited(name: str, *edits: tuple[str, str], version: str = "1.0.1") -> dict[str, str]:
    text = PHQ[name].replace('version: "1.0.0"', f'version: "{version}"', 1)
    for before, after in edits:
        assert text.count(before) >= 1, before
        text = text.replace(before, after, 1)
    return {**PHQ, name: text}


def _change(files: Mapping[str, str]) -> ReleaseChange:
    old, new = _read(PHQ), _read(files)
    golden = [case.answers for one in (old, new) for case in one.cases]
    return release_change(old.instrument, new.instrument, golden)


def _part(files: Mapping[str, str]) -> PartChange:
    change = _change(files)
    assert len(change.parts) == 1
    return change.parts[0]


def test_the_same_files_change_nothing():
    change = _change(PHQ)
    assert change.parts == ()
    assert not change.is_refused
    assert not change.moves_flags


STRUCTURE = [
    ((("minutes: 4", "minutes: 5"),), Step.PATCH),
    ((("confidence: K", "confidence: C"),), Step.PATCH),
    ((("codes: []", 'codes: [{system: "http://loinc.org", code: "44249-1"}]'),), Step.MINOR),
    ((("max: 17", "max: 18"),), Step.MAJOR),
    ((('recall: "P14D"', 'recall: "P7D"'),), Step.MAJOR),
    ((('{code: "3", weight: 3}', '{code: "3", weight: 4}'),), Step.MAJOR),
    ((("required: soft", "required: hard"),), Step.MAJOR),
    ((("worse: high", "worse: low"),), Step.MAJOR),
    ((("q13, type: single, options: yesno", "q13, type: single, options: days"),), Step.MAJOR),
    ((("declined: true", "declined: false"),), Step.MAJOR),
    ((("shuffle: false", "shuffle: true"),), Step.MAJOR),
]


@pytest.mark.parametrize(("edits", "step"), STRUCTURE)
def test_steps_of_a_structure(edits: tuple[tuple[str, str], ...], step: Step):
    assert _part(_edited("structure.yaml", *edits)).needed is step


NEW_ITEM = (
    "  - {{id: q14, type: single, options: yesno, required: {required}, worse: high{more}}}\n"
)


@pytest.mark.parametrize(
    ("required", "more", "step"),
    [
        ("soft", ", not_scored: true", Step.MINOR),
        ("never", ", not_scored: true", Step.MINOR),
        ("hard", ", not_scored: true", Step.MAJOR),
        ("soft", "", Step.MAJOR),
        ("soft", ", not_scored: true, critical: selfHarm", Step.MAJOR),
    ],
)
def test_a_new_item_is_minor_only_at_the_end_unscored_and_optional(
    required: str, more: str, step: Step
):
    item = NEW_ITEM.format(required=required, more=more)
    part = _part(_edited("structure.yaml", ("answers: {", f"{item}answers: {{")))
    assert part.needed is step
    assert [change.path for change in part.changes] == [("items", "q14")]


def test_a_new_item_in_the_middle_and_a_new_order_are_major():
    item = NEW_ITEM.format(required="soft", more=", not_scored: true")
    middle = _part(_edited("structure.yaml", ("  - {id: q10", f"{item}  - {{id: q10")))
    assert middle.needed is Step.MAJOR
    swapped = _edited(
        "structure.yaml",
        ("{id: q7,", "{id: qx,"),
        ("{id: q8,", "{id: q7,"),
        ("{id: qx,", "{id: q8,"),
    )
    part = _part(swapped)
    assert part.needed is Step.MAJOR
    assert ("items", "order") in {change.path for change in part.changes}


def test_an_item_that_is_gone_is_major_and_named():
    text = "".join(
        line for line in PHQ["structure.yaml"].splitlines(keepends=True) if "{id: q13," not in line
    )
    part = _part({**PHQ, "structure.yaml": text.replace('"1.0.0"', '"1.1.0"', 1)})
    assert part.needed is Step.MAJOR
    assert part.is_refused
    gone = part.changes[0]
    assert (gone.path, gone.after) == (("items", "q13"), None)


Q1 = "Көңілің түскен, бәріне ашуың келген"
WORDING = [
    (((Q1, "Көңілің түскен бәріне ашуың келген"),), Step.PATCH),
    (((Q1, "Көңілің түспеген, бәріне ашуың келген"),), Step.MAJOR),
    ((('q1.topic: "мұң', 'q1.topic: "қайғы'),), Step.MINOR),
    ((("status: working", "status: validated"),), Step.MINOR),
    ((('by: "Tirek team"', 'by: "Tirek"'),), Step.PATCH),
    ((("Соңғы екі аптаны еске түсір", "Соңғы айды еске түсір"),), Step.MAJOR),
]


@pytest.mark.parametrize(("edits", "step"), WORDING)
def test_steps_of_a_wording(edits: tuple[tuple[str, str], ...], step: Step):
    assert _part(_edited("wording.kk.yaml", *edits)).needed is step


def test_a_typo_is_a_patch_only_when_two_people_say_so():
    slip = (Q1, "Көңілің түскен, бәріне ашуың келкен")
    mark = ("strings:\n", 'no_change_of_meaning: ["q1.text"]\nstrings:\n')
    two = ("approvers: []", 'approvers: ["A. A.", "B. B."]')
    one = ("approvers: []", 'approvers: ["A. A."]')
    assert _part(_edited("wording.kk.yaml", slip)).needed is Step.MAJOR
    assert _part(_edited("wording.kk.yaml", slip, mark)).needed is Step.MAJOR
    assert _part(_edited("wording.kk.yaml", slip, mark, one)).needed is Step.MAJOR
    assert _part(_edited("wording.kk.yaml", slip, mark, two)).needed is Step.PATCH
    # Another word is no slip, whoever says so.
    other = (Q1, "Көңілің көтерілген, бәріне ашуың келген")
    assert _part(_edited("wording.kk.yaml", other, mark, two)).needed is Step.MAJOR


def test_a_status_that_falls_is_major():
    higher = _edited("wording.ru.yaml", ("status: working", "status: authorised"))
    old, new = _read(higher), _read(PHQ)
    part = release_change(old.instrument, new.instrument, []).parts[0]
    assert part.needed is Step.MAJOR
    # And its version went back.
    assert part.taken is None
    assert part.is_refused


SCORING = [
    # Without a value that changes: proved on the sheets.
    ((("reverse: []", "reverse: [q1]"),), Step.MAJOR),
    ((("max: 2, blank_as: prorate", "max: 1, blank_as: prorate"),), Step.MAJOR),
    ((("band_round: half_up", "band_round: none"),), Step.MAJOR),
    ((("q9: 1}", "q9: 2}"),), Step.MAJOR),
    ((("counts: {other: 2, major: 5}", "counts: {other: 3, major: 5}"),), Step.MAJOR),
    ((("counts: {other: 2, major: 5}", "counts: {other: 2, major: 6}"),), Step.MAJOR),
    ((("core: [q1, q2]", "core: [q2, q1]"),), Step.PATCH),
    ((("quality: [longstring, irv]", "quality: [longstring]"),), Step.MINOR),
    (
        (("[q1, q2, q3, q4, q5, q6, q7, q8, q9]", "[q9, q8, q7, q6, q5, q4, q3, q2, q1]"),),
        Step.PATCH,
    ),
]


@pytest.mark.parametrize(("edits", "step"), SCORING)
def test_steps_of_a_scoring(edits: tuple[tuple[str, str], ...], step: Step):
    assert _part(_edited("scoring.yaml", *edits)).needed is step


def test_a_value_that_changes_shows_the_answers_and_both_values():
    part = _part(_edited("scoring.yaml", ("q9: 1}", "q9: 2}")))
    shown = [change for change in part.changes if "value" in change.path[-1]]
    assert {change.path[1] for change in shown} >= {"symptoms"}
    assert all(change.before != change.after for change in shown)
    assert any("q9 1" in change.path[2] for change in shown)


def test_a_new_scale_is_minor_while_the_old_ones_stay():
    scale = (
        "  - {id: short, items: [q1, q2], reverse: [], method: sum, range: [0, 6], step: 1,"
        " missing: {scope: scale, max: 0, blank_as: none, round: none, else: not_computable},"
        " secondary: true}\nquality:"
    )
    assert _part(_edited("scoring.yaml", ("quality:", scale))).needed is Step.MINOR


INTERPRETATION = [
    ((("{scale: total, ge: 11}", "{scale: total, ge: 10}"),), Step.MAJOR),
    ((("level: medium", "level: high"),), Step.MAJOR),
    ((("{id: mild, le: 9}", "{id: mild, le: 10}"),), Step.MAJOR),
    ((("parent: none", "parent: text_only"),), Step.MAJOR),
    ((("mean: 6.89", "mean: 6.9"),), Step.MAJOR),
    ((("item 9 from 1: same-day", "Item 9 from 1, same day"),), Step.PATCH),
    ((("scoring fails closed", "scoring fails closed, always"),), Step.MINOR),
]


@pytest.mark.parametrize(("edits", "step"), INTERPRETATION)
def test_steps_of_an_interpretation(edits: tuple[tuple[str, str], ...], step: Step):
    change = _change(_edited("interpretation.yaml", *edits))
    assert change.parts[0].needed is step
    assert change.moves_flags is (step is Step.MAJOR)


def test_a_version_that_steps_too_little_is_refused():
    lower = ("{scale: total, ge: 11}", "{scale: total, ge: 10}")
    for version, is_refused in (
        ("1.0.0", True),
        ("1.0.1", True),
        ("1.1.0", True),
        ("2.0.0", False),
    ):
        change = _change(_edited("interpretation.yaml", lower, version=version))
        assert change.is_refused is is_refused, version
    # A larger step than needed harms nobody.
    harmless = _change(_edited("structure.yaml", ("minutes: 4", "minutes: 5"), version="1.1.0"))
    assert not harmless.is_refused
    same = _change(_edited("structure.yaml", ("minutes: 4", "minutes: 5"), version="1.0.0"))
    assert [part.name for part in same.refused] == ["structure"]


def test_a_structure_major_needs_another_address():
    files = _edited("structure.yaml", ("max: 17", "max: 18"), version="2.0.0")
    wanted = (
        ('structure: "^1.0.0"', 'structure: "^2.0.0"'),
        ('version: "1.0.0"', 'version: "1.0.1"'),
    )
    for name in ("wording.kk.yaml", "wording.ru.yaml"):
        for before, after in wanted:
            files[name] = files[name].replace(before, after, 1)
    kept = files
    old = _read(PHQ).instrument
    change = release_change(old, _read(kept, major=2).instrument, [])
    assert change.keeps_address
    assert change.is_refused
    moved = {**kept, "structure.yaml": kept["structure.yaml"].replace("/phq-a", "/phq-a-2")}
    change = release_change(old, _read(moved, major=2).instrument, [])
    assert not change.is_refused


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("1.0.0", "1.0.0", Step.NONE),
        ("1.2.3", "1.2.4", Step.PATCH),
        ("1.2.3", "1.3.0", Step.MINOR),
        ("1.2.3", "2.0.0", Step.MAJOR),
        ("1.9.0", "1.10.0", Step.MINOR),
        ("1.10.0", "1.9.0", None),
        ("2.0.0", "1.9.9", None),
        ("1.0", "1.1", None),
    ],
)
def test_steps_between_versions(before: str, after: str, step: Step | None):
    assert step_between(before, after) is step


def test_the_sheets_of_a_long_questionnaire_are_scored_in_a_second_or_two():
    started = process_time()
    _change(_edited("scoring.yaml", ("core: [q1, q2]", "core: [q2, q1]")))
    assert process_time() - started < 8
