"""Whatever a programme looks like, no stored recommendation breaks a rule of eligibility."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Profile, Recommendation, RecommendationList
from matcher.profiles.reading import ProfileDraft
from matcher.ranking.facts import Facts
from matcher.ranking.fit import STAGES
from matcher.services.pipeline import recommend_programme
from tests.matcher.factories import SPACE, add, draft, embed_all, make_programme
from tests.matcher.rules import broken_rules

MONEY = st.sampled_from((10, 50, 100))
LANGUAGES = st.lists(st.sampled_from(("en", "fr", "sw")), max_size=2, unique=True)
COUNTRIES = st.lists(st.sampled_from(("KE", "SN")), max_size=2, unique=True)
STAGE = st.sampled_from(STAGES[:2])
CURRENCY = st.sampled_from(("USD", "EUR"))
TEXTS = st.lists(
    st.sampled_from(("masts", "pricing", "tariffs", "freezers", "soil")), max_size=3, unique=True
)
STARTUP_REFS, MENTOR_REFS = ("S1", "S2", "S3"), ("M1", "M2", "M3")
OPTIONAL: dict[Kind, dict[str, st.SearchStrategy[object]]] = {
    Kind.STARTUP: {
        "languages": LANGUAGES, "stage": STAGE, "country": st.sampled_from(("KE", "SN")), "needs": TEXTS,
        "raising": MONEY, "currency": CURRENCY, "email": st.just("shared@example.org"),
        "conflicts": st.lists(st.sampled_from((*MENTOR_REFS, "name m1", "Acme Radio", "f1")), max_size=2),
    },
    Kind.MENTOR: {
        "languages": LANGUAGES, "capacity": st.integers(0, 2), "expertise": TEXTS, "interests": TEXTS,
        "organisation": st.sampled_from(("ACME  Radio", "Name S1")), "email": st.just("shared@example.org"),
        "conflicts": st.lists(st.sampled_from((*STARTUP_REFS, "NAME S2")), max_size=2),
    },
    Kind.FUNDER: {
        "languages": LANGUAGES, "stages": st.lists(STAGE, max_size=2, unique=True), "countries": COUNTRIES,
        "ticket_min": MONEY, "ticket_max": st.just(100), "currency": CURRENCY, "offers": TEXTS,
        "portfolio": st.lists(st.sampled_from((*STARTUP_REFS, "soil")), max_size=2, unique=True),
    },
}  # fmt: skip


def drafts(kind: Kind, ref: str) -> st.SearchStrategy[ProfileDraft]:
    values = st.fixed_dictionaries({}, optional=OPTIONAL[kind])
    return values.map(lambda found: draft(kind, ref, f"Name {ref}", **found))


PROGRAMMES = st.tuples(
    *(drafts(Kind.STARTUP, ref) for ref in STARTUP_REFS),
    *(drafts(Kind.MENTOR, ref) for ref in MENTOR_REFS),
    *(drafts(Kind.FUNDER, ref) for ref in ("F1", "F2")),
)


def plain(found: ProfileDraft, ids: dict[str, int]) -> Facts:
    """The facts that a draft states, read as a person would."""
    v = found.values

    def names(*given: object) -> frozenset[str]:
        return frozenset(" ".join(str(name).casefold().split()) for name in given if name)

    backed = {ids[entry] for entry in v.get("portfolio", ()) if entry in STARTUP_REFS}
    party = v.get("organisation") if found.kind is Kind.MENTOR else found.name
    stages = v.get("stages", ()) or ([v["stage"]] if v.get("stage") else [])
    return Facts(
        id=ids[found.ref], kind=found.kind, ref=found.ref, name=found.name,
        keys=names(found.ref, found.name, v.get("organisation"), v.get("email")),
        conflicts=names(*v.get("conflicts", ())), identities=names(party, v.get("email")),
        languages=tuple(v.get("languages", ())), stages=frozenset(stages), country=v.get("country"),
        markets=frozenset(v.get("countries", ())), places=v.get("capacity"), raising=v.get("raising"),
        ticket=(v.get("ticket_min"), v.get("ticket_max")), currency=v.get("currency"),
        backs=frozenset(backed),
    )  # fmt: skip


def stored_pairs(engine: Engine, programme_id: int) -> set[tuple[str, str]]:
    """(subject, candidate) refs of every recommendation."""
    with reading(engine) as session:
        refs = {
            p.id: p.ref for p in session.scalars(select(Profile).where(Profile.programme_id == programme_id))
        }
        rows = session.execute(
            select(RecommendationList.subject_id, Recommendation.candidate_id)
            .join(Recommendation)
            .where(RecommendationList.programme_id == programme_id)
        )
        return {(refs[subject], refs[candidate]) for subject, candidate in rows}


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(found=PROGRAMMES)
def test_the_lists_hold_the_eligible_pairs_and_no_others(
    one_engine: Engine, snapshots: Path, found: tuple[ProfileDraft, ...]
) -> None:
    with unit_of_work(one_engine) as session:
        programme = make_programme(session)
        ids = add(session, programme, *found)
    embed_all(one_engine, programme)
    made = recommend_programme(
        one_engine, programme.id, snapshots=snapshots, model=SPACE.model, length=20, progress=lambda *_: None
    )

    facts = {d.ref: plain(d, ids) for d in found}
    pairs = [(s, o) for s in STARTUP_REFS for o in facts if not o.startswith("S")]
    eligible = {pair for pair in pairs if not broken_rules(facts[pair[0]], facts[pair[1]])}
    expected = eligible | {(other, startup) for startup, other in eligible}
    assert stored_pairs(one_engine, programme.id) == (expected if made else set())
