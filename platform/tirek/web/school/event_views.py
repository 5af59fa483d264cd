"""Events at the school, after which pupils may be asked how they are."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import school_events
from tirek.services.paging import cut
from tirek.services.school_events import NotYetError
from tirek.web.access import requires
from tirek.web.school import listing
from tirek.web.school.event_forms import EventForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit


@blueprint.route("/events", methods=["GET", "POST"])
@requires(Permission.RECORD_EVENT)
def events() -> str | tuple[str, int] | Response:
    """List what happened, and write down something new."""
    form = EventForm()
    if form.validate_on_submit():
        try:
            school_events.record(unit(), *form.told)
        except NotYetError:
            form.happened_on.errors = [_("This day is still to come.")]
        else:
            flash(_("The event is written down. You can choose it when you assign."), "success")
            return redirect(url_for("school.events"), 303)
    page = render_template(
        "school/events.html",
        form=form,
        found=cut(school_events.of_school(unit()), listing.page_number()),
    )
    return (page, 422) if form.errors else page
