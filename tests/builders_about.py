"""A parent who answers about themselves."""

from uuid import UUID

from tirek.domain.instruments import Answer, AnswerState
from tirek.domain.parents import Occasion
from tirek.services import self_reports
from tirek.services.self_reports import About, Offer
from tirek.services.unit import Unit

ATTITUDES = "parent-attitudes"
OWN_DANGER, HOME_DANGER = "q26", "q27"
CALM = {f"q{number}": "2" for number in range(1, 26)} | {OWN_DANGER: "0", HOME_DANGER: "0"}


def given(**answers: str) -> dict[str, Answer]:
    """Answers by item: `given(q1="4")`."""
    return {item: Answer(AnswerState.ANSWERED, code) for item, code in answers.items()}


def the_offer(unit: Unit, instrument: str = ATTITUDES) -> Offer:
    return next(one for one in self_reports.offers(unit) if one.instrument.id == instrument)


def a_report(
    unit: Unit,
    age: int = 9,
    student_id: UUID | None = None,
    occasion: Occasion = Occasion.OTHER,
    language: str = "kk",
) -> UUID:
    """One that has been begun."""
    about = About(age, student_id, occasion)
    return self_reports.begin(unit, the_offer(unit), about, language)


def answer(unit: Unit, report_id: UUID, **answers: str) -> None:
    self_reports.record_answers(unit, self_reports.load(unit, report_id), given(**answers))


def a_finished_report(unit: Unit, **changed: str) -> UUID:
    """All questions answered in the middle, but for those named."""
    report_id = a_report(unit)
    answer(unit, report_id, **{**CALM, **changed})
    self_reports.complete(unit, self_reports.load(unit, report_id))
    return report_id
