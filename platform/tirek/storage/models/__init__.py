"""All tables, so that a metadata made from this package is whole."""

from tirek.storage.models.accounts import Account, ThrottleBucket, WebSession
from tirek.storage.models.administrations import (
    Administration,
    FlagRecord,
    Response,
    ReviewTask,
    Score,
)
from tirek.storage.models.assignments import AccessCode, Assignment, Campaign
from tirek.storage.models.audit import AuditEntry
from tirek.storage.models.cases import (
    Case,
    Referral,
    ReferralEvent,
    ReferralTransition,
    Signal,
)
from tirek.storage.models.courses import LessonProgress
from tirek.storage.models.instruments import InstrumentPart, InstrumentRelease
from tirek.storage.models.notices import Delivery, Notice, OutboxMessage
from tirek.storage.models.places import (
    Classroom,
    District,
    Region,
    School,
    ServiceArea,
    SupportCenter,
)
from tirek.storage.models.students import Consent, Guardianship, Student, StudentKey

__all__ = [
    "AccessCode",
    "Account",
    "Administration",
    "Assignment",
    "AuditEntry",
    "Campaign",
    "Case",
    "Classroom",
    "Consent",
    "Delivery",
    "District",
    "FlagRecord",
    "Guardianship",
    "InstrumentPart",
    "InstrumentRelease",
    "LessonProgress",
    "Notice",
    "OutboxMessage",
    "Referral",
    "ReferralEvent",
    "ReferralTransition",
    "Region",
    "Response",
    "ReviewTask",
    "School",
    "Score",
    "ServiceArea",
    "Signal",
    "Student",
    "StudentKey",
    "SupportCenter",
    "ThrottleBucket",
    "WebSession",
]
