"""Shorter runs: the next question is chosen from what was answered, and every choice is kept.

A row of `adaptive_steps` is one choice: the item and why, or the last row with no item and the
reason of the end. Sealed in it is what was known then: the answers, the estimate and its error. So
anybody who may open the run can compute it again from the store (`replay`).

A run goes on with the parameters with which it began, whatever is deployed meanwhile
(`Run.has_its_rules`); where they cannot be read any more it ends, and a person looks.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import insert, select

from tirek.domain import administration, calibration
from tirek.domain.calibration import Calibration, CalibrationStatus, ShortPlan
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Answer, Instrument
from tirek.services import audit, completion, runs
from tirek.services.runs import AdministrationKey, Run
from tirek.services.unit import Unit
from tirek.storage.models import AdaptiveStep, Administration

if TYPE_CHECKING:
    from tirek.domain.measurement.adaptive import Step

log = structlog.get_logger()

PLACE = ("adaptive_steps", "sealed")
# Processors differ in the last bits of an estimate; to so many places all agree.
SAME = 9

Asked = list[tuple[str, int | None]]


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before a choice: items with their categories, the estimate and its error."""

    asked: Asked
    theta: float
    se: float


@dataclass(frozen=True, slots=True)
class Replay:
    """A stored run computed again: how many choices it had, and what comes out otherwise."""

    steps: int
    differences: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether every choice, estimate and error is the stored one."""
        return not self.differences


def may_be_short(instrument: Instrument) -> bool:
    """Whether fewer questions can be asked: calibrated here, in every language of the wording."""
    known, plan = instrument.scoring.calibration, instrument.scoring.short
    return (
        known is not None
        and plan is not None
        and known.status is CalibrationStatus.CALIBRATED
        and {*known.langs} >= {*instrument.wordings}
    )


def page_after(unit: Unit, run: Run, index: int, known: dict[str, Answer]) -> int | None:
    """The page that follows `index`, or None at the end; a shorter run may choose it only now."""
    following = administration.page_after(run.path(known), known, index)
    if following is not None or not run.is_short:
        return following
    item = choose(unit, run)
    return None if item is None else run.pages.index((item,))


def choose(unit: Unit, run: Run) -> str | None:
    """The question that waits, else the next one by the plan, which is written down; None: enough.

    Where no plan is left, or not the run's own, or the choosing fails, it ends and a person looks.
    The run is locked first, so that two tabs choose one question and not two.
    """
    _lock(unit, run.key)
    run = runs.load(unit, run.key)
    waiting = next((item for item in run.steps if item not in run.answers), None)
    if waiting is not None or not run.is_open:
        # Ended meanwhile: the last page was sent twice at once.
        return waiting
    asked = _categories(run)
    try:
        step = calibration.step_after(*_plan(run), asked)
    except Exception as error:  # noqa: BLE001 - see below
        # Whatever went wrong in here must not cost the answer that came with this request, so the
        # run ends and a person looks. The text of the error may hold an answer.
        log.error(  # noqa: TRY400 - the traceback would carry answers
            "choosing failed", administration=str(run.key.id), error=type(error).__name__
        )
        completion.open_review(unit, run, completion.SCORING_FAILED)
        return None
    unit.session.execute(insert(AdaptiveStep).values(_row(run, asked, step)))
    return step.item


def replay(unit: Unit, key: AdministrationKey) -> Replay:
    """Compute a stored run again, choice by choice; reading it is audited.

    Raises `NotFoundError` for what was no shorter run, or whose parameters can no longer be read.
    """
    run = runs.load(unit, key)
    rows = _rows(unit, key)
    if not run.is_short or not rows:
        raise NotFoundError("shorter run", key.id)
    if {row.parameters_hash for row in rows} != {run.instrument.hashes.scoring}:
        raise NotFoundError("parameters", rows[0].parameters_hash)
    differences = [one for number in range(len(rows)) for one in _differences(run, rows, number)]
    differences += _changed_answers(run, rows)
    audit.record(
        unit,
        "adaptive.replay",
        "administration",
        key.id,
        student_id=run.student_id,
        school_id=run.school_id,
    )
    return Replay(len(rows), tuple(differences))


def _plan(run: Run) -> tuple[Calibration, ShortPlan]:
    scoring = run.instrument.scoring
    if scoring.calibration is None or scoring.short is None or not run.has_its_rules:
        raise NotFoundError("plan of a shorter run", run.instrument.id)
    return scoring.calibration, scoring.short


def _lock(unit: Unit, key: AdministrationKey) -> None:
    unit.session.execute(
        select(Administration.id)
        .where(Administration.school_year == key.school_year, Administration.id == key.id)
        .with_for_update()
    )


def _categories(run: Run) -> Asked:
    return [(item, _category(run, item)) for item in run.steps]


def _category(run: Run, item: str) -> int | None:
    answer = run.answers.get(item)
    weight = run.instrument.weight(item, answer) if answer else None
    if weight is None:
        return None
    weights = [option.weight for option in run.instrument.options(item)]
    return calibration.category_of(weights, weight)


def _row(run: Run, asked: Asked, step: "Step") -> dict[str, object]:
    number = len(run.steps)
    known = {
        "asked": asked,
        "theta": round(step.before.theta, SAME),
        "se": round(step.before.se, SAME),
    }
    place = (*PLACE, str(run.key.id), str(number))
    return {
        "school_year": run.key.school_year,
        "administration_id": run.key.id,
        "step": number,
        "student_id": run.student_id,
        "school_id": run.school_id,
        "item_id": step.item,
        "why": _why(step),
        "sealed": run.data_key.seal(json.dumps(known, separators=(",", ":")), *place),
        "parameters_hash": run.instrument.hashes.scoring,
    }


def _why(step: "Step") -> str:
    return str(step.why or step.end)


def _rows(unit: Unit, key: AdministrationKey) -> list[AdaptiveStep]:
    return [
        *unit.session.scalars(
            select(AdaptiveStep)
            .where(
                AdaptiveStep.school_year == key.school_year,
                AdaptiveStep.administration_id == key.id,
            )
            .order_by(AdaptiveStep.step)
        )
    ]


def _known(run: Run, row: AdaptiveStep) -> Known:
    place = (*PLACE, str(run.key.id), str(row.step))
    told = json.loads(run.data_key.open(row.sealed, *place))
    asked = [(item, category) for item, category in told["asked"]]
    return Known(asked, told["theta"], told["se"])


def _differences(run: Run, rows: list[AdaptiveStep], number: int) -> list[str]:
    """What of one choice comes out otherwise than it stands in the store."""
    row = rows[number]
    known = _known(run, row)
    again = calibration.step_after(*_plan(run), known.asked)
    pairs = (
        ("items asked before", [item for item, _ in known.asked], _items(rows[:number])),
        ("item", row.item_id, again.item),
        ("reason", row.why, _why(again)),
        ("estimate", known.theta, round(again.before.theta, SAME)),
        ("error", known.se, round(again.before.se, SAME)),
    )
    return [
        f"step {row.step}: {what} is {stored}, computed again {computed}"
        for what, stored, computed in pairs
        if stored != computed
    ]


def _items(rows: list[AdaptiveStep]) -> list[str]:
    return [row.item_id for row in rows if row.item_id is not None]


def _changed_answers(run: Run, rows: list[AdaptiveStep]) -> list[str]:
    """The last choice of a finished run rests on the very answers that are stored."""
    last = rows[-1]
    if last.item_id is not None or _known(run, last).asked == _categories(run):
        return []
    return [f"step {last.step}: it rests on other answers than the stored ones"]
