"""Taking a break, and how many start-ups somebody takes: what mentors and funding partners change most."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from matcher.models import Funder, JobKind, Mentor, Profile, Programme
from matcher.profiles.cell import CAPACITY
from matcher.services import audit, jobs
from matcher.services.errors import NotAllowed
from matcher.services.locking import lock_programme
from matcher.services.watermarks import is_embedded, mark_changed
from matcher.wording import N_, Message


def set_paused(session: Session, programme: Programme, profile: Profile, *, paused: bool, actor: str) -> bool:
    """Let somebody take nobody new for now, or take people again; whether that changed anything.

    It is not a change of the profile's words, so a form that is open meanwhile is not out of date.
    """
    _refuse_startups(profile)
    lock_programme(session, programme)
    if profile.is_paused == paused:
        return False
    session.execute(
        update(Profile)
        .where(Profile.id == profile.id, Profile.programme_id == programme.id)
        .values(is_paused=paused, version=Profile.version, updated_at=Profile.updated_at)
        .execution_options(synchronize_session=False)
    )
    session.expire(profile, ["is_paused"])
    refresh_lists(session, programme, profile)
    audit.record(
        session,
        programme.id,
        actor,
        "profile.paused" if paused else "profile.resumed",
        f"profile:{profile.id}",
    )
    return True


def set_capacity(
    session: Session, programme: Programme, profile: Profile, capacity: int | None, *, actor: str
) -> bool:
    """Say how many start-ups somebody takes at once; None: not stated. Whether that changed anything.

    Raises:
        NotAllowed: there can be no such number.
    """
    stated = _refuse_startups(profile)
    if capacity is not None and not 0 <= capacity <= CAPACITY:
        raise NotAllowed(Message(N_("Give a whole number from 0 to %(limit)d."), {"limit": CAPACITY}))
    lock_programme(session, programme)
    if stated.capacity == capacity:
        return False
    before, stated.capacity = stated.capacity, capacity
    session.flush()
    refresh_lists(session, programme, profile)
    audit.record(
        session,
        programme.id,
        actor,
        "profile.capacity",
        f"profile:{profile.id}",
        before={"capacity": before},
        after={"capacity": capacity},
    )
    return True


def _refuse_startups(profile: Profile) -> Mentor | Funder:
    if not isinstance(profile, Mentor | Funder):
        raise NotAllowed(Message(N_("Only mentors and funding partners say how many they take.")))
    return profile


def refresh_lists(session: Session, programme: Programme, profile: Profile) -> None:
    """Have the lists follow, as after any other change that eligibility depends on."""
    mark_changed(session, programme.id, is_embedded() & (Profile.id == profile.id))
    session.expire(profile, ["watermark"])
    jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND)
