"""Putting somebody on an upper rung, the same for coordinators and administrators."""

from typing import Self

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired

from tirek.domain.ladder import Post
from tirek.services import breaches, duty_places
from tirek.services.oversight import Area
from tirek.services.unit import Unit
from tirek.web.forms import PageForm
from tirek.web.i18n import localised
from tirek.web.watch_words import watch_word

NATIONAL = "national"


class DutyForm(PageForm):
    """Who, and on which rung: a region's last responder, or the national duty."""

    place = SelectField(_l("Rung"), [InputRequired(_l("Choose a rung."))], coerce=str)
    account = SelectField(_l("Person"), [InputRequired(_l("Choose a person."))], coerce=str)

    @classmethod
    def offering(cls, unit: Unit, area: Area) -> Self:
        """The form with the rungs and people of an area to choose from."""
        form = cls()
        responder = watch_word(Post.LAST_RESPONDER, "post")
        rungs = [
            SelectChoice(iso, f"{responder}: {localised(place, 'name')}")
            for iso, place in breaches.regions(unit)
            if area.region_iso in {None, iso}
        ]
        if area.region_iso is None:
            rungs.insert(0, SelectChoice(NATIONAL, watch_word(Post.NATIONAL_DUTY, "post")))
        form.place.choices = rungs
        form.account.choices = [SelectChoice("", _l("Choose a person"))] + [
            SelectChoice(
                str(one.id),
                ", ".join(
                    part
                    for part in (
                        one.name,
                        watch_word(one.role, "addressee"),
                        localised(one.region, "name") if one.region else "",
                    )
                    if part
                ),
            )
            for one in duty_places.candidates(unit, area)
        ]
        return form

    @property
    def chosen_post(self) -> Post:
        """The rung that was chosen."""
        return Post.NATIONAL_DUTY if self.place.data == NATIONAL else Post.LAST_RESPONDER

    @property
    def chosen_region(self) -> str | None:
        """Its region; the national duty has none."""
        return None if self.place.data == NATIONAL else self.place.data
