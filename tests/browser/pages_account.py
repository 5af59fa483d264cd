"""The pages of a parent's account, and of the school's letters that lead to one."""

from collections.abc import Callable
from uuid import UUID

from tests.browser.busy_school import BusySchool
from tests.browser.visit import Here, Visit, Weight, Who
from tirek.domain.parents import Errand
from tirek.services.parcels import errand_secret

NOBODYS = UUID("00000000-0000-4000-8000-000000000000")
NOT_ACCOUNT_PAGES = {
    "school.invitation_letters_left": "sends back to the class",
}


def _link(errand: Errand) -> Callable[[BusySchool], str]:
    def path(busy: BusySchool) -> str:
        known = busy.errands[errand]
        return f"/parent/errands/{known}/{errand_secret(busy.world.vault, known)}"

    return path


def _typed(**fields: str) -> Callable[[Here], None]:
    def by(here: Here) -> None:
        for name, value in fields.items():
            here.page.fill(f"main [name={name}]", value)
        here.press()

    return by


def _code(here: Here) -> None:
    if not here.page.locator("main [name=code]").count():
        # Remembered since the visit in the other language.
        here.press("main form[action$='/join/other'] button")
    here.page.fill("main [name=code]", here.busy.invitation)
    here.press()


def _a_child(here: Here) -> None:
    here.page.select_option("main [name=month]", "5")
    here.page.select_option("main [name=year]", index=6)
    here.page.fill("main [name=label]", "Дарын")
    here.page.check("main [name=needs]")
    here.press()


def _change_child(here: Here) -> None:
    _a_child(here)
    here.page.click("main .govuk-task-list__status a >> nth=0")
    here.page.wait_for_load_state()


def _class(busy: BusySchool) -> str:
    return f"/school/invitations/{busy.world.school.classroom.id}"


def _letters(here: Here) -> None:
    for pupil in here.busy.world.school.pupils[3:6]:
        here.page.check(f"#pupil-{pupil.id}")
    here.page.check("main [name=each][value='2']")
    here.press("main form[action$='/letters'] > button[type=submit]")


def _nobody_chosen(here: Here) -> None:
    here.press("main form[action$='/letters'] > button[type=submit]")


def account_pages() -> list[Visit]:
    """Everything from opening an account to deleting it."""
    visitor, parent, middle = Who.VISITOR, Who.PARENT, Weight.MIDDLE
    return [
        Visit("parent.register", visitor, "/parent/register", middle),
        Visit(
            "parent.register", visitor, "/parent/register", middle, "wrong",
            _typed(email="no address", password="short"), 422,
        ),
        Visit("parent.registered", visitor, "/parent/registered", middle),
        Visit("parent.forgot", visitor, "/parent/forgot", middle),
        Visit("parent.forgot_sent", visitor, "/parent/forgot/sent", middle),
        Visit("parent.errand", visitor, _link(Errand.CONFIRM_ADDRESS), middle, "confirm"),
        Visit("parent.errand", visitor, _link(Errand.RESET_PASSWORD), middle, "password"),
        Visit(
            "parent.errand", visitor, _link(Errand.RESET_PASSWORD), middle, "weak",
            _typed(password="1234567890"), 422,
        ),
        Visit("parent.errand", visitor, f"/parent/errands/{NOBODYS}/x", middle, "over", status=410),
        Visit("parent.join", visitor, "/parent/join", middle),
        Visit("parent.join", visitor, "/parent/join", middle, "wrong", _typed(code="ABC"), 422),
        Visit("parent.join", visitor, "/parent/join", middle, "right", _code),
        Visit("parent.join", parent, "/parent/join", middle, "known", _code),
        Visit("parent.home", parent, "/parent", middle, "remembers the code"),
        Visit("parent.account", parent, "/parent/account", middle),
        Visit("parent.account_about", parent, "/parent/account/about", middle),
        Visit("parent.account_phone", parent, "/parent/account/phone", middle),
        Visit(
            "parent.account_phone", parent, "/parent/account/phone", middle, "wrong",
            _typed(phone="12"), 422,
        ),
        Visit("parent.account_password", parent, "/parent/account/password", middle),
        Visit("parent.own_children_list", parent, "/parent/account/children", middle),
        Visit(
            "parent.own_children_list", parent, "/parent/account/children", middle, "one",
            _a_child,
        ),
        Visit(
            "parent.own_child_change", parent, "/parent/account/children", middle, "",
            _change_child,
        ),
        Visit("parent.account_delete", parent, "/parent/account/delete", middle),
        Visit("parent.account_delete_sure", parent, "/parent/account/delete/sure", middle),
        Visit("parent.account_deleted", visitor, "/parent/account/deleted", middle),
    ]  # fmt: skip


def letter_pages() -> list[Visit]:
    """The school's side: who has a code, and the letters to print."""
    school, heavy = Who.SCHOOL, Weight.HEAVY
    return [
        Visit("school.invitations_of_classes", school, "/school/invitations", heavy),
        Visit("school.invitations_of_class", school, _class, heavy),
        Visit("school.invitations_of_class", school, _class, heavy, "letters", _letters),
        Visit("school.invitations_of_class", school, _class, heavy, "empty", _nobody_chosen, 422),
    ]
