"""What publishing would do, before it is done: who is told what, whom no letter reaches, who is left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from matcher.models import AuditEvent, Kind, MatchState, Profile, Programme, utcnow
from matcher.services import letters
from matcher.services.errors import Conflict
from matcher.services.locking import lock_programme
from matcher.services.matches import MatchLine, list_matches
from matcher.services.plan import read_plan
from matcher.services.publishing import ANSWER_WITHIN, Link, approved, publish
from matcher.services.steps import fingerprint
from matcher.wording import N_, Message


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as its reader would get it."""

    reader: Profile
    subject: Message
    paragraphs: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would do now.

    Attributes:
        pairs: those that are told, by the start-up's name.
        letters: what both sides of the first of them would read.
        unreached: people of these pairs who have no e-mail address.
        left_out: start-ups that have nobody after a run, and go on the waiting list; the first 200.
        missing: how many those are.
        undecided: how many pairs are proposed or locked, and stay as they are.
        key: what is to be given to `publish_seen`.
    """

    pairs: Sequence[MatchLine]
    letters: Sequence[Letter]
    unreached: Sequence[Profile]
    left_out: Sequence[Profile]
    missing: int
    undecided: int
    key: str


def preview(session: Session, programme: Programme, kind: Kind) -> Preview:
    """What publishing the approved pairs of a kind would do."""
    lines = sorted(
        list_matches(session, programme, [MatchState.APPROVED], kind), key=lambda line: line.startup.name
    )
    people = {side.id: side for line in lines for side in (line.startup, line.counterpart)}
    plan = read_plan(session, programme, kind)
    return Preview(
        pairs=lines,
        letters=_letters(programme, lines[0]) if lines else [],
        unreached=[side for side in people.values() if not side.email],
        left_out=plan.uncovered if plan.run else [],
        missing=plan.startups - plan.now.covered if plan.run else 0,
        undecided=plan.states.get(MatchState.PROPOSED, 0) + plan.states.get(MatchState.LOCKED, 0),
        key=fingerprint((line.startup.id, line.counterpart.id) for line in lines),
    )


def publish_seen(
    session: Session, programme: Programme, kind: Kind, key: str, *, actor: str, link: Link
) -> AuditEvent:
    """Publish, if the approved pairs are those whose preview had this key.

    Raises:
        Conflict: they are not.
        NotFound: there is none.
    """
    lock_programme(session, programme)
    if fingerprint(approved(session, programme, kind)) != key:
        raise Conflict(
            Message(N_("The approved pairs changed meanwhile. Nothing was published: read the list again."))
        )
    return publish(session, programme, kind, actor=actor, link=link)


def _letters(programme: Programme, line: MatchLine) -> list[Letter]:
    until = utcnow() + ANSWER_WITHIN
    sides = ((line.startup, line.counterpart), (line.counterpart, line.startup))
    return [Letter(reader, *letters.offered(programme, reader, other, until)) for reader, other in sides]
