"""What a programme asks beside what Tandem asks: the managers' own questions, in their order."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from matcher.models import Kind, Profile, Programme, Question
from matcher.profiles.text import clean
from matcher.services import audit
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.locking import lock_programme
from matcher.wording import N_, Message

MOST = 20
"""Questions for one kind of people: more would keep them from the end of the form."""
TEXT_CHARS, HINT_CHARS = 200, 300


def list_questions(session: Session, programme: Programme, kind: Kind) -> Sequence[Question]:
    """The questions for one kind of people, in their order."""
    return session.scalars(
        select(Question)
        .where(Question.programme_id == programme.id, Question.kind == kind)
        .order_by(Question.position, Question.id)
    ).all()


def get_question(session: Session, programme: Programme, question_id: int) -> Question:
    """One of the programme's questions.

    Raises:
        NotFound: it has none with this id.
    """
    found = session.get(Question, question_id)
    if found is None or found.programme_id != programme.id:
        raise NotFound(Message(N_("There is no such question in this programme.")))
    return found


def add_question(
    session: Session, programme: Programme, kind: Kind, text: str, hint: str, *, actor: str
) -> Question:
    """Ask something more, after all the others.

    Raises:
        NotAllowed: it says nothing, too much, or the same as another, or there are enough.
    """
    lock_programme(session, programme)
    others = list_questions(session, programme, kind)
    if len(others) >= MOST:
        raise NotAllowed(
            Message(N_("There are %(most)d questions already. Remove one first."), {"most": MOST})
        )
    text, hint = _checked(others, text, hint)
    position = max((other.position for other in others), default=0) + 1
    question = Question(programme_id=programme.id, kind=kind.value, text=text, hint=hint, position=position)
    session.add(question)
    session.flush()
    audit.record(
        session, programme.id, actor, "question.added", f"question:{question.id}", after={"text": text}
    )
    return question


def edit_question(
    session: Session, programme: Programme, question_id: int, text: str, hint: str, *, actor: str
) -> Question:
    """Ask it in other words. Answers that stand among notes follow to the new words.

    Raises:
        NotFound: there is no such question.
        NotAllowed: as for a new one.
    """
    lock_programme(session, programme)
    question = get_question(session, programme, question_id)
    kind = Kind(question.kind)
    others = [other for other in list_questions(session, programme, kind) if other is not question]
    text, hint = _checked(others, text, hint)
    before = question.text
    if (before, question.hint) == (text, hint):
        return question
    question.text, question.hint = text, hint
    if before != text:
        _rename_notes(session, programme, kind, before, text)
    session.flush()
    audit.record(
        session,
        programme.id,
        actor,
        "question.changed",
        f"question:{question.id}",
        before={"text": before},
        after={"text": text},
    )
    return question


def move_question(session: Session, programme: Programme, question_id: int, *, up: bool) -> None:
    """Ask it one place earlier, or later; nothing happens at the ends."""
    lock_programme(session, programme)
    question = get_question(session, programme, question_id)
    ordered = list(list_questions(session, programme, Kind(question.kind)))
    at = ordered.index(question)
    to = at - 1 if up else at + 1
    if 0 <= to < len(ordered):
        ordered[at], ordered[to] = ordered[to], ordered[at]
    for position, each in enumerate(ordered, start=1):
        each.position = position
    session.flush()


def remove_question(session: Session, programme: Programme, question_id: int, *, actor: str) -> Question:
    """Ask it no more. What people answered stays among their notes."""
    question = get_question(session, programme, question_id)
    audit.record(
        session,
        programme.id,
        actor,
        "question.removed",
        f"question:{question.id}",
        before={"text": question.text},
    )
    session.delete(question)
    session.flush()
    return question


def _checked(others: Sequence[Question], text: str, hint: str) -> tuple[str, str]:
    text, hint = " ".join(clean(text).split()), " ".join(clean(hint).split())
    if not text:
        raise NotAllowed(Message(N_("Write the question.")))
    if len(text) > TEXT_CHARS:
        raise NotAllowed(Message(N_("Ask it in at most %(limit)d characters."), {"limit": TEXT_CHARS}))
    if len(hint) > HINT_CHARS:
        raise NotAllowed(Message(N_("Keep the hint to at most %(limit)d characters."), {"limit": HINT_CHARS}))
    if any(other.text.casefold() == text.casefold() for other in others):
        raise NotAllowed(Message(N_("This question is there already.")))
    return text, hint


def _rename_notes(session: Session, programme: Programme, kind: Kind, before: str, after: str) -> None:
    rows = session.execute(
        select(Profile.id, Profile.notes).where(Profile.programme_id == programme.id, Profile.kind == kind)
    ).all()
    for profile_id, notes in rows:
        if before in notes and after not in notes:
            renamed = {after if header == before else header: note for header, note in notes.items()}
            session.execute(
                update(Profile)
                .where(Profile.id == profile_id)
                .values(notes=renamed, version=Profile.version, updated_at=Profile.updated_at)
                .execution_options(synchronize_session=False)
            )
