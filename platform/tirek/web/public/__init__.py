"""What anybody may open: the first page, help, courses, and the door to sign in."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.public import (
    calendar_views,
    certificate_views,
    course_views,
    feed_views,
    feedback_views,
    login_views,
    memo_views,
    reminder_views,
    saved_views,
)
from tirek.web.public.crawlers import blueprint as crawlers
from tirek.web.public.views import blueprint

__all__ = [
    "blueprint",
    "calendar_views",
    "certificate_views",
    "course_views",
    "crawlers",
    "feed_views",
    "feedback_views",
    "login_views",
    "memo_views",
    "reminder_views",
    "saved_views",
]
