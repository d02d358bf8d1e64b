"""What waits for somebody in their matches: times to choose from, sessions to confirm, questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.models import MeetingState, Profile, Programme
from matcher.services.meetings import list_ahead
from matcher.services.relationships import Relationship, list_for
from matcher.services.sessions import list_sessions
from matcher.services.surveys import is_open, list_surveys


@dataclass(frozen=True, slots=True)
class Due:
    """How many of each wait."""

    meetings: int
    sessions: int
    surveys: int

    def __bool__(self) -> bool:
        return bool(self.meetings or self.sessions or self.surveys)


def read_due(
    session: Session, programme: Programme, profile: Profile, now: datetime
) -> Mapping[int, tuple[Relationship, Due]]:
    """All matches that somebody has or had, by the other side's id, those that go on first."""
    found = list_for(session, programme, profile)
    return {us.other.id: (us, _due_in(session, us, now)) for us in found}


def _due_in(session: Session, us: Relationship, now: datetime) -> Due:
    ahead = list_ahead(session, us, now)
    logs = list_sessions(session, us) if us.is_active else []
    asked = list_surveys(session, us)
    return Due(
        meetings=sum(m.state == MeetingState.PROPOSED and m.proposed_by != us.side for m in ahead),
        sessions=sum(
            log.written_by != us.side and log.confirmed_at is None and not log.objection for log in logs
        ),
        surveys=sum(survey.answered_at is None and is_open(survey, now) for survey in asked),
    )
