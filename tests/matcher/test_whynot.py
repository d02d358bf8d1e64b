"""Why not this one: every answer agrees with the stored lists, and every excluded pair is told its rule."""

import random
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.embedding import Encoder
from matcher.models import Kind, Mentor, Profile, Programme, Recommendation, RecommendationList
from matcher.ranking.eligibility import Rule
from matcher.ranking.explanation import Reason
from matcher.services.errors import NotFound
from matcher.services.pipeline import embed_profiles
from matcher.services.recommendations import load_reasons
from matcher.services.review import decide
from matcher.services.roster import load_facts
from matcher.services.sample import load_sample
from matcher.services.whynot import PairAnswer, explain_pair
from tests.matcher.factories import SPACE, add, draft, embed_all, make_programme
from tests.matcher.rules import broken_rules
from tests.matcher.test_recommending import FUNDERS, MENTORS, STARTUPS, recommend, silent

LISTS = select(RecommendationList.subject_id, Recommendation).join(Recommendation)


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    with unit_of_work(engine) as session:
        return add(session, programme, *STARTUPS, *MENTORS, *FUNDERS)


@pytest.fixture
def ranked(engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path) -> dict[str, int]:
    """The small programme of the other tests, with its lists."""
    embed_all(engine, programme)
    recommend(engine, programme, tmp_path)
    return people


def ask(session: Session, programme: Programme, subject: int, other: int) -> PairAnswer:
    return explain_pair(
        session, programme, session.get_one(Profile, subject), session.get_one(Profile, other)
    )


def asked(engine: Engine, programme: Programme, subject: int, other: int) -> PairAnswer:
    with reading(engine) as session:
        return ask(session, programme, subject, other)


def listed(session: Session, subject: int, kind: Kind) -> list[Recommendation]:
    """The rows of a list, best first."""
    return list(
        session.scalars(
            select(Recommendation)
            .join(RecommendationList)
            .where(RecommendationList.subject_id == subject, RecommendationList.candidate_kind == kind)
            .order_by(Recommendation.rank)
        )
    )


def told(reasons: list[Reason]) -> list[tuple[str, str]]:
    return [(reason.tone.value, str(reason.message)) for reason in reasons]


def test_every_stored_pair_is_answered_with_its_stored_score_and_reasons(
    engine: Engine, programme: Programme, people: dict[str, int], encoder: Encoder, tmp_path: Path
) -> None:
    embed_profiles(engine, programme.id, people.values(), encoder, silent)
    recommend(engine, programme, tmp_path, encoder.space.model)
    with reading(engine) as session:
        rows = session.execute(LISTS).all()
        for subject, item in rows:
            answer = ask(session, programme, subject, item.candidate_id)
            assert answer.score == pytest.approx(item.score, abs=1e-6)
            assert answer.parts == pytest.approx(item.parts, abs=1e-6)
            assert (answer.rank, answer.band) == (item.rank, item.band)
            assert told(answer.reasons) == told(load_reasons(item))
    assert len(rows) > 40


def test_parts_sum_to_the_score_and_stay_within_their_limits(
    engine: Engine, programme: Programme, ranked: dict[str, int]
) -> None:
    with reading(engine) as session:
        for subject, item in session.execute(LISTS).all():
            answer = ask(session, programme, subject, item.candidate_id)
            assert sum(answer.parts.values()) == pytest.approx(answer.score, abs=1e-6)
            assert all(share <= answer.most[part] + 1e-9 for part, share in answer.parts.items())


def test_every_pair_is_answered_from_both_sides_by_its_rules_or_its_score(
    engine: Engine, programme: Programme, ranked: dict[str, int]
) -> None:
    with reading(engine) as session:
        facts = load_facts(session, programme, ranked.values())
        startups = [found for found in facts.values() if found.kind is Kind.STARTUP]
        others = [found for found in facts.values() if found.kind is not Kind.STARTUP]
        for startup, other in ((s, o) for s in startups for o in others):
            here = ask(session, programme, startup.id, other.id)
            there = ask(session, programme, other.id, startup.id)
            assert {found.rule for found in here.excluded_by} == broken_rules(startup, other)
            assert here.excluded_by == there.excluded_by
            assert here.score == pytest.approx(there.score, abs=1e-6)
            assert (here.score is None) == bool(here.excluded_by)


def test_who_is_below_another_is_told_in_what(
    engine: Engine, programme: Programme, ranked: dict[str, int]
) -> None:
    with reading(engine) as session:
        *_, above, last = listed(session, ranked["S1"], Kind.MENTOR)
    answer = asked(engine, programme, ranked["S1"], last.candidate_id)
    assert answer.beside is not None
    assert answer.beside.is_above
    assert (answer.beside.profile.id, answer.beside.rank) == (above.candidate_id, last.rank - 1)
    assert answer.ahead or answer.moved


def test_who_is_first_is_behind_nobody(engine: Engine, programme: Programme, ranked: dict[str, int]) -> None:
    with reading(engine) as session:
        first = listed(session, ranked["S3"], Kind.MENTOR)[0].candidate_id
    answer = asked(engine, programme, ranked["S3"], first)
    assert (answer.rank, answer.beside, answer.moved, answer.ahead) == (1, None, None, [])


@pytest.fixture
def short(engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path) -> dict[str, int]:
    """Lists of two, so that eligible pairs are left out of them."""
    embed_all(engine, programme)
    recommend(engine, programme, tmp_path, length=2)
    return people


def test_who_is_left_out_is_measured_against_the_last_of_the_list(
    engine: Engine, programme: Programme, short: dict[str, int]
) -> None:
    with reading(engine) as session:
        items = listed(session, short["S1"], Kind.MENTOR)
        left = {short[f"M{n}"] for n in (1, 2, 4, 6)} - {item.candidate_id for item in items}
        answers = [ask(session, programme, short["S1"], mentor) for mentor in left]
    assert len(answers) == 2
    for answer in answers:
        assert answer.beside is not None
        assert (answer.rank, answer.listed, answer.beside.rank) == (None, 2, 2)
        assert answer.beside.profile.id == items[-1].candidate_id
        assert not answer.beside.is_above
        assert answer.ahead or answer.moved


def test_what_is_told_of_a_difference_is_in_the_parts(
    engine: Engine, programme: Programme, short: dict[str, int]
) -> None:
    told_of = 0
    with reading(engine) as session:
        for startup, mentor in product(("S1", "S2", "S3", "S4"), ("M1", "M2", "M3", "M4", "M6")):
            answer = ask(session, programme, short[startup], short[mentor])
            for message in answer.ahead:
                assert message.params["ours"].code in figures(answer.parts)
                assert message.params["theirs"].code in figures(answer.beside.parts)
                told_of += 1
    assert told_of > 5


def figures(parts: dict[str, float]) -> set[str]:
    """All that may be said of these parts: each, all texts together, and the whole."""
    texts = sum(share for part, share in parts.items() if part.startswith("text"))
    return {f"{share:.2f}" for share in (*parts.values(), texts, sum(parts.values()))}


@pytest.mark.parametrize(("price", "template"), [(9.0, "more in demand"), (-9.0, "number %(place)s here.")])
def test_who_gave_way_to_a_lower_score_is_told_its_place_by_score(
    engine: Engine, programme: Programme, ranked: dict[str, int], price: float, template: str
) -> None:
    """Whatever the order of the list: the one with the highest score is put last in it."""
    with unit_of_work(engine) as session:
        items = listed(session, ranked["S1"], Kind.MENTOR)
        best, last = max(items, key=lambda item: item.score), items[-1]
        best.rank, last.rank = last.rank, best.rank
        first = best.candidate_id
        session.execute(
            update(RecommendationList).where(RecommendationList.subject_id == first).values(price=price)
        )
    answer = asked(engine, programme, ranked["S1"], first)
    assert answer.moved is not None
    assert answer.moved.params["place"] == 1
    assert template in answer.moved.template
    assert answer.ahead == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is asked is the same on both
def test_the_order_of_two_sided_lists_is_told_by_what_is_in_demand(
    engine: Engine, sample: Programme, tmp_path: Path
) -> None:
    """With attention shared out as far as it goes, who stands under a lower score is more in demand."""
    with unit_of_work(engine) as session:
        session.get_one(Programme, sample.id).spread = 1.0
    embed_all(engine, sample)
    recommend(engine, sample, tmp_path)
    told_so = []
    with reading(engine) as session:
        found = session.scalars(select(Profile).where(Profile.programme_id == sample.id)).all()
        for startup in [profile for profile in found if profile.kind == Kind.STARTUP][:30]:
            items = listed(session, startup.id, Kind.MENTOR)
            for item in items:
                above = [
                    other for other in items if other.rank < item.rank and other.score < item.score - 1e-5
                ]
                if above:
                    answer = ask(session, sample, startup.id, item.candidate_id)
                    assert answer.moved.params["place"] == item.rank - len(above)
                    told_so.append("more in demand" in answer.moved.template)
    assert len(told_so) > 20
    assert sum(told_so) / len(told_so) > 0.9


@pytest.fixture
def sample(engine: Engine) -> Programme:
    with unit_of_work(engine) as session:
        return load_sample(session)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is asked is the same on both
def test_every_excluded_pair_of_the_sample_programme_is_told_its_rules(
    engine: Engine, sample: Programme
) -> None:
    excluded = 0
    with reading(engine) as session:
        profiles = {
            profile.id: profile
            for profile in session.scalars(select(Profile).where(Profile.programme_id == sample.id))
        }
        facts = load_facts(session, sample, profiles)
        startups = [found for found in facts.values() if found.kind is Kind.STARTUP]
        others = [found for found in facts.values() if found.kind is not Kind.STARTUP]
        for startup, other in ((s, o) for s in startups for o in others):
            if rules := broken_rules(startup, other):
                answer = explain_pair(session, sample, profiles[startup.id], profiles[other.id])
                assert {found.rule for found in answer.excluded_by} == rules
                assert all(str(found.reason.message) and str(found.remedy) for found in answer.excluded_by)
                excluded += 1
    assert excluded > 1000


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is asked is the same on both
def test_a_thousand_random_pairs_of_the_sample_have_parts_that_sum_to_their_scores(
    engine: Engine, sample: Programme, tmp_path: Path
) -> None:
    embed_all(engine, sample)
    recommend(engine, sample, tmp_path)
    with reading(engine) as session:
        found = session.scalars(select(Profile).where(Profile.programme_id == sample.id)).all()
        startups = [profile for profile in found if profile.kind == Kind.STARTUP]
        others = [profile for profile in found if profile.kind != Kind.STARTUP]
        pairs = random.Random(7).sample([(s, o) for s in startups for o in others], 1000)
        answers = [explain_pair(session, sample, startup, other) for startup, other in pairs]

    scored = [answer for answer in answers if not answer.excluded_by]
    assert len(scored) > 200
    for answer in scored:
        assert not answer.pending
        assert abs(sum(answer.parts.values()) - answer.score) <= 1e-6
    outside = [answer for answer in scored if answer.rank is None]
    assert all(answer.beside and (answer.ahead or answer.moved) for answer in outside)


def test_texts_without_a_vector_are_being_worked_on(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    assert asked(engine, programme, people["S1"], people["M2"]).pending  # no list yet
    embed_all(engine, programme, only=[ref for ref in people if ref != "M2"])
    recommend(engine, programme, tmp_path)
    pending = asked(engine, programme, people["S1"], people["M2"])
    assert (pending.pending, pending.score, pending.excluded_by) == (True, None, [])
    assert not asked(engine, programme, people["S1"], people["M1"]).pending


def test_a_rule_is_told_before_any_text_is_read(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    answer = asked(engine, programme, people["S1"], people["M5"])
    assert [found.rule for found in answer.excluded_by] == [Rule.CAPACITY]
    assert not answer.pending


def test_an_approved_mentor_keeps_the_place_and_is_full_for_others(
    engine: Engine, programme: Programme, ranked: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        decide(session, programme, ranked["S1"], ranked["M1"], "approved", actor="a")
    assert asked(engine, programme, ranked["S1"], ranked["M1"]).excluded_by == []
    answer = asked(engine, programme, ranked["S2"], ranked["M1"])
    assert str(answer.excluded_by[0].reason.message) == "Ada has no place left: 1 approved, 1 in all."
    assert not answer.fresh


def test_the_answer_follows_the_facts_at_once(
    engine: Engine, programme: Programme, ranked: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        session.execute(update(Mentor).where(Mentor.id == ranked["M5"]).values(capacity=1))
    answer = asked(engine, programme, ranked["S1"], ranked["M5"])
    assert (answer.excluded_by, answer.rank, answer.pending) == ([], None, False)
    assert answer.score is not None


def test_pairs_that_cannot_be_are_not_found(
    engine: Engine, programme: Programme, ranked: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        elsewhere = make_programme(session)
        stranger = add(session, elsewhere, draft(Kind.MENTOR, "M1"))["M1"]
    for subject, other in (("S1", "S2"), ("M1", "M2"), ("M1", "F1"), ("S1", "S1")):
        with pytest.raises(NotFound):
            asked(engine, programme, ranked[subject], ranked[other])
    with pytest.raises(NotFound):
        asked(engine, programme, ranked["S1"], stranger)


def test_a_portfolio_is_quoted_by_the_pitch_that_it_stands_for(
    engine: Engine, programme: Programme, tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        found = add(
            session, programme,
            draft(Kind.STARTUP, "S1", "One", pitch="Solar freezers for fish markets"),
            draft(Kind.STARTUP, "S2", "Two", pitch="Solar freezers for fish markets"),
            draft(Kind.FUNDER, "F1", "Fund", portfolio=("S2",)),
        )  # fmt: skip
    embed_all(engine, programme, SPACE)
    recommend(engine, programme, tmp_path)
    answer = asked(engine, programme, found["S1"], found["F1"])
    assert answer.reasons[0].message.params["theirs"] == "Solar freezers for fish markets"
