"""Why a questionnaire could not be assigned, in words for the psychologist."""

from datetime import timedelta

from flask_babel import gettext as _

from tirek.domain.errors import DomainError
from tirek.domain.gates import LONGEST_STAFFED_WINDOW, WindowFault
from tirek.services import assignments, gates

LONGEST_HOURS = LONGEST_STAFFED_WINDOW // timedelta(hours=1)

REFUSALS = (
    assignments.NotAssignableError,
    assignments.NoCampaignError,
    assignments.WindowError,
    assignments.NobodyFitsError,
    assignments.AlreadyAssignedError,
    assignments.NotShortError,
    gates.NobodyThereError,
    gates.NotStaffableError,
    gates.NoEventError,
    gates.CountedError,
)


def refusal_in_words(refusal: DomainError) -> str:
    """What stands in the way, and what to do about it."""
    match refusal:
        case assignments.NotAssignableError():
            text = _("This questionnaire may not be assigned: it is not approved for use.")
        case assignments.NotShortError():
            text = _(
                "This questionnaire can only be asked in full: its questions have not been"
                " calibrated with pupils of Kazakhstan."
            )
        case assignments.NoCampaignError():
            text = _("No round of screening holds these dates. The planned rounds stand below.")
        case assignments.NobodyFitsError():
            text = _("Nobody in this class is of an age for which this questionnaire is made.")
        case assignments.AlreadyAssignedError():
            text = _(
                "This class already has this questionnaire in this round. Open it under"
                " Assignments; to ask again, cancel it first."
            )
        case _:
            text = _of_gate(refusal)
    return str(text)


def _of_gate(refusal: DomainError) -> str:
    match refusal:
        case gates.NobodyThereError():
            text = _(
                "Choose who is with the pupils: these questions are only asked while a"
                " psychologist of the school is there."
            )
        case gates.NotStaffableError(fault=fault):
            text = _window_fault(fault)
        case gates.NoEventError():
            text = _(
                "Choose what happened: these questions are about an event that is written down,"
                " and that lies before the window opens."
            )
        case gates.CountedError():
            text = _(
                "The answers of the whole school can be read for this round already. Asking"
                " further people would tell what each of them answered: ask them in the next"
                " round."
            )
        case _:
            text = _("The window must end later than now, and later than before.")
    return str(text)


def _window_fault(fault: WindowFault) -> str:
    match fault:
        case WindowFault.TOO_LONG:
            text = _(
                "These questions may be open for %(hours)s hours at most, so that one person can"
                " be there all the time.",
                hours=LONGEST_HOURS,
            )
        case WindowFault.DAY_OFF:
            text = _("Nobody is at school on that day. Choose a working day.")
        case _:
            text = _("These questions may only be open within one day, from 08:00 to 18:00.")
    return str(text)
