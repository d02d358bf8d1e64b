"""What a manager does with pairs: approve, reject, lock, swap, move. `steps.undo` takes any of it back."""

from collections.abc import Iterable, Mapping
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import (
    FAILED,
    AuditEvent,
    Kind,
    Match,
    MatchState,
    Profile,
    Programme,
    Recommendation,
    RecommendationList,
)
from matcher.profiles.text import clean
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.locking import lock_programme
from matcher.services.proposals import band_of, latest_proposal, scores_of
from matcher.services.steps import Image, Pair, find, fingerprint, image_of, in_state, take
from matcher.wording import N_, Message

MEANWHILE = N_("Somebody decided about this pair again meanwhile.")

Decision = Literal["approved", "rejected", "locked", "unlocked"]

OPEN = frozenset({MatchState.PROPOSED, MatchState.LOCKED, MatchState.APPROVED})
"""States that only managers know of, in which a pair can be moved."""
_DECIDABLE = OPEN | FAILED | {MatchState.REJECTED}
_FROM: Mapping[Decision, frozenset[str]] = {
    "approved": frozenset({"", *_DECIDABLE}),
    "rejected": frozenset({"", *_DECIDABLE}),
    "locked": frozenset({"", *_DECIDABLE}),
    "unlocked": frozenset({MatchState.LOCKED}),
}
"""From which states each decision can be taken; "": nobody has said anything yet."""
_INTO: Mapping[Decision, MatchState] = {
    "approved": MatchState.APPROVED,
    "rejected": MatchState.REJECTED,
    "locked": MatchState.LOCKED,
    "unlocked": MatchState.PROPOSED,
}
BANDS = ("possible", "good", "strong")
"""From the least to the best."""


def can_decide(state: str | None, decision: Decision) -> bool:
    """Whether the decision says anything new about a pair in this state, and may be taken."""
    return (state or "") in _FROM[decision] and state != _INTO[decision]


def decide(
    session: Session,
    programme: Programme,
    startup_id: int,
    counterpart_id: int,
    decision: Decision,
    *,
    actor: str,
    note: str = "",
    seen: str | None = None,
) -> AuditEvent:
    """Take a decision about one pair. `seen` is the state that the manager looked at ("" for none).

    Raises:
        NotFound: the programme has no such start-up and counterpart.
        Conflict: somebody else decided meanwhile.
        CapacityReached: the mentor has no place left.
        NotAllowed: a rule of eligibility excludes the pair, or it is past deciding.
    """
    lock_programme(session, programme)
    pair = (startup_id, counterpart_id)
    image = image_of(find(session, programme, [pair]).get(pair))
    state = image.get("state", "")
    if seen is not None and seen != state:
        raise Conflict(Message(MEANWHILE))
    if state not in _FROM[decision]:
        raise NotAllowed(Message(N_("This pair was offered to both sides. Withdraw the offer first.")))
    image = image or recommended(session, programme, pair)
    kept: Image = {name: image[name] for name in ("score", "band", "reasons") if name in image}
    changes = {pair: in_state(_INTO[decision], kept, note=clean(note).strip()[:1_000])}
    return take(
        session, programme, actor, f"match.{decision}", changes,
        before={"state": state or None}, after={"state": _INTO[decision].value},
    )  # fmt: skip


def approvable(session: Session, programme: Programme, kind: Kind, band: str) -> dict[Pair, Image]:
    """The proposed and locked pairs whose band is `band` or better, as they are."""
    bands = BANDS[BANDS.index(band) :] if band in BANDS else ()
    images = _images(session, programme, kind, [MatchState.PROPOSED, MatchState.LOCKED])
    return {pair: image for pair, image in images.items() if image.get("band") in bands}


def approve_from(
    session: Session, programme: Programme, kind: Kind, band: str, *, actor: str, seen: str | None = None
) -> AuditEvent:
    """Approve every pair that is `approvable`, in one step.

    `seen` is the `fingerprint` of those that the manager was told of.

    Raises:
        Conflict: they are others than were seen, be they as many.
        CapacityReached, NotAllowed: there is none, or one is no longer possible; nothing is approved.
    """
    lock_programme(session, programme)
    found = approvable(session, programme, kind, band)
    if not found:
        raise NotAllowed(Message(N_("There is no such pair to approve.")))
    if seen is not None and seen != fingerprint(found):
        raise Conflict(
            Message(
                N_(
                    "These pairs changed meanwhile; now there are %(count)d. Nothing was approved: look at "
                    "them again."
                ),
                {"count": len(found)},
            )
        )
    changes = {pair: in_state(MatchState.APPROVED, image) for pair, image in found.items()}
    after = {"band": band, "pairs": len(changes)}
    return take(session, programme, actor, "match.approved", changes, after=after)


def move(
    session: Session,
    programme: Programme,
    pair: Pair,
    counterpart_id: int,
    *,
    actor: str,
    seen: str | None = None,
) -> AuditEvent:
    """Give a start-up another counterpart instead; runs keep the new pair. `seen` is as in `decide`.

    Raises:
        NotFound, NotAllowed, CapacityReached: as `decide`; also if there is no such open pair.
        Conflict: the two are a pair already, or somebody decided about the old one meanwhile.
    """
    lock_programme(session, programme)
    return take(
        session, programme, actor, "match.moved",
        _rearranged(session, programme, {pair: seen}, [(pair[0], counterpart_id)]),
    )  # fmt: skip


def swap(
    session: Session,
    programme: Programme,
    one: Pair,
    other: Pair,
    *,
    actor: str,
    seen: tuple[str, str] | None = None,
) -> AuditEvent:
    """Exchange the counterparts of two start-ups; runs keep both new pairs. `seen` are their states.

    Raises:
        NotFound, NotAllowed, CapacityReached: as `decide`; also if one of them is no open pair.
        Conflict: one of the new pairs is there already, there is nothing to exchange, or somebody
            decided about one of the old ones meanwhile.
    """
    lock_programme(session, programme)
    crossed = [(one[0], other[1]), (other[0], one[1])]
    old = dict(zip((one, other), seen or (None, None), strict=True))
    return take(
        session, programme, actor, "match.swapped",
        _rearranged(session, programme, old, crossed),
    )  # fmt: skip


def _rearranged(
    session: Session, programme: Programme, old: Mapping[Pair, str | None], new: list[Pair]
) -> dict[Pair, Image]:
    """Images in which the old pairs, as they were seen, are gone and the new ones are locked."""
    present = find(session, programme, [*old, *new])
    for pair, seen in old.items():
        if pair not in present or present[pair].state not in OPEN:
            raise NotAllowed(Message(N_("Only a pair that is proposed, locked or approved can be moved.")))
        if seen is not None and seen != present[pair].state:
            raise Conflict(Message(MEANWHILE))
    for pair in new:
        if pair in present and present[pair].state not in FAILED | {MatchState.REJECTED}:
            raise Conflict(Message(N_("They are a pair already.")))
    return {
        **{pair: {} for pair in old},
        **{pair: in_state(MatchState.LOCKED, recommended(session, programme, pair)) for pair in new},
    }


def _images(
    session: Session, programme: Programme, kind: Kind, states: Iterable[MatchState]
) -> dict[Pair, Image]:
    """The images of a programme's matches of one kind in these states."""
    rows = session.scalars(
        select(Match)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Match.state.in_(list(states)), Profile.kind == kind)
    )
    return {(match.startup_id, match.counterpart_id): image_of(match) for match in rows}


def recommended(session: Session, programme: Programme, pair: Pair) -> Image:
    """What the start-up's list says of the pair, or else the score that the latest run gave it."""
    item = session.scalars(
        select(Recommendation)
        .join(RecommendationList)
        .where(RecommendationList.subject_id == pair[0], Recommendation.candidate_id == pair[1])
    ).first()
    if item is not None:
        return {"score": item.score, "band": item.band, "reasons": item.reasons}
    counterpart = session.get(Profile, pair[1])
    run = counterpart and latest_proposal(session, programme, Kind(counterpart.kind))
    score = scores_of(run).get(pair) if run else None
    return {} if score is None else {"score": score, "band": band_of(score)}
