"""What anybody may open: the first page, help, courses, and the door to sign in."""

from tirek.web.public.views import blueprint

__all__ = ["blueprint"]
