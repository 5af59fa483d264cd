"""When a parent wants to be reminded to read, and the button that ends it."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import reminders
from tirek.services.reminders import Wish
from tirek.web.access import requires
from tirek.web.parent.pages import blueprint
from tirek.web.parent.reading_forms import ReminderForm
from tirek.web.transaction import unit

# Offered to who has chosen nothing yet: when children sleep.
USUAL_HOUR = 20


@blueprint.route("/account/reminders", methods=["GET", "POST"])
@requires(Permission.KEEP_ACCOUNT)
def reminders_page() -> str | tuple[str, int] | Response:
    """Ask for reminders, or for other days; nothing is sent before somebody asks."""
    wish = reminders.own(unit())
    form = ReminderForm(
        weekdays=list(wish.weekdays) if wish is not None else [],
        hour=wish.hour if wish is not None else USUAL_HOUR,
    )
    if form.validate_on_submit():
        reminders.choose(unit(), Wish(form.weekdays.data or [], int(form.hour.data)))
        flash(_("You will be reminded on the days you chose."), "success")
        return redirect(url_for("parent.reminders_page"), code=303)
    page = render_template(
        "parent/reminders.html",
        form=form,
        wish=wish,
        can_be_sent=reminders.can_be_sent(unit()),
    )
    return (page, 422) if form.errors else page


@blueprint.post("/account/reminders/stop")
@requires(Permission.KEEP_ACCOUNT)
def reminders_stop() -> Response:
    """No reminders from now on."""
    reminders.stop(unit())
    flash(_("You will get no reminders any more."), "success")
    return redirect(url_for("parent.reminders_page"), code=303)
