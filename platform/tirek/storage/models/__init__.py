"""All tables, so that a metadata made from this package is whole."""

from tirek.storage.models.accounts import Account, ThrottleBucket, WebSession
from tirek.storage.models.administrations import (
    AdaptiveStep,
    Administration,
    FlagRecord,
    Response,
    ReviewTask,
    Score,
)
from tirek.storage.models.answer_uploads import AnswerUpload
from tirek.storage.models.assignments import AccessCode, Assignment, Campaign, SchoolEvent
from tirek.storage.models.audit import AuditEntry, AuditHead, AuditLink
from tirek.storage.models.cases import (
    Case,
    Referral,
    ReferralEvent,
    ReferralTransition,
    Signal,
)
from tirek.storage.models.cohorts import Cohort, CohortMember, CohortQuestion, ParentMeeting
from tirek.storage.models.consultations import Booking, ConsultationHost, Slot, WaitingParent
from tirek.storage.models.courses import (
    Bookmark,
    Certificate,
    LessonFeedback,
    LessonHistory,
    LessonProgress,
)
from tirek.storage.models.deadlines import AlarmAnswer, Breach, Deadline, Drill, Sweep
from tirek.storage.models.duty import Authority, DutyPost, DutyShift, Endpoint
from tirek.storage.models.families import AccountErrand, Invitation, OwnChild, ReminderWish
from tirek.storage.models.instruments import InstrumentPart, InstrumentRelease
from tirek.storage.models.library import (
    InstrumentDraft,
    InstrumentLicence,
    PilotRegion,
    ReleaseSignature,
    Replay,
    WordingComment,
)
from tirek.storage.models.measurements import (
    Measurement,
    MeasurementAlarm,
    MeasurementCell,
    MeasurementDraft,
    MeasurementNight,
    ScreeningOutcome,
)
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
from tirek.storage.models.self_reports import HelpRequest, SelfAnswer, SelfReport, SelfScore
from tirek.storage.models.students import Consent, Guardianship, Student, StudentKey

__all__ = [
    "AccessCode",
    "Account",
    "AccountErrand",
    "AdaptiveStep",
    "Administration",
    "AlarmAnswer",
    "AnswerUpload",
    "Approval",
    "AssessmentNote",
    "Assignment",
    "AuditEntry",
    "AuditHead",
    "AuditLink",
    "Authority",
    "Booking",
    "Bookmark",
    "Breach",
    "Campaign",
    "Case",
    "Certificate",
    "Classroom",
    "Cohort",
    "CohortMember",
    "CohortQuestion",
    "Conflict",
    "Consent",
    "ConsultationHost",
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
    "HelpRequest",
    "InstrumentDraft",
    "InstrumentLicence",
    "InstrumentPart",
    "InstrumentRelease",
    "Invitation",
    "LegalDecision",
    "LessonFeedback",
    "LessonHistory",
    "LessonProgress",
    "Measurement",
    "MeasurementAlarm",
    "MeasurementCell",
    "MeasurementDraft",
    "MeasurementNight",
    "Notice",
    "OutboxMessage",
    "OutcomeNote",
    "OwnChild",
    "ParentMeeting",
    "PilotRegion",
    "Plan",
    "Provider",
    "Receipt",
    "Referral",
    "ReferralEvent",
    "ReferralTransition",
    "Region",
    "ReleaseSignature",
    "ReminderWish",
    "Replay",
    "Response",
    "ReviewTask",
    "School",
    "SchoolEvent",
    "Score",
    "ScreeningOutcome",
    "SelfAnswer",
    "SelfReport",
    "SelfScore",
    "ServiceArea",
    "Signal",
    "Slot",
    "Student",
    "StudentKey",
    "SupportCenter",
    "Sweep",
    "ThrottleBucket",
    "WaitingParent",
    "WebSession",
    "WordingComment",
]
