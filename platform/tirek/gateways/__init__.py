"""The outside world: one Protocol each, one real way and one that needs nobody."""
