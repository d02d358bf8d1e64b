"""Changes worked in one by one: the lists are those that ranking the whole anew would give."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, select

from matcher.db import reading, unit_of_work
from matcher.models import Job, JobKind, JobState, Kind, Profile, Programme, Ranking, RecommendationList
from matcher.models import Recommendation as Item
from matcher.profiles.reading import ProfileDraft
from matcher.services import embedding, profiles, review
from matcher.services.errors import ServiceError
from matcher.services.incremental import IncrementConfig
from matcher.services.live import LiveRecommender
from matcher.services.pipeline import recommend, recommend_programme
from tests.matcher.factories import SPACE, add, any_vectors, draft, ids, make_programme
from tests.matcher.test_random_programmes import drafts

ALWAYS = IncrementConfig(whole_up_to=0, most_changed=1.0)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is computed, not stored: it is the same on both."""
Lists = dict[tuple[str, str], list[tuple[Any, ...]]]


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def read_lists(engine: Engine, programme: Programme) -> Lists:
    """Every list by its subject's ref and its candidates' kind: ref, rank, score and what is told of each."""
    with reading(engine) as session:
        refs = {i: ref for ref, i in ids(session, programme).items()}
        rows = session.execute(
            select(RecommendationList, Item)
            .outerjoin(Item, Item.list_id == RecommendationList.id)
            .where(RecommendationList.programme_id == programme.id)
            .order_by(RecommendationList.id, Item.rank)
        )
        found: Lists = {}
        for ranked, item in rows:
            assert not ranked.stale
            lines = found.setdefault((refs[ranked.subject_id], ranked.candidate_kind), [])
            if item is not None:
                told = (item.band, item.reasons, sorted(item.parts))
                lines.append((refs[item.candidate_id], item.rank, round(item.score, 5), *told))
        return found


def follow(engine: Engine, programme: Programme, live: LiveRecommender) -> int:
    """Embed whom jobs say, and work every change in."""
    embed_asked(engine, programme)
    return recommend(
        engine, programme.id, live=live, model=SPACE.model, progress=silent, config=ALWAYS
    )  # fmt: skip


def embed_asked(engine: Engine, programme: Programme) -> None:
    """Do the embedding jobs, without a model."""
    with unit_of_work(engine) as session:
        waiting = session.scalars(
            select(Job).where(
                Job.programme_id == programme.id, Job.kind == JobKind.EMBED, Job.state == JobState.QUEUED
            )
        ).all()
        asked = {profile_id for job in waiting for profile_id in job.payload["profile_ids"]}
        for job in waiting:
            job.state = JobState.DONE
        present = [profile_id for profile_id in ids(session, programme).values() if profile_id in asked]
        texts = embedding.missing_texts(session, programme.id, present, SPACE)
        embedding.store_vectors(session, programme.id, any_vectors(texts), SPACE)
        embedding.mark_embedded(session, programme.id, present, SPACE)


def rank_whole(engine: Engine, programme: Programme, folder: Path, length: int) -> Lists:
    """The lists that ranking the whole gives now."""
    recommend_programme(
        engine, programme.id, snapshots=folder, model=SPACE.model, length=length, progress=silent
    )
    return read_lists(engine, programme)


REFS = {"S": Kind.STARTUP, "M": Kind.MENTOR, "F": Kind.FUNDER}
NAMED = [f"{letter}{number}" for letter in REFS for number in range(1, 5)]
SAVE = st.sampled_from(NAMED).flatmap(lambda ref: st.tuples(st.just("save"), drafts(REFS[ref[0]], ref)))
REMOVE = st.tuples(st.just("remove"), st.sampled_from(NAMED))
DECIDE = st.tuples(
    st.sampled_from(("approved", "rejected")),
    st.tuples(st.sampled_from(NAMED[:4]), st.sampled_from(NAMED[4:])),
)


def change(engine: Engine, programme: Programme, action: str, what: Any) -> None:
    """What somebody does, if it can be done."""
    with unit_of_work(engine) as session:
        programme = session.get_one(Programme, programme.id)
        known = ids(session, programme)
        if action == "save":
            add(session, programme, what)
        elif action == "remove" and what in known:
            kind = REFS[what[0]]
            profiles.remove_profile(session, programme, kind, known[what], actor="test")
        elif action in ("approved", "rejected") and all(ref in known for ref in what):
            startup, other = (known[ref] for ref in what)
            try:
                review.decide(session, programme, startup, other, action, actor="test")  # type: ignore[arg-type]
            except ServiceError:
                session.rollback()


@settings(
    max_examples=40,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    first=st.tuples(*(drafts(REFS[ref[0]], ref) for ref in NAMED if ref[1] in "12")),
    then=st.lists(st.lists(SAVE | REMOVE | DECIDE, min_size=1, max_size=3), min_size=1, max_size=3),
)
def test_changes_worked_in_give_what_the_whole_gives(
    one_engine: Engine, snapshots: Path, first: tuple[ProfileDraft, ...], then: list[list[tuple[str, Any]]]
) -> None:
    with unit_of_work(one_engine) as session:
        programme = make_programme(session)
        add(session, programme, *first)
    live = LiveRecommender(snapshots, 2)
    follow(one_engine, programme, live)
    for step in then:
        for action, what in step:
            change(one_engine, programme, action, what)
        follow(one_engine, programme, live)
        worked_in = read_lists(one_engine, programme)
        assert worked_in == rank_whole(one_engine, programme, snapshots, 2)


def startups(count: int) -> list[ProfileDraft]:
    return [draft(Kind.STARTUP, f"S{n}", needs=(f"need {n}",), languages=("en",)) for n in range(count)]


def mentor(ref: str, text: str, **values: Any) -> ProfileDraft:
    return draft(Kind.MENTOR, ref, expertise=(text,), languages=("en",), **values)


@pytest.fixture
def market(engine: Engine, programme: Programme) -> Programme:
    """More on each side than a shortlist holds."""
    with unit_of_work(engine) as session:
        add(session, programme, *startups(70), *(mentor(f"M{n}", f"expertise {n}") for n in range(80)))
    return programme


@ON_SQLITE
def test_beyond_the_shortlists_too(engine: Engine, market: Programme, tmp_path: Path) -> None:
    live = LiveRecommender(tmp_path / "live", 3)
    follow(engine, market, live)
    for text in ("quite another", "yet another", "and one more"):
        with unit_of_work(engine) as session:
            add(session, market, mentor("M7", text), mentor("new " + text, text + " again"))
        follow(engine, market, live)
        with reading(engine) as session:
            floors = set(session.scalars(select(RecommendationList.floor)))
            assert session.get_one(Ranking, market.id).worked_in > 0
        assert max(floors) > 0
        worked_in = read_lists(engine, market)
        with unit_of_work(engine) as session:
            kept = (
                session.get_one(Ranking, market.id).worked_in,
                session.get_one(Ranking, market.id).watermark,
            )
        assert worked_in == rank_whole(engine, market, tmp_path / "whole", 3)
        assert kept[1] > 0


def test_a_newcomer_is_seen_and_takes_nobodys_only_place(
    engine: Engine, market: Programme, tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Programme, market.id).spread = 0.5
    live = LiveRecommender(tmp_path, 3)
    follow(engine, market, live)
    assert unseen(engine, market) == set()
    for number in range(5):
        with unit_of_work(engine) as session:
            add(session, market, mentor(f"N{number}", f"newcomer {number}", capacity=2))
        follow(engine, market, live)
        assert unseen(engine, market) == set()
    with reading(engine) as session:
        assert session.get_one(Ranking, market.id).worked_in == 5
        newest = ids(session, market)["N4"]
        own = session.scalars(select(RecommendationList).where(RecommendationList.subject_id == newest)).one()
        assert own.price != 0


def unseen(engine: Engine, programme: Programme) -> set[str]:
    """Mentors on no start-up's list."""
    with reading(engine) as session:
        shown = Counter(session.scalars(select(Item.candidate_id)))
        mentors = session.scalars(select(Profile).where(Profile.kind == Kind.MENTOR))
        return {found.ref for found in mentors if not shown[found.id]}


def test_what_has_not_changed_is_not_worked_in_again(
    engine: Engine, market: Programme, tmp_path: Path
) -> None:
    live = LiveRecommender(tmp_path, 3)
    assert follow(engine, market, live) == 220
    assert recommend(engine, market.id, live=live, model=SPACE.model, progress=silent, config=ALWAYS) == 0


@pytest.mark.parametrize("gap", range(1, 5))
def test_a_change_between_any_two_transactions_of_the_work_is_not_lost(
    engine: Engine, market: Programme, tmp_path: Path, gap: int
) -> None:
    """It belongs to the job that it asked for, which must find it still to do."""
    live = LiveRecommender(tmp_path / "live", 3)
    follow(engine, market, live)
    with unit_of_work(engine) as session:
        add(session, market, mentor("M7", "quite another"))
    embed_asked(engine, market)
    begun = 0

    def interfere(connection: Connection) -> None:
        nonlocal begun
        begun += bool(connection.get_execution_options().get("tandem_read_only"))
        if begun == gap:
            begun += 1_000  # what follows here begins transactions of its own
            with unit_of_work(engine) as session:
                add(session, market, mentor("M8", "something new"))
            embed_asked(engine, market)

    event.listen(engine, "begin", interfere)
    recommend(engine, market.id, live=live, model=SPACE.model, progress=silent, config=ALWAYS)
    event.remove(engine, "begin", interfere)
    follow(engine, market, live)
    assert begun > 1_000, "the work has no such transaction"
    assert read_lists(engine, market) == rank_whole(engine, market, tmp_path / "whole", 3)


@ON_SQLITE
@pytest.mark.parametrize(
    ("config", "spread", "length", "whole"),
    [
        (IncrementConfig(whole_up_to=0), 0.0, 3, False),
        (IncrementConfig(whole_up_to=150), 0.0, 3, False),
        (IncrementConfig(whole_up_to=151), 0.0, 3, True),
        (IncrementConfig(whole_up_to=0, most_changed=0.006), 0.0, 3, True),
        (IncrementConfig(whole_up_to=0), 0.5, 3, True),
        (IncrementConfig(whole_up_to=0), 0.0, 4, True),
    ],
)
def test_when_the_whole_is_ranked_anew(
    engine: Engine,
    market: Programme,
    tmp_path: Path,
    config: IncrementConfig,
    spread: float,
    length: int,
    whole: bool,
) -> None:
    follow(engine, market, LiveRecommender(tmp_path, 3))
    with unit_of_work(engine) as session:
        session.get_one(Programme, market.id).spread = spread
        add(session, market, mentor("M new", "something new"))
    embed_asked(engine, market)
    live = LiveRecommender(tmp_path, length)
    lists = recommend(engine, market.id, live=live, model=SPACE.model, progress=silent, config=config)
    assert (lists == 221) == whole
    assert lists > 0


def lengths(engine: Engine, programme: Programme, shown: Kind) -> set[int]:
    """How many candidates the lists of one kind have."""
    return {len(lines) for (_, kind), lines in read_lists(engine, programme).items() if kind == shown}


@ON_SQLITE
@pytest.mark.parametrize("waiting", [0, 1], ids=["alone", "beside somebody who waits to be embedded"])
def test_a_list_that_lost_somebody_is_filled_again(
    engine: Engine, market: Programme, tmp_path: Path, waiting: int
) -> None:
    live = LiveRecommender(tmp_path, 3)
    follow(engine, market, live)
    with unit_of_work(engine) as session:  # so that the one to be deleted is known to `live`
        add(session, market, mentor("M new", "something new"))
    follow(engine, market, live)
    with unit_of_work(engine) as session:
        programme = session.get_one(Programme, market.id)
        first = session.scalars(select(Item.candidate_id).join(RecommendationList).where(
            RecommendationList.candidate_kind == Kind.MENTOR, Item.rank == 1).limit(1)).one()  # fmt: skip
        profiles.remove_profile(session, programme, Kind.MENTOR, first, actor="test")
        assert set(session.scalars(select(RecommendationList.stale))) == {True, False}
        add(session, programme, *(mentor(f"W{n}", "nobody has read this") for n in range(waiting)))
    assert recommend(engine, market.id, live=live, model=SPACE.model, progress=silent, config=ALWAYS) > 0
    assert lengths(engine, market, Kind.MENTOR) == lengths(engine, market, Kind.STARTUP) == {3}


@ON_SQLITE
def test_a_full_mentor_leaves_the_lists_and_comes_back(
    engine: Engine, market: Programme, tmp_path: Path
) -> None:
    """By approvals, and by the deletion of the start-up that was approved."""
    live = LiveRecommender(tmp_path, 3)
    with unit_of_work(engine) as session:
        add(session, market, mentor("M7", "expertise 7", capacity=1))
    follow(engine, market, live)
    before = holders(engine, market, "M7")
    with unit_of_work(engine) as session:
        known = ids(session, market)
        programme = session.get_one(Programme, market.id)
        startup = before.pop()
        review.decide(session, programme, known[startup], known["M7"], "approved", actor="test")
    follow(engine, market, live)
    assert before
    assert holders(engine, market, "M7") <= {startup}
    assert lengths(engine, market, Kind.MENTOR) == {3}
    with unit_of_work(engine) as session:
        programme = session.get_one(Programme, market.id)
        profiles.remove_profile(session, programme, Kind.STARTUP, known[startup], actor="test")
    follow(engine, market, live)
    assert holders(engine, market, "M7") >= before


def holders(engine: Engine, programme: Programme, ref: str) -> set[str]:
    """The start-ups that have a mentor on their list."""
    lists = read_lists(engine, programme)
    return {
        subject for (subject, kind), lines in lists.items()
        if kind == Kind.MENTOR and any(line[0] == ref for line in lines)
    }  # fmt: skip


@ON_SQLITE
def test_whom_everybody_needs_is_on_more_lists_than_their_shortlist_is_long(
    engine: Engine, programme: Programme, tmp_path: Path
) -> None:
    needing = [draft(Kind.STARTUP, f"S{n}", needs=("radio masts",), languages=("en",)) for n in range(70)]
    with unit_of_work(engine) as session:
        add(session, programme, *needing, *(mentor(f"M{n}", f"expertise {n}") for n in range(80)))
    live = LiveRecommender(tmp_path, 3)
    follow(engine, programme, live)
    with unit_of_work(engine) as session:
        add(session, programme, mentor("Star", "radio masts"))
    follow(engine, programme, live)
    assert len(holders(engine, programme, "Star")) == 70
