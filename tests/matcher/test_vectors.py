"""Vectors are stored once, whoever computes them, and go when nobody needs them."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Entry, Job, JobKind, Kind, Profile, Programme, Vector
from matcher.services import embedding
from matcher.services.embedding import STORED
from matcher.services.profiles import remove_profile, save_draft
from tests.matcher.factories import SPACE, add, any_vectors, at_once, draft, embed_all, ids, make_programme

TEXTS = ("Radio masts", "Pricing", "Tariffs")


@pytest.fixture
def mentor_id(engine: Engine, programme: Programme) -> int:
    with unit_of_work(engine) as session:
        return add(session, programme, draft(Kind.MENTOR, "M1", expertise=TEXTS))["M1"]


def missing(session: Session, programme: Programme) -> dict[str, str]:
    return embedding.missing_texts(session, programme.id, ids(session, programme).values(), SPACE)


def watermark(engine: Engine, profile_id: int) -> int:
    with reading(engine) as session:
        return session.get_one(Profile, profile_id).watermark


def test_texts_without_a_vector_are_missing(session: Session, programme: Programme, mentor_id: int) -> None:
    assert sorted(missing(session, programme).values()) == sorted(TEXTS)


def test_a_stored_vector_comes_back_bit_by_bit(engine: Engine, programme: Programme, mentor_id: int) -> None:
    embed_all(engine, programme)
    with reading(engine) as session:
        assert missing(session, programme) == {}
        stored = {v.content_hash: np.frombuffer(v.values, STORED) for v in session.scalars(select(Vector))}
    for content_hash, vector in any_vectors(stored).items():
        np.testing.assert_array_equal(stored[content_hash], vector.astype(STORED))


def test_workers_that_store_the_same_texts_at_once_store_each_once(
    engine: Engine, programme: Programme, mentor_id: int
) -> None:
    with reading(engine) as session:
        vectors = any_vectors(missing(session, programme))

    def work(number: int) -> int:
        turned = dict(list(vectors.items())[:: 1 if number % 2 else -1])
        with unit_of_work(engine) as session:
            return embedding.store_vectors(session, programme.id, turned, SPACE)

    assert sum(at_once(8, work)) == len(TEXTS)
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Vector)) == len(TEXTS)


def test_storing_nothing_is_nothing(session: Session, programme: Programme) -> None:
    assert embedding.store_vectors(session, programme.id, {}, SPACE) == 0


def test_more_texts_than_a_statement_has_parameters_can_be_stored(
    engine: Engine, programme: Programme
) -> None:
    vectors = any_vectors({f"{n:064x}" for n in range(12_000)})
    with unit_of_work(engine) as session:
        assert embedding.store_vectors(session, programme.id, vectors, SPACE) == 12_000


def test_embedding_moves_the_watermark_and_asks_for_a_ranking(
    engine: Engine, programme: Programme, mentor_id: int
) -> None:
    assert watermark(engine, mentor_id) == 0
    embed_all(engine, programme)
    assert watermark(engine, mentor_id) == 1
    with reading(engine) as session:
        assert session.get_one(Programme, programme.id).watermark == 1
        assert JobKind.RECOMMEND in session.scalars(select(Job.kind)).all()


def test_a_profile_edited_meanwhile_is_left_to_its_own_job(
    engine: Engine, programme: Programme, mentor_id: int
) -> None:
    with reading(engine) as session:
        vectors = any_vectors(missing(session, programme))
    with unit_of_work(engine) as session:  # while the encoder ran
        add(session, programme, draft(Kind.MENTOR, "M1", expertise=("Masts of bamboo",)))
    with unit_of_work(engine) as session:
        embedding.store_vectors(session, programme.id, vectors, SPACE)
        assert embedding.mark_embedded(session, programme.id, [mentor_id], SPACE) == []
    assert watermark(engine, mentor_id) == 0
    with reading(engine) as session:
        assert list(missing(session, programme).values()) == ["Masts of bamboo"]


def test_a_profile_that_says_nothing_is_embedded_too(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        silent = add(session, programme, draft(Kind.MENTOR, "M1"))["M1"]
    embed_all(engine, programme)
    assert watermark(engine, silent) == 1


def test_the_vector_of_an_edited_text_is_forgotten(
    engine: Engine, programme: Programme, mentor_id: int
) -> None:
    embed_all(engine, programme)
    with unit_of_work(engine) as session:
        add(session, programme, draft(Kind.MENTOR, "M1", expertise=TEXTS[:1]))
    embed_all(engine, programme)
    with reading(engine) as session:
        kept = session.scalars(select(Vector.content_hash)).all()
        assert kept == session.scalars(select(Entry.content_hash)).all()
        assert len(kept) == 1


def test_another_model_has_vectors_of_its_own(engine: Engine, programme: Programme, mentor_id: int) -> None:
    embed_all(engine, programme)
    other = replace(SPACE, revision="2")
    with reading(engine) as session:
        assert embedding.outdated_profiles(session, programme.id, SPACE) == set()
        assert embedding.outdated_profiles(session, programme.id, other) == {mentor_id}
    assert embed_all(engine, programme, other) == len(TEXTS)


def test_another_programmes_profiles_are_never_marked(
    engine: Engine, programme: Programme, mentor_id: int
) -> None:
    with unit_of_work(engine) as session:
        other = make_programme(session)
        embedding.mark_embedded(session, other.id, [mentor_id], SPACE)
    assert watermark(engine, mentor_id) == 0


def test_the_vector_of_a_dropped_text_goes_with_it_unless_somebody_else_says_it(
    engine: Engine, programme: Programme
) -> None:
    with unit_of_work(engine) as session:
        both = draft(Kind.MENTOR, "M1", expertise=("masts", "soil"))
        add(session, programme, both, draft(Kind.MENTOR, "M2", expertise=("soil",)))
    embed_all(engine, programme)
    with unit_of_work(engine) as session:
        kept = session.get_one(Programme, programme.id)
        profile_id = ids(session, kept)["M1"]
        save_draft(
            session, kept, draft(Kind.MENTOR, "M1", expertise=("seeds",)), actor="test", profile_id=profile_id
        )
        hashes = set(session.scalars(select(Vector.content_hash).where(Vector.programme_id == programme.id)))
        assert hashes == {hashlib.sha256(b"soil").hexdigest()}
        remove_profile(session, kept, Kind.MENTOR, ids(session, kept)["M2"], actor="test")
        assert not session.scalars(select(Vector).where(Vector.programme_id == programme.id)).all()
