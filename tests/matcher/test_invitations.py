"""Invitations: each works once, for one person, as one thing, and no longer than a week."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    Account,
    Application,
    AuditEvent,
    Invitation,
    Kind,
    Mail,
    Match,
    Membership,
    MembershipState,
    Profile,
    Programme,
    Role,
    utcnow,
)
from matcher.services import admitting, invitations, inviting, joining, people
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.invitations import InvitationState
from matcher.wording import Refusal
from tests.matcher.factories import add, at_once, draft, make_programme
from tests.matcher.offers import fill, publish_pairs, states_of

ADDRESS = "amina@example.org"


class Post:
    """The secrets in the links of what was sent, in order."""

    def __init__(self) -> None:
        self.secrets: list[str] = []

    def __call__(self, secret: str) -> str:
        self.secrets.append(secret)
        return f"http://x/invitation/{secret}"

    @property
    def last(self) -> str:
        return self.secrets[-1]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def invite(session: Session, programme: Programme, post: Post) -> Callable[..., Invitation]:
    def send(email: str = ADDRESS, role: Role = Role.FOUNDER, **values: object) -> Invitation:
        return invitations.invite(
            session, programme, email=email, role=role, actor="m@example.org", link=post, **values
        )  # type: ignore[arg-type]

    return send


def accept(session: Session, secret: str, **values: object) -> joining.Joined:
    return joining.accept(session, secret, name="Amina", password_hash="$argon2id$x", **values)  # type: ignore[arg-type]


def member(session: Session, joined: joining.Joined) -> Membership:
    assert joined.membership
    return joined.membership


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
    "address", ["", "amina", "a b@example.org", "a@b", "a@example.org\nb@example.org", "é" * 300]
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
    assert any(key.startswith(("profile.withdrawn", "mentor.withdrawn")) for key in told)
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
