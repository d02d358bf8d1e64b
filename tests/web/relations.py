"""Something of everything that a pair, a person and a programme can have, for `everyone`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import (
    Account,
    Announcement,
    Application,
    Equality,
    Goal,
    Introduction,
    IntroductionState,
    Invitation,
    Mail,
    Match,
    MatchState,
    Meeting,
    Membership,
    Notice,
    Occasion,
    PrivateNote,
    Profile,
    Programme,
    ProgrammeDate,
    Question,
    SessionLog,
    Side,
    Survey,
    utcnow,
)
from matcher.wording import N_, Message

SOON = datetime(2031, 5, 5, 9, 30, tzinfo=UTC)
"""Far enough for everything that is still to come, whenever the tests run."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The numbers of what belongs to one pair."""

    startup: int
    counterpart: int
    match: int
    meeting: int
    proposal_of_startup: int
    agreed: int
    log: int
    log_of_startup: int
    goal: int
    survey: int
    introduction: int
    secret: str
    """In the address at which the start-up answers."""


def token(secret: str) -> str:
    """What is stored of a secret."""
    return sha256(secret.encode()).hexdigest()


def add_relation(session: Session, match: Match, by: Side = Side.STARTUP) -> Rows:
    """An active pair that has met, has something to confirm, something to reach, and something to say.

    `by` is who asked for it.
    """
    pair = {
        "programme_id": match.programme_id,
        "startup_id": match.startup_id,
        "counterpart_id": match.counterpart_id,
    }
    secret = f"secret-{match.startup_id}-{match.counterpart_id}"
    match.state = MatchState.ACTIVE.value
    match.startup_answer = match.counterpart_answer = True
    match.startup_token, match.counterpart_token = token(secret), token(f"{secret}-b")
    match.offered_at, match.decided_at = utcnow() - timedelta(days=36), utcnow() - timedelta(days=34)
    times = [(SOON + timedelta(days=n)).isoformat() for n in range(3)]
    by_telephone = {"minutes": 45, "place": "By telephone"}
    meeting = Meeting(
        **pair, **by_telephone, proposed_by=Side.COUNTERPART,
        proposals={"counterpart": {"times": times, **by_telephone}},
    )  # fmt: skip
    library = {"minutes": 20, "place": "The library"}
    second = Meeting(
        **pair, **library, proposed_by=Side.STARTUP, proposals={"startup": {"times": times, **library}}
    )
    agreed = Meeting(
        **pair, proposed_by=Side.STARTUP, minutes=30, place="https://meet.example/x", state="agreed",
        starts_at=SOON,
    )  # fmt: skip
    log = SessionLog(
        **pair, held_on=date(2026, 3, 2), minutes=50, topics="Tariffs", next_steps="A draft",
        written_by=Side.COUNTERPART,
    )  # fmt: skip
    own = SessionLog(
        **pair, held_on=date(2026, 3, 9), minutes=40, topics="Prices", written_by=Side.STARTUP
    )  # fmt: skip
    confirmed = SessionLog(
        **pair, held_on=date(2026, 2, 2), minutes=50, topics="The first talk", written_by=Side.STARTUP,
        confirmed_at=utcnow(),
    )  # fmt: skip
    goal = Goal(**pair, text="A signed contract", due=date(2031, 6, 1), set_by=Side.STARTUP)
    survey = Survey(**pair, side=Side.STARTUP, occasion=Occasion.DAY_30)
    theirs = Survey(**pair, side=Side.COUNTERPART, occasion=Occasion.DAY_30)
    notes = [PrivateNote(**pair, side=side, text=f"Only for the {side.value}") for side in Side]
    asked = Introduction(
        **pair, asked_by=by.value, message="May we talk?", question="About what?", reply="Prices.",
        state=IntroductionState.OFFERED,
    )  # fmt: skip
    session.add_all([meeting, second, agreed, log, own, confirmed, goal, survey, theirs, *notes, asked])
    session.flush()
    return Rows(
        match.startup_id, match.counterpart_id, match.id, meeting.id, second.id, agreed.id, log.id, own.id,
        goal.id, survey.id, asked.id, secret,
    )  # fmt: skip


def add_introduction(
    session: Session,
    startup: Profile,
    counterpart: Profile,
    state: IntroductionState,
    by: Side = Side.STARTUP,
) -> int:
    """A request that has come so far."""
    made = Introduction(
        programme_id=startup.programme_id, startup_id=startup.id, counterpart_id=counterpart.id,
        asked_by=by.value, message="We would like to meet you.", state=state.value,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def add_personal(session: Session, programme: Programme, membership: Membership) -> int:
    """What one member has for themselves: news, equality answers; the number of the news."""
    text = Message(N_("%(name)s was saved."), {"name": "Your profile"}).to_json()
    path = f"/p/{programme.slug}/mine/{membership.id}"
    notice = Notice(
        account_id=membership.account_id, programme_id=programme.id, message=text, path=path,
        key=f"test:{membership.id}",
    )  # fmt: skip
    answers = {"gender": "other", "age": "30-39"}
    held = select(Equality).where(
        Equality.programme_id == programme.id, Equality.account_id == membership.account_id
    )
    if session.scalars(held).first() is None:
        session.add(Equality(programme_id=programme.id, account_id=membership.account_id, answers=answers))
    session.add(notice)
    session.flush()
    return notice.id


def add_common(session: Session, programme: Programme, prefix: str) -> dict[str, int]:
    """What a programme's managers have: people invited, questions, dates, messages; their numbers."""
    invited = Invitation(
        programme_id=programme.id, email=f"{prefix}-invited@example.org", name="Invited", role="mentor",
        language="en", token=token(f"{prefix}-invitation"), invited_by="manager@example.org",
        expires_at=utcnow() + timedelta(days=6),
    )  # fmt: skip
    question = Question(
        programme_id=programme.id, kind="startup", text="Who sent you?", hint="A name", position=1
    )
    second = Question(programme_id=programme.id, kind="startup", text="Why now?", position=2)
    day = ProgrammeDate(programme_id=programme.id, on=date(2031, 4, 1), title="Opening day")
    message = Announcement(
        programme_id=programme.id, group="all", subject="Welcome", body="See you there.", readers=3,
        sent_by="manager@example.org", key=f"{prefix}:message",
    )  # fmt: skip
    letter = Mail(
        programme_id=programme.id, address=f"{prefix}-reader@example.org", language="en", subject="News",
        body="Something happened.\n", link="", key=f"{prefix}:letter",
    )  # fmt: skip
    session.add_all([invited, question, second, day, message, letter])
    session.flush()
    text = Message(N_("%(name)s was saved."), {"name": "A message"}).to_json()
    readers = select(Membership.account_id).where(Membership.programme_id == programme.id).distinct()
    for account in session.scalars(readers):
        key = f"announcement:{message.id}:{account}"
        session.add(Notice(account_id=account, programme_id=programme.id, message=text, key=key))
    session.flush()
    return {
        "invitation": invited.id, "question": question.id, "date": day.id, "announcement": message.id,
        "letter": letter.id,
    }  # fmt: skip


def add_application(session: Session, membership: Membership, *, sent: bool) -> None:
    """A profile in the making."""
    answers = {"name": "A new venture", "pitch": "We bring light.", "needs": ["Somebody who knows prices"]}
    session.add(
        Application(
            membership_id=membership.id, answers=answers, steps=["name"], sent_at=utcnow() if sent else None
        )
    )
    session.flush()


def add_reader(session: Session, account: Account) -> None:
    """An account with what its own page shows."""
    account.timezone, account.language = "Africa/Nairobi", "en"
