"""Answers that a class gave elsewhere: send a file, look at what it would mean, then decide."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from tirek.domain.answer_entry import MOST_BYTES
from tirek.domain.permissions import Permission
from tirek.services import (
    answer_checks,
    answer_entry,
    answer_uploads,
    assignment_rows,
    assignments,
    classrooms,
)
from tirek.services.answer_entry import NotReadyError
from tirek.services.answer_uploads import NoEntryError, ReasonMissingError, UnreadableError
from tirek.web.access import requires
from tirek.web.i18n import data_lang
from tirek.web.school import entry_words
from tirek.web.school.entry_forms import AnswerFileForm, LeaveOutForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import db, keep_despite_error, unit

UPLOAD = "school.answer_file"
SEE_OTHER, WRONG = 303, 422
# What surrounds the file in the request.
ENVELOPE = 64 * 1024


@blueprint.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """A file of answers is larger than any form; said before anything reads the request."""
    if endpoint == UPLOAD:
        request.max_content_length = MOST_BYTES + ENVELOPE


@blueprint.route("/assignments/<uuid:assignment_id>/entry", methods=["GET", "POST"])
@requires(Permission.ENTER_ANSWERS)
def answer_file(assignment_id: UUID) -> str | tuple[str, int] | Response:
    """Choose a file; it is sealed here and nothing is entered yet."""
    assignment = assignments.get(unit(), assignment_id)
    form = AnswerFileForm(data={"language": data_lang()})
    content = _content()
    if form.validate_on_submit():
        try:
            kept = answer_uploads.keep(unit(), assignment, content, form.language.data)
        except UnreadableError as error:
            form.file.errors = [entry_words.sentence(one) for one in error.faults]
        except NoEntryError:
            form.form_errors.append(_("Nothing can be entered here."))
        else:
            return redirect(url_for("school.answer_upload", upload_id=kept.id), SEE_OTHER)
    page = render_template(
        "school/answer_file.html",
        form=form,
        row=assignment_rows.row_of(unit(), assignment),
        refusal=answer_checks.refusal(unit(), assignment),
        waiting=answer_uploads.waiting(unit(), assignment_id),
        entry_words=entry_words,
    )
    return (page, WRONG) if form.errors else page


@blueprint.get("/entries/<uuid:upload_id>")
@requires(Permission.ENTER_ANSWERS)
def answer_upload(upload_id: UUID) -> str:
    """What a file would mean, row by row; or what became of it."""
    return _upload_page(upload_id, LeaveOutForm())


@blueprint.post("/entries/<uuid:upload_id>/enter")
@requires(Permission.ENTER_ANSWERS)
def answers_enter(upload_id: UUID) -> Response:
    """Enter all of it or nothing."""
    upload = answer_uploads.get(unit(), upload_id)
    try:
        done = answer_entry.enter(unit(), upload_id)
    except NotReadyError:
        db().rollback()
        flash(_("Nothing was entered: something has changed since. See below."))
        return redirect(url_for("school.answer_upload", upload_id=upload_id), SEE_OTHER)
    flash(_entered(done.pupils, done.urgent), "success")
    return redirect(url_for("school.assignment", assignment_id=upload.assignment_id), SEE_OTHER)


@blueprint.post("/entries/<uuid:upload_id>/refuse")
@requires(Permission.ENTER_ANSWERS)
def answers_refuse(upload_id: UUID) -> tuple[str, int] | Response:
    """Enter nothing of it, and throw its content away."""
    form = LeaveOutForm()
    upload = answer_uploads.get(unit(), upload_id)
    if form.validate():
        try:
            answer_uploads.refuse(unit(), upload_id, form.reason.data or "")
        except ReasonMissingError:
            form.reason.errors = [_("Write why, and what was done for these pupils.")]
        else:
            flash(_("Nothing was entered. The content of the file is gone."), "success")
            address = url_for("school.answer_file", assignment_id=upload.assignment_id)
            return redirect(address, SEE_OTHER)
    # The page shows the rows once more, which leaves its entries like any other look at them.
    keep_despite_error()
    return _upload_page(upload_id, form), WRONG


@blueprint.get("/entries/<uuid:upload_id>/<any(enter, refuse):_step>")
@requires(Permission.ENTER_ANSWERS)
def answers_step_left(upload_id: UUID, _step: str) -> Response:
    """Go back to the file: a changed language or a reload asks for the address of a sent form."""
    return redirect(url_for("school.answer_upload", upload_id=upload_id))


def _content() -> bytes:
    sent = request.files.get("file")
    if sent is None:
        return b""
    with sent.stream as file:
        return file.read(MOST_BYTES + 1)


def _upload_page(upload_id: UUID, form: LeaveOutForm) -> str:
    upload = answer_uploads.get(unit(), upload_id)
    assignment = assignments.get(unit(), upload.assignment_id)
    waits = upload.decided_at is None
    return render_template(
        "school/answer_upload.html",
        upload=upload,
        instrument_id=assignment.instrument_id,
        classroom=classrooms.name_of(classrooms.get(unit(), assignment.classroom_id)),
        seen=answer_uploads.look(unit(), upload) if waits else None,
        decided=None if waits else answer_uploads.decided(unit(), upload),
        form=form,
        entry_words=entry_words,
        text_lang=data_lang(),
    )


def _entered(pupils: int, urgent: int) -> str:
    done = ngettext(
        "The answers of %(num)s pupil are entered.",
        "The answers of %(num)s pupils are entered.",
        pupils,
    )
    if not urgent:
        return str(done)
    told = ngettext(
        "%(num)s pupil needs a conversation today: the referral is on its way.",
        "%(num)s pupils need a conversation today: the referrals are on their way.",
        urgent,
    )
    return f"{done} {told}"
