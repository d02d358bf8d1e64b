"""Who may ask for whom now, and why not, in words for whoever asks: no manager's note, no places counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from matcher.models import HELD, Introduction, IntroductionState, Kind, Match, MatchState, Profile, Programme
from matcher.ranking.eligibility import RULE_MESSAGES, Rule, exclusions
from matcher.ranking.table import FactTable
from matcher.services.bars import bar_between
from matcher.services.capacity import held_by, settled_for
from matcher.services.cohort_blob import Bar
from matcher.services.errors import NotFound
from matcher.services.places import places_of, startup_places
from matcher.services.roster import load_facts
from matcher.services.rules import current_rules
from matcher.services.steps import Pair
from matcher.wording import N_, Message

MOST_OPEN: Mapping[str, int] = {"startup": 5, "counterpart": 20}
"""Requests that each side may have open at once."""
_MOST_TAKEN_BACK = 2
"""After so many requests for one pair that were taken back, the other side is left in peace."""
IS_ROUTED = Introduction.state == IntroductionState.ROUTED
"""Whether a request waits for a manager."""
TOLD = (MatchState.OFFERED, MatchState.ACTIVE)

_PAUSED = N_("You have paused, so nobody new is put together with you. End the pause before you ask.")
_THEY_PAUSED = N_(
    "%(name)s takes nobody new at present. Keep them on your shortlist and ask later, or ask somebody else."
)
_THEY_ARE_FULL = N_(
    "%(name)s has no place left at present. Keep them on your shortlist and ask later, or ask somebody else."
)
_STATES: Mapping[str, str] = {
    MatchState.ACTIVE: N_("You and %(name)s are a match already."),
    MatchState.OFFERED: N_("You and %(name)s are being asked already. Look under Requests."),
    MatchState.REJECTED: N_(
        "Your programme managers see no match between you and %(name)s. Ask somebody else, or write to them "
        "if you see it otherwise."
    ),
    MatchState.ENDED: N_(
        "You and %(name)s were a match before. To begin again, write to your programme manager."
    ),
}
_FAILED = N_(
    "You and %(name)s were asked before, and it did not come about. Ask somebody else, or write to your "
    "programme manager if things have changed."
)
_UNDER_WAY = N_(
    "Your programme managers are looking at you and %(name)s already. You hear from them as soon as they "
    "have decided."
)
_REFUSED = N_("Your programme managers did not pass on your request to %(name)s. Ask somebody else.")
_TAKEN_BACK = N_("You have withdrawn your request to %(name)s twice. Ask somebody else.")
_TOO_MANY = N_(
    "%(count)d of your requests are open, and no more can be at once. Withdraw one, or wait for an answer."
)
_CONFLICT = N_("The programme cannot put you together with %(name)s. Ask somebody else.")
_BARRED = N_("You and %(name)s cannot be put together: %(rule)s.")
_HOURS = N_("your working hours are too far apart")
_HAS_ALL: Mapping[tuple[Kind, Kind], str] = {
    (Kind.STARTUP, Kind.MENTOR): N_(
        "You have, or are being put together with, as many mentors as this programme gives to a start-up. "
        "You can ask again once one of these matches is over, or does not come about."
    ),
    (Kind.STARTUP, Kind.FUNDER): N_(
        "You have, or are being put together with, as many funding partners as this programme introduces to "
        "a start-up. You can ask again once one of these is over, or does not come about."
    ),
    (Kind.FUNDER, Kind.STARTUP): N_(
        "You have as many introductions as you take at once. You can express interest again once one of them "
        "is over."
    ),
}


@dataclass(frozen=True, slots=True)
class Sides:
    """A start-up and a counterpart, and which of them asks."""

    startup: Profile
    counterpart: Profile
    by: str

    @property
    def pair(self) -> Pair:
        """Their ids."""
        return self.startup.id, self.counterpart.id

    @property
    def asker(self) -> Profile:
        """Whoever asks."""
        return self.startup if self.by == "startup" else self.counterpart

    @property
    def asked(self) -> Profile:
        """Whoever is asked."""
        return self.counterpart if self.by == "startup" else self.startup

    @property
    def kind(self) -> Kind:
        """What the counterpart is."""
        return Kind(self.counterpart.kind)


def sides_of(session: Session, programme: Programme, pair: Pair, by: str) -> Sides:
    """Both profiles.

    Raises:
        NotFound: the programme has no such start-up and counterpart.
    """
    startup, other = (session.get(Profile, profile_id, populate_existing=True) for profile_id in pair)
    if (
        startup is None
        or other is None
        or {startup.programme_id, other.programme_id} != {programme.id}
        or startup.kind != Kind.STARTUP
        or other.kind == Kind.STARTUP
    ):
        raise NotFound(Message(N_("There is no such pair in this programme.")))
    return Sides(startup, other, by)


def obstacle(session: Session, programme: Programme, sides: Sides) -> Message | None:
    """Why the one cannot ask for the other now; None: they can."""
    return (
        _pause(sides)
        or _past(session, sides)
        or _too_many(session, sides.asker, sides.by)
        or _ineligible(session, programme, sides)
        or _full(session, programme, sides)
    )


def own_obstacle(session: Session, programme: Programme, asker: Profile, towards: Kind) -> Message | None:
    """Why somebody can ask for nobody of a kind now; None: they can. Mentors are asked, and ask nobody."""
    if asker.kind == Kind.MENTOR:
        return None
    by = "startup" if asker.kind == Kind.STARTUP else "counterpart"
    if asker.is_paused:
        return Message(_PAUSED)
    return _too_many(session, asker, by) or _has_all(session, programme, asker, towards)


def current(session: Session, match: Match) -> Introduction | None:
    """The request that brought an offer about; None if managers did."""
    return session.scalars(
        select(Introduction).where(
            Introduction.startup_id == match.startup_id,
            Introduction.counterpart_id == match.counterpart_id,
            Introduction.state == IntroductionState.OFFERED,
            Introduction.decided_at == match.offered_at,
        )
    ).first()


def count_open(session: Session, profile_id: int, by: str) -> int:
    """How many of somebody's requests wait for a manager or for an answer."""
    own = Introduction.startup_id if by == "startup" else Introduction.counterpart_id
    waits = (
        (Introduction.state == IntroductionState.OFFERED)
        & (Match.state == MatchState.OFFERED)
        & (Match.offered_at == Introduction.decided_at)
    )
    same_pair = and_(
        Match.startup_id == Introduction.startup_id, Match.counterpart_id == Introduction.counterpart_id
    )
    query = select(func.count()).select_from(Introduction).outerjoin(Match, same_pair)
    return (
        session.scalar(
            query.where(own == profile_id, Introduction.asked_by == by, or_(IS_ROUTED, waits))
        )
        or 0
    )  # fmt: skip


def _pause(sides: Sides) -> Message | None:
    if sides.asker.is_paused:
        return Message(_PAUSED)
    return _about(_THEY_PAUSED, sides) if sides.asked.is_paused else None


def _past(session: Session, sides: Sides) -> Message | None:
    """What was said about the pair before."""
    before = session.scalars(
        select(Introduction)
        .where(
            Introduction.startup_id == sides.startup.id, Introduction.counterpart_id == sides.counterpart.id
        )
        .order_by(Introduction.id)
    ).all()
    own = [found for found in before if found.asked_by == sides.by]
    match = _match(session, sides.pair)
    state = match.state if match else None
    if state is not None and state in _STATES:
        return _about(_STATES[state], sides)
    if any(found.state == IntroductionState.ROUTED for found in before):
        return _about(_UNDER_WAY, sides)
    if any(found.state == IntroductionState.REFUSED for found in own):
        return _about(_REFUSED, sides)
    withdrawn = [found for found in own if found.state == IntroductionState.WITHDRAWN]
    if len(withdrawn) >= _MOST_TAKEN_BACK:
        return _about(_TAKEN_BACK, sides)
    # What was taken back before it was answered, by whoever asked or for them, they may ask once more.
    is_over = state in {MatchState.DECLINED, MatchState.EXPIRED, MatchState.WITHDRAWN}
    filled = [found for found in own if found.state == IntroductionState.FILLED]
    taken_back = before and before[-1] in [*withdrawn, *filled]
    if is_over and not (state == MatchState.WITHDRAWN and taken_back):
        return _about(_FAILED, sides)
    return None


def _too_many(session: Session, asker: Profile, by: str) -> Message | None:
    count = count_open(session, asker.id, by)
    return Message(_TOO_MANY, {"count": count}) if count >= MOST_OPEN[by] else None


def _ineligible(session: Session, programme: Programme, sides: Sides) -> Message | None:
    facts = load_facts(session, programme, sides.pair)
    ours, theirs = facts[sides.startup.id], facts[sides.counterpart.id]
    for rule, excluded in exclusions(ours, FactTable([theirs]), sides.kind).items():
        if excluded[0] and rule is Rule.CONFLICT:  # whoever declared it did so to the managers
            return _about(_CONFLICT, sides)
        if excluded[0] and rule is not Rule.CAPACITY:
            return _about(_BARRED, sides, rule=RULE_MESSAGES[rule])
    bar = bar_between(current_rules(session, programme)[1], ours, theirs)
    if bar is Bar.FREE:
        return None
    rule_of = {Bar.LANGUAGE: RULE_MESSAGES[Rule.LANGUAGE]}
    return _about(_BARRED, sides, rule=rule_of.get(bar, Message(_HOURS)))


def _full(session: Session, programme: Programme, sides: Sides) -> Message | None:
    match = _match(session, sides.pair)
    if match is not None and match.state in HELD:
        return None  # the place is theirs already
    if _is_full(session, programme, sides.asked, Kind(sides.asker.kind)):
        return _about(_THEY_ARE_FULL, sides)
    return _has_all(session, programme, sides.asker, Kind(sides.asked.kind))


def _has_all(session: Session, programme: Programme, asker: Profile, towards: Kind) -> Message | None:
    """A start-up's own requests do not count: it may ask several, and whoever accepts first has the place."""
    if asker.kind == Kind.STARTUP:
        most = startup_places(current_rules(session, programme)[1], towards)
        is_full = settled_for(session, asker.id, towards) >= most
    else:
        is_full = _is_full(session, programme, asker, towards)
    return Message(_HAS_ALL[Kind(asker.kind), towards]) if is_full else None


def _is_full(session: Session, programme: Programme, profile: Profile, towards: Kind) -> bool:
    """Whether somebody has as many of a kind as they may have."""
    most = places_of(profile, current_rules(session, programme)[1], towards)
    return most is not None and held_by(session, [profile.id])[profile.id, towards] >= most


def _match(session: Session, pair: Pair) -> Match | None:
    return session.scalars(
        select(Match)
        .where(Match.startup_id == pair[0], Match.counterpart_id == pair[1])
        .execution_options(populate_existing=True)
    ).first()


def _about(template: str, sides: Sides, **params: object) -> Message:
    return Message(template, {"name": sides.asked.name, **params})
