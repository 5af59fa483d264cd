"""A parent's groups: join one, follow its plan, ask without a name, leave."""

from collections.abc import Mapping
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from tirek.domain.cohorts import read_join_code, spoken
from tirek.domain.permissions import Permission
from tirek.services import cohort_members, cohort_questions, places
from tirek.services.cohort_members import (
    Door,
    GroupOverError,
    ShownNameError,
    UnknownJoinCodeError,
)
from tirek.services.cohort_questions import EnoughForTodayError, QuestionWordsError
from tirek.web.access import requires
from tirek.web.group_forms import sent_id
from tirek.web.group_words import ASIDE
from tirek.web.i18n import data_lang
from tirek.web.parent import question_allowance
from tirek.web.parent.group_forms import LONGEST_CODE, CodeForm, JoinForm, QuestionForm
from tirek.web.parent.home_parts import home_part
from tirek.web.parent.pages import blueprint
from tirek.web.sessions import network
from tirek.web.transaction import db, keep_despite_error, unit

SEE_OTHER, NOT_THERE, WRONG = 303, 404, 422
Page = str | tuple[str, int] | Answer


@home_part("groups", place=35)
def _on_home() -> Mapping[str, object] | None:
    """The groups that go on, and the invitations of the children's classes."""
    own = [one for one in cohort_members.of_parent(unit()) if one.phase.takes_members]
    invited = cohort_members.invitations(unit())
    return {"own": own, "invited": invited} if own or invited else None


@blueprint.route("/groups", methods=["GET", "POST"])
@requires(Permission.JOIN_GROUP)
def groups() -> Page:
    """My groups, and a place for the code of another one."""
    form = CodeForm()
    if form.validate_on_submit():
        typed = form.code.data or ""
        try:
            cohort_members.find(unit(), typed, network())
        except UnknownJoinCodeError:
            keep_despite_error()
            form.code.errors = [_("No open group has this code.")]
        else:
            code = read_join_code(typed)
            return redirect(url_for("parent.group_join", code=code), SEE_OTHER)
    page = _groups_page(form)
    return (page, WRONG) if form.errors else page


def _groups_page(form: CodeForm) -> str:
    return render_template(
        "parent/groups.html",
        form=form,
        own=cohort_members.of_parent(unit()),
        invited=cohort_members.invitations(unit()),
        text_lang=data_lang(),
    )


@blueprint.route("/groups/join/<code>", methods=["GET", "POST"])
@requires(Permission.JOIN_GROUP)
def group_join(code: str) -> Page:
    """What the group is, who leads it and what they see; then a name, and in."""
    try:
        door = cohort_members.find(unit(), code, network())
    except UnknownJoinCodeError:
        keep_despite_error()
        asked = CodeForm(data={"code": code[:LONGEST_CODE]})
        asked.code.errors = [_("No open group has this code.")]
        return _groups_page(asked), NOT_THERE
    own = next((one for one in cohort_members.of_parent(unit()) if one.cohort.id == door.id), None)
    form = JoinForm(data={"shown_name": own.shown_name if own else ""})
    if form.validate_on_submit() and _come_in(door, form):
        flash(_("You take part. Here is the plan."), "success")
        return redirect(url_for("parent.group", cohort_id=door.id), SEE_OTHER)
    page = render_template(
        "parent/group_join.html",
        form=form,
        door=door,
        is_in=own is not None,
        code=spoken(read_join_code(code) or ""),
        text_lang=data_lang(),
    )
    return (page, WRONG) if form.errors else page


def _come_in(door: Door, form: JoinForm) -> bool:
    try:
        cohort_members.join(unit(), door, form.shown_name.data or "")
    except ShownNameError:
        form.shown_name.errors = [_("Write a name, any you like.")]
    except GroupOverError:
        form.form_errors.append(_("This group is over, so nobody can join it any more."))
    else:
        return True
    return False


@blueprint.get("/groups/<uuid:cohort_id>")
@requires(Permission.JOIN_GROUP)
def group(cohort_id: UUID) -> str:
    """The plan by dates, what has been answered, and a place for a question."""
    return _group_page(cohort_id, QuestionForm())


def _group_page(cohort_id: UUID, form: QuestionForm) -> str:
    membership = cohort_members.get(unit(), cohort_id)
    school_id = membership.cohort.school_id
    form.prepare()
    return render_template(
        "parent/group.html",
        group=membership,
        form=form,
        answered=cohort_questions.answered(unit(), cohort_id),
        set_aside=cohort_questions.set_aside_counts(unit(), cohort_id),
        reasons=ASIDE,
        left=question_allowance.left(membership.today),
        center=places.center_of_school(db(), school_id) if school_id else membership.house,
        text_lang=data_lang(),
    )


@blueprint.post("/groups/<uuid:cohort_id>/questions")
@requires(Permission.JOIN_GROUP)
def group_ask(cohort_id: UUID) -> Page:
    """Ask the facilitator; who asks is kept nowhere."""
    today = cohort_members.get(unit(), cohort_id).today
    form = QuestionForm()
    if form.validate_on_submit() and _ask(cohort_id, form, question_allowance.left(today)):
        flash(_("Your question is on its way. Nobody knows whose it is."), "success")
        back = url_for("parent.group", cohort_id=cohort_id, _anchor="questions")
        answer: Response = make_response(redirect(back, SEE_OTHER))
        question_allowance.spend(answer, today)
        return answer
    return _group_page(cohort_id, form), WRONG


def _ask(cohort_id: UUID, form: QuestionForm, left: int) -> bool:
    if not left:
        form.words.errors = [
            _("Three questions a day can be asked from one telephone. Ask again tomorrow.")
        ]
        return False
    try:
        cohort_questions.ask(unit(), cohort_id, form.words.data or "", sent_id(form.made_id))
    except QuestionWordsError:
        form.words.errors = [_("At most 500 characters.")]
    except EnoughForTodayError:
        form.words.errors = [_("The group has asked a great deal today. Ask again tomorrow.")]
    except GroupOverError:
        form.form_errors.append(_("This group is over, so nobody can ask any more."))
    else:
        return True
    return False


@blueprint.get("/groups/<uuid:cohort_id>/questions")
@requires(Permission.JOIN_GROUP)
def group_ask_left(cohort_id: UUID) -> Answer:
    """Go back to the group: a changed language asks for the address of a sent form."""
    return redirect(url_for("parent.group", cohort_id=cohort_id, _anchor="questions"))


@blueprint.route("/groups/<uuid:cohort_id>/leave", methods=["GET", "POST"])
@requires(Permission.JOIN_GROUP)
def group_leave(cohort_id: UUID) -> Page:
    """Ask once more, then take part no longer."""
    if request.method == "POST":
        cohort_members.leave(unit(), cohort_id)
        flash(_("You have left the group. What you have read stays yours."), "success")
        return redirect(url_for("parent.groups"), SEE_OTHER)
    return render_template("parent/group_leave.html", group=cohort_members.get(unit(), cohort_id))
