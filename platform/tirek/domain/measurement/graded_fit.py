"""Calibration: the parameters of a graded response model from people's answers.

Marginal maximum likelihood (Bock & Aitkin 1981): the trait is normal (0, 1) in the people and is
integrated out over a grid. Some EM steps come near the maximum; from there a quasi-Newton climb
(BFGS) that starts at the information estimated from the people's own scores needs few steps more.
It stops when no parameter is further than a ten-thousandth of its standard error from the maximum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import inf
from typing import Any, Protocol

import numpy as np

from tirek.domain.measurement.graded import (
    FloatArray,
    GradedItem,
    GradedModel,
    Grid,
)
from tirek.domain.measurement.graded_expectation import CALIBRATION, Expectation
from tirek.domain.measurement.graded_step import HALVINGS, RIDGE, em_step, model_of, vector_of
from tirek.domain.measurement.patterns import AnswersError, IntArray, Patterns, patterns_of

# With fewer items the slopes cannot be told apart.
FEWEST_ITEMS = 3
# How far from the maximum the climb may end: the squared distance in standard errors, summed.
NEAR = 1e-8
WARM_UP = 4
MOST_STEPS = 300
# Beyond this slope an item parts people like a knife: the maximum lies at infinity.
STEEPEST = 25.0

# The last bits of a sum over many people: a step that loses no more is level.
ROUNDING = 1e-12
# The distance that a fresh look at the end may find.
BELIEVED = 1e-6
# With more patterns than this, every tenth of them shows the way first, to roughly its maximum.
MANY = 10_000
THINNED = 10
ROUGHLY = 1e-2
# Thresholds next to a category with fewer people are hardly known.
FEW = 10


class Expect(Protocol):
    """Whoever has the answers: one computer, or regions whose sums are merged."""

    def __call__(self, model: GradedModel, *, crossed: bool) -> Expectation:
        """Return the sums at these parameters; `crossed`: with the outer products."""


@dataclass(frozen=True, slots=True)
class GradedFit:
    """A calibration, and whether it may be used: without `converged` it may not.

    `errors` are standard errors of (a, b_1, ...) of each item, from the outer products.
    """

    model: GradedModel
    loglik: float
    iterations: int
    converged: bool
    people: int
    errors: tuple[tuple[float, ...], ...] = ()
    # Why the climb did not end at a maximum.
    reason: str | None = None
    # What a person should look at before using the parameters.
    notes: tuple[str, ...] = ()

    @property
    def aic(self) -> float:
        """Return Akaike's criterion, -2 ln L + 2 parameters."""
        return 2.0 * sum(item.categories for item in self.model) - 2.0 * self.loglik

    def as_json(self) -> dict[str, Any]:
        """Return items, loglik, iterations, converged, and why not or what to look at."""
        written = self.model.as_json()
        for item_id, (a, *b) in zip(self.model.ids, self.errors, strict=False):
            written["items"][item_id] |= {"se_a": a, "se_b": b}
        return written | {
            "loglik": self.loglik,
            "aic": self.aic,
            "n": self.people,
            "iterations": self.iterations,
            "converged": self.converged,
            "reason": self.reason,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the climb has come to, and what is known of the curvature there."""

    state: Expectation
    inverse: FloatArray | None = None
    steps: int = 0
    # Why it is no use to go on from here.
    reason: str | None = None

    @property
    def distance(self) -> float:
        """Return the squared distance to the maximum, in standard errors (Newton's decrement)."""
        if self.inverse is None:
            return inf
        slope = self.state.gradient
        return float(slope @ self.inverse @ slope)


def fit_graded(
    ids: Sequence[str],
    answers: IntArray,
    categories: Sequence[int] | None = None,
    *,
    grid: Grid = CALIBRATION,
    most_steps: int = MOST_STEPS,
) -> GradedFit:
    """Return the calibration of these items; answers (people, items), from 0, -1 = missing.

    `categories` tells how many answers each item has (default: one more than the highest given).
    A category that nobody chose is refused by name: its threshold cannot be known. Merge it first
    with `without_absent`, or leave the item out.
    """
    answers = np.asarray(answers)
    if categories is None:
        categories = [int(column.max(initial=0)) + 1 for column in answers.T]
    patterns = patterns_of(answers, categories)
    return fit_parts([patterns], ids, grid=grid, most_steps=most_steps)


def fit_parts(
    parts: Sequence[Patterns],
    ids: Sequence[str],
    *,
    grid: Grid = CALIBRATION,
    most_steps: int = MOST_STEPS,
) -> GradedFit:
    """Return the calibration of people who stand in several parts, from merged sums alone."""
    chosen = np.sum([part.people @ part.chosen for part in parts], axis=0)
    start, expect = start_of(ids, parts[0].categories, chosen), _merging(parts, grid)
    return _climb(expect, _start(parts, start, expect, grid, most_steps), most_steps)


def start_of(ids: Sequence[str], categories: Sequence[int], chosen: FloatArray) -> GradedModel:
    """Return parameters to begin with, from how often each category was chosen (these add up, too).

    Every slope is 1; the thresholds are those that give the observed shares.
    """
    if len(ids) < FEWEST_ITEMS:
        raise AnswersError(f"a graded response model needs at least {FEWEST_ITEMS} items")
    ends = np.cumsum(categories)
    items = []
    for item_id, end, size in zip(ids, ends, categories, strict=True):
        count = chosen[int(end) - size : int(end)]
        _refuse_absent(item_id, count)
        above = count[::-1].cumsum()[::-1][1:] / count.sum()
        # 1.16 = sqrt(1 + 1 / 1.7**2): a slope of 1 flattens the curve of the whole population.
        b = -1.16 * np.log(above / (1.0 - above))
        items.append(GradedItem(item_id, 1.0, tuple(b.tolist())))
    return GradedModel(tuple(items))


def without_absent(answers: IntArray) -> tuple[IntArray, tuple[tuple[int, ...], ...]]:
    """Return the answers with the categories nobody chose closed up, and the old numbers kept.

    The second value gives, for each item, the old number of each new category.
    """
    answers = np.asarray(answers)
    closed = np.full_like(answers, -1)
    kept = []
    for place, column in enumerate(answers.T):
        used = np.unique(column[column >= 0])
        given = column >= 0
        closed[given, place] = np.searchsorted(used, column[given])
        kept.append(tuple(int(number) for number in used))
    return closed, tuple(kept)


def climb(expect: Expect, start: GradedModel, most_steps: int = MOST_STEPS) -> GradedFit:
    """Return the maximum above `start`; `expect` gives the (merged) sums at any parameters."""
    return _climb(expect, _Place(expect(start, crossed=False)), most_steps)


def _climb(expect: Expect, place: _Place, most_steps: int) -> GradedFit:
    """Climb until fresh outer products, too, say that this is the maximum."""
    people, unknown = round(place.state.people), len(place.state.counts)
    if people <= unknown:
        raise AnswersError(f"{people} people are too few for {unknown} parameters")
    while True:
        place = _ascend(expect, place, most_steps, NEAR)
        crossed = expect(place.state.model, crossed=True)
        fresh = _Place(crossed, _inverse(crossed), place.steps, place.reason)
        if fresh.reason is not None or fresh.distance < BELIEVED:
            return _told(fresh)
        place = fresh


def _ascend(expect: Expect, place: _Place, most_steps: int, near: float) -> _Place:
    """Go up until the maximum is near or there is a reason to give up."""
    while place.distance >= near:
        if (reason := _hopeless(place, most_steps)) is not None:
            return replace(place, reason=reason)
        if place.inverse is None and place.steps >= WARM_UP:
            crossed = expect(place.state.model, crossed=True)
            place = replace(place, state=crossed, inverse=_inverse(crossed))
        else:
            place = _step(expect, place)
        if place.reason is not None:
            break
    return place


def _start(
    parts: Sequence[Patterns], start: GradedModel, expect: Expect, grid: Grid, most_steps: int
) -> _Place:
    """Return where the climb begins: for many people, near the maximum of some of them.

    Every tenth pattern costs a tenth, and leads to within a few standard errors of the whole.
    """
    thin = [part.thinned(THINNED) for part in parts]
    used = np.sum([part.people @ part.chosen for part in thin], axis=0)
    if sum(len(part.people) for part in parts) < MANY or used.min() < FEW:
        return _Place(expect(start, crossed=False))
    few = _merging(thin, grid)
    near = _ascend(few, _Place(few(start, crossed=False)), most_steps, ROUGHLY)
    if near.reason is not None or near.inverse is None:
        return _Place(expect(start, crossed=False))
    state = expect(near.state.model, crossed=False)
    return _Place(state, near.inverse * (near.state.people / state.people), near.steps)


def _merging(parts: Sequence[Patterns], grid: Grid) -> Expect:
    def expect(model: GradedModel, *, crossed: bool) -> Expectation:
        sums = (Expectation.of(part, model, grid, crossed=crossed) for part in parts)
        return reduce(Expectation.merge, sums)

    return expect


def _step(expect: Expect, place: _Place) -> _Place:
    """Return a higher place, or this one with the reason why there is none."""
    state, inverse, steps = place.state, place.inverse, place.steps + 1
    if inverse is not None:
        higher = _higher(expect, state, inverse @ state.gradient)
        if higher is not None:
            return _Place(higher, _updated(inverse, state, higher), steps)
    higher = expect(em_step(state), crossed=False)
    if inverse is not None and higher.loglik <= state.loglik:
        return replace(place, reason="no step leads higher, yet this is no maximum")
    return _Place(higher, None, steps)


def _higher(expect: Expect, state: Expectation, ahead: FloatArray) -> Expectation | None:
    """Return the sums after the longest of some halved steps that does not lead down."""
    here = vector_of(state.model)
    for halvings in range(HALVINGS):
        model = model_of(state.model, here + ahead / 2**halvings)
        if model is not None:
            found = expect(model, crossed=False)
            if found.loglik >= state.loglik - ROUNDING * abs(state.loglik):
                return found
    return None


def _updated(inverse: FloatArray, before: Expectation, after: Expectation) -> FloatArray:
    """Return the inverse information after one more step (Broyden, Fletcher, Goldfarb, Shanno)."""
    moved = vector_of(after.model) - vector_of(before.model)
    turned = before.gradient - after.gradient
    along = float(moved @ turned)
    if along <= 0.0:
        return inverse
    seen = inverse @ turned
    mixed = np.outer(seen, moved)
    both = (1.0 + float(turned @ seen) / along) * np.outer(moved, moved)
    return inverse + (both - mixed - mixed.T) / along


def _inverse(state: Expectation) -> FloatArray:
    """Return the inverse of the information in the outer products, made safe to invert."""
    if state.crossing is None:
        raise ValueError("the sums hold no outer products")
    scale = np.sqrt(np.maximum(np.diagonal(state.crossing), 1e-12))
    unit = state.crossing / np.outer(scale, scale) + RIDGE * np.eye(len(scale))
    inverse: FloatArray = np.linalg.inv(unit) / np.outer(scale, scale)
    return inverse


def _hopeless(place: _Place, most_steps: int) -> str | None:
    steep = [item.id for item in place.state.model if abs(item.a) > STEEPEST]
    if steep:
        return f"the slope of {', '.join(steep)} grows without bound"
    steps = place.steps
    return f"not at a maximum after {steps} steps" if steps >= most_steps else None


def _told(place: _Place) -> GradedFit:
    """Return the result, with standard errors if it is a maximum."""
    state, inverse, reason = place.state, place.inverse, place.reason
    notes = [
        f"{item.id} runs against the other items: is its key turned round?"
        for item in state.model
        if item.against
    ]
    for item, counts in state.parts():
        rare = [place for place, count in enumerate(counts.sum(axis=1)) if count < FEW - 0.5]
        notes += [
            f"{item.id}: fewer than {FEW} people chose answer number {place + 1} of {len(counts)}"
            for place in rare
        ]
    return GradedFit(
        state.model,
        state.loglik,
        place.steps,
        reason is None,
        round(state.people),
        _errors(state.model, inverse) if reason is None and inverse is not None else (),
        reason,
        tuple(notes),
    )


def _errors(model: GradedModel, inverse: FloatArray) -> tuple[tuple[float, ...], ...]:
    """Return the standard errors of a and b; b_k = -c_k / a, by the delta method."""
    found, start = [], 0
    for item in model:
        own = slice(start, start + item.categories)
        start += item.categories
        turn = np.eye(item.categories) / -item.a
        turn[0, 0] = 1.0
        turn[1:, 0] = -np.asarray(item.b) / item.a
        variances = np.diagonal(turn @ inverse[own, own] @ turn.T)
        found.append(tuple(np.sqrt(variances).tolist()))
    return tuple(found)


def _refuse_absent(item_id: str, count: FloatArray) -> None:
    if not count.all() or len(count) < 2:  # noqa: PLR2004 (two answers, or nothing is asked)
        missing = ", ".join(str(place + 1) for place in np.flatnonzero(count == 0))
        said = f"nobody chose answer number {missing} of {len(count)}"
        said = said if missing else "there is only one answer"
        raise AnswersError(f"item {item_id}: {said}; merge categories or leave the item out")
