"""Search by meaning: across languages, only among those who pass the filters, always in the same order."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.index import EntryIndex
from matcher.models import Job, JobKind, JobState, Kind, Match, Profile, Programme, utcnow
from matcher.profiles.places import WORLD
from matcher.services import jobs, pipeline, search_jobs
from matcher.services.errors import Conflict, NotFound
from matcher.services.filtering import Filters, select_ids
from matcher.services.indexing import open_index
from matcher.services.live import LiveIndex
from matcher.services.profiles import find_filtered, remove_profile
from matcher.services.searching import answer, query_text, search_entries
from tests.matcher.factories import SPACE, add, any_vectors, draft, embed_all, ids, make_programme
from workers import relay

if TYPE_CHECKING:
    from matcher.embedding import Encoder

MENTORS = (
    draft(Kind.MENTOR, "M1", expertise=("Selling to supermarkets and wholesalers",), languages=("en",)),
    draft(Kind.MENTOR, "M2", expertise=("Negotiating spectrum licences with regulators",), languages=("en",)),
    draft(Kind.MENTOR, "M3", expertise=("Бухгалтерский учёт и налоги", "Hiring software engineers")),
    draft(Kind.MENTOR, "M4", expertise=("Diseño de prototipos en madera",), languages=("es",)),
)
QUESTIONS = {
    "Qui peut nous aider à obtenir une licence de fréquences radio ?": "M2",
    "كيف نبيع منتجاتنا لسلاسل المتاجر الكبرى": "M1",
    "会计和税务": "M3",
    "wooden prototypes": "M4",
}
PEOPLE = (
    draft(Kind.MENTOR, "M1", languages=("en", "fr"), sectors=("health",), country="KE", capacity=1),
    draft(Kind.MENTOR, "M2", languages=("fr",), sectors=("care at home",), markets=("KE",), capacity=0),
    draft(Kind.MENTOR, "M3", languages=("en",), sectors=('care "at', "home"), country="SN"),
    draft(Kind.MENTOR, "M4", languages=(), markets=(WORLD,), capacity=2),
    draft(Kind.STARTUP, "S1", languages=("en",), sectors=("health",), country="SN", markets=("KE",)),
    draft(Kind.STARTUP, "S2", languages=("eng",), sectors=("healthcare",)),
    draft(Kind.FUNDER, "F1", languages=("en",), sectors=("health",), countries=("KE", "UG")),
    draft(Kind.FUNDER, "F2", countries=("SN",)),
)


def embed(engine: Engine, programme: Programme, encoder: "Encoder") -> None:
    with reading(engine) as session:
        everybody = ids(session, programme).values()
    pipeline.embed_profiles(engine, programme.id, everybody, encoder, lambda _done, _total: None)


def opened(session: Session, programme: Programme, folder: Path) -> EntryIndex:
    return open_index(session, session.get_one(Programme, programme.id), folder, SPACE)


def refs(session: Session, profile_ids: list[int]) -> list[str]:
    known = {p.id: p.ref for p in session.scalars(select(Profile).where(Profile.id.in_(profile_ids)))}
    return [known[number] for number in profile_ids]


def test_a_question_finds_the_mentor_of_its_subject_first_in_any_language(
    engine: Engine, programme: Programme, encoder: "Encoder", tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        add(session, programme, *MENTORS)
    embed(engine, programme, encoder)
    for question, best in QUESTIONS.items():
        with unit_of_work(engine) as session:
            job = search_jobs.ask(session, programme, question, Filters(Kind.MENTOR), {})
        vector = encoder.encode([query_text(job.payload)])[0]
        with reading(engine) as session:
            result = answer(session, job, vector, live=LiveIndex(tmp_path), space=encoder.space)
            assert refs(session, [result["found"][0]["profile"]]) == [best], question


def test_the_entry_that_met_best_is_told(
    engine: Engine, programme: Programme, encoder: "Encoder", tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        add(session, programme, *MENTORS)
    embed(engine, programme, encoder)
    with unit_of_work(engine) as session:
        job = search_jobs.ask(session, programme, "recruter des développeurs", Filters(), {})
        vector = encoder.encode([query_text(job.payload)])[0]
        result = answer(session, job, vector, live=LiveIndex(tmp_path), space=encoder.space)
        jobs.claim(session, job.id, "w:1")
        jobs.finish(session, job.id, "w:1", result)
        session.refresh(job)
        hits = search_jobs.read_hits(
            session, programme, search_jobs.get_search(session, programme, job.id), 1
        )
    assert (hits.items[0].profile.ref, hits.items[0].text) == ("M3", "Hiring software engineers")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), "F1 F2 M1 M2 M3 M4 S1 S2"),
        (Filters(Kind.MENTOR), "M1 M2 M3 M4"),
        (Filters(languages=("en",)), "F1 M1 M3 S1"),
        (Filters(languages=("en", "fr")), "F1 M1 M2 M3 S1"),
        (Filters(sectors=("health",)), "F1 M1 S1"),
        (Filters(sectors=("care at home",)), "M2"),
        (Filters(sectors=("home",)), "M3"),
        (Filters(sectors=('care "at',)), "M3"),
        (Filters(sectors=("%",)), ""),
        (Filters(countries=("KE",)), "F1 M1 M2 M4 S1"),
        (Filters(countries=("SN",)), "F2 M3 M4 S1"),
        (Filters(countries=(WORLD,)), "M4"),
        (Filters(places=True), "F1 F2 M3 M4 S1 S2"),
        (Filters(Kind.MENTOR, languages=("en",), countries=("KE", "SN"), places=True), "M3"),
        (Filters(Kind.FUNDER, languages=("fr",)), ""),
    ],
)
def test_filters_are_exact_for_words_and_for_meaning(
    engine: Engine, programme: Programme, tmp_path: Path, filters: Filters, expected: str
) -> None:
    with unit_of_work(engine) as session:
        people = [draft(d.kind, d.ref, **d.values, **{_TEXT[d.kind]: (f"Words of {d.ref}",)}) for d in PEOPLE]
        known = add(session, programme, *people)
        add(session, make_programme(session), *people)
        pair = {"startup_id": known["S2"], "counterpart_id": known["M1"]}
        session.add(Match(programme_id=programme.id, state="approved", decided_by="test", **pair))
    embed_all(engine, programme)
    with reading(engine) as session:
        index = opened(session, programme, tmp_path)
        by_words = find_filtered(session, programme, filters, "words of")
        by_meaning = search_entries(session, programme, index, any_query(), filters, 100)
        assert sorted(profile.ref for profile in by_words.items) == expected.split()
        assert sorted(refs(session, [hit.profile for hit in by_meaning])) == expected.split()
        assert len(by_meaning) == len({hit.profile for hit in by_meaning})


_TEXT = {Kind.MENTOR: "expertise", Kind.STARTUP: "needs", Kind.FUNDER: "offers"}


def any_query() -> np.ndarray:
    return any_vectors(["00000007"])["00000007"]


def test_a_filter_survives_its_way_through_a_job() -> None:
    filters = Filters(Kind.FUNDER, ("fr",), ("agritech", "care"), ("KE", WORLD), places=True)
    assert Filters.from_json(filters.to_json()) == filters
    assert Filters.from_json(Filters().to_json()) == Filters()


def test_a_deleted_profile_is_never_found(engine: Engine, programme: Programme, tmp_path: Path) -> None:
    with unit_of_work(engine) as session:
        known = add(session, programme, *MENTORS)
    embed_all(engine, programme)
    with reading(engine) as session:
        before = opened(session, programme, tmp_path)
    with unit_of_work(engine) as session:
        remove_profile(session, programme, Kind.MENTOR, known["M2"], actor="test")
    with reading(engine) as session:
        for index in (before, opened(session, programme, tmp_path)):
            assert known["M2"] in index.rows["profile_id"].tolist()
            found = search_entries(session, programme, index, any_query(), Filters(), 100)
            assert {hit.profile for hit in found} == set(known.values()) - {known["M2"]}


@pytest.mark.parametrize("limit", [1, 3, 7, 40])
def test_equals_stand_in_the_order_of_their_ids_wherever_the_index_has_them(
    engine: Engine, programme: Programme, tmp_path: Path, limit: int
) -> None:
    same = [draft(Kind.MENTOR, f"M{n:02d}", expertise=("Masts", "Radios", "Towers")) for n in range(40)]
    with unit_of_work(engine) as session:
        known = add(session, programme, *same)
    embed_all(engine, programme)
    with reading(engine) as session:
        opened(session, programme, tmp_path)
    with unit_of_work(engine) as session:  # the first two stand behind the others from now on
        for ref in ("M00", "M01"):
            add(session, programme, draft(Kind.MENTOR, ref, expertise=("Masts", "Radios", "Towers", "Sails")))
    embed_all(engine, programme, only=["M00", "M01"])
    with unit_of_work(engine) as session:
        for ref in ("M00", "M01"):
            add(session, programme, draft(Kind.MENTOR, ref, expertise=("Masts", "Radios", "Towers")))
    embed_all(engine, programme, only=["M00", "M01"])
    with reading(engine) as session:
        index = opened(session, programme, tmp_path)
        found = search_entries(session, programme, index, any_query(), Filters(), limit)
    assert [hit.profile for hit in found] == sorted(known.values())[:limit]


@pytest.mark.parametrize("limit", [1, 5, 30])
def test_the_best_entry_of_each_decides_as_in_a_plain_computation(
    engine: Engine, programme: Programme, tmp_path: Path, limit: int
) -> None:
    talkers = [draft(Kind.MENTOR, f"M{n}", expertise=tuple(f"{n} {m}" for m in range(n))) for n in range(30)]
    with unit_of_work(engine) as session:
        add(session, programme, *talkers)
    embed_all(engine, programme)
    with reading(engine) as session:
        index = opened(session, programme, tmp_path)
        found = search_entries(session, programme, index, any_query(), Filters(), limit)
    cosines = index.vectors(np.arange(len(index))) @ any_query()
    best: dict[int, float] = {}
    for profile, cosine in zip(index.rows["profile_id"].tolist(), cosines.tolist(), strict=True):
        best[profile] = max(best.get(profile, -1.0), cosine)
    expected = sorted(best, key=lambda profile: (-best[profile], profile))[:limit]
    assert [hit.profile for hit in found] == expected
    assert [hit.score for hit in found] == pytest.approx([best[p] for p in expected], abs=1e-3)


@pytest.mark.parametrize("query", ["", "   ", "\u200b\u202e", "?!… —"])
def test_a_query_that_says_nothing_is_refused(session: Session, programme: Programme, query: str) -> None:
    with pytest.raises(Conflict):
        search_jobs.ask(session, programme, query, Filters(), {})


def test_a_query_is_cleaned_cut_and_stripped_of_names_before_the_encoder(
    session: Session, programme: Programme
) -> None:
    job = search_jobs.ask(session, programme, "so\u200blar \x00pumps in Kenya " + "x" * 900, Filters(), {})
    assert job.payload["query"].startswith("solar pumps in Kenya x")
    assert len(job.payload["query"]) == 500
    assert "Kenya" not in query_text(job.payload)
    assert query_text({"query": "Kenya"}) == "Kenya"


def test_a_search_makes_no_programme_busy(session: Session, programme: Programme) -> None:
    job = search_jobs.ask(session, programme, "masts", Filters(), {})
    assert jobs.is_idle(session, programme.id)
    assert jobs.work_state(session, programme).active == 0
    job.state = JobState.FAILED
    session.flush()
    assert jobs.work_state(session, programme).failed == []


def test_a_search_is_published_before_everything_else(session: Session, programme: Programme) -> None:
    others = [jobs.enqueue(session, programme.id, JobKind.EMBED).id for _ in range(3)]
    search = search_jobs.ask(session, programme, "masts", Filters(), {})
    assert [job.id for job in jobs.unpublished(session, limit=2)] == [search.id, others[0]]


def test_a_search_that_nobody_waits_for_is_not_begun(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        late = search_jobs.ask(session, programme, "masts", Filters(), {})
        now = search_jobs.ask(session, programme, "masts", Filters(), {})
        session.execute(
            update(Job).where(Job.id == late.id).values(created_at=utcnow() - timedelta(seconds=11))
        )
    with unit_of_work(engine) as session:
        assert [job.id for job in jobs.unpublished(session)] == [now.id]
        assert jobs.claim(session, late.id, "w:1") is None
        assert jobs.claim(session, now.id, "w:1") is not None
        assert not search_jobs.get_search(session, programme, late.id).pending


def test_old_searches_are_forgotten_and_nothing_else(session: Session, programme: Programme) -> None:
    kept = [
        search_jobs.ask(session, programme, "masts", Filters(), {}).id,
        jobs.enqueue(session, programme.id, JobKind.EMBED).id,
    ]
    old = search_jobs.ask(session, programme, "a private matter", Filters(), {})
    past = utcnow() - timedelta(hours=25)
    session.execute(update(Job).where(Job.id.in_([old.id, kept[1]])).values(created_at=past))
    assert search_jobs.forget_old(session) == 1
    assert sorted(session.scalars(select(Job.id))) == kept


def test_the_relay_removes_old_searches(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        search_jobs.ask(session, programme, "a private matter", Filters(), {})
        session.execute(update(Job).values(created_at=utcnow() - timedelta(hours=25)))
    assert relay.tidy(engine) == 1
    with reading(engine) as session:
        assert session.scalars(select(Job)).all() == []


def test_only_the_programmes_own_searches_are_there(session: Session, programme: Programme) -> None:
    search = search_jobs.ask(session, programme, "masts", Filters(), {})
    other = jobs.enqueue(session, programme.id, JobKind.EMBED)
    assert search_jobs.get_search(session, programme, search.id).query == "masts"
    for owner, number in ((make_programme(session), search.id), (programme, other.id), (programme, 4711)):
        with pytest.raises(NotFound):
            search_jobs.get_search(session, owner, number)


def test_the_ids_that_pass_belong_to_one_programme(session: Session, programme: Programme) -> None:
    known = add(session, programme, *MENTORS)
    add(session, make_programme(session), *MENTORS)
    assert set(session.scalars(select_ids(session, programme, Filters()))) == set(known.values())
