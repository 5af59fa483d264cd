"""All referrals of the school's pupils; those that lie at school are worked on here."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.levels import Level
from tirek.domain.permissions import Permission
from tirek.domain.referral import ContactChannel, ContactPerson, Outcome, ReceiverKind
from tirek.services import (
    caseload,
    handovers,
    referral_care,
    referral_page,
    referral_steps,
    sent_referrals,
)
from tirek.services.caseload import CaseQuery
from tirek.services.referral_care import Attempt
from tirek.services.referral_page import ReferralPage
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang, localised
from tirek.web.school import listing
from tirek.web.school.forms import CloseForm, SendOnForm, TalkForm, VersionForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit

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
            next_steps=catalog().protocol.rule(sent.level).next_steps[data_lang()],
            text_lang=data_lang(),
        )
    return _case_page(referral_id)


@blueprint.post("/cases/<uuid:referral_id>/accept")
@requires(Permission.WORK_SCHOOL_REFERRAL)
def case_accept(referral_id: UUID) -> Response:
    """Take it by name."""
    referral_steps.acknowledge(unit(), referral_id, VersionForm().seen_version)
    flash(_("Accepted. From now on you answer for this child's help."), "success")
    return redirect(url_for("school.case", referral_id=referral_id))


@blueprint.post("/cases/<uuid:referral_id>/talked")
@requires(Permission.WORK_SCHOOL_REFERRAL)
def case_talked(referral_id: UUID) -> tuple[str, int] | Response:
    """Write down that the child was talked with."""
    form = TalkForm(prefix="talk")
    if not form.validate_on_submit():
        return _case_page(referral_id, talk=form), 422
    referral_care.record_contact(
        unit(),
        referral_id,
        form.seen_version,
        Attempt(
            ContactChannel.IN_PERSON, ContactPerson.CHILD, reached=True, note=form.note.data or ""
        ),
    )
    flash(_("Written down."), "success")
    return redirect(url_for("school.case", referral_id=referral_id))


@blueprint.post("/cases/<uuid:referral_id>/send-on")
@requires(Permission.WORK_SCHOOL_REFERRAL)
def case_send_on(referral_id: UUID) -> tuple[str, int] | Response:
    """Send it on to a centre; it stays with its owner here until somebody there accepts it."""
    form = _send_on(referral_id)
    if not form.validate_on_submit():
        return _case_page(referral_id, send_on=form), 422
    handovers.redirect(
        unit(), referral_id, form.seen_version, UUID(form.center.data), form.note.data or ""
    )
    flash(_("Sent on. You stay responsible until somebody at the centre accepts it."), "success")
    return redirect(url_for("school.case", referral_id=referral_id))


@blueprint.post("/cases/<uuid:referral_id>/close")
@requires(Permission.WORK_SCHOOL_REFERRAL)
def case_close(referral_id: UUID) -> tuple[str, int] | Response:
    """Close it with an outcome and a note."""
    form = CloseForm(prefix="close")
    form.offer(Outcome)
    if not form.validate_on_submit():
        return _case_page(referral_id, close=form), 422
    referral_care.close(unit(), referral_id, form.seen_version, form.note.data or "")
    flash(_("Closed."), "success")
    return redirect(url_for("school.case", referral_id=referral_id))


@blueprint.get('/cases/<uuid:referral_id>/<any(accept, talked, "send-on", close):_step>')
@requires(Permission.VIEW_FLAGS)
def case_step_left(referral_id: UUID, _step: str) -> Response:
    """Go back to the referral: a changed language asks for the address of a sent form."""
    return redirect(url_for("school.case", referral_id=referral_id))


def _case_page(
    referral_id: UUID,
    *,
    talk: TalkForm | None = None,
    send_on: SendOnForm | None = None,
    close: CloseForm | None = None,
) -> str:
    page = referral_page.open_page(unit(), referral_id, data_lang())
    sent = talk or send_on or close
    return render_template(
        "school/case.html",
        page=page,
        talk=talk or TalkForm(prefix="talk"),
        send_on=send_on or _send_on(referral_id),
        close=_with_outcomes(close or CloseForm(prefix="close"), page),
        sent=sent,
        text_lang=data_lang(),
    )


def _with_outcomes(form: CloseForm, page: ReferralPage) -> CloseForm:
    form.offer(page.actions.outcomes)
    return form


def _send_on(referral_id: UUID) -> SendOnForm:
    form = SendOnForm(prefix="send")
    form.offer(
        [
            (str(center.id), localised(center, "name"))
            for center in referral_page.other_centers(unit(), referral_id)
        ]
    )
    return form
