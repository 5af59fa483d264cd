"""What may be done after a signal: the real table, in every situation it can meet."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.catalog.protocols import load_protocol
from tirek.domain.consent import ConsentState
from tirek.domain.legal_ground import (
    PROTECTIVE,
    Ground,
    LegalDecision,
    Permission,
    Situation,
    decide,
    every_case,
    faults,
)
from tirek.domain.levels import Level
from tirek.domain.referral import SignalKind

PROTOCOL = load_protocol(Path(__file__).parents[3] / "protocols")
RULES = PROTOCOL.ground_rules
LEVELS = (Level.LOW, Level.MEDIUM, Level.HIGH, Level.IMMEDIATE)
GIVEN, REFUSED, WITHDRAWN = ConsentState

situations = st.builds(
    Situation,
    level=st.sampled_from(LEVELS),
    signal=st.sampled_from(SignalKind),
    guardian=st.none() | st.sampled_from(ConsentState),
    assent=st.none() | st.sampled_from(ConsentState),
    age=st.none() | st.integers(5, 20),
    guardian_named=st.booleans(),
    child_asks=st.booleans(),
    center_help=st.none() | st.sampled_from(ConsentState),
)


def _allowed(decision: LegalDecision) -> set[Permission]:
    said = {
        Permission.CONTACT_CHILD: decision.may_contact_child,
        Permission.REFER_TO_CENTER: decision.may_refer_to_center,
        Permission.NOTIFY_AUTHORITY: decision.may_notify_authority,
        Permission.TELL_GUARDIAN: decision.may_tell_guardian,
    }
    return {permission for permission, is_allowed in said.items() if is_allowed}


def _protection(situation: Situation) -> set[Permission]:
    return _allowed(PROTOCOL.decide(situation)) & PROTECTIVE


def _guardian(said: str) -> ConsentState | None:
    return None if said == "missing" else ConsentState(said)


# level | guardian | assent | signal | named | asks | age -> why | c(ontact) r(efer) n(otify) t(ell)
TABLE = """
immediate | missing   | missing   | questionnaire | - | - | 9  => danger                     | crnt
immediate | refused   | refused   | questionnaire | - | - | 12 => danger                     | crnt
immediate | withdrawn | withdrawn | staff_concern | - | - | -  => danger                     | crnt
immediate | given     | given     | questionnaire | - | - | 16 => danger                     | crnt
immediate | given     | given     | questionnaire | n | - | 16 => danger_guardian_named      | crn
immediate | refused   | missing   | staff_concern | n | a | 10 => danger_guardian_named      | crn
high      | given     | given     | questionnaire | - | - | 14 => guardian_agreed            | crnt
high      | given     | missing   | staff_concern | - | - | 14 => duty_of_school_and_center  | crnt
high      | missing   | missing   | staff_concern | - | - | 14 => duty_of_school_and_center  | crnt
high      | refused   | given     | questionnaire | - | - | 14 => duty_of_school_and_center  | crnt
high      | withdrawn | refused   | questionnaire | - | - | 14 => duty_of_school_and_center  | crnt
high      | given     | given     | questionnaire | n | - | 14 => guardian_named             | crn
medium    | given     | given     | questionnaire | - | - | 14 => guardian_agreed            | crt
medium    | given     | given     | staff_concern | - | - | 14 => duty_of_school             | ct
medium    | missing   | missing   | staff_concern | - | - | 14 => duty_of_school             | ct
medium    | refused   | refused   | questionnaire | - | - | 14 => duty_of_school             | ct
medium    | refused   | given     | questionnaire | - | a | 15 => own_request_young          | ct
medium    | refused   | given     | questionnaire | - | a | 16 => own_request                | cr
medium    | missing   | given     | questionnaire | - | a | -  => own_request_young          | ct
medium    | given     | given     | questionnaire | n | - | 14 => guardian_named             | crn
low       | given     | given     | questionnaire | - | - | 14 => guardian_agreed            | crt
low       | given     | refused   | questionnaire | - | - | 14 => child_said_no              | -
low       | given     | missing   | staff_concern | - | - | 14 => duty_of_school             | ct
low       | refused   | given     | questionnaire | - | - | 14 => guardian_said_no           | t
low       | withdrawn | given     | questionnaire | - | - | 17 => guardian_said_no           | t
low       | refused   | given     | questionnaire | - | a | 17 => own_request                | cr
low       | refused   | given     | questionnaire | - | a | 11 => own_request_young          | ct
low       | missing   | missing   | staff_concern | - | - | 14 => duty_of_school             | ct
low       | refused   | refused   | questionnaire | n | - | 14 => guardian_named             | crn
"""
LETTERS = dict(zip("crnt", Permission, strict=True))


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_the_table_says(line: str):
    known, wanted = (half.split("|") for half in line.split("=>"))
    level, guardian, assent, signal, named, asks, age = (word.strip() for word in known)
    why, letters = (word.strip() for word in wanted)
    decision = PROTOCOL.decide(
        Situation(
            Level(level),
            SignalKind(signal),
            _guardian(guardian),
            _guardian(assent),
            None if age == "-" else int(age),
            guardian_named=named == "n",
            child_asks=asks == "a",
        )
    )
    assert decision.why == why
    assert _allowed(decision) == {LETTERS[letter] for letter in letters.replace("-", "")}


def test_every_situation_has_a_decision_and_the_table_has_no_fault():
    assert not list(faults(RULES))
    for case in every_case(RULES):
        for level in LEVELS:
            assert decide(RULES, case.at(level)).legal_ground in PROTOCOL.legal_grounds


def test_every_row_is_the_answer_to_something():
    met = {
        (level, decide(RULES, case.at(level)).why) for case in every_case(RULES) for level in LEVELS
    }
    assert met == {(rule.level, rule.why) for rule in RULES}


@given(situations)
def test_in_danger_nothing_that_protects_waits_for_a_word(situation):
    decision = PROTOCOL.decide(replace(situation, level=Level.IMMEDIATE))
    assert _allowed(decision) >= PROTECTIVE
    assert decision.ground is Ground.CHILD_VITAL_INTEREST


@given(situations, st.sampled_from([REFUSED, WITHDRAWN]))
def test_outside_danger_a_no_to_the_centre_stands_and_in_danger_it_changes_nothing(situation, said):
    silent = PROTOCOL.decide(replace(situation, center_help=None))
    refused = PROTOCOL.decide(replace(situation, center_help=said))
    if situation.level in {Level.HIGH, Level.IMMEDIATE}:
        assert refused == silent
        assert refused.may_refer_to_center
    elif situation.guardian_named:
        # Whoever may be the harm does not keep a child from help.
        assert refused == silent
    else:
        assert not refused.may_refer_to_center
        assert replace(refused, may_refer_to_center=silent.may_refer_to_center) == silent


@given(situations)
def test_a_yes_to_the_centre_leaves_it_to_the_table_as_silence_does(situation):
    silent = replace(situation, center_help=None)
    assert PROTOCOL.decide(replace(situation, center_help=GIVEN)) == PROTOCOL.decide(silent)


@given(situations)
def test_a_guardian_who_may_be_the_harm_is_never_told(situation):
    assert not PROTOCOL.decide(replace(situation, guardian_named=True)).may_tell_guardian


@given(situations)
def test_no_table_can_make_a_named_guardian_be_told(situation):
    open_rules = [replace(rule, permits=frozenset(Permission)) for rule in RULES]
    named = replace(situation, guardian_named=True)
    assert not decide(open_rules, named).may_tell_guardian


@given(situations)
def test_more_danger_never_allows_less_protection(situation):
    allowed = [_protection(replace(situation, level=level)) for level in LEVELS]
    assert all(calm <= urgent for calm, urgent in pairwise(allowed))


@given(situations)
def test_naming_a_guardian_asking_or_agreeing_never_takes_protection_away(situation):
    assert _protection(replace(situation, guardian_named=True)) >= _protection(situation)
    asked = replace(situation, child_asks=True)
    assert _protection(asked) >= _protection(replace(situation, child_asks=False))
    agreed = replace(situation, guardian=GIVEN)
    for other in (None, REFUSED, WITHDRAWN):
        assert _protection(agreed) >= _protection(replace(situation, guardian=other))


@given(situations)
def test_consent_is_the_ground_only_where_it_was_given_for_these_questions(situation):
    decision = PROTOCOL.decide(situation)
    if decision.ground is Ground.GUARDIAN_CONSENT:
        assert situation.guardian is GIVEN
        assert situation.signal is SignalKind.QUESTIONNAIRE
        assert not situation.guardian_named


def _without(permission: Permission, level: Level) -> list:
    return [
        replace(rule, permits=rule.permits - {permission}) if rule.level is level else rule
        for rule in RULES
    ]


@pytest.mark.parametrize(
    ("rules", "level", "reason"),
    [
        (_without(Permission.REFER_TO_CENTER, Level.IMMEDIATE), Level.IMMEDIATE, "waits for nob"),
        (_without(Permission.CONTACT_CHILD, Level.HIGH), Level.HIGH, "allows less than medium"),
        ([rule for rule in RULES if rule.why != "duty_of_school"], Level.MEDIUM, "no row speaks"),
        (
            [replace(rule, permits=frozenset(Permission)) for rule in RULES],
            Level.LOW,
            "named as harm would be told",
        ),
        (
            [replace(rule, guardian=None) for rule in RULES],
            Level.LOW,
            "rests on a consent that was not given",
        ),
    ],
)
def test_a_table_with_a_hole_is_found_out(rules, level, reason):
    assert any(fault.level is level and reason in fault.reason for fault in faults(rules))
