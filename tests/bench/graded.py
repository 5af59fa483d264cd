"""Item response theory: how fast, how much memory, how near the truth, and how that compares.

    python tests/bench/graded.py [--short]

Every line is measured in a process of its own on the same simulated people: seconds and CPU seconds
(without making the people), peak memory, the largest distance of a slope and of a threshold from
the truth, and the log-likelihood that our own engine gives to the parameters found. The others are
girth and PyPI's mirt (requirements-bench.in); R's mirt took 5.5 and 58 CPU seconds to calibrate.
"""

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

import numpy as np  # noqa: E402

from tests.unit.domain.measurement.graded_people import a_model, answers_of  # noqa: E402
from tirek.domain.measurement import eap  # noqa: E402
from tirek.domain.measurement.graded import GradedItem, GradedModel  # noqa: E402
from tirek.domain.measurement.graded_expectation import Expectation  # noqa: E402
from tirek.domain.measurement.graded_fit import fit_graded  # noqa: E402
from tirek.domain.measurement.patterns import patterns_of  # noqa: E402

# What, items, people, and the goal in seconds on two cores (issue 5).
CASES = (("fit", 9, 100_000, 3.0), ("fit", 25, 100_000, 20.0), ("eap", 9, 1_000_000, 5.0))
MEMORY_GOAL = 2_000.0


def fit_tirek(model, answers):
    found = fit_graded(model.ids, answers)
    if not found.converged:
        raise SystemExit(f"no maximum: {found.reason}")
    return [(item.a, *item.b) for item in found.model]


def fit_mirt(_, answers):
    from mirt import fit_mirt as fit  # noqa: PLC0415 (installed for the bench alone)

    found = fit(
        answers, model="GRM", n_quadpts=61, compute_standard_errors=False, accelerate="squarem"
    )
    parts = found.model.parameters
    slopes = parts["discrimination"].ravel()
    return [(a, *b) for a, b in zip(slopes, parts["thresholds"], strict=True)]


def fit_girth(_, answers):
    from girth import grm_mml  # noqa: PLC0415 (installed for the bench alone)

    found = grm_mml(answers.T)
    return [(a, *b) for a, b in zip(found["Discrimination"], found["Difficulty"], strict=True)]


def eap_tirek(model, answers):
    return eap.estimates(model, answers)[0]


def eap_mirt(model, answers):
    from mirt import GradedResponseModel, fscores  # noqa: PLC0415 (installed for the bench alone)

    theirs = GradedResponseModel(n_items=len(model.items), n_categories=4)
    theirs.set_parameters(
        discrimination=np.array([item.a for item in model]),
        thresholds=np.array([item.b for item in model]),
    )
    theirs._is_fitted = True  # noqa: SLF001 (there is no other way in with known parameters)
    return np.asarray(fscores(theirs, answers, method="EAP", n_quadpts=121).theta).ravel()


WAYS = {
    ("fit", "tirek"): fit_tirek,
    ("fit", "mirt"): fit_mirt,
    ("fit", "girth"): fit_girth,
    ("eap", "tirek"): eap_tirek,
    ("eap", "mirt"): eap_mirt,
}


def different_patterns(items, people):
    """Return as many different rows as there are people, blanks among them."""
    numbers = np.random.default_rng(3).permutation(5**items)[:people]
    return numbers[:, None] // 5 ** np.arange(items) % 5 - 1


def one(what, engine, items, people):
    """Measure once and print what was seen as JSON."""
    warnings.simplefilter("ignore")
    model = a_model(items=items)
    is_fit = what == "fit"
    answers = answers_of(model, people=people) if is_fit else different_patterns(items, people)
    begun, worked = time.perf_counter(), time.process_time()
    found = WAYS[what, engine](model, answers)
    seen = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - worked}
    seen["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seen |= told_of_fit(model, answers, found) if is_fit else told_of_eap(model, answers, found)
    print(json.dumps(seen))


def told_of_fit(model, answers, found):
    """Return how far a calibration lies from the truth, and how likely it makes the answers."""
    gaps = np.abs(np.subtract([(item.a, *item.b) for item in model], found))
    items = [
        GradedItem(item, float(a), tuple(float(value) for value in b))
        for item, (a, *b) in zip(model.ids, found, strict=True)
    ]
    patterns = patterns_of(answers, [item.categories for item in items])
    state = Expectation.of(patterns, GradedModel(tuple(items)), crossed=False)
    a, b = float(gaps[:, 0].max()), float(gaps[:, 1:].max())
    return {"a": a, "b": b, "loglik": state.loglik}


def told_of_eap(model, answers, found):
    """Return how far some estimates lie from ours."""
    ours = eap.estimates(model, answers[:2_000])[0]
    return {"apart": float(np.abs(found[:2_000] - ours).max())}


def measured(what, engine, items, people):
    """Return what one engine showed in a process of its own, or a sentence instead."""
    if engine != "tirek" and importlib.util.find_spec(engine) is None:
        return "is not installed"
    words = [sys.executable, __file__, "--one", what, engine, str(items), str(people)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    return json.loads(done.stdout.strip().splitlines()[-1])


def show(what, items, people, goal):
    """Print one case: our line with its goals, the others with how many times ours they took."""
    print(f"\n{what}: {items} items x 4 answers, {people:,} people")
    ours = measured(what, "tirek", items, people)
    for engine in (engine for kind, engine in WAYS if kind == what):
        seen = ours if engine == "tirek" else measured(what, engine, items, people)
        if isinstance(seen, str):
            print(f"  {engine:6} {seen}")
            continue
        ratio = f"{seen['seconds'] / ours['seconds']:5.1f} x"
        took = f"{seen['seconds']:7.2f} s {ratio} {seen['cpu']:7.2f} CPU s"
        rest = "  ".join(f"{name} {seen[name]:.8g}" for name in list(seen)[3:])
        print(f"  {engine:6} {took} {seen['megabytes']:6.0f} MB  {rest}", flush=True)
    kept = ours["seconds"] < goal and ours["megabytes"] < MEMORY_GOAL
    print(f"  goal: < {goal:g} s, < {MEMORY_GOAL:g} MB: {'kept' if kept else 'MISSED'}")


def main():
    """Show every case, or measure the one that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="a tenth of the people")
    parser.add_argument("--one", nargs=4)
    arguments = parser.parse_args()
    if arguments.one:
        what, engine, items, people = arguments.one
        one(what, engine, int(items), int(people))
        return
    for what, items, people, goal in CASES:
        show(what, items, people // 10 if arguments.short else people, goal)


if __name__ == "__main__":
    main()
