"""A parent's pages: their account, children, consents, lessons, and questions they answer."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.parent import (
    about_result_views,
    about_views,
    account_views,
    call_views,
    certificate_views,
    erasure_views,
    group_views,
    join_views,
    own_child_views,
    questionnaire_views,
    reading_views,
    register_views,
    reminder_views,
    talk_change_views,
    talk_link_views,
    talk_views,
    today_part,
    views,
)
from tirek.web.parent.pages import blueprint

__all__ = [
    "about_result_views",
    "about_views",
    "account_views",
    "blueprint",
    "call_views",
    "certificate_views",
    "erasure_views",
    "group_views",
    "join_views",
    "own_child_views",
    "questionnaire_views",
    "reading_views",
    "register_views",
    "reminder_views",
    "talk_change_views",
    "talk_link_views",
    "talk_views",
    "today_part",
    "views",
]
