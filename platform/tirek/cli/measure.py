"""`tirek measure`: what the scores in a file are worth; no database, no instrument needed."""

from argparse import ArgumentParser, Namespace, _SubParsersAction

from tirek.cli import measure_dif, measure_irt, measure_persons, measure_roc
from tirek.cli.measure_frame import Answers, Figures, add_verb, with_items
from tirek.domain.measurement import reliability
from tirek.domain.measurement.summaries import CrossProducts


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek measure` and its verbs."""
    verbs = subparsers.add_parser("measure", help="figures from a CSV file").add_subparsers(
        metavar="VERB", required=True
    )
    with_items(add_verb(verbs, "reliability", _reliability, "alpha, omega, item-rest, SEM"))
    measure_dif.add_verb_to(verbs)
    measure_roc.add_verb_to(verbs)
    measure_persons.add_verbs_to(verbs)
    measure_irt.add_verbs(verbs)


def _reliability(arguments: Namespace) -> Figures:
    """Listwise and pairwise alpha; everything else over the complete rows."""
    answers = Answers.read(arguments)
    return reliability.read(CrossProducts.of(answers.items, answers.given)).as_json()
