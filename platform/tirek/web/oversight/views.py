"""The operations page, stuck messages, and records of broken promises."""

from datetime import UTC, date, datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.levels import Level
from tirek.domain.permissions import Permission
from tirek.services import breaches as records
from tirek.services import operations
from tirek.services.breaches import BreachQuery
from tirek.services.operations import OverdueNotice
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.oversight.blueprint import area, blueprint
from tirek.web.transaction import unit
from tirek.web.watch_words import as_month

SEE_OTHER = 303


@blueprint.get("")
@requires(Permission.VIEW_OVERSIGHT)
def home() -> str:
    """Everything that must be looked at now, the most urgent first."""
    return render_template(
        "oversight/home.html",
        machinery=operations.machinery(unit(), area()),
        work=operations.work(unit(), area()),
        notice_title=_notice_title,
        now=datetime.now(UTC),
    )


def _notice_title(notice: OverdueNotice) -> str:
    """What had to be done, as the protocol calls it; a kind that it lacks stays a code."""
    rules = catalog().protocol.rule(notice.level).notices
    titles = {one.kind: one.title[data_lang()] for one in rules}
    return titles.get(notice.kind, notice.kind)


@blueprint.post("/messages/<int:message_id>/retry")
@requires(Permission.RETRY_MESSAGE)
def retry(message_id: int) -> Response:
    """Try a stuck message again."""
    operations.retry(unit(), area(), message_id)
    flash(_("It will be tried again within a minute."), "success")
    return redirect(url_for("oversight.home", _anchor="stuck"), SEE_OTHER)


@blueprint.get("/breaches")
@requires(Permission.VIEW_OVERSIGHT)
def breaches() -> str:
    """List what was not kept in the end."""
    query = _query()
    by_month = records.by_month(unit(), area())
    return render_template(
        "oversight/breaches.html",
        found=records.in_area(unit(), area(), query),
        regions=records.regions(unit()),
        months=[month for month, _number in reversed(by_month)],
        bars=[(as_month(month), number) for month, number in by_month],
        query=query,
        kept=_kept(query),
    )


def _query() -> BreachQuery:
    """What the address asks for; words that are not ours are passed over."""
    level, region = request.args.get("level"), request.args.get("region")
    page = request.args.get("page", 1, type=int)
    known = {iso for iso, _place in records.regions(unit())}
    return BreachQuery(
        region=region if region in known else None,
        level=Level(level) if level in set(Level) else None,
        month=_month(request.args.get("month", "")),
        page=max(1, min(page, 100_000)),
    )


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _kept(query: BreachQuery) -> dict[str, str]:
    """The choice as it goes on to the next page of the list."""
    month = f"{query.month:%Y-%m}" if query.month else None
    chosen = {"region": query.region, "level": query.level, "month": month}
    return {name: str(value) for name, value in chosen.items() if value}
