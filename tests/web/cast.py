"""The four kinds of people of the world's programme, each signed in."""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from matcher.db import unit_of_work
from matcher.models import Membership, Profile, Role
from tests.web.conftest import token
from tests.web.people import add_member, sign_in
from tests.web.world import World


@dataclass(frozen=True)
class Part:
    """Somebody's browser, and where their pages are."""

    client: FlaskClient
    home: str
    membership: int

    def get(self, tail: str = "") -> TestResponse:
        """One of their pages, in English."""
        return self.client.get(f"{self.home}{tail}", headers={"Accept-Language": "en"})

    def post(self, tail: str, **data: object) -> TestResponse:
        """Send a form of theirs: its token is that of any page."""
        shown = self.client.get("/account")
        return self.client.post(f"{self.home}{tail}", data={"csrf_token": token(shown), **data})

    def follow(self, tail: str, **data: object) -> str:
        """Send a form, and the text of the page that it leads to."""
        answer = self.post(tail, **data)
        assert answer.status_code == 303, answer.text
        return self.client.get(answer.location, headers={"Accept-Language": "en"}).text


@dataclass(frozen=True)
class Cast:
    """Who plays."""

    founder: Part
    mentor: Part
    funder: Part
    manager: Part
    other_founder: Part
    """Of the other programme."""


def cast(app: Flask, engine: Engine, world: World) -> Cast:
    """Everybody has an account and takes part; the mentor and the funder have addresses."""
    with unit_of_work(engine) as session:
        session.get_one(Profile, world.mentor).email = "amara@example.org"
        session.get_one(Profile, world.funder).email = "grants@example.org"
        members = [
            add_member(session, world.slug, Role.FOUNDER, profile_id=world.startup),
            add_member(session, world.slug, Role.MENTOR, profile_id=world.mentor),
            add_member(session, world.slug, Role.FUNDER, profile_id=world.funder),
            add_member(session, world.slug, Role.MANAGER),
            add_member(session, world.other_slug, Role.FOUNDER, profile_id=world.other_startup),
        ]
        found = [(member.account_id, member.id) for member in members]
    slugs = [world.slug] * 4 + [world.other_slug]
    parts = [
        Part(sign_in(app, account), f"/p/{slug}" if at == 3 else f"/p/{slug}/mine/{number}", number)
        for at, ((account, number), slug) in enumerate(zip(found, slugs, strict=True))
    ]
    return Cast(*parts)


def member_of(engine: Engine, number: int) -> Membership:
    """A membership as it is stored."""
    with unit_of_work(engine) as session:
        return session.get_one(Membership, number)
