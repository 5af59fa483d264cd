"""From a code to thanks: each view reads a request, calls one service, shows a page."""

import secrets

from flask import (
    Blueprint,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.access_code import CodeFormatError
from tirek.domain.gates import Gate
from tirek.domain.instruments import SKIPPED, Answer
from tirek.domain.people import Role
from tirek.domain.permissions import Permission
from tirek.services import adaptive, administrations, gates, places, runs, school_events
from tirek.services.administrations import (
    AdministrationEndedError,
    ConsentMissingError,
    NotOpenYetError,
    WindowClosedError,
    WithdrawnError,
)
from tirek.services.codes import Origin, SlowDownError, UnknownCodeError
from tirek.services.gates import NobodyThereError
from tirek.services.runs import Run
from tirek.web import headers
from tirek.web.access import idle_minutes, public, pupil_key, requires
from tirek.web.filters import as_date, as_datetime
from tirek.web.i18n import LANGUAGES, current_lang, data_lang
from tirek.web.items import (
    blanks,
    build_page,
    is_asked,
    preceding,
    read_answer,
    read_answers,
    wording_lang,
)
from tirek.web.sessions import current_session, network
from tirek.web.student.forms import CodeForm
from tirek.web.transaction import db, keep_despite_error, unit

blueprint = Blueprint("student", __name__, url_prefix="/s")

DEVICE_COOKIE = "device"
DEVICE_DAYS = 30
# Thanks are the same for everybody in form; which of these lines stands there follows from a
# number that has nothing to do with the answers.
THANKS_VARIANTS = 4


@blueprint.route("", methods=["GET", "POST"])
@public
def enter_code() -> str | Response:
    """Ask for the code and open what it is for."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _code_page(form)
    device = request.cookies.get(DEVICE_COOKIE) or secrets.token_urlsafe(16)
    try:
        entry = administrations.open_by_code(
            unit(), form.code.data or "", Origin(device, network()), data_lang()
        )
    except (CodeFormatError, UnknownCodeError) as error:
        # The wrong try counts, so it must be kept although the page shows an error.
        keep_despite_error()
        return _code_page(form, problem=_code_problem(error), device=device)
    except SlowDownError as error:
        slowed = _code_page(form, problem=_code_problem(error), device=device)
        slowed.status_code = 429
        slowed.headers["Retry-After"] = str(error.seconds)
        return slowed
    except WithdrawnError:
        # Nothing is wrong with this code, so nothing is called a mistake.
        return _remember_device(make_response(render_template("student/withdrawn.html")), device)
    except (NotOpenYetError, WindowClosedError, ConsentMissingError, NobodyThereError) as error:
        return _code_page(form, problem=_code_problem(error), device=device)
    opened = current_session()
    opened.begin(entry.actor.scope, account_id=None, idle_minutes=idle_minutes(Role.STUDENT))
    session["pupil"] = {
        "year": entry.key.school_year,
        "administration": str(entry.key.id),
        "student": str(entry.actor.student_id),
        "school": str(entry.actor.school_id),
    }
    # Straight to the explanation, which sends on whoever has read it: one redirect less.
    return _remember_device(redirect(url_for("student.about"), 303), device)


@blueprint.get("/go-on")
@requires(Permission.ANSWER)
def resume() -> Response:
    """Go to where this pupil is: the explanation, the next page, or thanks."""
    run = runs.load(unit(), pupil_key())
    return redirect(_where(run), 303)


@blueprint.route("/about", methods=["GET", "POST"])
@requires(Permission.ANSWER)
def about() -> str | Response:
    """What this is, how long it takes, who sees it, and that one may skip or stop."""
    run = runs.load(unit(), pupil_key())
    if not run.is_open:
        return redirect(url_for("student.thanks"), 303)
    if not gates.may_show(unit(), run):
        return redirect(url_for("student.closed"), 303)
    lang = wording_lang(run.instrument, current_lang())
    if request.method == "GET" and run.answers:
        return redirect(_where(run), 303)
    if request.method == "POST":
        administrations.start(unit(), run, lang)
        started = runs.load(unit(), run.key) if run.is_short else run
        return redirect(url_for("student.page", number=started.next_page + 1), 303)
    return render_template(
        "student/about.html",
        run=run,
        wording=run.instrument.wordings[lang].strings,
        psychologists=places.psychologists(db(), run.school_id),
        lang_of_items=lang,
    )


@blueprint.get("/page/<int:number>")
@requires(Permission.ANSWER)
def page(number: int) -> str | Response:
    """One page of items."""
    run = runs.load(unit(), pupil_key())
    if not run.is_open or not run.is_started or not is_asked(run, number - 1, run.answers):
        return redirect(_where(run), 303)
    if not gates.may_show(unit(), run):
        return redirect(url_for("student.closed"), 303)
    return _items_page(run, number - 1)


@blueprint.post("/page/<int:number>")
@requires(Permission.ANSWER)
def answer_page(number: int) -> str | Response:
    """Keep a page's answers, then go on, back, stop, or change the language."""
    run = runs.load(unit(), pupil_key())
    if not run.is_open:
        return redirect(url_for("student.thanks"), 303)
    index = number - 1
    given = read_answers(run, index, request.form)
    step = request.form.get("step", "next")
    try:
        if "switch" in request.form or step in {"stop", "back"}:
            administrations.record_responses(unit(), run, given)
            return redirect(_aside(run, step, index, given), 303)
        return _go_on(run, index, given)
    except AdministrationEndedError:
        # The same button pressed twice: the first press has ended it meanwhile.
        return redirect(url_for("student.thanks"), 303)


@blueprint.post("/answer")
@requires(Permission.ANSWER)
def answer() -> Response:
    """Keep one answer the moment it is chosen; the page's script calls this."""
    run = runs.load(unit(), pupil_key())
    item = request.form.get("item", "")
    given = read_answer(run, item, request.form.get("value", ""))
    administrations.record_responses(unit(), run, {item: given})
    return make_response({"saved": True})


@blueprint.route("/stop", methods=["GET", "POST"])
@requires(Permission.ANSWER)
def stop() -> str | Response:
    """Stop here, after asking once; what was answered stays."""
    run = runs.load(unit(), pupil_key())
    if request.method == "POST":
        administrations.stop(unit(), run)
        return redirect(url_for("student.thanks"), 303)
    return render_template("student/stop.html", back=_where(run))


@blueprint.get("/thanks")
@requires(Permission.ANSWER)
def thanks() -> str | Response:
    """Thanks, a strength, one thing to try, and whom to talk to: the same for everybody."""
    run = runs.load(unit(), pupil_key())
    if run.is_open:
        return redirect(_where(run), 303)
    return render_template(
        "student/thanks.html",
        variant=run.key.id.int % THANKS_VARIANTS,
        psychologists=places.psychologists(db(), run.school_id),
        center=places.center_of_school(db(), run.school_id),
    )


@blueprint.get("/closed")
@requires(Permission.ANSWER)
def closed() -> str:
    """Nobody is there any more, so nothing further is asked; what was answered is kept."""
    run = runs.load(unit(), pupil_key())
    return render_template(
        "student/closed.html",
        psychologists=places.psychologists(db(), run.school_id),
        center=places.center_of_school(db(), run.school_id),
    )


@blueprint.post("/leave")
@public
def leave() -> Response:
    """End the sitting on this device; the answers stay on the server."""
    current_session().forget()
    headers.forget_on_device()
    return redirect(url_for("student.enter_code"), 303)


def _go_on(run: Run, index: int, given: dict[str, Answer]) -> str | Response:
    known = {**run.answers, **given}
    missing = blanks(run, index, known)
    if missing and request.form.get("reminded") != "yes":
        # Asked once more, gently; the answers given so far are kept either way.
        administrations.record_responses(unit(), run, given)
        return _items_page(run, index, given, missing)
    kept = given | dict.fromkeys(missing, SKIPPED)
    administrations.record_responses(unit(), run, kept)
    onward = adaptive.page_after(unit(), run, index, {**run.answers, **kept})
    if onward is not None:
        return redirect(url_for("student.page", number=onward + 1), 303)
    administrations.complete(unit(), run)
    return redirect(url_for("student.thanks"), 303)


def _items_page(
    run: Run,
    index: int,
    given: dict[str, Answer] | None = None,
    missing: list[str] | None = None,
) -> str:
    lang = wording_lang(run.instrument, current_lang())
    shown = build_page(run, index, lang, {**run.answers, **(given or {})})
    return render_template(
        "student/page.html",
        page=shown,
        number=index + 1,
        lang_of_items=lang,
        missing=missing or [],
        event=_event(run, lang),
    )


def _event(run: Run, lang: str) -> str | None:
    """Which event the questions are about, by its day; its words are not for pupils."""
    if run.instrument.structure.gate is not Gate.AFTER_EVENT:
        return None
    day = school_events.find_date_asked_about(unit(), run.key)
    with force_locale(lang):
        # It stands among the questions, so it speaks their language.
        return str(_("The questions are about what happened on %(day)s.", day=as_date(day)))


def _where(run: Run) -> str:
    if not run.is_open:
        return url_for("student.thanks")
    if not run.is_started:
        return url_for("student.about")
    return url_for("student.page", number=run.next_page + 1)


def _aside(run: Run, step: str, index: int, given: dict[str, Answer]) -> str:
    switch = request.form.get("switch")
    if switch in LANGUAGES:
        return url_for("student.page", number=index + 1, lang=switch)
    if step == "stop":
        return url_for("student.stop")
    back = preceding(run, index, {**run.answers, **given})
    return url_for("student.page", number=back + 1)


def _code_page(form: CodeForm, problem: str | None = None, device: str | None = None) -> Response:
    status = 422 if problem or form.errors else 200
    response = make_response(
        render_template("student/enter_code.html", form=form, problem=problem), status
    )
    return _remember_device(response, device) if device else response


def _code_problem(error: Exception) -> str:
    match error:
        case CodeFormatError():
            return str(
                _("This is not a whole code. It has 9 letters and digits. Look at your card again.")
            )
        case UnknownCodeError():
            return str(_("We do not know this code. Check each letter, or ask for a new card."))
        case SlowDownError(seconds=seconds):
            return str(
                _("Wait %(seconds)s seconds and press the button again. Your code stays here.",
                  seconds=seconds)
            )  # fmt: skip
        case NotOpenYetError(opens_at=opens_at):
            return str(_("It is early: this opens on %(when)s.", when=as_datetime(opens_at)))
        case WindowClosedError():
            return str(_("The time for this questionnaire is over. It is all right."))
        case _:
            return str(_("This is not open for you now. Ask your school psychologist about it."))


def _remember_device(response: Response, device: str) -> Response:
    """Mark the browser for the limiter only; the mark says nothing about who uses it."""
    response.set_cookie(
        DEVICE_COOKIE,
        device,
        max_age=DEVICE_DAYS * 86_400,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response
