"""The pages on which answers from a file are entered, in their states."""

import csv
from collections.abc import Callable, Mapping
from io import StringIO

from tests.browser.busy_school import BusySchool
from tests.browser.visit import Here, Visit, Weight, Who

URGENT, CALM = "phq-a", "gad-7"
NOT_ENTRY_PAGES = {"school.answers_step_left": "sends back to the file"}
# All that the page can say stands in one sheet, beside somebody who needs help.
WRONG: tuple[Mapping[str, str], ...] = (
    {"record": "nobody", "total": "25"},
    {"record": "8A-02", "age": "9", "language": "de"},
    {"record": "8A-03", "q1": "9"},
    {"record": "8A-04", "q9": "1"},
)


def _sheet(here: Here, instrument: str, rows: tuple[Mapping[str, str], ...]) -> bytes:
    items = [item.id for item in here.busy.world.catalog.instruments[instrument].items]
    sheet = StringIO()
    writer = csv.DictWriter(sheet, ["record", "language", "age", *items, "total"], restval="0")
    writer.writeheader()
    writer.writerows({"language": "kk", "age": "", "total": "", **row} for row in rows)
    return sheet.getvalue().encode()


def _send(content: Callable[[Here], bytes]) -> Callable[[Here], None]:
    def by(here: Here) -> None:
        here.page.set_input_files(
            "#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": content(here)}
        )
        here.page.check("#told")
        here.press()

    return by


def _left_out(here: Here) -> None:
    _send(lambda one: _sheet(one, URGENT, WRONG))(here)
    here.page.locator("main form[action$='/refuse'] button").click()
    here.page.wait_for_load_state()


def _asked(instrument: str) -> Callable[[BusySchool], str]:
    def path(busy: BusySchool) -> str:
        return f"/school/assignments/{busy.world.school.assignments[instrument].id}/entry"

    return path


def entry_pages() -> list[Visit]:
    """Choosing a file, what is wrong with it, and what it would mean."""
    school, heavy = Who.SCHOOL, Weight.HEAVY
    free = _asked(URGENT)
    return [
        Visit("school.answer_file", school, free, heavy),
        Visit("school.answer_file", school, _asked("asq"), heavy, "never"),
        Visit(
            "school.answer_file", school, free, heavy, "empty",
            _send(lambda _here: b" "), 422,
        ),
        Visit(
            "school.answer_upload", school, free, heavy, "wrong",
            _send(lambda here: _sheet(here, URGENT, WRONG)),
        ),
        Visit("school.answer_upload", school, free, heavy, "no reason", _left_out, 422),
        Visit(
            "school.answer_upload", school, _asked(CALM), heavy, "ready",
            _send(lambda here: _sheet(here, CALM, ({"record": "8A-02", "total": "3"},))),
        ),
    ]  # fmt: skip
