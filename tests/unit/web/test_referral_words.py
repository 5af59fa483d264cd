"""No code of a referral is shown to anybody as a code."""

import re
from enum import StrEnum

import pytest

from tirek.config import ROOT
from tirek.domain.delivery import Channel, DeliveryResult, ReceiptStatus
from tirek.domain.ladder import ClockKind, Post
from tirek.domain.legal_ground import Ground
from tirek.domain.levels import Level
from tirek.domain.people import PSC_ROLES
from tirek.domain.protocols import Addressee
from tirek.domain.referral import (
    OWNED,
    ApprovalKind,
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    NextStep,
    Outcome,
    ReferralState,
    SectionState,
)
from tirek.domain.watch import AlarmReply
from tirek.services.referral_choices import MAIN, Lack, StepName
from tirek.services.referral_messages import MessageState
from tirek.web import referral_words as words
from tirek.web.referral_step_pages import STEP_PAGES
from tirek.web.referral_work import NOT_YET

SERVICES = ROOT / "platform" / "tirek" / "services"


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("state", ReferralState),
        ("next", NextStep),
        ("outcome", Outcome),
        ("action", StepName),
        ("lack", Lack),
        ("clock", ClockKind),
        ("post", Post),
        ("alarm_answer", AlarmReply),
        ("addressee", Addressee),
        ("channel", ContactChannel),
        ("person", ContactPerson),
        ("section", AssessmentSection),
        ("section_state", SectionState),
        ("proposal", ApprovalKind),
        ("ground", Ground),
        ("message_channel", Channel),
        ("message_state", MessageState),
        ("result", DeliveryResult),
        ("receipt", ReceiptStatus),
    ],
)
def test_every_code_has_a_word(kind: str, codes: type[StrEnum]) -> None:
    assert set(codes) <= set(words._WORDS[kind])  # noqa: SLF001 - the table itself is tested


def test_levels_and_roles_have_words() -> None:
    assert set(Level) - {Level.REVIEW} == set(words.LEVELS)
    assert set(words.ROLES) >= PSC_ROLES


def codes_in(pattern: str, *files: str) -> set[str]:
    """What the services write into a column, as it stands in their text."""
    texts = (path.read_text() for path in SERVICES.glob("*.py") if not files or path.name in files)
    return {code for text in texts for code in re.findall(pattern, text)}


def test_every_reason_that_a_service_writes_has_a_word() -> None:
    steps = codes_in(
        r'Step\(\s*(?:kind|OWNER|SECOND|ActorKind\.\w+),\s*"(\w+)"', *_files_of_steps()
    )
    assert len(steps) > 15
    assert steps <= set(words.STEPS)
    routes = codes_in(r'"(\w+)", is_unmanned|return "(\w+)"', "routing.py")
    found = {one for pair in routes for one in pair if one}
    assert found
    assert found <= set(words.ROUTE_REASONS)


def _files_of_steps() -> list[str]:
    return [path.name for path in SERVICES.glob("*.py") if "demo" not in path.name]


def test_everything_that_may_be_missing_is_explained() -> None:
    assert codes_in(r'NotYetError\("(\w+)"\)') <= set(NOT_YET)


def test_every_step_has_its_page_and_every_owned_state_leads_on() -> None:
    assert set(STEP_PAGES) == set(StepName) - {StepName.ACKNOWLEDGE}
    assert set(MAIN) == OWNED
