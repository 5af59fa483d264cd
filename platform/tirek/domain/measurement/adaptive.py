"""Fewer questions for the child: which item is asked next, and when it is enough.

Pure and without chance: the same parameters, plan and answers give the same steps on every machine,
so that a stored run can be replayed. Each next item is the most informative one at the present EAP
(Lord 1980), within the area of content that is furthest behind its share (Kingsbury & Zara 1989).
Critical items are not adaptive: they are asked in every run, whatever the answers say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from tirek.domain.measurement.eap import Estimate, estimate
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.graded import PRIOR, GradedModel, Grid, item_information

# Two informations, or two errors, nearer than this count as equal: processors differ in the last
# bits, and a stored run must be replayed on another machine with the same steps.
SAME = 9


class PlanError(UnmeasurableError):
    """The plan of an adaptive run does not fit its parameters, or itself."""


class Why(StrEnum):
    """Why an item is the next one."""

    START = "start"
    INFORMATION = "information"
    # A more informative item waits, because another area of content is behind.
    CONTENT = "content"
    ALWAYS = "always"


class End(StrEnum):
    """Why no further item is asked."""

    PRECISE = "precise"
    MOST = "most"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class ContentArea:
    """A part of what the scale is about, its items, and the share of the run it should have."""

    name: str
    items: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class AdaptivePlan:
    """What holds for every run: how long, how precise, what balance, what is always asked.

    `most` and `least` count chosen items, the always-asked come on top: no run is longer than
    `most` + len(`always`). The run ends once the error of the EAP is at most `error` and at least
    `least` chosen items were *answered* (not only shown), and every area of content had its turn.
    """

    most: int
    least: int = 1
    error: float = 0.3
    # The first item; None: the most informative one at the mean of the prior.
    first: str | None = None
    always: tuple[str, ...] = ()
    # After how many chosen items the always-asked ones come; None: at the end of the run.
    always_after: int | None = None
    areas: tuple[ContentArea, ...] = ()
    grid: Grid = field(default=PRIOR)

    def __post_init__(self) -> None:
        """Refuse a plan that contradicts itself."""
        placed = [item for area in self.areas for item in area.items]
        wrong = (
            (not 1 <= self.least <= self.most, "needs 1 <= least <= most"),
            (self.error <= 0, "needs an error above 0"),
            (len(set(self.always)) < len(self.always), "asks an always-asked item twice"),
            (self.first in self.always, "begins with an item that is always asked anyway"),
            (len(set(placed)) < len(placed), "has an item in two areas of content"),
            (any(area.share <= 0 for area in self.areas), "needs shares above 0"),
            (not all(area.items for area in self.areas), "has an area of content without items"),
            (len(self.areas) > self.most, "has more areas of content than items to ask"),
            (self.always_after is not None and self.always_after < 0, "counts from 0"),
        )
        for is_wrong, sentence in wrong:
            if is_wrong:
                raise PlanError(f"an adaptive plan {sentence}")


@dataclass(frozen=True, slots=True)
class Step:
    """One choice: what was known before it, and what was chosen.

    A step has either an item and why, or (the last one) the reason of the end.
    """

    before: Estimate
    item: str | None = None
    why: Why | None = None
    end: End | None = None


# What was asked so far, in order: the item and the category number, None for a question left blank.
Asked = Sequence[tuple[str, int | None]]


def check_plan(model: GradedModel, plan: AdaptivePlan) -> None:
    """Refuse a plan that names items without parameters or leaves nothing to choose from."""
    bank = selectable(model, plan)
    placed = {item for area in plan.areas for item in area.items}
    if not bank:
        raise PlanError("every item is always asked: nothing is left to choose")
    if plan.first is not None and plan.first not in bank:
        raise PlanError(f"there are no parameters for the first item {plan.first}")
    if plan.areas and placed != set(bank):
        odd = ", ".join(sorted(placed ^ set(bank)))
        raise PlanError(f"every item that may be chosen stands in one area of content: {odd}")


def selectable(model: GradedModel, plan: AdaptivePlan) -> tuple[str, ...]:
    """Return the items that may be chosen: with parameters, and not always asked anyway."""
    return tuple(item for item in model.ids if item not in plan.always)


def next_step(model: GradedModel, plan: AdaptivePlan, asked: Asked) -> Step:
    """Return what comes after these answers: an item, or the end.

    Answers to always-asked items that have parameters count for the estimate, too.
    """
    before = estimate(model, dict(asked), plan.grid)
    done = [item for item, _ in asked]
    chosen = [item for item in done if item not in plan.always]
    waiting = [item for item in plan.always if item not in done]
    end = _end(model, plan, asked, before)
    due = plan.always_after is not None and len(chosen) >= plan.always_after
    if waiting and (end or due):
        return Step(before, waiting[0], Why.ALWAYS)
    if end:
        return Step(before, end=end)
    return Step(before, *_choose(model, plan, chosen, before.theta))


def replay(
    model: GradedModel, plan: AdaptivePlan, answers: Mapping[str, int | None]
) -> tuple[Step, ...]:
    """Return the steps of a run from its stored answers, None for a question left blank.

    A run that was broken off ends with the item that waited for its answer. An answer to an item
    that this plan would not have asked is refused: the record is not of this plan.
    """
    check_plan(model, plan)
    asked: list[tuple[str, int | None]] = []
    steps = [next_step(model, plan, asked)]
    while (item := steps[-1].item) is not None and item in answers:
        asked.append((item, answers[item]))
        steps.append(next_step(model, plan, asked))
    strange = sorted(set(answers) - {item for item, _ in asked})
    if strange:
        raise PlanError(f"this plan would not have asked {', '.join(strange)}")
    return tuple(steps)


def _end(model: GradedModel, plan: AdaptivePlan, asked: Asked, before: Estimate) -> End | None:
    """Return why no further item is chosen, or None."""
    chosen = {item: answer for item, answer in asked if item not in plan.always}
    answered = sum(answer is not None for answer in chosen.values())
    is_balanced = all(set(area.items) & set(chosen) for area in plan.areas)
    if answered >= plan.least and is_balanced and round(before.se, SAME) <= plan.error:
        return End.PRECISE
    if len(chosen) >= plan.most:
        return End.MOST
    if len(chosen) >= len(selectable(model, plan)):
        return End.EXHAUSTED
    return None


def _choose(
    model: GradedModel, plan: AdaptivePlan, chosen: Sequence[str], theta: float
) -> tuple[str, Why]:
    """Return the next item and why; one is left, or `_end` would have spoken."""
    if not chosen and plan.first is not None:
        return plan.first, Why.START
    left = [item for item in selectable(model, plan) if item not in chosen]
    best = _most_informative(model, left, theta)
    balanced = _most_informative(model, _balanced(plan, chosen, left), theta)
    if not chosen:
        return balanced, Why.START
    return balanced, Why.INFORMATION if balanced == best else Why.CONTENT


def _balanced(plan: AdaptivePlan, chosen: Sequence[str], left: Sequence[str]) -> Sequence[str]:
    """Return the items left of the areas that are furthest behind; without areas, all."""
    open_areas = [area for area in plan.areas if set(area.items) & set(left)]
    if not open_areas:
        return left
    # When the places left are just enough, only areas that had no turn yet may have them.
    unasked = [area for area in open_areas if not set(area.items) & set(chosen)]
    if unasked and plan.most - len(chosen) <= len(unasked):
        open_areas = unasked
    whole = sum(area.share for area in plan.areas)
    behind = {
        area.name: round(
            area.share / whole * (len(chosen) + 1) - len(set(area.items) & set(chosen)), SAME
        )
        for area in open_areas
    }
    furthest = max(behind.values())
    allowed = {item for area in open_areas if behind[area.name] == furthest for item in area.items}
    return [item for item in left if item in allowed]


def _most_informative(model: GradedModel, left: Sequence[str], theta: float) -> str:
    """Return the item that tells most at theta; the first in the model's order among equals."""
    at = np.array([theta])
    return max(left, key=lambda item: round(float(item_information(model.item(item), at)[0]), SAME))
