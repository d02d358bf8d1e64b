"""What people chose to say for equality figures: theirs alone, and counted only where nobody can be told.

Nothing that recommends, proposes or scores may import this module (tests/web/test_web_equality.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import Equality, Membership, Programme, Role, utcnow
from matcher.profiles.text import clean
from matcher.services.locking import lock_programme
from matcher.services.memberships import PRESENT

UNSAID = "unsaid"
"""“Prefer not to say”, which counts like no answer."""
OWN_WORDS = "own"
WORDS_CHARS = 100
LEAST = 5
"""Fewer than this are never counted."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "age": ("under-25", "25-34", "35-44", "45-54", "55-64", "65-up", UNSAID),
    "gender": ("woman", "man", OWN_WORDS, UNSAID),
    "disability": ("yes", "no", UNSAID),
    "place": ("rural", "town", "city", UNSAID),
}
"""The questions, and what can be chosen in each."""
WORDS = "gender-words"
"""What somebody calls their gender; only they read it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """How many chose something; None: too few to say, or others could be computed from it.

    `choice` None: no answer, or “prefer not to say”.
    """

    choice: str | None
    count: int | None


def read_answers(session: Session, programme: Programme, account_id: int) -> dict[str, str]:
    """What somebody said, by question; empty: nothing."""
    row = _row(session, programme, account_id)
    return {name: str(value) for name, value in row.answers.items()} if row else {}


def save_answers(
    session: Session, programme: Programme, account_id: int, answers: Mapping[str, str]
) -> dict[str, str]:
    """Keep what somebody chose, and nothing that is no choice. Nothing chosen: no row stays."""
    lock_programme(session, programme)
    kept = {name: answers[name] for name, choices in CHOICES.items() if answers.get(name) in choices}
    words = " ".join(clean(answers.get(WORDS, "")).split())[:WORDS_CHARS]
    if words and kept.get("gender") in {None, OWN_WORDS}:
        kept |= {"gender": OWN_WORDS, WORDS: words}
    if not kept:
        forget_answers(session, programme, account_id)
        return {}
    row = _row(session, programme, account_id)
    if row is None:
        row = Equality(programme_id=programme.id, account_id=account_id)
        session.add(row)
    row.answers, row.updated_at = kept, utcnow()
    session.flush()
    return kept


def forget_answers(session: Session, programme: Programme, account_id: int) -> None:
    """Delete all that somebody said."""
    if row := _row(session, programme, account_id):
        session.delete(row)
        session.flush()


def count_answers(session: Session, programme: Programme) -> dict[str, list[Figure]]:
    """Each question's figures over all who take part or apply, as far as nobody can be told from them."""
    here = select(Membership.account_id).where(
        Membership.programme_id == programme.id,
        Membership.role != Role.MANAGER,
        Membership.state.in_(PRESENT),
    )
    people = session.scalar(select(func.count()).select_from(here.distinct().subquery())) or 0
    rows = session.scalars(
        select(Equality.answers).where(Equality.programme_id == programme.id, Equality.account_id.in_(here))
    ).all()
    found = {}
    for name, choices in CHOICES.items():
        told = Counter(answers[name] for answers in rows if answers.get(name, UNSAID) != UNSAID)
        counts = [told[choice] for choice in choices if choice != UNSAID]
        safe = disclosed([*counts, people - sum(counts)])
        names: list[str | None] = [*(choice for choice in choices if choice != UNSAID), None]
        found[name] = [Figure(choice, count) for choice, count in zip(names, safe, strict=True)]
    return found


def disclosed(counts: Sequence[int]) -> list[int | None]:
    """The counts, without any below `LEAST`, and without those that would give one of them away.

    How many people there are in all is no secret, so what is left out adds up to a number that everybody can
    compute. It must be made up of two groups or more and be no small number itself, and the last group, which
    may be of any size, is always among them. Which others go besides depends on their places alone, the last
    first: were it the smallest, that would tell.
    """
    hidden = {at for at, count in enumerate(counts) if count < LEAST}
    if not hidden:
        return list(counts)
    hidden.add(len(counts) - 1)
    shown = [at for at in range(len(counts)) if at not in hidden]
    while shown and (len(hidden) < 2 or sum(counts[at] for at in hidden) < LEAST):
        hidden.add(shown.pop())
    return [None if at in hidden else count for at, count in enumerate(counts)]


def _row(session: Session, programme: Programme, account_id: int) -> Equality | None:
    return session.scalars(
        select(Equality).where(Equality.programme_id == programme.id, Equality.account_id == account_id)
    ).first()
