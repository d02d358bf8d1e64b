"""The one way in which matches change: a step, logged with the image of each pair before and after it.

Undoing writes the images before; folding the images after, in order, gives the matches as they are.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, aliased

from matcher.models import (
    HELD,
    AuditEvent,
    JobKind,
    Kind,
    Match,
    MatchChange,
    MatchState,
    Mentor,
    Profile,
    Programme,
    utcnow,
)
from matcher.ranking.eligibility import RULE_MESSAGES, Rule, exclusions
from matcher.ranking.table import FactTable
from matcher.services import audit, jobs
from matcher.services.errors import CapacityReached, Conflict, NotAllowed, NotFound
from matcher.services.locking import lock_programme
from matcher.services.places import Place, no_place, places_of
from matcher.services.roster import facts_of
from matcher.services.rules import current_rules
from matcher.services.watermarks import is_embedded, mark_changed
from matcher.wording import N_, Message

T = TypeVar("T")
Pair = tuple[int, int]
"""Ids of a start-up and of its mentor or funding partner."""
Image = dict[str, Any]
"""The columns of a match that say something, by name and ready for JSON; empty: no such match."""

_COLUMNS = (
    "state", "score", "band", "reasons", "note", "startup_answer", "counterpart_answer",
    "startup_token", "counterpart_token", "offered_at", "reminders",
)  # fmt: skip
_AT_ONCE = 5_000
_KNOWN = frozenset({MatchState.OFFERED, MatchState.ACTIVE})
"""States that both sides know of: steps into and out of them are not undone, but followed by others."""


def image_of(match: Match | None) -> Image:
    """What a match says."""
    if match is None:
        return {}
    found = {name: getattr(match, name) for name in _COLUMNS}
    if match.offered_at is not None:
        found["offered_at"] = match.offered_at.isoformat()
    return _said(found)


def in_state(state: MatchState, image: Image | None = None, **values: Any) -> Image:
    """The image in another state, with these columns changed; empty values are left out."""
    return _said({**(image or {}), "state": state.value, **values})


def find(session: Session, programme: Programme, pairs: Collection[Pair]) -> dict[Pair, Match]:
    """The programme's matches among these pairs."""
    keys = tuple_(Match.startup_id, Match.counterpart_id)
    found: dict[Pair, Match] = {}
    for block in blocks(pairs):
        rows = session.scalars(select(Match).where(Match.programme_id == programme.id, keys.in_(block)))
        found |= {(match.startup_id, match.counterpart_id): match for match in rows}
    return found


def take(
    session: Session,
    programme: Programme,
    actor: str,
    action: str,
    changes: Mapping[Pair, Image],
    *,
    after: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Make each pair what its image says, and log it. `lock_programme` comes first.

    Raises:
        NotFound: the programme has no such start-up and counterpart.
        NotAllowed: a rule of eligibility forbids a pair that would take a place.
        CapacityReached: somebody would have more than they take, or than the rules allow.
    """
    profiles = _profiles(session, programme, changes)
    present = find(session, programme, changes)
    gained = [p for p, image in changes.items() if _holds(image) and not _holds(image_of(present.get(p)))]
    _check_eligibility(session, profiles, gained)
    _check_capacity(session, programme, profiles, changes, present)
    event = audit.record(
        session, programme.id, actor, action, _subject(changes), before=before, after=after
    )  # fmt: skip
    moved = set()
    for pair, image in changes.items():
        was = image_of(present.get(pair))
        session.add(
            MatchChange(
                event_id=event.id, startup_id=pair[0], counterpart_id=pair[1], before=was, after=dict(image)
            )
        )
        _write(session, programme, pair, present.get(pair), image, actor)
        if _holds(was) != _holds(image):
            moved.add(pair[1])
    session.flush()
    if moved:
        mark_changed(session, programme.id, is_embedded() & Profile.id.in_(moved))
        jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND)
    return event


def obstacle(session: Session, programme: Programme, pair: Pair) -> Message | None:
    """Why the pair could not take a place now, by eligibility or capacity; None: it could, or does."""
    present = find(session, programme, [pair])
    if _holds(image_of(present.get(pair))):
        return None
    profiles = _profiles(session, programme, [pair])
    try:
        _check_eligibility(session, profiles, [pair])
        _check_capacity(session, programme, profiles, {pair: in_state(MatchState.LOCKED)}, present)
    except (NotAllowed, CapacityReached) as error:
        return error.message
    return None


def check_held(session: Session, programme: Programme, pairs: Collection[Pair]) -> None:
    """Make sure that pairs which hold places may still do so: profiles and rules may have changed since.

    Raises:
        NotAllowed: a rule of eligibility forbids one of them by now.
        CapacityReached: somebody has more than they take by now, or than the rules allow.
    """
    profiles = _profiles(session, programme, pairs)
    _check_eligibility(session, profiles, pairs)
    rules, taken = current_rules(session, programme)[1], held_by(session, set(profiles))
    for ours, theirs in pairs:
        for profile_id, towards in ((ours, Kind(profiles[theirs].kind)), (theirs, Kind.STARTUP)):
            most = places_of(profiles[profile_id], rules, towards)
            if most is not None and taken[profile_id, towards] > most:
                raise CapacityReached(no_place(profiles[profile_id], most, towards))


def undo(session: Session, programme: Programme, event_id: int, *, actor: str) -> AuditEvent:
    """Take back a step: its pairs are again exactly what they were before it.

    Raises:
        NotFound: the programme has no such step.
        NotAllowed: others were told of it already; or what was before is forbidden by now.
        Conflict: somebody decided about one of its pairs since then.
        CapacityReached: a place that it gave back is taken.
    """
    lock_programme(session, programme)
    event = session.get(AuditEvent, event_id)
    changes = session.scalars(select(MatchChange).where(MatchChange.event_id == event_id)).all()
    if event is None or event.programme_id != programme.id or not changes:
        raise NotFound(Message(N_("There is no such decision in this programme.")))
    if any(image.get("state") in _KNOWN for c in changes for image in (c.before, c.after)):
        raise NotAllowed(Message(N_("People were told of this already. Withdraw the offer instead.")))
    pairs = {(change.startup_id, change.counterpart_id): change for change in changes}
    present = find(session, programme, pairs)
    if any(image_of(present.get(pair)) != change.after for pair, change in pairs.items()):
        raise Conflict(Message(N_("Somebody decided about this pair again meanwhile.")))
    _restore_capacity(session, event)
    restored = {pair: change.before for pair, change in pairs.items()}
    return take(session, programme, actor, "match.undone", restored, before=event.after, after=event.before)


def replay(session: Session, programme: Programme) -> dict[Pair, Image]:
    """The matches that follow from the log alone."""
    rows = session.scalars(
        select(MatchChange)
        .join(AuditEvent)
        .where(AuditEvent.programme_id == programme.id)
        .order_by(MatchChange.event_id)
    )
    folded = {(change.startup_id, change.counterpart_id): change.after for change in rows}
    return {pair: image for pair, image in folded.items() if image}


def pairs_of(session: Session, event_id: int) -> set[Pair]:
    """The pairs that a step changed."""
    rows = session.execute(
        select(MatchChange.startup_id, MatchChange.counterpart_id).where(MatchChange.event_id == event_id)
    )
    return {(ours, theirs) for ours, theirs in rows}


def fingerprint(pairs: Iterable[Pair]) -> str:
    """A short text that is the same for the same pairs: by it a form says which ones its reader saw."""
    return sha256(repr(sorted(pairs)).encode()).hexdigest()[:16]


def latest_events(session: Session, programme: Programme) -> dict[Pair, int]:
    """The last step that changed each pair."""
    rows = session.execute(
        select(MatchChange.startup_id, MatchChange.counterpart_id, func.max(MatchChange.event_id))
        .join(AuditEvent)
        .where(AuditEvent.programme_id == programme.id)
        .group_by(MatchChange.startup_id, MatchChange.counterpart_id)
    )
    return {(ours, theirs): event_id for ours, theirs, event_id in rows}


def held_by(session: Session, profile_ids: Collection[int]) -> Counter[Place]:
    """How many places of each are taken."""
    found = Counter[Place]()
    counterpart = aliased(Profile, flat=True)
    for block in blocks(profile_ids):
        for side in (Match.startup_id, Match.counterpart_id):
            rows = session.execute(
                select(side, counterpart.kind, func.count())
                .join(counterpart, counterpart.id == Match.counterpart_id)
                .where(side.in_(block), Match.state.in_(HELD))
                .group_by(side, counterpart.kind)
            )
            is_startup = side is Match.startup_id
            found.update({(i, Kind(kind) if is_startup else Kind.STARTUP): n for i, kind, n in rows})
    return found


def _said(image: Image) -> Image:
    """Without what says nothing. A refusal (False) and a score of 0 say something."""
    return {
        name: value
        for name, value in image.items()
        if not (value is None or value in ("", []) or (name == "reminders" and value == 0))
    }


def blocks(values: Collection[T]) -> Iterator[list[T]]:
    """A database takes so many parameters a statement, and a run changes tens of thousands of pairs."""
    listed = list(values)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]


def _holds(image: Image) -> bool:
    return image.get("state") in HELD


def _profiles(session: Session, programme: Programme, pairs: Collection[Pair]) -> dict[int, Profile]:
    """Both sides of each pair."""
    wanted = {profile_id for pair in pairs for profile_id in pair}
    found: dict[int, Profile] = {}
    for block in blocks(wanted):
        rows = session.scalars(
            select(Profile).where(Profile.programme_id == programme.id, Profile.id.in_(block))
        )
        found |= {profile.id: profile for profile in rows}
    for ours, theirs in pairs:
        startup, other = found.get(ours), found.get(theirs)
        if startup is None or other is None or startup.kind != Kind.STARTUP or other.kind == Kind.STARTUP:
            raise NotFound(Message(N_("There is no such pair in this programme.")))
    return found


def _check_eligibility(session: Session, profiles: Mapping[int, Profile], gained: Collection[Pair]) -> None:
    """Refuse what the rules forbid as of now, whatever a list showed."""
    for profile in {profiles[profile_id] for pair in gained for profile_id in pair}:
        session.refresh(profile, ["entries"])
    for ours, theirs in gained:
        startup, other = profiles[ours], profiles[theirs]
        table = FactTable([facts_of(other)])
        for rule, excluded in exclusions(facts_of(startup), table, Kind(other.kind)).items():
            if excluded[0] and rule is not Rule.CAPACITY:
                raise NotAllowed(
                    Message(
                        N_("%(startup)s and %(other)s cannot be a pair: %(rule)s."),
                        {"startup": startup.name, "other": other.name, "rule": RULE_MESSAGES[rule]},
                    )
                )


def _check_capacity(
    session: Session,
    programme: Programme,
    profiles: Mapping[int, Profile],
    changes: Mapping[Pair, Image],
    present: Mapping[Pair, Match],
) -> None:
    """Refuse to give anybody more than they may have, on either side; who has too many already keeps them."""
    more = Counter[Place]()
    for pair, image in changes.items():
        gained = _holds(image) - _holds(image_of(present.get(pair)))
        kind = Kind(profiles[pair[1]].kind)
        more.update({(pair[0], kind): gained, (pair[1], Kind.STARTUP): gained})
    growing = [place for place, gained in more.items() if gained > 0]
    if not growing:
        return
    rules = current_rules(session, programme)[1]
    taken = held_by(session, {profile_id for profile_id, _ in growing})
    for profile_id, towards in sorted(growing):
        profile = profiles[profile_id]
        most = places_of(profile, rules, towards)
        if most is not None and taken[profile_id, towards] + more[profile_id, towards] > most:
            raise CapacityReached(no_place(profile, most, towards))


def _restore_capacity(session: Session, event: AuditEvent) -> None:
    """What a mentor offered before withdrawing."""
    for mentor_id, capacity in event.before.get("capacity", {}).items():
        mentor = session.get(Mentor, int(mentor_id))
        if mentor is None or mentor.capacity != event.after["capacity"][mentor_id]:
            raise Conflict(Message(N_("Somebody changed the mentor's capacity meanwhile.")))
        mentor.capacity = capacity
        session.flush()
        mark_changed(session, event.programme_id, is_embedded() & (Profile.id == mentor.id))
        jobs.enqueue_once(session, event.programme_id, JobKind.RECOMMEND)


def _write(
    session: Session, programme: Programme, pair: Pair, match: Match | None, image: Image, actor: str
) -> None:
    if not image:
        if match is not None:
            session.delete(match)
        return
    if match is None:
        match = Match(programme_id=programme.id, startup_id=pair[0], counterpart_id=pair[1])
        session.add(match)
    for name in _COLUMNS:
        setattr(match, name, image.get(name))
    match.reasons, match.note = image.get("reasons", []), image.get("note", "")
    match.reminders = image.get("reminders", 0)
    offered = image.get("offered_at")
    match.offered_at = datetime.fromisoformat(offered) if offered else None
    match.decided_by, match.decided_at = actor, utcnow()


def _subject(pairs: Collection[Pair]) -> str:
    """What the log names: the pair, or how many there were."""
    if len(pairs) == 1:
        ((ours, theirs),) = pairs
        return f"pair:{ours}:{theirs}"
    return f"pairs:{len(pairs)}"
