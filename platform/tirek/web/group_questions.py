"""A facilitator answers an anonymous question for all, or sets it aside."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from tirek.domain.errors import ConflictError
from tirek.domain.permissions import Permission
from tirek.services import cohort_questions, cohorts
from tirek.services.cohort_questions import QuestionWordsError
from tirek.web.access import requires
from tirek.web.group_forms import AnswerForm, AsideForm
from tirek.web.group_pages import CONFLICT, SEE_OTHER, WRONG, shown
from tirek.web.transaction import unit

Page = str | tuple[str, int] | Answer


def install(blueprint: Blueprint) -> None:
    """Give a person's part of the site the page of a question."""
    one = "/groups/<uuid:cohort_id>/questions/<uuid:question_id>"
    blueprint.add_url_rule(one, view_func=group_question, methods=["GET", "POST"])


@requires(Permission.LEAD_GROUP)
def group_question(cohort_id: UUID, question_id: UUID) -> Page:
    """Show a question with what can be done about it."""
    found = cohort_questions.get(unit(), cohort_id, question_id)
    answer, aside = AnswerForm(), AsideForm()
    try:
        if request.form.get("do") == "aside":
            if aside.validate_on_submit():
                cohort_questions.set_aside(unit(), cohort_id, question_id, aside.chosen)
                flash(_("Set aside. The group learns the reason, never the words."), "success")
                return _back(cohort_id)
        elif answer.validate_on_submit():
            return _say(cohort_id, question_id, answer)
    except ConflictError:
        flash(_("A colleague was first. Your words are still in the box below."), "note")
        return _page(cohort_id, question_id, answer, aside), CONFLICT
    except QuestionWordsError:
        answer.words.errors = [_("At most 1,500 characters.")]
    if request.method == "GET":
        answer.words.data = found.answer
    page = _page(cohort_id, question_id, answer, aside)
    return (page, WRONG) if answer.errors or aside.errors else page


def _say(cohort_id: UUID, question_id: UUID, form: AnswerForm) -> Answer:
    words = form.words.data or ""
    if request.form.get("do") == "correct":
        cohort_questions.correct(unit(), cohort_id, question_id, words)
        flash(_("The answer is corrected. Nobody gets a message about it."), "success")
    else:
        cohort_questions.answer(unit(), cohort_id, question_id, words)
        flash(_("Answered for all. The group gets a message that there is news."), "success")
    return _back(cohort_id)


def _page(cohort_id: UUID, question_id: UUID, answer: AnswerForm, aside: AsideForm) -> str:
    return shown(
        "question",
        group=cohorts.get(unit(), cohort_id),
        question=cohort_questions.get(unit(), cohort_id, question_id),
        answer=answer,
        aside=aside,
    )


def _back(cohort_id: UUID) -> Answer:
    return redirect(url_for(".group", cohort_id=cohort_id, _anchor="questions"), SEE_OTHER)
