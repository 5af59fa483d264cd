from tirek.domain.levels import Level


def test_the_more_urgent_level_ranks_higher():
    by_urgency = sorted(Level, key=lambda level: level.rank, reverse=True)
    assert by_urgency == ["immediate", "high", "medium", "low", "review"]
