"""Every page on the way in and of one's account, as somebody meets it who goes through and errs."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import time

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from matcher.db import reading, unit_of_work
from matcher.models import Account, Invitation, Mail, Passkey, Role, utcnow
from matcher.services.invitations import invite
from tests.matcher.factories import make_programme
from tests.web.people import add_account, add_admin, add_member, sign_in
from tests.web.signing import ANNA, PASSWORD, add_anna, code

_WRONG = "none of ours"
_RESET = re.compile(r"(/password/forgotten/\S+)")
_CODE = re.compile(r"<code>([0-9a-f-]{14})</code>")


class Doors:
    """An installation that asks for no tokens, and a reader of one language."""

    def __init__(self, app: Flask, lang: str) -> None:
        self.app, self.lang = app, lang
        self.engine: Engine = app.extensions["tandem_engine"]

    def walk(self) -> Iterator[TestResponse]:
        """All of them. The database must be empty."""
        yield from self._first_run()
        anna = add_anna(self.app)
        for part in (self._password, self._codes, self._passkeys, self._again, self._invitations):
            yield from part(anna)
        yield from self._sample()

    def _browser(self, account_id: int | None = None) -> FlaskClient:
        client = sign_in(self.app, account_id) if account_id else self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = self.lang
        return client

    def _change(self, change: Callable[[Session], object]) -> None:
        with unit_of_work(self.engine) as session:
            change(session)

    def _enter(self, password: str = PASSWORD) -> tuple[FlaskClient, TestResponse]:
        client = self._browser()
        return client, client.post("/sign-in", data={"email": ANNA, "password": password})

    def _first_run(self) -> Iterator[TestResponse]:
        client = self._browser()
        yield from (client.get("/"), client.get("/welcome"), client.post("/welcome"))
        add_admin(self.engine)

    def _password(self, anna: int) -> Iterator[TestResponse]:
        client, wrong = self._enter(_WRONG)
        yield from (client.get("/sign-in"), wrong)
        yield client.get("/password/forgotten")
        yield client.post("/password/forgotten", data={"email": ANNA})
        with reading(self.engine) as session:
            link = _RESET.search(session.scalars(select(Mail.body)).one())
        assert link
        yield client.get(link[1])
        yield client.post(link[1], data={"password": "short", "password_confirm": _WRONG})
        yield client.get("/password/forgotten/none", follow_redirects=True)
        client = self._browser(anna)
        yield from (client.get("/account"), client.post("/account"), client.get("/account?needed=1"))
        yield from (client.get("/password"), client.post("/password", data={"password": _WRONG}))
        yield from (client.get("/account/close"), client.post("/account/close", data={"password": _WRONG}))
        yield from (client.post("/account/none"), self._browser().post("/account"))
        yield client.get("/account", headers={"Host": "evil.example"})

    def _codes(self, anna: int) -> Iterator[TestResponse]:
        client = self._browser(anna)
        yield client.get("/account/codes")
        yield client.post("/account/codes", data={"setup": "authenticator"})
        yield from (client.get("/sign-in/code"), client.post("/sign-in/code", data={"code": "0"}))
        with client.session_transaction() as cookie:
            shown = str(cookie["tf_totp_secret"])
        client.post("/sign-in/code", data={"code": code(self.app, shown)})
        yield client.get("/account/protected", follow_redirects=True)
        made = client.post("/account/recovery-codes", data={"generate_new_codes": "1"})
        yield from (made, client.get("/account/recovery-codes"))
        yield client.get("/account/recovery-codes?show_codes=1")
        yield from (client.get("/account/codes"), client.get("/account"))
        half, asked = self._enter()
        yield from (half.get(asked.location), half.post("/sign-in/code", data={"code": "0"}))
        yield half.get("/sign-in/recovery-code")
        yield half.post("/sign-in/recovery-code", data={"code": _WRONG})
        half.post("/sign-in/recovery-code", data={"code": _CODE.findall(made.text)[0]})
        yield half.get("/", follow_redirects=True)
        yield self._browser().get("/sign-in/code", follow_redirects=True)

    def _passkeys(self, anna: int) -> Iterator[TestResponse]:
        client = self._browser(anna)
        yield from (client.get("/account/passkeys"), client.post("/account/passkeys", data={"name": ""}))
        yield client.post("/account/passkeys", data={"name": "my phone", "usage": "first"})
        kept = {"credential_id": b"x", "public_key": b"x", "backup_state": False, "usage": "first"}
        self._change(
            lambda s: s.add(Passkey(user_id=anna, name="my phone", device_type="single_device", **kept))
        )
        yield from (client.get("/account/passkeys"), client.get("/account"))
        stranger = self._browser()
        yield from (stranger.get("/sign-in/passkey"), stranger.post("/sign-in/passkey"))
        half, asked = self._enter()
        yield from (half.get(asked.location), half.post("/sign-in/way", data={"which": _WRONG}))
        self._change(lambda s: s.execute(update(Account).values(tf_primary_method=None, tf_totp_secret=None)))
        half, asked = self._enter()
        yield from (half.get(asked.location), half.post("/sign-in/passkey"))

    def _again(self, anna: int) -> Iterator[TestResponse]:
        client = self._stale(anna)
        yield client.get("/account/codes", follow_redirects=True)
        yield client.post("/sign-in/again", data={"password": _WRONG})
        yield from (client.get("/sign-in/again/passkey"), client.post("/sign-in/again/passkey"))
        with unit_of_work(self.engine) as session:
            bare = add_account(session, "bare@example.org").id
        client = self._stale(bare)
        yield client.get("/account/codes", follow_redirects=True)
        client = self._browser(bare)
        yield from (client.get("/account"), client.get("/password"), client.get("/account/close"))
        yield client.post("/account/close", data={"address": _WRONG})

    def _stale(self, account_id: int) -> FlaskClient:
        """A browser in which somebody signed in a while ago."""
        client = self._browser(account_id)
        with client.session_transaction() as cookie:
            cookie["fs_paa"] = time() - 90_000
        return client

    def _invitations(self, anna: int) -> Iterator[TestResponse]:
        with unit_of_work(self.engine) as session:
            programme = make_programme(session)
            programme.open_to = [Role.FOUNDER.value]
            alone = add_member(session, programme.slug, Role.MANAGER, email="alone@example.org").account_id
            for email, role in (("new@example.org", Role.MENTOR), (ANNA, Role.FOUNDER), ("x@x.org", None)):
                invite(
                    session, programme if role else None, email=email, role=role, actor="m",
                    link=lambda secret: f"/invitation/{secret}", language=self.lang,
                )  # fmt: skip
            new, known, admin = session.scalars(
                select(Mail.link).where(Mail.key.startswith("invitation:")).order_by(Mail.id)
            )
        stranger = self._browser()
        yield from (stranger.get(new), stranger.post(new), stranger.get(known), stranger.get(admin))
        yield from (self._browser(anna).get(known), self._browser(anna).get(new), stranger.post(known))
        yield from (self._browser(alone).get("/account/close"), stranger.get("/invitation/none"))
        ends = ({"revoked_at": utcnow()}, {"expires_at": utcnow() - timedelta(1)}, {"used_at": utcnow()})
        for values in ends:
            self._change(lambda s, values=values: s.execute(update(Invitation).values(**values)))  # type: ignore[misc]
            yield from (stranger.get(new), self._browser(anna).get(known))
            self._change(lambda s: s.execute(update(Invitation).values(revoked_at=None)))

    def _sample(self) -> Iterator[TestResponse]:
        with unit_of_work(self.engine) as session:
            programme = make_programme(session)
            programme.is_sample = True
            for role in (Role.FOUNDER, Role.MANAGER):
                add_member(session, programme.slug, role, email=f"{role}@sample.invalid", is_sample=True)
        for way in ("", "/sample/founder", "/sample/manager"):
            client = self._browser()
            if way:
                client.post(way)
            yield from (client.get("/", follow_redirects=True), client.get("/account", follow_redirects=True))
