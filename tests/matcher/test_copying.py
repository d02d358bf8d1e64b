"""Whoever repeats the other side's words gains nothing by it, in any list, and is told so."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Profile, Programme
from matcher.services import embedding
from matcher.services.pipeline import recommend_programme
from matcher.services.recommendations import RecommendedList, read_list
from matcher.services.whynot import explain_pair
from tests.matcher.factories import SPACE, add, draft

NEED = "Obtain a licence for radio spectrum from the national regulator"
PITCH = "Solar masts that bring a telephone network to valleys without any electricity"
EXPERTISE = {
    "Specialist": ("Dealing with telecommunications authorities",),
    "Copycat": (NEED,),
    "Disguised": (f"I help start-ups to {NEED.lower()}!", PITCH),
    "Both": (NEED, "Talking to ministries about frequencies"),
    "Stranger": ("Cooking with mushrooms",),
}
NEARNESS = {NEED: 1.0, PITCH: 0.6, "Dealing with telecommunications authorities": 0.7}
NEARNESS |= {EXPERTISE["Disguised"][0]: 0.98, EXPERTISE["Both"][1]: 0.5, "Cooking with mushrooms": 0.0}


def vector(nearness: float) -> np.ndarray:
    """A unit vector with this cosine to that of the need."""
    found = np.zeros(SPACE.dimensions, dtype=np.float32)
    found[0], found[1] = nearness, (1 - nearness**2) ** 0.5
    return found


@pytest.fixture
def people(engine: Engine, programme: Programme, tmp_path: Path) -> dict[str, int]:
    with unit_of_work(engine) as session:
        found = add(
            session, programme,
            draft(Kind.STARTUP, "S1", needs=(NEED,), pitch=PITCH),
            *(draft(Kind.MENTOR, ref, expertise=texts) for ref, texts in EXPERTISE.items()),
        )  # fmt: skip
        texts = embedding.missing_texts(session, programme.id, found.values(), SPACE)
        vectors = {content_hash: vector(NEARNESS[text]) for content_hash, text in texts.items()}
        embedding.store_vectors(session, programme.id, vectors, SPACE)
        embedding.mark_embedded(session, programme.id, found.values(), SPACE)
    recommend_programme(
        engine, programme.id, snapshots=tmp_path, model=SPACE.model, length=20, progress=lambda *_: None
    )
    return found


def listed(engine: Engine, profile_id: int, kind: Kind) -> RecommendedList:
    with reading(engine) as session:
        return read_list(session, session.get_one(Profile, profile_id), kind)


def test_a_copy_is_no_evidence(engine: Engine, people: dict[str, int]) -> None:
    found = listed(engine, people["S1"], Kind.MENTOR)
    scores = {item.profile.ref: item.score for item in found.items}
    assert [item.profile.ref for item in found.items][:2] == ["Specialist", "Both"]
    # To copy is no better than to say something else altogether.
    assert scores["Copycat"] == pytest.approx(scores["Stranger"])
    assert scores["Disguised"] == pytest.approx(scores["Stranger"])
    assert scores["Both"] > scores["Stranger"] + 0.05


def test_the_reasons_say_so_and_quote_no_copy_as_fitting(engine: Engine, people: dict[str, int]) -> None:
    found = listed(engine, people["S1"], Kind.MENTOR)
    said = {i.profile.ref: [str(reason.message) for reason in i.reasons] for i in found.items}
    assert f"“{NEED}” repeats what the start-up says, so it was not counted" in said["Copycat"]
    assert sum("repeats what" in sentence for sentence in said["Disguised"]) == 2
    assert not any("meets" in sentence and "“I help" in sentence for sentence in said["Disguised"])
    assert any("meets the expertise “Talking to ministries" in sentence for sentence in said["Both"])
    assert not any("repeats" in sentence for sentence in said["Specialist"])


def test_the_pair_has_one_score_whoever_looks(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    found = listed(engine, people["S1"], Kind.MENTOR)
    for item in found.items:
        mirrored = listed(engine, item.profile.id, Kind.STARTUP).items
        assert [other.score for other in mirrored] == pytest.approx([item.score])
        assert sum(item.parts.values()) == pytest.approx(item.score)
        with reading(engine) as session:
            startup, mentor = (session.get_one(Profile, i) for i in (people["S1"], item.profile.id))
            answer = explain_pair(session, session.get_one(Programme, programme.id), startup, mentor)
            assert answer.score == pytest.approx(item.score, abs=1e-6)
            assert [str(r.message) for r in answer.reasons] == [str(r.message) for r in item.reasons]
