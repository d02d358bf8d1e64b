"""A participant's first page and the people whom they may get to know."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine

from matcher.db import unit_of_work
from matcher.models import Application, MembershipState, Mentor, Profile, ProgrammeDate, Role, Startup, utcnow
from matcher.services.review import decide
from tests.web.cast import Cast, Part, cast
from tests.web.cohort_world import programme_of
from tests.web.people import add_member, sign_in
from tests.web.test_web_pages import _contents
from tests.web.test_web_whynot import _text
from tests.web.world import HOSTILE, World


@pytest.fixture
def people(app: Flask, engine: Engine, world: World) -> Cast:
    return cast(app, engine, world)


def test_the_first_page_says_what_to_do_and_shows_the_best(
    people: Cast, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        for days, title in ((3, "Demo day"), (-3, "Kick-off")):
            day = (utcnow() + timedelta(days=days)).date()
            session.add(ProgrammeDate(programme_id=programme.id, on=day, title=title))
    told = _text(people.founder.get().text)

    assert "Umeme Soko" in told
    assert "Nothing waits for you." in told
    assert "Recommended mentors" in told
    assert "Amara Diop" in told
    assert "Recommended funding partners" in told
    assert "Demo day" in told
    assert "Kick-off" not in told
    assert "Recommended start-ups" in _text(people.mentor.get().text)


def test_navigation_has_what_the_role_has(people: Cast) -> None:
    for part, there, gone in (
        (people.founder, ("Mentors", "Funding partners"), ("Start-ups",)),
        (people.mentor, ("Start-ups",), ("Mentors", "Funding partners")),
        (people.funder, ("Start-ups",), ("Mentors", "Funding partners")),
    ):
        navigation = part.get().text.partition('<nav class="main"')[2].partition("</nav>")[0]
        for name in (*there, "Your page", "Shortlist", "Requests"):
            assert f">{name}<" in navigation
        for name in gone:
            assert f">{name}<" not in navigation


@pytest.mark.parametrize(
    ("application", "words"),
    [(None, "First say who you are"), ({"steps": ["name"]}, "Go on where you left off"),
     ({"steps": ["name"], "sent_at": utcnow()}, "is with the programme manager")],
)  # fmt: skip
def test_whoever_is_not_let_in_yet_reads_what_comes_next_and_opens_nothing_else(
    app: Flask, engine: Engine, world: World, application: dict[str, object] | None, words: str
) -> None:
    with unit_of_work(engine) as session:
        member = add_member(session, world.slug, Role.FOUNDER, state=MembershipState.APPLYING)
        if application:
            session.add(Application(membership_id=member.id, **application))
        account, number = member.account_id, member.id
    part = Part(sign_in(app, account), f"/p/{world.slug}/mine/{number}", number)

    assert words in _text(part.get().text)
    for tail in ("/mentors", f"/mentors/{world.mentor}", "/shortlist", "/requests"):
        assert part.get(tail).status_code == 404


def test_nobody_sees_the_wrong_kind_or_another_programme(people: Cast, world: World) -> None:
    for part, tail in (
        (people.founder, "/startups"),
        (people.founder, f"/startups/{world.lonely}"),
        (people.founder, f"/mentors/{world.funder}"),
        (people.mentor, "/funders"),
        (people.mentor, f"/mentors/{world.mentor}"),
        (people.mentor, f"/startups/{world.other_startup}"),
        (people.other_founder, f"/mentors/{world.mentor}"),
        (people.mentor, f"/startups/{world.startup}/ask"),
    ):
        assert part.get(tail).status_code == 404, tail
    theirs = people.mentor.home
    for tail in ("", "/startups", "/shortlist", "/requests"):
        assert people.founder.client.get(f"{theirs}{tail}").status_code == 404


def test_a_profile_is_public_and_says_why_without_what_managers_keep(
    people: Cast, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        mentor = session.get_one(Mentor, world.mentor)
        mentor.notes = {"Remark": "Pays late"}
        mentor.conflicts = ["S999"]
        mentor.capacity = 7_777
    page = people.founder.get(f"/mentors/{world.mentor}").text
    told = _text(page)

    assert "last-mile connectivity" in told
    assert "Shared sectors" in told
    assert "No market in common" in told
    for private in ("amara@", "M001", "Pays late", "S999", "7777", "7,777", "not stated", "In demand"):
        assert private not in page


def test_the_list_is_of_those_recommended_and_narrows(people: Cast, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Mentor, world.mentor).sectors = ["energy"]
        lists = session.get_one(Startup, world.startup)
        decide(session, programme_of(session, world), lists.id, world.mentor + 1, "rejected", actor="m")
    everybody = _text(people.founder.get("/mentors").text)
    narrowed = _text(people.founder.get("/mentors?sector=energy").text)
    nobody = _text(people.founder.get("/mentors?sector=energy&language=zh").text)

    assert "5 are recommended to you" in everybody
    assert "Wei Zhang" not in everybody, "managers see no match there"
    assert "1 found" in narrowed
    assert "Amara Diop" in narrowed
    assert "Try fewer words" in nobody


def test_words_find_others_who_are_eligible_and_nobody_who_is_not(
    people: Cast, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        programme = programme_of(session, world)
        for ref, name, speaks in (("M70", "Nadia Gridwell", "en"), ("M71", "Pavel Gridwell", "ru")):
            session.add(
                Mentor(programme_id=programme.id, ref=ref, name=name, languages=[speaks],
                       search_text=name.lower())
            )  # fmt: skip
    found = _text(people.founder.get("/mentors?q=GRIDWELL").text)

    assert "Nadia Gridwell" in found
    assert "Pavel Gridwell" not in found, "they share no working language"
    assert "Amara Diop" not in found


def test_a_paused_profile_is_seen_and_not_asked(people: Cast, engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Profile, world.mentor).is_paused = True
    page = _text(people.founder.get(f"/mentors/{world.mentor}").text)

    assert "takes nobody new at present" in page
    assert f"/mentors/{world.mentor}/ask" not in people.founder.get("/mentors").text
    assert "takes nobody new" in _text(people.founder.get(f"/mentors/{world.mentor}/ask").text)


def test_what_cannot_be_says_so_and_keeps_a_declared_conflict_to_itself(
    people: Cast, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Mentor, world.mentor).languages = ["ru"]
        session.get_one(Mentor, world.mentor + 1).conflicts = ["S001"]
    barred = _text(people.founder.get(f"/mentors/{world.mentor}").text)
    conflict = _text(people.founder.get(f"/mentors/{world.mentor + 1}").text)

    assert "they share no working language" in barred
    assert "cannot put you together" in conflict
    assert "conflict" not in conflict


def test_looking_changes_nothing_and_hostile_names_stay_text(
    people: Cast, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        session.add(
            ProgrammeDate(programme_id=programme_of(session, world).id, on=utcnow().date(), title=HOSTILE)
        )
    for part in (people.mentor, people.funder):
        part.get()  # when they were last here is noted, once an hour
    before = _contents(engine)
    for tail in ("", "/startups", f"/startups/{world.hostile}", "/shortlist", "/requests"):
        page = people.mentor.get(tail)
        assert page.status_code == 200
        assert HOSTILE not in page.text
    assert people.funder.get(f"/startups/{world.hostile}/ask").status_code == 200
    assert _contents(engine) == before
