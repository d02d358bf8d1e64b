"""A founder and a mentor whose match both accepted, each in a browser of their own."""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import Kind, Mentor, Programme, Role
from matcher.services import publishing
from matcher.services.answers import answer_for
from matcher.services.review import decide
from matcher.services.steps import Pair
from tests.web.people import add_member, sign_in
from tests.web.world import World


@dataclass(frozen=True)
class Couple:
    """Two browsers, and the address of the match in each."""

    pair: Pair
    founder: FlaskClient
    mentor: FlaskClient
    ours: str
    theirs: str


def programme_at(session: Session, slug: str) -> Programme:
    return session.scalars(select(Programme).where(Programme.slug == slug)).one()


def accept(session: Session, slug: str, pair: Pair, kind: Kind = Kind.MENTOR) -> None:
    """Approve, publish, and accept on both sides."""
    programme = programme_at(session, slug)
    decide(session, programme, *pair, "approved", actor="a")
    publishing.publish(session, programme, kind, actor="a", link=lambda s: f"http://x/answer/{s}")
    for side in publishing.SIDES:
        answer_for(session, programme, pair, side, accepted=True, actor="a")


def couple(app: Flask, engine: Engine, world: World) -> Couple:
    """The world's first start-up in Cairo, and its first mentor in Kathmandu."""
    pair = (world.startup, world.mentor)
    with unit_of_work(engine) as session:
        session.get_one(Mentor, world.mentor).email = "amara@example.org"
        accept(session, world.slug, pair)
        founder = add_member(
            session, world.slug, Role.FOUNDER, profile_id=pair[0], timezone="Africa/Cairo", language="en"
        )
        mentor = add_member(session, world.slug, Role.MENTOR, profile_id=pair[1], timezone="Asia/Kathmandu")
    return Couple(
        pair,
        sign_in(app, founder.account_id),
        sign_in(app, mentor.account_id),
        f"/p/{world.slug}/mine/{founder.id}/matches/{pair[1]}",
        f"/p/{world.slug}/mine/{mentor.id}/matches/{pair[0]}",
    )
