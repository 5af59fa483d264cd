"""Questions about oneself: what there is, what it is for, and pages of items."""

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.administration import age_in_years
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.instruments import SKIPPED, Answer, Instrument
from tirek.domain.permissions import Permission
from tirek.services import children, help_requests, own_children, parent_advice, self_reports
from tirek.services import self_scores as scores
from tirek.services.self_reports import About, AgeError, Offer, Report, ReportEndedError
from tirek.web.access import catalog, requires
from tirek.web.i18n import LANGUAGES, current_lang, data_lang
from tirek.web.items import (
    blanks,
    build_page,
    following,
    is_asked,
    preceding,
    read_answer,
    read_answers,
    wording_lang,
)
from tirek.web.lessons import find_served, served_courses
from tirek.web.parent.about_forms import OTHER, AboutForm
from tirek.web.parent.home_parts import home_part
from tirek.web.parent.pages import blueprint
from tirek.web.parent.register_views import region_choices
from tirek.web.transaction import unit

SEE_OTHER = 303
# As old as a report may say; a pupil may be older.
OLDEST = 18
PATH = "/about-me/<uuid:report_id>"


@home_part("about", place=60)
def _on_home() -> dict[str, object] | None:
    """The way to these questions, and a call for a person that is still open."""
    offers = self_reports.at_hand(unit())
    calls = [one for one in help_requests.of_parent(unit()) if one.closed_at is None]
    begun = any(self_reports.find_open(unit(), one) for one in offers)
    return {"calls": calls, "begun": begun, "offered": bool(offers)}


@blueprint.get("/about-me")
@requires(Permission.ANSWER_ABOUT_SELF)
def about_me() -> str:
    """Which questions there are, what was answered before, and somebody to talk with."""
    lang = data_lang()
    instruments = catalog().instruments
    return render_template(
        "parent/about/home.html",
        offers=[(one, self_reports.find_open(unit(), one)) for one in self_reports.at_hand(unit())],
        past=[one for one in scores.past(unit()) if one.instrument_id in instruments],
        titles={
            key: one.wordings[wording_lang(one, lang)].strings["title"]
            for key, one in instruments.items()
        },
        text_lang=lang,
        calls=help_requests.of_parent(unit()),
    )


@blueprint.route("/about-me/new/<uuid:release_id>", methods=["GET", "POST"])
@requires(Permission.ANSWER_ABOUT_SELF)
def about_start(release_id: UUID) -> str | Response:
    """What it is for, who sees it, the exception, how to delete; then of which child."""
    offer = self_reports.get_offer(unit(), release_id)
    begun = self_reports.find_open(unit(), offer)
    known = _children()
    form = AboutForm(data={"child": next(iter(known), OTHER), "course": request.args.get("course")})
    form.offer(
        [(key, label) for key, (label, _about) in known.items()],
        [(one.id, one.text(data_lang()).title) for one in served_courses()],
        [] if help_requests.center_is_known(unit()) else region_choices(),
    )
    if begun is None and form.validate_on_submit():
        begun = _begin(offer, form, known)
    if begun is not None and request.method == "POST":
        report = self_reports.load(unit(), begun)
        return redirect(where(report), SEE_OTHER)
    page = render_template(
        "parent/about/start.html",
        offer=offer,
        form=form,
        begun=begun,
        wording=offer.instrument.wordings[_wording(offer.instrument)].strings,
        lang_of_items=_wording(offer.instrument),
        many=any(key != OTHER for key in known),
    )
    return make_response(page, 422 if form.errors else 200)


@blueprint.get(f"{PATH}/page/<int:number>")
@requires(Permission.ANSWER_ABOUT_SELF)
def about_page(report_id: UUID, number: int) -> str | Response:
    """One page of items."""
    report = self_reports.load(unit(), report_id)
    if not report.is_open or not is_asked(report, number - 1, report.answers):
        return redirect(where(report), SEE_OTHER)
    self_reports.speak(unit(), report, _wording(report.instrument))
    return _items_page(report, number - 1)


@blueprint.post(f"{PATH}/page/<int:number>")
@requires(Permission.ANSWER_ABOUT_SELF)
def about_answer_page(report_id: UUID, number: int) -> str | Response:
    """Keep a page's answers, then go on, back, away, or change the language."""
    report = self_reports.load(unit(), report_id)
    given = read_answers(report, number - 1, request.form)
    try:
        back = preceding(report, number - 1, {**report.answers, **given})
        aside = _aside(report, number, back + 1)
        if aside is None:
            return _go_on(report, number - 1, given)
        self_reports.record_answers(unit(), report, given)
        return redirect(_past_danger(report, given) or aside, SEE_OTHER)
    except ReportEndedError:
        # The same button pressed twice: the first press has ended it meanwhile.
        return redirect(url_for("parent.about_done", report_id=report_id), SEE_OTHER)


@blueprint.post(f"{PATH}/answer")
@requires(Permission.ANSWER_ABOUT_SELF)
def about_answer(report_id: UUID) -> Response:
    """Keep one answer the moment it is chosen; the page's script calls this."""
    report = self_reports.load(unit(), report_id)
    item = request.form.get("item", "")
    given = read_answer(report, item, request.form.get("value", ""))
    self_reports.record_answers(unit(), report, {item: given})
    return make_response({"saved": True})


def where(report: Report) -> str:
    """The page on which a report goes on."""
    if not report.is_open:
        return url_for("parent.about_done", report_id=report.id)
    return url_for("parent.about_page", report_id=report.id, number=report.next_page + 1)


def _children() -> dict[str, tuple[str, About]]:
    """The children we know of: by which word, and how old."""
    today = unit().now().astimezone(KAZAKHSTAN).date()
    found: dict[str, tuple[str, About]] = {}
    for pupil in children.of_guardian(unit()):
        born = pupil.birth_month
        age = age_in_years(born.year, born.month, today.year, today.month)
        label = _("Pupil %(code)s, %(age)s", code=pupil.school_code, age=_years(age))
        found[f"pupil-{pupil.id}"] = label, About(min(age, OLDEST), pupil.id)
    for child in own_children.of_parent(unit()):
        label = f"{child.label}, {_years(child.age)}" if child.label else _years(child.age)
        found[f"told-{child.id}"] = label, About(min(child.age, OLDEST))
    return found


def _years(age: int) -> str:
    return str(ngettext("%(num)s year old", "%(num)s years old", age))


def _begin(offer: Offer, form: AboutForm, known: dict[str, tuple[str, About]]) -> UUID | None:
    """Begin; None, with the reason beside the field, for a child of another age."""
    if "region" in form:
        help_requests.tell_region(unit(), form.region.data)
    chosen = known.get(form.child.data)
    about = chosen[1] if chosen else About(int(form.age.data))
    course = find_served(form.course.data) if form.course.data else None
    if course is not None:
        occasion = parent_advice.occasion(unit(), course)
        about = About(about.child_age, about.student_id, occasion, course.id)
    try:
        return self_reports.begin(unit(), offer, about, _wording(offer.instrument))
    except AgeError:
        ages = offer.instrument.structure.ages
        field = form.age if chosen is None else form.child
        field.errors = [
            _(
                "These questions are for parents of children of %(first)s to %(last)s.",
                first=ages.min,
                last=ages.max,
            )
        ]
        return None


def _wording(instrument: Instrument) -> str:
    return wording_lang(instrument, current_lang())


def _aside(report: Report, number: int, back: int) -> str | None:
    """Where a button other than "go on" leads."""
    switch = request.form.get("switch")
    page = "parent.about_page"
    if switch in LANGUAGES:
        return url_for(page, report_id=report.id, number=number, lang=switch)
    match request.form.get("step"):
        case "back":
            return url_for(page, report_id=report.id, number=back)
        case "later":
            flash(_("Your answers are kept. You can go on from here."), "success")
            return url_for("parent.about_me")
        case "stop":
            return url_for("parent.about_stop", report_id=report.id)
        case _:
            return None


def _past_danger(report: Report, given: dict[str, Answer]) -> str | None:
    """An answer that tells of danger leads past the page that says who will call."""
    if request.form.get("switch") in LANGUAGES:
        return None
    if not self_reports.dangers_in(report.instrument, given):
        return None
    return url_for("parent.about_next", report_id=report.id)


def _go_on(report: Report, index: int, given: dict[str, Answer]) -> str | Response:
    missing = blanks(report, index, {**report.answers, **given})
    if missing and request.form.get("reminded") != "yes":
        # Asked once more, gently; the answers given so far are kept either way.
        self_reports.record_answers(unit(), report, given)
        return _items_page(report, index, given, missing)
    given |= dict.fromkeys(missing, SKIPPED)
    self_reports.record_answers(unit(), report, given)
    onward_page = following(report, index, {**report.answers, **given})
    if onward_page is None:
        self_reports.complete(unit(), report)
        onward = url_for("parent.about_done", report_id=report.id)
    else:
        onward = url_for("parent.about_page", report_id=report.id, number=onward_page + 1)
    return redirect(_past_danger(report, given) or onward, SEE_OTHER)


def _items_page(
    report: Report,
    index: int,
    given: dict[str, Answer] | None = None,
    missing: list[str] | None = None,
) -> str:
    lang = _wording(report.instrument)
    with force_locale(lang):
        # It stands among the options of an item, so it speaks their language.
        decline = _("I would rather not say")
    return render_template(
        "parent/about/page.html",
        report=report,
        page=build_page(report, index, lang, {**report.answers, **(given or {})}),
        number=index + 1,
        lang_of_items=lang,
        missing=missing or [],
        decline=decline,
    )
