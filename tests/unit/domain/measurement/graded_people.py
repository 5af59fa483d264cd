"""People who answer as a graded response model says, and the parameters of mirt's Science."""

import numpy as np

from tirek.domain.measurement.graded import GradedItem, GradedModel

# R mirt 1.41 on its data set Science (392 people, 4 items of 4 answers): reference,
# instruments §6.4. The answers themselves are not here: they come without a licence of their own.
SCIENCE = GradedModel(
    (
        GradedItem("Comfort", 1.0407, (-4.6728, -2.5361, 1.4082)),
        GradedItem("Work", 1.2258, (-2.3853, -0.7351, 1.8489)),
        GradedItem("Future", 2.3005, (-2.2799, -0.9644, 0.8552)),
        GradedItem("Benefit", 1.0938, (-3.0598, -0.9064, 1.5428)),
    )
)


def a_model(*, items=6, categories=4, seed=1):
    rng = np.random.default_rng(seed)
    return GradedModel(
        tuple(
            GradedItem(
                f"q{number}",
                float(rng.uniform(0.8, 2.5)),
                tuple(
                    (np.sort(rng.normal(0, 1, categories - 1)) + SPREAD[: categories - 1]).tolist()
                ),
            )
            for number in range(1, items + 1)
        )
    )


SPREAD = np.arange(10) * 0.3


def answers_of(model, *, people=1000, seed=2, missing=0.0):
    """Return category numbers (people, items), -1 = missing, by comparing with one uniform each."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(people)
    columns = []
    for item in model:
        at_least = 1 / (1 + np.exp(-item.a * (theta[:, None] - np.array(item.b))))
        columns.append((rng.random(people)[:, None] < at_least).sum(axis=1))
    answers = np.stack(columns, axis=1)
    answers[rng.random(answers.shape) < missing] = -1
    return answers
