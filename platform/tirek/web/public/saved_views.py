"""Courses to keep: a zip to fetch once and read without a network."""

from flask import Response, abort, request

from tirek.web.access import public
from tirek.web.lessons import find_served
from tirek.web.public.views import blueprint
from tirek.web.saved_course import saved_course


@blueprint.get("/courses/<course_id>/save.zip")
@public
def course_zip(course_id: str) -> Response:
    """The whole course in the language of this address."""
    kept = saved_course(find_served(course_id) or abort(404))
    response = Response(kept.content, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{kept.name}"'
    response.headers["Cache-Control"] = "public, no-cache"
    response.set_etag(kept.digest)
    response.make_conditional(request)
    return response
