"""Psychometrics on arrays: what scores are worth, item by item, group by group, year by year."""
