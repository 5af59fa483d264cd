"""What anybody may open: the first page, help, courses, and the door to sign in."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.public import (
    course_views,
    feed_views,
    feedback_views,
    login_views,
    memo_views,
    saved_views,
)
from tirek.web.public.crawlers import blueprint as crawlers
from tirek.web.public.views import blueprint

__all__ = [
    "blueprint",
    "course_views",
    "crawlers",
    "feed_views",
    "feedback_views",
    "login_views",
    "memo_views",
    "saved_views",
]
