"""When a night's figures raise an alarm, and when they do not."""

from typing import Any

import pytest

from tirek.domain.standing import AlarmKind
from tirek.domain.standing_rules import alarms, fisher, of_languages, share_difference

K = AlarmKind
THREE = [{"item": q} for q in "abc"]


def of(**figures: Any) -> set[AlarmKind]:
    return {one.kind for one in alarms(figures)}


def item(**figures: Any) -> dict[str, Any]:
    return {"items": [{"item": "q1", "n": 500, "shown": 500, **figures}]}


@pytest.mark.parametrize(
    ("rest", "n", "kind"),
    [
        (-0.40, 500, K.NEGATIVE_ITEM_REST),
        (-0.40, 100, K.NEGATIVE_ITEM_REST),
        # So near to zero it may be chance: low, not turned round.
        (-0.02, 500, K.LOW_ITEM_REST),
        (0.19, 500, K.LOW_ITEM_REST),
        (0.20, 500, None),
        (-0.40, 99, None),
    ],
)
def test_an_item_against_the_rest(rest: float, n: int, kind: AlarmKind | None) -> None:
    assert of(**item(item_rest=rest, n=n)) == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("size", "n_kk", "n_ru", "is_raised"),
    [("C", 200, 200, True), ("C", 199, 5000, False), ("B", 5000, 5000, False)],
)
def test_a_difference_of_languages(size: str, n_kk: int, n_ru: int, is_raised: bool) -> None:
    dif = {"class": size, "n_kk": n_kk, "n_ru": n_ru, "effect": 0.3}
    assert (K.DIF_LANGUAGE in of(**item(dif=dif))) is is_raised


@pytest.mark.parametrize(
    ("figures", "kind"),
    [
        (
            {"alpha": 0.69, "complete": 100, "items": THREE},
            K.LOW_RELIABILITY,
        ),
        ({"floor": 0.16, "scored": 50, "worse": "low"}, K.FLOOR),
        ({"ceiling": 0.16, "scored": 50, "worse": "high"}, K.CEILING),
        ({"fast": 0.11, "paced": 100}, K.FAST),
        (item(missing=0.06), K.MISSING),
    ],
)
def test_each_threshold_is_crossed(figures: dict[str, Any], kind: AlarmKind) -> None:
    assert of(**figures) == {kind}


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"alpha": 0.70, "complete": 100, "items": THREE},
        {"alpha": 0.69, "complete": 99, "items": THREE},
        {"alpha": 0.30, "complete": 900, "items": [{"item": q} for q in "ab"]},
        {"floor": 0.15, "scored": 900, "worse": "low"},
        {"floor": 0.99, "scored": 49, "worse": "low"},
        # Most children have no symptom: nothing to look at.
        {"floor": 0.99, "scored": 900, "worse": "high"},
        {"fast": 0.10, "paced": 900},
        item(missing=0.05),
        item(missing=0.50, shown=99),
    ],
)
def test_at_the_threshold_or_with_too_few_nothing_is_raised(figures: dict[str, Any]) -> None:
    assert of(**figures) == set()


@pytest.mark.parametrize(
    ("before", "now", "is_raised"),
    [
        ((100, 1000), (200, 1000), True),
        ((200, 1000), (100, 1000), True),
        # Five points of a hundred, but with so few it may be chance.
        ((10, 100), (15, 100), False),
        # Sure, but small.
        ((10_000, 100_000), (12_000, 100_000), False),
        ((10, 99), (90, 100), False),
    ],
)
def test_a_jump_of_the_flagged(
    before: tuple[int, int],
    now: tuple[int, int],
    is_raised: bool,
) -> None:
    rounds = {
        "2025.4": {"flagged": before[0], "n": before[1]},
        "2026.1": {"flagged": now[0], "n": now[1]},
    }
    assert (K.FLAGGED_SHARE in of(rounds=rounds)) is is_raised


def test_an_alarm_names_the_language_that_alone_shows_it() -> None:
    turned = alarms(item(item_rest=-0.5))
    assert [lang for lang, _ in of_languages({"": turned, "kk": (), "ru": turned})] == ["ru"]
    assert [lang for lang, _ in of_languages({"": turned, "kk": (), "ru": ()})] == [""]
    assert [lang for lang, _ in of_languages({"": turned, "kk": turned, "ru": turned})] == [""]
    assert [lang for lang, _ in of_languages({"": (), "kk": turned, "ru": turned})] == ["kk", "ru"]


def test_the_intervals_are_those_of_the_books() -> None:
    """Newcombe 1998, table II, example a (56/70 against 48/80), 95 %; Fisher by hand."""
    difference, low, high = share_difference((56, 70), (48, 80), 0.95)
    assert (difference, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert fisher(0.5, 103) == pytest.approx((0.3392, 0.6318), abs=1e-3)
