"""Closed forms and scoring: how fast, how much memory, how equal, and how that compares.

    python tests/bench/measurement.py [--short]

Every line is measured in a process of its own on the same simulated people: seconds and CPU seconds
(without making the people), peak memory of the whole process, the figure found. The others are
pingouin, factor_analyzer and statsmodels (requirements-bench.in), each the way its manual shows.
R took 34 s and 3.2 GB for psych::alpha of the first case, 4.3 s for the third (rms).
"""

import argparse
import importlib.util
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

import numpy as np  # noqa: E402

from tirek.catalog.instruments import load_instrument  # noqa: E402
from tirek.cli import main as tirek  # noqa: E402
from tirek.domain.flagging import flags_for  # noqa: E402
from tirek.domain.instruments import Answer, Instrument  # noqa: E402
from tirek.domain.measurement import careless, reliability  # noqa: E402
from tirek.domain.measurement.answer_counts import AnswerCounts  # noqa: E402
from tirek.domain.measurement.logistic_dif import logistic_dif  # noqa: E402
from tirek.domain.measurement.roc import ScoreCounts, area  # noqa: E402
from tirek.domain.measurement.summaries import CrossProducts  # noqa: E402
from tirek.domain.scoring import score  # noqa: E402

MEMORY_GOAL = 2_000.0
SHEETS = 10_000


def people(items: int, persons: int) -> np.ndarray:
    """Answers 0 to 3 of people who differ in one trait."""
    rng = np.random.default_rng(7)
    trait = rng.normal(size=persons).astype(np.float32)
    answers = np.empty((persons, items), dtype=np.int8)
    for item in range(items):
        heard = trait + rng.normal(size=persons).astype(np.float32) + item / items
        answers[:, item] = np.digitize(heard, [-1, 0, 1])
    return answers


def names(items: int) -> list[str]:
    return [f"q{number}" for number in range(1, items + 1)]


def alpha_tirek(answers: np.ndarray) -> dict[str, object]:
    found = reliability.read(CrossProducts.of(names(answers.shape[1]), answers))
    return {"alpha": found.alpha_listwise, "rest": found.item_rest["q1"], "omega": found.omega}


def alpha_pingouin(answers: np.ndarray) -> dict[str, object]:
    """Alpha, and the item-rest correlations that it leaves to the reader."""
    import pandas as pd  # noqa: PLC0415 (installed for the bench alone)
    import pingouin  # noqa: PLC0415

    frame = pd.DataFrame(answers, columns=names(answers.shape[1]))
    found = pingouin.cronbach_alpha(frame)[0]
    total = frame.sum(axis=1)
    rest = [frame[item].corr(total - frame[item]) for item in frame]
    return {"alpha": float(found), "rest": float(rest[0])}


def omega_factor_analyzer(answers: np.ndarray) -> dict[str, object]:
    """Omega of one factor by maximum likelihood."""
    from factor_analyzer import FactorAnalyzer  # noqa: PLC0415 (installed for the bench alone)

    found = FactorAnalyzer(n_factors=1, method="ml", rotation=None)
    found.fit(answers)
    common = abs(float(found.loadings_.sum())) ** 2
    return {"omega": common / (common + float(found.get_uniquenesses().sum()))}


def dif_tirek(answers: np.ndarray) -> dict[str, object]:
    n = len(answers)
    counts = AnswerCounts.of(
        names(answers.shape[1]), answers.astype(float), ["kk", "ru"] * (n // 2)
    )
    found = [logistic_dif(counts.table(item, "kk", "ru")) for item in counts.items]
    return {"chi2": found[0].chi2_total}


def dif_statsmodels(answers: np.ndarray) -> dict[str, object]:
    """The three models of the first item alone."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel  # noqa: PLC0415 (bench alone)

    trait = answers.sum(axis=1) * 1.0
    trait = (trait - trait.mean()) / trait.std()
    group = np.tile([0.0, 1.0], len(answers) // 2)
    columns = np.column_stack([trait, group, trait * group])
    first, third = (
        OrderedModel(answers[:, 0], columns[:, :used], distr="logit").fit(method="bfgs", disp=False)
        for used in (1, 3)
    )
    OrderedModel(answers[:, 0], columns[:, :2], distr="logit").fit(method="bfgs", disp=False)
    return {"chi2": float(2 * (third.llf - first.llf)), "of": "one item"}


def careless_tirek(answers: np.ndarray) -> dict[str, object]:
    given = answers.astype(float)
    runs, spread = careless.longstring(given), careless.irv(given)
    far = careless.mahalanobis(given)
    return {"longest": int(runs.max()), "irv": float(spread.mean()), "far": float(far.max())}


def roc_tirek(answers: np.ndarray) -> dict[str, object]:
    found = area(ScoreCounts.of(answers[:, 1:].sum(axis=1), answers[:, 0] > 1))
    return {"auc": found.auc, "var": found.variance}


def file_tirek(answers: np.ndarray) -> dict[str, object]:
    """`tirek measure reliability FILE.csv`, the file's reading included."""
    n, k = answers.shape
    letters = np.full((n, 2 * k), ord(","), dtype=np.uint8)
    letters[:, ::2] = answers + ord("0")
    letters[:, -1] = ord("\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.csv"
        path.write_bytes(",".join(names(k)).encode() + b"\n" + letters.tobytes())
        begun = time.perf_counter()
        assert tirek(["measure", "reliability", str(path)]) == 0
        return {"seconds": time.perf_counter() - begun}


def phq_a() -> Instrument:
    return load_instrument(max((ROOT / "instruments" / "phq-a").iterdir()))


def sheets(instrument: Instrument) -> list[dict[str, Answer]]:
    """Answers of many pupils; one in a hundred is a blank."""
    chance = random.Random(11)  # noqa: S311 - answers, not secrets
    codes = {
        item.id: [option.code for option in instrument.options(item.id)]
        for item in instrument.items
    }
    return [
        {
            item: Answer.read(None if chance.random() < 0.01 else chance.choice(known))
            for item, known in codes.items()
        }
        for _ in range(SHEETS)
    ]


def scoring_tirek(persons: int) -> dict[str, object]:
    """`domain.scoring.score`, what every stored score comes from, on one core."""
    instrument = phq_a()
    ours = sheets(instrument)
    begun = time.perf_counter()
    for _ in range(persons // SHEETS):
        for sheet in ours:
            score(instrument, sheet)
    return {"seconds": time.perf_counter() - begun}


def flagging_tirek(persons: int) -> dict[str, object]:
    """The same and the flags that follow: what a replay of new rules does, without its database."""
    instrument = phq_a()
    ours = sheets(instrument)
    begun = time.perf_counter()
    for _ in range(persons // SHEETS):
        for sheet in ours:
            flags_for(instrument, score(instrument, sheet), sheet)
    return {"seconds": time.perf_counter() - begun}


class Case(NamedTuple):
    """What is measured of how many, the goal in seconds, and who does it."""

    title: str
    items: int
    persons: int
    goal: float | None
    engines: dict[str, Callable]


ALPHA = {
    "tirek": alpha_tirek,
    "pingouin": alpha_pingouin,
    "factor_analyzer": omega_factor_analyzer,
}
DIF = {"tirek": dif_tirek, "statsmodels": dif_statsmodels}
CASES = {
    "alpha": Case("alpha, omega, item-rest", 25, 1_000_000, 2, ALPHA),
    "file": Case("the same from a CSV file", 25, 1_000_000, None, {"tirek": file_tirek}),
    "dif": Case("ordinal logistic DIF", 9, 100_000, 1, DIF),
    "careless": Case("runs, spread, distance", 9, 1_000_000, None, {"tirek": careless_tirek}),
    "roc": Case("AUC with DeLong's variance", 9, 1_000_000, None, {"tirek": roc_tirek}),
    "scoring": Case("scoring PHQ-A anew", 0, 1_000_000, 60, {"tirek": scoring_tirek}),
    "flagging": Case("and its flags", 0, 1_000_000, None, {"tirek": flagging_tirek}),
}


def one(name: str, engine: str, persons: int) -> None:
    """Measure once and print what was seen as JSON."""
    warnings.simplefilter("ignore")
    case = CASES[name]
    given = people(case.items, persons) if case.items else persons
    begun, worked = time.perf_counter(), time.process_time()
    found = case.engines[engine](given)
    seen = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - worked}
    seen["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print()
    print(json.dumps(seen | found))


def measured(name: str, engine: str, persons: int) -> dict | str:
    """Return what one engine showed in a process of its own, or a sentence instead."""
    if engine != "tirek" and importlib.util.find_spec(engine) is None:
        return "is not installed (requirements-bench.txt)"
    words = [sys.executable, __file__, "--one", name, engine, str(persons)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    return json.loads(done.stdout.strip().splitlines()[-1])


def show(name: str, persons: int) -> None:
    """Print one case: our line with its goals, the others with how many times ours they took."""
    case = CASES[name]
    what = f"{persons:,} x {case.items}" if case.items else f"{persons:,}"
    print(f"\n{case.title}: {what}")
    ours: dict | None = None
    for engine in case.engines:
        seen = measured(name, engine, persons)
        if isinstance(seen, str):
            print(f"  {engine:15} {seen}")
            continue
        ours = ours or seen
        took = f"{seen['seconds']:7.2f} s {seen['seconds'] / ours['seconds']:6.1f} x"
        rest = "  ".join(f"{key} {seen[key]}" for key in list(seen)[3:])
        print(f"  {engine:15} {took} {seen['cpu']:7.2f} CPU s {seen['megabytes']:6.0f} MB  {rest}")
    if ours and case.goal:
        kept = ours["seconds"] < case.goal and ours["megabytes"] < MEMORY_GOAL
        verdict = "kept" if kept else "MISSED"
        print(f"  goal: < {case.goal:g} s, < {MEMORY_GOAL:g} MB: {verdict}", flush=True)


def main() -> None:
    """Show every case, or measure the one that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="a tenth of the people")
    parser.add_argument("--only", choices=tuple(CASES))
    parser.add_argument("--one", nargs=3)
    arguments = parser.parse_args()
    if arguments.one:
        name, engine, persons = arguments.one
        one(name, engine, int(persons))
        return
    for name in [arguments.only] if arguments.only else CASES:
        show(name, CASES[name].persons // 10 if arguments.short else CASES[name].persons)


if __name__ == "__main__":
    main()
