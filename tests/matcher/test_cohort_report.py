"""The figures of a cohort's report, counted by hand beside it, on both kinds of database."""

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Match, MatchState, Programme, Proposal, Waiting
from matcher.profiles.places import AREAS, WORLD, area, area_name, countries
from matcher.services.cohort_report import Balance, CohortReport, read_report
from matcher.services.rules import CohortRules, save_rules
from matcher.wording import Message, Term
from tests.matcher.factories import add, draft, make_programme

LOCALES = ("ar", "en", "es", "fr", "ru", "zh")


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    """Five start-ups in two regions and two sectors, three mentors, two funding partners; and noise."""
    drafts = [
        draft(Kind.STARTUP, "S1", country="KE", sectors=("agritech", "health")),
        draft(Kind.STARTUP, "S2", country="UG", sectors=("agritech",)),
        draft(Kind.STARTUP, "S3", country="SN", sectors=("agritech",)),
        draft(Kind.STARTUP, "S4", country="GL"),
        draft(Kind.STARTUP, "S5"),
        draft(Kind.MENTOR, "M1", country="KE", sectors=("agritech",), capacity=2),
        draft(Kind.MENTOR, "M2", country="SN", sectors=("health",)),
        draft(Kind.MENTOR, "M3", capacity=0),
        draft(Kind.FUNDER, "F1", countries=("KE", "UG", "SN"), sectors=("agritech",)),
        draft(Kind.FUNDER, "F2", countries=(WORLD,)),
    ]
    with unit_of_work(engine) as session:
        other = make_programme(session)
        theirs = add(session, other, draft(Kind.STARTUP, "S1"), draft(Kind.MENTOR, "M1", capacity=9))
        pair(session, other, theirs, "S1", "M1", MatchState.ACTIVE, 0.9)
        return add(session, programme, *drafts)


def pair(
    session: Session,
    programme: Programme,
    people: dict[str, int],
    ours: str,
    theirs: str,
    state: MatchState = MatchState.PROPOSED,
    score: float | None = 0.5,
) -> None:
    band = None if score is None else "strong" if score >= 0.6 else "good" if score >= 0.45 else "possible"
    session.add(
        Match(
            programme_id=programme.id, startup_id=people[ours], counterpart_id=people[theirs], score=score,
            state=state.value, band=band, reasons=[], decided_by="test",
        )
    )  # fmt: skip


def run(programme: Programme, **values: object) -> Proposal:
    fixed = {
        "counterpart_kind": Kind.MENTOR.value, "number": 1, "rules_version": 0, "model": "m", "revision": "r",
        "watermark": 1, "seed": 0, "input_hash": "h", "problem": b"", "objective": "total", "solver": "flow",
        "is_optimal": True, "gap": 0.0, "total": 1.0, "worst_off": 0.5, "pairs": 2, "covered": 2,
        "startups": 5, "seconds": 0.1, "made_by": "test",
    }  # fmt: skip
    return Proposal(programme_id=programme.id, **{**fixed, **values})


def read(engine: Engine, programme: Programme, kind: Kind = Kind.MENTOR) -> CohortReport:
    with reading(engine) as session:
        return read_report(session, session.merge(programme, load=False), kind)


def numbers(balances: list[Balance]) -> dict[str, tuple[int, int, int]]:
    """By name: start-ups, of them with somebody, places."""
    names = [b.name.code if isinstance(b.name, Term) else str(b.name) for b in balances]
    return {name: (b.startups, b.covered, b.places) for name, b in zip(names, balances, strict=True)}


def test_demand_and_supply_are_counted_by_sector_and_by_region(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        pair(session, programme, people, "S1", "M1")
        pair(session, programme, people, "S2", "M2", MatchState.REJECTED)
        pair(session, programme, people, "S3", "F1")

    report = read(engine, programme)
    assert numbers(report.sectors) == {"agritech": (3, 1, 2), "health": (1, 1, 3), "Not stated": (2, 0, 0)}
    assert numbers(report.regions) == {
        "east-africa": (2, 1, 2), "west-africa": (1, 0, 3), "Other countries": (1, 0, 0),
        "Not stated": (1, 0, 0),
    }  # fmt: skip


def test_a_funding_partner_counts_in_every_region_that_it_funds_once(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        pair(session, programme, people, "S3", "F1")

    report = read(engine, programme, Kind.FUNDER)
    found = numbers(report.regions)
    assert found["east-africa"] == (2, 0, 10)
    assert found["west-africa"] == (1, 1, 10)
    assert found["caribbean"] == (0, 0, 5)
    assert (report.places, report.taken, report.free) == (10, 1, 9)


def test_partners_without_a_limit_offer_what_they_have(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        save_rules(session, programme, CohortRules(introductions_most=None), seen=0, actor="x")
        pair(session, programme, people, "S3", "F1")

    report = read(engine, programme, Kind.FUNDER)
    assert (report.places, report.taken, report.free) == (1, 1, 0)


def test_scores_are_counted_in_tenths_and_bands_and_none_is_lost(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    scores = [("S1", 1.0), ("S2", 0.0), ("S3", 0.95), ("S4", 0.45), ("S5", None)]
    with unit_of_work(engine) as session:
        for ours, score in scores:
            pair(session, programme, people, ours, "M2", score=score)

    report = read(engine, programme)
    assert [(b.low, b.pairs) for b in report.bins if b.pairs] == [(0.0, 1), (0.4, 1), (0.9, 2)]
    assert report.bands == [("strong", 2), ("good", 1), ("possible", 1)]
    assert report.unscored == 1
    assert report.free == 0  # one place more is taken than there are


def test_who_has_too_little_is_named_with_why_those_with_nobody_first(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    reason, remedy = Message("No language in common."), Message("Ask %(name)s.", {"name": "Ada"})
    told = [
        {"profile_id": people[ref], "reason": reason.to_json(), "remedies": [remedy.to_json()]}
        for ref in ("S4", "S1")
    ]
    with unit_of_work(engine) as session:
        save_rules(session, programme, CohortRules(mentors_least=2, mentors_most=2), seen=0, actor="x")
        for ours, theirs in (("S1", "M1"), ("S2", "M1"), ("S2", "M2"), ("S3", "M2"), ("S1", "M2")):
            pair(session, programme, people, ours, theirs)
        session.add(run(programme, rules_version=1, unmatched=told))

    report = read(engine, programme)
    assert [(line.profile.ref, line.pairs) for line in report.left] == [("S4", 0), ("S5", 0), ("S3", 1)]
    assert (report.left_count, report.left_uncovered) == (3, 2)
    assert (report.left[0].reason, report.left[0].remedies) == (reason, [remedy])
    assert "Decisions since the proposal" in str(report.left[1].reason)
    assert report.left[1].remedies == []


def test_without_a_proposal_everybody_is_left_and_the_report_says_so(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    report = read(engine, programme)

    assert report.run is None
    assert report.left_count == 5
    assert {str(line.reason) for line in report.left} == {"No proposal has been made yet."}
    assert report.rules_since == []


def test_the_rules_are_those_of_the_run_and_later_changes_stand_beside(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        save_rules(session, programme, CohortRules(mentors_most=3), seen=0, actor="x")
        session.add(run(programme, rules_version=1, relaxed=[Message("One too few.").to_json()]))
        save_rules(session, programme, CohortRules(mentors_most=4), seen=1, actor="x")

    report = read(engine, programme)
    said = {str(line.label): [str(value) for value in line.values] for line in report.rules}
    assert said["Most mentors for one start-up"] == ["3"]
    assert [(str(c.label), str(c.before[0]), str(c.after[0])) for c in report.rules_since] == [
        ("Most mentors for one start-up", "3", "4")
    ]
    assert [str(line) for line in report.relaxed] == ["One too few."]
    assert report.rules_version == 1


def test_the_fullest_come_first_and_waiting_is_of_this_kind(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        for ours, theirs in (("S1", "M1"), ("S2", "M1"), ("S3", "M3")):
            pair(session, programme, people, ours, theirs)
        for kind in (Kind.MENTOR, Kind.FUNDER):
            ref = "S4" if kind is Kind.MENTOR else "S5"
            session.add(
                Waiting(programme_id=programme.id, startup_id=people[ref], counterpart_kind=kind.value)
            )

    report = read(engine, programme)
    assert [(p.profile.ref, p.left) for p in report.loads] == [("M3", -1), ("M1", 0), ("M2", 3)]
    assert [line.startup.ref for line in report.waiting] == ["S4"]


def test_the_number_of_queries_does_not_grow_with_the_cohort(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    def count() -> int:
        seen: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        read(engine, programme)
        return len(seen)

    few = count()
    with unit_of_work(engine) as session:
        add(session, programme, *(draft(Kind.STARTUP, f"T{n}") for n in range(30)))
        add(session, programme, *(draft(Kind.MENTOR, f"N{n}") for n in range(30)))
    assert count() == few


@pytest.mark.parametrize("locale", LOCALES)
def test_every_region_has_a_name_in_every_language(locale: str) -> None:
    names = {area_name(code, locale) for code in AREAS}

    assert len(names) == len(AREAS)
    assert not names & set(AREAS)


def test_every_country_of_the_poorer_parts_of_the_world_is_in_one_region() -> None:
    expected = {"KE": "east-africa", "MR": "north-africa", "EG": "north-africa", "CD": "central-africa",
                "HT": "caribbean", "MX": "central-america", "KZ": "central-asia"}  # fmt: skip
    assert {country: area(country) for country in expected} == expected
    assert sum(area(country) is None for country in countries()) < 60
