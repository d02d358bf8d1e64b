"""Removing a profile: not while the other side of an offer or a match counts on it."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import Kind, Profile, Programme
from matcher.services import publishing
from matcher.services.errors import NotAllowed
from matcher.services.profiles import remove_profile
from matcher.services.review import decide
from tests.matcher.offers import fill, publish_pairs, states_of


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    return fill(engine, programme)


@pytest.mark.parametrize(
    ("kind", "ref", "other"), [(Kind.MENTOR, "M1", "Umeme"), (Kind.STARTUP, "S1", "Ada")]
)
def test_nobody_is_removed_whom_the_other_side_was_told_of(
    session: Session, programme: Programme, people: dict[str, int], kind: Kind, ref: str, other: str
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    with pytest.raises(NotAllowed, match=f"with {other}. Withdraw the offer"):
        remove_profile(session, programme, kind, people[ref], actor="a")
    publishing.withdraw_offer(session, programme, (people["S1"], people["M1"]), actor="a")
    remove_profile(session, programme, kind, people[ref], actor="a")
    assert session.get(Profile, people[ref]) is None


def test_pairs_that_only_managers_know_of_go_with_a_profile(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    decide(session, programme, people["S1"], people["M1"], "approved", actor="a")
    remove_profile(session, programme, Kind.MENTOR, people["M1"], actor="a")
    assert states_of(session, people) == {}


def test_a_profile_that_is_being_offered_meanwhile_is_not_removed(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    def remove() -> None:
        with unit_of_work(engine) as other:
            remove_profile(other, programme, Kind.MENTOR, people["M1"], actor="a")

    with unit_of_work(engine) as session:
        decide(session, programme, people["S1"], people["M1"], "approved", actor="a")
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            publish_pairs(session, programme, people)
            removed = pool.submit(remove)
            wait([removed], timeout=0.5)  # it waits for us; whenever it starts, it must see the offer
        with pytest.raises(NotAllowed):
            removed.result()
