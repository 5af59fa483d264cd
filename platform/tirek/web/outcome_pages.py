"""What the conversation showed: one page, the same at the support centre and at the school.

It shows no score, answer or flag, so that it can be filled in before they are read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired

from tirek.domain.standing import Verdict
from tirek.services import outcomes
from tirek.services.outcomes import Asked
from tirek.web.access import catalog
from tirek.web.filters import as_date
from tirek.web.forms import PageForm
from tirek.web.i18n import data_lang
from tirek.web.transaction import keep_despite_error, unit

SEE_OTHER, WRONG = 303, 422
YES, NO = "yes", "no"
VERDICTS = {
    Verdict.CONFIRMED.value: _l("Confirmed: what the questionnaire asks about is there"),
    Verdict.NOT_CONFIRMED.value: _l("Not confirmed: it is not there"),
    Verdict.UNCLEAR.value: _l("Unclear: it cannot be said yet"),
}


class OutcomeForm(PageForm):
    """A word about one questionnaire."""

    sheet = RadioField(
        _l("Which questionnaire is it about?"),
        [InputRequired(_l("Choose the questionnaire."))],
        choices=[],
    )
    verdict = RadioField(
        _l("What did you find in the conversation?"),
        [InputRequired(_l("Choose what you found."))],
        choices=[SelectChoice(value, word) for value, word in VERDICTS.items()],
    )
    knew = RadioField(
        _l("Did you know the score or the answers before the conversation?"),
        [InputRequired(_l("Say whether you knew them."))],
        choices=[SelectChoice(NO, _l("No")), SelectChoice(YES, _l("Yes"))],
    )

    def offer(self, asked: Sequence[Asked]) -> None:
        """Let one of these be chosen; the only one is chosen already."""
        self.sheet.choices = [SelectChoice(_name(one), _title(one)) for one in asked]
        if len(asked) == 1 and not self.sheet.data:
            self.sheet.data = _name(asked[0])


@dataclass(frozen=True, slots=True)
class Place:
    """Whose page it is: its layout, and where it leads back to."""

    layout: str
    back: Callable[[], str]
    # Whether that is the pupil's page; else it is the referral.
    is_of_pupil: bool = False


def show(place: Place, asked: Sequence[Asked]) -> str | tuple[str, int] | Response:
    """Show the form, or write down what was found."""
    open_ones = [one for one in asked if one.said is None]
    form = OutcomeForm()
    form.offer(open_ones)
    if request.method == "GET":
        return _page(place, asked, form)
    if asked and not open_ones:
        flash(_("You have said this before. The first word counts."))
        return redirect(place.back(), SEE_OTHER)
    if not form.validate():
        keep_despite_error()
        return _page(place, asked, form), WRONG
    (chosen,) = [one for one in open_ones if _name(one) == form.sheet.data]
    outcomes.record(unit(), chosen, Verdict(form.verdict.data), knew=form.knew.data == YES)
    flash(
        _("Written down. Thank you: it shows how far the questionnaire can be trusted."), "success"
    )
    return redirect(place.back(), SEE_OTHER)


def _page(place: Place, asked: Sequence[Asked], form: OutcomeForm) -> str:
    return render_template(
        "referral/outcome.html",
        layout=place.layout,
        back=place.back(),
        is_of_pupil=place.is_of_pupil,
        form=form,
        code=asked[0].student_code if asked else None,
        waiting=[one for one in asked if one.said is None],
        seen=[_title(one) for one in asked if one.has_seen and one.said is None],
        said=[(_title(one), str(VERDICTS[one.said.value])) for one in asked if one.said],
    )


def _name(one: Asked) -> str:
    return f"{one.key.school_year}.{one.key.id}"


def _title(one: Asked) -> str:
    instrument = catalog().instruments.get(one.instrument_id)
    title = instrument.text(data_lang(), "title") if instrument else ""
    who = _("answered by the pupil") if one.respondent == "student" else _("answered by a parent")
    return f"{one.instrument_id.upper()}. {title} ({who}, {as_date(one.ended_at)})"
