"""The pupil's pages: a code, a questionnaire, and thanks."""

from tirek.web.student.views import blueprint

__all__ = ["blueprint"]
