"""What a positive or a negative result means at another prevalence (Bayes)."""


def positive_predictive_value(
    sensitivity: float, specificity: float, prevalence: float
) -> float | None:
    """Return the share of positives who are confirmed: sens p / (sens p + (1 - spec)(1 - p)).

    All four lie in 0..1, else ValueError; None where nobody is positive.
    """
    _check(sensitivity, specificity, prevalence)
    true = sensitivity * prevalence
    false = (1 - specificity) * (1 - prevalence)
    return true / (true + false) if true + false else None


def negative_predictive_value(
    sensitivity: float, specificity: float, prevalence: float
) -> float | None:
    """Return the share of negatives who are free: spec (1 - p) / (spec (1 - p) + (1 - sens) p).

    All four lie in 0..1, else ValueError; None where nobody is negative.
    """
    _check(sensitivity, specificity, prevalence)
    true = specificity * (1 - prevalence)
    false = (1 - sensitivity) * prevalence
    return true / (true + false) if true + false else None


def _check(*shares: float) -> None:
    if not all(0 <= share <= 1 for share in shares):
        raise ValueError("sensitivity, specificity and prevalence must lie in 0..1")
