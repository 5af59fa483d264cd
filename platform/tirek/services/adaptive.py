"""Shorter runs: the next question is chosen from what was answered, and every choice is kept.

A row of `adaptive_steps` is one choice: the item and why, or the last row with no item and the
reason of the end. Sealed in it is what was known then: the answers, the estimate and its error. So
anybody who may open the run can compute it again from the store (`replay`).

A run goes on with the parameters with which it began, whatever is deployed meanwhile
(`Run.has_its_rules`). Where nothing more can be chosen a person looks, and the run ends with the
questions that are asked of everybody, which need no parameters.
"""

import json
from dataclasses import asdict, dataclass
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
# Why.ALWAYS of the engine, which is not loaded before something is estimated.
ALWAYS = "always"

Asked = list[tuple[str, int | None]]


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before a choice: items with their categories, the estimate and its error.

    Without an estimate where nothing could be chosen, and what is always asked came next.
    """

    asked: Asked
    theta: float | None = None
    se: float | None = None


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

    Where the choosing fails, or the run's own parameters cannot be read, a person is asked to look,
    and only what is asked in every run follows.
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
        # Whatever went wrong in here must not cost the answer that came with this request, so a
        # person looks. The text of the error may hold an answer.
        log.error(  # noqa: TRY400 - the traceback would carry answers
            "choosing failed", administration=str(run.key.id), error=type(error).__name__
        )
        completion.open_review(unit, run, completion.SCORING_FAILED)
        return _still_to_ask(unit, run, asked)
    known = Known(asked, round(step.before.theta, SAME), round(step.before.se, SAME))
    unit.session.execute(insert(AdaptiveStep).values(_row(run, known, step.item, _why(step))))
    return step.item


def _still_to_ask(unit: Unit, run: Run, asked: Asked) -> str | None:
    """What every run asks, critical questions above all, and this one has not; None: all of it."""
    plan = run.instrument.scoring.short
    due = next((item for item in (plan.always if plan else ()) if item not in run.steps), None)
    if due is not None:
        row = _row(run, Known(asked), due, ALWAYS)
        unit.session.execute(insert(AdaptiveStep).values(row))
    return due


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


def _row(run: Run, known: Known, item: str | None, why: str) -> dict[str, object]:
    number = len(run.steps)
    place = (*PLACE, str(run.key.id), str(number))
    return {
        "school_year": run.key.school_year,
        "administration_id": run.key.id,
        "step": number,
        "student_id": run.student_id,
        "school_id": run.school_id,
        "item_id": item,
        "why": why,
        "sealed": run.data_key.seal(json.dumps(asdict(known), separators=(",", ":")), *place),
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
