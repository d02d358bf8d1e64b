"""Coming back, and coming by two ways: who is sent away stays away, and who waits is seen to wait."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from matcher.models import Account, Invitation, Membership, Programme, Role
from matcher.services import admitting, invitations, people
from matcher.services.applications import Sent, send
from tests.matcher.guests import ADDRESS, Post, accept, invite, member, post
from tests.matcher.test_applications import FOUNDER, answer, finish
from tests.web.people import add_member

__all__ = ["invite", "post"]

Apply = Callable[[], Membership]


@pytest.fixture
def apply(session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post) -> Apply:
    """Somebody who came by the open door, and has sent a profile."""
    add_member(session, programme.slug, Role.MANAGER)

    def come() -> Membership:
        invite(needs_approval=True)
        part = member(session, accept(session, post.last))
        answer(session, programme, part, FOUNDER)
        finish(session, programme, part)
        assert send(session, programme, part, actor=ADDRESS) is Sent.WAITING
        return part

    return come


@pytest.mark.parametrize("is_refused", [True, False])
def test_who_is_sent_away_does_not_come_back_by_an_older_invitation(
    session: Session,
    programme: Programme,
    invite: Callable[..., Invitation],
    post: Post,
    apply: Apply,
    *,
    is_refused: bool,
) -> None:
    invite()
    earlier = post.last
    part = apply()
    if is_refused:
        admitting.refuse(session, programme, part.id, "Too early.", actor="m")
    else:
        admitting.approve(session, programme, part.id, actor="m", sign_in="")
        admitting.remove(session, programme, part.id, actor="m")

    assert invitations.find(session, earlier).state is invitations.InvitationState.REVOKED


def test_a_manager_who_is_removed_does_not_come_back_by_an_older_invitation(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post, apply: Apply
) -> None:
    part = apply()
    admitting.approve(session, programme, part.id, actor="m", sign_in="")
    invite(role=Role.MANAGER)
    admitting.make_manager(session, programme, part.id, actor="m", sign_in="")
    account = session.get_one(Account, part.account_id)
    runs = people.manager_part(session, programme, account)
    assert runs is not None
    admitting.remove(session, programme, runs.id, actor="m")

    assert invitations.find(session, post.last).state is invitations.InvitationState.REVOKED
