"""Pages of a Psychological Support Center's people: inbox, referral, roster, test alarms."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.psc import (
    drill_views,
    group_views,
    help_views,
    inbox_views,
    naming_views,
    outcome_views,
    roster_views,
    step_views,
    talk_views,
)
from tirek.web.psc.blueprint import blueprint

__all__ = [
    "blueprint",
    "drill_views",
    "group_views",
    "help_views",
    "inbox_views",
    "naming_views",
    "outcome_views",
    "roster_views",
    "step_views",
    "talk_views",
]
