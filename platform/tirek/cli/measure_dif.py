"""`tirek measure dif`: which items two groups of equal score answer differently."""

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tirek.cli.measure_frame import Answers, Figures, add_verb, with_items
from tirek.cli.measure_table import Numbers
from tirek.cli.parser import CommandError
from tirek.domain.measurement.answer_counts import AnswerCounts, StratifiedTable
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.logistic_dif import logistic_dif
from tirek.domain.measurement.mantel import DifClass, mantel_haenszel, ordinal_mantel
from tirek.domain.measurement.purification import purified

TWO = 2


def add_verb_to(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    """Register the verb."""
    verb = with_items(add_verb(verbs, "dif", _dif, "items that two groups answer differently"))
    verb.add_argument("--group", required=True, metavar="COL", help="a column with two groups")
    verb.add_argument("--method", choices=tuple(METHODS), default="mantel")
    verb.add_argument("--reference", metavar="GROUP", help="compared with (default: the first)")
    verb.add_argument("--focal", metavar="GROUP", help="looked at (default: the other one)")
    verb.add_argument(
        "--match", metavar="COL", help="persons are equal by this (default: the sum of the items)"
    )
    verb.add_argument(
        "--purify", action="store_true", help="match by the items of class A alone, in rounds"
    )


def _dif(arguments: Namespace) -> Figures:
    """Each item's figures, over the persons who have a group and a matching score.

    Without --match that is the sum of the items, the item itself included, so rows with a blank
    are left out.
    """
    if arguments.purify and arguments.match:
        raise CommandError("--purify chooses what people are matched by; --match does so too.")
    answers = Answers.read(arguments, arguments.group, arguments.match)
    labels = answers.table.labels(arguments.group)
    pair = _pair(arguments, labels)
    kept = np.array([label in pair for label in labels])
    people = _People(
        answers.items, answers.given[kept], [label for label in labels if label in pair], pair
    )
    figures = METHODS[arguments.method]
    if arguments.purify:
        return _purified(people, figures)
    matching = None
    if arguments.match:
        matching = answers.table.numbers([arguments.match])[kept, 0]
    counts = AnswerCounts.of(people.items, people.given, people.groups, matching)
    return {item: _named(item, figures, counts.table(item, *pair), pair) for item in answers.items}


@dataclass(frozen=True, slots=True)
class _People:
    """Those of the two groups, the reference first."""

    items: tuple[str, ...]
    given: Numbers
    groups: list[str]
    pair: tuple[str, str]


Method = Callable[[StratifiedTable], dict[str, object]]


def _purified(people: _People, figures: Method) -> Figures:
    """Return each item's figures, people being matched by the items of class A and the item."""

    def is_different(item: str, table: StratifiedTable) -> bool:
        return _named(item, figures, table, people.pair)["class"] != DifClass.A

    found = purified(people.items, people.given, people.groups, people.pair, is_different)
    told = {"rounds": found.rounds, "has_settled": found.has_settled}
    return {
        item: _named(item, figures, table, people.pair)
        | {"is_matched_by": item not in found.set_aside}
        | told
        for item, table in found.tables.items()
    }


def _named(
    item: str, figures: Method, table: StratifiedTable, pair: tuple[str, str]
) -> dict[str, object]:
    """Return an item's figures, or name it in the refusal."""
    n_reference, n_focal = table.counts.sum(axis=(0, 2)).tolist()
    try:
        found = figures(table)
    except UnmeasurableError as error:
        raise UnmeasurableError(f"item {item!r}: {error}") from error
    sizes = {"n_reference": n_reference, "n_focal": n_focal}
    return found | sizes | {"reference": pair[0], "focal": pair[1]}


def _mantel(table: StratifiedTable) -> dict[str, object]:
    """Mantel-Haenszel for an item with two codes, ordinal Mantel for one with more."""
    if len(table.scores) == TWO:
        two = mantel_haenszel(table)
        return {
            "chi2": two.chi2,
            "df": 1,
            "p": two.p,
            "effect": two.delta,
            "class": str(two.size),
            "effect_is": "delta",
            "odds_ratio": two.odds_ratio,
            "delta_se": two.delta_se,
        }
    found = ordinal_mantel(table)
    return {
        "chi2": found.chi2,
        "df": 1,
        "p": found.p,
        "effect": found.effect,
        "class": str(found.size),
        "effect_is": "smd/sd",
        "smd": found.smd,
        "sd": found.sd,
    }


def _logistic(table: StratifiedTable) -> dict[str, object]:
    """Both differences together first; uniform and non-uniform apart behind them."""
    found = logistic_dif(table)
    return {
        "chi2": found.chi2_total,
        "df": 2,
        "p": found.p_total,
        "effect": found.r2_total,
        "class": str(found.size),
        "effect_is": "mcfadden r2",
        "chi2_uniform": found.chi2_uniform,
        "p_uniform": found.p_uniform,
        "r2_uniform": found.r2_uniform,
        "chi2_nonuniform": found.chi2_nonuniform,
        "p_nonuniform": found.p_nonuniform,
        "r2_nonuniform": found.r2_nonuniform,
        "beta_change": found.beta_change,
    }


METHODS = {"mantel": _mantel, "logistic": _logistic}


def _pair(arguments: Namespace, labels: tuple[str, ...]) -> tuple[str, str]:
    """Return the reference and the focal group; the first in order of the alphabet refers."""
    found = sorted(set(labels) - {""})
    for name in (arguments.reference, arguments.focal):
        if name is not None and name not in found:
            raise CommandError(
                f"{arguments.file}, column {arguments.group!r}: there is no group {name!r}."
            )
    rest = [name for name in found if name not in {arguments.reference, arguments.focal}]
    reference = rest.pop(0) if arguments.reference is None and rest else arguments.reference
    focal = rest.pop(0) if arguments.focal is None and rest else arguments.focal
    is_chosen = None not in {arguments.reference, arguments.focal}
    if reference is None or focal is None or reference == focal or (rest and not is_chosen):
        raise CommandError(
            f"{arguments.file}, column {arguments.group!r}: two groups are compared, here are"
            f" {len(found)}; name two with --reference and --focal."
        )
    return reference, focal
