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
from tirek.storage.models.audit import AuditEntry, AuditHead, AuditLink
from tirek.storage.models.cases import (
    Case,
    Referral,
    ReferralEvent,
    ReferralTransition,
    Signal,
)
from tirek.storage.models.courses import LessonProgress
from tirek.storage.models.deadlines import AlarmAnswer, Breach, Deadline, Drill, Sweep
from tirek.storage.models.duty import Authority, DutyPost, DutyShift, Endpoint
from tirek.storage.models.instruments import InstrumentPart, InstrumentRelease
from tirek.storage.models.notices import Delivery, Notice, OutboxMessage, Provider, Receipt
from tirek.storage.models.places import (
    Classroom,
    District,
    Region,
    School,
    ServiceArea,
    SupportCenter,
)
from tirek.storage.models.referral_work import (
    Approval,
    AssessmentNote,
    Conflict,
    ContactAttempt,
    LegalDecision,
    OutcomeNote,
    Plan,
)
from tirek.storage.models.students import Consent, Guardianship, Student, StudentKey

__all__ = [
    "AccessCode",
    "Account",
    "Administration",
    "AlarmAnswer",
    "Approval",
    "AssessmentNote",
    "Assignment",
    "AuditEntry",
    "AuditHead",
    "AuditLink",
    "Authority",
    "Breach",
    "Campaign",
    "Case",
    "Classroom",
    "Conflict",
    "Consent",
    "ContactAttempt",
    "Deadline",
    "Delivery",
    "District",
    "Drill",
    "DutyPost",
    "DutyShift",
    "Endpoint",
    "FlagRecord",
    "Guardianship",
    "InstrumentPart",
    "InstrumentRelease",
    "LegalDecision",
    "LessonProgress",
    "Notice",
    "OutboxMessage",
    "OutcomeNote",
    "Plan",
    "Provider",
    "Receipt",
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
    "Sweep",
    "ThrottleBucket",
    "WebSession",
]
