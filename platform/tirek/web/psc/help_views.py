"""Parents who wait for a call: the list, accepting by name, notes, and how it ended."""

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.errors import ConflictError
from tirek.domain.help_rules import DANGERS
from tirek.domain.levels import Level
from tirek.domain.parents import HelpOutcome
from tirek.domain.permissions import Permission
from tirek.services import help_desk
from tirek.services.help_desk import HeadNeededError, NotAcceptedError, Opened, Show
from tirek.web.access import requires
from tirek.web.psc.blueprint import blueprint
from tirek.web.psc.help_forms import (
    KINDS,
    OUTCOMES,
    CloseForm,
    ConcernForm,
    HelpListForm,
    NoteForm,
)
from tirek.web.transaction import db, unit

SEE_OTHER, CONFLICT, WRONG = 303, 409, 422
ONE = "/help-requests/<uuid:request_id>"


@blueprint.context_processor
def _offered() -> dict[str, Any]:
    """Every page of the centre shows how many parents nobody has taken up."""
    return {"parents_waiting": lambda: help_desk.waiting(unit())}


@blueprint.app_template_filter("help_kind")
def help_kind(kind: str) -> str:
    """The words for why a parent is called."""
    return str(KINDS[kind])  # type: ignore[index]  # a StrEnum is its text


@blueprint.app_template_filter("help_outcome")
def help_outcome(outcome: str) -> str:
    """The words for how a call ended."""
    return str(OUTCOMES[outcome])  # type: ignore[index]  # a StrEnum is its text


@blueprint.get("/help-requests")
@requires(Permission.ANSWER_PARENT)
def help_requests() -> str:
    """Who waits for this centre's call, the one whose time runs out first above."""
    asked = request.args.get("show")
    show = Show(asked) if asked in set(Show) else Show.OPEN
    page = max(1, request.args.get("page", 1, type=int))
    return render_template(
        "psc/help/list.html",
        found=help_desk.of_center(unit(), show, page),
        form=HelpListForm(data={"show": show.value}),
        show=show,
        waiting=help_desk.waiting(unit()),
    )


@blueprint.get(ONE)
@requires(Permission.ANSWER_PARENT)
def help_request(request_id: UUID) -> str:
    """One call: whom to ring up, what they wrote, and what can be done; opening it is audited."""
    return _page(request_id)


@blueprint.post(f"{ONE}/accept")
@requires(Permission.ANSWER_PARENT)
def help_accept(request_id: UUID) -> str | Response:
    """Take the call by name; the first one has it."""
    try:
        help_desk.accept(unit(), request_id)
    except ConflictError as error:
        return _moved_on(request_id, error)
    flash(_("Accepted under your name. Now call the parent."), "success")
    return _back(request_id)


@blueprint.post(f"{ONE}/note")
@requires(Permission.ANSWER_PARENT)
def help_note(request_id: UUID) -> str | Response:
    """Keep a note for colleagues."""
    form = NoteForm()
    if not form.validate():
        return make_response(_page(request_id, note=form), WRONG)
    try:
        help_desk.write(unit(), request_id, form.note.data or "")
    except ConflictError as error:
        return _moved_on(request_id, error, form.note.data or "")
    flash(_("Saved."), "success")
    return _back(request_id)


@blueprint.post(f"{ONE}/close")
@requires(Permission.ANSWER_PARENT)
def help_close(request_id: UUID) -> str | Response:
    """Say how the call ended."""
    form = CloseForm()
    if not form.validate():
        return make_response(_page(request_id, closing=form), WRONG)
    said = form.closing.data or ""
    try:
        help_desk.close(unit(), request_id, HelpOutcome(form.outcome.data), said)
    except (HeadNeededError, NotAcceptedError) as error:
        form.outcome.errors = [_refusal(error)]
        return make_response(_page(request_id, closing=form), WRONG)
    except ConflictError as error:
        return _moved_on(request_id, error, said)
    flash(_("The call is closed."), "success")
    return redirect(url_for("psc.help_requests"), SEE_OTHER)


@blueprint.route(f"{ONE}/children/<uuid:child_id>", methods=["GET", "POST"])
@requires(Permission.ANSWER_PARENT)
def help_child(request_id: UUID, child_id: UUID) -> str | Response:
    """A specialist judges that a child of this parent needs a referral; never the machine."""
    form = ConcernForm()
    if form.validate_on_submit():
        mark = uuid4()
        with suppress(ValueError):
            mark = UUID(form.mark.data or "")
        level, reason = Level(form.level.data), form.reason.data or ""
        help_desk.raise_concern(unit(), request_id, child_id, level, reason, mark)
        flash(_("The referral is open, under your name. It goes its usual way."), "success")
        return redirect(url_for("psc.inbox"), SEE_OTHER)
    found = help_desk.get(unit(), request_id)
    child = help_desk.child_in(found, child_id)
    page = render_template("psc/help/child.html", found=found, child=child, form=form)
    return make_response(page, WRONG if form.errors else 200)


@blueprint.get(f"{ONE}/accept", endpoint="help_accept_left")
@blueprint.get(f"{ONE}/note", endpoint="help_note_left")
@blueprint.get(f"{ONE}/close", endpoint="help_close_left")
@requires(Permission.ANSWER_PARENT)
def help_step_left(request_id: UUID) -> Response:
    """Where the language switch of a refused step leads: back to the call."""
    return redirect(url_for("psc.help_request", request_id=request_id))


def _page(request_id: UUID, note: NoteForm | None = None, closing: CloseForm | None = None) -> str:
    found: Opened = help_desk.get(unit(), request_id)
    return render_template(
        "psc/help/one.html",
        found=found,
        note=note or NoteForm(data={"note": found.note}),
        closing=closing or CloseForm(),
        is_danger=found.row.kind in DANGERS,
    )


def _refusal(error: HeadNeededError | NotAcceptedError) -> str:
    if isinstance(error, NotAcceptedError):
        return str(_("Accept the call first."))
    return str(
        _(
            "Somebody in danger whom nobody has reached is not given up by one person: try again,"
            " or ask the head of the centre to close it."
        )
    )


def _moved_on(request_id: UUID, error: ConflictError, typed: str = "") -> Response:
    """Say who was first, and show what was typed."""
    db().rollback()
    page = render_template(
        "psc/help/moved_on.html", winner=error.winner, request_id=request_id, typed=typed
    )
    return make_response(page, CONFLICT)


def _back(request_id: UUID) -> Response:
    return redirect(url_for("psc.help_request", request_id=request_id), SEE_OTHER)
