"""Somebody's own profile in steps: one thing a page, nothing lost, and no way to say more than is asked."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from matcher.db import reading, unit_of_work
from matcher.models import (
    Application,
    AuditEvent,
    Facet,
    Job,
    JobKind,
    Kind,
    Membership,
    MembershipState,
    Mentor,
    Profile,
    Role,
    Startup,
)
from matcher.services.profiles import get_profile
from matcher.services.programmes import get_programme
from tests.web.conftest import token
from tests.web.people import add_member, sign_in
from tests.web.world import HOSTILE, World

_STAMP = re.compile(r'name="stamp" value="([^"]+)"')


def enter(
    app: Flask,
    engine: Engine,
    world: World,
    role: Role,
    profile_id: int | None = None,
    state: MembershipState = MembershipState.ACTIVE,
    *,
    needs_approval: bool = False,
) -> tuple[FlaskClient, str, int]:
    """A browser, the address of their profile, and the membership."""
    with unit_of_work(engine) as session:
        member = add_member(session, world.slug, role, profile_id=profile_id, state=state)
        member.needs_approval = needs_approval
    return sign_in(app, member.account_id), f"/p/{world.slug}/mine/{member.id}/profile", member.id


@pytest.fixture
def founder(app: Flask, engine: Engine, world: World) -> tuple[FlaskClient, str, int]:
    return enter(app, engine, world, Role.FOUNDER, None, MembershipState.APPLYING, needs_approval=True)


@pytest.fixture
def mentor(app: Flask, engine: Engine, world: World) -> tuple[FlaskClient, str, int]:
    return enter(app, engine, world, Role.MENTOR, world.mentor)


def post(client: FlaskClient, address: str, to: str = "", **data: object) -> TestResponse:
    """Fill a page's form in, as it stands, and send it."""
    page = client.get(address)
    assert page.status_code == 200, page.status
    stamp = _STAMP.search(page.text)
    hidden = {"csrf_token": token(page), **({"stamp": stamp[1]} if stamp else {})}
    return client.post(to or address, data={**hidden, **data})


def answers(engine: Engine, mine: int) -> dict[str, object]:
    with reading(engine) as session:
        row = session.get(Application, mine)
        return dict(row.answers) if row else {}


def test_a_founder_goes_from_the_first_page_to_the_last(
    founder: tuple[FlaskClient, str, int], engine: Engine, world: World
) -> None:
    client, at, mine = founder
    assert "Begin" in client.get(at).text
    answer = post(client, f"{at}/about", name="New Dawn", country="Kenya")
    visited = []
    while not answer.location.endswith("/check"):
        assert answer.status_code == 303
        name = answer.location.rpartition("/")[2]
        visited.append(name)
        data: dict[str, object] = {
            "pitch": {"pitch": HOSTILE},
            "sectors": {"sectors": "agritech", "sectors-more": "Bees"},
        }.get(name) or {"do": "unknown"}
        answer = post(client, answer.location, **data)
    assert visited == ["languages", "sectors", "stage", "pitch", "needs", "markets", "goals", "money"]

    check = client.get(answer.location)
    assert "<script>alert" not in check.text
    assert "&lt;script&gt;" in check.text
    assert check.text.count("You do not know yet") == 6
    assert "Kenya" in check.text
    assert "Agriculture and food" in check.text
    sent = post(client, f"{at}/check", f"{at}/send")
    assert sent.location.endswith("/profile/sent")
    assert "A programme manager reads your profile" in client.get(sent.location).text
    with reading(engine) as session:
        member = session.get_one(Membership, mine)
        assert (member.state, member.profile_id) == ("applying", None)
        assert session.get_one(Application, mine).sent_at is not None


def test_what_is_wrong_is_said_and_nothing_is_lost(founder: tuple[FlaskClient, str, int]) -> None:
    client, at, _ = founder
    answer = post(client, f"{at}/about", name="", country="Nowhereland", city="Kisumu")

    assert answer.status_code == 422
    for words in (
        "There is a problem",
        'href="#name"',
        'href="#country"',
        'value="Nowhereland"',
        'value="Kisumu"',
    ):
        assert words in answer.text
    assert 'aria-describedby="country-hint country-error"' in answer.text
    empty = post(client, f"{at}/stage")
    assert empty.status_code == 422
    assert "don&#39;t know yet" in empty.text
    assert post(client, f"{at}/stage", do="later").location.endswith("/profile")


def test_needs_are_added_removed_and_ordered_one_by_one(
    founder: tuple[FlaskClient, str, int], engine: Engine
) -> None:
    client, at, mine = founder
    page = f"{at}/needs"
    added = post(
        client, page, do="add", needs=["First", "Second; Third"], **{"needs-add": ["sales", "forged"]}
    )
    assert added.location.endswith("/needs#needs")
    sales = "Finding customers and selling"
    assert answers(engine, mine)["needs"] == ["First", "Second", "Third", sales]
    assert sales not in client.get(page).text.partition("<details>")[2], "what is there is not suggested"

    moved = {"needs": ["First", "Second", "Third", sales], "needs-place": ["9", "x", "1", "2"]}
    post(client, page, do="add", **moved)
    assert answers(engine, mine)["needs"] == ["Third", sales, "First", "Second"]
    post(client, page, do="remove-1", needs=["Third", sales, "First"], **{"needs-place": ["1", "2", "3"]})

    assert answers(engine, mine)["needs"] == ["Third", "First"]


def test_suggestions_are_in_the_reader_s_language(founder: tuple[FlaskClient, str, int]) -> None:
    client, at, _ = founder
    assert "Trouver des clients et vendre" in client.get(f"{at}/needs?lang=fr").text
    assert "الزراعة والغذاء" in client.get(f"{at}/sectors?lang=ar").text


def test_another_window_is_shown_beside_and_nothing_is_overwritten(
    founder: tuple[FlaskClient, str, int], engine: Engine
) -> None:
    client, at, mine = founder
    page = client.get(f"{at}/pitch")
    old = {"csrf_token": token(page), "stamp": _STAMP.findall(page.text)[0]}
    post(client, f"{at}/pitch", pitch="The first window.")

    late = client.post(f"{at}/pitch", data={**old, "pitch": "The second window."})

    assert late.status_code == 409
    assert "The first window." in late.text
    assert "The second window." in late.text
    assert answers(engine, mine)["pitch"] == "The first window."
    new = {**old, "stamp": _STAMP.findall(late.text)[0]}
    assert client.post(f"{at}/pitch", data={**new, "pitch": "The second window."}).status_code == 303
    assert answers(engine, mine)["pitch"] == "The second window."


def test_a_change_is_sent_or_shown_beside_a_manager_s(
    mentor: tuple[FlaskClient, str, int], engine: Engine, world: World
) -> None:
    client, at, _ = mentor
    assert "Amara Diop" in client.get(f"{at}/about").text
    post(client, f"{at}/expertise", expertise=["Licences"])
    assert "not sent yet" in client.get(at).text
    with unit_of_work(engine) as session:
        session.get_one(Mentor, world.mentor).affiliation = "A hub"

    late = post(client, f"{at}/check", f"{at}/send")
    assert late.status_code == 409
    assert "A hub" in late.text
    assert "Licences" in late.text
    version = re.findall(r'name="profile_version" value="(\d+)"', late.text)[0]
    sent = post(client, f"{at}/check", f"{at}/send", profile_version=version)

    assert sent.location.endswith("/profile")
    with reading(engine) as session:
        programme = get_programme(session, world.slug)
        profile = get_profile(session, programme, Kind.MENTOR, world.mentor)
        assert profile.texts(Facet.EXPERTISE) == ["Licences"]
        assert session.scalars(select(AuditEvent.action)).all() == ["profile.saved"]


def test_a_break_is_one_click_and_so_is_its_end(
    mentor: tuple[FlaskClient, str, int], engine: Engine, world: World
) -> None:
    client, at, _ = mentor
    for paused in ("1", "0"):
        assert f'name="paused" value="{paused}"' in client.get(at).text
        answer = post(client, at, f"{at}/pause", paused=paused, back="mine")
        assert answer.location == at.removesuffix("/profile")
        with reading(engine) as session:
            assert session.get_one(Profile, world.mentor).is_paused == (paused == "1")
    with reading(engine) as session:
        assert session.scalars(select(Job.kind)).all() == [JobKind.RECOMMEND]


def test_the_number_of_start_ups_is_checked_and_is_no_foreign_change(
    mentor: tuple[FlaskClient, str, int], engine: Engine, world: World
) -> None:
    client, at, _ = mentor
    wrong = post(client, at, f"{at}/capacity", capacity="lots")
    assert wrong.status_code == 422
    assert 'value="lots"' in wrong.text
    post(client, f"{at}/expertise", expertise=["Licences"])
    assert post(client, at, f"{at}/capacity", capacity="4").status_code == 303

    assert post(client, f"{at}/check", f"{at}/send").status_code == 303
    with reading(engine) as session:
        assert session.get_one(Mentor, world.mentor).capacity == 4


def test_start_ups_have_no_such_switch_and_nobody_opens_another_s_profile(
    app: Flask, engine: Engine, world: World, mentor: tuple[FlaskClient, str, int]
) -> None:
    client, at, _ = enter(app, engine, world, Role.FOUNDER, world.startup)
    csrf = token(client.get(at))
    assert client.post(f"{at}/pause", data={"csrf_token": csrf, "paused": "1"}).status_code == 404
    foreign = mentor[1]
    for page in ("", "/about", "/check", "/sent"):
        assert client.get(foreign + page).status_code == 404
    for page in ("/about", "/send", "/pause", "/capacity"):
        assert client.post(foreign + page, data={"csrf_token": csrf, "name": "X"}).status_code == 404
    assert client.get(f"{at}/thesis").status_code == 404


def test_fields_that_nobody_asked_for_change_nothing(
    founder: tuple[FlaskClient, str, int], engine: Engine
) -> None:
    client, at, mine = founder
    forged = {
        "role": "manager",
        "state": "active",
        "needs_approval": "0",
        "ref": "S1",
        "email": "a@b.co",
        "is_admin": "1",
        "programme_id": "2",
        "conflicts": "M1",
    }
    post(client, f"{at}/about", name="New Dawn", **forged)

    assert set(answers(engine, mine)) == {"name", "country", "city", "founded"}
    with reading(engine) as session:
        member = session.get_one(Membership, mine)
        assert (member.role, member.state, member.needs_approval) == ("founder", "applying", True)


def test_who_was_invited_takes_part_at_once(app: Flask, engine: Engine, world: World) -> None:
    client, at, mine = enter(app, engine, world, Role.FOUNDER, None, MembershipState.APPLYING)
    early = post(client, f"{at}/check", f"{at}/send")
    assert early.status_code == 422
    assert 'href="#page-about"' in early.text
    answer = post(client, f"{at}/about", name="New Dawn")
    while not answer.location.endswith("/check"):
        answer = post(client, answer.location, do="unknown")

    sent = post(client, f"{at}/check", f"{at}/send")

    assert "You take part now" in client.get(sent.location).text
    with reading(engine) as session:
        startup = session.get_one(Startup, session.get_one(Membership, mine).profile_id)
        assert (startup.name, startup.email) == ("New Dawn", "founder@rural-links.example.org")
