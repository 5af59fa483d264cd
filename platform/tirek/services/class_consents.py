"""The consents of one class: each pupil with the guardians' last word."""

from dataclasses import dataclass
from uuid import UUID

from tirek.domain.alphabet import sort_key
from tirek.domain.consent import Purpose
from tirek.services import audit, classrooms, consents
from tirek.services.consents import Statement
from tirek.services.paging import Page, cut
from tirek.services.unit import Unit
from tirek.storage.models import Student

SILENT = "silent"


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A pupil and what their guardian said last, None where nothing was said yet."""

    student: Student
    statement: Statement | None

    @property
    def state(self) -> str:
        """The statement's state, or that there is none."""
        return self.statement.state.value if self.statement else SILENT


def of_class(
    unit: Unit, classroom_id: UUID, purpose: Purpose = Purpose.SCREENING
) -> list[ConsentRow]:
    """Every pupil of a class of the own school, for one purpose; reading it is audited."""
    pupils = classrooms.pupils(unit, classroom_id)
    last = consents.last_of_guardians(unit, [pupil.id for pupil in pupils], purpose)
    audit.record(unit, "consents.view", "classroom", classroom_id)
    return [ConsentRow(pupil, last.get(pupil.id)) for pupil in pupils]


def picked(
    rows: list[ConsentRow], *, code: str = "", state: str = "", sort: str = "code", page: int = 1
) -> Page[ConsentRow]:
    """The rows that fit a search and a state, in order, one page of them."""
    found = [
        row
        for row in rows
        if code.lower() in row.student.school_code.lower() and state in {"", row.state}
    ]
    if sort == "state":
        found.sort(key=lambda row: row.state)
    elif sort == "born":
        found.sort(key=lambda row: row.student.birth_month)
    elif sort == "code":
        found.sort(key=lambda row: sort_key(row.student.school_code))
    return cut(found, page)
