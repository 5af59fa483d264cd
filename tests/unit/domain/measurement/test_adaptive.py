from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.measurement.graded_people import SCIENCE, a_model
from tirek.domain.measurement.adaptive import (
    AdaptivePlan,
    ContentArea,
    End,
    PlanError,
    Why,
    check_plan,
    next_step,
    replay,
)
from tirek.domain.measurement.eap import estimate
from tirek.domain.measurement.graded import GradedItem, GradedModel, item_information

BANK = a_model(items=8)
answers_to_all = st.fixed_dictionaries(
    {item: st.one_of(st.none(), st.integers(0, 3)) for item in (*BANK.ids, "critical")}
)


@st.composite
def plans(draw):
    always = draw(st.lists(st.sampled_from([*BANK.ids[:3], "critical"]), unique=True, max_size=3))
    bank = [item for item in BANK.ids if item not in always]
    cuts = sorted(draw(st.lists(st.integers(1, len(bank) - 1), unique=True, max_size=2)))
    parts = np.split(np.array(bank), cuts) if draw(st.booleans()) else []
    areas = tuple(
        ContentArea(f"area {n}", tuple(part.tolist()), draw(st.floats(0.1, 1)))
        for n, part in enumerate(parts)
    )
    most = draw(st.integers(max(1, len(areas)), 9))
    return AdaptivePlan(
        most=most,
        least=draw(st.integers(1, most)),
        error=draw(st.floats(0.2, 0.9)),
        first=draw(st.one_of(st.none(), st.sampled_from(bank))),
        always=tuple(always),
        always_after=draw(st.one_of(st.none(), st.integers(0, 4))),
        areas=areas,
    )


def run(plan, answers, model=BANK):
    """Ask until the end; return the steps and the items in the order in which they were asked."""
    asked = []
    steps = [next_step(model, plan, asked)]
    while steps[-1].item:
        asked.append((steps[-1].item, answers[steps[-1].item]))
        steps.append(next_step(model, plan, asked))
    return steps, asked


@given(plans(), answers_to_all)
def test_every_run_asks_what_is_always_asked_and_nothing_twice(plan, answers):
    steps, asked = run(plan, answers)
    items = [item for item, _ in asked]
    assert set(plan.always) <= set(items)
    assert len(set(items)) == len(items)
    assert len(items) <= plan.most + len(plan.always)
    assert {step.item for step in steps if step.why is Why.ALWAYS} == set(plan.always)
    assert [step.end is not None for step in steps] == [False] * len(asked) + [True]


@given(plans(), answers_to_all)
def test_a_replay_gives_the_same_steps(plan, answers):
    steps, asked = run(plan, answers)
    assert replay(BANK, plan, dict(asked)) == tuple(steps)


@given(plans(), answers_to_all, st.integers(0, 12))
def test_a_broken_off_run_is_replayed_up_to_the_question_that_waits(plan, answers, until):
    steps, asked = run(plan, answers)
    found = replay(BANK, plan, dict(asked[:until]))
    assert found == tuple(steps[: until + 1])


@given(plans(), answers_to_all)
def test_the_end_says_what_is_true(plan, answers):
    steps, asked = run(plan, answers)
    last, chosen = steps[-1], [item for item, _ in asked if item not in plan.always]
    answered = [item for item in chosen if answers[item] is not None]
    match last.end:
        case End.PRECISE:
            assert last.before.se <= plan.error + 1e-9
            assert len(answered) >= plan.least
            assert all(set(area.items) & set(chosen) for area in plan.areas)
        case End.MOST:
            assert len(chosen) == plan.most
        case End.EXHAUSTED:
            assert len(chosen) == len([item for item in BANK.ids if item not in plan.always])


@given(plans(), answers_to_all)
def test_every_step_knows_what_the_answers_before_it_tell(plan, answers):
    steps, asked = run(plan, answers)
    for place, step in enumerate(steps):
        assert step.before == estimate(BANK, dict(asked[:place]))


@given(plans(), answers_to_all)
def test_without_content_the_most_informative_item_is_chosen(plan, answers):
    plan = replace(plan, areas=())
    steps, asked = run(plan, answers)
    for place, step in enumerate(steps):
        if step.why is Why.INFORMATION:
            done = {item for item, _ in asked[:place]} | set(plan.always)
            at = np.array([step.before.theta])
            told = {item.id: item_information(item, at)[0] for item in BANK if item.id not in done}
            assert told[step.item] >= max(told.values()) - 1e-8


@given(plans(), answers_to_all)
def test_every_area_of_content_has_its_turn(plan, answers):
    _, asked = run(plan, answers)
    items = {item for item, _ in asked}
    assert all(set(area.items) & items for area in plan.areas)


def test_shares_of_content_are_kept():
    bank = a_model(items=12)
    areas = (ContentArea("mood", bank.ids[:6], 2), ContentArea("body", bank.ids[6:], 1))
    plan = AdaptivePlan(most=9, error=0.01, areas=areas)
    _, asked = run(plan, dict.fromkeys(bank.ids, 1), bank)
    assert sum(item in areas[0].items for item, _ in asked) == 6


def test_the_run_begins_in_the_area_with_the_largest_share():
    weak, strong = GradedItem("weak", 0.5, (0.0,)), GradedItem("strong", 3.0, (0.0,))
    areas = (ContentArea("a", ("weak",), 0.6), ContentArea("b", ("strong",), 0.4))
    first = next_step(GradedModel((weak, strong)), AdaptivePlan(most=2, areas=areas), [])
    assert (first.item, first.why) == ("weak", Why.START)


def test_a_choice_for_content_says_so():
    strong, weak = GradedItem("strong", 3.0, (0.0,)), GradedItem("weak", 0.5, (0.0,))
    third = GradedItem("third", 2.0, (0.0,))
    areas = (ContentArea("a", ("strong", "third"), 1), ContentArea("b", ("weak",), 1))
    plan = AdaptivePlan(most=3, error=0.01, areas=areas)
    steps, _ = run(plan, {"strong": 1, "weak": 1, "third": 0}, GradedModel((strong, weak, third)))
    assert [(step.item, step.why) for step in steps[:-1]] == [
        ("strong", Why.START),
        ("weak", Why.CONTENT),
        ("third", Why.INFORMATION),
    ]


def test_the_first_item_can_be_fixed():
    steps, _ = run(AdaptivePlan(most=2, first="Work"), dict.fromkeys(SCIENCE.ids, 2), SCIENCE)
    assert (steps[0].item, steps[0].why) == ("Work", Why.START)
    assert steps[1].item == "Future"


def test_the_run_stops_as_soon_as_it_is_precise():
    steps, asked = run(AdaptivePlan(most=4, error=0.7), dict.fromkeys(SCIENCE.ids, 2), SCIENCE)
    assert [item for item, _ in asked] == ["Future"]
    assert steps[-1].end is End.PRECISE
    assert steps[-1].before.se < 0.7


def test_a_blank_does_not_count_as_an_answer_but_as_a_question():
    plan = AdaptivePlan(most=3, least=2, error=0.99)
    steps, asked = run(plan, {"Future": None, "Work": 1, "Benefit": 1, "Comfort": 1}, SCIENCE)
    assert len(asked) == 3
    assert steps[-1].end in {End.PRECISE, End.MOST}
    all_blank, _ = run(plan, dict.fromkeys(SCIENCE.ids), SCIENCE)
    assert all_blank[-1].end is End.MOST


def test_the_critical_item_comes_after_as_many_as_the_plan_says():
    plan = AdaptivePlan(most=4, error=0.01, always=("critical",), always_after=2)
    _, asked = run(plan, {**dict.fromkeys(SCIENCE.ids, 2), "critical": 0}, SCIENCE)
    assert [item for item, _ in asked].index("critical") == 2
    at_once = replace(plan, always_after=0)
    assert run(at_once, {**dict.fromkeys(SCIENCE.ids, 2), "critical": 0}, SCIENCE)[1][0][0] == (
        "critical"
    )


def test_an_always_asked_item_with_parameters_counts_for_the_estimate():
    plan = AdaptivePlan(most=1, error=0.01, always=("Work",))
    steps, _ = run(plan, dict.fromkeys(SCIENCE.ids, 3), SCIENCE)
    assert steps[-1].before == estimate(SCIENCE, {"Future": 3, "Work": 3})


def test_equal_items_are_asked_in_the_models_order():
    twins = GradedModel(tuple(GradedItem(f"q{n}", 1.3, (-0.5, 0.5)) for n in range(4)))
    _, asked = run(AdaptivePlan(most=4, error=0.01), dict.fromkeys(twins.ids, 1), twins)
    assert [item for item, _ in asked] == ["q0", "q1", "q2", "q3"]


def test_a_record_of_another_plan_is_refused():
    with pytest.raises(PlanError, match="would not have asked Benefit"):
        replay(SCIENCE, AdaptivePlan(most=1), {"Future": 1, "Benefit": 2})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"most": 0}, "1 <= least <= most"),
        ({"most": 2, "least": 3}, "1 <= least <= most"),
        ({"most": 2, "error": 0}, "an error above 0"),
        ({"most": 2, "always": ("x", "x")}, "twice"),
        ({"most": 2, "always": ("x",), "first": "x"}, "always asked anyway"),
        ({"most": 2, "always_after": -1}, "counts from 0"),
        ({"most": 2, "areas": (ContentArea("a", ("x",), 0),)}, "shares above 0"),
        ({"most": 2, "areas": (ContentArea("a", (), 1),)}, "without items"),
        (
            {"most": 2, "areas": (ContentArea("a", ("x",), 1), ContentArea("b", ("x",), 1))},
            "two areas",
        ),
        (
            {"most": 1, "areas": (ContentArea("a", ("x",), 1), ContentArea("b", ("y",), 1))},
            "more areas",
        ),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(wrong, sentence):
    with pytest.raises(PlanError, match=sentence):
        AdaptivePlan(**wrong)


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (AdaptivePlan(most=2, always=SCIENCE.ids), "nothing is left to choose"),
        (AdaptivePlan(most=2, first="q9"), "no parameters for the first item q9"),
        (AdaptivePlan(most=2, areas=(ContentArea("a", SCIENCE.ids[1:], 1),)), "content: Comfort"),
        (
            AdaptivePlan(most=2, areas=(ContentArea("a", (*SCIENCE.ids, "x"), 1),)),
            "one area of content: x",
        ),
    ],
)
def test_a_plan_that_does_not_fit_its_parameters_is_refused(plan, sentence):
    with pytest.raises(PlanError, match=sentence):
        check_plan(SCIENCE, plan)
