"""Calibration: the parameters of a graded response model from people's answers.

Marginal maximum likelihood (Bock & Aitkin 1981): the trait is normal (0, 1) in the people and is
integrated out over a grid. Some EM steps come near the maximum; from there a quasi-Newton climb
(BFGS) that starts at the information estimated from the people's own scores needs few steps more.
It stops when no parameter is further than a ten-thousandth of its standard error from the maximum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol

import numpy as np

from tirek.domain.measurement.graded import (
    FloatArray,
    GradedItem,
    GradedModel,
    Grid,
    ParametersError,
    log_probabilities,
    probabilities,
)
from tirek.domain.measurement.graded_expectation import (
    CALIBRATION,
    Expectation,
    intercepts,
    log_derivatives,
)
from tirek.domain.measurement.patterns import AnswersError, IntArray, Patterns, patterns_of

# With fewer items the slopes cannot be told apart.
FEWEST_ITEMS = 3
# How far from the maximum the climb may end: the squared distance in standard errors, summed.
NEAR = 1e-8
WARM_UP = 4
MOST_STEPS = 300
# Beyond this slope an item parts people like a knife: the maximum lies at infinity.
STEEPEST = 25.0

# A halved step is tried again this often; in the M-step so many scorings are enough.
HALVINGS = 12
SCORINGS = 3
# The last bits of a sum over many people: a step that loses no more is level.
ROUNDING = 1e-12
RIDGE = 1e-9
# The distance that a fresh look at the end may find.
BELIEVED = 1e-4
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

    def expect(model: GradedModel, *, crossed: bool) -> Expectation:
        sums = (Expectation.of(part, model, grid, crossed=crossed) for part in parts)
        return reduce(Expectation.merge, sums)

    chosen = np.sum([part.people @ part.chosen for part in parts], axis=0)
    return climb(expect, start_of(ids, parts[0].categories, chosen), most_steps)


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
    state = expect(start, crossed=False)
    inverse: FloatArray | None = None
    reason: str | None = None
    steps = 0
    while reason is None:
        if steps >= WARM_UP and inverse is None:
            state = expect(state.model, crossed=True)
            inverse = _inverse(state)
        if inverse is not None and _distance(state, inverse) < NEAR:
            break
        if (reason := _hopeless(state, steps, most_steps)) is None:
            state, inverse, reason = _step(expect, state, inverse)
            steps += 1
    return _told(expect(state.model, crossed=True), steps, reason)


def em_step(state: Expectation) -> GradedModel:
    """Return the parameters that fit the expected counts best (the M-step), item by item."""
    points = state.grid.points
    return GradedModel(tuple(_best_item(item, counts, points) for item, counts in state.parts()))


def _step(
    expect: Expect, state: Expectation, inverse: FloatArray | None
) -> tuple[Expectation, FloatArray | None, str | None]:
    """Return a higher place, what is known of the curvature there, and why there is none."""
    if inverse is not None:
        ahead = inverse @ state.gradient()
        higher = _higher(expect, state, ahead)
        if higher is not None:
            return higher, _updated(inverse, state, higher), None
    higher = expect(em_step(state), crossed=False)
    if inverse is not None and higher.loglik <= state.loglik:
        return state, None, "no step leads higher, yet this is no maximum"
    return higher, None, None


def _higher(expect: Expect, state: Expectation, ahead: FloatArray) -> Expectation | None:
    """Return the sums after the longest of some halved steps that does not lead down."""
    here = _vector(state.model)
    for halvings in range(HALVINGS):
        model = _model(state.model, here + ahead / 2**halvings)
        if model is not None:
            found = expect(model, crossed=False)
            if found.loglik >= state.loglik - ROUNDING * abs(state.loglik):
                return found
    return None


def _updated(inverse: FloatArray, before: Expectation, after: Expectation) -> FloatArray:
    """Return the inverse information after one more step (Broyden, Fletcher, Goldfarb, Shanno)."""
    moved = _vector(after.model) - _vector(before.model)
    turned = before.gradient() - after.gradient()
    along = float(moved @ turned)
    if along <= 0.0:
        return inverse
    left = np.eye(len(moved)) - np.outer(moved, turned) / along
    updated: FloatArray = left @ inverse @ left.T + np.outer(moved, moved) / along
    return updated


def _inverse(state: Expectation) -> FloatArray:
    """Return the inverse of the information in the outer products, made safe to invert."""
    if state.crossing is None:
        raise ValueError("the sums hold no outer products")
    scale = np.sqrt(np.maximum(np.diagonal(state.crossing), 1e-12))
    unit = state.crossing / np.outer(scale, scale) + RIDGE * np.eye(len(scale))
    inverse: FloatArray = np.linalg.inv(unit) / np.outer(scale, scale)
    return inverse


def _distance(state: Expectation, inverse: FloatArray) -> float:
    """Return the squared distance to the maximum, in standard errors (Newton's decrement)."""
    slope = state.gradient()
    return float(slope @ inverse @ slope)


def _hopeless(state: Expectation, steps: int, most_steps: int) -> str | None:
    steep = [item.id for item in state.model if abs(item.a) > STEEPEST]
    if steep:
        return f"the slope of {', '.join(steep)} grows without bound"
    return f"not at a maximum after {steps} steps" if steps >= most_steps else None


def _told(state: Expectation, steps: int, reason: str | None) -> GradedFit:
    """Return the result; a maximum is believed only if fresh outer products say so."""
    inverse = _inverse(state)
    if reason is None and _distance(state, inverse) > BELIEVED:
        reason = "the climb ended away from the maximum"
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
        steps,
        reason is None,
        round(state.people),
        _errors(state.model, inverse) if reason is None else (),
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


def _best_item(item: GradedItem, counts: FloatArray, points: FloatArray) -> GradedItem:
    """Climb by Fisher scoring; the likelihood of one item is concave in a and the intercepts."""
    people = counts.sum(axis=0)
    for _ in range(SCORINGS):
        derivatives = log_derivatives(item, points)
        slope = np.einsum("kq,kqp->p", counts, derivatives)
        weights = people * probabilities(item, points).T
        weighted = (weights[:, :, None] * derivatives).reshape(-1, item.categories)
        information = weighted.T @ derivatives.reshape(-1, item.categories)
        ahead = np.linalg.solve(information + RIDGE * np.eye(len(slope)), slope)
        better = _better_item(item, counts, points, ahead)
        if better is None or float(slope @ ahead) < NEAR:
            return better or item
        item = better
    return item


def _better_item(
    item: GradedItem, counts: FloatArray, points: FloatArray, ahead: FloatArray
) -> GradedItem | None:
    here, height = intercepts(item), _height(item, counts, points)
    for halvings in range(HALVINGS):
        found = _item(item.id, here + ahead / 2**halvings)
        if found is not None and _height(found, counts, points) >= height:
            return found
    return None


def _height(item: GradedItem, counts: FloatArray, points: FloatArray) -> float:
    return float(np.sum(counts * log_probabilities(item, points).T))


def _vector(model: GradedModel) -> FloatArray:
    return np.concatenate([intercepts(item) for item in model])


def _model(like: GradedModel, vector: FloatArray) -> GradedModel | None:
    """Return the model with these slopes and intercepts, None when they are out of order."""
    ends = np.cumsum([item.categories for item in like])
    parts = np.split(vector, ends[:-1])
    items = [_item(item.id, part) for item, part in zip(like, parts, strict=True)]
    whole = tuple(item for item in items if item is not None)
    return GradedModel(whole) if len(whole) == len(items) else None


def _item(item_id: str, vector: FloatArray) -> GradedItem | None:
    a = float(vector[0])
    if a == 0.0 or np.any(np.diff(vector[1:]) >= 0):
        return None
    try:
        return GradedItem(item_id, a, tuple((-vector[1:] / a).tolist()), against=a < 0)
    except ParametersError:
        return None


def _refuse_absent(item_id: str, count: FloatArray) -> None:
    if not count.all() or len(count) < 2:  # noqa: PLR2004 (two answers, or nothing is asked)
        missing = ", ".join(str(place + 1) for place in np.flatnonzero(count == 0))
        said = f"nobody chose answer number {missing} of {len(count)}"
        said = said if missing else "there is only one answer"
        raise AnswersError(f"item {item_id}: {said}; merge categories or leave the item out")
