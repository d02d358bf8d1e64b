"""The programme's own questions: added, put in order, asked, answered, and read among the notes."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Profile, Programme, Question, Role
from matcher.services.questions import add_question
from tests.web.conftest import submit, token
from tests.web.people import add_member, sign_in
from tests.web.test_web_application import post
from tests.web.world import HOSTILE, World


def texts(engine: Engine, kind: Kind) -> list[str]:
    with reading(engine) as session:
        query = select(Question.text).where(Question.kind == kind).order_by(Question.position)
        return list(session.scalars(query))


def test_questions_are_added_ordered_changed_and_removed(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    at = f"/p/{world.slug}/questions"
    for text in ("One, 100%?", HOSTILE[:150], "Three?"):
        assert submit(client, at, f"{at}/startups", text=text).status_code == 303
    page = client.get(at).text
    assert "One, 100%?" in page
    assert "<script>alert" not in page
    wrong = submit(client, at, f"{at}/startups", text="one, 100%?", hint="Kept")
    assert wrong.status_code == 422
    assert "This question is there already" in wrong.text
    assert 'value="Kept"' in wrong.text
    with reading(engine) as session:
        first = session.scalars(select(Question.id).order_by(Question.id)).first()
    csrf = token(client.get(at))
    client.post(f"{at}/{first}/move", data={"csrf_token": csrf, "to": "down"})
    assert texts(engine, Kind.STARTUP) == [HOSTILE[:150], "One, 100%?", "Three?"]
    assert submit(client, f"{at}/{first}", text=" ").status_code == 422
    assert submit(client, f"{at}/{first}", text="Uno?").status_code == 303
    submit(client, at, f"{at}/{first}/remove")

    assert texts(engine, Kind.STARTUP) == [HOSTILE[:150], "Three?"]
    assert texts(engine, Kind.MENTOR) == []


def test_an_answer_stands_among_the_notes_that_managers_read(
    app: Flask, client: FlaskClient, world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        asked = add_question(session, programme, Kind.STARTUP, "Sure, 100%?", "Say %s", actor="a").id
        member = add_member(session, world.slug, Role.FOUNDER, profile_id=world.startup)
    own, at = sign_in(app, member.account_id), f"/p/{world.slug}/mine/{member.id}/profile"
    assert "Sure, 100%?" in own.get(f"{at}/question-{asked}").text
    long = post(own, f"{at}/question-{asked}", **{f"own-{asked}": "x" * 501})
    assert long.status_code == 422
    assert "x" * 501 in long.text
    post(own, f"{at}/question-{asked}", **{f"own-{asked}": "Quite"})
    post(own, f"{at}/check", f"{at}/send")

    with reading(engine) as session:
        assert session.get_one(Profile, world.startup).notes == {"Sure, 100%?": "Quite"}
    page = client.get(f"/p/{world.slug}/startups/{world.startup}").text
    assert "Sure, 100%?" in page
    assert "Quite" in page


def test_another_programme_s_question_is_none_of_ours(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        other = session.scalars(select(Programme).where(Programme.slug == world.other_slug)).one()
        foreign = add_question(session, other, Kind.MENTOR, "Secret?", "", actor="a").id
    at = f"/p/{world.slug}/questions"
    csrf = token(client.get(at))
    assert client.get(f"{at}/{foreign}").status_code == 404
    for step in ("", "/move", "/remove"):
        answer = client.post(f"{at}/{foreign}{step}", data={"csrf_token": csrf, "text": "Ours?", "to": "up"})
        assert answer.status_code == 404
    assert texts(engine, Kind.MENTOR) == ["Secret?"]
