"""A school's people: consents, assignments, codes, results, referrals, reviews and notices."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.school import (
    assignment_views,
    case_views,
    code_views,
    consent_views,
    contact_views,
    count_views,
    event_views,
    group_views,
    invitation_views,
    move_views,
    naming_views,
    notice_views,
    outcome_views,
    pupil_views,
    result_file_views,
    result_views,
    review_views,
    second_views,
    talk_views,
)
from tirek.web.school.views import blueprint

__all__ = [
    "assignment_views",
    "blueprint",
    "case_views",
    "code_views",
    "consent_views",
    "contact_views",
    "count_views",
    "event_views",
    "group_views",
    "invitation_views",
    "move_views",
    "naming_views",
    "notice_views",
    "outcome_views",
    "pupil_views",
    "result_file_views",
    "result_views",
    "review_views",
    "second_views",
    "talk_views",
]
