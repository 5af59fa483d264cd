"""Whether the courses help: how far parents come, what changes, and the table for researchers."""

from flask import render_template, request
from flask_babel import format_decimal
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import course_figures, effect, research_export
from tirek.services.course_figures import Funnel
from tirek.services.effect import Effect
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.oversight.blueprint import area, blueprint
from tirek.web.transaction import unit

_POINTS, _SIGNED = "0.0", "+0.0;-0.0"


@blueprint.get("/courses")
@requires(Permission.VIEW_COURSE_FIGURES)
def courses() -> str:
    """Each course with its funnel in both languages, and what changed in those who answered."""
    funnels, effects = _figures()
    chosen = request.args.get("course", "")
    begun = [one.course for one in funnels if one.language is None and _has_begun(one)]
    return render_template(
        "oversight/courses.html",
        funnels=[one for one in funnels if one.course in begun and chosen in {"", one.course.id}],
        change_rows=[_change_row(one) for one in effects if chosen in {"", one.course.id}],
        courses=begun,
        chosen=chosen,
        steps=_step_words(),
        text_lang=data_lang(),
        figures=_shown_figures,
    )


@blueprint.get("/courses.csv")
@requires(Permission.VIEW_COURSE_FIGURES)
def courses_table() -> Response:
    """The same for programs: sums only, small cells hidden."""
    page = research_export.write(*_figures())
    response = Response(page, mimetype="text/csv")
    response.headers["Content-Disposition"] = "attachment; filename=tirek-courses.csv"
    return response


def _has_begun(one: Funnel) -> bool:
    """Whether anybody has begun the course; a hidden figure is somebody."""
    return one.steps[0] != 0


def _step_words() -> list[str]:
    """The steps of a funnel, in the order of `course_figures.STEPS`, and the short path."""
    return [
        _("Opened a lesson"),
        _("Finished one lesson"),
        _("Finished half"),
        _("Finished all"),
        _("Finished the five-day path"),
    ]


def _figures() -> tuple[list[Funnel], list[Effect]]:
    shown = catalog().courses.values()
    region = area().region_iso
    return (
        course_figures.funnels(unit(), shown, region),
        effect.effects(unit(), shown, region),
    )


def _shown_figures(one: Funnel) -> list[str]:
    return [
        _("hidden (fewer than 5)") if count is None else format_decimal(count)
        for count in (*one.steps, one.core_path)
    ]


def _change_row(one: Effect) -> list[str]:
    place = [one.course.text(data_lang()).title, _scale_word(one)]
    change = one.change
    if change is None:
        return [*place, _("fewer than 10"), *[_("not shown")] * 3]
    change_words = _(
        "%(mean)s (from %(low)s to %(high)s)",
        mean=format_decimal(change.mean, _SIGNED),
        low=format_decimal(change.low, _SIGNED),
        high=format_decimal(change.high, _SIGNED),
    )
    points = [format_decimal(one, _POINTS) for one in (change.before, change.after)]
    return [*place, format_decimal(change.pairs), *points, change_words]


def _scale_word(one: Effect) -> str:
    """The scale's name in the reader's language, else its id."""
    instrument = catalog().instruments.get(one.instrument_id)
    if instrument is None:
        return one.scale_id
    strings = instrument.wordings[data_lang()].strings
    return strings.get(f"scale.{one.scale_id}", one.scale_id)
