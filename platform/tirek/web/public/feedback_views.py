"""What a reader thinks of a lesson: no name, no account, and no more than a few a day."""

import hashlib
import time

from flask import (
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug import Response as Answer
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length

from tirek.domain.education import Course, Lesson, UnknownLessonError
from tirek.services.lesson_feedback import LONGEST_WORDS, Verdict, give
from tirek.web.access import current_actor, public
from tirek.web.forms import PageForm
from tirek.web.headers import FEEDBACK_COOKIE
from tirek.web.i18n import data_lang
from tirek.web.kept_pages import kept
from tirek.web.lessons import find_served
from tirek.web.public.views import blueprint
from tirek.web.sessions import current_session
from tirek.web.sharing import outside_title
from tirek.web.transaction import plant, unit

A_DAY = 24 * 60 * 60
MOST_A_DAY = 10
TOO_MANY = 429
# Where the form's token against strange pages lies in a sitting.
_TOKEN = "csrf_token"  # noqa: S105 - a name
WRONG = 422
# So much of a lesson's mark is kept on the device: it knows the lesson again, and names none.
_MARK_LENGTH = 6


class FeedbackForm(PageForm):
    """One choice, and words if somebody wants to."""

    verdict = RadioField(
        _l("Was this lesson useful?"),
        [InputRequired(_l("Choose one of the answers."))],
        choices=[
            SelectChoice(Verdict.USEFUL.value, _l("Yes, useful")),
            SelectChoice(Verdict.PARTLY.value, _l("Partly")),
            SelectChoice(Verdict.NOT_USEFUL.value, _l("Not useful")),
        ],
    )
    words = TextAreaField(
        _l("What should be different? (not necessary)"),
        [Length(max=LONGEST_WORDS, message=_l("At most 500 signs, please."))],
        filters=[lambda value: value.strip().replace("\r\n", "\n") if value else value],
    )


@blueprint.route("/courses/<course_id>/<lesson_id>/feedback", methods=["GET", "POST"])
@public
def lesson_feedback(course_id: str, lesson_id: str) -> str | Answer | Response:
    """The question, and the answer kept without anything that says whose it is."""
    course, lesson = _found(course_id, lesson_id)
    given = _given_today()
    mark = _mark(course, lesson)
    if mark in given.values() or len(given) >= MOST_A_DAY:
        status = TOO_MANY if request.method == "POST" else 200
        return make_response(_page(course, lesson, None, is_known=mark in given.values()), status)
    form = FeedbackForm(data={"verdict": request.args.get("verdict")})
    if form.validate_on_submit():
        verdict = Verdict(form.verdict.data)
        give(unit(), course.id, lesson, data_lang(), verdict, form.words.data or "")
        _end_sitting_for_the_form_alone()
        thanks = url_for("public.feedback_thanks", course_id=course.id, lesson_id=lesson.id)
        return _remember(redirect(thanks, code=303), given, mark)
    return make_response(_page(course, lesson, form), WRONG if form.errors else 200)


@blueprint.get("/courses/<course_id>/<lesson_id>/feedback/thanks")
@public
@kept()
def feedback_thanks(course_id: str, lesson_id: str) -> str:
    """What happens with the answer, and where to read on."""
    course, lesson = _found(course_id, lesson_id)
    return render_template(
        "public/feedback_thanks.html",
        course=course,
        lesson=lesson,
        following=course.lesson_after(lesson.id),
        text_lang=data_lang(),
    )


def _end_sitting_for_the_form_alone() -> None:
    """A stranger's form needed a sitting for its token; nothing else is to be known of them."""
    if current_actor() is None and set(session) <= {_TOKEN}:
        current_session().forget()


def _page(
    course: Course, lesson: Lesson, form: FeedbackForm | None, *, is_known: bool = False
) -> str:
    return render_template(
        "public/feedback.html",
        course=course,
        lesson=lesson,
        form=form,
        is_known=is_known,
        shown_title=outside_title(lesson) if lesson.is_sensitive else None,
        text_lang=data_lang(),
    )


def _found(course_id: str, lesson_id: str) -> tuple[Course, Lesson]:
    course = find_served(course_id) or abort(404)
    try:
        return course, course.lesson(lesson_id)
    except UnknownLessonError:
        abort(404)


def _given_today() -> dict[int, str]:
    """When this device has said something of a lesson today, and the marks of those lessons.

    Who throws the cookie away may speak again: against that only knowing people would help.
    """
    try:
        kept_there = _signer().loads(request.cookies.get(FEEDBACK_COOKIE, ""))
        found = {int(moment): str(mark) for moment, mark in kept_there}
    except (BadSignature, TypeError, ValueError):
        return {}
    earliest = int(time.time()) - A_DAY
    return {moment: mark for moment, mark in found.items() if moment > earliest}


def _remember(answer: Answer, given: dict[int, str], mark: str) -> Answer:
    now = int(time.time())
    while now in given:
        now += 1
    value = _signer().dumps([*given.items(), (now, mark)])
    answer.set_cookie(
        FEEDBACK_COOKIE,
        value if isinstance(value, str) else value.decode(),
        max_age=A_DAY,
        httponly=True,
        secure=plant().secure,
        samesite="Lax",
    )
    return answer


def _mark(course: Course, lesson: Lesson) -> str:
    key = str(current_app.secret_key).encode()
    name = f"{course.id}/{lesson.id}".encode()
    return hashlib.blake2b(name, key=key[:64], digest_size=_MARK_LENGTH).hexdigest()


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="lesson-feedback")
