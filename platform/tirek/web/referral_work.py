"""A step's form: what stands in it at first, and what it says when the step cannot be taken."""

from uuid import UUID

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field

from tirek.domain.errors import ConflictError, DomainError
from tirek.services import referral_page
from tirek.services.handovers import AlreadyThereError, CenterRefusedError
from tirek.services.referral_care import DateRefusedError
from tirek.services.referral_choices import Lack, StepName
from tirek.services.referral_endings import OutcomeRefusedError
from tirek.services.referral_page import Work
from tirek.services.referral_steps import NoteMissingError, NotYetError, SecondPersonError
from tirek.services.unit import Unit
from tirek.web import referral_forms as forms
from tirek.web.i18n import localised
from tirek.web.referral_forms import StepForm
from tirek.web.referral_step_pages import FINISH, MERGE, PROPOSE, STEP_PAGES
from tirek.web.referral_words import LACKS

# What a person is told when something is still missing before a step.
NOT_YET = {
    "second_reader": _l(
        "A level below the machine's needs a second reader. Press the second button: your words"
        " go to them, and when they agree you can choose this level."
    ),
    "talk_with_child": _l("First write down that somebody has talked with the child."),
    "attempts": _l("First write down 3 tries in vain."),
    "sections": _l("Some parts are still blank: write each one, or leave it out with a reason."),
    "plan": _l("First write a new plan with its next day."),
    "acceptance": _l("This can be proposed after the referral was accepted, for a lower level."),
    "other_center": _l(
        "There is no other centre to ask, so it stays with you. Accept it; those above can help."
    ),
    "center_help_refused": LACKS[Lack.CENTER_HELP_REFUSED],
}
SECOND_PERSON = _l(
    "You proposed this yourself, or another person has to be one of the two: at a centre its head,"
    " at a school another psychologist or the social pedagogue."
)


def new_form(step: StepName, work: Work) -> StepForm:
    """A step's form, filled with what this person saw and with what is written already."""
    data: dict[str, object] = {"version": request.args.get("version") or str(work.version)}
    if step is StepName.ATTEMPT:
        data["seen"] = str(len(work.record.attempts))
    if step is StepName.ASSESS:
        for part in work.record.parts:
            data[part.section.value] = part.state.value if part.state else None
            data[f"{part.section.value}_note"] = part.note
    form = STEP_PAGES[step].form(data=data)
    if isinstance(form, forms.OutcomeForm):
        form.offer(work.outcomes)
    return form


def offer_centers(form: StepForm, unit: Unit, referral_id: UUID) -> None:
    """Fill in the centres that a referral may go to, where the form asks for one."""
    if isinstance(form, forms.RedirectForm):
        centers = referral_page.other_centers(unit, referral_id)
        form.offer((str(center.id), localised(center, "name")) for center in centers)


def done_words(step: StepName, form: StepForm) -> str:
    """What to say when a step has been taken."""
    if form.do.data == PROPOSE:
        return str(_("A second reader has been asked. When they agree, you can choose the level."))
    if form.do.data == MERGE:
        return str(_("The referral has been joined with the one that lies at the centre."))
    if form.do.data == FINISH:
        return str(_("The assessment is finished. Next: agree on a plan."))
    return str(STEP_PAGES[step].done)


def explain(error: DomainError, form: StepForm, unit: Unit, referral_id: UUID) -> str | None:
    """Say in the form what is wrong; returns which further button then makes sense.

    Raises the error again where no sentence would help.
    """
    if isinstance(error, NotYetError):
        form.form_errors.append(str(NOT_YET.get(error.missing, error.missing)))
        return PROPOSE if error.missing == "second_reader" else None
    if isinstance(error, SecondPersonError):
        form.form_errors.append(str(SECOND_PERSON))
        return None
    if isinstance(error, AlreadyThereError):
        return _already_there(form, unit, referral_id)
    _at(form, error)
    return None


def _already_there(form: StepForm, unit: Unit, referral_id: UUID) -> str | None:
    there = referral_page.open_leg_at(unit, referral_id, UUID(form["center"].data))
    if there is None:
        said = _("This centre already has an open referral about this pupil. Choose another.")
        _add(form["center"], str(said))
        return None
    said = _(
        "This centre already has an open referral about this pupil. Press the second button to join"
        " yours with it: the stricter deadlines stay."
    )
    _add(form["center"], str(said))
    return MERGE


def _at(form: StepForm, error: DomainError) -> None:
    if isinstance(error, DateRefusedError):
        _add(form["next_on"], str(_("Choose a day after today.")))
    elif isinstance(error, CenterRefusedError):
        _add(form["center"], str(_("Choose another centre that is open.")))
    elif isinstance(error, OutcomeRefusedError):
        _add(form["outcome"], str(_("This outcome cannot be chosen here.")))
    elif isinstance(error, NoteMissingError):
        _add(form["note"], str(_("Write a few words.")))
    else:
        raise error


def _add(of: Field, said: str) -> None:
    of.errors = [*of.errors, said]


def require_fresh(form: StepForm, work: Work, step: StepName) -> None:
    """Raise `ConflictError` when the form was begun on a page that is older than the referral."""
    if form.seen_version != work.version or work.choice(step) is None:
        raise ConflictError("the referral has moved on", work.owner_name)
