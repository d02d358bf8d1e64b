"""Search in lists: every word counts, wildcards mean nothing, other programmes stay out of sight."""

import pytest
from sqlalchemy.orm import Session

from matcher.models import Kind, Programme
from matcher.services.profiles import find_profiles
from tests.matcher.factories import add, draft, make_programme


@pytest.fixture
def startups(session: Session, programme: Programme) -> Programme:
    add(
        session, programme,
        draft(Kind.STARTUP, "S1", "Umeme Soko", pitch="Solar freezers for fish markets", needs=("100% sun",)),
        draft(Kind.STARTUP, "S2", "tableau vert", pitch="Alerte climatique pour les maraîchers"),
        draft(Kind.STARTUP, "S_3", "Мост", pitch="Связь для школ", needs=("Solar power",)),
        draft(Kind.MENTOR, "M1", "Solar Ada"),
    )  # fmt: skip
    add(session, make_programme(session), draft(Kind.STARTUP, "S9", "Solar of somebody else"))
    return programme


@pytest.mark.parametrize(
    ("query", "refs"),
    [
        ("", ["S2", "S1", "S_3"]),
        ("solar", ["S1", "S_3"]),
        ("SOLAR fish", ["S1"]),
        ("fish climatique", []),
        ("umeme", ["S1"]),
        ("s2", ["S2"]),
        ("школ", ["S_3"]),
        ("maraîchers", ["S2"]),
        ("100%", ["S1"]),
        ("%", []),
        ("_", []),
        ("S_3", ["S_3"]),
        ("ШКОЛ", ["S_3"]),
        ("MARAICHERS", ["S2"]),
        ("\\", []),
        ("' OR 1=1 --", ["S1"]),
        ("solar of somebody", []),
        (" ".join(["solar"] * 50), ["S1", "S_3"]),
    ],
)
def test_a_search_finds(session: Session, startups: Programme, query: str, refs: list[str]) -> None:
    page = find_profiles(session, startups, Kind.STARTUP, query)
    assert [profile.ref for profile in page.items] == refs
    assert page.total == len(refs)


@pytest.mark.parametrize(
    ("page", "shown", "refs"),
    [(1, 1, ["S2", "S1"]), (2, 2, ["S_3"]), (99, 2, ["S_3"]), (-1, 1, ["S2", "S1"])],
)
def test_a_list_has_pages(
    session: Session, startups: Programme, page: int, shown: int, refs: list[str]
) -> None:
    found = find_profiles(session, startups, Kind.STARTUP, page=page, per_page=2)
    assert [profile.ref for profile in found.items] == refs
    assert (found.page, found.pages, found.total) == (shown, 2, 3)


def test_an_empty_list_has_one_page(session: Session, programme: Programme) -> None:
    found = find_profiles(session, programme, Kind.FUNDER)
    assert (found.items, found.page, found.pages) == ([], 1, 1)
