"""All referrals of the school's pupils; those that lie at school are worked on here."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.errors import ConflictError
from tirek.domain.levels import Level
from tirek.domain.permissions import Permission
from tirek.domain.referral import ReceiverKind
from tirek.services import caseload, conflicts, notice_steps, sent_referrals
from tirek.services.caseload import CaseQuery
from tirek.services.referral_choices import StepName
from tirek.web import referral_views
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.referral_step_pages import STEP_PAGES
from tirek.web.referral_views import CONFLICT, SEE_OTHER, Answer, Area
from tirek.web.school import listing
from tirek.web.school.views import blueprint
from tirek.web.transaction import db, unit

FORMS = ["GET", "POST"]
_STEPS = ",".join(f'"{step.value}"' for step in STEP_PAGES)
AREA = Area(
    layout="school/layout.html",
    list_page="school.cases",
    page="school.case",
    accept="school.case_accept",
    step="school.case_step",
    decide="school.case_decide",
    confirm="school.case_notice",
    pupil="school.pupil",
    named="school.case_named",
    found="school.case_found",
)
# Whose pages these are, for who was too late; other modules add theirs.
AREAS = dict.fromkeys(("school.case_accept", "school.case_step", "school.case_decide"), AREA)
LEVELS = ("", *(level.value for level in Level if level is not Level.REVIEW))
RECEIVERS = ("", *(kind.value for kind in ReceiverKind))


@blueprint.get("/cases")
@requires(Permission.VIEW_FLAGS)
def cases() -> str:
    """List the referrals."""
    level = listing.one_of("level", LEVELS, "")
    receiver = listing.one_of("receiver", RECEIVERS, "")
    query = CaseQuery(
        show=listing.one_of("show", ("open", "late", "closed", "all"), "open"),
        level=Level(level) if level else None,
        receiver=ReceiverKind(receiver) if receiver else None,
        code=listing.searched(),
        sort=listing.one_of("sort", ("urgency", "clock", "newest", "code"), "urgency"),
        page=listing.page_number(),
    )
    return render_template(
        "school/cases.html", found=caseload.of_school(unit(), query), query=query, levels=LEVELS[1:]
    )


@blueprint.get("/cases/<uuid:referral_id>")
@requires(Permission.VIEW_FLAGS)
def case(referral_id: UUID) -> str:
    """One referral: worked on when it lies at school, followed when it lies at a centre."""
    if caseload.receiver_of(unit(), referral_id) is ReceiverKind.SUPPORT_CENTER:
        sent = sent_referrals.sent_one(unit(), referral_id)
        return render_template(
            "school/case_sent.html",
            sent=sent,
            guardian_is_named=conflicts.of(unit(), sent.student_id).has_guardian,
            next_steps=catalog().protocol.rule(sent.level).next_steps[data_lang()],
            text_lang=data_lang(),
        )
    return referral_views.show(AREA, referral_id)


@blueprint.post("/cases/<uuid:referral_id>/accept")
@requires(Permission.WORK_SCHOOL_REFERRAL)
def case_accept(referral_id: UUID) -> Response:
    """Take it by name."""
    return referral_views.accept(AREA, referral_id)


@blueprint.route(f"/cases/<uuid:referral_id>/<any({_STEPS}):step>", methods=FORMS)
@requires(Permission.WORK_SCHOOL_REFERRAL)
def case_step(referral_id: UUID, step: str) -> Answer:
    """Take one of the steps that have a form of their own."""
    return referral_views.step(AREA, referral_id, StepName(step))


@blueprint.route("/cases/<uuid:referral_id>/proposals/<uuid:approval_id>", methods=FORMS)
@requires(Permission.WORK_SCHOOL_REFERRAL)
def case_decide(referral_id: UUID, approval_id: UUID) -> Answer:
    """Say yes or no to what a colleague has proposed."""
    return referral_views.decide(AREA, referral_id, approval_id)


@blueprint.post("/cases/<uuid:referral_id>/notices/<uuid:notice_id>")
@requires(Permission.CONFIRM_NOTICE)
def case_notice(referral_id: UUID, notice_id: UUID) -> Response:
    """Say under one's own name that a notice was given."""
    notice_steps.confirm_notice(unit(), notice_id)
    flash(_("Confirmed with your name and the time."), "success")
    return redirect(AREA.url(referral_id, "notices"), SEE_OTHER)


@blueprint.get("/cases/<uuid:referral_id>/accept", endpoint="case_accept_left")
@blueprint.get("/cases/<uuid:referral_id>/notices/<uuid:notice_id>", endpoint="case_notice_left")
@requires(Permission.VIEW_FLAGS)
def case_step_left(referral_id: UUID, notice_id: UUID | None = None) -> Response:
    """Go back to the referral: a changed language asks for the address of a sent form."""
    del notice_id
    return redirect(url_for("school.case", referral_id=referral_id))


@blueprint.errorhandler(ConflictError)
def moved_on(error: ConflictError) -> tuple[str, int]:
    """Say who was first, and lead back to what it was about."""
    area = AREAS.get(request.endpoint or "")
    if area is not None:
        return referral_views.moved_on(area, error)
    db().rollback()
    return render_template("errors/409.html", winner=error.winner), CONFLICT
