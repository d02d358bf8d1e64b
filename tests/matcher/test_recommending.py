"""From profiles to stored lists: eligible, ordered, explained, and never older than what is there."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Profile, Programme, Recommendation, RecommendationList
from matcher.profiles.reading import ProfileDraft
from matcher.ranking.explanation import Tone
from matcher.ranking.facts import Facts
from matcher.services.pipeline import embed_outdated, embed_profiles, recommend_programme
from matcher.services.profiles import remove_profile
from matcher.services.recommendations import RecommendedList, read_list
from matcher.services.recommender import RankedList
from matcher.services.recommending import store_lists
from matcher.services.review import decide
from tests.matcher.factories import SPACE, add, draft, embed_all

STARTUPS = [
    draft(Kind.STARTUP, "S1", "Réseau Clair", languages=("fr", "en"), country="SN", stage="pilot",
          pitch="Un réseau Wi-Fi communautaire pour les villages",
          needs=("Obtenir une licence de fréquences auprès du régulateur",)),
    draft(Kind.STARTUP, "S2", "Froid Solaire", languages=("fr",), stage="idea", country="SN",
          pitch="Des congélateurs solaires pour les marchés aux poissons", raising=50_000, currency="USD"),
    draft(Kind.STARTUP, "S3", "Chama Ledger", languages=("en", "sw"), country="KE",
          pitch="A phone ledger for savings groups", needs=("Build a credit score from savings records",)),
    draft(Kind.STARTUP, "S4", "Quiet Hills"),
]  # fmt: skip
MENTORS = [
    draft(Kind.MENTOR, "M1", "Ada", languages=("en", "fr"), capacity=1, country="GH",
          expertise=("Obtaining spectrum licences from telecommunications regulators", "Radio planning")),
    draft(Kind.MENTOR, "M2", "Ben", languages=("en",), expertise=("Spectrum licences and regulators",)),
    draft(Kind.MENTOR, "M3", "Caro", languages=("en",), expertise=("Credit scoring for savings groups",)),
    draft(Kind.MENTOR, "M4", "Dan", languages=("en", "fr"), expertise=("Cooking with mushrooms",)),
    draft(Kind.MENTOR, "M5", "Eve", languages=("fr",), capacity=0, expertise=("Licences de fréquences",)),
    draft(Kind.MENTOR, "M6", "Fay", conflicts=("S3",), expertise=("Selling by radio",)),
]  # fmt: skip
FUNDERS = [
    draft(Kind.FUNDER, "F1", thesis="Connectivity for villages without operators", countries=("SN", "KE")),
    draft(Kind.FUNDER, "F2", thesis="Savings and credit", portfolio=("S3",), languages=("en",)),
    draft(Kind.FUNDER, "F3", thesis="Cold chains", ticket_min=100_000, currency="USD", stages=("idea",)),
]  # fmt: skip


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def recommend(
    engine: Engine, programme: Programme, folder: Path, model: str = SPACE.model, length: int = 20
) -> int:
    return recommend_programme(
        engine, programme.id, snapshots=folder, model=model, length=length, progress=silent
    )


def listed(session: Session, found: dict[str, int], ref: str, kind: Kind) -> RecommendedList:
    return read_list(session, session.get_one(Profile, found[ref]), kind)


def refs(found: RecommendedList) -> list[str]:
    return [item.profile.ref for item in found.items]


def everything(engine: Engine) -> list[tuple[object, ...]]:
    with reading(engine) as session:
        rows = session.execute(
            select(RecommendationList.subject_id, Recommendation.candidate_id, Recommendation.rank,
                   Recommendation.score, Recommendation.band)
            .join(Recommendation)
        )  # fmt: skip
        return sorted(map(tuple, rows))


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    with unit_of_work(engine) as session:
        return add(session, programme, *STARTUPS, *MENTORS, *FUNDERS)


@pytest.fixture
def ranked(engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path) -> dict[str, int]:
    embed_all(engine, programme)
    recommend(engine, programme, tmp_path)
    return people


def test_the_real_encoder_brings_languages_together(
    engine: Engine, programme: Programme, people: dict[str, int], encoder, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    texts = embed_profiles(
        engine, programme.id, people.values(), encoder, lambda done, total: steps.append((done, total))
    )
    made = recommend(engine, programme, tmp_path, encoder.space.model)

    # All texts but the portfolio's, which shares the vector of the pitch it names.
    assert (texts, made, steps[-1]) == (15, 2 * 4 + 6 + 3, (13, 13))
    with reading(engine) as session:
        french = listed(session, people, "S1", Kind.MENTOR)
        assert set(refs(french)[:2]) == {"M1", "M2"}
        assert refs(french)[-1] in {"M4", "M6"}
        (ada,) = [item for item in french.items if item.profile.ref == "M1"]
        told = str(ada.reasons[0].message)
        assert "Obtenir une licence de fréquences" in told
        assert "Obtaining spectrum licences" in told
        assert refs(listed(session, people, "S2", Kind.MENTOR)) != []
        assert {"M2", "M3", "M5"}.isdisjoint(refs(listed(session, people, "S2", Kind.MENTOR)))
        assert refs(listed(session, people, "S3", Kind.MENTOR))[0] == "M3"
        assert "M6" not in refs(listed(session, people, "S3", Kind.MENTOR))
        assert refs(listed(session, people, "S1", Kind.FUNDER))[0] == "F1"
        assert "F2" not in refs(listed(session, people, "S3", Kind.FUNDER))
        assert "F3" not in refs(listed(session, people, "S2", Kind.FUNDER))
        assert refs(listed(session, people, "M3", Kind.STARTUP))[0] == "S3"


def test_after_a_change_of_model_everything_is_embedded_anew(
    engine: Engine, programme: Programme, people: dict[str, int], encoder
) -> None:
    embed_all(engine, programme)
    assert embed_outdated(engine, programme.id, encoder, silent) == 15
    assert embed_outdated(engine, programme.id, encoder, silent) == 0


def test_lists_are_ordered_and_their_parts_add_up(engine: Engine, ranked: dict[str, int]) -> None:
    with reading(engine) as session:
        for ref, profile_id in ranked.items():
            kinds = (Kind.MENTOR, Kind.FUNDER) if ref.startswith("S") else (Kind.STARTUP,)
            for kind in kinds:
                found = read_list(session, session.get_one(Profile, profile_id), kind)
                assert [item.rank for item in found.items] == list(range(1, len(found.items) + 1))
                assert all(a.score >= b.score - 1e-9 for a, b in pairwise(found.items))
                for item in found.items:
                    assert math.isclose(sum(item.parts.values()), item.score, abs_tol=1e-9)
                    assert 0 <= item.score <= 1


def test_both_sides_of_a_pair_see_one_score(engine: Engine, ranked: dict[str, int]) -> None:
    with reading(engine) as session:
        for mentor in listed(session, ranked, "S1", Kind.MENTOR).items:
            back = listed(session, ranked, mentor.profile.ref, Kind.STARTUP)
            (mine,) = [item for item in back.items if item.profile.ref == "S1"]
            assert mine.score == pytest.approx(mentor.score, abs=1e-6)


def test_a_list_says_whom_it_left_out_and_why(engine: Engine, ranked: dict[str, int]) -> None:
    with reading(engine) as session:
        found = listed(session, ranked, "S2", Kind.MENTOR)
    assert (found.considered, found.eligible, len(found.items)) == (6, 3, 3)
    assert [str(message) for message in found.exclusions] == [
        "2 not eligible because they share no working language",
        "1 not eligible because the mentor has no place left",
    ]


def test_a_start_up_that_says_nothing_has_lists_that_say_so(engine: Engine, ranked: dict[str, int]) -> None:
    with reading(engine) as session:
        found = listed(session, ranked, "S4", Kind.MENTOR)
    assert set(refs(found)) == {"M1", "M2", "M3", "M4", "M6"}
    assert all(any(r.tone is Tone.UNSTATED for r in item.reasons) for item in found.items)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_list_is_no_longer_than_asked_and_holds_the_best(
    engine: Engine, programme: Programme, tmp_path: Path, length: int
) -> None:
    with unit_of_work(engine) as session:
        found = add(
            session, programme, draft(Kind.STARTUP, "S1", pitch="Pitch", needs=("One need", "Two needs")),
            *(draft(Kind.MENTOR, f"M{n:02}", expertise=(f"A {n}", f"B {n}"), interests=(f"C {n}",))
              for n in range(30)),
        )  # fmt: skip
    embed_all(engine, programme)
    recommend(engine, programme, tmp_path, length=100)
    with reading(engine) as session:
        whole = refs(listed(session, found, "S1", Kind.MENTOR))
    recommend(engine, programme, tmp_path, length=length)
    with reading(engine) as session:
        assert refs(listed(session, found, "S1", Kind.MENTOR)) == whole[:length]
    assert len(whole) == 30


def test_ranking_twice_gives_the_same_lists(
    engine: Engine, programme: Programme, ranked: dict[str, int], tmp_path: Path
) -> None:
    before = everything(engine)
    recommend(engine, programme, tmp_path)
    assert everything(engine) == before


def test_an_approved_mentors_place_is_taken(
    engine: Engine, programme: Programme, ranked: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        decide(session, programme, ranked["S1"], ranked["M1"], "approved", actor="a")
    recommend(engine, programme, tmp_path)
    with reading(engine) as session:
        assert "M1" not in refs(listed(session, ranked, "S2", Kind.MENTOR))


def test_a_removed_profile_is_in_no_list(
    engine: Engine, programme: Programme, ranked: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        remove_profile(session, programme, Kind.MENTOR, ranked["M1"], actor="a")
    with reading(engine) as session:
        assert "M1" not in refs(listed(session, ranked, "S1", Kind.MENTOR))
    recommend(engine, programme, tmp_path)
    with reading(engine) as session:
        assert len(refs(listed(session, ranked, "S1", Kind.MENTOR))) == 4
        gone = select(func.count()).where(RecommendationList.subject_id == ranked["M1"])
        assert session.scalar(gone) == 0


def test_an_older_run_does_not_overwrite_a_later_one(
    engine: Engine, programme: Programme, ranked: dict[str, int]
) -> None:
    before = everything(engine)
    subject = Facts(id=ranked["S1"], kind=Kind.STARTUP, ref="S1", name="")
    older = RankedList(subject, Kind.MENTOR, considered=0, eligible=0, exclusions={}, items=[])
    with unit_of_work(engine) as session:
        store_lists(session, programme, [older], space=SPACE, watermark=0)
    assert everything(engine) == before
    with unit_of_work(engine) as session:
        store_lists(session, programme, [older], space=SPACE, watermark=99)
    assert len(everything(engine)) == len(before) - 5


def test_who_was_deleted_meanwhile_is_left_out(
    engine: Engine, programme: Programme, ranked: dict[str, int]
) -> None:
    nobody = Facts(id=4711, kind=Kind.STARTUP, ref="S9", name="")
    late = RankedList(nobody, Kind.MENTOR, considered=0, eligible=0, exclusions={}, items=[])
    before = everything(engine)
    with unit_of_work(engine) as session:
        store_lists(session, programme, [late], space=SPACE, watermark=99)
    assert everything(engine) == before


def test_profiles_without_any_text_are_ranked_by_what_they_state(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    assert recommend(engine, programme, tmp_path) == 17
    with reading(engine) as session:
        parts = [set(item.parts) for item in session.scalars(select(Recommendation))]
    assert parts
    assert all(name.startswith("fit:") for names in parts for name in names)


def test_reasons_quote_the_authors_own_words(engine: Engine, ranked: dict[str, int]) -> None:
    own = {text for d in (*STARTUPS, *MENTORS, *FUNDERS) for text in _texts(d)}
    with reading(engine) as session:
        for item in session.scalars(select(Recommendation)):
            quoted = [r["params"] for r in item.reasons if "ours" in r["params"]]
            assert all({q["ours"], q.get("theirs", q["ours"])} <= own for q in quoted)


def _texts(found: ProfileDraft) -> list[str]:
    values = [value for name, value in found.values.items() if name in _SPOKEN]
    return [text for value in values for text in ([value] if isinstance(value, str) else value)]


_SPOKEN = {"pitch", "needs", "expertise", "thesis"}
