"""The inbox, and one referral."""

from datetime import UTC, datetime
from uuid import UUID

from flask import render_template, request

from tirek.domain.levels import Level
from tirek.domain.permissions import Permission
from tirek.services import inbox as inboxes
from tirek.services.inbox import Query, Show
from tirek.web import referral_views
from tirek.web.access import requires
from tirek.web.psc.blueprint import AREA, blueprint
from tirek.web.psc.forms import InboxForm
from tirek.web.transaction import unit

LONGEST_CODE = 40


@blueprint.get("")
@requires(Permission.VIEW_INBOX)
def inbox() -> str:
    """What waits for this centre, the most urgent first; a plain question to the database."""
    query = _query()
    form = InboxForm(
        data={"show": query.show.value, "level": query.level or "", "code": query.code or ""}
    )
    return render_template(
        "psc/inbox.html",
        inbox=inboxes.load(unit(), query),
        form=form,
        kept=_kept(query),
        now=datetime.now(UTC),
    )


@blueprint.get("/referrals/<uuid:referral_id>")
@requires(Permission.VIEW_REFERRAL)
def referral(referral_id: UUID) -> str:
    """Everything about one referral; opening it is written down."""
    return referral_views.show(AREA, referral_id)


def _query() -> Query:
    """What the address asks for; words that are not ours are passed over."""
    show, level = request.args.get("show"), request.args.get("level")
    return Query(
        show=Show(show) if show in set(Show) else Show.OPEN,
        level=Level(level) if level in set(Level) else None,
        # The database takes no zero byte, and no code has one.
        code=request.args.get("code", "").replace("\0", "").strip()[:LONGEST_CODE] or None,
        page=max(1, request.args.get("page", 1, type=int)),
    )


def _kept(query: Query) -> dict[str, str]:
    """The choice as it goes on to the next page of the list."""
    chosen = {"show": query.show.value, "level": query.level, "code": query.code}
    return {name: str(value) for name, value in chosen.items() if value}
