"""Review tasks: what the machine could not decide."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import answer_uploads, review
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.school import listing
from tirek.web.school.forms import NoteForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import unit


@blueprint.get("/reviews")
@requires(Permission.RESOLVE_REVIEW)
def reviews() -> str:
    """List the tasks."""
    chosen = {
        "show": listing.one_of("show", ("open", "done", "all"), "open"),
        "code": listing.searched(),
        "sort": listing.one_of("sort", ("oldest", "newest", "code"), "oldest"),
    }
    return render_template(
        "school/reviews.html",
        found=review.of_school(unit(), page=listing.page_number(), **chosen),
        waiting=answer_uploads.waiting(unit()),
        chosen=chosen,
        instruments=catalog().instruments,
        text_lang=data_lang(),
    )


@blueprint.route("/reviews/<uuid:task_id>", methods=["GET", "POST"])
@requires(Permission.RESOLVE_REVIEW)
def review_task(task_id: UUID) -> str | tuple[str, int] | Response:
    """One task: read the questionnaire, then close it with a note."""
    form = NoteForm()
    if form.validate_on_submit():
        review.close(unit(), task_id, form.note.data or "")
        flash(_("Closed with your note."), "success")
        return redirect(url_for("school.review_task", task_id=task_id))
    row, note = review.open_task(unit(), task_id)
    page = render_template(
        "school/review.html",
        row=row,
        note=note,
        form=form,
        instrument=catalog().instruments.get(row.instrument_id),
        text_lang=data_lang(),
    )
    return (page, 422) if form.errors else page
