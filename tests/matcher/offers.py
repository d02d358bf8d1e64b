"""Start-ups and mentors who are told of each other, and what they were told."""

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import (
    Kind,
    Mail,
    Match,
    Programme,
    Recommendation,
    RecommendationList,
)
from matcher.services import publishing
from matcher.services.review import decide
from tests.matcher.factories import add, draft


def fill(engine: Engine, programme: Programme) -> dict[str, int]:
    """Two start-ups, three mentors with a place each, one of them without an address, and a partner."""
    with unit_of_work(engine) as session:
        found = add(
            session,
            programme,
            draft(Kind.STARTUP, "S1", "Umeme", email="s1@example.org", languages=("fr", "en")),
            draft(Kind.STARTUP, "S2", "Soko", email="s2@example.org"),
            draft(Kind.MENTOR, "M1", "Ada", email="m1@example.org", capacity=1),
            draft(Kind.MENTOR, "M2", "Ben", email="m2@example.org", capacity=1),
            draft(Kind.MENTOR, "M3", "No address", capacity=1),
            draft(Kind.FUNDER, "F1", "Fund", email="f1@example.org"),
        )
        list_for(session, programme, found, "S1", "M1", "M2")
        list_for(session, programme, found, "S2", "M1")
    return found


def list_for(session: Session, programme: Programme, people: dict[str, int], ours: str, *theirs: str) -> None:
    ranked = RecommendationList(
        programme_id=programme.id, subject_id=people[ours], candidate_kind=Kind.MENTOR.value,
        considered=2, eligible=2, model="test", revision="1", watermark=1,
    )  # fmt: skip
    session.add(ranked)
    session.flush()
    for rank, ref in enumerate(theirs, start=1):
        session.add(
            Recommendation(
                list_id=ranked.id, candidate_id=people[ref], rank=rank, score=1 - rank / 10, band="good",
                parts={}, reasons=[],
            )
        )  # fmt: skip
    session.flush()


def publish_pairs(
    session: Session, programme: Programme, people: dict[str, int], *pairs: tuple[str, str]
) -> None:
    """Approve these pairs, and publish all that are approved."""
    for ours, theirs in pairs:
        decide(session, programme, people[ours], people[theirs], "approved", actor="a")
    publishing.publish(session, programme, Kind.MENTOR, actor="a", link=lambda s: f"http://x/answer/{s}")


def secrets_of(session: Session) -> dict[str, str]:
    """The secret in each person's latest letter that has one."""
    return {
        m.address: m.link.rpartition("/")[2]
        for m in session.scalars(select(Mail).order_by(Mail.id))
        if m.link
    }


def states_of(session: Session, people: dict[str, int]) -> dict[tuple[str, str], str]:
    """Where each match stands, by the refs of its pair."""
    refs = {number: ref for ref, number in people.items()}
    return {(refs[m.startup_id], refs[m.counterpart_id]): m.state for m in session.scalars(select(Match))}
