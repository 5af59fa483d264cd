"""Parts of the first page: the fifteen minutes of today, meetings, and courses for the ages."""

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.reading import suggested
from tirek.services import courses, own_children, talk_records
from tirek.web import talk_words
from tirek.web.i18n import data_lang
from tirek.web.lessons import served_courses
from tirek.web.parent.home_parts import home_part
from tirek.web.transaction import unit

# One for each day of the week, Monday first; each fits a child of any age and costs nothing.
IDEAS: Sequence[object] = (
    _l("Let the child choose what you do together. You only join in."),
    _l("Ask: “What was good today, and what was hard?” Listen without giving advice."),
    _l("Cook something small together and talk while you do it."),
    _l("Tell the child something from when you were that age."),
    _l("Go out for a short walk, and leave both telephones at home."),
    _l("Do a chore side by side and name one thing that the child does well."),
    _l("Look at old photographs or draw together. Let the child lead."),
)


@home_part("today", place=30)
def _today() -> Mapping[str, object]:
    """The habit that every course ends in."""
    today = unit().now().astimezone(KAZAKHSTAN).date()
    return {"idea": IDEAS[today.weekday()]}


@home_part("talks", place=50)
def _talks() -> Mapping[str, object]:
    """What is agreed or kept, and the way to a time."""
    return {
        "upcoming": talk_records.upcoming(unit()),
        "kept": talk_records.kept(unit()),
        "words": talk_words,
    }


@home_part("suggestions", place=80)
def _suggestions() -> Mapping[str, object]:
    """At most three courses that were not begun, for the ages of the children."""
    ages = own_children.ages(unit())
    begun = courses.states(unit())
    fresh = [course for course in served_courses() if course.id not in begun]
    return {
        "knows_children": bool(ages.years),
        "courses": suggested(fresh, ages.years, special_needs=ages.has_special_needs),
        "text_lang": data_lang(),
    }
