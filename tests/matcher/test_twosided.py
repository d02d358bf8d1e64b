"""Attention shared out over a programme: one star whom every start-up resembles, and many lesser mentors."""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    AuditEvent,
    Job,
    JobKind,
    Kind,
    Profile,
    Programme,
    Recommendation,
    RecommendationList,
)
from matcher.services import embedding
from matcher.services.errors import NotAllowed
from matcher.services.exposure import MentorExposure, mentor_exposure
from matcher.services.pipeline import recommend_programme
from matcher.services.programmes import set_spread
from matcher.services.recommendations import RecommendedList, read_list
from tests.matcher.factories import SPACE, add, draft

STARTUPS = [f"S{n}" for n in range(6)]
LESSER = [f"M{n}" for n in range(8)]
LENGTH = 2
AXES = np.eye(SPACE.dimensions, dtype=np.float32)
"""The first is what all start-ups need, the last what none does, the others are one start-up's each."""

Lists = dict[str, list[tuple[str, float]]]


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def need(number: int) -> npt.NDArray[np.float32]:
    """What a start-up needs: nearly the same as all the others."""
    return np.float32(0.9**0.5) * AXES[0] + np.float32(0.1**0.5) * AXES[number + 1]


def expertise(common: float, number: int | None = None) -> npt.NDArray[np.float32]:
    """A mentor's, so much of it what all need, and some of it what one start-up in particular does."""
    own = 0.0 if number is None else 0.3
    aside = 0 if number is None else number % len(STARTUPS) + 1
    rest = (1 - common**2 - own**2) ** 0.5
    return (common * AXES[0] + own * AXES[aside] + rest * AXES[-1]).astype(np.float32)


VECTORS = {
    **{f"Need {n}": need(n) for n in range(len(STARTUPS))},
    **{f"Expertise {n}": expertise(0.62 - 0.02 * n, n) for n in range(len(LESSER))},
    "Expertise everybody needs": expertise(0.75),
    "Expertise that is taken": expertise(0.7),
}


@pytest.fixture
def market(engine: Engine, programme: Programme) -> Programme:
    """Six start-ups, a star with one place, eight mentors less like what they need, and a full one."""
    with unit_of_work(engine) as session:
        found = add(
            session, programme,
            *(draft(Kind.STARTUP, ref, needs=(f"Need {n}",)) for n, ref in enumerate(STARTUPS)),
            draft(Kind.MENTOR, "Star", capacity=1, expertise=("Expertise everybody needs",)),
            *(draft(Kind.MENTOR, ref, capacity=2, expertise=(f"Expertise {n}",))
              for n, ref in enumerate(LESSER)),
            draft(Kind.MENTOR, "Full", capacity=0, expertise=("Expertise that is taken",)),
        )  # fmt: skip
        texts = embedding.missing_texts(session, programme.id, found.values(), SPACE)
        vectors = {content_hash: VECTORS[text] for content_hash, text in texts.items()}
        embedding.store_vectors(session, programme.id, vectors, SPACE)
        embedding.mark_embedded(session, programme.id, found.values(), SPACE)
    return programme


def rank(engine: Engine, programme: Programme, folder: Path, spread: float, length: int = LENGTH) -> Lists:
    """The start-ups' lists of mentors, ranked with this spread: refs and scores in order."""
    with unit_of_work(engine) as session:
        session.get_one(Programme, programme.id).spread = spread
    recommend_programme(
        engine, programme.id, snapshots=folder, model=SPACE.model, length=length, progress=silent
    )
    with reading(engine) as session:
        return {
            ref: [(item.profile.ref, item.score) for item in listed(session, ref).items] for ref in STARTUPS
        }


def listed(session: Session, ref: str) -> RecommendedList:
    kind = Kind.STARTUP if ref not in STARTUPS else Kind.MENTOR
    return read_list(session, session.scalars(select(Profile).where(Profile.ref == ref)).one(), kind)


def counted(lists: Lists) -> Counter[str]:
    """On how many lists each mentor is."""
    return Counter(ref for items in lists.values() for ref, _ in items)


def exposed(engine: Engine, programme: Programme) -> MentorExposure | None:
    with reading(engine) as session:
        return mentor_exposure(session, session.get_one(Programme, programme.id))


def test_at_full_spread_no_eligible_mentor_is_unseen_and_the_star_is_on_fewer_lists(
    engine: Engine, market: Programme, tmp_path: Path
) -> None:
    plain = counted(rank(engine, market, tmp_path, 0.0))
    assert plain["Star"] == len(STARTUPS)
    assert set(LESSER) - set(plain)

    spread = counted(rank(engine, market, tmp_path, 1.0))

    assert set(spread) == {"Star", *LESSER}
    assert spread["Star"] < plain["Star"]
    assert spread.total() == plain.total() == LENGTH * len(STARTUPS)


def test_without_spread_lists_are_in_the_order_of_scores(
    engine: Engine, market: Programme, tmp_path: Path
) -> None:
    whole = rank(engine, market, tmp_path, 0.0, length=20)
    cut = rank(engine, market, tmp_path, 0.0)

    for ref, items in whole.items():
        assert items == sorted(items, key=lambda item: -item[1])
        assert len(items) == 1 + len(LESSER)
        assert [other for other, _ in cut[ref]] == [other for other, _ in items[:LENGTH]]


def test_a_pair_has_one_score_whatever_the_spread(engine: Engine, market: Programme, tmp_path: Path) -> None:
    plain = rank(engine, market, tmp_path, 0.0, length=20)
    spread = rank(engine, market, tmp_path, 1.0, length=20)

    assert spread != plain
    for ref, items in spread.items():
        assert dict(items) == pytest.approx(dict(plain[ref]), abs=1e-6)


def test_who_stands_lower_than_their_score_is_said_to_be_in_demand(
    engine: Engine, market: Programme, tmp_path: Path
) -> None:
    rank(engine, market, tmp_path, 0.0, length=20)
    with reading(engine) as session:
        every = [item for ref in (*STARTUPS, "Star") for item in listed(session, ref).items]
    assert [item for item in every if item.lowered] == []

    rank(engine, market, tmp_path, 1.0, length=20)
    said = 0
    with reading(engine) as session:
        for ref in STARTUPS:
            items = listed(session, ref).items
            for place, item in enumerate(items):
                is_lower = any(other.score < item.score - 1e-5 for other in items[:place])
                assert (item.lowered is not None) == is_lower
                assert item.lowered is None or "others need this mentor too" in str(item.lowered)
                said += is_lower and item.profile.ref == "Star"
    assert said > 0


def test_a_start_up_that_stands_lower_on_a_mentors_list_is_not_called_a_mentor(
    engine: Engine, market: Programme, tmp_path: Path
) -> None:
    rank(engine, market, tmp_path, 0.0)
    with unit_of_work(engine) as session:
        items = listed(session, "Star").items
        last = select(Recommendation).where(Recommendation.candidate_id == items[-1].profile.id)
        mine = last.join(RecommendationList).join(Profile, Profile.id == RecommendationList.subject_id)
        session.scalars(mine.where(Profile.ref == "Star")).one().score = 0.99
    with reading(engine) as session:
        *above, lowest = [item.lowered for item in listed(session, "Star").items]
    assert set(above) == {None}
    assert "other mentors could help this start-up too" in str(lowest)


def test_exposure_counts_what_the_stored_lists_show(
    engine: Engine, market: Programme, tmp_path: Path
) -> None:
    assert exposed(engine, market) is None  # nothing is ranked yet
    for spread in (0.0, 1.0):
        counts = counted(rank(engine, market, tmp_path, spread))
        unseen = len(LESSER) + 1 - len(counts)  # the full one is not eligible
        assert exposed(engine, market) == MentorExposure(max(counts.values()), unseen)
    with unit_of_work(engine) as session:
        other = Programme(organisation_id=market.organisation_id, slug="other", name="Other")
        session.add(other)
    assert exposed(engine, other) is None


def steps(session: Session, programme: Programme) -> list[AuditEvent]:
    """What the log has about the programme's spread."""
    found = select(AuditEvent).where(AuditEvent.programme_id == programme.id)
    return list(session.scalars(found.where(AuditEvent.action == "programme.spread")))


def waiting(session: Session, programme: Programme) -> list[str]:
    return list(session.scalars(select(Job.kind).where(Job.programme_id == programme.id)))


def test_a_new_spread_is_audited_and_the_programme_is_ranked_anew_once(
    engine: Engine, programme: Programme
) -> None:
    with unit_of_work(engine) as session:
        ours = session.get_one(Programme, programme.id)
        session.flush()
        assert set_spread(session, ours, 0.75, "ada")
        assert set_spread(session, ours, 1, "ada")
    with reading(engine) as session:
        ours = session.get_one(Programme, programme.id)
        assert ours.spread == 1.0
        assert waiting(session, ours) == [JobKind.RECOMMEND]
        assert [(e.actor, e.subject, e.before, e.after) for e in steps(session, ours)] == [
            ("ada", f"programme:{ours.id}", {"spread": 0.0}, {"spread": 0.75}),
            ("ada", f"programme:{ours.id}", {"spread": 0.75}, {"spread": 1}),
        ]


def test_the_spread_that_it_has_already_changes_nothing(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        ours = session.get_one(Programme, programme.id)
        session.flush()
        assert not set_spread(session, ours, 0.0, "ada")
    with reading(engine) as session:
        ours = session.get_one(Programme, programme.id)
        assert ours.spread == 0.0
        assert waiting(session, ours) == []
        assert steps(session, ours) == []


@pytest.mark.parametrize("spread", [-0.01, 1.01, float("nan"), float("inf"), -float("inf")])
def test_a_spread_out_of_bounds_is_refused(engine: Engine, programme: Programme, spread: float) -> None:
    with unit_of_work(engine) as session:
        ours = session.get_one(Programme, programme.id)
        with pytest.raises(NotAllowed, match="from 0 to 1"):
            set_spread(session, ours, spread, "ada")
    with reading(engine) as session:
        ours = session.get_one(Programme, programme.id)
        assert ours.spread == 0.0
        assert waiting(session, ours) == []
        assert steps(session, ours) == []
