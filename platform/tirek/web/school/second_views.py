"""What waits for another person's word: a second reader's pages, and a centre's questions."""

from dataclasses import replace
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from tirek.domain.permissions import Permission
from tirek.services import referral_page, referral_steps, second_reads, sent_referrals
from tirek.services.referral_choices import StepName
from tirek.web import referral_views
from tirek.web.access import requires
from tirek.web.referral_forms import AnswerForm
from tirek.web.referral_views import SEE_OTHER, WRONG, Answer, Area
from tirek.web.school.case_views import AREAS
from tirek.web.school.views import blueprint
from tirek.web.transaction import keep_despite_error, unit

FORMS = ["GET", "POST"]
STEPS = (StepName.CLOSE, StepName.SEND_BACK, StepName.RECHECK, StepName.OUTCOME)
_STEPS = ",".join(f'"{step.value}"' for step in STEPS)
AREA = Area(
    layout="school/layout.html",
    list_page="school.asked",
    page="school.asked_one",
    accept="school.case_accept",
    step="school.asked_step",
    decide="school.asked_decide",
    confirm="school.case_notice",
)


AREAS.update(dict.fromkeys(("school.asked_step", "school.asked_decide"), AREA))
# Whoever only answers a question has no page of the referral to go back to.
AREAS["school.question"] = replace(AREA, page=None)


@blueprint.get("/asked")
@requires(Permission.READ_SECOND)
def asked() -> str:
    """List what waits for a word of this person."""
    return render_template("school/asked.html", found=second_reads.waiting(unit()), area=AREA)


@blueprint.get("/asked/<uuid:referral_id>")
@requires(Permission.READ_SECOND)
def asked_one(referral_id: UUID) -> str:
    """What a second reader needs of one referral: who proposed what, and why; no answers."""
    work = referral_page.open_step(unit(), referral_id)
    return render_template("school/asked_one.html", work=work, area=AREA, steps=STEPS)


@blueprint.route(f"/asked/<uuid:referral_id>/<any({_STEPS}):step>", methods=FORMS)
@requires(Permission.READ_SECOND)
def asked_step(referral_id: UUID, step: str) -> Answer:
    """Take one of the second person's steps."""
    return referral_views.step(AREA, referral_id, StepName(step))


@blueprint.route("/asked/<uuid:referral_id>/proposals/<uuid:approval_id>", methods=FORMS)
@requires(Permission.READ_SECOND)
def asked_decide(referral_id: UUID, approval_id: UUID) -> Answer:
    """Say yes or no to what a colleague has proposed."""
    return referral_views.decide(AREA, referral_id, approval_id)


@blueprint.route("/asked/<uuid:referral_id>/question", methods=FORMS)
@requires(Permission.READ_SECOND)
def question(referral_id: UUID) -> Answer:
    """Answer what a support centre asks about a pupil."""
    form = AnswerForm(data={"version": request.args.get("version")})
    if request.method == "POST" and form.validate():
        referral_steps.answer(unit(), referral_id, form.seen_version, form.note.data or "")
        flash(_("Your answer is at the centre."), "success")
        return redirect(url_for("school.asked"), SEE_OTHER)
    found = sent_referrals.question(unit(), referral_id)
    form.version.data = form.version.data or str(found.version)
    page = render_template("school/question.html", question=found, form=form, area=AREA)
    if request.method == "POST":
        keep_despite_error()
        return page, WRONG
    return page
