"""The calendar of a psychologist's talks, for a calendar program, which cannot sign in."""

from uuid import UUID

from flask import make_response, url_for
from werkzeug.wrappers import Response

from tirek.domain.people import PSC_ROLES, Actor
from tirek.services import talk_feeds
from tirek.web.access import public
from tirek.web.public.views import blueprint
from tirek.web.transaction import plant, unit

FILE_NAME = "calendar.ics"


@blueprint.get("/calendar/<secret>.ics")
@public
def talk_feed(secret: str) -> Response:
    """Times only: two neutral words, and links that open for their psychologist alone."""
    answer = make_response(talk_feeds.read(unit(), secret, _link))
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    answer.headers["Content-Disposition"] = f'inline; filename="{FILE_NAME}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _link(actor: Actor, booking_id: UUID) -> str:
    area = "psc" if actor.role in PSC_ROLES else "school"
    return plant().base_url + url_for(f"{area}.talk", booking_id=booking_id)
