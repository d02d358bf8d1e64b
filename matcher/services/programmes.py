"""Programmes, and what a manager sees first about one."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from matcher.models import (
    FAILED,
    HELD,
    SIDES,
    Account,
    Funder,
    JobKind,
    Kind,
    Match,
    MatchState,
    Mentor,
    Organisation,
    Profile,
    Programme,
    Recommendation,
    RecommendationList,
    Startup,
)
from matcher.profiles.text import clean, fold
from matcher.services import audit
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.jobs import WorkState, enqueue_once, work_state
from matcher.services.places import places_stated
from matcher.services.presence import has_left
from matcher.services.recommendations import Reason, load_reasons
from matcher.services.rules import current_rules
from matcher.wording import N_, Message


@dataclass(frozen=True, slots=True)
class PairLine:
    """A recommended pair, for lists of the best."""

    startup: Profile
    counterpart: Profile
    score: float
    band: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class SectorBalance:
    """Start-ups in a sector against the places that its mentors have, and its funding partners."""

    sector: str
    startups: int
    places: int
    funders: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of a programme in figures, without those who left.

    `matched` counts the start-ups with at least one recommended mentor or funding partner; `without`
    names those with none. `undecided` pairs are proposed and wait for a manager, `unanswered` ones for
    their two sides.
    """

    counts: dict[Kind, int]
    matched: dict[Kind, int]
    without: dict[Kind, list[Profile]]
    approved: dict[Kind, int]
    undecided: dict[Kind, int]
    unanswered: dict[Kind, int]
    best: dict[Kind, list[PairLine]]
    demand: list[SectorBalance]
    work: WorkState


_COUNTERPARTS = (Kind.MENTOR, Kind.FUNDER)


def create_programme(
    session: Session, *, slug: str, name: str, organisation: str, is_sample: bool = False
) -> Programme:
    """A new programme, run by a new organisation."""
    owner = Organisation(slug=slug, name=organisation)
    session.add(owner)
    session.flush()
    programme = Programme(organisation_id=owner.id, slug=slug, name=name, is_sample=is_sample)
    session.add(programme)
    session.flush()
    return programme


def start_programme(session: Session, name: str) -> Programme:
    """A manager's own programme, at an address made of its name.

    Raises:
        Conflict: the name has no letter or digit, or another programme has its address.
    """
    name = clean(name)[:120]
    slug = fold(name).replace(" ", "-")[:60].strip("-")
    if not slug:
        raise Conflict(Message(N_("Give the programme a name with letters or digits.")))
    if session.scalar(select(Programme.id).where(Programme.slug == slug)):
        raise Conflict(Message(N_("There is a programme with this name already.")))
    return create_programme(session, slug=slug, name=name, organisation=name)


def remove_sample(session: Session, programme: Programme) -> None:
    """Delete the sample programme with everything in it.

    Raises:
        NotAllowed: it is not the sample, or there is no other programme to go on with.
    """
    others = session.scalar(select(func.count()).where(Programme.id != programme.id))
    if not programme.is_sample or not others:
        raise NotAllowed(
            Message(N_("Only the sample programme can be removed, once there is another programme."))
        )
    session.execute(delete(Organisation).where(Organisation.id == programme.organisation_id))
    session.execute(delete(Account).where(Account.is_sample))


def set_spread(session: Session, programme: Programme, spread: float, actor: str) -> bool:
    """Say whom the lists favour, and ask to rank the whole programme anew; False if it was so already.

    Raises:
        NotAllowed: it lies outside [0, 1].
    """
    if not 0 <= spread <= 1:
        raise NotAllowed(Message(N_("The spread must be a number from 0 to 1.")))
    session.refresh(programme, with_for_update=True)
    before = programme.spread
    if spread == before:
        return False
    programme.spread = spread
    audit.record(
        session, programme.id, actor, "programme.spread", f"programme:{programme.id}",
        before={"spread": before}, after={"spread": spread},
    )  # fmt: skip
    enqueue_once(session, programme.id, JobKind.RECOMMEND)
    return True


def list_programmes(session: Session) -> list[Programme]:
    """All programmes, by name."""
    return list(session.scalars(select(Programme).order_by(Programme.name)))


def get_programme(session: Session, slug: str) -> Programme:
    """The programme at this address.

    Raises:
        NotFound: there is none.
    """
    programme = session.scalars(select(Programme).where(Programme.slug == slug)).first()
    if programme is None:
        raise NotFound(Message(N_("There is no programme at this address.")))
    return programme


def overview(session: Session, programme: Programme) -> Overview:
    """What the first page shows."""
    rows = session.execute(
        select(Profile.kind, func.count())
        .where(Profile.programme_id == programme.id, ~has_left())
        .group_by(Profile.kind)
    )
    found = {Kind(kind): count for kind, count in rows}
    counts = {kind: found.get(kind, 0) for kind in Kind}
    without = {kind: _without(session, programme, kind) for kind in _COUNTERPARTS}
    return Overview(
        counts=counts,
        matched={kind: counts[Kind.STARTUP] - len(without[kind]) for kind in _COUNTERPARTS},
        without=without,
        approved=_count_pairs(session, programme, HELD - {MatchState.LOCKED}),
        undecided=_count_pairs(session, programme, {MatchState.PROPOSED}),
        unanswered=_count_pairs(session, programme, {MatchState.OFFERED}),
        best={kind: best_pairs(session, programme, kind) for kind in _COUNTERPARTS},
        demand=sector_balance(session, programme),
        work=work_state(session, programme),
    )


def best_pairs(session: Session, programme: Programme, kind: Kind, limit: int = 5) -> list[PairLine]:
    """The highest-scoring pairs, each start-up and each counterpart at most once; none that was rejected."""
    rejected = select(Match.id).where(
        Match.startup_id == RecommendationList.subject_id,
        Match.counterpart_id == Recommendation.candidate_id,
        Match.state.in_([MatchState.REJECTED, *FAILED]),
    )
    rows = session.execute(
        select(RecommendationList.subject_id, Recommendation)
        .join(Recommendation)
        .where(
            ~rejected.exists(),
            RecommendationList.programme_id == programme.id,
            RecommendationList.candidate_kind == kind,
            Recommendation.rank <= limit,
        )
        .order_by(Recommendation.score.desc(), RecommendationList.subject_id)
        .limit(limit * 40)
    ).all()
    chosen: list[tuple[int, Recommendation]] = []
    seen: set[int] = set()
    for subject_id, item in rows:
        if len(chosen) < limit and subject_id not in seen and item.candidate_id not in seen:
            chosen.append((subject_id, item))
            seen |= {subject_id, item.candidate_id}
    profiles = {p.id: p for p in session.scalars(select(Profile).where(Profile.id.in_(seen)))}
    return [
        PairLine(profiles[s], profiles[i.candidate_id], i.score, i.band, load_reasons(i)) for s, i in chosen
    ]


def sector_balance(session: Session, programme: Programme) -> list[SectorBalance]:
    """Sectors by the number of start-ups in them. A mentor's places count in each of their sectors."""
    startups, funders = (_count_sectors(session, programme, model) for model in (Startup, Funder))
    places: Counter[str] = Counter()
    rules = current_rules(session, programme)[1]
    mentors = session.execute(
        select(Mentor.sectors, Mentor.capacity).where(Mentor.programme_id == programme.id, ~Mentor.is_paused)
    )
    for sectors, capacity in mentors:
        places.update(dict.fromkeys(sectors, places_stated(Kind.MENTOR, capacity, rules) or 0))
    every = startups.keys() | places.keys() | funders.keys()
    ordered = sorted(every, key=lambda sector: (-startups[sector], -places[sector], sector))
    return [SectorBalance(sector, startups[sector], places[sector], funders[sector]) for sector in ordered]


def _without(session: Session, programme: Programme, kind: Kind) -> list[Profile]:
    """Start-ups for which the ranking found nobody; those not ranked yet are not among them."""
    some = select(Recommendation.id).where(Recommendation.list_id == RecommendationList.id)
    return list(
        session.scalars(
            select(Profile)
            .join(RecommendationList, RecommendationList.subject_id == Profile.id)
            .where(
                Profile.programme_id == programme.id,
                Profile.kind == Kind.STARTUP,
                RecommendationList.candidate_kind == kind,
                ~some.exists(),
                ~has_left(),
            )
            .order_by(Profile.name)
        )
    )


def _count_pairs(session: Session, programme: Programme, states: Collection[MatchState]) -> dict[Kind, int]:
    """How many pairs are in these states, by the counterparts' kind."""
    _, counterpart = SIDES
    rows = session.execute(
        select(counterpart.kind, func.count())
        .join(Match, Match.counterpart_id == counterpart.id)
        .where(Match.programme_id == programme.id, Match.state.in_(states))
        .group_by(counterpart.kind)
    )
    found = {Kind(kind): count for kind, count in rows}
    return {kind: found.get(kind, 0) for kind in _COUNTERPARTS}


def _count_sectors(session: Session, programme: Programme, model: type[Profile]) -> Counter[str]:
    lists = session.scalars(select(model.sectors).where(model.programme_id == programme.id, ~has_left(model)))
    return Counter(sector for sectors in lists for sector in sectors)
