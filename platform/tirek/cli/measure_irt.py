"""`tirek measure grm` and `eap`: a graded response model, and where people stand on it."""

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tirek.cli.measure_frame import Answers, Figures, add_verb, with_items
from tirek.cli.parser import CommandError
from tirek.domain.measurement import eap, graded_fit
from tirek.domain.measurement.graded import PRIOR, GradedModel, ParametersError
from tirek.domain.measurement.patterns import MISSING, IntArray

# Beyond this a column holds measurements, not answers to choose from.
MOST_CATEGORIES = 20
Codes = tuple[tuple[int, ...], ...]


def add_verbs(verbs: "_SubParsersAction[ArgumentParser]") -> None:
    """Register both verbs."""
    grm = with_items(add_verb(verbs, "grm", _grm, "calibrate a graded response model"))
    grm.add_argument(
        "--merge-absent", action="store_true", help="close up categories that nobody chose"
    )
    scored = with_items(add_verb(verbs, "eap", _eap, "theta, error and T of every row"))
    scored.add_argument(
        "--parameters", required=True, metavar="FILE.json", help="what `measure grm --json` gave"
    )


def _grm(arguments: Namespace) -> Figures:
    """Marginal maximum likelihood; a fit that did not converge says so, on stderr, too."""
    answers = Answers.read(arguments)
    _refuse_fractions(answers)
    codes = _codes(arguments, answers)
    numbered = _numbered(answers, codes)
    if arguments.merge_absent:
        numbered, kept = graded_fit.without_absent(numbered)
        pairs = zip(codes, kept, strict=True)
        codes = tuple(tuple(own[old] for old in used) for own, used in pairs)
    sizes = [len(own) for own in codes]
    fit = graded_fit.fit_graded(answers.items, numbered, sizes)
    if not fit.converged:
        sys.stderr.write(f"{arguments.file}: no maximum was found: {fit.reason}.\n")
    written = fit.as_json()
    for item, own in zip(answers.items, codes, strict=True):
        written["items"][item]["codes"] = list(own)
    return written


def _eap(arguments: Namespace) -> Figures:
    """Expected a posteriori with the prior N(0, 1), blanks left out; T = 50 + 10 theta."""
    model, codes = _parameters(arguments)
    arguments.items = arguments.items or model.ids
    chosen = _part(arguments, model, arguments.items)
    answers = Answers.read(arguments)
    _refuse_fractions(answers)
    lowest = int(arguments.min or 0)
    own = tuple(
        codes.get(item.id) or tuple(range(lowest, lowest + item.categories)) for item in chosen
    )
    theta, error = eap.estimates(chosen, _numbered(answers, own))
    return {
        "n": len(theta),
        "prior": {"mean": PRIOR.mean, "sd": PRIOR.sd},
        "grid": {"low": PRIOR.low, "high": PRIOR.high, "count": PRIOR.count},
        "marginal_reliability": eap.marginal_reliability(chosen),
        "rows": [
            {"theta": place, "se": spread, "T": t}
            for place, spread, t in zip(
                theta.tolist(), error.tolist(), eap.t_scores(theta).tolist(), strict=True
            )
        ],
    }


def _refuse_fractions(answers: Answers) -> None:
    given = answers.given
    wrong = ~np.isnan(given) & (given != np.round(given))
    answers.table.refuse_at(answers.items, wrong, "the answer is no whole number")


def _codes(arguments: Namespace, answers: Answers) -> Codes:
    """Return the codes each item can have: the declared range, or from its lowest to its highest.

    Which of them nobody chose is for the calibration to refuse or to close up.
    """
    found = []
    for item, column in zip(answers.items, answers.given.T, strict=True):
        if np.isnan(column).all():
            raise CommandError(f"{arguments.file}: nobody answered {item!r}.")
        low = np.nanmin(column) if arguments.min is None else arguments.min
        high = np.nanmax(column) if arguments.max is None else arguments.max
        if high - low >= MOST_CATEGORIES:
            raise CommandError(f"{arguments.file}: {item!r} has more than 20 different answers.")
        found.append(tuple(range(int(low), int(high) + 1)))
    return tuple(found)


def _numbered(answers: Answers, codes: Sequence[Sequence[int]]) -> IntArray:
    """Return the answers as category numbers from 0, -1 = missing."""
    numbered = np.full(answers.given.shape, MISSING, dtype=np.int64)
    for place, own in enumerate(codes):
        for category, code in enumerate(own):
            numbered[answers.given[:, place] == code, place] = category
    wrong = (numbered == MISSING) & ~np.isnan(answers.given)
    answers.table.refuse_at(answers.items, wrong, "the parameters know no such answer")
    return numbered


def _parameters(arguments: Namespace) -> tuple[GradedModel, Mapping[str, tuple[int, ...]]]:
    """Return the model of the file, and the codes that its items name."""
    name = arguments.parameters
    try:
        written = json.loads(Path(name).read_text("utf-8"))
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CommandError(f"{name} is no JSON: {error}.") from error
    try:
        model = GradedModel.from_json(written)
        codes = {item: _own_codes(model, item, parts) for item, parts in written["items"].items()}
    except ParametersError as error:
        raise CommandError(f"{name}: {error}.") from error
    if written.get("converged") is False:
        raise CommandError(f"{name}: this calibration did not converge; nobody is scored with it.")
    return model, codes


def _own_codes(model: GradedModel, item: str, parts: Mapping[str, Any]) -> tuple[int, ...]:
    codes = parts.get("codes", [])
    wanted = {0, model.item(item).categories}
    if not isinstance(codes, list) or len(codes) not in wanted:
        raise ParametersError(f"item {item}: there must be one code more than thresholds")
    if any(not isinstance(code, int) for code in codes):
        raise ParametersError(f"item {item}: codes are whole numbers")
    return tuple(codes)


def _part(arguments: Namespace, model: GradedModel, items: Sequence[str]) -> GradedModel:
    for item in items:
        if item not in model:
            raise CommandError(f"{arguments.parameters}: there are no parameters for {item!r}.")
    return GradedModel(tuple(model.item(item) for item in items))
