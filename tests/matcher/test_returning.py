"""Coming back, and coming by two ways: who is sent away stays away, and who waits is seen to wait."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.models import Account, Invitation, Kind, Membership, Mentor, Notice, Profile, Programme, Role
from matcher.services import admitting, invitations, joining, people
from matcher.services.applications import Sent, send
from matcher.services.drafts import open_draft
from matcher.services.errors import NotAllowed
from matcher.services.profiles import get_profile, remove_profile
from tests.matcher.factories import add, draft
from tests.matcher.guests import ADDRESS, Post, accept, invite, member, post
from tests.matcher.offers import fill, publish_pairs, states_of
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


def _come_back(session: Session, part: Membership, secret: str) -> None:
    joining.accept(session, secret, account_id=part.account_id)


def _told(session: Session) -> int:
    """How often managers were told that somebody waits."""
    waits = Notice.path.like("%/people/%")
    return len(session.scalars(select(Notice).where(waits)).all())


def _waiting(session: Session, programme: Programme) -> list[int]:
    return [person.membership.id for person in people.list_waiting(session, programme)]


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


def test_an_invitation_to_an_address_that_was_put_right_gives_the_profile_to_nobody(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    mine = add(session, programme, draft(Kind.MENTOR, "M1", email="anima@example.org"))["M1"]
    invite("anima@example.org", Role.MENTOR, profile_id=mine)
    session.get_one(Profile, mine).email = "Amina@example.org"
    with pytest.raises(NotAllowed, match="works no more"):
        accept(session, post.last)

    invite(role=Role.MENTOR, profile_id=mine)
    assert member(session, accept(session, post.last)).profile_id == mine


def test_who_waits_and_then_accepts_a_managers_invitation_is_let_in(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post, apply: Apply
) -> None:
    invite()
    earlier = post.last
    part = apply()
    _come_back(session, part, earlier)

    assert part.state == "active"
    assert session.get_one(Profile, part.profile_id).name == "Umeme Soko"


def test_who_was_refused_and_asks_again_waits_once_it_is_sent_and_managers_hear_of_it(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post, apply: Apply
) -> None:
    part = apply()
    assert _told(session) == 1
    admitting.refuse(session, programme, part.id, "Too early.", actor="m")
    invite(needs_approval=True)
    _come_back(session, part, post.last)
    assert _waiting(session, programme) == []

    assert send(session, programme, part, actor=ADDRESS) is Sent.WAITING
    assert _waiting(session, programme) == [part.id]
    assert _told(session) == 2
    assert send(session, programme, part, actor=ADDRESS) is Sent.WAITING
    assert _told(session) == 2, "twice is once"


def test_who_left_and_comes_back_has_the_profile_as_it_is_and_takes_part_again(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post, apply: Apply
) -> None:
    part = apply()
    admitting.approve(session, programme, part.id, actor="m", sign_in="")
    profile = get_profile(session, programme, Kind.STARTUP, part.profile_id or 0)
    profile.name = "Umeme Soko Ltd"  # by a manager
    session.flush()
    admitting.remove(session, programme, part.id, actor="m")
    invite(needs_approval=True)
    _come_back(session, part, post.last)
    assert _waiting(session, programme) == [part.id]
    assert _told(session) == 2
    assert open_draft(session, programme, part).answers["name"] == "Umeme Soko Ltd"

    admitting.approve(session, programme, part.id, actor="m", sign_in="")
    assert (part.state, profile.name, profile.is_paused) == ("active", "Umeme Soko Ltd", False)


def test_who_left_and_comes_back_may_change_the_profile_first(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post, apply: Apply
) -> None:
    part = apply()
    admitting.approve(session, programme, part.id, actor="m", sign_in="")
    admitting.remove(session, programme, part.id, actor="m")
    invite(needs_approval=True)
    _come_back(session, part, post.last)
    answer(session, programme, part, {"pitch": {"pitch": "Freezers for milk."}})
    assert open_draft(session, programme, part).answers["pitch"] == "Freezers for milk."
    assert send(session, programme, part, actor=ADDRESS) is Sent.WAITING
    assert open_draft(session, programme, part).answers["pitch"] == "Freezers for milk."

    admitting.approve(session, programme, part.id, actor="m", sign_in="")
    profile = get_profile(session, programme, Kind.STARTUP, part.profile_id or 0)
    assert [entry.text for entry in profile.entries if entry.facet == "pitch"] == ["Freezers for milk."]


def test_managers_hear_of_who_sends_again_after_the_profile_was_removed(
    session: Session, programme: Programme, apply: Apply
) -> None:
    part = apply()
    admitting.approve(session, programme, part.id, actor="m", sign_in="")
    remove_profile(session, programme, Kind.STARTUP, part.profile_id or 0, actor="m")
    session.expire(part)
    assert send(session, programme, part, actor=ADDRESS) is Sent.WAITING
    assert _told(session) == 2


def test_a_mentor_who_left_and_comes_back_has_the_places_that_they_had(
    session: Session, engine: Engine, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    found = fill(engine, programme)
    mentor = session.get_one(Mentor, found["M1"])
    invite("m1@example.org", Role.MENTOR, profile_id=mentor.id)
    part = member(session, accept(session, post.last))
    publish_pairs(session, programme, found, ("S1", "M1"))
    admitting.remove(session, programme, part.id, actor="m")
    assert states_of(session, found)["S1", "M1"] == "withdrawn"

    invite("m1@example.org", Role.MENTOR, needs_approval=True)
    _come_back(session, part, post.last)
    admitting.approve(session, programme, part.id, actor="m", sign_in="")
    assert (mentor.is_paused, mentor.capacity) == (False, 1)
