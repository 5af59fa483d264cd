"""Statutory notices to the school: act, then confirm by name."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import notice_steps, school_notices
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.school import listing
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit


@blueprint.get("/notices")
@requires(Permission.CONFIRM_NOTICE)
def notices() -> str:
    """List the notices."""
    chosen = {
        "show": listing.one_of("show", ("open", "done", "all"), "open"),
        "code": listing.searched(),
        "sort": listing.one_of("sort", ("clock", "newest", "code"), "clock"),
    }
    return render_template(
        "school/notices.html",
        found=school_notices.of_school(unit(), page=listing.page_number(), **chosen),
        chosen=chosen,
        protocol=catalog().protocol,
        text_lang=data_lang(),
    )


@blueprint.post("/notices/<uuid:notice_id>/confirm")
@requires(Permission.CONFIRM_NOTICE)
def notice_confirm(notice_id: UUID) -> Response:
    """Write down that it was done, and by whom."""
    notice_steps.confirm_notice(unit(), notice_id)
    flash(_("Confirmed with your name and the time."), "success")
    return redirect(url_for("school.notices"))
