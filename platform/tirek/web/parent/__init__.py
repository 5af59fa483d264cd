"""A parent's pages: consent, questions about an own child, and what to read next."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.parent import (
    questionnaire_views,
    talk_change_views,
    talk_link_views,
    talk_views,
    views,
)
from tirek.web.parent.pages import blueprint

__all__ = [
    "blueprint",
    "questionnaire_views",
    "talk_change_views",
    "talk_link_views",
    "talk_views",
    "views",
]
