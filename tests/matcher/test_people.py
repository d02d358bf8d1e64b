"""What managers decide about people: who comes in, who goes, and who has gone quiet."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.models import (
    Application,
    Invitation,
    Kind,
    Mail,
    Match,
    Membership,
    MembershipState,
    Notice,
    Profile,
    Programme,
    Role,
    utcnow,
)
from matcher.services import admitting, joining, people
from matcher.services.applications import Sent, save_step, send
from matcher.services.drafts import open_draft
from matcher.services.errors import NotAllowed, NotFound
from tests.matcher.factories import add, draft, make_programme
from tests.matcher.guests import ADDRESS, Post, accept, invite, member, post
from tests.matcher.offers import fill, publish_pairs, states_of

__all__ = ["invite", "post"]


def _applicant(
    session: Session, invite: Callable[..., Invitation], post: Post, **values: object
) -> Membership:
    invite(needs_approval=True, **values)
    part = member(session, accept(session, post.last))
    session.add(Application(membership_id=part.id, answers={"name": "Umeme"}, sent_at=utcnow()))
    session.flush()
    return part


def test_only_who_asked_and_has_sent_a_profile_waits(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    waiting = _applicant(session, invite, post)
    invite("b@example.org", needs_approval=True)
    unsent = member(session, accept(session, post.last))

    assert [p.membership.id for p in people.list_waiting(session, programme)] == [waiting.id]
    assert [p.membership.id for p in people.list_unsent(session, programme)] == [unsent.id]
    counts = people.count_people(session, programme)
    assert (counts.waiting, counts.unsent, counts.members[Role.FOUNDER]) == (1, 1, 0)
    assert not people.list_waiting(session, make_programme(session))
    with pytest.raises(NotAllowed):
        admitting.approve(session, programme, unsent.id, actor="m", sign_in="")


def test_who_is_let_in_is_told_and_does_not_wait_any_more(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    part = _applicant(session, invite, post)
    admitting.approve(session, programme, part.id, actor="m", sign_in="http://x/mine")

    assert part.state == MembershipState.ACTIVE
    assert session.scalars(select(Mail).order_by(Mail.id.desc())).first().link == "http://x/mine"  # type: ignore[union-attr]
    with pytest.raises(NotAllowed):
        admitting.refuse(session, programme, part.id, "No.", actor="m")
    with pytest.raises(NotFound):
        admitting.remove(session, make_programme(session), part.id, actor="m")


def test_a_refusal_gives_its_reason_and_the_door_stays_open(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    part = _applicant(session, invite, post)
    with pytest.raises(NotAllowed):
        admitting.refuse(session, programme, part.id, " \n", actor="m")
    admitting.refuse(session, programme, part.id, "100% too early.", actor="m")

    assert (part.state, part.reason) == ("refused", "100% too early.")
    assert "100% too early." in session.scalars(select(Mail).order_by(Mail.id.desc())).first().body  # type: ignore[union-attr]
    invite(needs_approval=False)
    again = joining.accept(session, post.last, account_id=part.account_id)
    assert again.membership is part
    assert (part.state, part.reason, part.needs_approval) == ("applying", "", False)


def test_the_last_manager_stays(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    invite(role=Role.MANAGER)
    first = member(session, accept(session, post.last))
    with pytest.raises(NotAllowed, match="only one"):
        admitting.remove(session, programme, first.id, actor=ADDRESS)

    mine = add(session, programme, draft(Kind.MENTOR, "M1"))["M1"]
    invite("b@example.org", Role.MENTOR, profile_id=mine)
    mentor = member(session, accept(session, post.last))
    admitting.make_manager(session, programme, mentor.id, actor="m", sign_in="")
    admitting.remove(session, programme, first.id, actor="m")

    assert first.state == "left"
    assert mentor.state == "active"
    with pytest.raises(NotAllowed):
        admitting.make_manager(session, programme, mentor.id, actor="m", sign_in="")


@pytest.mark.parametrize(("ref", "role"), [("S1", Role.FOUNDER), ("M1", Role.MENTOR)])
def test_who_is_removed_leaves_no_pair_behind_and_the_other_side_hears_of_it(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post, engine: Engine,
    ref: str, role: Role,
) -> None:  # fmt: skip
    found = fill(engine, programme)
    publish_pairs(session, programme, found, ("S1", "M1"))
    invite(f"{ref.lower()}@example.org", role, profile_id=found[ref])
    part = member(session, accept(session, post.last))

    admitting.remove(session, programme, part.id, actor="m")

    assert states_of(session, found)["S1", "M1"] == "withdrawn"
    left = session.get_one(Profile, found[ref])
    assert left.is_paused
    served = set(session.scalars(select(Match.startup_id).where(Match.state == "proposed")))
    assert found["S1"] in served if ref == "M1" else found["S1"] not in served
    other = "m1" if ref == "S1" else "s1"
    told = session.scalars(select(Mail.key).where(Mail.address == f"{other}@example.org")).all()
    assert any(key.startswith("profile.withdrawn") for key in told)
    invite(f"{ref.lower()}@example.org", role, profile_id=found[ref])
    joining.accept(session, post.last, account_id=part.account_id)
    assert (part.state, left.is_paused) == ("active", False)


def test_who_has_not_been_here_for_a_fortnight_is_quiet(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    found = add(session, programme, draft(Kind.MENTOR, "M1"), draft(Kind.MENTOR, "M2"))
    parts = {}
    for ref in ("M1", "M2"):
        invite(f"{ref}@example.org", Role.MENTOR, profile_id=found[ref])
        parts[ref] = member(session, accept(session, post.last))
        parts[ref].created_at = utcnow() - timedelta(days=15)
    session.flush()
    assert people.is_due(parts["M2"])
    people.touch(session, parts["M2"].id)
    session.expire_all()
    assert not people.is_due(parts["M2"])

    quiet = people.list_members(session, programme, quiet=True)
    assert [p.membership.id for p in quiet.items] == [parts["M1"].id]
    assert people.count_people(session, programme).quiet == 1
    assert people.list_members(session, programme, Role.MENTOR).total == 2


def test_managers_hear_of_who_waits_and_of_nobody_else(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    invite("m@example.org", Role.MANAGER)
    manager = member(session, accept(session, post.last))
    invite(needs_approval=True)
    part = member(session, accept(session, post.last))
    found = open_draft(session, programme, part)
    while found.following:
        needed = {"name": "Umeme"} if found.following.needed else None
        found = save_step(session, programme, part, found.following.name, needed, found.stamp)
    for _ in range(2):
        assert send(session, programme, part, actor=ADDRESS) is Sent.WAITING

    told = session.scalars(select(Notice)).one()
    assert (told.account_id, told.path) == (
        manager.account_id, f"/p/{programme.slug}/people/{part.id}",
    )  # fmt: skip
    admitting.approve(session, programme, part.id, actor="m@example.org", sign_in="http://x")
    assert part.profile_id
    assert session.get_one(Profile, part.profile_id).name == "Umeme"
