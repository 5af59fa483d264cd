"""What the support centre's and the school's views of one referral have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.services import referral_page, referral_steps, second_opinions
from tirek.services.handovers import AlreadyThereError
from tirek.services.referral_choices import Lack, StepName
from tirek.services.referral_page import Work
from tirek.services.referral_steps import SecondPersonError
from tirek.services.second_opinions import Proposal
from tirek.web import referral_work
from tirek.web.i18n import data_lang
from tirek.web.referral_forms import DecideForm, StepForm
from tirek.web.referral_step_pages import STEP_PAGES
from tirek.web.transaction import db, keep_despite_error, unit

SEE_OTHER, CONFLICT, WRONG = 303, 409, 422
Answer = str | tuple[str, int] | Response


@dataclass(frozen=True, slots=True)
class Area:
    """Whose pages these are: the layout, and the endpoints that belong together."""

    layout: str
    list_page: str
    # None where these people have only the list.
    page: str | None
    accept: str
    step: str
    decide: str
    confirm: str
    # Steps with an address of their own.
    apart: Mapping[StepName, str] = field(default_factory=dict)
    # The page of the pupil, where these people have one.
    pupil: str | None = None
    # Where somebody is named as possibly harming the child.
    named: str | None = None
    # Where they say what the conversation showed.
    found: str | None = None

    def url(self, referral_id: UUID, part: str | None = None) -> str:
        """The address of the referral, or of a part of its page."""
        if self.page is None:
            return url_for(self.list_page)
        return url_for(self.page, referral_id=referral_id, _anchor=part)

    def step_url(self, work: Work, step: StepName) -> str:
        """The address of a step as this person sees the referral now."""
        own = self.apart.get(step)
        if own is not None:
            return url_for(own, referral_id=work.id, version=work.version)
        return url_for(self.step, referral_id=work.id, step=step.value, version=work.version)

    def accept_url(self, work: Work) -> str:
        """Where an acceptance is sent."""
        return url_for(self.accept, referral_id=work.id)

    def decide_url(self, work: Work, proposal: Proposal) -> str:
        """The address of what somebody has proposed."""
        return url_for(self.decide, referral_id=work.id, approval_id=proposal.id)

    def confirm_url(self, work: Work, notice_id: UUID) -> str:
        """Where the confirmation of a notice is sent."""
        return url_for(self.confirm, referral_id=work.id, notice_id=notice_id)


def show(area: Area, referral_id: UUID) -> str:
    """Everything about one referral; opening it is written down."""
    page = referral_page.open_page(unit(), referral_id, data_lang())
    return render_template("referral/page.html", page=page, work=page.work, area=area)


def accept(area: Area, referral_id: UUID) -> Response:
    """Accept it by name."""
    referral_steps.acknowledge(unit(), referral_id, StepForm().seen_version)
    return _back(area, referral_id, _("You have accepted this referral. Its sender has been told."))


def step(area: Area, referral_id: UUID, name: StepName) -> Answer:
    """Show a step's form, or take the step; what was typed stays when it cannot be taken."""
    work = referral_page.open_step(unit(), referral_id)
    form = referral_work.new_form(name, work)
    referral_work.offer_centers(form, unit(), referral_id)
    if request.method == "GET":
        return _step_page(area, work, name, form)
    if not form.validate():
        keep_despite_error()
        return _step_page(area, work, name, form), WRONG
    try:
        STEP_PAGES[name].take(unit(), referral_id, form)
    except (NotFoundError, ConflictError, DomainError) as error:
        if isinstance(error, NotFoundError) or _is_lost(error):
            raise
        return _not_taken(area, referral_id, name, form, error)
    return _back(area, referral_id, referral_work.done_words(name, form))


def _is_lost(error: DomainError) -> bool:
    """Whether somebody else was first; then this form is of no use any more."""
    return isinstance(error, ConflictError) and not isinstance(error, AlreadyThereError)


def _not_taken(
    area: Area, referral_id: UUID, name: StepName, form: StepForm, error: DomainError
) -> Answer:
    # Nothing of the step stays; that it was opened is written down anew.
    db().rollback()
    work = referral_page.open_step(unit(), referral_id)
    offer = referral_work.explain(error, form, unit(), referral_id)
    keep_despite_error()
    return _step_page(area, work, name, form, offer), WRONG


def _step_page(
    area: Area, work: Work, name: StepName, form: StepForm, offer: str | None = None
) -> str:
    referral_work.require_fresh(form, work, name)
    choice = work.choice(name)
    return render_template(
        "referral/step.html",
        area=area,
        work=work,
        step=name,
        step_page=STEP_PAGES[name],
        form=form,
        offer=offer,
        lacks=choice.lacks if choice else None,
    )


def decide(area: Area, referral_id: UUID, approval_id: UUID) -> Answer:
    """Say yes or no to what another person has proposed."""
    work = referral_page.open_step(unit(), referral_id)
    proposal = next((one for one in work.proposals if one.id == approval_id), None)
    if proposal is None:
        raise NotFoundError("approval", approval_id)
    form = DecideForm(data={"version": str(work.version)})
    if request.method == "GET":
        return _decide_page(area, work, proposal, form)
    if not form.validate():
        keep_despite_error()
        return _decide_page(area, work, proposal, form), WRONG
    try:
        second_opinions.decide(
            unit(), approval_id, agrees=form.is_agreed, reason=form.note.data or ""
        )
    except SecondPersonError:
        if proposal.is_approved is not None:
            raise ConflictError("this has been decided", proposal.decided_by) from None
        keep_despite_error()
        return _decide_page(area, work, proposal, form), WRONG
    return _back(area, referral_id, _("Your decision is written down."))


def _decide_page(area: Area, work: Work, proposal: Proposal, form: DecideForm) -> str:
    if proposal.is_approved is not None:
        raise ConflictError("this has been decided", proposal.decided_by)
    return render_template(
        "referral/decide.html",
        area=area,
        work=work,
        proposal=proposal,
        form=form,
        lacks=None if proposal.may_decide else Lack.SECOND_PERSON,
    )


def moved_on(area: Area, error: ConflictError) -> tuple[str, int]:
    """Say who was first, show what was typed, and lead back to the referral as it stands now."""
    db().rollback()
    referral_id = (request.view_args or {}).get("referral_id")
    typed = [
        text.strip()
        for name, text in request.form.items()
        if name.endswith("note") and text.strip()
    ]
    page = render_template(
        "referral/moved_on.html",
        area=area,
        winner=error.winner,
        referral_id=referral_id,
        typed=typed,
    )
    return page, CONFLICT


def _back(area: Area, referral_id: UUID, done: str, part: str | None = None) -> Response:
    flash(done, "success")
    return redirect(area.url(referral_id, part), SEE_OTHER)
