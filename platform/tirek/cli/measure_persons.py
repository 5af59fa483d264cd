"""`tirek measure change` and `careless`: figures of each person in a file."""

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections import Counter
from math import isfinite

import numpy as np

from tirek.cli.measure_frame import Answers, Figures, add_verb, with_items
from tirek.cli.measure_table import Numbers, Table
from tirek.cli.parser import CommandError
from tirek.domain.measurement import careless
from tirek.domain.measurement.change import (
    Group,
    Outcome,
    cut_between,
    outcome,
    reliable_change_index,
    smallest_reliable_change,
)
from tirek.domain.measurement.errors import UnmeasurableError

TWO = 2


def add_verbs_to(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    """Register both verbs."""
    verb = add_verb(verbs, "change", _change, "who has changed by more than the score's error")
    verb.add_argument("--before", metavar="COL", help="default: the column before, or the first")
    verb.add_argument("--after", metavar="COL", help="default: the column after, or the second")
    verb.add_argument("--sd", type=positive, help="of the norm group (default: of the first time)")
    verb.add_argument(
        "--reliability",
        type=reliability,
        help="of a retest, never alpha (default: r of the two columns)",
    )
    verb.add_argument("--functional", type=mean_and_sd, metavar="MEAN,SD", help="for the cut c")
    verb.add_argument("--clinical", type=mean_and_sd, metavar="MEAN,SD", help="for the cut c")
    verb.add_argument("--worse", choices=("high", "low"), default="high", help="default: high")
    verb = with_items(add_verb(verbs, "careless", _careless, "how each person answered"))
    verb.add_argument("--sizes", type=sizes, metavar="5,5,5", help="items per scale: even-odd")
    verb.add_argument("--synonyms", type=float, default=careless.SYNONYMS, help="default: .6")
    verb.add_argument("--seconds", metavar="COL", help="seconds that each person took")


def _change(arguments: Namespace) -> Figures:
    """Reliable change of every person with both scores; without --sd and --reliability from them.

    The file's own retest r holds true changes too: a sourced one is better.
    """
    table = Table.read(arguments.file)
    columns = _two_columns(arguments, table)
    scores = table.numbers(columns)
    seen = ~np.isnan(scores).any(axis=1)
    if seen.sum() < TWO:
        raise UnmeasurableError("change needs two persons with both scores")
    sd = arguments.sd or float(scores[seen, 0].std(ddof=1))
    retest = _retest(arguments, scores[seen])
    cut = _cut(arguments)
    persons = [
        _person(row, one, (sd, retest), cut, arguments.worse)
        for row, one in enumerate(scores.tolist(), start=1)
    ]
    counts = Counter(str(one["outcome"]) for one in persons if one["outcome"] is not None)
    return {
        "n": int(seen.sum()),
        "before": columns[0],
        "after": columns[1],
        "sd": sd,
        "sd_from": "file" if arguments.sd is None else "given",
        "reliability": retest,
        "reliability_from": "file" if arguments.reliability is None else "given",
        "needed": smallest_reliable_change(sd, retest),
        "cut": cut,
        "outcomes": {str(kind): counts[kind] for kind in Outcome},
        "persons": persons,
    }


def _person(
    row: int,
    scores: list[float],
    error: tuple[float, float],
    cut: float | None,
    worse: str,
) -> dict[str, object]:
    before, after = scores
    if not (isfinite(before) and isfinite(after)):
        return {"row": row, "rci": None, "outcome": None}
    index = reliable_change_index(before, after, *error)
    if index is None:
        raise UnmeasurableError("the scores have no error at all: sd is 0 or reliability is 1")
    sign = 1 if worse == "high" else -1
    turned = None if cut is None else cut * sign
    found = outcome(index * sign, before * sign, after * sign, turned)
    return {"row": row, "rci": index, "outcome": str(found)}


def _two_columns(arguments: Namespace, table: Table) -> tuple[str, str]:
    named = (arguments.before or "before", arguments.after or "after")
    if arguments.before is None and arguments.after is None and set(named) - set(table.columns):
        if len(table.columns) < TWO:
            raise CommandError(f"{table.name}, line 1: change needs two columns.")
        return table.columns[0], table.columns[1]
    return named


def _retest(arguments: Namespace, scores: Numbers) -> float:
    if arguments.reliability is not None:
        return float(arguments.reliability)
    spread = scores.std(axis=0)
    if not spread.all():
        raise UnmeasurableError("a column in which all scores are equal has no retest correlation")
    found = float(np.corrcoef(scores.T).flat[1])
    if not 0 <= found < 1:
        raise UnmeasurableError(
            f"the two columns' correlation {found:.3g} is no reliability; give --reliability"
        )
    return found


def _cut(arguments: Namespace) -> float | None:
    if arguments.functional is None and arguments.clinical is None:
        return None
    if arguments.functional is None or arguments.clinical is None:
        raise CommandError("The cut c needs both --functional and --clinical.")
    return cut_between(arguments.functional, arguments.clinical)


def _careless(arguments: Namespace) -> Figures:
    """Indices of every person; runs and spread before reversing, pairs and distances after.

    The distance is left out (None) where the items do not vary or fix one another.
    """
    keyed = Answers.read(arguments, arguments.seconds)
    raw = keyed.table.numbers(keyed.items)
    k = len(keyed.items)
    columns = {
        "answered": (~np.isnan(raw)).sum(axis=1),
        "longstring": careless.longstring(raw),
        "avgstring": careless.average_string(raw),
        "irv": careless.irv(raw),
    }
    if arguments.sizes:
        columns["even_odd"] = careless.even_odd(keyed.given, arguments.sizes)
    columns["synonyms"], pairs = careless.synonyms(keyed.given, arguments.synonyms)
    bound = careless.chi_square_bound(k)
    if (distance := _distance(keyed.given)) is not None:
        columns["mahalanobis"] = distance
        columns["mahalanobis_rank"] = careless.ranks(distance)
        columns["is_far"] = distance > bound
    if arguments.seconds:
        seconds = keyed.table.numbers([arguments.seconds])[:, 0]
        columns["seconds_per_item"] = careless.pace(seconds, columns["answered"])
        columns["is_fast"] = careless.is_too_fast(seconds, columns["answered"])
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return {
        "n": len(raw),
        "k": k,
        "pairs": len(pairs),
        "mahalanobis_bound": bound,
        "persons": [
            {"row": row, **dict(zip(columns, values, strict=True))}
            for row, values in enumerate(rows, start=1)
        ],
    }


def _distance(given: Numbers) -> Numbers | None:
    try:
        return careless.mahalanobis(given)
    except UnmeasurableError:
        return None


def positive(written: str) -> float:
    """Read a finite number above 0."""
    value = float(written)
    if not 0 < value < float("inf"):
        raise ValueError(written)
    return value


def reliability(written: str) -> float:
    """Read a reliability, 0 to below 1."""
    value = float(written)
    if not 0 <= value < 1:
        raise ValueError(written)
    return value


def mean_and_sd(written: str) -> Group:
    """Read a mean and an sd with a comma between them."""
    mean, sd = (float(part) for part in written.split(","))
    return Group(mean, positive(str(sd)))


def sizes(written: str) -> tuple[int, ...]:
    """Read whole numbers between commas."""
    return tuple(int(part) for part in written.split(","))
