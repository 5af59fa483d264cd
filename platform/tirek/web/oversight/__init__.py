"""Pages of the ladder's upper rungs: how the machinery does, what is late, who must be called."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.oversight import (
    course_views,
    drill_views,
    duty_views,
    feedback_views,
    help_views,
    instrument_draft_views,
    instrument_release_views,
    instrument_views,
    late_views,
    measurement_decisions,
    measurement_files,
    measurement_views,
    school_views,
    views,
)
from tirek.web.oversight.blueprint import blueprint

__all__ = [
    "blueprint",
    "course_views",
    "drill_views",
    "duty_views",
    "feedback_views",
    "help_views",
    "instrument_draft_views",
    "instrument_release_views",
    "instrument_views",
    "late_views",
    "measurement_decisions",
    "measurement_files",
    "measurement_views",
    "school_views",
    "views",
]
