"""What a methodologist says to an alarm, and decides on a draft."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.domain.standing import DraftState
from tirek.services import measurement_drafts, measurement_pages, standing_alarms
from tirek.web.access import requires
from tirek.web.i18n import data_lang
from tirek.web.oversight import measurement_words as words
from tirek.web.oversight.blueprint import blueprint
from tirek.web.oversight.measurement_forms import AlarmForm, DraftForm
from tirek.web.oversight.views import SEE_OTHER
from tirek.web.transaction import unit

Answer = str | tuple[str, int] | Response
FORMS = ["GET", "POST"]
WRONG = 422


@blueprint.route("/measurement/alarms/<uuid:alarm_id>", methods=FORMS)
@requires(Permission.VIEW_MEASUREMENT)
def measurement_alarm(alarm_id: UUID) -> Answer:
    """One alarm with its figures; it ends with words."""
    alarm, form = standing_alarms.get(unit(), alarm_id), AlarmForm()
    if not form.validate_on_submit():
        page = render_template(
            "oversight/measurement_alarm.html",
            alarm=alarm,
            form=form,
            words=words,
            instrument=unit().catalog.instruments.get(alarm.instrument_id),
            text_lang=data_lang(),
        )
        return (page, WRONG) if form.errors else page
    standing_alarms.answer(unit(), alarm_id, form.words.data or "")
    flash(_("Written down with your name. The warning does not come back by itself."), "success")
    return redirect(url_for("oversight.measured_one", instrument_id=alarm.instrument_id), SEE_OTHER)


@blueprint.route("/measurement/drafts/<uuid:draft_id>", methods=FORMS)
@requires(Permission.VIEW_MEASUREMENT)
def measurement_draft(draft_id: UUID) -> Answer:
    """One draft with the lines it would be in a file; a person publishes it or sets it aside."""
    draft, form = measurement_drafts.get(unit(), draft_id), DraftForm()
    if not form.validate_on_submit():
        page = render_template(
            "oversight/measurement_draft.html",
            draft=draft,
            form=form,
            words=words,
            instrument=measurement_pages.get_instrument(unit(), draft.place.instrument_id),
            text_lang=data_lang(),
        )
        return (page, WRONG) if form.errors else page
    measurement_drafts.decide(unit(), draft_id, DraftState(form.state.data), form.reason.data or "")
    flash(_("Decided. No questionnaire changes by itself: the lines go into its files."), "success")
    return redirect(url_for("oversight.measurement_draft", draft_id=draft_id), SEE_OTHER)


@blueprint.get("/measurement/drafts/<uuid:draft_id>.yaml")
@requires(Permission.VIEW_MEASUREMENT)
def measurement_draft_file(draft_id: UUID) -> Response:
    """The lines for interpretation.yaml."""
    draft = measurement_drafts.get(unit(), draft_id)
    answer = Response(draft.lines, mimetype="text/yaml")
    name = f"{draft.place.instrument_id}-{draft.kind.value}.yaml"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
