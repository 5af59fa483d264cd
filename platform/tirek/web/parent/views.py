"""The parent's first page as a list of what there is to do, and the consent for each child."""

from dataclasses import dataclass
from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.consent import ConsentState
from tirek.domain.education import Course, Lesson
from tirek.domain.permissions import Permission
from tirek.services import children, consents, courses, places
from tirek.services.children import Asked, Child
from tirek.web.access import current_actor, requires
from tirek.web.i18n import current_lang, data_lang
from tirek.web.lessons import served_courses
from tirek.web.parent.forms import YES, ConsentForm
from tirek.web.parent.pages import blueprint, own_child
from tirek.web.transaction import db, unit


@dataclass(frozen=True, slots=True)
class ChildTasks:
    """A child with what the parent has said and what waits."""

    child: Child
    consent: ConsentState | None
    asked: list[Asked]


@dataclass(frozen=True, slots=True)
class CourseTask:
    """A course with how many lessons have been read, and the one to go on with."""

    course: Course
    read: int
    following: Lesson | None


@blueprint.get("")
@requires(Permission.ANSWER_ABOUT_CHILD)
def home() -> str:
    """My children with what waits for each, and my courses."""
    own = children.of_guardian(unit())
    said = children.consented(unit(), own)
    tasks = [
        ChildTasks(child, said.get(child.id), children.asked_about(unit(), child)) for child in own
    ]
    return render_template(
        "parent/home.html",
        tasks=tasks,
        courses=[_course_task(course) for course in served_courses()],
        text_lang=data_lang(),
    )


@blueprint.route("/children/<uuid:child_id>/consent", methods=["GET", "POST"])
@requires(Permission.GIVE_CONSENT)
def consent(child_id: UUID) -> str | tuple[str, int] | Response:
    """What the screening is, in plain words, and the parent's yes, no or change of mind."""
    child = own_child(child_id)
    form = ConsentForm()
    if form.validate_on_submit():
        agrees = form.decision.data == YES
        state = children.decide(unit(), child, agrees=agrees, language=current_lang())
        flash(_recorded(state), "success")
        return redirect(url_for("parent.home"), 303)
    said = children.statements(unit(), child)
    page = render_template(
        "parent/consent.html",
        form=form,
        child=child,
        statements=said,
        state=said[0].state if said else None,
        text_version=consents.TEXT_VERSION,
        psychologists=places.psychologists(db(), child.school.id),
        center=places.center_of_school(db(), child.school.id),
    )
    return (page, 422) if form.errors else page


def _recorded(state: ConsentState) -> str:
    match state:
        case ConsentState.GIVEN:
            return str(_("Thank you. It is written down that you agree."))
        case ConsentState.REFUSED:
            return str(_("It is written down that you do not agree. That is all right."))
        case ConsentState.WITHDRAWN:
            return str(
                _(
                    "You have taken your consent back. Your child is not asked any more. Help that"
                    " is under way is looked at again by a specialist; in danger it does not wait."
                )
            )


def _course_task(course: Course) -> CourseTask:
    actor = current_actor()
    if actor is None or actor.account_id is None:
        abort(403)
    done = courses.progress(db(), actor.account_id, course.id)
    left = [lesson for lesson in course.lessons if lesson.id not in done]
    return CourseTask(course, len(course.lessons) - len(left), left[0] if left else None)
