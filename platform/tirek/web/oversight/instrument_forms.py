"""What a methodologist says when they sign, open regions for a trial, or retire a release."""

from collections.abc import Iterable
from typing import Self

from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import DataRequired, Length

from tirek.services import pilots
from tirek.services.release_signing import Seen, Statement
from tirek.services.unit import Unit
from tirek.web.forms import PageForm
from tirek.web.i18n import localised
from tirek.web.oversight.instrument_words import SEEN

LONGEST = 2000


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class SignForm(PageForm):
    """What was looked at, and what is said of it."""

    seen = SelectMultipleField(
        _l("What have you looked at?"),
        [DataRequired(_l("Tick what you have looked at."))],
    )
    comment = TextAreaField(
        _l("What do you say of it?"),
        [DataRequired(_l("Write a sentence: why you sign.")), Length(max=LONGEST)],
        filters=[_stripped],
    )

    @classmethod
    def about(cls, seen: Iterable[Seen]) -> Self:
        """The form with what there is to look at."""
        form = cls()
        form.seen.choices = [SelectChoice(one.value, SEEN[one]) for one in seen]
        return form

    @property
    def statement(self) -> Statement:
        """The statement, once the form is valid."""
        return Statement(frozenset(map(Seen, self.seen.data or [])), self.comment.data or "")


class PilotForm(PageForm):
    """The regions in which a trial begins."""

    regions = SelectMultipleField(_l("Regions"), [DataRequired(_l("Tick at least one region."))])

    @classmethod
    def offering(cls, unit: Unit, opened: set[str]) -> Self:
        """The form with the regions that are not open yet."""
        form = cls()
        form.regions.choices = [
            SelectChoice(region.iso, localised(region, "name"))
            for region in pilots.regions(unit)
            if region.iso not in opened
        ]
        return form


class RetireForm(PageForm):
    """Why a release is asked no more."""

    reason = TextAreaField(
        _l("Why is it retired?"),
        [DataRequired(_l("Write why.")), Length(max=LONGEST)],
        filters=[_stripped],
    )
