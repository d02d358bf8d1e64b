"""The link in an invitation's letter is a key: what we keep of the letter loses it once it opens nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Invitation, Mail, Programme, Role, utcnow
from matcher.services import accounts, invitations, mailing
from tests.matcher.factories import make_programme
from tests.matcher.guests import ADDRESS, Post, accept, invite, post
from workers import relay

__all__ = ["invite", "post"]


def _letters(session: Session) -> list[Mail]:
    return list(session.scalars(select(Mail).order_by(Mail.id).execution_options(populate_existing=True)))


def _send(session: Session) -> None:
    session.execute(update(Mail).values(sent_at=utcnow()))


@pytest.mark.parametrize("how", ["accepted", "revoked", "replaced", "closed"])
def test_what_is_kept_of_a_letter_has_no_link_once_it_is_dead(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post, how: str
) -> None:
    made = invite()
    _send(session)
    if how == "accepted":
        accept(session, post.last)
    elif how == "revoked":
        invitations.revoke(session, programme, made.id, "m")
    elif how == "replaced":
        invitations.resend(session, programme, made.id, "m", post)
    else:
        invite("ben@example.org", Role.MENTOR)
        account = accept(session, post.last).account
        session.execute(update(Invitation).where(Invitation.id == made.id).values(email=account.email))
        accounts.close(session, account.id)

    letter = _letters(session)[0]
    assert post.secrets[0] not in letter.body + letter.link
    assert letter.body.rstrip().endswith("\n\n…")
    assert "You are invited to take part" in letter.body
    assert (letter.attempts, letter.error) == (0, ""), "it was sent, and stays so"


def test_an_open_invitation_keeps_its_link_whatever_becomes_of_others(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    invite(role=Role.MENTOR)
    invite("ben@example.org")
    other = make_programme(session)
    invitations.invite(session, other, email=ADDRESS, role=Role.FOUNDER, actor="m", link=post)
    accept(session, invite() and post.last)

    kept = _letters(session)[:3]
    assert all(secret in letter.body for secret, letter in zip(post.secrets, kept, strict=False))


def test_a_week_later_the_relay_takes_the_link_out(engine: Engine, programme: Programme, post: Post) -> None:
    with unit_of_work(engine) as session:
        for email in (ADDRESS, "ben@example.org"):
            invitations.invite(session, programme, email=email, role=Role.FOUNDER, actor="m", link=post)
        _send(session)
        old = update(Invitation).where(Invitation.email == ADDRESS)
        session.execute(old.values(expires_at=utcnow() - timedelta(seconds=1)))

    assert (relay.tidy(engine), relay.tidy(engine)) == (1, 0)
    with reading(engine) as session:
        gone, kept = _letters(session)
    assert post.secrets[0] not in gone.body + gone.link
    assert post.secrets[1] in kept.body


def test_a_letter_that_was_not_sent_before_its_link_died_is_not_sent(
    session: Session, programme: Programme, invite: Callable[..., Invitation]
) -> None:
    made = invite()
    invitations.revoke(session, programme, made.id, "m")

    assert mailing.claim(session, programme.id) is None
    assert _letters(session)[0].error == mailing.DEAD_LINK


def test_a_letter_about_an_account_loses_its_link_as_it_is_sent(session: Session) -> None:
    """Nobody reads it here, and no later letter gives its link again."""
    for key in (f"{mailing.ACCOUNT}reset", "match.published"):
        link = f"https://x.example/{key}"
        written = mailing.write_to(
            session, ADDRESS, key=key, language="en", subject="S", body=f"Open {link} today.", link=link
        )
        assert written
        mailing.settle(session, written.id)

    reset, other = _letters(session)
    assert (reset.body, reset.link) == ("Open … today.", "")
    assert other.link in other.body
    assert reset.sent_at
    assert other.sent_at
