"""The monthly test alarm: answer it, and see how soon it was answered before."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import drills as test_alarms
from tirek.web import watch_words
from tirek.web.access import requires
from tirek.web.psc.blueprint import blueprint
from tirek.web.psc.roster_views import SEE_OTHER
from tirek.web.transaction import unit
from tirek.web.watch_words import as_month, duration

blueprint.record_once(lambda state: watch_words.install(state.app.jinja_env))


@blueprint.context_processor
def _offered() -> dict[str, Any]:
    """Every page of the centre shows that a test alarm waits."""
    return {"test_alarm_waits": lambda: test_alarms.waits(unit())}


@blueprint.get("/drills")
@requires(Permission.ANSWER_DRILL)
def drills() -> str:
    """The test alarm that waits, and those of before."""
    rows = test_alarms.of_center(unit())
    return render_template(
        "psc/drills.html",
        waiting=next((row for row in rows if row.is_open), None),
        rows=rows,
        bars=[
            (as_month(row.month), row.seconds / 60, duration(row.seconds))
            for row in reversed(rows[: test_alarms.MONTHS_SHOWN])
            if row.seconds is not None
        ],
    )


@blueprint.post("/drills/<uuid:drill_id>")
@requires(Permission.ANSWER_DRILL)
def drill_answer(drill_id: UUID) -> Response:
    """Answer a test alarm."""
    test_alarms.answer(unit(), drill_id)
    flash(_("Answered. Thank you: this is how it should go when it is real."), "success")
    return redirect(url_for("psc.drills"), SEE_OTHER)


@blueprint.get("/drills/<uuid:drill_id>", endpoint="drill_answer_left")
@requires(Permission.ANSWER_DRILL)
def drill_left(drill_id: UUID) -> Response:
    """Where the language switch of a refused step leads: back to the list."""
    del drill_id
    return redirect(url_for("psc.drills"))
