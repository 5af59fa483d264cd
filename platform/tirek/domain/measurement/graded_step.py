"""One EM step of a calibration: from expected counts to the parameters that fit them best.

The likelihood of one item's counts is concave in its slope and intercepts (Pratt 1981), so that
Fisher scoring with halved steps climbs it safely.
"""

import numpy as np

from tirek.domain.measurement.graded import (
    FloatArray,
    GradedItem,
    GradedModel,
    ParametersError,
    log_probabilities,
    probabilities,
)
from tirek.domain.measurement.graded_expectation import Expectation, intercepts, log_derivatives

# A halved step is tried again this often; so many scorings are enough, as the counts change anyway.
HALVINGS = 12
SCORINGS = 3
# A scoring that promises less than this ends them.
LITTLE = 1e-8
# What keeps an information that tells nothing of a parameter invertible.
RIDGE = 1e-9


def em_step(state: Expectation) -> GradedModel:
    """Return the parameters that fit the expected counts best (the M-step), item by item."""
    points = state.grid.points
    return GradedModel(tuple(_best_item(item, counts, points) for item, counts in state.parts()))


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
        if better is None or float(slope @ ahead) < LITTLE:
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


def vector_of(model: GradedModel) -> FloatArray:
    """Return the slopes and intercepts of all items, one after another."""
    return np.concatenate([intercepts(item) for item in model])


def model_of(like: GradedModel, vector: FloatArray) -> GradedModel | None:
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
