"""What somebody says of themselves so far: their draft, or else their profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from matcher.models import (
    KIND_OF_ROLE,
    Account,
    Application,
    Kind,
    Membership,
    MembershipState,
    Profile,
    Programme,
    Role,
)
from matcher.profiles.fields import Field
from matcher.profiles.form import FormReading, read_form
from matcher.profiles.pages import ASKED, AVAILABILITY, OWN, PAGES, Page, question_page
from matcher.services.errors import NotFound
from matcher.services.profiles import draft_of, get_profile
from matcher.services.questions import list_questions
from matcher.wording import N_, Message

Answer = str | list[str] | None
"""What stands in a field; None: “I don't know yet”."""

_REF = "application"  # what is read before there is a ref has this one


class PageState(StrEnum):
    """How far somebody is with a page."""

    ANSWERED = "answered"
    UNKNOWN = "unknown"
    """They said that they do not know yet."""
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody says of themselves so far.

    Attributes:
        pages: what is asked, the programme's own questions last.
        answers: by field; what is not in it was not asked yet.
        steps: names of the pages that were answered.
        stamp: another one, another draft: forms carry it.
        profile: theirs, with its entries, if they have one.
        profile_version: the version of it that the answers started from.
        is_unsent: whether it says something that has not been sent.
        is_in: whether they take part already, so that sending changes their profile.
    """

    kind: Kind
    pages: tuple[Page, ...]
    answers: Mapping[str, Answer]
    steps: frozenset[str]
    stamp: str
    profile: Profile | None
    profile_version: int | None
    sent_at: datetime | None
    is_unsent: bool
    is_in: bool

    def page(self, name: str) -> Page:
        """The page of this name; `NotFound` if nothing of the kind is asked."""
        for page in self.pages:
            if page.name == name:
                return page
        raise NotFound(Message(N_("This page does not exist, or is not yours.")))

    def state(self, page: Page) -> PageState:
        """How far they are with a page."""
        if page.name not in self.steps:
            return PageState.OPEN
        if all(self.answers.get(field.name, "") is None for field in page.fields):
            return PageState.UNKNOWN
        return PageState.ANSWERED

    @property
    def missing(self) -> list[Page]:
        """Pages that were not answered yet, in their order."""
        return [page for page in self.pages if page.name not in self.steps]

    @property
    def following(self) -> Page | None:
        """The page to go on with."""
        return next(iter(self.missing), None)

    def texts(self) -> dict[str, str]:
        """The profile's fields as cells, as far as their owner writes them."""
        return {name: as_text(self.answers.get(name)) for name in ASKED[self.kind]}

    def read(self) -> FormReading:
        """All of it, as the profile that it would make."""
        return read_form(self.kind, {**self.texts(), "ref": _REF})


def as_text(answer: Answer) -> str:
    """An answer as a sheet's cell would have it."""
    return "\n".join(answer) if isinstance(answer, list) else answer or ""


def is_stated(answer: Answer) -> bool:
    """Whether it says anything."""
    return bool(as_text(answer).strip())


def open_draft(
    session: Session, programme: Programme, membership: Membership, *, anew: bool = False
) -> Draft:
    """What they wrote so far, or else what their profile says, or what is known of the account.

    `anew` if what they wrote is not to count any more, as their profile went its own way.

    Raises:
        NotFound: the membership is none of a participant of this programme.
    """
    kind = kind_of(programme, membership)
    row = session.get(Application, membership.id)
    profile = _profile_of(session, programme, kind, membership)
    questions = list_questions(session, programme, kind)
    own = tuple(question_page(each.id, each.text, each.hint) for each in questions)
    pages = (*PAGES[kind], *own)
    sent_at = row.sent_at if row else None
    is_in = profile is not None and membership.state == MembershipState.ACTIVE
    if row is not None and not anew and (not is_in or row.sent_at is None):
        answers, steps = dict(row.answers), frozenset(row.steps)
        stamp, based_on = str(row.version), row.profile_version
    elif profile is not None:
        answers = _answers_of(profile, pages)
        if row is not None:  # what they did not know then stays said, until somebody knows
            answers |= {
                n: None for n, a in row.answers.items() if a is None and not is_stated(answers.get(n))
            }
        stated = {page.name for page in pages if any(is_stated(answers.get(f.name)) for f in page.fields)}
        steps = frozenset(stated | set(row.steps if row else ()))
        stamp, based_on = f"{row.version if row else 0}.{profile.version}", profile.version
    else:
        answers, steps, stamp, based_on = _first_answers(session, membership, kind), frozenset(), "0", None
    is_unsent = row is not None and row.sent_at is None
    return Draft(kind, pages, answers, steps, stamp, profile, based_on, sent_at, is_unsent, is_in)


def kind_of(programme: Programme, membership: Membership) -> Kind:
    """What the profile of a member of this programme is; `NotFound` for managers and strangers."""
    kind = KIND_OF_ROLE.get(Role(membership.role))
    if kind is None or membership.programme_id != programme.id:
        raise NotFound(Message(N_("This page does not exist, or is not yours.")))
    return kind


def _profile_of(session: Session, programme: Programme, kind: Kind, membership: Membership) -> Profile | None:
    if membership.profile_id is None:
        return None
    return get_profile(session, programme, kind, membership.profile_id)


def _answers_of(profile: Profile, pages: Sequence[Page]) -> dict[str, Answer]:
    """What a profile says, by field."""
    cells, notes, found = draft_of(profile), profile.notes, dict[str, Answer]()
    for page in pages:
        for field in page.fields:
            if field.name.startswith(OWN):
                found[field.name] = str(notes.get(note_of(field), ""))
            elif field is page.lists:
                found[field.name] = profile.texts(field.facet) if field.facet else []
            else:
                found[field.name] = cells[field.name]
    return found


def _first_answers(session: Session, membership: Membership, kind: Kind) -> dict[str, Answer]:
    """What the account says already."""
    account = session.get_one(Account, membership.account_id)
    if kind is not Kind.MENTOR:
        return {}
    return {"name": account.name, "timezone": account.timezone or ""}


def note_of(field: Field) -> str:
    """The header of the note in which the answer to one of our or the programme's questions is kept."""
    return AVAILABILITY if field.name == f"{OWN}availability" else field.label


def notes_of(draft: Draft) -> dict[str, Any]:
    """The profile's notes with the answers that are kept among them."""
    notes = dict(draft.profile.notes) if draft.profile else {}
    for page in draft.pages:
        for field in page.fields:
            if field.name.startswith(OWN):
                text = as_text(draft.answers.get(field.name)).strip()
                notes.pop(note_of(field), None)
                notes |= {note_of(field): text} if text else {}
    return notes
