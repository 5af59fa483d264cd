"""What anybody may open: the first page, help, courses, and the door to sign in."""

# Importing the module is what gives the blueprint its sign-in pages.
from tirek.web.public import login_views
from tirek.web.public.views import blueprint

__all__ = ["blueprint", "login_views"]
