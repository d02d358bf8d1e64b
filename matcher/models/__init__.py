"""Typed SQLAlchemy tables. SQL is the only truth."""

from matcher.models.account import Account, MailPace, Passkey, SignIn
from matcher.models.audit import AuditEvent
from matcher.models.base import Base, utcnow
from matcher.models.entry import Entry, Vector, VectorSpace
from matcher.models.introduction import Introduction, IntroductionState
from matcher.models.job import Job, JobKind, JobState, Upload
from matcher.models.kinds import Facet, Kind
from matcher.models.mail import Mail
from matcher.models.match import FAILED, HELD, Match, MatchChange, MatchState
from matcher.models.membership import (
    KIND_OF_ROLE,
    Application,
    Equality,
    Invitation,
    Membership,
    MembershipState,
    Question,
    Role,
)
from matcher.models.notice import Announcement, Notice
from matcher.models.organisation import Organisation, Person, Programme
from matcher.models.profile import PROFILE_CLASSES, Funder, Mentor, Profile, Startup
from matcher.models.proposal import Proposal, RulesVersion, Waiting, Wish
from matcher.models.recommendation import Ranking, Recommendation, RecommendationList
from matcher.models.relationship import (
    Goal,
    Meeting,
    MeetingState,
    Occasion,
    PrivateNote,
    ProgrammeDate,
    SessionLog,
    Side,
    Survey,
)
from matcher.models.sides import SIDES

__all__ = [
    "FAILED",
    "HELD",
    "KIND_OF_ROLE",
    "PROFILE_CLASSES",
    "SIDES",
    "Account",
    "Announcement",
    "Application",
    "AuditEvent",
    "Base",
    "Entry",
    "Equality",
    "Facet",
    "Funder",
    "Goal",
    "Introduction",
    "IntroductionState",
    "Invitation",
    "Job",
    "JobKind",
    "JobState",
    "Kind",
    "Mail",
    "MailPace",
    "Match",
    "MatchChange",
    "MatchState",
    "Meeting",
    "MeetingState",
    "Membership",
    "MembershipState",
    "Mentor",
    "Notice",
    "Occasion",
    "Organisation",
    "Passkey",
    "Person",
    "PrivateNote",
    "Profile",
    "Programme",
    "ProgrammeDate",
    "Proposal",
    "Question",
    "Ranking",
    "Recommendation",
    "RecommendationList",
    "Role",
    "RulesVersion",
    "SessionLog",
    "Side",
    "SignIn",
    "Startup",
    "Survey",
    "Upload",
    "Vector",
    "VectorSpace",
    "Waiting",
    "Wish",
    "utcnow",
]
