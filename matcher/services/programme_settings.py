"""What a programme's managers set: its name, its doors, how requests go, and its dates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import Programme, ProgrammeDate
from matcher.profiles.text import clean, fold
from matcher.services import audit
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.joining import roles_of
from matcher.services.locking import lock_programme
from matcher.wording import N_, Message

NAME = 120
TITLE = 200
MOST_DATES = 60


@dataclass(frozen=True, slots=True)
class ProgrammeSettings:
    """What can be set."""

    name: str
    open_to: Sequence[str] = field(default_factory=list)
    routed: bool = False
    starts_on: date | None = None
    ends_on: date | None = None


def save_settings(session: Session, programme: Programme, wanted: ProgrammeSettings, actor: str) -> bool:
    """Keep them; False if they were so already.

    Raises:
        NotAllowed: the name says nothing, or the programme would end before it starts.
    """
    if wanted.starts_on and wanted.ends_on and wanted.ends_on < wanted.starts_on:
        raise NotAllowed(Message(N_("The programme cannot end before it starts.")))
    name = " ".join(clean(wanted.name).split())[:NAME]
    if not fold(name):
        raise NotAllowed(Message(N_("Give the programme a name with letters or digits.")))
    lock_programme(session, programme)
    session.refresh(programme)
    before = _said(programme)
    programme.name = name
    programme.open_to = roles_of(wanted.open_to)
    programme.routed = wanted.routed
    programme.starts_on, programme.ends_on = wanted.starts_on, wanted.ends_on
    after = _said(programme)
    changed = {key for key in after if after[key] != before[key]}
    if not changed:
        return False
    audit.record(
        session, programme.id, actor, "programme.settings", f"programme:{programme.id}",
        before={key: before[key] for key in changed}, after={key: after[key] for key in changed},
    )  # fmt: skip
    return True


def list_dates(session: Session, programme: Programme) -> Sequence[ProgrammeDate]:
    """The programme's days, the earliest first."""
    own = select(ProgrammeDate).where(ProgrammeDate.programme_id == programme.id)
    return session.scalars(own.order_by(ProgrammeDate.on, ProgrammeDate.id)).all()


def add_date(session: Session, programme: Programme, on: date, title: str, actor: str) -> ProgrammeDate:
    """Put a day into the programme.

    Raises:
        NotAllowed: it has no title, or there are very many already.
    """
    title = " ".join(clean(title).split())[:TITLE]
    if not title:
        raise NotAllowed(Message(N_("Say what happens on this day.")))
    found = session.scalar(select(func.count()).where(ProgrammeDate.programme_id == programme.id)) or 0
    if found >= MOST_DATES:
        raise NotAllowed(
            Message(N_("There are %(most)s dates already. Remove one first."), {"most": MOST_DATES})
        )
    made = ProgrammeDate(programme_id=programme.id, on=on, title=title)
    session.add(made)
    session.flush()
    audit.record(
        session, programme.id, actor, "programme.date", f"date:{made.id}",
        after={"on": on.isoformat(), "title": title},
    )  # fmt: skip
    return made


def remove_date(session: Session, programme: Programme, date_id: int, actor: str) -> ProgrammeDate:
    """Take a day out of the programme.

    Raises:
        NotFound: the programme has no such.
    """
    found = session.get(ProgrammeDate, date_id)
    if found is None or found.programme_id != programme.id:
        raise NotFound(Message(N_("There is no such date in this programme.")))
    session.delete(found)
    audit.record(
        session, programme.id, actor, "programme.date", f"date:{found.id}",
        before={"on": found.on.isoformat(), "title": found.title},
    )  # fmt: skip
    return found


def _said(programme: Programme) -> dict[str, Any]:
    return {
        "name": programme.name,
        "open_to": list(programme.open_to),
        "routed": programme.routed,
        "starts_on": programme.starts_on and programme.starts_on.isoformat(),
        "ends_on": programme.ends_on and programme.ends_on.isoformat(),
    }
