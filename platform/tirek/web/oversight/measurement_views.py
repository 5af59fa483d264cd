"""How well instruments measure: the list, and one instrument with its plots and tables."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request

from tirek.domain.permissions import Permission
from tirek.domain.standing_cell import measured
from tirek.domain.standing_drafts import FEWEST_FOR_A_NORM
from tirek.domain.standing_outcomes import FEWEST_FOR_A_CUT, FEWEST_OF_EACH
from tirek.services import measurement_pages, measurements, outcome_report, standing_alarms
from tirek.services.measurement_pages import ListQuery, Night
from tirek.web.access import catalog, requires
from tirek.web.filters import as_date
from tirek.web.i18n import data_lang
from tirek.web.oversight import measurement_words as words
from tirek.web.oversight.blueprint import blueprint
from tirek.web.transaction import unit

SHOWS = ("all", "counted", "alarms", "drafts")
SORTS = ("alarms", "name", "n", "alpha")
LONGEST_WORDS = 60
MOST_POINTS = 53
LAST_PAGE = 10_000


@blueprint.get("/measurement")
@requires(Permission.VIEW_MEASUREMENT)
def measurement() -> str:
    """Every instrument with its last figures; what waits for an answer stands first."""
    query = _query()
    alarms = [one for one in standing_alarms.of(unit()) if one.answered_at is None]
    return render_template(
        "oversight/measurement.html",
        found=measurement_pages.listed(unit(), query, data_lang()),
        query=query,
        kept=_kept(query),
        alarms=alarms,
        last=measurements.latest(unit()),
        words=words,
        text_lang=data_lang(),
        instruments=catalog().instruments,
        own=[one for one in catalog().instruments.values() if measurement_pages.is_own(one)],
    )


@blueprint.get("/measurement/<instrument_id>")
@requires(Permission.VIEW_MEASUREMENT)
def measured_one(instrument_id: str) -> str:
    """One scale in one group: trend, items, languages, conversations, alarms, drafts."""
    own = catalog().instruments.get(instrument_id)
    if own is not None and measurement_pages.is_own(own):
        return render_template(
            "oversight/measured_never.html", instrument=own, text_lang=data_lang()
        )
    group = (_one_of("lang", words.LANGUAGES), _one_of("sex", words.SEXES))
    found = measurement_pages.detail(unit(), instrument_id, request.args.get("scale"), group)
    return render_template(
        "oversight/measured_one.html",
        found=found,
        scales=measured(found.instrument),
        outcomes=outcome_report.of_scale(unit(), found.instrument, found.scale),
        trend=[(as_date(one.night), one.figures) for one in _drawn(found.trend)],
        drawn_of=-(-len(found.trend) // MOST_POINTS),
        words=words,
        shown_share=outcome_report.shown_share,
        text_lang=data_lang(),
        fewest_for_norm=FEWEST_FOR_A_NORM,
        fewest_for_cut=FEWEST_FOR_A_CUT,
        fewest_of_each=FEWEST_OF_EACH,
    )


def _drawn(nights: Sequence[Night]) -> Sequence[Night]:
    """The nights that a plot on a phone can hold, evenly apart, the last one among them."""
    apart = max(1, -(-len(nights) // MOST_POINTS))
    return nights[::-1][::apart][::-1]


def _one_of(name: str, known: Any) -> str:
    asked = request.args.get(name, "")
    return asked if asked in known else ""


def _query() -> ListQuery:
    """What the address asks for; words that are not ours are passed over."""
    show, sort = request.args.get("show", "all"), request.args.get("sort", "alarms")
    return ListQuery(
        words=request.args.get("q", "").strip()[:LONGEST_WORDS],
        show=show if show in SHOWS else "all",
        sort=sort if sort in SORTS else "alarms",
        page=max(1, min(request.args.get("page", 1, type=int), LAST_PAGE)),
    )


def _kept(query: ListQuery) -> dict[str, str]:
    """The choice as it goes on to the next page of the list."""
    chosen = {"q": query.words, "show": query.show, "sort": query.sort}
    return {name: value for name, value in chosen.items() if value}
