from itertools import product

from tirek.domain.consent import ConsentSource, ConsentState, may_follow

GIVEN, REFUSED, WITHDRAWN = ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN
PAPER, ACCOUNT = ConsentSource.PAPER, ConsentSource.ACCOUNT


def test_only_a_paper_yes_after_an_accounts_no_is_refused() -> None:
    states: list[ConsentState | None] = [None, *ConsentState]
    sources: list[ConsentSource | None] = [None, *ConsentSource]
    refused = {
        case
        for case in product(states, sources, ConsentState, ConsentSource)
        if not may_follow(*case)
    }
    assert refused == {
        (REFUSED, ACCOUNT, GIVEN, PAPER),
        (WITHDRAWN, ACCOUNT, GIVEN, PAPER),
    }


def test_a_paper_may_always_withdraw() -> None:
    assert may_follow(GIVEN, ACCOUNT, WITHDRAWN, PAPER)
