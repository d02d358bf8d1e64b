"""Typed SQLAlchemy tables. SQL is the only truth."""

from matcher.models.audit import AuditEvent
from matcher.models.base import Base, utcnow
from matcher.models.entry import Entry, Vector, VectorSpace
from matcher.models.job import Job, JobKind, JobState, Upload
from matcher.models.kinds import Facet, Kind
from matcher.models.mail import Mail
from matcher.models.match import FAILED, HELD, Match, MatchChange, MatchState
from matcher.models.organisation import Organisation, Person, Programme
from matcher.models.profile import PROFILE_CLASSES, Funder, Mentor, Profile, Startup
from matcher.models.proposal import Proposal, RulesVersion, Waiting, Wish
from matcher.models.recommendation import Ranking, Recommendation, RecommendationList

__all__ = [
    "FAILED",
    "HELD",
    "PROFILE_CLASSES",
    "AuditEvent",
    "Base",
    "Entry",
    "Facet",
    "Funder",
    "Job",
    "JobKind",
    "JobState",
    "Kind",
    "Mail",
    "Match",
    "MatchChange",
    "MatchState",
    "Mentor",
    "Organisation",
    "Person",
    "Profile",
    "Programme",
    "Proposal",
    "Ranking",
    "Recommendation",
    "RecommendationList",
    "RulesVersion",
    "Startup",
    "Upload",
    "Vector",
    "VectorSpace",
    "Waiting",
    "Wish",
    "utcnow",
]
