"""What a school could ask and may not now, each with the reason: else it would just be missing."""

from enum import StrEnum

from tirek.domain.instruments import Instrument, Subject
from tirek.services import licences, pilots
from tirek.services.unit import Unit


class Withheld(StrEnum):
    """Why a questionnaire may not be assigned."""

    # Only its topics are here: whoever holds a licence enters the questions.
    NO_TEXT = "no_text"
    LICENCE = "licence"
    NOT_RELEASED = "not_released"


def of_school(unit: Unit) -> list[tuple[Instrument, Withheld]]:
    """The questionnaires about a child that the own school may not assign today."""
    about_a_child = [
        instrument
        for instrument in unit.catalog.instruments.values()
        if instrument.structure.subject is not Subject.PARENT_ABOUT_SELF
    ]
    shown = {one.id for one in licences.shown(unit, about_a_child, licences.today(unit))}
    school_id = unit.actor.school_id
    stored = pilots.usable(unit, [school_id] if school_id else [])
    found = []
    for instrument in about_a_child:
        if not instrument.can_be_asked:
            found.append((instrument, Withheld.NO_TEXT))
        elif instrument.id not in shown:
            found.append((instrument, Withheld.LICENCE))
        elif instrument.hashes.release not in stored:
            found.append((instrument, Withheld.NOT_RELEASED))
    return found
