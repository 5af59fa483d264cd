"""The page on which somebody is named as possibly harming a child, at the centre and at school."""

from uuid import UUID, uuid4

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from tirek.domain.referral import ConflictKind
from tirek.services import harm, named
from tirek.services.harm import Named
from tirek.services.named import Asked
from tirek.web.forms import PageForm
from tirek.web.i18n import localised
from tirek.web.referral_forms import LONGEST_NOTE
from tirek.web.referral_views import SEE_OTHER, WRONG, Answer, Area
from tirek.web.referral_words import NAMED
from tirek.web.transaction import keep_despite_error, unit

NOT_SAID = ""


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class NamedForm(PageForm):
    """Who is named, and what was seen or heard."""

    kind = RadioField(
        _l("Who is it?"),
        [InputRequired(_l("Choose who it is."))],
        choices=[SelectChoice(kind.value, NAMED[kind.value]) for kind in ConflictKind],
    )
    center = SelectField(_l("If somebody of a support centre: which one?"))
    person = SelectField(_l("If somebody of your own centre: who?"))
    note = TextAreaField(
        _l("What was seen or heard, and who says so?"),
        [DataRequired(_l("Write a few words.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )
    mark = HiddenField(validators=[InputRequired()])

    def offer(self, asked: Asked) -> None:
        """Allow exactly these centres and people."""
        blank = SelectChoice(NOT_SAID, _("Not chosen"))
        self.center.choices = [
            blank, *(SelectChoice(str(one.id), localised(one, "name")) for one in asked.centers)
        ]  # fmt: skip
        if not asked.colleagues:
            # A school knows nobody of a centre by name.
            del self.person
            return
        self.person.choices = [
            blank, *(SelectChoice(str(one.id), one.display_name) for one in asked.colleagues)
        ]  # fmt: skip

    @property
    def chosen_person(self) -> str | None:
        """The colleague that was chosen, None for nobody."""
        return (self.person.data or None) if "person" in self else None

    def validate_center(self, field: SelectField) -> None:
        """Which centre it is must be known; a person of the own one says it too."""
        of_a_center = self.kind.data == ConflictKind.PSC_STAFF.value
        if of_a_center and not field.data and not self.chosen_person:
            raise ValidationError(_l("Choose the centre."))

    def validate_mark(self, field: HiddenField) -> None:
        """It was written by our page."""
        if sent_mark() is None:
            field.data = str(uuid4())
            raise ValidationError(_l("Load this page again, then send it."))

    def read(self) -> Named:
        """Who is named, once the form is valid; a centre and a person count for a centre only."""
        kind = ConflictKind(self.kind.data)
        of_a_center = kind is ConflictKind.PSC_STAFF
        person = UUID(self.chosen_person) if of_a_center and self.chosen_person else None
        center = UUID(self.center.data) if of_a_center and self.center.data else None
        return Named(
            kind, self.note.data or "", person, None if person else center, UUID(self.mark.data)
        )


def sent_mark() -> UUID | None:
    """The mark of the page that was sent, None when it cannot be one."""
    try:
        return UUID(request.form.get("mark", ""))
    except ValueError:
        return None


def name(area: Area, referral_id: UUID) -> Answer:
    """Show the form, or write down who is named; whoever is kept out is led to their list."""
    mark = sent_mark()
    if mark is not None and harm.is_named(unit(), mark):
        return _after(area, referral_id)
    asked = named.ask(unit(), referral_id)
    form = NamedForm(data={"mark": str(uuid4())})
    form.offer(asked)
    if form.validate_on_submit():
        harm.name_conflict(unit(), asked.student_id, form.read())
        return _after(area, referral_id)
    page = render_template("referral/named.html", area=area, asked=asked, form=form)
    if form.errors:
        keep_despite_error()
        return page, WRONG
    return page


def _after(area: Area, referral_id: UUID) -> Response:
    if named.is_in_sight(unit(), referral_id):
        flash(_("Written down. Whoever is named gets nothing about this child."), "success")
        return redirect(area.url(referral_id), SEE_OTHER)
    flash(
        _(
            "Written down. Others take care of the child from now on, and this referral is out of"
            " sight here: that protects the child, and you. Please speak with nobody about it."
        ),
        "success",
    )
    return redirect(url_for(area.list_page), SEE_OTHER)
