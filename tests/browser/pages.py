"""Every page that somebody can reach, in its states."""

from collections.abc import Callable

from tests.browser import people
from tests.browser.busy_school import WALKERS, BusySchool
from tests.browser.pages_account import NOT_ACCOUNT_PAGES, account_pages, letter_pages
from tests.browser.pages_content import NOT_CONTENT_PAGES, content_pages
from tests.browser.pages_entry import NOT_ENTRY_PAGES, entry_pages
from tests.browser.visit import Here, Visit, Weight, Who
from tirek.config import ROOT
from tirek.services import reminders

# What a page is not: these answer a GET, but nobody ever sees a page of theirs.
NOT_PAGES = (
    {
        "static": "files; their bytes are counted with every page",
        "probes.alive": "for machines",
        "probes.ready": "for machines",
        "probes.front_door": "sends on to the first page",
        "public.feed": "for machines",
        "public.lesson_qr": "a picture; it is fetched with the pages that show it",
        "crawlers.sitemap": "for machines",
        "crawlers.robots": "for machines",
        "public.vision": "sets a cookie and sends back; every page is looked at so as well",
        "psc.acknowledge_left": "sends back to the referral",
        "psc.notice_left": "sends back to the referral",
        "psc.drill_answer_left": "sends back to the test alarms",
        "psc.phone_left": "sends back to the roster",
        "psc.shift_add_left": "sends back to the roster",
        "psc.shift_remove_left": "sends back to the roster",
        "oversight.duty_remove_left": "sends back to the rungs",
        "oversight.reply_left": "sends back to the late referrals",
        "oversight.retry_left": "sends back to the operations page",
        "admin.duty_remove_left": "sends back to the rungs",
        "admin.endpoint_renew_left": "sends back to the servers",
        "admin.endpoint_switch_left": "sends back to the servers",
        "admin.retry_left": "sends back to the machinery",
        "api.description": "for machines",
        "metrics.metrics": "for machines",
        "parent.certificate_file": "a file",
        "student.resume": "sends on to where the pupil is",
        "school.assignment_step_left": "sends back to the class",
        "school.result_file": "a file",
        "school.case_accept_left": "sends back to the referral",
        "school.case_notice_left": "sends back to the referral",
        "school.consents_papers_left": "sends back to the class",
    }
    | NOT_ACCOUNT_PAGES
    | NOT_CONTENT_PAGES
    | NOT_ENTRY_PAGES
)


def _press(selector: str = "main form button[type=submit]") -> Callable[[Here], None]:
    return lambda here: here.press(selector)


def _fill_and_press(**fields: str) -> Callable[[Here], None]:
    def by(here: Here) -> None:
        for name, value in fields.items():
            here.page.fill(f"main [name={name}]", value)
        here.press()

    return by


# Visitors


def _password(here: Here) -> None:
    people_of_centre = here.busy.world.home
    here.page.fill("[name=email]", people_of_centre.supervisor.account.email)
    here.page.fill("[name=password]", people_of_centre.supervisor.password)
    here.press()


def _wrong_second_factor(here: Here) -> None:
    _password(here)
    here.page.fill("[name=code]", "000000")
    here.press()


LESSONS = sorted(path.stem.partition("-")[2] for path in ROOT.glob("content/kk/calm-parent/0*.md"))


ASKED = "/courses/calm-parent/repair/feedback"


def _twice(here: Here) -> None:
    here.press()
    here.open(ASKED)


def _code(busy: BusySchool) -> str:
    return f"/certificate/{busy.certificate.facts.code}"


def _stop_link(busy: BusySchool) -> str:
    parent = busy.world.school.guardian.account.id
    return f"/reminders/{parent}/{reminders.stop_secret(busy.world.vault, parent)}"


def _broken_link(busy: BusySchool) -> str:
    return _stop_link(busy)[:-1]


def _public() -> list[Visit]:
    visitor, light, middle = Who.VISITOR, Weight.LIGHT, Weight.MIDDLE
    return [
        Visit("public.home", visitor, "/", light),
        Visit("public.help_page", visitor, "/help", light),
        Visit("public.privacy", visitor, "/privacy", light),
        Visit("public.login", visitor, "/login", light),
        Visit(
            "public.login", visitor, "/login", light, "wrong",
            _fill_and_press(email="nobody@example.org", password="no password"), 422,
        ),
        Visit("public.login", visitor, "/login", light, "empty", _press()),
        Visit("public.totp", visitor, "/login", light, "", _password),
        Visit("public.totp", visitor, "/login", light, "wrong", _wrong_second_factor, 422),
        Visit("public.signed_out", visitor, "/signed-out", light),
        Visit("public.courses", visitor, "/courses", middle),
        Visit("public.courses", visitor, "/courses?q=мектеп", middle, "found"),
        Visit("public.courses", visitor, "/courses?q=самоубийство", middle, "other language"),
        Visit("public.courses", visitor, "/courses?q=мотоцикл", middle, "nothing found"),
        Visit("public.courses", visitor, "/courses?minutes=8&age=8", middle, "by time"),
        Visit("public.course", visitor, "/courses/calm-parent", middle),
        Visit("public.lesson", visitor, "/courses/safe-child/ask-stay-call", middle, "hard"),
        Visit("public.lesson_on_paper", visitor, "/courses/calm-parent/repair/print", middle),
        Visit("public.lesson_feedback", visitor, f"{ASKED}?verdict=partly", middle),
        Visit("public.lesson_feedback", visitor, ASKED, middle, "wrong", _press(), 422),
        Visit("public.feedback_thanks", visitor, f"{ASKED}?verdict=useful", middle, "", _press()),
        Visit("public.lesson_feedback", visitor, f"{ASKED}?verdict=partly", middle, "over", _twice),
        *(
            Visit("public.lesson", visitor, f"/courses/calm-parent/{name}", middle, name)
            for name in LESSONS
        ),
        Visit("public.certificate_check", visitor, "/certificate", light),
        Visit("public.certificate", visitor, _code, light),
        Visit("public.certificate", visitor, "/certificate/ABCD", light, "wrong", status=404),
        Visit("public.reminders_link", visitor, _stop_link, light),
        Visit("public.reminders_link", visitor, _broken_link, light, "broken", status=404),
        Visit("public.reminders_ended", visitor, "/reminders/ended", light),
        Visit("errors.404", visitor, "/nowhere", light, status=404),
    ]  # fmt: skip


# Pupils: a code may be typed again until the questionnaire is finished.


def _code_of(here: Here, instrument: str) -> str:
    return here.busy.world.school.pupils[WALKERS[here.lang]].codes[instrument]


def _enter(instrument: str) -> Callable[[Here], None]:
    def by(here: Here) -> None:
        here.page.fill("#code", _code_of(here, instrument))
        here.press()

    return by


def _begin(instrument: str = "phq-a", page: int = 1) -> Callable[[Here], None]:
    def by(here: Here) -> None:
        _enter(instrument)(here)
        if here.page.url.endswith("/s/about"):
            people.start(here.page)
        here.open(f"/s/page/{page}")

    return by


def _blank(here: Here) -> None:
    """Go on without an answer: the page asks once more."""
    _begin("psc-17-y")(here)
    people.press(here.page, "next")
    here.page.wait_for_selector("[data-error-summary]")


def _stop(here: Here) -> None:
    _begin("psc-17-y")(here)
    people.press(here.page, "stop")
    here.page.wait_for_url("**/s/stop")


def _closed(here: Here) -> None:
    """What a pupil reads when the time of the person beside them is over."""
    _begin("asq")(here)
    here.open("/s/closed")


def _thanks(here: Here) -> None:
    _enter("hbsc-bullying")(here)
    if here.page.url.endswith("/s/about"):
        people.start(here.page)
    answers = {f"q{number}": "1" for number in range(1, 5)}
    people.answer_all(here.page, answers)


def _pupil() -> list[Visit]:
    pupil, light = Who.PUPIL, Weight.LIGHT
    return [
        Visit("student.enter_code", pupil, "/s", light),
        Visit(
            "student.enter_code", pupil, "/s", light, "wrong",
            _fill_and_press(code="ABC-DEF-GH"), 422,
        ),
        Visit("student.about", pupil, "/s", light, "", _enter("phq-a")),
        *(
            Visit("student.page", pupil, "/s", light, f"phq-a {n}", _begin("phq-a", n))
            for n in (1, 2, 3, 5)
        ),
        *(
            Visit("student.page", pupil, "/s", light, instrument, _begin(instrument))
            for instrument in ("who-5", "psc-17-y")
        ),
        Visit("student.page", pupil, "/s", light, "asq", _begin("asq")),
        Visit("student.page", pupil, "/s", light, "cries-8", _begin("cries-8")),
        Visit("student.closed", pupil, "/s", light, "", _closed),
        Visit("student.page", pupil, "/s", light, "blank", _blank),
        Visit("student.stop", pupil, "/s", light, "", _stop),
        Visit("student.thanks", pupil, "/s", light, "", _thanks),
        Visit("errors.404", pupil, "/s", light, "pupil", _begin("gad-7", 99), 404),
    ]  # fmt: skip


# Parents


def _form_about(number: int, step: str = "") -> Callable[[BusySchool], str]:
    def path(busy: BusySchool) -> str:
        child = busy.world.school.pupils[number].id
        asked = busy.world.school.assignments["psc-17-p"].id
        return f"/parent/children/{child}/questionnaires/{asked}{step}"

    return path


def _over(busy: BusySchool) -> str:
    asked = busy.world.schools[1].assignments["psc-17-p"].id
    return f"/parent/children/{busy.late_child.id}/questionnaires/{asked}"


def _consent_of(number: int) -> Callable[[BusySchool], str]:
    return lambda busy: f"/parent/children/{busy.world.school.pupils[number].id}/consent"


def _record_of(number: int) -> Callable[[BusySchool], str]:
    return lambda busy: f"/parent/children/{busy.world.school.pupils[number].id}/record"


def _read_a_lesson(here: Here) -> None:
    """Read the first lesson; the second one then opens."""
    here.page.locator("main a[href*='/courses/calm-parent/']").first.click()
    here.page.wait_for_load_state()
    here.press()


def _certificate(busy: BusySchool) -> str:
    return f"/parent/certificates/{busy.certificate.id}"


def _name_2000(here: Here) -> None:
    here.page.fill("main [name=name]", "2000")
    here.press()


def _parent() -> list[Visit]:
    parent, middle = Who.PARENT, Weight.MIDDLE
    return [
        Visit("parent.home", parent, "/parent", middle),
        Visit("parent.consent", parent, _consent_of(0), middle, "given"),
        Visit("parent.consent", parent, _consent_of(12), middle, "refused"),
        Visit("parent.consent", parent, _consent_of(13), middle, "empty", _press(), 422),
        Visit("parent.record", parent, _record_of(0), middle),
        Visit("parent.start", parent, _form_about(0), middle),
        Visit("parent.start", parent, _over, middle, "closed"),
        Visit("parent.page", parent, _form_about(0, "/page/1"), middle),
        Visit("parent.page", parent, _form_about(0, "/page/2"), middle, "second"),
        Visit("parent.stop", parent, _form_about(0, "/stop"), middle),
        Visit("parent.done", parent, _form_about(1, "/done"), middle),
        Visit("public.lesson", parent, "/courses/calm-parent", middle, "read", _read_a_lesson),
        Visit("public.course", parent, "/courses/calm-parent", middle, "begun"),
        Visit("parent.reading", parent, "/parent/reading", middle),
        Visit("parent.certificate", parent, _certificate, middle),
        Visit("parent.certificate", parent, _certificate, middle, "digits", _name_2000, 422),
        Visit("parent.reminders_page", parent, "/parent/account/reminders", middle),
        Visit(
            "parent.reminders_page", parent, "/parent/account/reminders", middle, "no day",
            _press("main form[method=post] button"), 422,
        ),
        Visit("errors.403", parent, "/school", middle, status=403),
        Visit("errors.404", parent, "/parent/nowhere", middle, "parent", status=404),
    ]  # fmt: skip


# School


def _class(tail: str = "") -> Callable[[BusySchool], str]:
    return lambda busy: f"/school/consents/{busy.world.school.classroom.id}{tail}"


def _asked(instrument: str, tail: str = "") -> Callable[[BusySchool], str]:
    return lambda busy: f"/school/assignments/{busy.world.school.assignments[instrument].id}{tail}"


def _of_pupil(number: int, tail: str = "") -> Callable[[BusySchool], str]:
    return lambda busy: f"/school/pupils/{busy.world.school.pupils[number].id}{tail}"


def _result(name: str) -> Callable[[BusySchool], str]:
    def path(busy: BusySchool) -> str:
        key = busy.results[name]
        return f"/school/results/{key.school_year}/{key.id}"

    return path


def _case(name: str, tail: str = "") -> Callable[[BusySchool], str]:
    return lambda busy: f"/school/cases/{busy.legs[name]}{tail}"


def _move(busy: BusySchool) -> str:
    return f"/school/pupils/{busy.world.school.pupils[12].id}/move/{busy.world.schools[1].id}"


def _class_there(here: Here) -> None:
    here.page.select_option("main [name=classroom]", index=1)
    here.page.fill("main [name=code]", "8A-77")
    here.press()


def _review(name: str) -> Callable[[BusySchool], str]:
    return lambda busy: f"/school/reviews/{busy.reviews[name]}"


def _plan(here: Here) -> None:
    opens = here.busy.next_round.starts_at
    here.page.select_option("[name=classroom]", str(here.busy.world.school.classroom.id))
    here.page.select_option("[name=instrument]", "phq-a")
    here.page.fill("[name=opens]", opens.strftime("%Y-%m-%dT23:00"))
    here.page.fill("[name=closes]", opens.replace(day=28).strftime("%Y-%m-%dT23:00"))
    here.press()


def _new_codes(here: Here) -> None:
    for box in here.page.locator("main input[type=checkbox]").all():
        box.check()
    here.press()


def _step_at_school(name: str, step: str) -> Callable[[BusySchool], str]:
    return lambda busy: f"/school/cases/{busy.legs[name]}/{step}"


def _decision_at_school(area: str) -> Callable[[BusySchool], str]:
    return lambda busy: f"/school/{area}/{busy.legs['school new']}/proposals/{busy.school_proposal}"


def _asked_of_us(name: str, tail: str = "") -> Callable[[BusySchool], str]:
    return lambda busy: f"/school/asked/{busy.legs[name]}{tail}"


def _school() -> list[Visit]:
    school, heavy = Who.SCHOOL, Weight.HEAVY
    return [
        Visit("school.home", school, "/school", heavy),
        Visit("school.cases", school, "/school/cases", heavy),
        Visit("school.cases", school, "/school/cases?show=all&sort=code", heavy, "all"),
        Visit("school.cases", school, "/school/cases?q=nobody", heavy, "none"),
        *(
            Visit("school.case", school, _case(name), heavy, name)
            for name in ("new", "closed", "sent on", "school new", "school accepted",
                         "school closed", "school sent on", "school refused", "asked", "by hand")
        ),
        *(
            Visit("school.case_step", school, _step_at_school(name, step), heavy, step, by, said)
            for name, step, by, said in (
                ("school accepted", "triage", None, 200),
                ("school accepted", "attempt", _press(), 422),
            )
        ),
        Visit("school.case_decide", school, _decision_at_school("cases"), heavy),
        Visit("school.asked", school, "/school/asked", heavy),
        Visit("school.asked_decide", school, _decision_at_school("asked"), heavy),
        Visit(
            "school.asked_decide", school, _decision_at_school("asked"), heavy, "empty", _press(),
            422,
        ),
        Visit("school.asked_one", school, _asked_of_us("school refused"), heavy),
        Visit("school.asked_step", school, _asked_of_us("school refused", "/recheck"), heavy),
        Visit("school.question", school, _asked_of_us("asked", "/question"), heavy),
        Visit(
            "school.question", school, _asked_of_us("asked", "/question"), heavy, "empty",
            _press(), 422,
        ),
        Visit("school.contact", school, "/school/contact", heavy),
        Visit(
            "school.contact", school, "/school/contact", heavy, "wrong",
            _fill_and_press(phone="12", address_kk=""), 422,
        ),
        Visit("school.notices", school, "/school/notices", heavy),
        Visit("school.reviews", school, "/school/reviews", heavy),
        Visit("school.reviews", school, "/school/reviews?show=all", heavy, "all"),
        Visit("school.review_task", school, _review("open"), heavy, "open"),
        Visit("school.review_task", school, _review("open"), heavy, "empty", _press(), 422),
        Visit("school.review_task", school, _review("done"), heavy, "done"),
        Visit("school.pupils_list", school, "/school/pupils", heavy),
        *(
            Visit("school.pupil", school, _of_pupil(number), heavy, case)
            for number, case in ((0, "referred"), (12, "refused"))
        ),
        Visit("school.consent_history", school, _of_pupil(13, "/consents"), heavy),
        Visit("school.pupil_move", school, _of_pupil(12, "/move"), heavy),
        Visit("school.pupil_move", school, _of_pupil(12, "/move?q=nobody"), heavy, "none"),
        *(
            Visit("school.pupil_move_to", school, _move, heavy, case, by, said)
            for case, by, said in (
                ("", None, 200), ("empty", _press(), 422), ("asked", _class_there, 200)
            )
        ),
        Visit("school.case_named", school, _case("by hand", "/named"), heavy),
        Visit(
            "school.case_named", school, _case("by hand", "/named"), heavy, "empty", _press(), 422
        ),
        Visit("school.refer_sent", school, "/school/worry-sent", heavy),
        Visit("school.refer", school, _of_pupil(12, "/refer"), heavy),
        Visit("school.refer", school, _of_pupil(12, "/refer"), heavy, "empty", _press(), 422),
        *(
            Visit("school.result", school, _result(name), heavy, name)
            for name in ("phq-a", "gad-7", "empty")
        ),
        Visit("school.assignments_list", school, "/school/assignments", heavy),
        Visit("school.assignment", school, _asked("phq-a"), heavy, "phq-a"),
        Visit("school.assignment", school, _asked("psc-17-p"), heavy, "psc-17-p"),
        *(
            Visit("school.assignment_new", school, "/school/assignments/new", heavy, case, by, said)
            for case, by, said in (("", None, 200), ("empty", _press(), 422), ("check", _plan, 200))
        ),
        Visit(
            "school.assignment_numbers",
            school,
            lambda busy: f"/school/assignments/{busy.numbers}/numbers",
            heavy,
        ),
        Visit("school.events", school, "/school/events", heavy),
        Visit("school.events", school, "/school/events", heavy, "empty", _press(), 422),
        Visit("school.codes", school, _asked("who-5", "/codes"), heavy),
        Visit("school.codes", school, _asked("who-5", "/codes"), heavy, "sheet", _new_codes),
        Visit("school.consents_of_classes", school, "/school/consents", heavy),
        Visit("school.consents_of_class", school, _class(), heavy),
        Visit("school.consents_of_class", school, _class(), heavy, "empty", _press(), 422),
        Visit("errors.404", school, "/school/nowhere", heavy, "school", status=404),
    ]  # fmt: skip


# Support centre


def _referral(name: str, step: str = "") -> Callable[[BusySchool], str]:
    return lambda busy: f"/psc/referrals/{busy.legs[name]}{step}"


# One page of each kind of form; the others have the same fields.
CENTRE_STEPS = (
    ("new", "decline"), ("accepted", "triage"), ("accepted", "ask"), ("accepted", "attempt"),
    ("asked", "answer"), ("contacted", "review"), ("accepted", "error"),
)  # fmt: skip


def _judge_lower(here: Here) -> None:
    """Choose a lower level than the machine's: the page offers a second reader."""
    here.page.check("main [name=level][value=low]")
    here.page.fill("main [name=note]", "Поговорили.")
    here.press()


def _decision(busy: BusySchool) -> str:
    return f"/psc/referrals/{busy.legs['accepted']}/proposals/{busy.proposal}"


def _centre() -> list[Visit]:
    centre, heavy = Who.CENTRE, Weight.HEAVY
    return [
        Visit("psc.inbox", centre, "/psc", heavy),
        Visit("psc.inbox", centre, "/psc?show=closed", heavy, "closed"),
        Visit("psc.inbox", centre, "/psc?code=nobody", heavy, "none"),
        *(
            Visit("psc.referral", centre, _referral(name), heavy, name)
            for name in (
                "new", "accepted", "contacted", "closed", "sent on", "asked", "proposed", "by hand"
            )
        ),
        *(
            Visit("psc.step", centre, _referral(name, f"/{step}"), heavy, step)
            for name, step in CENTRE_STEPS
        ),
        *(
            Visit("psc.step", centre, _referral(name, f"/{step}"), heavy, f"{step} empty", by, 422)
            for name, step, by in (
                ("accepted", "triage", _press()), ("accepted", "attempt", _press())
            )
        ),
        Visit(
            "psc.step", centre, _referral("accepted", "/triage"), heavy, "lower level",
            _judge_lower, 422,
        ),
        Visit("psc.named", centre, _referral("accepted", "/named"), heavy),
        Visit("psc.named", centre, _referral("accepted", "/named"), heavy, "empty", _press(), 422),
        Visit("psc.send_on", centre, _referral("accepted", "/redirect"), heavy),
        Visit(
            "psc.send_on", centre, _referral("accepted", "/redirect"), heavy, "empty", _press(), 422
        ),
        Visit("psc.close", centre, _referral("proposed", "/close"), heavy, "own"),
        Visit("psc.decide", centre, _decision, heavy, "own"),
        Visit(
            "psc.step", centre, _referral("accepted", "/triage?version=1"), heavy, "moved on",
            status=409,
        ),
        Visit("errors.404", centre, "/psc/nowhere", heavy, "centre", status=404),
    ]  # fmt: skip


VISITS = [
    *_public(),
    *content_pages(),
    *_pupil(),
    *_parent(),
    *account_pages(),
    *_school(),
    *letter_pages(),
    *entry_pages(),
    *_centre(),
]
