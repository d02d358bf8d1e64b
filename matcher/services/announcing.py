"""A manager's message to a group: first exactly what goes to whom, then one letter to each person."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import Announcement, Mail, Notice, Programme
from matcher.profiles.speech import say_in
from matcher.profiles.text import clean
from matcher.services import audit, mailing
from matcher.services.audiences import Group, Person, read_group
from matcher.services.errors import Conflict, NotFound
from matcher.services.locking import lock_programme
from matcher.services.notices import notify_accounts
from matcher.wording import N_, Message

SUBJECT_CHARS = 120
BODY_CHARS = 5_000
PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Draft:
    """What a manager wrote, without what could break out of a header or turn text around."""

    group: str
    subject: str
    body: str

    @classmethod
    def of(cls, group: str, subject: str, body: str) -> "Draft":
        """A draft of what came from a form."""
        return cls(group, " ".join(clean(subject).split()), clean(body))

    def problems(self) -> Mapping[str, Message]:
        """What is wrong with it, by field."""
        found: dict[str, Message] = {}
        if self.group not in set(Group):
            found["group"] = Message(N_("Choose whom to write to."))
        for name, text, most in (("subject", self.subject, SUBJECT_CHARS), ("body", self.body, BODY_CHARS)):
            if not text:
                found[name] = Message(_MISSING[name])
            elif len(text) > most:
                found[name] = Message(
                    N_("Use at most %(limit)s characters; these are %(count)s."),
                    {"limit": most, "count": len(text)},
                )
        return found


_MISSING = {"subject": N_("Write a subject."), "body": N_("Write the message.")}


@dataclass(frozen=True, slots=True)
class Preview:
    """What sending would do now; `seen` is to be given to `send`."""

    draft: Draft
    text: str
    readers: Sequence[Person]
    unreached: Sequence[Person]
    seen: str


def preview(session: Session, programme: Programme, draft: Draft, language: str, now: datetime) -> Preview:
    """The letter as everybody gets it, who that is, and whom no letter reaches."""
    people = read_group(session, programme, Group(draft.group), now)
    readers = [person for person in people if person.address]
    unreached = [person for person in people if not person.address]
    return Preview(draft, letter_text(programme, draft, language), readers, unreached, _seen(draft, people))


def letter_text(programme: Programme, draft: Draft, language: str) -> str:
    """The whole text of the letter: what was written, and on whose behalf it comes."""
    name = say_in(language, Message(N_("Sample programme"))) if programme.is_sample else programme.name
    because = Message(N_("You get this letter because you take part in this programme."))
    return f"{draft.body}\n\n-- \n{' '.join(clean(name).split())}\n{say_in(language, because)}\n"


def send(
    session: Session,
    programme: Programme,
    draft: Draft,
    *,
    key: str,
    seen: str,
    actor: str,
    language: str,
    now: datetime,
) -> Announcement:
    """Write one letter to each person of the group, if the preview had `seen`; the same `key` sends once.

    Raises:
        Conflict: the group or the text is not what the preview showed.
        NotFound: there is nobody whom a letter reaches.
    """
    lock_programme(session, programme)
    own_key = f"{programme.id}:{key}"
    before = session.scalars(select(Announcement).where(Announcement.key == own_key)).first()
    if before is not None:
        return before
    found = preview(session, programme, draft, language, now)
    if found.seen != seen:
        raise Conflict(
            Message(N_("The group changed meanwhile. Nothing was sent: look at who gets the letter now."))
        )
    if not found.readers:
        raise NotFound(Message(N_("There is nobody in this group whom a letter reaches.")))
    sent = Announcement(
        programme_id=programme.id,
        group=draft.group,
        subject=draft.subject,
        body=draft.body,
        readers=len(found.readers),
        key=own_key,
        sent_by=actor,
    )
    session.add(sent)
    session.flush()
    mailing.write_all(
        session, programme.id, [_mail(sent, found.text, person, language) for person in found.readers]
    )
    _notify(session, programme, sent, [*found.readers, *found.unreached])
    audit.record(
        session, programme.id, actor, "announcement.sent", f"announcement:{sent.id}",
        after={"group": sent.group, "subject": sent.subject, "readers": sent.readers},
    )  # fmt: skip
    return sent


@dataclass(frozen=True, slots=True)
class SentPage:
    """Some of the messages that were sent; `page` counts from 1."""

    items: Sequence[Announcement]
    page: int
    pages: int


def list_sent(session: Session, programme: Programme, page: int = 1) -> SentPage:
    """A programme's messages, the newest first."""
    ours = Announcement.programme_id == programme.id
    pages = max(1, ceil((session.scalar(select(func.count()).where(ours)) or 0) / PER_PAGE))
    page = min(max(1, page), pages)
    rows = select(Announcement).where(ours).order_by(Announcement.id.desc())
    return SentPage(session.scalars(rows.offset((page - 1) * PER_PAGE).limit(PER_PAGE)).all(), page, pages)


def read_received(session: Session, account_id: int, announcement_id: int) -> tuple[Announcement, Programme]:
    """A message that was sent to the account, and by which programme.

    Raises:
        NotFound: none with this id was sent to it.
    """
    got = select(Notice.id).where(
        Notice.account_id == account_id, Notice.key == f"announcement:{announcement_id}:{account_id}"
    )
    found = session.execute(
        select(Announcement, Programme)
        .join(Programme, Programme.id == Announcement.programme_id)
        .where(Announcement.id == announcement_id, got.exists())
    ).first()
    if found is None:
        raise NotFound(Message(N_("This page does not exist, or is not yours.")))
    return found[0], found[1]


def _mail(sent: Announcement, text: str, person: Person, language: str) -> Mail:
    """One person's letter. If the address is the profile's, it follows the profile, and goes with it."""
    return Mail(
        programme_id=sent.programme_id,
        recipient_id=person.profile_id if person.is_profiles_address else None,
        address=person.address,
        language=language,
        subject=sent.subject,
        body=text,
        key=f"announcement:{sent.id}:{person.profile_id or 0}:{person.account_id or 0}",
    )


def _notify(session: Session, programme: Programme, sent: Announcement, people: Sequence[Person]) -> None:
    notify_accounts(
        session,
        {person.account_id for person in people if person.account_id is not None},
        programme,
        key=f"announcement:{sent.id}",
        message=Message(N_("Your programme manager wrote to you: “%(subject)s”"), {"subject": sent.subject}),
        path=f"/notices/messages/{sent.id}",
        mailed=True,
    )


def _seen(draft: Draft, people: Sequence[Person]) -> str:
    """Stands for the text and for everybody who would be told."""
    told = [draft.group, draft.subject, draft.body, *sorted(f"{p.address}:{p.account_id}" for p in people)]
    return hashlib.sha256("\x00".join(told).encode()).hexdigest()
