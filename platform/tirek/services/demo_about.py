"""The demo's parents have answered about themselves, and one of them asks to be called.

Two methodologists have signed what any parent may answer: without a child at a school of the demo,
somebody who opens an account finds it as well.
"""

from collections.abc import Sequence
from dataclasses import replace

from tirek.domain.instruments import Answer, AnswerState, Instrument
from tirek.domain.people import Actor, Role
from tirek.services import accounts, help_requests, instruments, release_signing, self_reports
from tirek.services.demo_pupils import Family
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import DemoStaff
from tirek.services.release_signing import Seen, Statement
from tirek.services.self_reports import About
from tirek.services.unit import Unit

# A child of this age fits every questionnaire about oneself that the demo offers.
AGE = 12
PHONE = "+77010000000"
LANGUAGES = ("kk", "ru")
# The one about oneself that needs no rights-holder's permission.
FOR_EVERYBODY = "parent-attitudes"
SIGNED = Statement(
    frozenset({Seen.PREVIEW, Seen.WORDING, Seen.LINTS, Seen.CASES}),
    "Екі тілде де оқып шықтым, ескертпем жоқ.",
)


def fill(workshop: Workshop, staff: DemoStaff, families: Sequence[Family]) -> None:
    """Each family's parent has a finished report; the first one waits for a call."""
    with workshop.begin() as unit:
        _approve(unit, staff)
        for number, family in enumerate(families):
            parent = _as(unit, accounts.actor_of(family.login.account))
            _answer(workshop, parent, family, number)
            if number == 0:
                help_requests.call_me(parent, _language(family), PHONE, "")


def _approve(unit: Unit, staff: DemoStaff) -> None:
    signers = [one.actor for one in staff.logins if one.actor.role is Role.METHODOLOGIST]
    release_id = instruments.release_id(unit.session, unit.catalog.instruments[FOR_EVERYBODY])
    for signer in signers:
        release_signing.sign_release(_as(unit, signer), release_id, SIGNED)
    release_signing.approve(_as(unit, signers[0]), release_id)


def _answer(workshop: Workshop, unit: Unit, family: Family, number: int) -> None:
    chance = workshop.random(f"about {number}")
    for offer in self_reports.offers(unit):
        report_id = self_reports.begin(unit, offer, About(AGE), _language(family))
        given = {
            item.id: Answer(AnswerState.ANSWERED, _code(offer.instrument, item.id, chance.random()))
            for item in offer.instrument.items
        }
        self_reports.record_answers(unit, self_reports.load(unit, report_id), given)
        self_reports.complete(unit, self_reports.load(unit, report_id))


def _code(instrument: Instrument, item_id: str, chance: float) -> str:
    """Any option; on a question about safety the one that calls nobody."""
    options = instrument.options(item_id)
    if instrument.item(item_id).critical:
        return options[0].code
    return options[int(chance * len(options))].code


def _language(family: Family) -> str:
    spoken = family.login.account.language
    return spoken if spoken in LANGUAGES else LANGUAGES[0]


def _as(unit: Unit, actor: Actor) -> Unit:
    return replace(unit, actor=actor)
