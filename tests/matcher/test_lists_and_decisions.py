"""What a manager decided, and what a profile leaves out, in the lists that people see."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Person, Profile, Programme
from matcher.services.pipeline import recommend_programme
from matcher.services.profiles import remove_profile
from matcher.services.programmes import best_pairs
from matcher.services.recommendations import RecommendedList, read_list
from matcher.services.review import decide
from tests.matcher.factories import SPACE, add, draft, embed_all

MANY = 30
LENGTH = 20


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    mentors = [draft(Kind.MENTOR, f"M{n:02}", expertise=(f"Craft {n}",), capacity=1) for n in range(MANY)]
    with unit_of_work(engine) as session:
        silent = draft(Kind.STARTUP, "S1", sectors=("health",), email="s1@example.org")
        found = add(session, programme, silent, draft(Kind.STARTUP, "S2", needs=("Craft 7",)), *mentors)
    embed_all(engine, programme)
    return found


def rank(engine: Engine, programme: Programme, folder: Path) -> None:
    recommend_programme(
        engine,
        programme.id,
        snapshots=folder,
        model=SPACE.model,
        length=LENGTH,
        progress=lambda _done, _total: None,
    )


def listed(engine: Engine, profile_id: int, kind: Kind) -> RecommendedList:
    with reading(engine) as session:
        return read_list(session, session.get_one(Profile, profile_id), kind)


def test_a_startup_that_says_nothing_loses_no_mentor(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    rank(engine, programme, tmp_path)
    found = listed(engine, people["S1"], Kind.MENTOR)
    assert (len(found.items), found.eligible) == (LENGTH, MANY)


def test_an_approved_pair_keeps_its_place_in_both_lists(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    rank(engine, programme, tmp_path)
    mentor_id = listed(engine, people["S2"], Kind.MENTOR).items[0].profile.id
    with unit_of_work(engine) as session:
        decide(session, programme, people["S2"], mentor_id, "approved", actor="a")
    rank(engine, programme, tmp_path)
    first = listed(engine, people["S2"], Kind.MENTOR).items[0]
    assert (first.profile.id, first.state) == (mentor_id, "approved")
    assert [item.profile.ref for item in listed(engine, mentor_id, Kind.STARTUP).items] == ["S2"]
    assert mentor_id not in [item.profile.id for item in listed(engine, people["S1"], Kind.MENTOR).items]


def test_an_approved_pair_that_the_list_leaves_out_is_shown_beside_it(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    rank(engine, programme, tmp_path)
    shown = {item.profile.id for item in listed(engine, people["S1"], Kind.MENTOR).items}
    outside = next(number for ref, number in people.items() if ref.startswith("M") and number not in shown)
    with unit_of_work(engine) as session:
        decide(session, programme, people["S1"], outside, "approved", actor="a")
    assert [h.profile.id for h in listed(engine, people["S1"], Kind.MENTOR).held] == [outside]


def test_a_rejected_pair_is_no_best_pair(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    rank(engine, programme, tmp_path)
    with unit_of_work(engine) as session:
        best = best_pairs(session, programme, Kind.MENTOR)[0]
        decide(session, programme, best.startup.id, best.counterpart.id, "rejected", actor="a")
    with reading(engine) as session:
        pairs = [(p.startup.id, p.counterpart.id) for p in best_pairs(session, programme, Kind.MENTOR)]
    assert pairs
    assert (best.startup.id, best.counterpart.id) not in pairs


def test_a_person_goes_with_the_last_profile_that_names_them(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        add(session, programme, draft(Kind.STARTUP, "S9", email="s1@example.org"))
        remove_profile(session, programme, Kind.STARTUP, people["S1"], actor="a")
        assert session.scalars(select(Person.email)).all() == ["s1@example.org"]
        found = session.scalars(select(Profile.id).where(Profile.ref == "S9")).one()
        remove_profile(session, programme, Kind.STARTUP, found, actor="a")
        assert session.scalars(select(Person.email)).all() == []
