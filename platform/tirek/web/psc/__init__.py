"""Pages of the people of a Psychological Support Center: inbox, referral, and its steps."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.psc import inbox_views, step_views
from tirek.web.psc.blueprint import blueprint

__all__ = ["blueprint", "inbox_views", "step_views"]
