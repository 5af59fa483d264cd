"""Saying how a school is reached: the same for the school, coordinators and administrators."""

from collections.abc import Callable
from typing import Self

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import Field, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from tirek.domain.roster import phone_of
from tirek.services import school_contacts
from tirek.services.school_contacts import Contact, SchoolRow, Wanted
from tirek.web.forms import PageForm
from tirek.web.transaction import unit

SEE_OTHER, WRONG = 303, 422
LONGEST_PHONE, LONGEST_ADDRESS, LONGEST_SEARCH = 30, 300, 40
MISSING, ALL = "missing", "all"
Answer = str | tuple[str, int] | Response


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


def _callable(_form: PageForm, field: Field) -> None:
    if field.data and phone_of(field.data) is None:
        raise ValidationError(_("A number of Kazakhstan, such as +7 701 234 56 78."))


class ContactForm(PageForm):
    """The telephones of a school, and its address in both languages."""

    phone = StringField(
        _l("Telephone of the reception"),
        [
            InputRequired(_l("Type the telephone of the reception.")),
            Length(max=LONGEST_PHONE),
            _callable,
        ],
        filters=[_stripped],
    )
    urgent_phone = StringField(
        _l("Telephone for a child in danger"),
        [Length(max=LONGEST_PHONE), _callable],
        filters=[_stripped],
    )
    address_kk = StringField(
        _l("Address in Kazakh"), [Length(max=LONGEST_ADDRESS)], filters=[_stripped]
    )
    address_ru = StringField(
        _l("Address in Russian"), [Length(max=LONGEST_ADDRESS)], filters=[_stripped]
    )

    @classmethod
    def of(cls, school: SchoolRow) -> Self:
        """The form as it was filled in before."""
        names = ("phone", "urgent_phone", "address_kk", "address_ru")
        return cls(data={name: getattr(school, name) for name in names})

    def validate_address_kk(self, field: Field) -> None:
        """Whoever reads Kazakh must find the address too."""
        _in_both(field, self.address_ru)

    def validate_address_ru(self, field: Field) -> None:
        """Whoever reads Russian must find the address too."""
        _in_both(field, self.address_kk)

    @property
    def contact(self) -> Contact:
        """What was typed."""
        return Contact(
            self.phone.data or "",
            self.urgent_phone.data,
            self.address_kk.data,
            self.address_ru.data,
        )


def _in_both(field: Field, other: Field) -> None:
    if other.data and not field.data:
        raise ValidationError(_("Type the address in this language too, or leave both empty."))


def edit(template: str, school: SchoolRow, keep: Callable[[Contact], None], then: str) -> Answer:
    """Show the form of one school, or keep what was typed and go on to `then`."""
    form = ContactForm.of(school)
    if form.validate_on_submit():
        keep(form.contact)
        flash(_("Saved. Whoever has a referral from this school sees it now."), "success")
        return redirect(then, SEE_OTHER)
    page = render_template(template, form=form, school=school)
    return (page, WRONG) if form.errors else page


def listing(template: str) -> str:
    """The schools that this person looks over, those without a telephone unless asked for all."""
    show = ALL if request.args.get("show") == ALL else MISSING
    # The database takes no zero byte, and no school has one.
    searched = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    page = max(1, request.args.get("page", 1, type=int))
    found = school_contacts.listed(unit(), Wanted(show == MISSING, searched, page))
    return render_template(template, found=found, show=show, q=searched)
