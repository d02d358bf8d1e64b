"""Invitations: each works once, for one person, as one thing, and no longer than a week."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    Account,
    AuditEvent,
    Invitation,
    Kind,
    Mail,
    Membership,
    Programme,
    Role,
    utcnow,
)
from matcher.services import invitations, inviting, joining
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.invitations import InvitationState
from matcher.wording import Refusal
from tests.matcher.factories import add, at_once, draft, make_programme
from tests.matcher.guests import ADDRESS, Post, accept, invite, member, post

__all__ = ["invite", "post"]


def test_the_letter_has_the_link_and_the_database_only_its_digest(
    session: Session, invite: Callable[..., Invitation], post: Post
) -> None:
    made = invite(" Amina@Example.ORG ", Role.MENTOR, name="Amina\r\nBcc: x", language="fr")

    letter = session.scalars(select(Mail)).one()
    assert (letter.address, letter.language, letter.programme_id) == (ADDRESS, "fr", made.programme_id)
    assert letter.link in letter.body
    assert len(post.last) == 43
    assert post.last not in {made.token, made.name}
    assert timedelta(days=6) < made.expires_at - utcnow() <= timedelta(days=7)
    assert session.scalars(select(AuditEvent.action)).all() == ["person.invited"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "amina",
        "a b@example.org",
        "a@b",
        "a@example.org\nb@example.org",
        "é" * 300,
        "=?utf-8?q?amina=40example=2Eorg=2C?=@example.org",  # in a header it is another address, or two
    ],
)
def test_what_is_no_address_is_refused(invite: Callable[..., Invitation], address: str) -> None:
    with pytest.raises(NotAllowed):
        invite(address)


def test_accepting_makes_the_account_and_the_membership_once(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    invite()
    joined = accept(session, post.last)

    part = member(session, joined)
    assert joined.account.email == ADDRESS
    assert (part.programme_id, part.role, part.state) == (programme.id, "founder", "applying")
    assert not part.needs_approval
    for _ in range(2):
        with pytest.raises(NotAllowed):
            accept(session, post.last)
    assert len(session.scalars(select(Account)).all()) == 1


def test_whose_profile_is_here_takes_part_at_once(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    mine = add(session, programme, draft(Kind.MENTOR, "M1", email=ADDRESS))["M1"]
    invite(role=Role.MENTOR, profile_id=mine)

    part = member(session, accept(session, post.last))

    assert (part.state, part.profile_id) == ("active", mine)


def test_a_profile_has_one_owner(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    mine = add(session, programme, draft(Kind.MENTOR, "M1"))["M1"]
    invite(role=Role.MENTOR, profile_id=mine)
    invite("ben@example.org", Role.MENTOR, profile_id=mine)
    accept(session, post.secrets[0])

    with pytest.raises(NotAllowed, match="Somebody else signs in"):
        accept(session, post.secrets[1])


def test_nobody_is_invited_to_another_programmes_profile_or_another_kinds(
    session: Session, programme: Programme, invite: Callable[..., Invitation]
) -> None:
    other = make_programme(session)
    theirs = add(session, other, draft(Kind.MENTOR, "M1"))["M1"]
    startup = add(session, programme, draft(Kind.STARTUP, "S1"))["S1"]
    for profile_id in (theirs, startup):
        with pytest.raises(NotFound):
            invite(role=Role.MENTOR, profile_id=profile_id)


def test_a_manager_takes_part_at_once_and_an_administrator_in_no_programme(
    session: Session, invite: Callable[..., Invitation], post: Post
) -> None:
    invite(role=Role.MANAGER)
    assert member(session, accept(session, post.last)).state == "active"

    invitations.invite(session, None, email="root@example.org", role=None, actor="tandem", link=post)
    joined = accept(session, post.last)
    assert joined.membership is None
    assert joined.account.is_admin
    letter = session.scalars(select(Mail).where(Mail.address == "root@example.org")).one()
    assert letter.programme_id is None, "or a manager could read the link"


def test_an_account_that_is_there_is_not_opened_by_a_link(
    session: Session, invite: Callable[..., Invitation], post: Post
) -> None:
    invite()
    first = accept(session, post.last).account
    invite(role=Role.MENTOR)
    with pytest.raises(Conflict, match="Sign in with it"), session.begin_nested():
        accept(session, post.last)

    joined = joining.accept(session, post.last, account_id=first.id)

    assert joined.account is first
    assert first.password == "$argon2id$x"
    assert {m.role for m in session.scalars(select(Membership))} == {"founder", "mentor"}


def test_nobody_else_can_accept(session: Session, invite: Callable[..., Invitation], post: Post) -> None:
    invite("ben@example.org")
    ben = accept(session, post.last).account
    invite()
    with pytest.raises(NotAllowed, match="somebody else"), session.begin_nested():
        joining.accept(session, post.last, account_id=ben.id)
    assert invitations.find(session, post.last).state is InvitationState.OPEN


def test_a_later_invitation_replaces_the_earlier_one_to_the_same_only(
    session: Session, invite: Callable[..., Invitation], post: Post
) -> None:
    for role, email in ((Role.FOUNDER, ADDRESS), (Role.MENTOR, ADDRESS), (Role.FOUNDER, "b@example.org")):
        invite(email, role)
    invite()

    states = [invitations.find(session, secret).state.value for secret in post.secrets]
    assert states == ["revoked", "open", "open", "open"]


@pytest.mark.parametrize("how", ["revoked", "expired", "unknown"])
def test_a_dead_link_lets_nobody_in(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post, how: str
) -> None:
    made = invite()
    secret = post.last
    if how == "revoked":
        invitations.revoke(session, programme, made.id, "m")
    elif how == "expired":
        session.execute(update(Invitation).values(expires_at=utcnow()))
        session.expire_all()
    else:
        secret = secret[:-1]
    with pytest.raises(Refusal):
        accept(session, secret)
    assert not session.scalars(select(Account)).all()


def test_sending_again_keeps_what_it_is_to(
    session: Session, programme: Programme, invite: Callable[..., Invitation], post: Post
) -> None:
    mine = add(session, programme, draft(Kind.MENTOR, "M1"))["M1"]
    made = invite(role=Role.MENTOR, profile_id=mine, language="ar", name="Amina")
    again = invitations.resend(session, programme, made.id, "m", post)

    assert (again.profile_id, again.language, again.name) == (mine, "ar", "Amina")
    assert [i.id for i in invitations.list_invitations(session, programme, 9, 0)] == [again.id]
    with pytest.raises(NotFound):
        invitations.resend(session, make_programme(session), made.id, "m", post)
    accept(session, post.last)
    with pytest.raises(NotAllowed):
        invitations.resend(session, programme, again.id, "m", post)


def test_of_two_who_accept_at_once_one_wins(engine: Engine, programme: Programme, post: Post) -> None:
    with unit_of_work(engine) as session:
        invitations.invite(
            session, programme, email=ADDRESS, role=Role.MENTOR, actor="m", link=post
        )  # fmt: skip

    def work(_: int) -> None:
        with unit_of_work(engine) as session:
            accept(session, post.last)

    results = at_once(4, work)

    assert sum(result is None for result in results) == 1
    assert all(isinstance(result, NotAllowed) for result in results if result is not None)
    with reading(engine) as session:
        assert len(session.scalars(select(Membership)).all()) == 1


def test_of_two_links_for_one_new_address_at_once_one_makes_the_account(
    engine: Engine, programme: Programme, post: Post
) -> None:
    with unit_of_work(engine) as session:
        for role in (Role.MENTOR, Role.FOUNDER):
            invitations.invite(session, programme, email=ADDRESS, role=role, actor="m", link=post)

    def work(number: int) -> None:
        with unit_of_work(engine) as session:
            accept(session, post.secrets[number])

    results = at_once(2, work)

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
    with reading(engine) as session:
        states = [invitations.find(session, secret).state.value for secret in post.secrets]
    assert sorted(states) == ["open", "used"], "whoever was refused can sign in and accept"


class TestOpenDoor:
    """What anybody can ask for."""

    @pytest.fixture
    def ask(self, session: Session, programme: Programme, post: Post) -> Callable[..., None]:
        programme.open_to = ["founder", "manager"]
        session.merge(programme)

        def send(email: str = ADDRESS, role: Role = Role.FOUNDER, name: str = "Amina") -> None:
            joining.apply(
                session, programme, email=email, role=role, name=name, language="es", link=post,
                sign_in="http://x/sign-in",
            )  # fmt: skip

        return send

    def test_it_leads_to_a_membership_that_waits_for_a_manager(
        self, session: Session, ask: Callable[..., None], post: Post
    ) -> None:
        ask(name="Buy at http://spam.example")
        assert "spam" not in session.scalars(select(Mail)).one().body

        part = member(session, accept(session, post.last))

        assert part.needs_approval
        assert part.state == "applying"

    @pytest.mark.parametrize("role", [Role.MENTOR, Role.MANAGER])
    def test_it_opens_for_no_other_role_and_never_for_managers(
        self, ask: Callable[..., None], role: Role
    ) -> None:
        with pytest.raises(NotFound):
            ask(role=role)

    def test_an_address_gets_one_letter_an_hour(
        self, session: Session, ask: Callable[..., None], post: Post
    ) -> None:
        ask()
        ask()
        ask("b@example.org")
        assert len(post.secrets) == 2
        session.execute(update(Invitation).values(created_at=utcnow() - timedelta(minutes=61)))
        session.expire_all()
        ask()
        assert len(post.secrets) == 3

    def test_it_undoes_no_managers_invitation(
        self, session: Session, ask: Callable[..., None], invite: Callable[..., Invitation], post: Post
    ) -> None:
        invite()
        ask()
        assert invitations.find(session, post.secrets[0]).state is InvitationState.OPEN

    def test_who_is_in_is_told_to_sign_in(
        self, session: Session, ask: Callable[..., None], invite: Callable[..., Invitation], post: Post
    ) -> None:
        invite()
        accept(session, post.last)
        ask()
        ask()
        assert len(post.secrets) == 1
        letters = session.scalars(select(Mail).order_by(Mail.id)).all()
        assert [letter.link for letter in letters][1:] == ["http://x/sign-in"]


def test_a_list_is_read_line_by_line() -> None:
    lines, mistakes = inviting.read_lines(
        'Amina Diallo <Amina@example.org>\n\nben@example.org\n"Çelik, Derya"\tderya@example.org\t\n'
        "nobody\nBEN@example.org\na@example.org b@example.org"
    )

    assert [(line.name, line.email) for line in lines] == [
        ("Amina Diallo", "amina@example.org"),
        ("", "ben@example.org"),
        ("Çelik, Derya", "derya@example.org"),
    ]
    assert [mistake.number for mistake in mistakes] == [5, 6, 7]
    many = "\n".join(f"a{n}@example.org" for n in range(201))
    assert [mistake.number for mistake in inviting.read_lines(many)[1]] == [0]


def test_owners_of_profiles_are_invited_each_once(session: Session, programme: Programme, post: Post) -> None:
    found = add(
        session,
        programme,
        draft(Kind.MENTOR, "M1", email="m1@example.org", languages=("ru", "en")),
        draft(Kind.MENTOR, "M2", email="m1@example.org"),
        draft(Kind.MENTOR, "M3"),
        draft(Kind.MENTOR, "M4", email="m4@example.org"),
        draft(Kind.STARTUP, "S1", email="s1@example.org"),
    )
    invitations.invite(
        session, programme, email="m4@example.org", role=Role.MENTOR, actor="m", link=post,
        profile_id=found["M4"],
    )  # fmt: skip

    before = inviting.uninvited(session, programme, Kind.MENTOR)
    sent = inviting.invite_owners(session, programme, Kind.MENTOR, actor="m", link=post)

    assert ([p.ref for p in before.ready], before.without_address, before.others) == (["M1"], 1, 2)
    assert sent == (1, 0)
    letter = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert letter
    assert (letter.address, letter.language) == ("m1@example.org", "ru")
    assert inviting.uninvited(session, programme, Kind.MENTOR).ready == []
    assert member(session, accept(session, post.last)).profile_id == found["M1"]
