"""Starting a programme of one's own, and doing away with the sample."""

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Entry, Job, Person, Profile, Programme
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.programmes import list_programmes, remove_sample, start_programme
from matcher.services.sample import load_sample


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Réseau Rural 2027", "reseau-rural-2027"),
        (" Мост ", "мост"),
        ("创业 营", "创业-营"),
        ("a" * 200, "a" * 60),
    ],
)
def test_the_address_is_made_of_the_name(session: Session, name: str, slug: str) -> None:
    assert start_programme(session, name).slug == slug


@pytest.mark.parametrize("name", ["", "  ", "!!", "\u202e"])
def test_a_name_without_letters_is_refused(session: Session, name: str) -> None:
    with pytest.raises(Conflict, match="letters or digits"):
        start_programme(session, name)


def test_two_programmes_cannot_share_an_address(session: Session) -> None:
    start_programme(session, "Réseau Rural")
    with pytest.raises(Conflict, match="already"):
        start_programme(session, "reseau  rural")


def test_the_sample_goes_with_everything_in_it_and_leaves_the_rest(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        sample = load_sample(session)
        own = start_programme(session, "Réseau Rural")
        remove_sample(session, sample)
    with reading(engine) as session:
        assert [programme.id for programme in list_programmes(session)] == [own.id]
        counts = [session.scalar(select(func.count()).select_from(m)) for m in (Profile, Entry, Person, Job)]
    assert counts == [0, 0, 0, 0]


def test_only_the_sample_goes_and_never_the_last_programme(session: Session) -> None:
    sample = load_sample(session)
    with pytest.raises(NotAllowed):
        remove_sample(session, sample)
    own = start_programme(session, "Réseau Rural")
    with pytest.raises(NotAllowed):
        remove_sample(session, own)
    assert session.scalar(select(func.count()).select_from(Programme)) == 2
