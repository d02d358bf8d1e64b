"""Typed SQLAlchemy tables. SQL is the only truth."""

from matcher.models.audit import AuditEvent
from matcher.models.base import Base, utcnow
from matcher.models.entry import Entry, Vector, VectorSpace
from matcher.models.job import Job, JobKind, JobState, Upload
from matcher.models.kinds import Facet, Kind
from matcher.models.organisation import Organisation, Person, Programme
from matcher.models.profile import PROFILE_CLASSES, Funder, Mentor, Profile, Startup
from matcher.models.recommendation import Approval, Ranking, Recommendation, RecommendationList

__all__ = [
    "PROFILE_CLASSES",
    "Approval",
    "AuditEvent",
    "Base",
    "Entry",
    "Facet",
    "Funder",
    "Job",
    "JobKind",
    "JobState",
    "Kind",
    "Mentor",
    "Organisation",
    "Person",
    "Profile",
    "Programme",
    "Ranking",
    "Recommendation",
    "RecommendationList",
    "Startup",
    "Upload",
    "Vector",
    "VectorSpace",
    "utcnow",
]
