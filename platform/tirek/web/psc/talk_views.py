"""A support centre's talks with parents; its head sees who offers them and when."""

from uuid import UUID

from flask import render_template

from tirek.domain.permissions import Permission
from tirek.services import talk_week
from tirek.web import talk_desk_words as words
from tirek.web.access import requires
from tirek.web.psc.blueprint import blueprint
from tirek.web.talk_one_pages import ONE_TALK
from tirek.web.talk_pages import PAGES, Area, asked_day, register
from tirek.web.transaction import unit

AREA = Area("psc", "psc/layout.html")
register(blueprint, AREA, PAGES + ONE_TALK)


@blueprint.get("/talks/hosts")
@requires(Permission.KEEP_ROSTER)
def talk_hosts() -> str:
    """Everybody at the centre who offers talks, in numbers."""
    return render_template(
        "talks/hosts.html",
        area=AREA,
        words=words,
        colleagues=talk_week.colleagues(unit()),
        waiting=talk_week.how_many_wait(unit()),
    )


@blueprint.get("/talks/hosts/<uuid:host_id>")
@requires(Permission.KEEP_ROSTER)
def talk_host(host_id: UUID) -> str:
    """A colleague's week: the times and what they are, never with whom or about what."""
    return render_template(
        "talks/host.html",
        area=AREA,
        words=words,
        week=talk_week.week(unit(), asked_day(), host_id),
    )
