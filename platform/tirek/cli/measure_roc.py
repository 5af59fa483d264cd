"""`tirek measure roc`: how well a score tells one outcome from the other."""

from argparse import ArgumentParser, Namespace, _SubParsersAction

import numpy as np
import numpy.typing as npt

from tirek.cli.measure_frame import Figures, add_verb
from tirek.cli.measure_table import Numbers, Table
from tirek.cli.parser import CommandError
from tirek.domain.measurement.predictive import (
    negative_predictive_value,
    positive_predictive_value,
)
from tirek.domain.measurement.roc import (
    Area,
    CutOff,
    ScoreCounts,
    Share,
    area,
    best_cut_off,
    cut_offs,
)
from tirek.domain.measurement.roc_comparison import PairCounts, compare

TWO = 2
# Beyond this the table of cut-offs is left out: the score is no count of points.
MOST_CUTS = 1_000


def add_verb_to(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    """Register the verb."""
    verb = add_verb(verbs, "roc", _roc, "sensitivity, specificity, cut-offs of a score")
    verb.add_argument("--score", required=True, metavar="COL")
    verb.add_argument("--outcome", required=True, metavar="COL", help="a column with two values")
    verb.add_argument(
        "--positive", metavar="VALUE", help="the outcome to be found (default: 1, or the last)"
    )
    verb.add_argument("--worse", choices=("high", "low"), default="high", help="default: high")
    verb.add_argument("--versus", metavar="COL", help="a second score, tested against the first")
    verb.add_argument("--prevalence", type=share, help="0 to 1: predictive values elsewhere")


def _roc(arguments: Namespace) -> Figures:
    """Area, best cut-off (highest Youden index, the lowest of several), table of cut-offs.

    Rows without a score or an outcome are left out. Where low is worse the score is turned round
    for the count, and a cut means "at or below".
    """
    table = Table.read(arguments.file)
    labels = table.labels(arguments.outcome)
    positive = _positive(arguments, labels)
    kept = np.array([label != "" for label in labels])
    outcome = np.array([label == positive for label in labels])[kept]
    sign = 1 if arguments.worse == "high" else -1
    scores = table.numbers([arguments.score])[kept, 0] * sign
    counts = ScoreCounts.of(scores, outcome)
    found = area(counts)
    cuts = cut_offs(counts)
    figures = _area(found) | {"youden": _cut(best_cut_off(cuts), sign, arguments.prevalence)}
    figures |= {"n_pos": found.n_positive, "n_neg": found.n_negative}
    figures |= {"positive": positive, "worse": arguments.worse, "tie": "lowest cut"}
    if arguments.worse == "low":
        figures["tie"] = "highest cut"
    if arguments.versus is not None:
        other = table.numbers([arguments.versus])[kept, 0] * sign
        figures["versus"] = _versus(scores, other, outcome)
    if len(cuts) <= MOST_CUTS:
        figures["cuts"] = [_cut(one, sign, arguments.prevalence) for one in cuts]
    return figures


def _area(found: Area) -> dict[str, object]:
    return {"auc": found.auc, "var": found.variance, "ci95": list(found.ci95)}


def _versus(scores: Numbers, other: Numbers, outcome: npt.NDArray[np.bool_]) -> Figures:
    found = compare(PairCounts.of(scores, other, outcome))
    return {
        "first": _area(found.first),
        "second": _area(found.second),
        "difference": found.difference,
        "var": found.variance,
        "z": found.z,
        "p": found.p,
    }


def _cut(one: CutOff, sign: int, prevalence: float | None) -> dict[str, object]:
    figures: dict[str, object] = {
        # Adding 0 makes of -0.0 a plain 0.
        "cut": one.cut * sign + 0,
        "midpoint": None if one.midpoint is None else one.midpoint * sign + 0,
        "youden": one.youden,
    }
    shares = {
        "sensitivity": one.sensitivity,
        "specificity": one.specificity,
        "ppv": one.ppv,
        "npv": one.npv,
    }
    for name, share in shares.items():
        figures |= {name: share.value, f"{name}_ci95": _pair(share)}
    sensitivity, specificity = one.sensitivity.value, one.specificity.value
    if prevalence is not None and sensitivity is not None and specificity is not None:
        at = (sensitivity, specificity, prevalence)
        figures["ppv_at_prevalence"] = positive_predictive_value(*at)
        figures["npv_at_prevalence"] = negative_predictive_value(*at)
    return figures


def _pair(share: Share) -> list[float] | None:
    return list(share.ci95) if share.ci95 else None


def _positive(arguments: Namespace, labels: tuple[str, ...]) -> str:
    """Return the outcome to be found: the one asked for, or the larger of the two."""
    found = sorted(set(labels) - {""}, key=_as_number)
    where = f"{arguments.file}, column {arguments.outcome!r}"
    if len(found) != TWO:
        raise CommandError(f"{where}: an outcome has two values, here are {len(found)}.")
    if arguments.positive is None:
        return found[1]
    if arguments.positive not in found:
        raise CommandError(f"{where}: there is no outcome {arguments.positive!r}.")
    return str(arguments.positive)


def _as_number(label: str) -> tuple[bool, float, str]:
    """Return a key that sorts numbers by size, before words."""
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label


def share(written: str) -> float:
    """Read a share, 0 to 1."""
    value = float(written)
    if not 0 <= value <= 1:
        raise ValueError(written)
    return value
